//! Targets that only some rows know.

use std::{fs, path::PathBuf};

use multi_input::{
    data::{Csv, JsonLines, Source},
    importance::Importance,
    prelude::*,
    preprocess::Preprocessing,
    report::Report,
    Error, NoticeKind,
};

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Assay {
    #[input(standardize)]
    dose: f32,
    #[from(dose)]
    #[branch(Dense(8, relu))]
    hidden: _,
    #[from(hidden)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, metrics(accuracy, auc))]
    toxic: Option<bool>,
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), weighted_metrics(mae), standardize)]
    weight: Option<f32>,
    #[from(hidden)]
    #[branch(Dense(2))]
    #[output(loss = mae, robust, min_max)]
    sizes: Option<[f32; 2]>,
    #[from(hidden)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy, f1))]
    organ: Option<Class<3>>,
    #[from(hidden)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, categories)]
    strain: Option<Class<3>>,
}

/// What every row would know.
fn complete(i: usize) -> AssaySample {
    AssaySample {
        dose: i as f32,
        toxic: Some(i > 20),
        weight: Some(2.0 * i as f32),
        sizes: Some([i as f32, 40.0 - i as f32]),
        organ: Some(Class::new(i / 15).unwrap()),
        strain: Some(["wild", "mild", "pale"][i % 3].to_owned()),
    }
}

/// Forty rows, each of which knows some targets; the last one none.
fn rows() -> Vec<AssaySample> {
    let row = |i: usize| {
        let all = complete(i);
        AssaySample {
            dose: all.dose,
            toxic: all.toxic.filter(|_| !i.is_multiple_of(3)),
            weight: all.weight.filter(|_| i % 2 == 1),
            sizes: all.sizes.filter(|_| !i.is_multiple_of(5)),
            organ: all.organ.filter(|_| i % 4 != 1),
            strain: all.strain.filter(|_| i % 7 != 2),
        }
    };
    let nothing = AssaySample {
        dose: 1e6,
        toxic: None,
        weight: None,
        sizes: None,
        organ: None,
        strain: None,
    };
    (0..40).map(row).chain([nothing]).collect()
}

fn trainer(epochs: usize) -> Trainer<Assay, Adam> {
    Trainer::new(Adam::new(0.02)).epochs(epochs).progress(Progress::silent())
}

fn build() -> Model<Assay> {
    Assay::build(&Cpu::default(), Seed(1))
}

fn fitted(rows: &[AssaySample]) -> (Model<Assay>, History) {
    let mut model = build();
    let history = trainer(1).fit(&mut model, rows).unwrap();
    (model, history)
}

fn learned(fitted: &Preprocessing, field: &str, step: &str, what: &str) -> Vec<f64> {
    serde_json::from_value(fitted.learned(field, step).unwrap()[what].clone()).unwrap()
}

/// Case 16 of the bug reports: half of the weights are known, and the prediction is right.
#[test]
fn a_model_learns_from_the_targets_that_are_known() {
    let mut model = build();
    trainer(80).fit(&mut model, &rows()[..40]).unwrap();
    let inputs = [AssayInputs { dose: 11.0 }, AssayInputs { dose: 31.0 }];
    let predicted = model.predict(&inputs).unwrap();
    assert!((predicted[0].weight - 22.0).abs() < 4.0, "{}", predicted[0].weight);
    assert!((predicted[1].weight - 62.0).abs() < 4.0, "{}", predicted[1].weight);
    assert!(predicted[0].toxic < 0.5 && predicted[1].toxic > 0.5);
    assert_eq!(predicted[1].organ.most_likely().index(), 2);
}

