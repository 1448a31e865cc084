//! Training on rows that stream from files.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    data::{from_fn, BadRow, Csv, JsonLines, Source},
    history::End,
    prelude::*,
    Error, Result,
};

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    #[input(impute(median), standardize, columns("rooms", "age"))]
    measures: [f32; 2],

    #[input(categories(5))]
    #[branch(Embedding(5, 3))]
    city: String,

    #[merge(concat(measures, city))]
    #[branch(Dense(6, tanh))]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), standardize)]
    price: f32,

    #[from(joined)]
    #[branch(Dense(2, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<2>,
}

fn row(i: usize) -> HouseSample {
    let (rooms, age) = ((i * 7 % 5) as f32 + 1.0, (i * 13 % 90) as f32);
    HouseSample {
        measures: [if i.is_multiple_of(11) { f32::NAN } else { rooms }, age],
        city: ["Bern", "Basel", "Chur"][i % 3].to_owned(),
        price: 100.0 * rooms - age + 50.0 * (i % 3) as f32,
        kind: ["flat", "villa"][usize::from(rooms > 3.0)].to_owned(),
    }
}

fn rows(count: usize) -> Vec<HouseSample> {
    (0..count).map(row).collect()
}

struct Files {
    _folder: tempfile::TempDir,
    csv: PathBuf,
    tsv: PathBuf,
    json: PathBuf,
}

fn files(rows: &[HouseSample]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let cell = |number: f32| if number.is_nan() { String::new() } else { number.to_string() };
    let table = |between: &str| {
        let mut text = ["rooms", "age", "city", "price", "kind"].join(between);
        for HouseSample { measures: [rooms, age], city, price, kind } in rows {
            let cells = [cell(*rooms), cell(*age), city.clone(), price.to_string(), kind.clone()];
            text += &format!("\n{}", cells.join(between));
        }
        text
    };
    let json = rows.iter().map(|HouseSample { measures: [rooms, age], city, price, kind }| {
        let rooms = if rooms.is_nan() { "null".to_owned() } else { rooms.to_string() };
        format!(
            "{{\"measures\": [{rooms}, {age}], \"city\": \"{city}\", \"price\": {price}, \"kind\": \
             \"{kind}\"}}\n"
        )
    });
    Files {
        csv: write("houses.csv", table(",")),
        tsv: write("houses.tsv", table("\t")),
        json: write("houses.jsonl", json.collect()),
        _folder: folder,
    }
}

fn trainer() -> Trainer<House, Adam> {
    Trainer::new(Adam::new(1e-2))
        .epochs(3)
        .batch_size(16)
        .seed(Seed(5))
        .progress(Progress::silent())
}

/// What the model predicts for the first rows, to the bit.
fn answers(model: &Model<House>) -> Vec<u32> {
    let inputs: Vec<HouseInputs> = rows(20).into_iter().map(HouseInputs::from).collect();
    model.predict(&inputs).unwrap().iter().map(|outputs| outputs.price.to_bits()).collect()
}

fn streamed<S: Source<Row = HouseSample>>(source: &S, window: usize) -> (Model<House>, History) {
    let mut model = House::build(&Cpu::default(), Seed(1));
    let trainer = trainer().shuffle_window(window);
    let history = trainer.fit_from(&mut model, source).unwrap();
    (model, history)
}

#[test]
fn every_source_gives_the_same_model() {
    let rows = rows(203);
    let files = files(&rows);
    let (model, history) = streamed(&rows, 50);
    let expected = answers(&model);
    let losses = history.epochs.iter().map(|epoch| epoch.get("loss"));
    assert!(losses.clone().next_back() < losses.clone().next());
    assert_eq!(answers(&streamed(&Csv::new(&files.csv), 50).0), expected);
    assert_eq!(answers(&streamed(&Csv::tabs(&files.tsv), 50).0), expected);
    assert_eq!(answers(&streamed(&JsonLines::new(&files.json), 50).0), expected);
    assert_eq!(answers(&streamed(&from_fn(|| (0..203).map(row)), 50).0), expected);
    assert_ne!(answers(&streamed(&rows, 51).0), expected, "another window mixes otherwise");
}

