//! Comparison with the answers of onnxruntime, which `tests/fixtures/onnx_answers.py` records.

use std::{fs, path::PathBuf};

use multi_input::{
    data::{Table, Values},
    onnx::Export,
    prelude::*,
};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value;

/// The variable that, if set, makes the tests write the files of which the answers are recorded.
pub const BLESS: &str = "MULTI_INPUT_BLESS";

/// Exports a model and compares its predictions with those that onnxruntime computes with the same file.
pub fn check<M: Network>(name: &str, model: &Model<M>, rows: &[Value])
where
    M::Inputs: DeserializeOwned,
    M::Outputs: Serialize,
{
    check_encoded(name, model, &Export::of(model), rows, &[]);
}

/// As [`check`], with an export whose columns `encoded` enter behind their preprocessing.
pub fn check_encoded<M: Network>(
    name: &str,
    model: &Model<M>,
    export: &Export<'_>,
    rows: &[Value],
    encoded: &[&str],
) where
    M::Inputs: DeserializeOwned,
    M::Outputs: Serialize,
{
    let inputs: Vec<M::Inputs> =
        rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    let path = |end: &str| -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "fixtures/onnx_models", &format!("{name}{end}")]
            .iter()
            .collect()
    };
    if std::env::var_os(BLESS).is_some() {
        export.write(path(".onnx")).unwrap();
        let rows = with_columns(model, rows, &inputs, encoded);
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        return fs::write(path(".rows.jsonl"), lines.join("\n") + "\n").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    export.write(&file).unwrap();
    assert!(
        graph(&fs::read(file).unwrap()) == graph(&fs::read(path(".onnx")).unwrap()),
        "`{name}` is exported otherwise than when its answers were recorded: run this test with {BLESS}=1, \
         and then tests/fixtures/onnx_answers.py"
    );
    let answers = fs::read_to_string(path(".answers.jsonl")).unwrap();
    let answers: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let predicted = model.predict(&inputs).unwrap();
    assert_eq!(predicted.len(), answers.len());
    for (row, (predicted, answer)) in predicted.iter().zip(&answers).enumerate() {
        let predicted = serde_json::to_value(predicted).unwrap();
        for (field, own) in predicted.as_object().unwrap() {
            let other = answer.get(field).or_else(|| answer.get(format!("{field}.output")));
            let [usual, largest] = sizes(&answers, field);
            let has_labels = answer.get(format!("{field}.label")).is_some();
            let (own, mut other) = (numbers(own), numbers(other.unwrap()));
            // A class without a label is not among the predictions by label.
            other.truncate(if has_labels { own.len() } else { other.len() });
            assert_eq!(own.len(), other.len(), "{name}, row {row}, {field}");
            for (own, other) in own.iter().zip(&other) {
                // A number near 0 is the difference of larger ones, whose last bits differ.
                let last_bits = f64::from(f32::EPSILON) * largest;
                let tolerance = 1e-5 * own.abs().max(other.abs()).max(usual) + last_bits;
                assert!(
                    (own - other).abs() <= tolerance,
                    "{name}, row {row}, {field}: {own}, and {other} by onnxruntime"
                );
            }
        }
    }
}

/// The median and the maximum of the absolute numbers of an output.
fn sizes(answers: &[Value], field: &str) -> [f64; 2] {
    let output = format!("{field}.output");
    let of_field = answers.iter().filter_map(|row| row.get(field).or_else(|| row.get(&output)));
    let mut sizes: Vec<f64> = of_field.flat_map(numbers).map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    [sizes.len() / 2, sizes.len().saturating_sub(1)]
        .map(|index| sizes.get(index).copied().unwrap_or_default())
}

/// The part of a file before its metadata.
fn graph(file: &[u8]) -> &[u8] {
    let metadata = b"multi_input.description";
    let end = file.windows(metadata.len()).position(|bytes| bytes == metadata);
    &file[..end.unwrap()]
}

/// Rows as the client takes them: columns behind their preprocessing as they are then, and pictures by
/// their values.
fn with_columns<M: Network>(
    model: &Model<M>,
    rows: &[Value],
    inputs: &[M::Inputs],
    encoded: &[&str],
) -> Vec<Value> {
    let mut table = Table::of_inputs(&M::GRAPH);
    inputs.iter().for_each(|row| table.push(|to| M::write_inputs(row, to)).unwrap());
    let all: Vec<usize> = (0..rows.len()).collect();
    let columns = model.preprocessing().unwrap().encode(&table, &all, 0).unwrap().columns;
    let mut rows = rows.to_vec();
    for column in columns.iter().filter(|column| encoded.contains(&column.name)) {
        for (index, row) in rows.iter_mut().enumerate() {
            row[column.name] = match column.is_present(index) {
                true => numbers_of(&column.values, index * column.width, column.width),
                false => Value::Null,
            };
            if let Some(lengths) = &column.lengths {
                row[format!("{}.length", column.name)] = lengths.of_rows[index].into();
            }
        }
    }
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        let pictures: Vec<String> =
            row.keys().filter_map(|key| Some(key.strip_suffix(".pixels")?.to_owned())).collect();
        for name in pictures {
            let pixels = row.remove(&format!("{name}.pixels")).unwrap_or_default();
            row.insert(name, pixels);
        }
    }
    rows
}

fn numbers_of(values: &Values, start: usize, count: usize) -> Value {
    match values {
        Values::Numbers(numbers) => numbers[start..][..count].into(),
        Values::Categories(indices) => indices[start..][..count].into(),
        _ => Value::Null,
    }
}

/// All numbers of a prediction; those of several numbers of each value side by side.
fn numbers(prediction: &Value) -> Vec<f64> {
    match prediction {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(parts) => {
            // A mean is the first part, although keys are sorted.
            let mean = parts.iter().filter(|(key, _)| *key == "mean");
            let others = parts.iter().filter(|(key, _)| *key != "mean");
            let parts: Vec<Vec<f64>> =
                mean.chain(others).map(|(_, value)| numbers(value)).collect();
            let longest = parts.iter().map(Vec::len).max().unwrap_or_default();
            (0..longest).flat_map(|index| parts.iter().map(move |part| part[index])).collect()
        }
        number => number.as_f64().into_iter().collect(),
    }
}
