//! The predictions in the user's unit.

use multi_input_base::Result;
use multi_input_data::preprocess::Preprocessing;
use multi_input_nn::loss::AnyLoss;
use multi_input_onnx::{DataType, Flow, Graph, Refusal, Tensor, Value};
use multi_input_spec::{Activation, HeadForm, Part};

use super::{
    metadata::{InputEntry, TensorEntry},
    refused,
};
use crate::{
    definition::{self, Output},
    description::{Description, OutputDescription},
};

/// What `gaussian` and `negative_binomial` add to a variance, a mean and a dispersion.
const LEAST: f64 = 1e-6;

/// Writes the predictions of the heads, which are those of the outputs with a loss and then those
/// without, and describes the graph's outputs.
pub(super) fn write(
    graph: &mut Graph,
    definition: &definition::Graph,
    description: &Description,
    fitted: &Preprocessing,
    heads: &[Flow],
    inputs: &[InputEntry],
) -> Result<Vec<TensorEntry>> {
    let mut entries = Vec::new();
    let mut described = description.outputs.iter().zip(heads);
    let with_loss = definition.outputs.iter().enumerate();
    for ((index, output), (described, head)) in with_loss.zip(described.by_ref()) {
        let predicted = graph
            .within(output.name, |graph| predicted(graph, (index, output), fitted, &head.value));
        let predicted = predicted.map_err(|refusal| refused(output.name, refusal))?;
        let value = as_described(graph, &predicted, described);
        let of = (output.name, output.doc);
        entries.push(declare(graph, inputs, of, "prediction", &value));
        if let Some(label) = label(graph, output.name, fitted, &predicted) {
            entries.push(declare(graph, inputs, of, "label", &label));
        }
    }
    for (output, (described, head)) in definition.values.iter().zip(described) {
        let value = as_described(graph, &head.value, described);
        let of = (output.name, output.doc);
        entries.push(declare(graph, inputs, of, "prediction", &value));
    }
    Ok(entries)
}

/// Declares an output.
fn declare(
    graph: &mut Graph,
    inputs: &[InputEntry],
    (field, doc): (&'static str, &'static str),
    role: &'static str,
    value: &Value,
) -> TensorEntry {
    let is_input = inputs.iter().any(|input| input.tensor.name == field);
    let name = match role {
        "label" => format!("{field}.label"),
        _ if is_input => format!("{field}.output"),
        _ => field.to_owned(),
    };
    graph.output(&name, value, doc);
    TensorEntry { name, ..TensorEntry::of(value, (field, doc), role, &[]) }
}

/// Predictions as `float` in the shape of the description; a single one without an axis.
fn as_described(graph: &mut Graph, value: &Value, described: &OutputDescription) -> Value {
    let value = graph.cast(value, DataType::Float);
    let mut sizes = described.shape.clone();
    if described.parts.count() > 1 {
        sizes.push(described.parts.count());
    }
    match sizes.is_empty() {
        true => {
            let column = graph.reshape(&value, &[1]);
            graph.squeeze(&column, 1)
        }
        false => graph.reshape(&value, &sizes),
    }
}

/// The most probable label, if labels are learned. Classes without a label do not count.
fn label(
    graph: &mut Graph,
    output: &str,
    fitted: &Preprocessing,
    probabilities: &Value,
) -> Option<Value> {
    let names = fitted.labels_of(output)?.names();
    if names.is_empty() {
        return None;
    }
    let known = match probabilities.last() > names.len() {
        true => graph.slice(probabilities, 1, 0, names.len()),
        false => probabilities.clone(),
    };
    let known = graph.cast(&known, DataType::Float);
    let class = graph.arg_max(&known);
    let names = graph.constant(Tensor::texts(&[names.len()], names));
    Some(graph.gather(&names, &class, 0))
}

