//! `LSTM`, `GRU`, `SimpleRNN` and `Bidirectional`.
//!
//! The operators read from the first step on, over all steps. A layer that reads backwards takes the
//! steps in reverse order. Where steps are masked, those that count are moved to the front, in order:
//! what a step gives is then the state after as many steps as count up to it, and what stands behind
//! them has no effect. (`sequence_lens` of the operators covers padding at the end only, and gives
//! zeros where a masked step repeats the state before it.)

use multi_input_spec::{layer::bidirectional, Activation};

use super::{Flow, LayerCall};
use crate::{
    activation,
    graph::Graph,
    refusal::Refusal,
    tensor::Tensor,
    value::{batch_of, DataType, Dim, Value},
};

/// The steps that a recurrent layer reads, and how it reads them.
struct Reading<'a> {
    x: &'a Value,
    mask: Option<&'a Value>,
    backwards: bool,
    /// Whether the output of a step stays at its place; otherwise outputs are in the order of reading.
    in_place: bool,
    zeros_where_masked: bool,
    /// Whether all steps are returned.
    every: bool,
}

/// `LSTM`, `GRU` and `SimpleRNN`.
pub(super) fn one_way(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let (backwards, every) = (
        layer.argument("go_backwards").flag_or(false),
        layer.argument("return_sequences").flag_or(false),
    );
    let reading = Reading {
        x: &flow.value,
        mask: flow.mask.as_ref(),
        backwards,
        in_place: false,
        zeros_where_masked: false,
        every,
    };
    let cell = Cell::of(layer, "")?;
    let value = read(graph, &cell, &reading);
    let mask = flow.mask.map(|mask| if backwards { graph.reverse(&mask, 1) } else { mask });
    Ok(Flow { value, mask, weights: None })
}

/// `Bidirectional`.
pub(super) fn both_ways(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let Some(inner) = layer.inner else { return Ok(flow) };
    let every = inner.argument("return_sequences").flag_or(false);
    let mut outputs = Vec::new();
    for (backwards, field) in [(false, "forward."), (true, "backward.")] {
        let cell = Cell::of(&LayerCall { tensors: layer.tensors.clone(), ..*inner }, field)?;
        let reading = Reading {
            x: &flow.value,
            mask: flow.mask.as_ref(),
            backwards,
            in_place: true,
            zeros_where_masked: true,
            every,
        };
        outputs
            .push(graph.within(field.trim_end_matches('.'), |graph| read(graph, &cell, &reading)));
    }
    let [forward, backward] = &outputs[..] else { return Ok(flow) };
    let value = match layer.argument("merge").index_among(bidirectional::MERGES) {
        0 => graph.concat(&[forward, backward], forward.rank() - 1),
        1 => graph.add(forward, backward),
        2 => {
            let (sum, two) = (graph.add(forward, backward), graph.float(2.0));
            graph.div(&sum, &two)
        }
        _ => graph.mul(forward, backward),
    };
    Ok(flow.with(value))
}

/// A cell with its weights, in the order of gates of ONNX.
struct Cell {
    /// The operator; `None` for a cell that no operator has, which is written step by step.
    operator: Option<&'static str>,
    activation: Activation,
    resets_after: bool,
    units: usize,
    weight: Tensor,
    recurrent: Tensor,
    /// The biases of the inputs, and of the state.
    biases: [Vec<f32>; 2],
}