#[test]
fn steps_and_labels_learn_from_known_targets_alone() {
    let rows = rows();
    let (model, _) = fitted(&rows);
    let own = model.preprocessing().unwrap();
    let known: Vec<f64> = rows.iter().filter_map(|row| row.weight).map(f64::from).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    assert_eq!(mean, 40.0);
    assert_eq!(learned(own, "weight", "standardize", "shift"), [mean]);
    let squares = known.iter().map(|weight| (weight - mean).powi(2)).sum::<f64>();
    let scale = (squares / known.len() as f64).sqrt();
    assert!((learned(own, "weight", "standardize", "scale")[0] - scale).abs() < 1e-12);
    // The row that knows nothing teaches the input nothing.
    assert_eq!(learned(own, "dose", "standardize", "shift"), [19.5]);
    let labels = own.labels_of("strain").unwrap();
    assert_eq!(labels.names(), ["mild", "pale", "wild"]);

    // A label of a row that is not asked for it is none.
    let mut fewer = rows.clone();
    fewer.iter_mut().for_each(|row| row.strain = row.strain.take().filter(|s| s != "pale"));
    let (model, _) = fitted(&fewer);
    let labels = model.preprocessing().unwrap().labels_of("strain").unwrap();
    assert_eq!(labels.names(), ["mild", "wild"]);
}

#[test]
fn figures_are_over_what_is_known() {
    let rows = rows();
    let (model, _) = fitted(&rows);
    let inputs: Vec<AssayInputs> = rows.iter().cloned().map(AssayInputs::from).collect();
    let predicted = model.predict(&inputs).unwrap();
    let figures = model.evaluate(&rows).unwrap();

    let pairs = rows.iter().zip(&predicted);
    let errors: Vec<f64> = pairs
        .clone()
        .filter_map(|(row, predicted)| Some(f64::from((predicted.weight - row.weight?).abs())))
        .collect();
    let mae = errors.iter().sum::<f64>() / errors.len() as f64;
    assert!((figures.get("weight_mae").unwrap() - mae).abs() < 1e-4 * mae);
    let right: Vec<bool> = pairs
        .filter_map(|(row, predicted)| Some(row.organ? == predicted.organ.most_likely()))
        .collect();
    let accuracy = right.iter().filter(|right| **right).count() as f64 / right.len() as f64;
    assert_eq!((right.len(), figures.get("organ_accuracy")), (30, Some(accuracy)));
    let total: f64 = ["toxic", "weight", "sizes", "organ", "strain"]
        .map(|output| figures.get(&format!("{output}_loss")).unwrap())
        .iter()
        .sum();
    assert!((figures.loss() - total).abs() < 1e-12);

    // Every output is as if the rows that do not know it were not there.
    for (output, known) in [
        ("toxic", &(|row: &AssaySample| row.toxic.is_some()) as &dyn Fn(&AssaySample) -> bool),
        ("weight", &|row| row.weight.is_some()),
        ("sizes", &|row| row.sizes.is_some()),
        ("organ", &|row| row.organ.is_some()),
        ("strain", &|row| row.strain.is_some()),
    ] {
        let own: Vec<AssaySample> = rows.iter().filter(|row| known(row)).cloned().collect();
        let own = model.evaluate(&own).unwrap();
        for (name, value) in own.iter().filter(|(name, _)| name.starts_with(output)) {
            let among_all = figures.get(&name).unwrap();
            assert!((value - among_all).abs() < 1e-12, "{name}: {value} {among_all}");
        }
    }
    let confusion = model.confusion_matrix(Assay::organ, &rows).unwrap();
    assert_eq!(confusion.counts.iter().flatten().sum::<u64>(), 30);
    let unknown = model.confusion_matrix(Assay::organ, &rows[1..2]).unwrap_err();
    assert!(matches!(unknown, Error::NoTargets("compare with")), "{unknown}");
}