/// A file of several hundred kilobytes, of which some pieces are plain and some are not: quoted cells
/// with commas, line ends and quotes, blank lines, white space, all line ends, and bad rows where
/// `bad` says so.
fn large_file(bad: impl Fn(usize) -> bool) -> (tempfile::TempDir, Csv<HouseSample>) {
    let mut text = "\u{feff}age,note,city,kind,rooms,price".to_owned();
    for i in 0..12_000 {
        let HouseSample { measures: [rooms, age], city, price, kind } = row(i);
        text += ["\n", "\r\n", "\r", "\n\n"][if (i / 1000) % 4 == 3 { i % 4 } else { 0 }];
        let note = match i {
            _ if (i / 1500) % 3 == 1 && i % 7 == 0 => "\"so, \"\"far\"\"\n\u{fc} \"",
            _ if i % 5 == 0 => "\"a, b\nc\"",
            _ => " ",
        };
        let rooms = if rooms.is_nan() { String::new() } else { rooms.to_string() };
        let age = if bad(i) { "old".to_owned() } else { format!("{age}.25") };
        text += &format!("{age},{note}, {city} ,{kind},{rooms},{price}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    fs::write(&path, text).unwrap();
    (folder, Csv::new(path))
}

#[test]
fn a_file_is_the_same_by_tables_and_by_rows() {
    let (_folder, source) = large_file(|_| false);
    let rows = source.read_all().unwrap();
    assert_eq!(rows.len(), 12_000);
    let expected = answers(&streamed(&rows, 3000).0);
    assert_eq!(answers(&streamed(&source, 3000).0), expected);
    assert_eq!(answers(&streamed(&source.clone().on_bad_row(BadRow::Skip), 3000).0), expected);

    let (model, _) = streamed(&rows[..1000].to_vec(), 50);
    assert_eq!(model.evaluate_from(&source).unwrap(), model.evaluate(&rows).unwrap());
    let part = source.part(0.2..0.7, Seed(3));
    let own = part.read_all().unwrap();
    assert!((5500..6500).contains(&own.len()));
    assert_eq!(model.evaluate_from(&part).unwrap(), model.evaluate(&own).unwrap());
    // Rows that a callback inspects come one by one.
    let weigh =
        |trainer: Trainer<House, Adam>| trainer.sample_weight(House::price, |row| row.price);
    let [mut weighed, mut known] = [(); 2].map(|()| House::build(&Cpu::default(), Seed(1)));
    weigh(trainer()).fit_from(&mut weighed, &source).unwrap();
    weigh(trainer()).fit_from(&mut known, &rows).unwrap();
    assert_eq!(answers(&weighed), answers(&known));
}

#[test]
fn bad_rows_of_a_large_file_are_named_or_left_out() {
    let bad = |i: usize| i == 3001 || i > 8000 && i.is_multiple_of(900);
    let (_folder, source) = large_file(bad);
    let (model, _) = streamed(&rows(1000), 50);
    let by_rows = source.read_all().unwrap_err().to_string();
    assert!(by_rows.ends_with("column `age`: expected a number, found `old`"), "{by_rows}");
    assert_eq!(model.evaluate_from(&source).unwrap_err().to_string(), by_rows);
    let skipping = source.on_bad_row(BadRow::Skip);
    let left = skipping.read_all().unwrap();
    let skipped = skipping.skipped();
    assert_eq!((left.len(), skipped.rows), (11_994, 6));
    assert_eq!(model.evaluate_from(&skipping).unwrap(), model.evaluate(&left).unwrap());
    assert_eq!(skipping.skipped(), skipped);
    let part = skipping.part(0.5..1.0, Seed(3));
    let own = part.read_all().unwrap();
    assert_eq!(model.evaluate_from(&part).unwrap(), model.evaluate(&own).unwrap());
}

#[test]
fn unshuffled_rows_train_as_they_do_in_memory() {
    let rows = rows(101);
    let mut in_memory = House::build(&Cpu::default(), Seed(1));
    let history = trainer().shuffle(Shuffle::Never).fit(&mut in_memory, &rows).unwrap();
    let mut from_source = House::build(&Cpu::default(), Seed(1));
    let streamed = trainer().shuffle(Shuffle::Never).fit_from(&mut from_source, &rows).unwrap();
    assert_eq!(answers(&in_memory), answers(&from_source));
    assert_eq!(history.to_string(), streamed.to_string());
    assert_eq!(in_memory.preprocessing(), from_source.preprocessing());
}

/// A source that counts how many rows of the last pass were asked for.
struct Counting(AtomicUsize);

impl Source for Counting {
    type Row = HouseSample;

    fn rows(&self) -> Result<impl Iterator<Item = Result<HouseSample>>> {
        self.0.store(0, Ordering::SeqCst);
        Ok((0..10_000).map(|i| {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(row(i))
        }))
    }
}

#[test]
fn a_bounded_number_of_batches_waits() {
    let source = Counting(AtomicUsize::new(0));
    let mut model = House::build(&Cpu::default(), Seed(1));
    let trainer = trainer().shuffle_window(10).steps_per_epoch(1).epochs(1);
    trainer.fit_from(&mut model, &source).unwrap();
    // One batch was taken, four wait, one is in hand, and the window is full; of what is read ahead,
    // two batches wait, one was taken and one is in hand.
    let read = source.0.load(Ordering::SeqCst);
    assert!(read <= 16 * 10 + 11, "{read} rows were read");
}

#[test]
fn weights_and_validation_work_as_in_memory() {
    let (train, test) = (rows(96), rows(30));
    let with_all = |trainer: Trainer<House, Adam>| {
        trainer
            .shuffle(Shuffle::Never)
            .validation_data(&test)
            .sample_weight(House::price, |row| row.measures[1] / 90.0)
            .class_weight(House::kind, [(0, 0.5), (1, 2.0)])
    };
    let mut in_memory = House::build(&Cpu::default(), Seed(1));
    let history = with_all(trainer()).fit(&mut in_memory, &train).unwrap();
    let mut model = House::build(&Cpu::default(), Seed(1));
    let streamed = with_all(trainer()).fit_from(&mut model, &train).unwrap();
    assert_eq!(history.to_string(), streamed.to_string());
    assert!(streamed.to_string().contains("val_loss"), "{streamed}");
    // The rows to validate with stream too.
    let with_source = with_all(trainer()).validation_source(test.clone());
    let mut model = House::build(&Cpu::default(), Seed(1));
    assert_eq!(with_source.fit_from(&mut model, &train).unwrap(), streamed);
    let with_source = with_all(trainer()).validation_source(test);
    let mut model = House::build(&Cpu::default(), Seed(1));
    assert_eq!(with_source.fit(&mut model, &train).unwrap(), history);
}

#[test]
fn a_source_to_validate_with_is_tried_before_training() {
    let mut model = House::build(&Cpu::default(), Seed(1));
    let mut error = |trainer: Trainer<House, Adam>| {
        trainer.fit_from(&mut model, &rows(40)).unwrap_err().to_string()
    };
    let none: Vec<HouseSample> = Vec::new();
    assert_eq!(
        error(trainer().validation_source(none)),
        "no rows to validate with: hand over at least one"
    );
    let nowhere = Csv::<HouseSample>::new("/nowhere/houses.csv");
    let text = error(trainer().validation_source(nowhere));
    assert!(text.contains("/nowhere/houses.csv"), "{text}");
    // What is wrong later is said by its number in the source.
    let mut later = rows(40);
    later[33].kind = "tent".to_owned();
    let text = error(trainer().validation_source(later));
    assert!(text.starts_with("row 33, field `kind`: expected a label of the training"), "{text}");
}

#[test]
fn a_source_is_evaluated_and_predicted_with_the_bits_of_its_rows() {
    let all = rows(600);
    let files = files(&all);
    let (model, _) = streamed(&all, 50);
    let source = Csv::<HouseSample>::new(&files.csv);
    assert_eq!(model.evaluate_from(&source).unwrap(), model.evaluate(&all).unwrap());
    let inputs: Vec<HouseInputs> = all.into_iter().map(HouseInputs::from).collect();
    let source = Csv::<HouseInputs>::new(&files.csv);
    let streamed: Result<Vec<_>> = model.predict_from(&source).unwrap().collect();
    let bits = |outputs: &HouseOutputs| {
        (outputs.price.to_bits(), outputs.kind.as_array().map(f32::to_bits))
    };
    let expected: Vec<_> = model.predict(&inputs).unwrap().iter().map(bits).collect();
    assert_eq!(streamed.unwrap().iter().map(bits).collect::<Vec<_>>(), expected);

    let none: Vec<HouseSample> = Vec::new();
    assert!(matches!(model.evaluate_from(&none).unwrap_err(), Error::NoRows("evaluate")));
    let text = fs::read_to_string(&files.csv).unwrap();
    fs::write(&files.csv, format!("{text}\n1,2,,3,flat\n1,2,Bern,3,flat")).unwrap();
    let predicted: Vec<_> = model.predict_from(&source).unwrap().collect();
    // Whole tables come before the row that is an error, and nothing after it.
    assert_eq!(predicted.len(), 512 + 1);
    let error = predicted[512].as_ref().unwrap_err().to_string();
    assert!(error.contains("line 602: field `city`"), "{error}");
}

/// Pauses after so many steps.
struct PauseAfter(usize);

impl Callback<House> for PauseAfter {
    fn name(&self) -> &'static str {
        "PauseAfter"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<House>) -> Result<Flow> {
        let at = training.position();
        let done = at.epoch * training.plan().steps_per_epoch + at.step;
        let asked = matches!(event, Event::StepEnded { .. }) && done == self.0;
        Ok(if asked { Flow::Pause } else { Flow::Continue })
    }
}

#[test]
fn a_run_from_a_source_goes_on_bit_for_bit_from_any_step() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(&rows(103));
    let source = Csv::<HouseSample>::new(&files.csv);
    let run = |name: &str, pause_after| {
        let folder = folder.path().join(name);
        let mut model = House::build(&Cpu::default(), Seed(1));
        let history = trainer()
            .shuffle_window(30)
            .steps_per_epoch(9)
            .validation_source(rows(30))
            .resume(&folder)
            .callback(Checkpoint::in_folder(&folder).best(Monitor::val_loss()))
            .callback(PauseAfter(pause_after))
            .fit_from(&mut model, &source)?;
        Ok::<_, Error>((answers(&model), history))
    };
    let whole = run("whole", usize::MAX).unwrap();
    // A pass has 7 steps, an epoch 9: they are broken off within a pass and an epoch, and at the end
    // of either.
    for step in 1..=27 {
        let name = step.to_string();
        assert_eq!(run(&name, step).unwrap().1.end, End::Paused, "{step}");
        assert_eq!(run(&name, usize::MAX).unwrap(), whole, "{step}");
    }

    // A file that is another one by now.
    run("changed", 5).unwrap();
    let text = fs::read_to_string(&files.csv).unwrap();
    fs::write(&files.csv, text.replacen("Chur", "Bern", 1)).unwrap();
    let error = run("changed", usize::MAX).unwrap_err().to_string();
    assert!(error.contains("the values of its rows"), "{error}");
    fs::write(&files.csv, format!("{text}\n1,2,Bern,3,flat")).unwrap();
    let error = run("changed", usize::MAX).unwrap_err().to_string();
    assert!(error.contains("the number of training rows"), "{error}");
    fs::write(&files.csv, text).unwrap();
    assert_eq!(run("changed", usize::MAX).unwrap(), whole);
}

