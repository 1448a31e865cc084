//! Rows that can be read but that the model refuses: errors, or left out and counted.

use std::path::Path;

use multi_input::{
    data::{from_fn, BadRow, Csv, JsonLines, Source},
    prelude::*,
    Error, NoticeKind,
};

#[multi_input_model]
#[derive(Clone, Debug, serde::Serialize)]
pub struct Flat {
    // The second step refuses what the first one has learned from.
    #[input(impute(mean), log1p, standardize)]
    area: f32,
    #[input]
    #[branch(Embedding(4, 3))]
    district: u32,
    #[merge(concat(area, district))]
    #[branch(Dense(4, tanh))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1, softplus))]
    #[output(loss = poisson)]
    visits: f32,
    #[from(joined)]
    #[branch(Dense(2, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<2>,
}

fn good(i: usize) -> FlatSample {
    FlatSample {
        area: 20.0 + (i * 7 % 31) as f32,
        district: (i % 4) as u32,
        visits: (i % 5) as f32,
        kind: ["flat", "villa"][i % 2].to_owned(),
    }
}

/// Row 10 and every 25th after it are refused, each for one of four reasons.
fn is_refused(i: usize) -> bool {
    i % 25 == 10
}

fn rows() -> Vec<FlatSample> {
    let row = |i: usize| {
        let row = good(i);
        match i / 25 % 4 {
            _ if !is_refused(i) => row,
            0 => FlatSample { area: -5.0, ..row },
            1 => FlatSample { district: 4, ..row },
            2 => FlatSample { visits: -1.0, ..row },
            _ => FlatSample { kind: "castle".to_owned(), ..row },
        }
    };
    (0..400).map(row).collect()
}

fn accepted() -> Vec<FlatSample> {
    (0..400).filter(|i| !is_refused(*i)).map(good).collect()
}

fn trainer() -> Trainer<Flat, Adam> {
    Trainer::new(Adam::new(0.01))
        .epochs(3)
        .batch_size(32)
        .seed(Seed(5))
        .progress(Progress::silent())
}

fn trained(
    trainer: Trainer<Flat, Adam>,
    source: &impl Source<Row = FlatSample>,
) -> (Model<Flat>, History) {
    let mut model = Flat::build(&Cpu::default(), Seed(1));
    let history = trainer.fit_from(&mut model, source).unwrap();
    (model, history)
}

fn write_csv(path: &Path, rows: &[FlatSample]) {
    let mut writer = csv::Writer::from_path(path).unwrap();
    writer.write_record(["area", "district", "visits", "kind"]).unwrap();
    for FlatSample { area, district, visits, kind } in rows {
        let cells = [area.to_string(), district.to_string(), visits.to_string(), kind.clone()];
        writer.write_record(cells).unwrap();
    }
    writer.flush().unwrap();
}

fn write_json(path: &Path, rows: &[FlatSample]) {
    let lines: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

/// Trains, evaluates and predicts as if the rows were not there, and says so.
fn leaves_them_out(source: impl Source<Row = FlatSample>) {
    let skipping = source.on_bad_row(BadRow::Skip);
    let (expected, _) = trained(trainer(), &accepted());
    let (model, history) = trained(trainer(), &skipping);
    assert_eq!(model.snapshot().unwrap(), expected.snapshot().unwrap());
    assert_eq!(model.preprocessing(), expected.preprocessing());
    assert_eq!(skipping.skipped().rows, 16);
    let notices: Vec<_> =
        history.notices.iter().filter(|notice| notice.kind == NoticeKind::SkippedRows).collect();
    let text = notices[0].to_string();
    assert_eq!(notices.len(), 1);
    assert!(
        text.starts_with("16 rows of the training source were left out; the first: "),
        "{text}"
    );

    let evaluated = model.evaluate_from(&skipping).unwrap();
    assert_eq!(evaluated, expected.evaluate(&accepted()).unwrap());
    let skipped = skipping.skipped();
    assert_eq!((skipped.rows, skipped.reasons.len()), (16, 10));
    let part = skipping.part(0.0..1.0, Seed(3));
    assert_eq!(model.evaluate_from(&part).unwrap(), evaluated);
    assert_eq!(skipping.skipped(), skipped);
}

#[test]
fn a_source_of_structs_leaves_out_what_the_model_refuses() {
    leaves_them_out(rows());
    let skipping = rows().on_bad_row(BadRow::Skip);
    trained(trainer(), &skipping);
    let reasons = skipping.skipped().reasons;
    for (reason, part) in reasons.iter().zip([
        "row 10, field `area`: expected a number above -1",
        "row 35, field `district`: expected a category below 4 (0 to 3), found 4",
        "row 60, field `visits`: expected a number of at least 0, which `poisson` compares with",
        "row 85, field `kind`: expected a label of the training rows: `flat`, `villa`",
    ]) {
        assert!(reason.starts_with(part), "{reason}");
    }
}

#[test]
fn files_leave_out_what_the_model_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let [csv, json] = ["rows.csv", "rows.jsonl"].map(|name| folder.path().join(name));
    write_csv(&csv, &rows());
    leaves_them_out(Csv::<FlatSample>::new(&csv));
    write_json(&json, &rows());
    leaves_them_out(JsonLines::<FlatSample>::new(&json));
}

