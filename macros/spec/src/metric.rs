//! The metrics, and the targets they accept.

use crate::{Doc, Target};

/// A metric for `metrics(...)`.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::metric`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// Its integer parameters with their defaults: the fields of the type. Each is at least 1 and
    /// at most the number of classes.
    pub parameters: &'static [(&'static str, usize)],
    /// The targets it accepts.
    pub targets: &'static [Target],
}

impl Metric {
    const fn of_numbers(name: &'static str, type_name: &'static str, doc: Doc) -> Metric {
        Metric { name, type_name, doc, parameters: &[], targets: &[Target::Numbers] }
    }

    const fn of_classes(name: &'static str, type_name: &'static str, doc: Doc) -> Metric {
        let targets = &[Target::Class, Target::Flag, Target::Flags];
        Metric { name, type_name, doc, parameters: &[], targets }
    }
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric::of_numbers("mae", "Mae", Doc { keras: "`MeanAbsoluteError`", torch: "", ..Doc::new("`mean(|y - t|)`") }),
    Metric::of_numbers("mse", "Mse", Doc { keras: "`MeanSquaredError`", torch: "", ..Doc::new("`mean((y - t)^2)`") }),
    Metric::of_numbers("rmse", "Rmse", Doc { keras: "`RootMeanSquaredError`", torch: "", ..Doc::new("`sqrt(mean((y - t)^2))`") }),
    Metric::of_numbers("mape", "Mape", Doc { keras: "`MeanAbsolutePercentageError`", torch: "", ..Doc::new("`100 mean(|y - t| / max(|t|, 1e-7))`") }),
    Metric::of_numbers("r2", "R2", Doc { keras: "`R2Score`", torch: "", ..Doc::new("`1 - sum((y - t)^2) / sum((t - mean(t))^2)`, the mean over the columns") }),
    Metric::of_classes("accuracy", "Accuracy", Doc { keras: "`SparseCategoricalAccuracy`, `BinaryAccuracy`", torch: "", ..Doc::new("the share of rows whose most likely class is right; of flags, at the threshold 0.5") }),
    Metric::of_classes("precision", "Precision", Doc { keras: "`Precision`, scikit-learn `precision_score(average=\"macro\", zero_division=0)`", torch: "", ..Doc::new("right / predicted, of the true flags; for classes the unweighted mean over all classes (macro), a class that is never predicted counting 0") }),
    Metric::of_classes("recall", "Recall", Doc { keras: "`Recall`, scikit-learn `recall_score(average=\"macro\", zero_division=0)`", torch: "", ..Doc::new("right / actual, of the true flags; for classes the unweighted mean over all classes (macro), a class without rows counting 0") }),
    Metric::of_classes("f1", "F1", Doc { keras: "`F1Score(average=\"macro\")`, scikit-learn `f1_score(average=\"macro\", zero_division=0)`", torch: "", ..Doc::new("`2 right / (predicted + actual)`, of the true flags; for classes the unweighted mean over all classes (macro)") }),
    Metric::of_classes("auc", "Auc", Doc { keras: "`AUC`, scikit-learn `roc_auc_score(multi_class=\"ovr\")`", torch: "", ..Doc::new("the area under the ROC curve; for classes the mean over each class against the rest") }),
    Metric {
        parameters: &[("k", 5)],
        targets: &[Target::Class],
        ..Metric::of_classes("top_k", "TopK", Doc { keras: "`SparseTopKCategoricalAccuracy`", torch: "", ..Doc::new("the share of rows whose class is among the `k` most likely") })
    },
];