#[test]
fn what_no_row_knows_is_nan_and_is_told() {
    let mut rows = rows();
    let (model, _) = fitted(&rows);
    rows.iter_mut().for_each(|row| (row.toxic, row.strain) = (None, None));
    let figures = model.evaluate(&rows).unwrap();
    for name in ["toxic_loss", "toxic_accuracy", "toxic_auc", "strain_loss"] {
        assert!(figures.get(name).unwrap().is_nan(), "{name}");
    }
    let others = ["weight_loss", "sizes_loss", "organ_loss"];
    let others: f64 = others.iter().map(|name| figures.get(name).unwrap()).sum();
    assert!((figures.loss() - others).abs() < 1e-12);

    let history = trainer(1).validation_data(&rows).fit(&mut build(), &self::rows()).unwrap();
    let undefined = |history: &History, kind| {
        let notices = history.notices.iter().filter(|notice| notice.kind == kind);
        notices.filter_map(|notice| notice.field.clone()).collect::<Vec<_>>()
    };
    assert_eq!(undefined(&history, NoticeKind::UndefinedMetric), ["toxic", "strain"]);
    assert!(history.curve("val_loss")[0].is_finite());
    let history = trainer(1).fit(&mut build(), &rows).unwrap();
    assert_eq!(undefined(&history, NoticeKind::EmptyColumn), ["toxic", "strain"]);
    let history = trainer(1).fit_from(&mut build(), &rows).unwrap();
    assert_eq!(undefined(&history, NoticeKind::EmptyColumn), ["toxic", "strain"]);

    let nothing = [rows[40].clone()];
    let is_told = |result: Result<(), Error>, purpose: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with(&format!("no row to {purpose} has a target")), "{error}");
    };
    is_told(model.evaluate(&nothing).map(drop), "evaluate");
    is_told(model.evaluate_from(&nothing.to_vec()).map(drop), "evaluate");
    is_told(trainer(1).fit(&mut build(), &nothing).map(drop), "train on");
    is_told(trainer(1).fit_from(&mut build(), &nothing.to_vec()).map(drop), "train on");
    let all = self::rows();
    let validated = trainer(1).validation_data(&nothing).fit(&mut build(), &all);
    is_told(validated.map(drop), "validate with");
    let validated = trainer(1).validation_split(0.02).fit(&mut build(), &all);
    is_told(validated.map(drop), "validate with");
    let validated = trainer(1).validation_source(nothing.to_vec()).fit(&mut build(), &all);
    is_told(validated.map(drop), "validate with");
}

fn files(rows: &[AssaySample]) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (csv, json) = (folder.path().join("rows.csv"), folder.path().join("rows.jsonl"));
    let cell = |value: Option<String>| value.unwrap_or_default();
    let mut table = "dose,toxic,weight,sizes,organ,strain\n".to_owned();
    let mut lines = String::new();
    for AssaySample { dose, toxic, weight, sizes, organ, strain } in rows {
        let cells = [
            dose.to_string(),
            cell(toxic.map(|toxic| if toxic { "yes" } else { "no" }.to_owned())),
            cell(weight.map(|weight| weight.to_string())),
            String::new(),
            cell(organ.map(|organ| organ.to_string())),
            cell(strain.clone()),
        ];
        table += &(cells.join(",") + "\n");
        let json = serde_json::json!({
            "dose": dose, "toxic": toxic, "weight": weight, "sizes": sizes, "organ": organ,
            "strain": strain,
        });
        lines += &format!("{json}\n");
    }
    fs::write(&csv, table).unwrap();
    fs::write(&json, lines).unwrap();
    (folder, csv, json)
}

#[test]
fn streamed_rows_teach_what_rows_in_memory_teach() {
    let rows = rows();
    let (_folder, csv, json) = files(&rows);
    let mut flat = rows.clone();
    // A list does not fit into a cell.
    flat.iter_mut().for_each(|row| row.sizes = None);
    assert_eq!(read_csv::<AssaySample>(&csv).unwrap(), flat);
    assert_eq!(JsonLines::<AssaySample>::new(&json).read_all().unwrap(), rows);

    let shuffle = |trainer: Trainer<Assay, Adam>| trainer.shuffle(Shuffle::Never).batch_size(8);
    let trained = |rows: &[AssaySample]| {
        let mut model = build();
        let trainer = shuffle(trainer(3)).validation_data(&rows[20..]);
        let history = trainer.fit(&mut model, rows).unwrap();
        (model, history.epochs)
    };
    let assert_same = |source: &dyn Fn(&mut Model<Assay>) -> History, rows: &[AssaySample]| {
        let ((memory, epochs), mut streamed) = (trained(rows), build());
        let history = source(&mut streamed);
        // Texts, for NaN is not equal to itself.
        assert_eq!(format!("{:?}", history.epochs), format!("{epochs:?}"));
        assert_eq!(streamed.preprocessing(), memory.preprocessing());
        let (one, other) = (memory.evaluate(rows).unwrap(), streamed.evaluate(rows).unwrap());
        assert_eq!(one.to_string(), other.to_string());
    };
    assert_same(
        &|model| {
            let trainer = shuffle(trainer(3)).validation_source(rows[20..].to_vec());
            trainer.fit_from(model, &JsonLines::new(&json)).unwrap()
        },
        &rows,
    );
    assert_same(
        &|model| {
            let trainer = shuffle(trainer(3)).validation_source(flat[20..].to_vec());
            trainer.fit_from(model, &Csv::new(&csv)).unwrap()
        },
        &flat,
    );
    let (model, _) = trained(&rows);
    let streamed = model.evaluate_from(&JsonLines::new(&json)).unwrap();
    assert_eq!(streamed.to_string(), model.evaluate(&rows).unwrap().to_string());
}

