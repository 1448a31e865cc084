//! Averages of metrics over classes are those of scikit-learn.

use multi_input::metric::{
    Auc, AucOvo, Average, Averaged, ByClass, FBeta, Label, Metric, Precision, Recall, TargetRow, F1,
};

use crate::support::fixture::Fixture;

/// The recorded rows.
struct Rows {
    predictions: Vec<Vec<f64>>,
    /// Classes; flags are 0 and 1.
    targets: Vec<usize>,
    of_flags: bool,
}

impl Rows {
    fn over(&self, metric: &impl Metric, weights: &[f64]) -> f64 {
        let mut running = metric.start();
        for ((prediction, class), weight) in self.predictions.iter().zip(&self.targets).zip(weights)
        {
            let flag = [*class as f64];
            let target = match self.of_flags {
                true => TargetRow::Doubles(&flag),
                false => TargetRow::Class(*class),
            };
            running.update(prediction, target, *weight);
        }
        running.value()
    }
}

/// The averages by scikit-learn's names, those of one class by ours.
const AVERAGES: [(&str, Average); 5] = [
    ("macro", Average::Macro),
    ("micro", Average::Micro),
    ("weighted", Average::Weighted),
    ("binary_0", Average::Binary(Label::Index(0))),
    ("binary_2", Average::Binary(Label::Index(2))),
];

struct Comparison {
    theirs: Fixture,
    weights: Vec<f64>,
    compared: usize,
}

impl Comparison {
    fn of(&mut self, target: &str, name: &str, metric: impl ByClass + Clone, rows: &Rows) {
        for (average_name, average) in AVERAGES {
            let averaged = Averaged { metric: metric.clone(), average };
            let ones = vec![1.0; self.weights.len()];
            for (case, weights) in [("", &ones), ("_weighted", &self.weights)] {
                let name = format!("{target}.{name}.{average_name}{case}");
                if self.theirs.has(&name) {
                    let (found, expected) = (rows.over(&averaged, weights), self.theirs.f64(&name));
                    assert!((found - expected).abs() < 1e-12, "{name}: {found}, not {expected}");
                    self.compared += 1;
                }
            }
        }
    }
}

#[test]
fn averages_over_classes_are_those_of_scikit_learn() {
    let (rows, theirs) = (Fixture::read("metrics"), Fixture::read("sklearn"));
    let predictions = |fixture: &Fixture, name: &str| -> Vec<Vec<f64>> {
        let width = fixture.shape(name)[1];
        fixture.f64s(name).chunks_exact(width).map(<[f64]>::to_vec).collect()
    };
    let one_hot = |class: usize| (0..5).map(|n| f64::from(u8::from(n == class))).collect();
    let classes = rows.indices("classes.targets");
    let of_classes = |predictions| Rows { predictions, targets: classes.clone(), of_flags: false };
    let flags = Rows {
        predictions: predictions(&rows, "flags.predictions"),
        targets: rows.f64s("flags.targets").iter().map(|flag| *flag as usize).collect(),
        of_flags: true,
    };
    let by_class = of_classes(predictions(&rows, "classes.predictions"));
    let rare = theirs.indices("rare.predicted").into_iter().map(one_hot);
    let rare = of_classes(rare.collect());
    let probabilities = of_classes(predictions(&theirs, "probabilities.predictions"));

    let weights = rows.f64s("weights");
    let mut comparison = Comparison { theirs, weights, compared: 0 };
    for (target, rows) in [("flags", &flags), ("classes", &by_class), ("rare", &rare)] {
        comparison.of(target, "precision", Precision, rows);
        comparison.of(target, "recall", Recall, rows);
        comparison.of(target, "f1", F1, rows);
        comparison.of(target, "f2", FBeta { beta: 2.0 }, rows);
        comparison.of(target, "f0.5", FBeta { beta: 0.5 }, rows);
    }
    comparison.of("probabilities", "auc", Auc, &probabilities);
    comparison.of("probabilities", "auc_ovo", AucOvo, &probabilities);
    // 5 metrics of 4 averages of flags and 5 of classes, twice; the AUC, and one against one.
    assert_eq!(comparison.compared, 2 * 5 * (4 + 5 + 5) + 2 * 5 + 2);
}
