//! The objective: compares heads with targets and computes losses, their gradients, and figures.

mod accumulator;
mod prediction;
mod row_weights;
mod rows;
mod sample_tables;
mod score;

use dfdx::{
    shapes::{HasShape, Rank0},
    tensor::{OwnedTape, PutTape, Tape, Tensor},
    tensor_ops::ReshapeTo,
};
use multi_input_base::{Error, Result};
use multi_input_data::{Column, Values};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::loss::{AnyLoss, TargetRow};

pub(crate) use self::{
    prediction::{points, predictions},
    row_weights::RowWeights,
    rows::{check_targets, encode, Dropping, RowBatch, Rows},
    sample_tables::{sample_tables, RawTables},
    score::Scores,
};
use crate::definition::{Graph, Head, Output};

/// The losses of one batch: the sum over the outputs of weight * sum(row weight * loss) / rows. For
/// each output, the sum and the number of rows include only rows with a known target. An output
/// without known targets in the batch contributes neither loss nor gradient.
///
/// Keras's loss with `sample_weight` and a mask; in PyTorch `(loss * weight)[known].mean()`.
///
/// A learned weight is a number s of the module: the loss L counts as exp(-s) L + s, so that an output
/// whose loss stays large gets a small weight (Kendall, Gal, Cipolla 2018, times two).
#[derive(Debug)]
pub(crate) struct Objective {
    /// The weighted sum over the outputs.
    pub(crate) total: f64,
    /// Each output's loss without the output's weight; 0 if no row has a known target.
    pub(crate) by_output: Vec<f64>,
    /// For each output, the number of rows with a known target.
    pub(crate) known: Vec<usize>,
    /// For each output, the number of rows by which its sum is divided: those with a known target,
    /// or 1.
    pub(crate) divisors: Vec<f64>,
    /// For each head, the gradient of the total with respect to its elements, and then those of the
    /// learned weights.
    grads: Vec<Vec<f64>>,
}

/// What a shard has to know of the rows of the whole batch, so that the objectives of all shards add
/// up to that of the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WholeBatch {
    pub(crate) rows: usize,
    /// For each output, the number of rows with a known target.
    pub(crate) known: Vec<usize>,
    /// For each output, whether a row with a known target and a weight counts for it.
    pub(crate) counts: Vec<bool>,
}

impl WholeBatch {
    /// Of no rows.
    pub(crate) fn none(graph: &Graph) -> WholeBatch {
        let outputs = graph.outputs.len();
        WholeBatch { rows: 0, known: vec![0; outputs], counts: vec![false; outputs] }
    }

    /// Of a batch that is no shard of another.
    pub(crate) fn of(graph: &Graph, batch: &RowBatch<'_>) -> WholeBatch {
        let targets = batch.targets().0.columns.iter().skip(graph.encoded_columns());
        let outputs = graph.outputs.iter().zip(targets).enumerate();
        let (mut known, mut counts) = (Vec::new(), Vec::new());
        for (index, (output, target)) in outputs {
            let rows = batch.targets().1;
            known.push(rows.iter().filter(|&&row| target.is_present(row)).count());
            let weighs =
                |&row: &usize| target.is_present(row) && batch.weights().of(index, row) != 0.0;
            // Only learned weights ask for it.
            counts.push(output.learned_weight && rows.iter().any(weighs));
        }
        WholeBatch { rows: batch.len(), known, counts }
    }

    /// Adds further rows of the batch.
    pub(crate) fn add(&mut self, rows: &WholeBatch) {
        self.rows += rows.rows;
        self.known.iter_mut().zip(&rows.known).for_each(|(known, more)| *known += more);
        self.counts.iter_mut().zip(&rows.counts).for_each(|(counts, more)| *counts |= more);
    }
}

impl Objective {
    /// Computes the losses of `heads`, each of which holds the rows of a batch one after the other;
    /// the learned weights come last.
    pub(crate) fn new(graph: &Graph, heads: &[Vec<f64>], batch: &RowBatch<'_>) -> Objective {
        Objective::of_shard(graph, heads, batch, (&WholeBatch::of(graph, batch), true))
    }