/// The predictions of a head, `[batch, numbers]`.
fn predicted(
    graph: &mut Graph,
    (index, output): (usize, &Output),
    fitted: &Preprocessing,
    head: &Value,
) -> std::result::Result<Value, Refusal> {
    let head = graph.reshape(head, &[output.head]);
    let predicted = graph.within(output.loss.name(), |graph| by_loss(graph, output, &head))?;
    if output.steps.is_empty() {
        return Ok(predicted);
    }
    let predicted = graph.cast(&predicted, DataType::Double);
    let HeadForm::Parts(parts) = output.loss.form().head else {
        return fitted.restore_unit_in_onnx(index, graph, predicted);
    };
    let units = fitted.units().into_iter().nth(index).filter(|units| !units.is_empty());
    let restored = (0..parts.len()).map(|number| {
        let part = part_of(graph, &predicted, parts.len(), number);
        let restored = match (parts[number], &units) {
            (Part::Value, _) => fitted.restore_unit_in_onnx(index, graph, part)?,
            (Part::Length, Some(units)) => {
                let units = Tensor::doubles(&[units.len()], units.iter().copied());
                let units = graph.constant(units);
                graph.div(&part, &units)
            }
            (Part::Length, None) | (Part::Unitless, _) => part,
        };
        Ok(graph.unsqueeze(&restored, 2))
    });
    let restored: Vec<Value> = restored.collect::<std::result::Result<_, Refusal>>()?;
    let whole = graph.concat(&restored.iter().collect::<Vec<_>>(), 2);
    Ok(graph.reshape(&whole, &[output.predicted()]))
}

/// Number `number` of the `parts` numbers that are predicted of each number: `[batch, numbers]`.
fn part_of(graph: &mut Graph, predicted: &Value, parts: usize, number: usize) -> Value {
    let width = predicted.last() / parts.max(1);
    let of_each = graph.reshape(predicted, &[width, parts]);
    let part = graph.slice(&of_each, 2, number, number + 1);
    graph.squeeze(&part, 2)
}

/// As [`part_of`] for all parts.
fn parts_of(graph: &mut Graph, head: &Value, parts: usize) -> Vec<Value> {
    (0..parts).map(|number| part_of(graph, head, parts, number)).collect()
}

/// Parts side by side again.
fn joined(graph: &mut Graph, parts: &[Value]) -> Value {
    let parts: Vec<Value> = parts.iter().map(|part| graph.unsqueeze(part, 2)).collect();
    let whole = graph.concat(&parts.iter().collect::<Vec<_>>(), 2);
    let elements = whole.elements();
    graph.reshape(&whole, &[elements])
}

/// [`AnyLoss::predict`] in a graph, in double precision where it computes something.
fn by_loss(
    graph: &mut Graph,
    output: &Output,
    head: &Value,
) -> std::result::Result<Value, Refusal> {
    let loss = output.loss;
    let double = |graph: &mut Graph| graph.cast(head, DataType::Double);
    match loss.name() {
        "gaussian" => {
            let head = double(graph);
            let [mean, variance] = pair(graph, &head);
            let variance = above(graph, &variance);
            let deviation = graph.unary("Sqrt", &variance);
            Ok(joined(graph, &[mean, deviation]))
        }
        "negative_binomial" => {
            let head = double(graph);
            Ok(above(graph, &head))
        }
        "quantile" => {
            let head = double(graph);
            Ok(quantiles(graph, loss, &head, output.head / output.width.max(1)))
        }
        "contrastive" => {
            let identity = loss.identity();
            let margin = identity.strip_prefix("margin = ").and_then(|text| text.parse().ok());
            let half = graph.double(margin.unwrap_or(1.0_f64) / 2.0);
            let head = double(graph);
            let difference = graph.sub(&half, &head);
            Ok(graph.precise_sigmoid(&difference))
        }
        _ if !loss.predicts_by_form(output.head, output.predicted()) => Err(Refusal::new(
            format!("the loss `{}` is of your own, with a `predict` written in Rust", loss.name()),
            "predict by the `link` of its form, or make the head an output without a loss",
        )),
        _ => Ok(by_form(graph, loss, head)),
    }
}

