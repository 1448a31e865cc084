//! The rows of the spec against the versions of the operators.

use multi_input_spec::{layer::LAYERS, merge::MERGES, Onnx, ACTIVATIONS};

/// The opset up to 17 that last changed an operator: `onnx.defs.get_schema(name, 17).since_version`.
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
            "Concat",
            "Equal",
            "Erf",
            "Exp",
            "Expand",
            "Gather",
            "GatherElements",
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
            "ReduceMin",
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
    (15, &["Pow", "Shape"]),
    (16, &["GreaterOrEqual", "LeakyRelu", "ScatterElements", "Where"]),
    (17, &["LayerNormalization"]),
];

/// The version of an operator; 0 if it is not in the list.
fn version(operator: &str) -> u8 {
    let row = VERSIONS.iter().find(|(_, names)| names.contains(&operator));
    row.map_or(0, |row| row.0)
}

#[test]
fn a_row_says_since_when_its_newest_operator_exists() {
    let layers = LAYERS.iter().map(|layer| (layer.name, layer.doc.onnx));
    let merges = MERGES.iter().map(|merge| (merge.name, merge.doc.onnx));
    let activations = ACTIVATIONS.iter().map(|row| (row.1, row.0.onnx()));
    for (name, onnx) in layers.chain(merges).chain(activations) {
        let Onnx::Operators { names, since } = onnx else { continue };
        for operator in names {
            assert!(version(operator) > 0, "{name}: {operator}");
        }
        let newest = names.iter().map(|operator| version(operator)).max();
        assert_eq!(Some(since), newest, "{name}");
    }
}