    /// The part of a shard of the batch in its objective: `total`, `by_output` and the gradients of
    /// all shards add up to those of the batch. What does not depend on rows is that of the first
    /// shard.
    pub(crate) fn of_shard(
        graph: &Graph,
        heads: &[Vec<f64>],
        batch: &RowBatch<'_>,
        (whole, is_first): (&WholeBatch, bool),
    ) -> Objective {
        let divisors = whole.known.iter().map(|&known| known.max(1) as f64).collect();
        let (by_output, known, grads) = (Vec::new(), Vec::new(), Vec::new());
        let mut objective = Objective { total: 0.0, by_output, known, divisors, grads };
        let (heads, weights) = heads.split_at(heads.len().min(graph.outputs.len()));
        let targets = batch.targets().0.columns.iter().skip(graph.encoded_columns());
        let mut weights = weights.iter();
        let mut by_weight = Vec::new();
        for (index, ((output, head), target)) in
            graph.outputs.iter().zip(heads).zip(targets).enumerate()
        {
            objective.add(index, output, (head, target), batch);
            if let Some(weight) = output.learned_weight.then(|| weights.next()).flatten() {
                by_weight.push(objective.weigh(index, weight, whole.counts[index], is_first));
            }
        }
        objective.grads.extend(by_weight);
        objective
    }

    /// Applies the learned weight of output `index`, which has been added last, unless no row counts
    /// for it. Returns the gradient of the weight's number.
    fn weigh(&mut self, index: usize, weight: &[f64], counts: bool, is_first: bool) -> Vec<f64> {
        let (&[s], true) = (weight, counts) else { return vec![0.0] };
        let (loss, factor) = (self.by_output[index], (-s).exp());
        // The term s of the total, and its derivative, are those of the first shard.
        let [own, of_own] = if is_first { [s, 1.0] } else { [0.0, 0.0] };
        self.total += factor * loss + own - loss;
        self.grads[index].iter_mut().for_each(|grad| *grad *= factor);
        vec![of_own - factor * loss]
    }

    /// Adds the output number `index`.
    fn add(
        &mut self,
        index: usize,
        output: &Output,
        (head, target): (&[f64], &Column),
        batch: &RowBatch<'_>,
    ) {
        let (width, rows) = (output.head.max(1), batch.targets().1);
        let known = rows.iter().filter(|&&row| target.is_present(row)).count();
        let count = self.divisors[index];
        let mut grads = vec![0.0; head.len()];
        let mut sum = 0.0;
        let (units, flag_weights) = (batch.units(index), batch.weights().of_flags(index));
        let samples = head.chunks_exact(width).zip(grads.chunks_exact_mut(width)).zip(rows);
        for ((head, grads), &row) in samples {
            let Some(target) = target_row(target, row) else { continue };
            let weight = batch.weights().of(index, row);
            let loss = match flag_weights {
                Some(by_flag) => weighted_sample(output.loss, head, target, by_flag, grads),
                None => output.loss.sample_in_units(head, target, units, grads),
            };
            // Selected rather than multiplied: a row of weight 0 is excluded even if its loss is
            // not finite.
            sum += if weight == 0.0 { 0.0 } else { weight * loss };
            let scale = output.weight * weight / count;
            let scaled = |grad: f64| if scale == 0.0 { 0.0 } else { grad * scale };
            grads.iter_mut().for_each(|grad| *grad = scaled(*grad));
        }
        self.total += output.weight * sum / count;
        self.by_output.push(sum / count);
        self.known.push(known);
        self.grads.push(grads);
    }

    /// The total as a scalar tensor whose backward pass starts with the gradients at the heads. The
    /// gradients are moved out; the losses remain.
    pub(crate) fn on_tape<E: Element, D: Backend<E>>(
        &mut self,
        heads: Vec<Head<E, D>>,
        tape: OwnedTape<E, D>,
        device: &D,
    ) -> std::result::Result<Tensor<Rank0, E, D, OwnedTape<E, D>>, D::Err> {
        let grads = std::mem::take(&mut self.grads);
        scalar_on_tape(self.total, (heads, grads), tape, device)
    }
}

/// A scalar tensor whose backward pass starts with given gradients at the heads.
pub(crate) fn scalar_on_tape<E: Element, D: Backend<E>>(
    value: f64,
    (heads, grads): (Vec<Head<E, D>>, Vec<Vec<f64>>),
    mut tape: OwnedTape<E, D>,
    device: &D,
) -> std::result::Result<Tensor<Rank0, E, D, OwnedTape<E, D>>, D::Err> {
    let mut scalar = device.acquire_zeroed(1)?;
    scalar.fill(E::of(value));
    let scalar = device.try_tensor_from_vec(scalar, ())?;
    let output = scalar.clone();
    tape.add_backward_op(move |gradients| {
        // 1, unless a loop by hand computes with the scalar.
        let grad_output = D::edit_gradient(gradients, &output, |gradient| gradient[0])?;
        for (head, grads) in heads.iter().zip(&grads) {
            D::edit_gradient(gradients, head, |gradient| {
                for (gradient, &grad) in gradient.iter_mut().zip(grads) {
                    *gradient += E::of(grad) * grad_output;
                }
            })?;
        }
        Ok(())
    });
    Ok(scalar.put_tape(tape))
}

