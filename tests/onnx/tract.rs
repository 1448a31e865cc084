//! Exported models in tract, which is another implementation of ONNX, in Rust.
//!
//! `tests/onnx/check.py` writes what a client feeds to each file and what `predict` says, and
//! `just onnx` runs this test on the folder `ONNX_MODELS`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use tract_onnx::prelude::*;

/// The inputs of a file for some rows, and the outputs that they give.
#[derive(Deserialize)]
struct Case {
    /// The operators of the file that tract lacks or computes otherwise.
    beyond: Vec<String>,
    inputs: BTreeMap<String, Array>,
    outputs: BTreeMap<String, Array>,
}

/// A tensor in JSON.
#[derive(Deserialize)]
struct Array {
    dtype: String,
    shape: Vec<usize>,
    values: Vec<serde_json::Value>,
}

impl Array {
    fn tensor(&self) -> TractResult<Tensor> {
        let numbers = self.values.iter().map(number);
        match self.dtype.as_str() {
            "float32" => {
                Tensor::from_shape(&self.shape, &numbers.map(|n| n as f32).collect::<Vec<_>>())
            }
            "float64" => Tensor::from_shape(&self.shape, &numbers.collect::<Vec<_>>()),
            "int64" => {
                Tensor::from_shape(&self.shape, &numbers.map(|n| n as i64).collect::<Vec<_>>())
            }
            "bool" => {
                let flags = self.values.iter().map(|value| value.as_bool() == Some(true));
                Tensor::from_shape(&self.shape, &flags.collect::<Vec<_>>())
            }
            _ => {
                let texts = self.values.iter().map(|value| value.as_str().unwrap_or("").to_owned());
                let texts: Vec<String> = texts.collect();
                Ok(tract_ndarray::ArrayD::from_shape_vec(self.shape.as_slice(), texts)?.into())
            }
        }
    }
}

/// Parts of messages of tract 0.23 about valid files: its optimiser pulls the stride of a convolution over
/// the reshape before it, leaves an operator half built, or lays a matrix of a `GRU` out otherwise than
/// the operator reads it.
const BUGS: &[&str] = &["Pulling", "This is a bug", "not contiguous"];

/// A number, or NaN for `null`.
fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// What tract computes, by the names of the outputs.
fn computed(path: &Path, case: &Case) -> TractResult<BTreeMap<String, Vec<f64>>> {
    let mut model = tract_onnx::onnx().model_for_path(path)?;
    let inputs: Vec<String> =
        model.input_outlets()?.iter().map(|outlet| model.node(outlet.node).name.clone()).collect();
    let mut tensors = tvec!();
    for (index, name) in inputs.iter().enumerate() {
        let tensor = case.inputs[name].tensor()?;
        model
            .set_input_fact(index, InferenceFact::dt_shape(tensor.datum_type(), tensor.shape()))?;
        tensors.push(tensor.into_tvalue());
    }
    let labels = model.output_outlets()?.to_vec();
    let names: Vec<String> = labels
        .iter()
        .map(|outlet| match model.outlet_label(*outlet) {
            Some(label) => label.to_owned(),
            None => model.node(outlet.node).name.clone(),
        })
        .collect();
    let outputs = model.into_optimized()?.into_runnable()?.run(tensors)?;
    let numbers = |tensor: &TValue| -> TractResult<Vec<f64>> {
        let numbers = tensor.cast_to::<f64>()?;
        Ok(numbers.to_plain_array_view::<f64>()?.iter().copied().collect())
    };
    let named = names.into_iter().zip(&outputs).filter(|(name, _)| case.outputs.contains_key(name));
    named.map(|(name, tensor)| Ok((name, numbers(tensor)?))).collect()
}

/// The largest difference of an output from what `predict` says, relative to the output's scale.
fn difference(case: &Case, computed: &BTreeMap<String, Vec<f64>>) -> f64 {
    let mut worst = 0.0_f64;
    for (name, expected) in &case.outputs {
        let expected: Vec<f64> = expected.values.iter().map(number).collect();
        let scale = expected.iter().fold(0.0_f64, |scale, number| scale.max(number.abs()));
        let found = computed.get(name).map_or(&[][..], Vec::as_slice);
        assert_eq!(found.len(), expected.len(), "`{name}`");
        for (found, expected) in found.iter().zip(&expected) {
            if found.is_nan() && expected.is_nan() {
                continue;
            }
            let difference = (found - expected).abs() / expected.abs().max(scale).max(1e-30);
            worst = if difference.is_nan() { f64::INFINITY } else { worst.max(difference) };
        }
    }
    worst
}

#[test]
fn plain_models_predict_the_same_in_tract() {
    let Some(folder) = std::env::var_os("ONNX_MODELS").map(PathBuf::from) else { return };
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "onnx")).collect();
    files.sort();
    let (mut ran, mut worst, mut beyond, mut failed) = (0, 0.0_f64, 0, Vec::new());
    for path in &files {
        let text = fs::read_to_string(path.with_extension("case.json")).unwrap();
        let case: Case = serde_json::from_str(&text).unwrap();
        if !case.beyond.is_empty() {
            beyond += 1;
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        match computed(path, &case).map(|computed| difference(&case, &computed)) {
            Ok(difference) => {
                ran += 1;
                worst = worst.max(difference);
                if difference > 1e-5 {
                    failed.push(format!("{name}: {difference:.1e}"));
                }
            }
            Err(error) if BUGS.iter().any(|bug| format!("{error:#}").contains(bug)) => beyond += 1,
            Err(error) => failed.push(format!("{name}: {error:#}")),
        }
    }
    println!(
        "tract: models={ran} of={} beyond={beyond} failed={} worst={worst:.1e}",
        files.len(),
        failed.len()
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
