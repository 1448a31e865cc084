//! The metrics, and the targets they accept.

use crate::{argument::equal, ArgumentKind, Doc, Parameter, Range, Target, Text};

/// A metric for `metrics(...)`.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::metric`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// Its parameters. A size, which is at most the number of classes, and a number are fields of
    /// the type, with defaults. An average stands beside the type. A word stands for a type.
    pub parameters: &'static [Parameter],
    /// For each word but the default of a parameter of words, the type and the averages it has.
    pub variants: &'static [Variant],
    /// The targets it accepts.
    pub targets: &'static [Target],
}

/// A form of a metric that has a type of its own.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The word for it.
    pub word: &'static str,
    /// The type in `multi_input::metric`.
    pub type_name: &'static str,
    /// The averages it has.
    pub averages: &'static [&'static str],
    /// The targets it accepts.
    pub targets: &'static [Target],
}

/// The averages over classes and labels. `binary` takes the class that counts as true.
pub const AVERAGES: &[&str] = &["macro", "micro", "weighted", "binary"];

const CLASSES: &[Target] = &[Target::Class, Target::Flag, Target::Flags];
const AVERAGE: Parameter = Parameter::optional("average", ArgumentKind::Average);

impl Metric {
    const fn of_numbers(name: &'static str, type_name: &'static str, doc: Doc) -> Metric {
        let targets = &[Target::Numbers];
        Metric { name, type_name, doc, parameters: &[], variants: &[], targets }
    }

    const fn of_classes(name: &'static str, type_name: &'static str, doc: Doc) -> Metric {
        Metric { name, type_name, doc, parameters: &[], variants: &[], targets: CLASSES }
    }