/// The loss of one sample of several labels, whose elements are weighted by their flags: the mean
/// of weight * loss over the elements, as with `pos_weight` of `torch.nn.BCEWithLogitsLoss`.
fn weighted_sample(
    loss: &dyn AnyLoss,
    head: &[f64],
    target: TargetRow<'_>,
    by_flag: [f64; 2],
    gradient: &mut [f64],
) -> f64 {
    let count = head.len().max(1) as f64;
    let elements = head.chunks(1).zip(gradient.chunks_mut(1)).enumerate();
    let weighted = elements.map(|(index, (head, gradient))| {
        let flag = target.at(index);
        let weight = by_flag[usize::from(flag > 0.5)] / count;
        let value = loss.sample(head, TargetRow::Doubles(&[flag]), gradient);
        // Selected, as for rows of weight 0.
        let scaled = |number: f64| if weight == 0.0 { 0.0 } else { weight * number };
        gradient.iter_mut().for_each(|gradient| *gradient = scaled(*gradient));
        scaled(value)
    });
    weighted.sum()
}

/// The target of one row; `None` if unknown.
pub(crate) fn target_row(column: &Column, row: usize) -> Option<TargetRow<'_>> {
    column.is_present(row).then(|| match &*column.values {
        Values::Numbers(numbers) => {
            TargetRow::Numbers(&numbers[row * column.width..][..column.width])
        }
        Values::Doubles(numbers) => {
            TargetRow::Doubles(&numbers[row * column.width..][..column.width])
        }
        Values::Categories(classes) => TargetRow::Class(classes[row] as usize),
        // Labels are converted to classes before; targets have no other type.
        _ => TargetRow::Numbers(&[]),
    })
}

/// The elements of the heads of the outputs with a loss, and of the learned weights behind them.
///
/// # Errors
/// [`Error::Device`] if a head does not have `rows` rows of its output's width.
pub(crate) fn head_values<E: Element, D: Backend<E>>(
    graph: &Graph,
    heads: &[Head<E, D>],
    rows: usize,
) -> Result<Vec<Vec<f64>>> {
    let fits = |(head, width): (&Head<E, D>, usize)| *head.shape() == (rows, width);
    let widths = graph.outputs.iter().map(|output| output.head);
    match heads.len() == graph.heads_of_losses() && heads.iter().zip(widths).all(fits) {
        true => elements(heads),
        false => Err(Error::Device("the heads are not as wide as the graph says".to_owned())),
    }
}

/// The elements of the heads of the outputs without a loss.
///
/// # Errors
/// [`Error::Device`] if a head does not have `rows` rows of its output's width.
pub(crate) fn value_heads<E: Element, D: Backend<E>>(
    graph: &Graph,
    heads: &[Head<E, D>],
    rows: usize,
) -> Result<Vec<Vec<f64>>> {
    let fits = |(head, width): (&Head<E, D>, usize)| *head.shape() == (rows, width);
    let widths = graph.values.iter().map(|value| value.width);
    match heads.len() == graph.values.len() && heads.iter().zip(widths).all(fits) {
        true => elements(heads),
        false => Err(Error::Device("the values are not as wide as the graph says".to_owned())),
    }
}

/// The elements of tensors.
fn elements<E: Element, D: Backend<E>>(tensors: &[Head<E, D>]) -> Result<Vec<Vec<f64>>> {
    let elements = tensors.iter().map(|tensor| {
        let tensor = tensor.clone().try_contiguous().map_err(Error::device)?;
        Ok(D::values(&tensor).iter().map(|value| value.as_f64()).collect())
    });
    elements.collect()
}

#[cfg(test)]
mod tests {
    use multi_input_data::{preprocess::Preprocessing, Class, Table};
    use multi_input_nn::loss;

    use super::*;
    use crate::{
        definition::{Output, Schema, Target, TargetKind},
        history::Phase,
    };

    const PRICE: Output = Output {
        target: Target {
            name: "price",
            doc: "",
            unit: None,
            kind: TargetKind::Numbers,
            width: 1,
            steps: &[],
            labels: false,
            optional: false,
            columns: &[],
        },
        head: 1,
        loss: &loss::Mse,
        weight: 0.5,
        learned_weight: false,
        metrics: &[],
        weighted_metrics: &[],
    };
    const TOPIC: Output = Output {
        target: Target {
            name: "topic",
            doc: "",
            unit: None,
            kind: TargetKind::Class,
            width: 2,
            steps: &[],
            labels: false,
            optional: false,
            columns: &[],
        },
        head: 2,
        loss: &loss::CrossEntropy { label_smoothing: 0.0 },
        weight: 2.0,
        learned_weight: false,
        metrics: &[],
        weighted_metrics: &[],
    };
    static GRAPH: Graph = graph(&[PRICE.target, TOPIC.target], &[PRICE, TOPIC]);

