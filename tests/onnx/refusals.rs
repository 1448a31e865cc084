//! What ONNX cannot express, the way out of it, and files that cannot be written.

use multi_input::{
    data::Values,
    definition::{Shape, Step, Text},
    onnx::{Export, Flow, Graph, Refusal as OnnxRefusal, Value as OnnxValue},
    prelude::*,
    preprocess::{
        stage::{FixedStep, Refusal},
        Inverse,
    },
    Error,
};
use serde::Serialize;
use serde_json::{json, Value};

use crate::{recorded, steps::fitted};

/// The square root of the size of a number, with its sign.
#[derive(Clone, Copy, Debug)]
pub struct SignedRoot;

impl SignedRoot {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl FixedStep for SignedRoot {
    const INVERSE: Inverse = Inverse::Nonlinear;

    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values.map_numbers(|_, number| number.abs().sqrt().copysign(number)))
    }

    fn invert(&self, _: &Step, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number *= number.abs());
    }

    fn to_onnx(&self, _: &Step, graph: &mut Graph, flow: Flow) -> Result<Flow, OnnxRefusal> {
        let size = graph.unary("Abs", &flow.value);
        let root = graph.unary("Sqrt", &size);
        let sign = graph.unary("Sign", &flow.value);
        let value = graph.mul(&root, &sign);
        Ok(flow.with(value))
    }

    fn inverse_to_onnx(
        &self,
        _: &Step,
        graph: &mut Graph,
        value: OnnxValue,
    ) -> Result<OnnxValue, OnnxRefusal> {
        let size = graph.unary("Abs", &value);
        Ok(graph.mul(&value, &size))
    }
}

/// A step without a translation.
#[derive(Clone, Copy, Debug)]
pub struct Twice;

impl Twice {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl FixedStep for Twice {
    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values.map_numbers(|_, number| 2.0 * number))
    }
}

/// Columns that enter behind their preprocessing.
#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug, Serialize)]
pub struct Encoded {
    #[input(hashed(20), one_hot(20))]
    #[output]
    author: String,
    #[input(words(vocabulary = 9, length = 4), one_hot(9))]
    #[output]
    review: String,
    #[input(standardize, pad(3, before), missing = zeros)]
    #[output]
    ratings: Option<Vec<f32>>,
    #[derived(crossed(author, kind, 7))]
    #[branch(Embedding(7, 2), Flatten)]
    #[output]
    both: u32,
    #[input]
    kind: u32,
    #[input(crate::refusals::SignedRoot)]
    #[output]
    root: f32,
    #[from(root)]
    #[branch(Dense(1))]
    #[output(loss = mse, crate::refusals::SignedRoot)]
    stars: f32,
}

fn row(author: &str, review: &str, ratings: Value) -> Value {
    json!({
        "author": author, "review": review, "ratings": ratings, "kind": 3, "root": -4.0, "stars": 4.0,
    })
}

fn model() -> Model<Encoded> {
    fitted::<Encoded>(&[
        row("Doe", "good and bad", json!([1.0, 3.0])),
        row("Roe", "bad", json!([5.0])),
        row("Poe", "very good", Value::Null),
    ])
}

#[test]
fn a_refused_input_is_named_with_the_reason_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let error = model().export_onnx(&path).unwrap_err();
    assert!(matches!(&error, Error::Export { field, .. } if field == "author"));
    assert_eq!(
        error.to_string(),
        "`author` cannot be written to ONNX: `hashed`: it is a hash of the text, which ONNX has no operator \
         for; let it enter behind its preprocessing, by `Export::of(&model).encoded(\"author\")` or \
         `export = onnx(encoded(author))`"
    );
    let model = model();
    let error = Export::of(&model).encoded("author").encoded("review").write(&path).unwrap_err();
    assert!(error.to_string().starts_with("`both` cannot be written to ONNX: "), "{error}");
    let error = Export::of(&model).encoded("autor").write(&path).unwrap_err();
    assert!(error.to_string().contains("names no input and no derived node"), "{error}");
    assert!(!path.exists());
}

#[multi_input_model]
pub struct Untranslated {
    #[input(crate::refusals::Twice)]
    x: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[multi_input_model]
pub struct Unfitted {
    #[input(standardize)]
    x: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn a_step_of_ones_own_without_a_translation_is_refused() {
    let model = Untranslated::build(&Cpu::default(), Seed(7));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let error = model.export_onnx(&path).unwrap_err().to_string();
    assert!(error.contains("`Twice` is a step of your own, written in Rust"), "{error}");
    assert!(error.contains("implement `to_onnx` for it, or let it enter"), "{error}");
    Export::of(&model).encoded("x").write(&path).unwrap();
    assert!(path.exists());
}

#[test]
fn a_model_without_training_and_a_folder_that_is_none_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let unfitted = Unfitted::build(&Cpu::default(), Seed(7));
    let error = unfitted.export_onnx(&path).unwrap_err();
    assert!(matches!(error, Error::Unfitted { .. }), "{error}");
    let model = Untranslated::build(&Cpu::default(), Seed(7));
    let export = Export::of(&model).encoded("x");
    for path in [folder.path().join("none/model.onnx"), folder.path().to_owned()] {
        let error = export.write(&path).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = export.write(folder.path().join("file/model.onnx")).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
}

#[test]
fn recorded_encoded() {
    let model = model();
    let export =
        Export::of(&model).encoded("author").encoded("review").encoded("ratings").encoded("both");
    let rows = [
        row("Doe", "good movie", json!([1.0, 3.0, 5.0, 7.0])),
        row("Xoe", "", Value::Null),
        row("Roe", "bad and very good and bad", json!([2.0])),
    ];
    recorded::check_encoded(
        "encoded",
        &model,
        &export,
        &rows,
        &["author", "review", "ratings", "both"],
    );
}
