//! From a CSV of raw strings, dates, blanks and numbers to predictions in a process of its own,
//! with nothing but the annotated struct; and what validation rows must not change.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use multi_input::{
    data::{chrono, read_csv, Csv, Source},
    definition::Graph,
    prelude::*,
    preprocess::Preprocessing,
    private::spec::step::{Nature, STEPS},
};

/// Every step that learns, and everything else that is learned of raw values.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    #[input(impute(mean), standardize, columns("area", "rooms"))]
    #[branch(Dense(4, tanh))]
    measurements: [f32; 2],

    #[input(min_max)]
    floor: f32,

    #[input(impute(most_frequent), robust)]
    distance: f32,

    #[input(impute(median, indicator = true), bins(4), columns("heating", "water"))]
    #[branch(Embedding(auto), Flatten)]
    costs: [f32; 2],

    #[input(categories(6, minimum = 2), missing = learned)]
    #[branch(Embedding(auto))]
    town: Option<String>,

    #[input(categories(8), one_hot(8))]
    agent: u32,

    #[input(categories(7), multi_hot(7), columns("view", "side"))]
    tags: [u32; 2],

    #[input(words(vocabulary = 20, length = 4))]
    #[branch(Embedding(20, 3), GRU(3))]
    note: String,

    #[input(calendar(year, month_cycle, weekday), standardize)]
    opened: NaiveDate,

    #[input(missing = mean, columns("sun", "noise"))]
    survey: Option<[f32; 2]>,

    #[derived(crossed(town, agent, 64))]
    #[branch(Embedding(64, 2))]
    town_and_agent: u32,

    #[merge(concat(
        measurements,
        floor,
        distance,
        costs,
        town,
        agent,
        tags,
        note,
        opened,
        survey,
        town_and_agent
    ))]
    #[branch(Dense(8, relu))]
    all: [f32; 8],

    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,

    #[from(all)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<3>,
}

const GRAPH: Graph = Listing::GRAPH;

const KINDS: [&str; 3] = ["flat", "house", "loft"];

/// Rows as a spreadsheet has them: not all cells are filled.
fn csv(rows: usize) -> String {
    let mut text =
        "area,rooms,floor,distance,heating,water,town,agent,view,side,note,opened,sun,noise,\
         price,kind\n"
            .to_owned();
    for row in 0..rows {
        let area = if row % 7 == 3 { String::new() } else { format!("{}.5", 40 + row * 13 % 60) };
        let heating = if row % 5 == 1 { "" } else { ["80", "95", "120"][row % 3] };
        let town = ["Elm", "Oak", "", "Ash"][row % 4];
        let survey = if row % 6 == 0 { ",".to_owned() } else { format!("{},{}", row % 9, row % 4) };
        let note = ["so bright, so quiet", "near the park", "a bargain!"][row % 3];
        text += &format!(
            "{area},{},{},{}.25,{heating},{},{town},{},{},{},\"{note}\",2024-{:02}-{:02},{survey},{},{}\n",
            1 + row % 5,
            row % 8,
            row % 11,
            20 + row * 7 % 40,
            900 + row % 3,
            row % 4,
            row % 3,
            1 + row % 12,
            1 + row % 28,
            500 + row * 37 % 400,
            KINDS[row % 3],
        );
    }
    text
}

fn trainer() -> Trainer<Listing, Adam> {
    Trainer::new(Adam::new(1e-2)).epochs(2).batch_size(8).seed(Seed(3)).progress(Progress::silent())
}

fn untrained() -> Model<Listing> {
    Listing::build(&Cpu::default(), Seed(3))
}

/// All that is predicted for the rows of a CSV, bit for bit.
fn answers(model: &Model<Listing>, rows: &Path) -> String {
    let inputs: Vec<ListingInputs> = read_csv(rows).unwrap();
    let line = |outputs: &ListingOutputs| {
        let shares = KINDS.map(|kind| outputs.kind.probability(kind).unwrap().to_bits());
        format!("{:08x} {shares:08x?}\n", outputs.price.to_bits())
    };
    model.predict(&inputs).unwrap().iter().map(line).collect()
}

const FOLDER: &str = "MULTI_INPUT_RAW_RECORDS";

/// What another process does with the saved model and the raw records: nothing where no other
/// process started this one.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let model = Model::<Listing>::load(folder.join("model"), &Cpu::default()).unwrap();
    fs::write(folder.join("answers"), answers(&model, &folder.join("new.csv"))).unwrap();
}

#[test]
fn raw_records_are_predicted_with_the_same_bits_in_a_process_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let [rows, new] = ["listings.csv", "new.csv"].map(|name| folder.path().join(name));
    fs::write(&rows, csv(60)).unwrap();
    // Other rows, among them an unknown town.
    fs::write(&new, csv(200).replace("Ash", "Yew")).unwrap();

    let mut model = untrained();
    trainer().fit(&mut model, &read_csv::<ListingSample>(&rows).unwrap()).unwrap();
    model.save(folder.path().join("model")).unwrap();
    let own = std::env::current_exe().unwrap();
    let mut child = Command::new(own);
    child.args(["--exact", "raw_records::child"]).env(FOLDER, folder.path()).stdout(Stdio::null());
    assert!(child.status().unwrap().success());
    let served = fs::read_to_string(folder.path().join("answers")).unwrap();
    assert_eq!(served.lines().count(), 200);
    assert_eq!(served, answers(&model, &new));
    assert_ne!(served, answers(&model, &rows), "it depends on the rows");
}

