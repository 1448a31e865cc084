//! Lists of unequal length from files and from memory.

use std::fs;

use multi_input::{
    data::{read_csv_from, Csv, JsonLines, Source},
    prelude::*,
};

/// Every kind of list.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Visits {
    #[input(pad(5))]
    #[branch(Embedding(10, 4), LSTM(4))]
    visits: Vec<u32>,
    #[input(standardize, pad(5, before, cut = before))]
    #[branch(LSTM(3))]
    amounts: Vec<f32>,
    #[input(clip(0, 9), pad(2), missing = learned)]
    #[branch(Dense(2), GlobalAveragePool1D)]
    places: Option<Vec<[f32; 2]>>,
    #[input(categories(9), multi_hot(9))]
    tags: Vec<String>,
    #[input(split("|"), words(20, 3))]
    #[branch(EmbeddingBag(auto))]
    genres: String,
    #[merge(concat(visits, amounts, places, tags, genres))]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    y: bool,
}

const LINES: &str = r#"{"visits": [3, 1, 4], "amounts": [1.5, 2.5, 3.5], "places": [[1, 2], [3, 4]], "tags": ["a", "b"], "genres": "Action|Sci-Fi", "y": 1}
{"visits": [1, 5], "amounts": [1.0, 9.0], "places": [], "tags": [], "genres": "Drama", "y": 0}
{"visits": [], "amounts": [], "tags": null, "genres": "", "y": 1}
{"visits": [1, 2, 3, 4, 5, 6], "amounts": [1, 2, 3, 4, 5, 6], "places": [[0, 0]], "tags": [" b "], "genres": "(no genres listed)", "y": 0}
"#;

fn lines(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("visits.jsonl");
    fs::write(&path, LINES).unwrap();
    path
}

fn rows() -> Vec<VisitsSample> {
    LINES.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn trainer() -> Trainer<Visits, Adam> {
    Trainer::new(Adam::new(0.02)).epochs(40).batch_size(3).shuffle(Shuffle::Never).seed(Seed(5))
}

fn inputs() -> Vec<VisitsInputs> {
    rows().into_iter().map(Into::into).collect()
}

#[test]
fn json_holds_lists_of_any_length() {
    let rows = rows();
    assert_eq!(rows[0].visits, [3, 1, 4]);
    assert_eq!(rows[2].visits, Vec::<u32>::new());
    assert_eq!(rows[3].amounts, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let places: Vec<_> = rows.iter().map(|row| row.places.as_ref().map(Vec::len)).collect();
    assert_eq!(places, [Some(2), Some(0), None, Some(1)], "an empty list is not an absent one");
    assert_eq!((&rows[2].tags, &rows[3].tags), (&Vec::new(), &vec!["b".to_owned()]));
    let read = |line: &str| serde_json::from_str::<VisitsSample>(line);
    let with = |visits: &str| {
        read(&format!(r#"{{"visits": {visits}, "amounts": [], "tags": [], "genres": "", "y": 0}}"#))
    };
    for (visits, expected) in [
        (
            "[1, null]",
            "column `visits` item 1: expected a whole number from 0 to 4294967295, found nothing",
        ),
        ("[[1]]", "column `visits` item 0: expected a whole number"),
        ("7", "expected a list (`split(\" \")` makes one of a text), found `7`"),
        ("\"3 1\"", "expected a list (`split(\" \")` makes one of a text), found `3 1`"),
    ] {
        let error = with(visits).unwrap_err().to_string();
        assert!(error.contains(expected), "{visits}: {error}");
    }
    assert_eq!(with("null").unwrap().visits, Vec::<u32>::new());
}

#[test]
fn a_file_and_rows_in_memory_train_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = lines(&folder);
    let source = JsonLines::<VisitsSample>::new(&path);
    assert_eq!(source.rows().unwrap().collect::<Result<Vec<_>, _>>().unwrap(), rows());
    let (mut own, mut streamed) =
        (Visits::build(&Cpu::default(), Seed(1)), Visits::build(&Cpu::default(), Seed(1)));
    trainer().fit(&mut own, &rows()).unwrap();
    trainer().fit_from(&mut streamed, &source).unwrap();
    let (of_memory, of_file) =
        (own.predict(&inputs()).unwrap(), streamed.predict(&inputs()).unwrap());
    assert_eq!(of_memory, of_file);
    for (predicted, row) in of_memory.iter().zip(rows()) {
        assert_eq!(predicted.y > 0.5, row.y, "{predicted:?}");
    }
    let alone: Vec<_> = inputs().into_iter().map(|row| own.predict(&[row]).unwrap()[0].y).collect();
    for (alone, among) in alone.iter().zip(&of_memory) {
        assert!((alone - among.y).abs() < 1e-6, "{alone} alone, {} among others", among.y);
    }

    let saved = folder.path().join("model.safetensors");
    own.save(&saved).unwrap();
    let loaded = Model::<Visits>::load(&saved, &Cpu::default()).unwrap();
    assert_eq!(loaded.predict(&inputs()).unwrap(), of_memory);
    assert_eq!(own.evaluate(&rows()).unwrap().loss(), loaded.evaluate(&rows()).unwrap().loss());
    assert_eq!(loaded.preprocessing(), own.preprocessing());
    let importance = Importance::by_permutation(&own, &rows(), 2, Seed(3)).unwrap();
    assert!(importance.inputs.iter().all(|input| input.increase.is_finite()), "{importance}");
    let page = folder.path().join("report.html");
    Report::new(&own).rows(&rows()).unwrap().write(&page).unwrap();
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("[1, 2, 3, 4, 5, 6]") && page.contains("[a, b]"), "lists as in rows");
}

#[test]
fn a_run_on_lists_is_resumed_and_knows_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let fit = |trainer: Trainer<Visits, Adam>, rows: &[VisitsSample]| {
        let mut model = Visits::build(&Cpu::default(), Seed(1));
        trainer.fit(&mut model, rows).map(|_| model.predict(&inputs()).unwrap())
    };
    let whole = fit(trainer(), &rows()).unwrap();
    fit(trainer().epochs(15).callback(Checkpoint::in_folder(folder.path())), &rows()).unwrap();
    let resumed = || trainer().resume(folder.path()).callback(Checkpoint::in_folder(folder.path()));
    let mut others = rows();
    others[0].visits = vec![3, 1];
    let error = fit(resumed(), &others).unwrap_err().to_string();
    assert!(error.contains("rows"), "{error}");
    assert_eq!(fit(resumed(), &rows()).unwrap(), whole);
}

#[test]
fn a_model_of_doubles_takes_lists() {
    let mut model = Model::<Visits, f64>::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(0.02)).epochs(2).fit(&mut model, &rows()).unwrap();
    assert!(model.predict(&inputs()).unwrap().iter().all(|row| row.y.is_finite()));
}

