//! The values of some rows between two steps.

use std::sync::Arc;

use super::{
    pad,
    stage::{FittedStage, Refusal, RowRng},
};
use crate::{schema::Step, table::Lengths, Content, Values};

/// The values of some rows between two steps. A step that does not take lists as a whole is applied
/// to the items of all rows at once, as if each item were a row.
pub(super) enum Current {
    /// As many values in every row.
    Rows(Values),
    /// Lists of any length, with items of `width` elements.
    Lists { lists: Vec<Arc<Values>>, width: usize },
    /// The items of all lists, and the number of items of each.
    Items { values: Values, counts: Vec<usize> },
    /// Lists that are padded to one length.
    Padded(Values, Lengths),
}

impl Current {
    /// The raw values of some rows of a column of `content`.
    pub(super) fn raw(values: Values, content: Content) -> Current {
        match (values, content) {
            (Values::Lists(lists), Content::Lists { width, .. }) => {
                Current::Lists { lists, width: width.max(1) }
            }
            (values, _) => Current::Rows(values),
        }
    }

    /// Applies a fitted step. A refusal names the row.
    pub(super) fn apply(
        self,
        step: &Step,
        fitted: &dyn FittedStage,
        rng: Option<&RowRng>,
    ) -> Result<Current, Refusal> {
        if !step.input.is_list() {
            let values = fitted.apply(step, self.values(), rng)?;
            return Ok(Current::of_lists(values));
        }
        if step.spec.form.takes_lists {
            let lists = self.lists();
            let lengths = step.output.is_masked().then(|| pad::lengths(step, &lists));
            let values = fitted.apply(step, Values::Lists(lists), rng)?;
            return Ok(match lengths {
                Some(lengths) => Current::Padded(values, lengths),
                None => Current::of_lists(values),
            });
        }
        let (values, counts) = self.items();
        match fitted.apply(step, values, rng) {
            Ok(values) => Ok(Current::Items { values, counts }),
            Err(refusal) => {
                let row = row_of_item(&counts, refusal.row);
                Err(Refusal { row, ..refusal })
            }
        }
    }

    /// The values as `step` takes them.
    pub(super) fn for_step(self, step: &Step) -> Values {
        match (step.input.is_list(), step.spec.form.takes_lists) {
            (true, true) => Values::Lists(self.lists()),
            (true, false) => self.items().0,
            (false, _) => self.values(),
        }
    }

    /// The values after the last step, and the lengths of padded lists.
    pub(super) fn end(self) -> (Values, Option<Lengths>) {
        match self {
            Current::Padded(values, lengths) => (values, Some(lengths)),
            others => (others.values(), None),
        }
    }

    /// The elements of all rows; `None` for lists that no step has changed yet.
    pub(super) fn elements(&self) -> Option<&Values> {
        match self {
            Current::Rows(values) | Current::Padded(values, _) => Some(values),
            Current::Items { values, .. } => Some(values),
            Current::Lists { .. } => None,
        }
    }

    /// The row, among `rows` of them, of an element.
    pub(super) fn row_of(&self, element: usize, rows: usize) -> usize {
        let width = |values: &Values, count: usize| (values.len() / count.max(1)).max(1);
        match self {
            Current::Rows(values) | Current::Padded(values, _) => element / width(values, rows),
            Current::Items { values, counts } => {
                row_of_item(counts, element / width(values, counts.iter().sum()))
            }
            Current::Lists { .. } => 0,
        }
    }

    /// Lists, where the values are lists; their items are of one element.
    fn of_lists(values: Values) -> Current {
        match values {
            Values::Lists(lists) => Current::Lists { lists, width: 1 },
            values => Current::Rows(values),
        }
    }

    fn values(self) -> Values {
        match self {
            Current::Rows(values) | Current::Padded(values, _) => values,
            Current::Lists { lists, .. } => Values::Lists(lists),
            Current::Items { values, .. } => values,
        }
    }

    fn lists(self) -> Vec<Arc<Values>> {
        match self {
            Current::Lists { lists, .. } => lists,
            Current::Items { values, counts } => {
                let width = values.len() / counts.iter().sum::<usize>().max(1);
                let mut start = 0;
                let list = |count| {
                    let first = start;
                    start += count * width;
                    Arc::new(values.slice(first..start))
                };
                counts.into_iter().map(list).collect()
            }
            Current::Rows(_) | Current::Padded(..) => Vec::new(),
        }
    }

    fn items(self) -> (Values, Vec<usize>) {
        match self {
            Current::Items { values, counts } => (values, counts),
            Current::Lists { lists, width } => {
                let counts = lists.iter().map(|list| list.len() / width).collect();
                (Values::concatenated(&lists), counts)
            }
            Current::Rows(values) | Current::Padded(values, _) => (values, Vec::new()),
        }
    }
}

/// The row of an item, by the number of items of each row.
fn row_of_item(counts: &[usize], item: usize) -> usize {
    let mut end = 0;
    let holds = |count: &usize| {
        end += count;
        item < end
    };
    counts.iter().position(holds).unwrap_or_default()
}
