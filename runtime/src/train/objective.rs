//! What a batch's heads cost, and the slope of it.

use dfdx::{
    shapes::Rank0,
    tensor::{OwnedTape, Tensor},
};

use super::RowWeights;
use crate::{
    data::{Column, Table, Values},
    definition::{Graph, Head},
    kernel::Backend,
    loss::TargetRow,
    tensor::*,
    Error, Result,
};

/// The losses of one batch: the sum over the outputs of weight * sum(row weight * loss) / rows.
#[derive(Clone, Debug)]
pub(crate) struct Objective {
    /// The weighted sum over the outputs.
    pub(crate) total: f64,
    /// Each output's loss, without the output's weight.
    pub(crate) by_output: Vec<f64>,
    /// The slope of the total by every number of every head.
    slopes: Vec<Vec<f64>>,
}

impl Objective {
    /// Compares `heads`, which hold the given rows of `table` one after the other.
    pub(crate) fn new(
        graph: &Graph,
        heads: &[Vec<f64>],
        table: &Table,
        rows: &[usize],
        weights: &RowWeights,
    ) -> Objective {
        let mut objective = Objective { total: 0.0, by_output: Vec::new(), slopes: Vec::new() };
        let targets = table.columns.iter().skip(graph.inputs.len());
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

    /// The total as a tensor whose backward pass starts at the heads.
    pub(crate) fn on_tape<E: Element, D: Backend<E>>(
        self,
        heads: Vec<Head<E, D>>,
        mut tape: OwnedTape<E, D>,
        device: &D,
    ) -> std::result::Result<Tensor<Rank0, E, D, OwnedTape<E, D>>, D::Err> {
        let total = device.try_tensor_from_vec(vec![E::of(self.total)], ())?;
        let slopes = self.slopes;
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
pub(super) fn target_row(column: &Column, row: usize) -> TargetRow<'_> {
    match &column.values {
        Values::Numbers(numbers) => {
            TargetRow::Numbers(&numbers[row * column.width..][..column.width])
        }
        Values::Categories(classes) => TargetRow::Class(classes[row] as usize),
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
