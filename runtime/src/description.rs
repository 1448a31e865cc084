//! A fitted model's raw inputs and predictions as data, for programs that do not know its types:
//! [`Model::description`](crate::Model::description).
//!
//! ```
//! use multi_input::{description::Predicts, prelude::*};
//!
//! #[multi_input_model]
//! struct House {
//!     /// Rooms with a window.
//!     #[input]
//!     rooms: f32,
//!     #[from(rooms)]
//!     #[branch(Dense(1))]
//!     #[output(loss = mse)]
//!     price: f32,
//! }
//!
//! let description = House::build(&Cpu::default(), Seed(7)).description();
//! assert_eq!(description.inputs[0].doc, "Rooms with a window.");
//! assert_eq!(description.outputs[0].predicts, Predicts::Numbers);
//! ```

use multi_input_data::{
    columns::{
        cells::{CellFormat, ColumnNames, DateFormat},
        FieldSpec, Reads, RowSpec,
    },
    preprocess::Preprocessing,
    schema::Input,
    Content,
};
use multi_input_spec::{loss, HeadForm, Predicted};

pub use multi_input_data::description::{
    DateForm, Description, InputDescription, Keys, Known, OutputDescription, Parts, Predicts,
    Scalar, ValueKind,
};

use crate::definition::{Graph, Output, TargetKind, Value};

/// Describes a model. The rows of inputs and of samples are described unless their `Deserialize` is
/// the user's own.
pub(crate) fn describe(
    graph: &Graph,
    fitted: Option<&Preprocessing>,
    [inputs, sample]: [Option<&RowSpec>; 2],
) -> Description {
    let spec = |row: Option<&RowSpec>, index: usize| row?.fields.get(index).copied();
    let own = graph.inputs.iter().enumerate();
    let own = own.map(|(index, own)| input(own, spec(inputs, index), fitted));
    let targets = graph.outputs.iter().zip(graph.inputs.len()..);
    let outputs = targets.map(|(own, index)| output(graph, own, spec(sample, index), fitted));
    let values = graph.values.iter().map(|own| value(graph, own));
    Description {
        model: graph.name.to_owned(),
        inputs: own.collect(),
        outputs: outputs.chain(values).collect(),
    }
}

fn input(
    input: &Input,
    field: Option<FieldSpec>,
    fitted: Option<&Preprocessing>,
) -> InputDescription {
    let format = field.map_or(CellFormat::DEFAULT, |field| field.format);
    let (content, list) = match input.kind {
        Content::Lists { of, .. } => (*of, true),
        content => (content, false),
    };
    let reads = field.map(|field| field.reads);
    InputDescription {
        name: input.name.to_owned(),
        doc: input.doc.to_owned(),
        unit: input.unit.map(str::to_owned),
        value: kind(input, content, field.as_ref()),
        shape: shape(input, field.as_ref()),
        list,
        optional: input.missing.is_some(),
        blanks: content.blanks() == Some(true) || reads == Some(Reads::TextOrBlank),
        missing: format.missing.iter().map(|text| (*text).to_owned()).collect(),
        keys: keys(input, field.as_ref()),
        steps: input.steps.iter().map(|step| format!("{step:?}")).collect(),
        known: fitted.and_then(|fitted| known(input, fitted)),
        seen: fitted.map(|fitted| fitted.ranges(input.name)).unwrap_or_default(),
    }
}

