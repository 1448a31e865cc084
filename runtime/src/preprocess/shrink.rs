//! Steps of preprocessing that are applied as soon as a picture is decoded: a photograph takes a
//! thousand times as much memory as what a model sees of it.

use std::sync::Arc;

use crate::{
    data::{Picture, Table, Values},
    definition::{Definition, Graph, Step},
    Result,
};

/// Appends a row to train on to a table of raw values, with its pictures as small as can be.
pub(crate) fn push_sample<M: Definition>(table: &mut Table, row: &M::Sample) -> Result<()> {
    table.push(|writer| M::write_sample(row, writer))?;
    shrink_last(&M::GRAPH, table);
    Ok(())
}

/// The same for a row to predict from.
pub(crate) fn push_inputs<M: Definition>(table: &mut Table, row: &M::Inputs) -> Result<()> {
    table.push(|writer| M::write_inputs(row, writer))?;
    shrink_last(&M::GRAPH, table);
    Ok(())
}

/// Puts what the first steps make of the last row's pictures in their place.
fn shrink_last(graph: &Graph, table: &mut Table) {
    for (input, column) in graph.inputs.iter().zip(&mut table.columns) {
        let Values::Pictures(pictures) = Arc::make_mut(&mut column.values) else { continue };
        let last = pictures.last_mut().filter(|picture| picture.applied() == 0);
        if let Some(picture) = last {
            if let Some(smaller) = shrunk(input.steps, picture) {
                *picture = smaller;
            }
        }
    }
}

/// What the first steps make of a picture, as far as each of them makes it smaller.
fn shrunk(steps: &[Step], picture: &Picture) -> Option<Picture> {
    let mut smaller = None;
    for step in steps {
        match step.stage.shrink(step, smaller.as_ref().unwrap_or(picture)) {
            Some(next) => smaller = Some(next),
            None => break,
        }
    }
    smaller
}
