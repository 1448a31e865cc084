//! The raw inputs, and their preprocessing up to encoded columns.

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::Preprocessing,
    schema::{Derived, Input, OnnxSource, Step},
    Content,
};
use multi_input_onnx::{DataType, Dim, Flow, Graph, Refusal, Tensor, Value};
use multi_input_spec::{Kind, Onnx, Size};

use super::{
    metadata::{InputEntry, TensorEntry},
    refused,
};
use crate::{
    definition,
    description::{Description, InputDescription, ValueKind},
};

const MILLISECONDS_OF_DAY: i64 = 86_400_000;

/// An encoded column.
pub(super) struct Column {
    /// The values, with the mask of padded lists.
    pub(super) flow: Flow,
    /// Which rows have the input, `[batch, 1]` of `bool`; `None` if it is not optional.
    pub(super) present: Option<Value>,
}

/// The inputs of a model, and which columns enter behind their preprocessing.
pub(super) struct Plan<'a> {
    definition: &'static definition::Graph,
    description: &'a Description,
    encoded: Vec<&'static str>,
}

impl Plan<'_> {
    /// # Errors
    /// [`Error::Settings`] if a field of `encoded` is neither an input nor a derived node.
    pub(super) fn of<'a>(
        definition: &'static definition::Graph,
        description: &'a Description,
        encoded: &[String],
    ) -> Result<Plan<'a>> {
        let inputs = definition.inputs.iter().map(|input| (input.name, input.encoded_in_onnx));
        let derived = definition.derived.iter().map(|node| (node.name, node.encoded_in_onnx));
        let columns: Vec<(&str, bool)> = inputs.chain(derived).collect();
        let is_column = |name: &String| columns.iter().any(|(own, _)| own == name);
        if let Some(other) = encoded.iter().find(|name| !is_column(name)) {
            let names: Vec<String> = columns.iter().map(|(name, _)| format!("`{name}`")).collect();
            return Err(Error::Settings(vec![format!(
                "`encoded({other:?})` names no input and no derived node; there are {}",
                names.join(", ")
            )]));
        }
        let enters = |(name, declared): &(&'static str, bool)| {
            *declared || encoded.iter().any(|other| other == name)
        };
        let encoded = columns.into_iter().filter(enters).map(|(name, _)| name).collect();
        Ok(Plan { definition, description, encoded })
    }

    fn is_encoded(&self, field: &str) -> bool {
        self.encoded.contains(&field)
    }

    /// Whether a step needs the operators that take texts apart.
    pub(super) fn cuts_texts(&self) -> bool {
        let inputs = self.definition.inputs.iter();
        let inputs = inputs.filter(|input| !self.is_encoded(input.name));
        inputs.flat_map(|input| input.steps).any(cuts_a_text)
    }
}

/// Whether it is `split` of a text, which is cut in the graph.
fn cuts_a_text(step: &Step) -> bool {
    let is_text = step.input.rank() == 0 && !step.input.is_list();
    is_text && matches!(step.spec.doc.onnx, Onnx::Operators { since, .. } if since > 17)
}

/// Declares the inputs of a model and writes their preprocessing: a column for each input and each
/// derived node, in the order of a table, and a description of the graph's inputs.
pub(super) fn write(
    graph: &mut Graph,
    plan: &Plan<'_>,
    fitted: &Preprocessing,
) -> Result<(Vec<Column>, Vec<InputEntry>)> {
    let mut writer = Writer { graph, plan, fitted, entries: Vec::new() };
    // All inputs are declared before any operator, so that they have their names.
    let (definition, described) = (plan.definition, &plan.description.inputs);
    let inputs = definition.inputs.iter().zip(described);
    let raw: Vec<Raw> = inputs.map(|(input, described)| writer.declare(input, described)).collect();
    let derived: Vec<Option<Flow>> =
        definition.derived.iter().map(|node| writer.declare_derived(node)).collect();
    let mut columns = Vec::new();
    let mut sources = Vec::new();
    for (index, (input, raw)) in definition.inputs.iter().zip(raw).enumerate() {
        let raw = writer.shaped(input, raw);
        sources.push(raw.source());
        columns.push(writer.input(index, input, raw)?);
    }
    for (index, (node, declared)) in definition.derived.iter().zip(derived).enumerate() {
        columns.push(writer.derived(index, node, declared, &sources)?);
    }
    Ok((columns, writer.entries))
}

/// The declared tensors of an input.
struct Raw {
    value: Value,
    present: Option<Value>,
    length: Option<Value>,
    encoded: bool,
}

