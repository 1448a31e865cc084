//! The loss of single rows.

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};

use crate::{
    objective::{Objective, Rows},
    untyped::{rows_at_once, UntypedModel},
};

/// For each output, the number of every row with a known target, and its loss without the weight of
/// the output.
pub(crate) fn row_losses<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    rows: &Rows,
) -> Result<Vec<Vec<(usize, f64)>>> {
    let graph = model.graph();
    let mut losses = vec![Vec::new(); graph.outputs.len()];
    let all: Vec<usize> = (0..rows.len()).collect();
    for numbers in all.chunks(rows_at_once(graph)) {
        let heads = model.heads(&rows.take(numbers).batch())?;
        for (position, &row) in numbers.iter().enumerate() {
            let of_row = |(index, head): (usize, &Vec<f64>)| {
                // Behind the outputs are learned weights, which have no rows.
                let width = head.len() / numbers.len();
                match index < graph.outputs.len() {
                    true => head[position * width..][..width].to_vec(),
                    false => head.clone(),
                }
            };
            let heads: Vec<Vec<f64>> = heads.iter().enumerate().map(of_row).collect();
            let objective = Objective::new(graph, &heads, &rows.take(&[row]));
            let by_output = objective.by_output.iter().zip(&objective.known).zip(&mut losses);
            for ((loss, known), losses) in by_output {
                if *known > 0 {
                    losses.push((row, *loss));
                }
            }
        }
    }
    Ok(losses)
}
