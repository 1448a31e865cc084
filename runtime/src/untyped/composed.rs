//! Rows that are composed of the values of several rows.

use std::borrow::Cow;

use multi_input_base::Result;
use multi_input_data::{preprocess::Preprocessing, Column, Table};
use multi_input_kernel::{Backend, Element};

use super::UntypedModel;

/// Raw rows, from whose values other rows are composed and encoded. An input that is only taken as
/// a whole is encoded once and not for every composed row: texts and pictures are.
pub(crate) struct Composer<'a> {
    fitted: Cow<'a, Preprocessing>,
    /// The inputs, raw and encoded.
    raw: Table,
    ready: Table,
    /// For each input, whether a composed row may take its elements from different rows.
    split: Vec<bool>,
    /// For each input, whether nodes are derived from it.
    derived_from: Vec<bool>,
}

/// The row that provides an element of an input of a composed row: `source(row, input, element)`.
pub(crate) type Source<'a> = dyn Fn(usize, usize, usize) -> usize + 'a;

impl<'a> Composer<'a> {
    /// Encodes the inputs of `raw`; `split` says which inputs are composed element by element.
    pub(crate) fn new<E: Element, D: Backend<E>>(
        model: &'a UntypedModel<E, D>,
        mut raw: Table,
        split: Vec<bool>,
    ) -> Result<Composer<'a>> {
        let (fitted, graph) = (model.fitted()?, model.graph());
        raw.columns.truncate(graph.inputs.len());
        let all: Vec<usize> = (0..raw.rows).collect();
        let ready = fitted.encode(&raw, &all, 0)?;
        let is_used = |input| graph.derived.iter().any(|derived| derived.inputs.contains(&input));
        let derived_from = (0..graph.inputs.len()).map(is_used).collect();
        Ok(Composer { fitted, raw, ready, split, derived_from })
    }

    /// The raw rows.
    pub(crate) fn raw(&self) -> &Table {
        &self.raw
    }

    /// The encoded rows.
    pub(crate) fn ready(&self) -> &Table {
        &self.ready
    }

    /// Composes and encodes `rows` rows.
    pub(crate) fn compose(&self, rows: usize, source: &Source<'_>) -> Result<Table> {
        let all: Vec<usize> = (0..rows).collect();
        let (mut raw, mut ready) = (Vec::new(), Vec::new());
        for (input, column) in self.raw.columns.iter().enumerate() {
            let of_input = |row: usize, element: usize| source(row, input, element);
            let split = self.split[input];
            let composed: Column = match split || self.derived_from[input] {
                true => column.of_elements(rows, &of_input),
                // Only derived nodes read raw values.
                false => column.of_rows(&[]),
            };
            ready.push(match split {
                true => self.fitted.encode_input(input, &composed, &all, (0, None))?,
                false => {
                    let sources: Vec<usize> = all.iter().map(|row| of_input(*row, 0)).collect();
                    self.ready.columns[input].of_rows(&sources)
                }
            });
            raw.push(composed);
        }
        self.fitted.append_derived(&raw, &mut ready, &all, (0, None))?;
        Ok(Table { columns: ready, rows })
    }
}