#[test]
fn importance_and_the_worst_rows_leave_out_what_is_not_known() {
    let rows = rows();
    let (model, _) = fitted(&rows);
    let importance = Importance::by_permutation(&model, &rows, 2, Seed(1)).unwrap();
    assert!(importance.inputs[0].increase.is_finite());
    assert_eq!(importance.loss, model.evaluate(&rows).unwrap().loss());
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    // The organ of neither is known: there is nothing to be confused.
    Report::new(&model).rows(&[rows[37].clone(), rows[1].clone()]).unwrap().write(&page).unwrap();
    let without = fs::read_to_string(&page).unwrap();
    assert!(without.contains("Confusion of `toxic`") && !without.contains("Confusion of `organ`"));
    Report::new(&model).rows(&rows[38..]).unwrap().write(&page).unwrap();
    let page = fs::read_to_string(page).unwrap();
    let (_, worst) = page.split_once("Worst predictions").unwrap();
    // Rows 38 and 39, and not the one that knows nothing.
    assert_eq!(worst.matches("<tr>").count(), 3, "{worst}");
    assert!(worst.contains("absent") && !worst.contains("1000000"), "{worst}");
}

#[test]
fn a_target_that_is_not_a_number_is_not_known_and_any_other_that_is_not_finite_is_named() {
    let fitted = |weight: Option<f32>| {
        let mut rows = rows();
        rows[5].weight = weight;
        let mut model = build();
        trainer(1).fit(&mut model, &rows)?;
        model.evaluate(&rows)
    };
    // As in a file, where a cell with NaN is blank.
    assert_eq!(fitted(Some(f32::NAN)).unwrap(), fitted(None).unwrap());
    let error = fitted(Some(f32::INFINITY)).unwrap_err().to_string();
    assert_eq!(error, "row 5, field `weight`: expected a finite number, found inf");
    let mut rows = rows();
    rows[5].sizes = Some([1.0, f32::NAN]);
    let error = trainer(1).fit(&mut build(), &rows).unwrap_err().to_string();
    let expected = "row 5, field `sizes`: expected a finite number, or `None` where it is not \
                    known, found NaN";
    assert_eq!(error, expected);
}

/// A run that is broken off and goes on has the bits of one that was not.
#[test]
fn a_run_on_partly_known_targets_goes_on_where_it_stopped() {
    use multi_input::callback::Checkpoint;
    let folder = tempfile::tempdir().unwrap();
    let rows = rows();
    let run = |epochs: usize| {
        let checkpoint = Checkpoint::in_folder(folder.path()).every_steps(1);
        trainer(epochs).batch_size(7).callback(checkpoint).resume(folder.path())
    };
    let mut broken = build();
    run(1).fit(&mut broken, &rows).unwrap();
    let resumed = run(3).fit(&mut broken, &rows).unwrap();
    let mut whole = build();
    let history = trainer(3).batch_size(7).fit(&mut whole, &rows).unwrap();
    assert_eq!(format!("{:?}", resumed.epochs), format!("{:?}", history.epochs));
    let (one, other) = (broken.evaluate(&rows).unwrap(), whole.evaluate(&rows).unwrap());
    assert_eq!(one.to_string(), other.to_string());
}