/// What a single value is. The type in the user's source tells what has the same content.
fn kind(input: &Input, content: Content, field: Option<&FieldSpec>) -> ValueKind {
    // A function of the user's own reads a field without a constant number of elements.
    let is_list = matches!(input.kind, Content::Lists { .. });
    if field.is_some_and(|field| field.elements == 0) && !is_list {
        return ValueKind::Custom;
    }
    let format = field.map_or(CellFormat::DEFAULT, |field| field.format);
    let form = match format.date {
        DateFormat::Iso => DateForm::Iso,
        DateFormat::Pattern(pattern) => DateForm::Pattern(pattern.to_owned()),
        DateFormat::Seconds => DateForm::Seconds,
        DateFormat::Milliseconds => DateForm::Milliseconds,
    };
    // Greater whole numbers are not exact in double precision.
    const LAST: u64 = 1 << 53;
    match (content, field.map_or("", |field| element_type(field.ty))) {
        (Content::Categories { below }, _) => ValueKind::Category { below },
        (Content::Names, _) => ValueKind::Text { category: true },
        (Content::Texts, _) => ValueKind::Text { category: false },
        (Content::Pictures, _) => {
            let channels = input.shape.last().copied().unwrap_or(1);
            ValueKind::Image { channels, base64: format.base64 }
        }
        (Content::Dates, "NaiveDate") => ValueKind::Date { form },
        (Content::Dates, ty) => ValueKind::Time { form, zone: ty == "DateTime" },
        (_, "bool") => ValueKind::Flag,
        (_, "i64") => ValueKind::Integer { least: -(LAST as i64), most: LAST },
        (_, "u64") => ValueKind::Integer { least: 0, most: LAST },
        (Content::Doubles { .. } | Content::TargetDoubles, _) => ValueKind::Number { double: true },
        _ => ValueKind::Number { double: false },
    }
}

/// The name of the type of single values: `f32` of `Option<[f32; 4]>`, `DateTime` of
/// `chrono::DateTime<Utc>`.
fn element_type(ty: &str) -> &str {
    let mut ty = ty.trim();
    loop {
        let path = ty.split(['<', ';', ']', '>', ',']).next().unwrap_or_default();
        let name = path.rsplit("::").next().unwrap_or_default().trim();
        ty = match (ty.strip_prefix('['), name) {
            (Some(items), _) => items.trim(),
            (None, "Option" | "Vec") => ty[path.len()..].trim_start_matches('<').trim(),
            (None, name) => return name,
        };
    }
}

/// Whether a type is an array: `[f32; 1]`, but not `f32`.
fn is_array(ty: &str) -> bool {
    let inner = ty.trim().rsplit("Option<").next().unwrap_or_default();
    inner.rsplit("Vec<").next().unwrap_or_default().starts_with('[')
}

/// The shape of the values of a row, or of an item of a list.
fn shape(input: &Input, field: Option<&FieldSpec>) -> Vec<usize> {
    if input.kind == Content::Pictures {
        return Vec::new();
    }
    let sizes = match input.kind {
        Content::Lists { width, .. } => vec![width],
        _ => input.shape.to_vec(),
    };
    single_or(sizes, field)
}

/// The sizes of an array; none for a single value, whose type is no array.
fn single_or(sizes: Vec<usize>, field: Option<&FieldSpec>) -> Vec<usize> {
    let is_single = sizes.iter().product::<usize>() == 1;
    match is_single && !field.is_some_and(|field| is_array(field.ty)) {
        true => Vec::new(),
        false => sizes,
    }
}

fn keys(input: &Input, field: Option<&FieldSpec>) -> Keys {
    let own = || Keys::One(field.map_or(input.name, |field| field.names.name).to_owned());
    match field.map(|field| field.names.columns) {
        None | Some(ColumnNames::Own) => own(),
        Some(ColumnNames::Named(names)) => {
            Keys::Each(names.iter().map(|name| (*name).to_owned()).collect())
        }
        Some(ColumnNames::Prefix(prefix)) => Keys::Prefix(prefix.to_owned()),
        Some(ColumnNames::AllOthers) => Keys::AllOthers,
    }
}