/// The prediction by the form of a loss.
fn by_form(graph: &mut Graph, loss: &dyn AnyLoss, head: &Value) -> Value {
    let form = loss.form();
    let double = |graph: &mut Graph| graph.cast(head, DataType::Double);
    match (form.head, form.link) {
        (HeadForm::Cumulative, _) => {
            let head = double(graph);
            ordinal(graph, &head)
        }
        (HeadForm::Pair, _) => {
            let head = double(graph);
            let first = graph.slice(&head, 1, 0, 1);
            let second = graph.slice(&head, 1, 1, 2);
            let difference = graph.sub(&second, &first);
            graph.precise_sigmoid(&difference)
        }
        (_, Some(Activation::Sigmoid)) => {
            let head = double(graph);
            graph.precise_sigmoid(&head)
        }
        (_, Some(Activation::Softplus)) => {
            let head = double(graph);
            graph.precise_softplus(&head)
        }
        (_, Some(Activation::Softmax)) => {
            let head = double(graph);
            graph.precise_softmax(&head)
        }
        _ => head.clone(),
    }
}

/// The two parts of each number.
fn pair(graph: &mut Graph, head: &Value) -> [Value; 2] {
    [0, 1].map(|number| part_of(graph, head, 2, number))
}

/// softplus(x) + 1e-6.
fn above(graph: &mut Graph, x: &Value) -> Value {
    let least = graph.double(LEAST);
    let positive = graph.precise_softplus(x);
    graph.add(&positive, &least)
}

/// The quantiles, which ascend: outwards from that of the middle level by distances above 0.
fn quantiles(graph: &mut Graph, loss: &dyn AnyLoss, head: &Value, levels: usize) -> Value {
    let (middle, mut quantiles) = (loss.point(), parts_of(graph, head, levels));
    for index in middle + 1..levels {
        let distance = graph.precise_softplus(&quantiles[index]);
        quantiles[index] = graph.add(&quantiles[index - 1], &distance);
    }
    for index in (0..middle).rev() {
        let distance = graph.precise_softplus(&quantiles[index]);
        quantiles[index] = graph.sub(&quantiles[index + 1], &distance);
    }
    joined(graph, &quantiles)
}

/// The probability of each class from a cumulative head: the differences of s(c_k), which are
/// s(c_k) s(-c_(k-1)) s(h_k).
fn ordinal(graph: &mut Graph, head: &Value) -> Value {
    let thresholds = head.last();
    let first = graph.slice(head, 1, 0, 1);
    let (cumulated, rest) = match thresholds {
        0 | 1 => (head.clone(), None),
        _ => {
            let rest = graph.slice(head, 1, 1, thresholds);
            let distances = graph.precise_softplus(&rest);
            let steps = graph.concat(&[&first, &distances], 1);
            (graph.cumulative_sum(&steps, 1), Some(rest))
        }
    };
    let below = graph.precise_sigmoid(&cumulated);
    let mut probabilities = vec![graph.slice(&below, 1, 0, 1)];
    if let Some(rest) = rest {
        let own = graph.slice(&below, 1, 1, thresholds);
        let before = graph.slice(&cumulated, 1, 0, thresholds - 1);
        let [not_before, step] =
            [graph.unary("Neg", &before), rest].map(|number| graph.precise_sigmoid(&number));
        let product = graph.mul(&own, &not_before);
        probabilities.push(graph.mul(&product, &step));
    }
    let others = graph.concat(&probabilities.iter().collect::<Vec<_>>(), 1);
    let sum = graph.reduce_sum(&others, &[1], true);
    let (one, half) = (graph.double(1.0), graph.double(0.5));
    let complement = graph.sub(&one, &sum);
    let last = graph.slice(&cumulated, 1, thresholds - 1, thresholds);
    let above = graph.unary("Neg", &last);
    let above = graph.precise_sigmoid(&above);
    let is_large = graph.less(&sum, &half);
    let last = graph.choose(&is_large, &complement, &above);
    graph.concat(&[&others, &last], 1)
}
