//! An input that a run ignores, to measure its importance.

use multi_input_data::{Column, Table};

/// An ignored input: it is absent from all rows or, if it cannot be absent, has the value of the
/// first training row in all of them.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    pub(crate) input: usize,
    pub(crate) value: Column,
}

impl LeftOut {
    /// Replaces the input's value in all rows.
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