impl Raw {
    /// The values as a derivation takes them; `None` if they enter behind the steps.
    fn source(&self) -> Option<OnnxSource> {
        let source = OnnxSource { value: self.value.clone(), present: self.present.clone() };
        (!self.encoded).then_some(source)
    }
}

struct Writer<'a> {
    graph: &'a mut Graph,
    plan: &'a Plan<'a>,
    fitted: &'a Preprocessing,
    entries: Vec<InputEntry>,
}

impl Writer<'_> {
    /// Declares the tensors of an input.
    fn declare(&mut self, input: &'static Input, described: &InputDescription) -> Raw {
        let encoded = self.plan.is_encoded(input.name);
        let of = (input.name, input.doc);
        let (value, is_list) = match encoded {
            true => {
                let value = self.declare_encoded(of, &Encoded::of_input(input), Vec::new());
                (value, masks(input.steps))
            }
            false => (self.declare_raw(of, input, described), described.list),
        };
        let length = is_list.then(|| {
            let accepts = match encoded {
                true => "the number of items that are no padding",
                false => "the number of items; those behind it are arbitrary",
            };
            self.beside(of, "length", DataType::Int64, accepts)
        });
        let present = input.missing.map(|_| {
            let accepts = "whether the row has the input; if not, its values are arbitrary";
            self.beside(of, "present", DataType::Bool, accepts)
        });
        Raw { value, present, length, encoded }
    }

    /// Declares the values of an input as rows hold them.
    fn declare_raw(
        &mut self,
        of: (&'static str, &'static str),
        input: &'static Input,
        described: &InputDescription,
    ) -> Value {
        let (dtype, time) = tensor_type(input, described);
        let sizes = described.shape.iter().map(|size| Dim::Known(*size));
        let mut shape = vec![Dim::Batch];
        // Axes whose sizes nothing else shares have no names in the graph.
        let axes: &[&'static str] = match (described.list, &described.value) {
            (true, _) => {
                shape.push(Dim::Named(""));
                &["items"]
            }
            (_, ValueKind::Image { channels, .. }) => {
                shape.extend([Dim::Known(*channels), Dim::Named(""), Dim::Named("")]);
                &["height", "width"]
            }
            _ => &[],
        };
        shape.extend(sizes);
        let value = self.graph.input(input.name, dtype, &shape, input.doc);
        let cut = input.steps.iter().find(|step| cuts_a_text(step));
        self.entries.push(InputEntry {
            tensor: TensorEntry::of(&value, of, "value", axes),
            accepts: accepted(described),
            time,
            separator: cut.map(|step| step.argument("separator").text_or(" ")),
            ..InputEntry::default()
        });
        value
    }

    /// Declares a derived node that enters behind its preprocessing.
    fn declare_derived(&mut self, node: &'static Derived) -> Option<Flow> {
        if !self.plan.is_encoded(node.name) {
            return None;
        }
        let inputs = node.inputs.iter().filter_map(|index| self.plan.definition.inputs.get(*index));
        let derived_from = inputs.map(|input| input.name).collect();
        let value = self.declare_encoded((node.name, ""), &Encoded::of_derived(node), derived_from);
        Some(Flow::unmasked(value))
    }

    /// Declares a column behind its steps.
    fn declare_encoded(
        &mut self,
        of: (&'static str, &'static str),
        encoded: &Encoded,
        derived_from: Vec<&'static str>,
    ) -> Value {
        let (dtype, accepts) = match encoded.below {
            Some(below) => {
                (DataType::Int64, format!("the indices 0 to {}", below.saturating_sub(1)))
            }
            None => (DataType::Float, "finite numbers".to_owned()),
        };
        let sizes = encoded.sizes.iter().map(|size| Dim::Known(*size));
        let shape: Vec<Dim> = std::iter::once(Dim::Batch).chain(sizes).collect();
        let value = self.graph.input(of.0, dtype, &shape, of.1);
        let (field, steps) = (of.0, encoded.steps);
        let learned = steps.iter().find_map(|step| self.fitted.learned(field, step.spec.name));
        let vocabulary = learned.and_then(|learned| learned.get("entries").cloned());
        self.entries.push(InputEntry {
            tensor: TensorEntry::of(&value, of, "encoded", &[]),
            accepts,
            steps: steps.iter().map(|step| format!("{step:?}")).collect(),
            derived_from,
            below: encoded.below,
            padding: steps.last().and_then(padding),
            vocabulary,
            ..InputEntry::default()
        });
        value
    }

    /// Declares a tensor with one element for each row.
    fn beside(
        &mut self,
        of: (&'static str, &'static str),
        role: &'static str,
        dtype: DataType,
        accepts: &str,
    ) -> Value {
        let name = format!("{}.{role}", of.0);
        let value = self.graph.input(&name, dtype, &[Dim::Batch], accepts);
        self.entries.push(InputEntry {
            tensor: TensorEntry::of(&value, (of.0, ""), role, &[]),
            accepts: accepts.to_owned(),
            ..InputEntry::default()
        });
        value
    }

    /// The declared tensors as steps and nodes take them: `present` as `[batch, 1]`, dates in
    /// milliseconds, values in the shape of the schema.
    fn shaped(&mut self, input: &'static Input, raw: Raw) -> Raw {
        let present = raw.present.map(|present| self.graph.unsqueeze(&present, 1));
        let value = if raw.encoded { raw.value } else { self.shaped_value(input, raw.value) };
        Raw { value, present, ..raw }
    }

    fn shaped_value(&mut self, input: &'static Input, value: Value) -> Value {
        let is_days = self
            .entries
            .iter()
            .any(|entry| entry.tensor.name == value.name && entry.time == Some("days"));
        if is_days {
            let day = self.graph.int(MILLISECONDS_OF_DAY);
            return self.graph.mul(&value, &day);
        }
        match (content(input), value.dtype) {
            (Content::Numbers { .. }, DataType::Bool) => self.graph.cast(&value, DataType::Float),
            (Content::Doubles { .. }, DataType::Int64) => self.graph.cast(&value, DataType::Double),
            _ => value,
        }
    }

    /// The column of an input.
    fn input(&mut self, index: usize, input: &'static Input, raw: Raw) -> Result<Column> {
        let Raw { value, present, length, encoded } = raw;
        if encoded {
            let mask = length.map(|length| self.mask_of_padding(input.steps, &length));
            let value = self.with_an_axis(value);
            return Ok(Column { flow: Flow { value, mask, weights: None }, present });
        }
        let mask = length.map(|length| self.mask_of_items(&value, &length, present.as_ref()));
        let flow = Flow { value, mask, weights: None };
        let fitted = self.fitted;
        let flow = self
            .graph
            .within(input.name, |graph| fitted.input_to_onnx(index, graph, flow, present.as_ref()));
        Ok(Column { flow: flow.map_err(|refusal| refused_column(input.name, refusal))?, present })
    }

    /// The column of a derived node.
    fn derived(
        &mut self,
        index: usize,
        node: &'static Derived,
        declared: Option<Flow>,
        sources: &[Option<OnnxSource>],
    ) -> Result<Column> {
        if let Some(flow) = declared {
            let value = self.with_an_axis(flow.value);
            return Ok(Column { flow: Flow::unmasked(value), present: None });
        }
        let fitted = self.fitted;
        let flow = self
            .graph
            .within(node.name, |graph| fitted.derived_to_onnx(index, graph, sources))
            .map_err(|refusal| refused_column(node.name, refusal))?;
        Ok(Column { flow, present: None })
    }

    /// A single number as a vector of one, which a branch takes.
    fn with_an_axis(&mut self, value: Value) -> Value {
        match (value.dtype, value.rank()) {
            (DataType::Float, 1) => self.graph.unsqueeze(&value, 1),
            _ => value,
        }
    }

    /// Which items of raw lists count.
    fn mask_of_items(&mut self, value: &Value, length: &Value, present: Option<&Value>) -> Value {
        let graph = &mut *self.graph;
        let sizes = graph.shape_of(value);
        let items = graph.slice(&sizes, 0, 1, 2);
        let items = graph.squeeze(&items, 0);
        let (zero, one) = (graph.int(0), graph.int(1));
        let positions = graph.operator("Range", &[&zero, &items, &one]);
        let positions = positions.gives(DataType::Int64, &[Dim::Named("")]);
        let length = graph.unsqueeze(length, 1);
        let mask = graph.less(&positions, &length);
        match present {
            Some(present) => graph.and(&mask, present),
            None => mask,
        }
    }

    /// Which items of padded lists count.
    fn mask_of_padding(&mut self, steps: &[Step], length: &Value) -> Value {
        let graph = &mut *self.graph;
        let size = steps.last().map_or(0, |step| step.output.dim(0).get());
        let positions = graph.constant(Tensor::ints(&[size], 0..size as i64));
        let length = graph.unsqueeze(length, 1);
        if steps.last().and_then(padding) != Some("before") {
            return graph.less(&positions, &length);
        }
        let size = graph.int(size as i64);
        let start = graph.sub(&size, &length);
        graph.greater_or_equal(&positions, &start)
    }
}