/// A row in which everything is as it never was in training.
fn perturbed(row: &ListingSample) -> ListingSample {
    ListingSample {
        measurements: [f32::NAN, 1e6],
        floor: -1e5,
        distance: 1e5,
        costs: [f32::NAN, -1e4],
        town: Some("Elsewhere".to_owned()),
        agent: 7,
        tags: [77, 78],
        note: "words that were never used".to_owned(),
        opened: chrono::NaiveDate::from_ymd_opt(1800, 1, 1).unwrap(),
        survey: Some([1e4, -1e4]),
        price: -1e6,
        // A label that training rows lack would be refused.
        kind: row.kind.clone(),
    }
}

/// Everything that a model has learned of raw values, by its place in the saved preprocessing.
fn learned(fitted: &Preprocessing) -> Vec<(String, String)> {
    let steps = GRAPH.inputs.iter().flat_map(|input| {
        input.steps.iter().map(|step| (input.name, step.spec.name)).collect::<Vec<_>>()
    });
    let learned = steps.filter_map(|(input, step)| {
        Some((format!("{input}, {step}"), fitted.learned(input, step)?.to_string()))
    });
    learned.collect()
}

fn rows() -> Vec<ListingSample> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listings.csv");
    fs::write(&path, csv(48)).unwrap();
    read_csv(&path).unwrap()
}

/// Checks that what `fit` learns of rows depends on those for which `is_training` says so, and on
/// no others.
fn check_learning(
    fit: impl Fn(&[ListingSample]) -> Preprocessing,
    is_training: impl Fn(usize) -> bool,
) {
    let rows = rows();
    let change = |training: bool| -> Vec<ListingSample> {
        let one = |(place, row): (usize, &ListingSample)| match is_training(place) == training {
            true => perturbed(row),
            false => row.clone(),
        };
        rows.iter().enumerate().map(one).collect()
    };
    let fitted = fit(&rows);
    assert_eq!(fitted, fit(&change(false)), "validation rows leave everything as it is");

    // So that the comparison above can fail: training rows change every single thing.
    let changed = fit(&change(true));
    let (before, after) = (learned(&fitted), learned(&changed));
    for ((step, before), (_, after)) in before.iter().zip(&after) {
        assert_ne!(before, after, "{step} learns nothing of training rows");
    }
    assert_ne!(format!("{fitted:?}"), format!("{changed:?}"));
}

#[test]
fn fit_learns_nothing_of_validation_rows() {
    let fit = |rows: &[ListingSample]| {
        let mut model = untrained();
        trainer().validation_split(0.25).fit(&mut model, rows).unwrap();
        model.preprocessing().unwrap().clone()
    };
    check_learning(fit, |row| row < 36);
}

#[test]
fn fit_from_learns_nothing_of_validation_rows() {
    let (training, seed) = (0.0..0.75, Seed(1));
    let all = rows();
    let chosen: Vec<ListingSample> = all.part(training.clone(), seed).read_all().unwrap();
    // Every row is another one, but for the blanks, which are equal to nothing.
    let key = |row: &ListingSample| format!("{row:?}");
    let chosen: BTreeSet<String> = chosen.iter().map(key).collect();
    let places: Vec<bool> = all.iter().map(|row| chosen.contains(&key(row))).collect();
    assert!(places.contains(&true) && places.contains(&false));

    let fit = |rows: &[ListingSample]| {
        let (mut model, rows) = (untrained(), rows.to_vec());
        let (held_out, source) = (rows.part(0.75..1.0, seed), rows.part(training.clone(), seed));
        let trainer = trainer().validation_data(&held_out.read_all().unwrap());
        trainer.fit_from(&mut model, &source).unwrap();
        model.preprocessing().unwrap().clone()
    };
    check_learning(fit, |row| places[row]);
}

#[test]
fn fit_from_a_file_learns_what_fit_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listings.csv");
    fs::write(&path, csv(48)).unwrap();
    let (mut streamed, mut held) = (untrained(), untrained());
    trainer().fit_from(&mut streamed, &Csv::new(&path)).unwrap();
    trainer().fit(&mut held, &rows()).unwrap();
    assert_eq!(streamed.preprocessing(), held.preprocessing());
}

#[test]
fn the_model_has_every_step_that_learns() {
    let used = GRAPH.inputs.iter().flat_map(|input| input.steps);
    let used: BTreeSet<&str> = used.map(|step| step.spec.name).collect();
    // A tokenizer is given; what is saved of it is its file.
    let learning = STEPS.iter().filter(|step| step.form.nature == Nature::Learned);
    let learning = learning.filter(|step| step.name != "tokenizer");
    for step in learning {
        assert!(used.contains(step.name), "`{}` is not among those that are checked", step.name);
    }
}
