//! An input that a run is trained without.

use multi_input_data::{Column, Table};

/// An input that says nothing: it is absent everywhere, or what the first training row has.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    pub(crate) input: usize,
    pub(crate) value: Column,
}

impl LeftOut {
    /// Lets the input say nothing in all rows.
    pub(crate) fn apply(&self, raw: &mut Table) {
        let rows = raw.rows;
        let Some(column) = raw.columns.get_mut(self.input) else { return };
        let one = Table { columns: vec![self.value.clone()], rows: 1 };
        let mut same = one.select(&vec![0; rows]);
        if let Some(same) = same.columns.pop() {
            *column = same;
        }
        if let Some(present) = &mut column.present {
            present.fill(false);
        }
    }
}