#[test]
fn what_a_list_may_not_hold_is_refused_with_its_row() {
    let model = Visits::build(&Cpu::default(), Seed(1));
    let refused = |change: fn(&mut VisitsSample)| {
        let mut rows = rows();
        change(&mut rows[1]);
        let mut model = Visits::build(&Cpu::default(), Seed(1));
        trainer().fit(&mut model, &rows).unwrap_err().to_string()
    };
    assert!(model.predict(&inputs()).is_err(), "it has not been fitted");
    assert_eq!(
        refused(|row| row.visits[1] = 10),
        "row 1, field `visits`: expected a category below 10 (0 to 9), found 10 (item 1)"
    );
    assert_eq!(
        refused(|row| row.amounts[0] = f32::NAN),
        "row 1, field `amounts`: expected a finite number (`impute(mean)` replaces what is missing), \
         found NaN (item 0)"
    );
    assert_eq!(
        refused(|row| row.places = Some(vec![[0.0, 1.0], [2.0, f32::INFINITY]])),
        "row 1, field `places`: expected a finite number, found inf (item 1)"
    );
}

/// Lists in the columns of a table, and in its cells.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    #[input(columns("v1", "v2", "v3"), pad(3))]
    #[branch(EmbeddingBag(10, 2))]
    codes: Vec<u32>,
    #[input(columns(prefix = "x"), pad(2), missing = zeros)]
    #[branch(GlobalMaxPool1D)]
    points: Option<Vec<[f32; 2]>>,
    #[input(columns("d1", "d2"), impute(constant = -1.0), pad(2))]
    #[branch(GlobalAveragePool1D)]
    doses: Vec<f64>,
    #[input(split(" "), pad(4))]
    #[branch(EmbeddingBag(10, 2, sum))]
    steps: Vec<u32>,
    #[input(split("|"), categories(9), multi_hot(9))]
    pair: [String; 2],
    #[merge(concat(codes, points, doses, steps, pair))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

const TABLE: &str = "v1,v2,v3,x1,x2,x3,x4,d1,d2,steps,pair,y
1,2,,1.5,2,,,3,,3 1 4,a|b,1
,,,,,,,,4,,b | c,2
9,8,7,1,2,3,4,,,  5 ,c|c,3
";

#[test]
fn columns_that_end_in_blanks_are_lists() {
    let rows: Vec<TableSample> = read_csv_from(TABLE.as_bytes(), "table.csv").unwrap();
    let codes: Vec<_> = rows.iter().map(|row| row.codes.clone()).collect();
    assert_eq!(codes, [vec![1, 2], vec![], vec![9, 8, 7]]);
    let points: Vec<_> = rows.iter().map(|row| row.points.clone()).collect();
    assert_eq!(points, [Some(vec![[1.5, 2.0]]), None, Some(vec![[1.0, 2.0], [3.0, 4.0]])]);
    assert_eq!(rows[0].doses, [3.0]);
    assert!(rows[1].doses[0].is_nan() && rows[1].doses[1] == 4.0, "{:?}", rows[1]);
    assert!(rows[2].doses.is_empty());
    let steps: Vec<_> = rows.iter().map(|row| row.steps.clone()).collect();
    assert_eq!(steps, [vec![3, 1, 4], vec![], vec![5]]);
    assert_eq!(rows[1].pair, ["b", "c"]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, TABLE).unwrap();
    let train = |fit: &dyn Fn(&mut Model<Table>)| {
        let mut model = Table::build(&Cpu::default(), Seed(2));
        fit(&mut model);
        let inputs: Vec<TableInputs> = rows.iter().cloned().map(Into::into).collect();
        model.predict(&inputs).unwrap()
    };
    let trainer = || Trainer::new(Sgd::new(0.01)).epochs(3).shuffle(Shuffle::Never);
    let of_memory = train(&|model| drop(trainer().fit(model, &rows).unwrap()));
    let source = Csv::<TableSample>::new(&path);
    let of_file = train(&|model| drop(trainer().fit_from(model, &source).unwrap()));
    assert_eq!(of_memory, of_file);
}