#[test]
fn without_leave_the_first_row_that_is_refused_is_an_error() {
    let mut model = Flat::build(&Cpu::default(), Seed(1));
    let error = trainer().fit_from(&mut model, &rows()).unwrap_err().to_string();
    assert!(error.starts_with("row 35, field `district`"), "{error}");
    let (model, _) = trained(trainer(), &accepted());
    for wrong in [10, 35, 60, 85] {
        let rows: Vec<FlatSample> = rows()
            .into_iter()
            .enumerate()
            .filter(|(i, _)| !is_refused(*i) || *i == wrong)
            .map(|(_, row)| row)
            .collect();
        let error = model.evaluate_from(&rows).unwrap_err().to_string();
        assert!(error.starts_with(&format!("row {}, field", wrong - wrong / 25)), "{error}");
    }
}

#[test]
fn a_fitted_model_trains_on_without_them() {
    let (mut model, _) = trained(trainer(), &accepted());
    let mut expected = Flat::build(&Cpu::default(), Seed(2));
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path().join("model")).unwrap();
    expected.load_weights(folder.path().join("model")).unwrap();
    let skipping = rows().on_bad_row(BadRow::Skip);
    trainer().fit_from(&mut model, &skipping).unwrap();
    trainer().fit_from(&mut expected, &accepted()).unwrap();
    assert_eq!(model.snapshot().unwrap(), expected.snapshot().unwrap());
    assert_eq!(skipping.skipped().rows, 16);
}

#[test]
fn rows_to_validate_with_are_left_out_and_told_of_once() {
    let skipping = rows().on_bad_row(BadRow::Skip);
    let (_, history) = trained(trainer().validation_source(skipping), &accepted());
    let (_, expected) = trained(trainer().validation_source(accepted()), &accepted());
    assert_eq!(history.epochs, expected.epochs);
    let skipped = |notice: &&multi_input::Notice| notice.kind == NoticeKind::SkippedRows;
    let told: Vec<String> =
        history.notices.iter().filter(skipped).map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("16 rows of the validation source were left out"), "{told:?}");
}

#[test]
fn rows_to_predict_for_are_left_out() {
    let (model, _) = trained(trainer(), &accepted());
    let inputs = |rows: Vec<FlatSample>| -> Vec<FlatInputs> {
        rows.into_iter().map(|row| FlatInputs { area: row.area, district: row.district }).collect()
    };
    // A table of 256 rows of which none is accepted, and a hundred after it.
    let refused = || (0..256).map(|_| FlatInputs { area: 1.0, district: 9 });
    let mut all: Vec<FlatInputs> = refused().collect();
    all.extend(inputs(rows()));
    let skipping = all.on_bad_row(BadRow::Skip);
    let predicted: Vec<f32> =
        model.predict_from(&skipping).unwrap().map(|row| row.unwrap().visits).collect();
    // Targets that are refused do not matter here.
    let kept = rows().into_iter().enumerate().filter(|(i, _)| !is_refused(*i) || i / 25 % 4 > 1);
    let expected = model.predict(&inputs(kept.map(|(_, row)| row).collect())).unwrap();
    assert_eq!(predicted, expected.iter().map(|row| row.visits).collect::<Vec<_>>());
    assert_eq!(skipping.skipped().rows, 256 + 8);
}

#[test]
fn a_weight_of_a_row_that_is_left_out_does_not_matter() {
    let refused = |row: &FlatSample| {
        row.area < 0.0 || row.district == 4 || row.visits < 0.0 || row.kind == "castle"
    };
    let weight = move |row: &FlatSample| if refused(row) { f32::NAN } else { 1.0 };
    let skipping = rows().on_bad_row(BadRow::Skip);
    let (model, _) = trained(trainer().sample_weight(Flat::visits, weight), &skipping);
    let (expected, _) = trained(trainer(), &accepted());
    assert_eq!(model.snapshot().unwrap(), expected.snapshot().unwrap());
}

#[test]
fn a_source_of_which_nothing_is_left_has_no_rows() {
    let skipping =
        from_fn(|| (0..9).map(|i| FlatSample { district: 7, ..good(i) })).on_bad_row(BadRow::Skip);
    let mut model = Flat::build(&Cpu::default(), Seed(1));
    let error = trainer().fit_from(&mut model, &skipping).unwrap_err();
    assert!(matches!(error, Error::NoRows("train on")), "{error}");
}

/// As a literal in front of `log1p`, it would not compile.
const LOWEST: f64 = -1.0;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Shrinking {
    // The second step refuses the least value, whichever it is.
    #[input(min_max(LOWEST, 1.0), log1p)]
    area: f32,
    #[from(area)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn steps_learn_anew_once_only() {
    let skipping = from_fn(|| (0..40).map(|i| ShrinkingSample { area: i as f32, price: 1.0 }))
        .on_bad_row(BadRow::Skip);
    let mut model = Shrinking::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    trainer.fit_from(&mut model, &skipping).unwrap();
    // The least one, and the one that is the least without it.
    assert_eq!(skipping.skipped().rows, 2);
}