#[test]
fn what_is_wrong_is_said_with_file_and_line_or_row() {
    let mut all = rows(60);
    let fit = |source: &Csv<HouseSample>| {
        let mut model = House::build(&Cpu::default(), Seed(1));
        trainer().fit_from(&mut model, source).unwrap_err()
    };
    all[40].kind = "tent".to_owned();
    let files = files(&all);
    let error = fit(&Csv::new(&files.csv)).to_string();
    assert!(error.starts_with("row 40, field `kind`: expected one of the 2 labels"), "{error}");

    let text = fs::read_to_string(&files.csv).unwrap().replace("tent", "flat");
    fs::write(&files.csv, text.replacen("Chur", "", 1)).unwrap();
    let error = fit(&Csv::new(&files.csv)).to_string();
    assert!(
        error.ends_with(
            "line 4: field `city`, column `city`: expected a text, found nothing; write \
             `Option<String>` where cells may be blank"
        ),
        "{error}"
    );
    let skipping = Csv::<HouseSample>::new(&files.csv).on_bad_row(BadRow::Skip);
    let mut model = House::build(&Cpu::default(), Seed(1));
    trainer().fit_from(&mut model, &skipping).unwrap();
    assert_eq!(skipping.skipped().rows, 1);

    let nothing: Vec<HouseSample> = Vec::new();
    let mut model = House::build(&Cpu::default(), Seed(1));
    let error = trainer().fit_from(&mut model, &nothing).unwrap_err();
    assert!(matches!(error, Error::NoRows(_)));
    let error = trainer().validation_split(0.1).fit_from(&mut model, &rows(9)).unwrap_err();
    assert!(error.to_string().contains("`validation_split` needs the rows in memory"), "{error}");

    // A source that changes between two passes.
    let passes = AtomicUsize::new(0);
    let shrinking = from_fn(|| (0..40 - passes.fetch_add(1, Ordering::SeqCst)).map(row));
    let error = trainer().epochs(30).fit_from(&mut model, &shrinking).unwrap_err();
    assert!(error.to_string().contains("a source gives the same rows in every pass"), "{error}");
}