    const fn graph(targets: &'static [Target], outputs: &'static [Output]) -> Graph {
        Graph {
            schema: Schema { name: "Two", inputs: &[], derived: &[], targets },
            nodes: &[],
            outputs,
            values: &[],
            cost: crate::definition::Cost { flops: 0, memory: 0 },
        }
    }

    fn objective(heads: &[Vec<f64>], weights: RowWeights) -> Objective {
        let fitted = Preprocessing::without_fitting(&GRAPH).unwrap();
        let rows = Rows::new(table(), &fitted, weights).unwrap();
        Objective::new(&GRAPH, heads, &rows.take(&[0, 1]))
    }

    fn table() -> Table {
        let mut table = Table::of_samples(&GRAPH);
        for (price, class) in [(1.0f32, 0), (2.0, 1)] {
            let class = Class::<2>::new(class).unwrap();
            let write = |row: &mut multi_input_data::RowWriter<'_>| {
                row.put(&price);
                row.put(&class);
            };
            table.push(write).unwrap();
        }
        table
    }

    #[test]
    fn the_total_is_the_weighted_sum_of_the_outputs_mean_losses() {
        let heads = [vec![3.0, 2.0], vec![0.0, 0.0, 0.0, 0.0]];
        let mut weights = RowWeights::default();
        weights.scale(0, [0.25, 7.0]);
        let objective = objective(&heads, weights);
        let ln_2 = 2.0f64.ln();
        // Row weights are divided by the number of rows, not by their sum.
        assert_eq!(objective.by_output, [0.25 * 4.0 / 2.0, ln_2]);
        assert!((objective.total - (0.5 * 0.5 + 2.0 * ln_2)).abs() < 1e-12);
        assert_eq!(objective.grads[0], [0.5 * 0.25 * 4.0 / 2.0, 0.0]);
        assert_eq!(objective.grads[1], [-0.5, 0.5, 0.5, -0.5]);

        let mut scores = Scores::new(&GRAPH, None).unwrap();
        scores.losses(&objective, 0.0, 2);
        let figures = scores.figures(Phase::Validation);
        let names: Vec<String> = figures.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["val_loss", "val_price_loss", "val_topic_loss"]);
    }

    /// A price that rows may lack.
    static PARTLY: Graph = graph(
        &[MAYBE_PRICE, MAYBE_TOPIC],
        &[Output { target: MAYBE_PRICE, ..PRICE }, Output { target: MAYBE_TOPIC, ..TOPIC }],
    );
    const MAYBE_PRICE: Target = Target { optional: true, ..PRICE.target };
    const MAYBE_TOPIC: Target = Target { optional: true, ..TOPIC.target };

    fn partly(rows: &[(Option<f32>, Option<usize>)]) -> Rows {
        let mut table = Table::of_samples(&PARTLY);
        for (price, class) in rows {
            let class = class.map(|class| Class::<2>::new(class).unwrap());
            let write = |row: &mut multi_input_data::RowWriter<'_>| {
                row.put(price);
                row.put(&class);
            };
            table.push(write).unwrap();
        }
        let fitted = Preprocessing::without_fitting(&PARTLY).unwrap();
        Rows::new(table, &fitted, RowWeights::default()).unwrap()
    }

    #[test]
    fn means_are_over_the_rows_that_know_the_target() {
        let rows = partly(&[(Some(1.0), None), (None, Some(1)), (Some(5.0), None)]);
        let heads = [vec![3.0, f64::NAN, 2.0], vec![0.0; 6]];
        let objective = Objective::new(&PARTLY, &heads, &rows.take(&[0, 1, 2]));
        // (2^2 + 3^2) / 2, and ln 2 of one row.
        assert_eq!(objective.by_output, [6.5, 2.0f64.ln()]);
        assert_eq!(objective.known, [2, 1]);
        assert_eq!(objective.total, 0.5 * 6.5 + 2.0 * 2.0f64.ln());
        assert_eq!(objective.grads[0], [0.5 * 2.0, 0.0, 0.5 * -3.0]);
        assert_eq!(objective.grads[1], [0.0, 0.0, 1.0, -1.0, 0.0, 0.0]);
    }

    #[test]
    fn an_output_that_no_row_knows_adds_nothing() {
        let rows = partly(&[(Some(1.0), None), (Some(2.0), None), (None, Some(0)), (None, None)]);
        let heads = [vec![3.0, 2.0], vec![f64::NAN; 4]];
        let first = Objective::new(&PARTLY, &heads, &rows.take(&[0, 1]));
        assert_eq!((first.by_output[1], &first.grads[1][..]), (0.0, &[0.0; 4][..]));
        assert_eq!(first.total, 0.5 * 2.0);

        // The mean over several batches also includes only known targets.
        let mut scores = Scores::new(&PARTLY, None).unwrap();
        scores.losses(&first, 0.5, 2);
        let second = Objective::new(&PARTLY, &[vec![9.0; 2], vec![0.0; 4]], &rows.take(&[2, 3]));
        scores.losses(&second, 0.5, 2);
        let figure = |name: &str| scores.figures(Phase::Training).get(name).unwrap();
        assert_eq!((figure("price_loss"), figure("topic_loss")), (2.0, 2.0f64.ln()));
        assert_eq!(figure("loss"), 0.5 * 2.0 + 2.0 * 2.0f64.ln() + 0.25);
        let mut resumed = Scores::new(&PARTLY, None).unwrap();
        resumed.set_state(|name| {
            scores.state().into_iter().find(|(own, _)| own == name).map(|(_, numbers)| numbers)
        });
        assert_eq!(resumed.loss(), scores.loss());
    }

    #[test]
    fn gradients_of_partly_known_targets_equal_central_differences() {
        let rows = partly(&[(Some(1.0), None), (None, Some(1)), (Some(5.0), Some(0))]);
        let heads = [vec![3.0, -1.0, 2.0], vec![0.1, 0.4, -0.3, 0.2, 1.0, 0.5]];
        let total = |heads: &[Vec<f64>]| Objective::new(&PARTLY, heads, &rows.take(&[0, 1, 2]));
        let grads = total(&heads).grads;
        for (output, grads) in grads.iter().enumerate() {
            for (index, grad) in grads.iter().enumerate() {
                let shifted = |by: f64| {
                    let mut heads = heads.clone();
                    heads[output][index] += by;
                    total(&heads).total
                };
                let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                assert!((grad - difference).abs() < 1e-8, "{output} {index}");
            }
        }
    }

    #[test]
    fn a_learned_weight_has_its_formula_and_its_gradient() {
        static WEIGHED: Graph = graph(
            &[MAYBE_PRICE, MAYBE_TOPIC],
            &[
                Output { target: MAYBE_PRICE, weight: 1.0, learned_weight: true, ..PRICE },
                Output { target: MAYBE_TOPIC, ..TOPIC },
            ],
        );
        let rows = partly(&[(Some(1.0), None), (None, Some(1)), (Some(5.0), Some(0))]);
        let heads = [vec![3.0, -1.0, 2.0], vec![0.1, 0.4, -0.3, 0.2, 1.0, 0.5], vec![0.7]];
        let total = |heads: &[Vec<f64>]| Objective::new(&WEIGHED, heads, &rows.take(&[0, 1, 2]));
        let plain = Objective::new(&PARTLY, &heads[..2], &rows.take(&[0, 1, 2]));
        let found = total(&heads);
        // The figures are those of the losses without their weights.
        assert_eq!(found.by_output, plain.by_output);
        let topic = 2.0 * found.by_output[1];
        let weighed = (-0.7f64).exp() * found.by_output[0] + 0.7;
        assert!((found.total - topic - weighed).abs() < 1e-12);
        for (index, grads) in found.grads.iter().enumerate() {
            for (element, grad) in grads.iter().enumerate() {
                let shifted = |by: f64| {
                    let mut heads = heads.clone();
                    heads[index][element] += by;
                    total(&heads).total
                };
                let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                assert!((grad - difference).abs() < 1e-8, "{index} {element}");
            }
        }
        let unknown = partly(&[(None, Some(1))]);
        let heads = [vec![3.0], vec![0.1, 0.4], vec![0.7]];
        let found = Objective::new(&WEIGHED, &heads, &unknown.take(&[0]));
        assert_eq!((&found.grads[2][..], found.total), (&[0.0][..], 2.0 * found.by_output[1]));
    }

    #[test]
    fn a_row_of_weight_zero_costs_nothing_even_where_its_loss_is_infinite() {
        let heads = [vec![f64::INFINITY, 2.0], vec![0.0; 4]];
        let mut weights = RowWeights::default();
        weights.scale(0, [0.0, 1.0]);
        let objective = objective(&heads, weights);
        assert_eq!((objective.by_output[0], objective.grads[0][0]), (0.0, 0.0));
    }
}