/// The vocabulary of `categories`. Words of texts are left out: any text is as good as another.
fn known(input: &Input, fitted: &Preprocessing) -> Option<Known> {
    let step = input.steps.iter().find(|step| step.spec.name == "categories")?;
    let learned = fitted.learned(input.name, step.spec.name)?;
    let entries = learned.get("entries")?.as_array()?.iter();
    let text = |entry: &serde_json::Value| match entry {
        serde_json::Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    Some(Known::of(entries.map(text).collect()))
}

fn output(
    graph: &Graph,
    output: &Output,
    field: Option<FieldSpec>,
    fitted: Option<&Preprocessing>,
) -> OutputDescription {
    let parts = parts(output);
    let shape = match output.target.kind {
        TargetKind::Numbers | TargetKind::Doubles => {
            single_or(sizes(graph, output, &parts), field.as_ref())
        }
        TargetKind::Flag => Vec::new(),
        TargetKind::Flags | TargetKind::Class => vec![output.width],
    };
    OutputDescription {
        name: output.name.to_owned(),
        doc: output.doc.to_owned(),
        unit: output.unit.map(str::to_owned),
        predicts: match output.target.kind {
            TargetKind::Numbers | TargetKind::Doubles => Predicts::Numbers,
            TargetKind::Flag | TargetKind::Flags => Predicts::Flags,
            TargetKind::Class => {
                let labels = fitted.and_then(|fitted| fitted.labels_of(output.name));
                Predicts::Classes { labels: labels.map(|labels| labels.names().to_vec()) }
            }
        },
        shape,
        parts,
        double: output.target.kind == TargetKind::Doubles,
    }
}

/// The sizes of a target of numbers: those of its node, whose last axis may be that of the parts.
fn sizes(graph: &Graph, output: &Output, parts: &Parts) -> Vec<usize> {
    let mut sizes = graph.node(output.name).map_or(&[][..], |node| node.shape).to_vec();
    if *parts != Parts::Value {
        sizes.pop();
    }
    match sizes.iter().product::<usize>() == output.width {
        true => sizes,
        false => vec![output.width],
    }
}

/// What the loss predicts of each number.
fn parts(output: &Output) -> Parts {
    let loss = output.loss;
    let count = loss.parts(output.head, output.width);
    if !matches!(loss.form().head, HeadForm::Parts(_)) {
        return Parts::Value;
    }
    let levels = || serde_json::from_str::<Vec<f64>>(&loss.identity()).unwrap_or_default();
    match loss::named(loss.name()).map(|loss| loss.prediction) {
        Some(Predicted::Listed("Quantiles")) => Parts::Quantiles(levels()),
        Some(Predicted::Named("Normal")) => Parts::Named(["mean", "std"].map(str::to_owned).into()),
        Some(Predicted::Named("Counts")) => {
            Parts::Named(["mean", "dispersion"].map(str::to_owned).into())
        }
        _ if count == 1 => Parts::Value,
        _ => Parts::Unnamed(count),
    }
}

/// An output without a loss, whose values are those of its node.
fn value(graph: &Graph, value: &Value) -> OutputDescription {
    let sizes =
        graph.node(value.name).map_or_else(|| vec![value.width], |node| node.shape.to_vec());
    OutputDescription {
        name: value.name.to_owned(),
        doc: value.doc.to_owned(),
        unit: None,
        predicts: Predicts::Values,
        shape: single_or(sizes, None),
        parts: Parts::Value,
        double: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_single_values_is_found_in_any_type() {
        for (ty, found) in [
            ("f32", "f32"),
            ("[f32; 10]", "f32"),
            ("Option<[[f32; 2]; 3]>", "f32"),
            ("Vec<u32>", "u32"),
            ("Option<Vec<[bool; N]>>", "bool"),
            ("chrono::DateTime<Utc>", "DateTime"),
            ("std::option::Option<chrono::NaiveDate>", "NaiveDate"),
            ("Image<3>", "Image"),
            ("my::Celsius", "Celsius"),
            ("", ""),
        ] {
            assert_eq!(element_type(ty), found, "{ty}");
        }
        assert!(is_array("[f32; 1]") && is_array("Option<[f32; 1]>") && is_array("Vec<[f32; 1]>"));
        assert!(!is_array("f32") && !is_array("Option<f32>") && !is_array("Vec<u32>"));
    }
}