#[test]
fn a_file_that_is_no_table_is_named_for_what_it_is_in_every_way_of_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    let (model, _) = streamed(&rows(40), 10);
    let cases = [
        (
            "rooms  age  city  price  kind\n1  2  Bern  3  flat\n",
            "found spaces: `rooms  age  city  price  kind`; `.whitespace()` reads such",
        ),
        ("# of 2024\nrooms,age,city,price,kind\n1,2,Bern,3,flat\n", "found the remark `# of 2024`"),
        ("Houses\nrooms,age,city,price,kind\n1,2,Bern,3,flat\n", "`.skip_lines(1)` leaves out"),
        ("1,2,Bern,3,flat\n1,2,Bern,3,flat\n", "is `1,2,Bern,3,flat` a row?"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "`git lfs pull` fetches"),
    ];
    for (text, expected) in cases {
        fs::write(&path, text).unwrap();
        let source = Csv::<HouseSample>::new(&path);
        let error = source.read_all().unwrap_err().to_string();
        assert!(error.contains("houses.csv, line ") && error.contains(expected), "{error}");
        let mut untrained = House::build(&Cpu::default(), Seed(1));
        let streamed = trainer().fit_from(&mut untrained, &source).unwrap_err().to_string();
        assert_eq!(streamed, error);
        assert_eq!(model.evaluate_from(&source).unwrap_err().to_string(), error);
        let inputs = Csv::<HouseInputs>::new(&path);
        let predicted =
            model.predict_from(&inputs).and_then(|rows| rows.collect::<Result<Vec<_>>>());
        assert!(predicted.unwrap_err().to_string().contains(expected));
    }
}

#[test]
fn parts_of_a_file_train_and_test() {
    let files = files(&rows(300));
    let source = Csv::<HouseSample>::new(&files.csv);
    let (train, test) = (source.part(0.0..0.8, Seed(2)), source.part(0.8..1.0, Seed(2)));
    let mut model = House::build(&Cpu::default(), Seed(1));
    let test = test.read_all().unwrap();
    trainer().epochs(20).validation_data(&test).fit_from(&mut model, &train).unwrap();
    assert!(model.evaluate(&test).unwrap().loss() < 1.0);
}