impl Cell {
    /// The cell of a layer, whose tensors have names that begin with `field`.
    fn of(layer: &LayerCall<'_>, field: &str) -> Result<Cell, Refusal> {
        let [weight, recurrent, bias] =
            ["weight", "recurrent", "bias"].map(|name| layer.numbers(&format!("{field}{name}")));
        let (weight, recurrent, bias) = (weight?, recurrent?, bias?);
        let units = layer.argument("units").size().get();
        // Ours are i, f, g, o.
        let gates: &[usize] = match layer.spec.name {
            "LSTM" => &[0, 3, 1, 2],
            "GRU" => &[0, 1, 2],
            _ => &[0],
        };
        let sums = gates.len() * units;
        let ordered = |numbers: &[f32]| -> Vec<f32> {
            let each = numbers.len() / gates.len();
            gates.iter().flat_map(|gate| &numbers[gate * each..][..each]).copied().collect()
        };
        let (of_inputs, of_state) = bias.split_at(sums.min(bias.len()));
        let of_state = match of_state.is_empty() {
            true => vec![0.0; sums],
            false => ordered(of_state),
        };
        let activation = layer.activation;
        let operator = match layer.spec.name {
            "SimpleRNN" => name_in_rnn(activation).map(|_| "RNN"),
            name => Some(if name == "LSTM" { "LSTM" } else { "GRU" }),
        };
        Ok(Cell {
            operator,
            activation,
            resets_after: layer.argument("reset_after").flag_or(true),
            units,
            weight: Tensor::floats(&[sums, weight.len() / sums.max(1)], ordered(&weight)),
            recurrent: Tensor::floats(&[sums, units], ordered(&recurrent)),
            biases: [ordered(of_inputs), of_state],
        })
    }
}

/// The activation as the operator `RNN` calls it, if it has it in the form of ours.
fn name_in_rnn(activation: Activation) -> Option<&'static str> {
    match activation {
        Activation::Tanh => Some("Tanh"),
        Activation::Relu => Some("Relu"),
        Activation::Sigmoid => Some("Sigmoid"),
        _ => None,
    }
}

/// What a cell gives for the steps of a sequence.
fn read(graph: &mut Graph, cell: &Cell, reading: &Reading<'_>) -> Value {
    let in_order = |graph: &mut Graph, value: &Value| match reading.backwards {
        true => graph.reverse(value, 1),
        false => value.clone(),
    };
    let x = in_order(graph, reading.x);
    let value = match reading.mask {
        None => {
            let (states, last) = run(graph, cell, &x);
            if !reading.every {
                return last;
            }
            states
        }
        Some(mask) => {
            let mask = in_order(graph, mask);
            masked(graph, cell, (&x, &mask), reading)
        }
    };
    match reading.every && reading.in_place {
        true => in_order(graph, &value),
        false => value,
    }
}

/// The states of masked steps, `[batch, steps, units]`, or the last one, `[batch, units]`.
fn masked(
    graph: &mut Graph,
    cell: &Cell,
    (x, mask): (&Value, &Value),
    reading: &Reading<'_>,
) -> Value {
    let steps = x.row()[0];
    let (numbers, zero, one) =
        (graph.cast(mask, DataType::Float), graph.float(0.0), graph.float(1.0));
    // The steps that count first, each kind in order.
    let length = graph.float(steps as f32);
    let position = Tensor::floats(&[steps], (0..steps).map(|step| step as f32));
    let position = graph.constant(position);
    let first = graph.mul(&numbers, &length);
    let key = graph.sub(&first, &position);
    let all = graph.ints(&[steps as i64]);
    let sorted = graph.operator("TopK", &[&key, &all]).with("axis", 1_i64);
    let [_, order] = sorted.gives_all([
        Some((DataType::Float, &batch_of(&[steps]))),
        Some((DataType::Int64, &batch_of(&[steps]))),
    ]);
    let packed = at_steps(graph, x, &order);
    let (states, _) = run(graph, cell, &packed);
    // How many steps count up to each one.
    let counted = graph.cumulative_sum(&numbers, 1);
    let counted = match reading.every {
        true => counted,
        false => graph.slice(&counted, 1, steps - 1, steps),
    };
    let before = graph.sub(&counted, &one);
    let before = graph.max(&before, &zero);
    let place = graph.cast(&before, DataType::Int64);
    let states = at_steps(graph, &states, &place);
    let mut any = graph.greater(&counted, &zero);
    if reading.every && reading.zeros_where_masked {
        any = mask.clone();
    }
    let condition = graph.unsqueeze(&any, 2);
    let states = graph.choose(&condition, &states, &zero);
    match reading.every {
        true => states,
        false => graph.reshape(&states, &[cell.units]),
    }
}