/// The values of a column behind its steps.
struct Encoded {
    steps: &'static [Step],
    /// The sizes of a row.
    sizes: Vec<usize>,
    /// The first index that is out of range, of categories.
    below: Option<usize>,
}

impl Encoded {
    fn of_input(input: &'static Input) -> Encoded {
        let raw = match input.kind {
            Content::Categories { below } => Some(below),
            _ => None,
        };
        Encoded::of(input.steps, input.shape.to_vec(), raw)
    }

    fn of_derived(node: &'static Derived) -> Encoded {
        let below = (node.raw.kind == Kind::Categories).then(|| node.raw.below.get());
        Encoded::of(node.steps, sizes(&node.raw), below)
    }

    /// Behind the last step, or as they are without one.
    fn of(steps: &'static [Step], raw: Vec<usize>, below: Option<usize>) -> Encoded {
        let Some(last) = steps.last() else { return Encoded { steps, sizes: raw, below } };
        let below = match (last.output.kind, last.output.below) {
            (Kind::Categories, Size::Known(own)) => Some(own),
            (Kind::Categories, Size::Unknown) => Some(below.unwrap_or(usize::MAX)),
            _ => None,
        };
        Encoded { steps, sizes: sizes(&last.output), below }
    }
}

fn sizes(shape: &multi_input_spec::Shape) -> Vec<usize> {
    (0..shape.rank()).map(|axis| shape.dim(axis).get()).collect()
}