#[test]
fn a_gap_in_a_list_is_refused() {
    let read = |line: &str| {
        let header = TABLE.lines().next().unwrap();
        let text = format!("{header}\n{line}\n");
        let error = read_csv_from::<TableSample>(text.as_bytes(), "t.csv").unwrap_err();
        error.to_string()
    };
    assert_eq!(
        read("1,,2,,,,,,,,a|b,1"),
        "t.csv, line 2: field `codes`, column `v2`: expected a value, because a later column of this \
         list has one, found nothing"
    );
    assert!(read("1,,,1,,,,,,,a|b,1").contains("column `x2`: expected a value, because a later"));
    assert!(read("1,,,,,,,,,3 x,a|b,1").contains("column `steps` item 1: expected a whole number"));
    assert!(
        read("1,,,,,,,,,,a,1").contains(
            "column `pair`: expected a list of 2, found a list of 1; a `Vec` holds lists of any \
             length, which `pad` ends"
        ),
        "{}",
        read("1,,,,,,,,,,a,1")
    );
}

/// One vocabulary for a list in a cell and a list of its own.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Shared {
    #[input(split(","), categories(9), pad(3))]
    #[branch(EmbeddingBag(auto))]
    ordered: String,
    #[input(categories(9, shared = ordered), pad(3))]
    #[branch(shared = ordered)]
    returned: Vec<String>,
    #[merge(concat(ordered, returned))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn a_vocabulary_is_shared_behind_split() {
    let row = |ordered: &str, returned: &[&str]| SharedSample {
        ordered: ordered.to_owned(),
        returned: returned.iter().map(ToString::to_string).collect(),
        y: 1.0,
    };
    let rows = [row("a, b", &["a"]), row("", &["c", "c", "c"]), row("", &[])];
    let mut model = Shared::build(&Cpu::default(), Seed(1));
    Trainer::new(Sgd::new(0.1)).epochs(1).fit(&mut model, &rows).unwrap();
    let fitted = model.preprocessing().unwrap();
    let entries = |field| fitted.learned(field, "categories").unwrap()["entries"].clone();
    assert_eq!(entries("ordered"), serde_json::json!(["c", "a", "b"]));
    assert_eq!(entries("returned"), entries("ordered"));
}

/// Dates, flags and whole numbers are items as well; sizes may be constants.
const LENGTH: usize = 3;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Kinds {
    #[input(calendar(month_cycle, day), pad(LENGTH))]
    #[branch(GRU(2))]
    dates: Vec<NaiveDate>,
    #[input(pad(LENGTH, before))]
    #[branch(Masking(0), GlobalAveragePool1D)]
    flags: Vec<bool>,
    #[input(rescale(0.5), pad(LENGTH))]
    #[branch(GlobalMaxPool1D)]
    counts: Vec<i64>,
    #[input(hashed(50), one_hot(50), pad(LENGTH))]
    #[branch(Dense(2), GlobalAveragePool1D)]
    names: Vec<String>,
    #[input(bins(3), multi_hot(3))]
    levels: Vec<f32>,
    #[input(impute(mean, indicator), pad(LENGTH))]
    #[branch(SimpleRNN(2))]
    pulses: Vec<f32>,
    #[merge(concat(dates, flags, counts, names, levels, pulses))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn items_of_every_kind_go_through_their_steps() {
    let line = r#"{"dates": ["2024-01-31", "2024-07-01"], "flags": [true, false, true, true], "counts": [7, 8],
        "names": ["x"], "levels": [0.5, 1.5, 2.5, 3.5], "pulses": [60, null, 80], "y": 1}"#;
    let full: KindsSample = serde_json::from_str(line).unwrap();
    assert!(full.pulses[1].is_nan());
    let empty: KindsSample = serde_json::from_str(r#"{"y": 2}"#).unwrap();
    assert!(empty.dates.is_empty() && empty.levels.is_empty());
    let mut model = Kinds::build(&Cpu::default(), Seed(1));
    let rows = [full.clone(), empty];
    let history = Trainer::new(Adam::new(0.05)).epochs(200).fit(&mut model, &rows).unwrap();
    assert!(history.curve("loss").last().is_some_and(|loss| *loss < 0.1));
    let mut late = full;
    late.counts = vec![i64::MAX];
    let error = model.predict(&[late.into()]).unwrap_err().to_string();
    assert!(error.contains("row 0, field `counts`"), "{error}");
}
