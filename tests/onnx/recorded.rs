//! Comparison with the answers of onnxruntime, which `tests/fixtures/onnx.py` records.

use std::{fs, path::PathBuf};

use multi_input::{onnx::Export, prelude::*};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value;

/// The variable that, if set, makes the tests write the files of which the answers are recorded.
const BLESS: &str = "MULTI_INPUT_BLESS";

/// Exports a model and compares its predictions with those that onnxruntime computes with the same file.
pub fn check<M: Network>(name: &str, model: &Model<M>, rows: &[Value])
where
    M::Inputs: DeserializeOwned,
    M::Outputs: Serialize,
{
    check_export(name, model, &Export::of(model), rows);
}

/// As [`check`], with an export of its own.
pub fn check_export<M: Network>(name: &str, model: &Model<M>, export: &Export<'_>, rows: &[Value])
where
    M::Inputs: DeserializeOwned,
    M::Outputs: Serialize,
{
    let path = |end: &str| -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "fixtures/onnx", &format!("{name}{end}")].iter().collect()
    };
    if std::env::var_os(BLESS).is_some() {
        export.write(path(".onnx")).unwrap();
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        return fs::write(path(".rows.jsonl"), lines.join("\n") + "\n").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    export.write(&file).unwrap();
    assert!(
        fs::read(file).unwrap() == fs::read(path(".onnx")).unwrap(),
        "`{name}` is exported otherwise than when its answers were recorded: run this test with {BLESS}=1, \
         and then tests/fixtures/onnx.py"
    );
    let answers = fs::read_to_string(path(".answers.jsonl")).unwrap();
    let answers: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let inputs: Vec<M::Inputs> =
        rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    let predicted = model.predict(&inputs).unwrap();
    assert_eq!(predicted.len(), answers.len());
    for (row, (predicted, answer)) in predicted.iter().zip(&answers).enumerate() {
        let predicted = serde_json::to_value(predicted).unwrap();
        for (field, own) in predicted.as_object().unwrap() {
            let other = answer.get(field).or_else(|| answer.get(format!("{field}.output")));
            let (own, other) = (numbers(own), numbers(other.unwrap()));
            assert_eq!(own.len(), other.len(), "{name}, row {row}, {field}");
            for (own, other) in own.iter().zip(&other) {
                let tolerance = 1e-5 * own.abs().max(other.abs()) + 1e-12;
                assert!(
                    (own - other).abs() <= tolerance,
                    "{name}, row {row}, {field}: {own}, and {other} by onnxruntime"
                );
            }
        }
    }
}

/// All numbers of a prediction; those of several numbers of each value side by side.
fn numbers(prediction: &Value) -> Vec<f64> {
    match prediction {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(parts) => {
            let parts: Vec<Vec<f64>> = parts.values().map(numbers).collect();
            let longest = parts.iter().map(Vec::len).max().unwrap_or_default();
            (0..longest).flat_map(|index| parts.iter().map(move |part| part[index])).collect()
        }
        number => number.as_f64().into_iter().collect(),
    }
}