    /// A metric of classes that has averages.
    const fn by_class(name: &'static str, type_name: &'static str, doc: Doc) -> Metric {
        Metric { parameters: &[AVERAGE], ..Metric::of_classes(name, type_name, doc) }
    }
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric::of_numbers("mae", "Mae", Doc { keras: "`MeanAbsoluteError`", torch: "", also: &["mean_absolute_error", "l1"], ..Doc::new("`mean(|y - t|)`") }),
    Metric::of_numbers("mse", "Mse", Doc { keras: "`MeanSquaredError`", torch: "", also: &["mean_squared_error", "l2"], ..Doc::new("`mean((y - t)^2)`") }),
    Metric::of_numbers("rmse", "Rmse", Doc { keras: "`RootMeanSquaredError`", torch: "", also: &["root_mean_squared_error"], ..Doc::new("`sqrt(mean((y - t)^2))`") }),
    Metric::of_numbers("mape", "Mape", Doc { keras: "`MeanAbsolutePercentageError`", torch: "", also: &["mean_absolute_percentage_error"], ..Doc::new("`100 mean(|y - t| / max(|t|, 1e-7))`") }),
    Metric::of_numbers("r2", "R2", Doc { keras: "`R2Score`", torch: "", also: &["R2Score", "r_squared", "coefficient_of_determination"], ..Doc::new("`1 - sum((y - t)^2) / sum((t - mean(t))^2)`, the mean over the columns") }),
    Metric::of_classes("accuracy", "Accuracy", Doc { keras: "`SparseCategoricalAccuracy`, `BinaryAccuracy`", torch: "", also: &["acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "accuracy_score"], ..Doc::new("the share of rows whose most likely class is right; of flags, at the threshold 0.5") }),
    Metric::by_class("precision", "Precision", Doc { keras: "`Precision`, scikit-learn `precision_score(average=\"macro\", zero_division=0)`", torch: "", also: &["precision_score", "ppv", "positive_predictive_value"], ..Doc::new("right / predicted, of the true flags; for classes the unweighted mean over all classes (macro), a class that is never predicted counting 0") }),
    Metric::by_class("recall", "Recall", Doc { keras: "`Recall`, scikit-learn `recall_score(average=\"macro\", zero_division=0)`", torch: "", also: &["recall_score", "sensitivity", "tpr", "true_positive_rate"], ..Doc::new("right / actual, of the true flags; for classes the unweighted mean over all classes (macro), a class without rows counting 0") }),
    Metric::by_class("f1", "F1", Doc { keras: "`F1Score(average=\"macro\")`, scikit-learn `f1_score(average=\"macro\", zero_division=0)`", torch: "", also: &["F1Score", "f_score", "f_measure"], ..Doc::new("`2 right / (predicted + actual)`, of the true flags; for classes the unweighted mean over all classes (macro)") }),
    Metric {
        parameters: &[AVERAGE, Parameter::optional("beta", ArgumentKind::Number(Range::Positive)).or("2")],
        ..Metric::by_class("fbeta", "FBeta", Doc { keras: "`FBetaScore(average=\"macro\")`, scikit-learn `fbeta_score(average=\"macro\", zero_division=0)`", torch: "", also: &["FBetaScore"], ..Doc::new("`(1 + beta^2) right / (predicted + beta^2 actual)`, of flags and classes as `f1`; reported as `f2`, `f0.5`") })
    },
    Metric {
        parameters: &[AVERAGE, Parameter::optional("multi_class", ArgumentKind::Word(&["ovr", "ovo"])).or("ovr")],
        variants: &[Variant { word: "ovo", type_name: "AucOvo", averages: &["macro", "weighted"], targets: &[Target::Class] }],
        ..Metric::by_class("auc", "Auc", Doc { keras: "`AUC`, scikit-learn `roc_auc_score(multi_class=\"ovr\")`", torch: "", also: &["roc_auc", "auroc", "roc_auc_score", "ROC", "AreaUnderCurve"], ..Doc::new("the area under the ROC curve; for classes the mean over each class against the rest (`ovr`) or over all pairs of classes (`ovo`)") })
    },
    Metric {
        parameters: &[Parameter::optional("k", ArgumentKind::Size).or("5")],
        targets: &[Target::Class],
        ..Metric::of_classes("top_k", "TopK", Doc { keras: "`SparseTopKCategoricalAccuracy`", torch: "", also: &["TopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", "top_k_accuracy", "top_k_accuracy_score"], ..Doc::new("the share of rows whose class is among the `k` most likely") })
    },
];

/// Checks a user's own metric `metric`, which is called `name` and measures `targets`, for the
/// output `field`.
pub const fn check_own(
    field: &str,
    target: Target,
    metric: &str,
    name: &str,
    targets: &[Target],
) -> Result<(), Text> {
    let mut fits = false;
    let mut i = 0;
    while i < targets.len() {
        fits = fits || targets[i] as u8 == target as u8;
        i += 1;
    }
    if !fits {
        return Err(Text::new("`")
            .str(field)
            .str("` is ")
            .str(target.in_words())
            .str(", which the metric `")
            .str(metric)
            .str("` does not measure"));
    }
    let mut taken = name.is_empty() || equal(name, "loss");
    let mut i = 0;
    while i < METRICS.len() {
        taken = taken || equal(name, METRICS[i].name);
        i += 1;
    }
    match taken {
        false => Ok(()),
        true => Err(Text::new("`")
            .str(field)
            .str("`: the metric `")
            .str(metric)
            .str("` has the name `")
            .str(name)
            .str("`, which is none of its own: give it another `NAME`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_ones_own_has_its_targets_and_a_name() {
        let check = |name, targets: &[Target]| {
            let checked = check_own("price", Target::Numbers, "Within", name, targets);
            checked.err().map(|text| text.as_str().to_owned()).unwrap_or_default()
        };
        assert_eq!(check("within", &[Target::Class, Target::Numbers]), "");
        let said = "`price` is numbers, which the metric `Within` does not measure";
        assert_eq!(check("within", &[Target::Class]), said);
        for taken in ["mae", "loss", ""] {
            let said = format!(
                "`price`: the metric `Within` has the name `{taken}`, which is none of its own: \
                 give it another `NAME`"
            );
            assert_eq!(check(taken, &[Target::Numbers]), said);
        }
    }
}
