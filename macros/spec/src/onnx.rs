//! How a layer, merge, step or derivation is written in an ONNX file.

/// The operators of an exported model, or the reason why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onnx {
    /// Exported as these operators of `ai.onnx` (or `ai.onnx.ml` where the name says so), of which the
    /// newest is available since this opset.
    Operators {
        /// Their names; which of them are used depends on the arguments.
        names: &'static [&'static str],
        /// The opset.
        since: u8,
    },
    /// It changes nothing in a prediction, so nothing is written.
    Nothing,
    /// Not expressible in ONNX.
    Refused {
        /// Why, as a clause that can follow "because".
        reason: &'static str,
        /// What to do instead, as an imperative. Of a step or derivation it may say
        /// `export = onnx(encoded(..))`, into which a message of the compiler puts the names.
        instead: &'static str,
    },
}

impl Onnx {
    /// A module or merge of the user's own. A step or derivation can bring its operators.
    pub const OF_OWN: Onnx = Onnx::refused(
        "it is your own code, written in Rust",
        "use what the crate has in its place",
    );

    /// These operators, since this opset.
    pub const fn since(since: u8, names: &'static [&'static str]) -> Onnx {
        Onnx::Operators { names, since }
    }

    /// The names of the operators.
    pub const fn operators(&self) -> &'static [&'static str] {
        match self {
            Onnx::Operators { names, .. } => names,
            Onnx::Nothing | Onnx::Refused { .. } => &[],
        }
    }

    /// Not expressible.
    pub const fn refused(reason: &'static str, instead: &'static str) -> Onnx {
        Onnx::Refused { reason, instead }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        derived::{arithmetic, DERIVATIONS},
        layer::LAYERS,
        merge::MERGES,
        step::STEPS,
        ACTIVATIONS, LOSSES,
    };

    /// The operators with the opset of their definition that opset 17 uses, or their first one.
    const VERSIONS: &[(u8, &[&str])] = &[
        (1, &["Not", "Softplus"]),
        (6, &["Elu", "Selu"]),
        (7, &["And", "Or"]),
        (11, &["AveragePool", "Conv", "TopK"]),
        (12, &["MaxPool"]),
        (
            13,
            &[
                "Abs",
                "Cast",
                "Ceil",
                "Concat",
                "Equal",
                "Erf",
                "Exp",
                "Expand",
                "Floor",
                "Gather",
                "GatherElements",
                "GatherND",
                "Gemm",
                "Greater",
                "Less",
                "Log",
                "MatMul",
                "Max",
                "Min",
                "Neg",
                "Pad",
                "ReduceMax",
                "ReduceMean",
                "ReduceSum",
                "Resize",
                "Sigmoid",
                "Slice",
                "Softmax",
                "Sqrt",
                "Squeeze",
                "Tanh",
                "Transpose",
                "Unsqueeze",
            ],
        ),
        (14, &["Add", "CumSum", "Div", "GRU", "LSTM", "Mul", "RNN", "Relu", "Reshape", "Sub"]),
        (15, &["Shape"]),
        (16, &["GreaterOrEqual", "LeakyRelu", "Where"]),
        (17, &["LayerNormalization"]),
        (20, &["StringSplit"]),
    ];

    fn version(operator: &str) -> u8 {
        // The domain has versions of its own.
        if operator.starts_with("ai.onnx.ml.") {
            return 0;
        }
        let row = VERSIONS.iter().find(|(_, names)| names.contains(&operator));
        row.unwrap_or_else(|| panic!("`{operator}` is no operator")).0
    }

    fn rows() -> Vec<(&'static str, Onnx)> {
        let layers = LAYERS.iter().map(|row| (row.name, row.doc.onnx));
        let merges = MERGES.iter().map(|row| (row.name, row.doc.onnx));
        let steps = STEPS.iter().map(|row| (row.name, row.doc.onnx));
        let derived = DERIVATIONS.iter().chain([&arithmetic::DERIVATION]);
        let derived = derived.map(|row| (row.name, row.doc.onnx));
        let activations = ACTIVATIONS.iter().map(|row| (row.1, row.0.onnx()));
        let losses = LOSSES.iter().map(|row| (row.name(), row.onnx()));
        layers.chain(merges).chain(steps).chain(derived).chain(activations).chain(losses).collect()
    }

    #[test]
    fn a_row_says_since_when_its_operators_are_there() {
        for (name, onnx) in rows() {
            let Onnx::Operators { names, since } = onnx else { continue };
            let newest = names.iter().map(|operator| version(operator)).max();
            assert_eq!(newest, Some(since), "`{name}`");
            let mut once = names.to_vec();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), names.len(), "`{name}` names an operator twice");
        }
    }

    #[test]
    fn a_refusal_fits_into_a_sentence() {
        for (name, onnx) in rows() {
            let Onnx::Refused { reason, instead } = onnx else { continue };
            for text in [reason, instead] {
                assert!(!text.is_empty() && !text.ends_with(['.', ';']), "`{name}`: {text}");
            }
        }
    }
}
