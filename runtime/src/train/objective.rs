//! What a batch's heads cost, and the slope of it.

use dfdx::{
    shapes::Rank0,
    tensor::{OwnedTape, Tensor},
};

use super::Chunk;
use crate::{
    data::{Column, Values},
    definition::{Graph, Head},
    kernel::Backend,
    loss::TargetRow,
    tensor::*,
    Error, Result,
};

/// The losses of one batch: the sum over the outputs of weight * sum(row weight * loss) / rows.
#[derive(Debug)]
pub(crate) struct Objective {
    /// The weighted sum over the outputs.
    pub(crate) total: f64,
    /// Each output's loss, without the output's weight.
    pub(crate) by_output: Vec<f64>,
    /// The slope of the total by every number of every head.
    slopes: Vec<Vec<f64>>,
}

impl Objective {
    /// Compares `heads`, which hold the rows of a batch one after the other.
    pub(crate) fn new(graph: &Graph, heads: &[Vec<f64>], chunk: &Chunk<'_>) -> Objective {
        let ((table, rows), weights) = (chunk.targets(), chunk.weights());
        let mut objective = Objective { total: 0.0, by_output: Vec::new(), slopes: Vec::new() };
        let targets = table.columns.iter().skip(graph.encoded_columns());
        let outputs = graph.outputs.iter().zip(heads).zip(targets);
        let count = rows.len().max(1) as f64;
        for (index, ((output, head), target)) in outputs.enumerate() {
            let width = output.width.max(1);
            let mut slopes = vec![0.0; head.len()];
            let mut sum = 0.0;
            let samples = head.chunks_exact(width).zip(slopes.chunks_exact_mut(width)).zip(rows);
            for ((head, slopes), &row) in samples {
                let weight = weights.of(index, row);
                let loss = output.loss.sample(head, target_row(target, row), slopes);
                // Selected rather than multiplied: a weight of 0 leaves a row out, whatever it
                // costs.
                sum += if weight == 0.0 { 0.0 } else { weight * loss };
                let scale = output.weight * weight / count;
                let scaled = |slope: f64| if scale == 0.0 { 0.0 } else { slope * scale };
                slopes.iter_mut().for_each(|slope| *slope = scaled(*slope));
            }
            objective.total += output.weight * sum / count;
            objective.by_output.push(sum / count);
            objective.slopes.push(slopes);
        }
        objective
    }

    /// The total as a tensor whose backward pass starts at the heads. The slopes go with it; the
    /// losses stay.
    pub(crate) fn on_tape<E: Element, D: Backend<E>>(
        &mut self,
        heads: Vec<Head<E, D>>,
        mut tape: OwnedTape<E, D>,
        device: &D,
    ) -> std::result::Result<Tensor<Rank0, E, D, OwnedTape<E, D>>, D::Err> {
        let mut total = device.buffer(1)?;
        total.fill(E::of(self.total));
        let total = device.try_tensor_from_vec(total, ())?;
        let slopes = std::mem::take(&mut self.slopes);
        tape.add_backward_op(move |gradients| {
            for (head, slopes) in heads.iter().zip(&slopes) {
                D::edit_gradient(gradients, head, |gradient| {
                    for (gradient, &slope) in gradient.iter_mut().zip(slopes) {
                        *gradient += E::of(slope);
                    }
                })?;
            }
            Ok(())
        });
        Ok(total.put_tape(tape))
    }
}

/// The target of one row.
pub(crate) fn target_row(column: &Column, row: usize) -> TargetRow<'_> {
    match &*column.values {
        Values::Numbers(numbers) => {
            TargetRow::Numbers(&numbers[row * column.width..][..column.width])
        }
        Values::Doubles(numbers) => {
            TargetRow::Doubles(&numbers[row * column.width..][..column.width])
        }
        Values::Categories(classes) => TargetRow::Class(classes[row] as usize),
        // Labels have become classes by now, and nothing else is a target.
        _ => TargetRow::Numbers(&[]),
    }
}

/// The numbers of every head, each as long as `rows` rows of its output.
pub(crate) fn head_values<E: Element, D: Backend<E>>(
    graph: &Graph,
    heads: &[Head<E, D>],
    rows: usize,
) -> Result<Vec<Vec<f64>>> {
    let fits = |(head, width): (&Head<E, D>, usize)| *head.shape() == (rows, width);
    let widths = graph.outputs.iter().map(|output| output.width);
    if heads.len() != graph.outputs.len() || !heads.iter().zip(widths).all(fits) {
        return Err(Error::Device("the heads are not as wide as the graph says".to_owned()));
    }
    heads
        .iter()
        .map(|head| {
            let head = head.clone().try_contiguous().map_err(Error::device)?;
            Ok(D::values(&head).iter().map(|value| value.as_f64()).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Class, Table},
        definition::{Link, Output, Target},
        history::Phase,
        loss,
        preprocess::Preprocessing,
        train::{RowWeights, Rows, Scores},
    };

    const PRICE: Output = Output {
        name: "price",
        target: Target::Numbers,
        width: 1,
        loss: &loss::Mse,
        weight: 0.5,
        metrics: &[],
        weighted_metrics: &[],
        link: Link::Identity,
        steps: &[],
        labels: false,
    };
    const TOPIC: Output = Output {
        name: "topic",
        target: Target::Class,
        width: 2,
        loss: &loss::CrossEntropy { label_smoothing: 0.0 },
        weight: 2.0,
        metrics: &[],
        weighted_metrics: &[],
        link: Link::Softmax,
        steps: &[],
        labels: false,
    };
    static GRAPH: Graph =
        Graph { name: "Two", nodes: &[], inputs: &[], derived: &[], outputs: &[PRICE, TOPIC] };

    fn objective(heads: &[Vec<f64>], weights: RowWeights) -> Objective {
        let fitted = Preprocessing::without_fitting(&GRAPH).unwrap();
        let rows = Rows::new(table(), &fitted, weights).unwrap();
        Objective::new(&GRAPH, heads, &rows.take(&[0, 1]))
    }

    fn table() -> Table {
        let mut table = Table::of_samples(&GRAPH);
        for (price, class) in [(1.0f32, 0), (2.0, 1)] {
            let class = Class::<2>::new(class).unwrap();
            let write = |row: &mut crate::data::RowWriter<'_>| {
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
        assert_eq!(objective.slopes[0], [0.5 * 0.25 * 4.0 / 2.0, 0.0]);
        assert_eq!(objective.slopes[1], [-0.5, 0.5, 0.5, -0.5]);

        let mut scores = Scores::new(&GRAPH);
        scores.losses(&objective, 0.0, 2);
        let figures = scores.figures(Phase::Validation);
        let names: Vec<String> = figures.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["val_loss", "val_price_loss", "val_topic_loss"]);
    }

    #[test]
    fn a_row_of_weight_zero_costs_nothing_even_where_its_loss_is_infinite() {
        let heads = [vec![f64::INFINITY, 2.0], vec![0.0; 4]];
        let mut weights = RowWeights::default();
        weights.scale(0, [0.0, 1.0]);
        let objective = objective(&heads, weights);
        assert_eq!((objective.by_output[0], objective.slopes[0][0]), (0.0, 0.0));
    }
}