/// The rows of `[batch, steps, features]` at the steps `[batch, n]`.
fn at_steps(graph: &mut Graph, values: &Value, steps: &Value) -> Value {
    let (count, width) = (steps.last(), values.last());
    let indices = graph.unsqueeze(steps, 2);
    let sizes = graph.ints(&[1, 1, width as i64]);
    let shape = batch_of(&[count, width]);
    let indices = graph.operator("Expand", &[&indices, &sizes]).gives(DataType::Int64, &shape);
    graph.gather_elements(values, &indices, 1)
}

/// All states, `[batch, steps, units]`, and the last one, `[batch, units]`.
fn run(graph: &mut Graph, cell: &Cell, x: &Value) -> (Value, Value) {
    let Some(operator) = cell.operator else { return unrolled(graph, cell, x) };
    let (steps, units) = (x.row()[0], cell.units);
    let weight = three_axes(graph, "weight", &cell.weight);
    let recurrent = three_axes(graph, "recurrent", &cell.recurrent);
    let biases = cell.biases.concat();
    let bias = graph.weight("bias", Tensor::floats(&[1, biases.len()], biases));
    let x = graph.transpose(x, &[1, 0, 2]);
    let operator = graph.operator(operator, &[&x, &weight, &recurrent, &bias]);
    let mut operator = operator.with("hidden_size", units as i64);
    if cell.operator == Some("GRU") {
        operator = operator.with("linear_before_reset", i64::from(cell.resets_after));
    }
    if let (Some("RNN"), Some(name)) = (cell.operator, name_in_rnn(cell.activation)) {
        operator = operator.with("activations", vec![name.to_owned()]);
    }
    let (one, all, width) = (Dim::Known(1), Dim::Known(steps), Dim::Known(units));
    let [states, last] = operator.gives_all([
        Some((DataType::Float, &[all, one, Dim::Batch, width])),
        Some((DataType::Float, &[one, Dim::Batch, width])),
    ]);
    let states = graph.squeeze(&states, 1);
    (graph.transpose(&states, &[1, 0, 2]), graph.squeeze(&last, 0))
}

/// A weight with the axis of directions in front.
fn three_axes(graph: &mut Graph, name: &str, tensor: &Tensor) -> Value {
    let dims: Vec<usize> = std::iter::once(1).chain(tensor.dims().iter().copied()).collect();
    graph.weight(name, Tensor::floats(&dims, tensor.as_floats()))
}

/// A `SimpleRNN` step by step: `RNN` has only some of the activations.
fn unrolled(graph: &mut Graph, cell: &Cell, x: &Value) -> (Value, Value) {
    let steps = x.row()[0];
    let weight = graph.weight("weight", cell.weight.clone());
    let bias = graph.weight("bias", Tensor::floats(&[cell.units], cell.biases[0].clone()));
    let recurrent = graph.weight("recurrent", cell.recurrent.clone());
    let sums = graph.dense(x, &weight, Some(&bias));
    let (mut states, mut last): (Vec<Value>, Option<Value>) = (Vec::new(), None);
    for step in 0..steps {
        let sum = graph.slice(&sums, 1, step, step + 1);
        let sum = graph.reshape(&sum, &[cell.units]);
        let sum = match &last {
            Some(state) => {
                let by_state = graph.dense(state, &recurrent, None);
                graph.add(&sum, &by_state)
            }
            None => sum,
        };
        let state = activation::write(graph, cell.activation, &sum);
        states.push(graph.unsqueeze(&state, 1));
        last = Some(state);
    }
    let all = graph.concat(&states.iter().collect::<Vec<_>>(), 1);
    (all, last.unwrap_or_else(Value::none))
}