/// Whether the last step masks padding.
fn masks(steps: &[Step]) -> bool {
    steps.last().is_some_and(|step| step.output.is_masked())
}

/// The side of a step's padding: `pad(side = ..)`, or `padding` of words and tokens.
fn padding(step: &Step) -> Option<&'static str> {
    match step.spec.name {
        "words" => Some(step.argument("padding").word_or("before")),
        "tokenizer" => Some(step.argument("padding").word_or("after")),
        "pad" => Some(step.argument("side").word_or("after")),
        _ => None,
    }
}

/// The type of single values.
fn content(input: &Input) -> Content {
    match input.kind {
        Content::Lists { of, .. } => *of,
        content => content,
    }
}

/// The type of an input's tensor, and the unit of dates.
fn tensor_type(input: &Input, described: &InputDescription) -> (DataType, Option<&'static str>) {
    let content = content(input);
    let blanks = content.blanks() == Some(true);
    match (&described.value, content) {
        (ValueKind::Date { .. }, _) => (DataType::Int64, Some("days")),
        (_, Content::Dates) => (DataType::Int64, Some("milliseconds")),
        (ValueKind::Flag, _) if !blanks => (DataType::Bool, None),
        (ValueKind::Integer { .. }, _) if !blanks => (DataType::Int64, None),
        (_, Content::Doubles { .. } | Content::TargetDoubles) => (DataType::Double, None),
        (_, Content::Categories { .. }) => (DataType::Int64, None),
        (_, Content::Names | Content::Texts) => (DataType::Text, None),
        _ => (DataType::Float, None),
    }
}

/// The values that `predict` accepts of an input, in words.
fn accepted(described: &InputDescription) -> String {
    let value = match &described.value {
        ValueKind::Number { .. } => "a finite number".to_owned(),
        ValueKind::Integer { least, most } => format!("a whole number from {least} to {most}"),
        ValueKind::Category { below } => {
            format!("a category from 0 to {}", below.saturating_sub(1))
        }
        ValueKind::Flag => "true or false".to_owned(),
        ValueKind::Text { category: true } => "a text without white space around it".to_owned(),
        ValueKind::Text { category: false } => "a text".to_owned(),
        ValueKind::Date { .. } => "a date as days since 1970-01-01".to_owned(),
        ValueKind::Time { .. } => "a time as milliseconds since 1970-01-01 00:00".to_owned(),
        ValueKind::Image { .. } => "a picture with values from 0 to 255".to_owned(),
        ValueKind::Custom => "a value as the field's own function reads it".to_owned(),
    };
    match described.blanks && !matches!(described.value, ValueKind::Text { .. }) {
        true => format!("{value}, or NaN if it is missing"),
        false => value,
    }
}

/// The error of a column whose preprocessing ONNX cannot express, with the way out.
fn refused_column(field: &str, refusal: Refusal) -> Error {
    let way_out = format!(
        "let it enter behind its preprocessing, by `Export::of(&model).encoded(\"{field}\")` or \
         `export = onnx(encoded({field}))`"
    );
    // What the spec says for any field, said for this one.
    let instead = match refusal.instead.contains("encoded(..)") {
        true => way_out,
        false => format!("{}, or {way_out}", refusal.instead),
    };
    refused(field, Refusal { instead, ..refusal })
}
