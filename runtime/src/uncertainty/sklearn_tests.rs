//! Calibration, thresholds and curves compared with scikit-learn, whose answers
//! `tests/fixtures/sklearn_calibration.py` recorded.

use multi_input_data::schema::{Target, TargetKind};
use multi_input_nn::loss::{BinaryCrossEntropy, CrossEntropy, TargetRow};
use serde::Deserialize;

use super::{
    isotonic::Isotonic, observed_row, temperature, CalibrationMethod, Criterion, FittedCalibration,
    Observed, ObservedModel, PrecisionRecallCurve, Reliability, RocCurve, Threshold,
};
use crate::definition::Output;

#[derive(Deserialize)]
struct Answers {
    scores: Vec<f64>,
    flags: Vec<u8>,
    at: Vec<f64>,
    isotonic: Vec<f64>,
    probabilities: Vec<Vec<f64>>,
    classes: Vec<usize>,
    calibrated: Vec<Vec<f64>>,
    temperature: f64,
    spread: Vec<f64>,
    error: f64,
    thresholds: std::collections::BTreeMap<String, f64>,
    roc_auc: f64,
    average_precision: f64,
}

fn answers() -> Answers {
    serde_json::from_str(include_str!("../../../tests/fixtures/calibration.json")).unwrap()
}

static FLAG: Output = LATE;
static KIND: Output = Output {
    target: Target { name: "kind", kind: TargetKind::Class, width: 3, ..LATE.target },
    loss: &CrossEntropy { label_smoothing: 0.0 },
    head: 3,
    ..LATE
};

const LATE: Output = Output {
    target: Target {
        name: "late",
        doc: "",
        unit: None,
        kind: TargetKind::Flag,
        width: 1,
        steps: &[],
        columns: &[],
        labels: false,
        optional: false,
    },
    loss: &BinaryCrossEntropy { label_smoothing: 0.0 },
    weight: 1.0,
    metrics: &[],
    weighted_metrics: &[],
    head: 1,
    learned_weight: false,
};

fn observed(answers: &Answers, scores: &[f64]) -> Observed {
    let mut observed = Observed::new(&FLAG);
    for (score, flag) in scores.iter().zip(&answers.flags) {
        observed_row(&mut observed, &[*score], TargetRow::Doubles(&[f64::from(*flag)]));
    }
    // Not rounded to f32, as scikit-learn has them.
    observed.predictions = scores.to_vec();
    observed
}

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn isotonic_regression_equals_sklearn() {
    let answers = answers();
    let flags = answers.flags.iter().map(|flag| f64::from(*flag));
    let fitted = Isotonic::fit(answers.scores.iter().copied().zip(flags));
    assert!(fitted.is_sound());
    for (at, expected) in answers.at.iter().zip(&answers.isotonic) {
        assert_close(fitted.at(*at), *expected);
    }
}

#[test]
fn isotonic_functions_of_classes_equal_those_of_sklearn() {
    let answers = answers();
    let mut observed = Observed::new(&KIND);
    for (row, class) in answers.probabilities.iter().zip(&answers.classes) {
        observed_row(&mut observed, row, TargetRow::Class(*class));
    }
    observed.predictions = answers.probabilities.concat();
    let of = ObservedModel { weights: 0, outputs: vec![observed] };
    let fitted = FittedCalibration::new(CalibrationMethod::Isotonic, &of).unwrap();
    for (row, expected) in answers.probabilities.iter().zip(&answers.calibrated) {
        let found = fitted.calibrated(0, row);
        found.iter().zip(expected).for_each(|(found, expected)| assert_close(*found, *expected));
    }
}

#[test]
fn the_temperature_equals_that_of_scipy() {
    let answers = answers();
    let rows = answers.probabilities.iter().zip(&answers.classes);
    let found = temperature::fit(rows.map(|(row, class)| (&row[..], *class)));
    assert!((found / answers.temperature - 1.0).abs() < 1e-6, "{found} {}", answers.temperature);
}

#[test]
fn curves_and_errors_equal_those_of_sklearn() {
    let answers = answers();
    let spread = observed(&answers, &answers.spread);
    assert_close(Reliability::of(&spread)[0].error(), answers.error);
    let observed = observed(&answers, &answers.scores);
    assert_close(RocCurve::of(&observed)[0].area(), answers.roc_auc);
    let curve = &PrecisionRecallCurve::of(&observed)[0];
    assert_close(curve.average_precision(), answers.average_precision);
}

#[test]
fn thresholds_have_the_best_figures_of_sklearn() {
    let answers = answers();
    let observed = observed(&answers, &answers.scores);
    let cost = Criterion::Cost { false_positive: 1.0, false_negative: 3.0 };
    let criteria = [
        ("f1", Criterion::F1),
        ("balanced_accuracy", Criterion::BalancedAccuracy),
        ("youden", Criterion::Youden),
        ("cost_1_3", cost),
    ];
    for (name, criterion) in criteria {
        let threshold = Threshold::of_labels(criterion, &observed).unwrap()[0];
        assert_close(threshold.figure, answers.thresholds[name]);
    }
}
