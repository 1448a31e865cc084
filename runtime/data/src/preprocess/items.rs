//! The values of some rows between two steps.

use std::sync::Arc;

use multi_input_spec::{self as spec, Kind, Shape};

use super::{
    pad,
    stage::{FittedStage, Refusal, RowRng},
};
use crate::{schema::Step, table::Lengths, Content, Values};

/// The values of some rows between two steps. A step that does not take lists as a whole is applied
/// to the items of all rows at once, as if each item were a row.
pub(super) enum RowValues {
    /// As many values in every row.
    Rows(Values),
    /// Lists of any length, with items of `width` elements.
    Lists { lists: Vec<Arc<Values>>, width: usize },
    /// The items of all lists, and the number of items of each.
    Items { values: Values, counts: Vec<usize> },
    /// Lists that are padded to one length.
    Padded(Values, Lengths),
}

impl RowValues {
    /// The raw values of some rows of a column of `content`.
    pub(super) fn raw(values: Values, content: Content) -> RowValues {
        match (values, content) {
            (Values::Lists(lists), Content::Lists { width, .. }) => {
                RowValues::Lists { lists, width: width.max(1) }
            }
            (values, _) => RowValues::Rows(values),
        }
    }

    /// Applies a fitted step. A refusal names the row.
    pub(super) fn apply(
        self,
        step: &Step,
        fitted: &dyn FittedStage,
        rng: Option<&RowRng>,
    ) -> Result<RowValues, Refusal> {
        if !step.input.is_list() {
            let values = applied(step, fitted, self.values(), rng)?;
            return Ok(RowValues::output_of(values, step));
        }
        if step.spec.form.takes_lists {
            let lists = self.lists();
            let lengths = step.output.is_masked().then(|| pad::lengths(step, &lists));
            let values = fitted.apply(step, Values::Lists(lists), rng)?;
            return Ok(match lengths {
                Some(lengths) => RowValues::Padded(values, lengths),
                None => RowValues::output_of(values, step),
            });
        }
        let (values, counts) = self.items();
        let rng = rng.filter(|_| fitted.is_random(step)).map(|rng| rng.of_items(&counts));
        match applied(step, fitted, values, rng.as_ref()) {
            Ok(values) => Ok(RowValues::Items { values, counts }),
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
            RowValues::Padded(values, lengths) => (values, Some(lengths)),
            others => (others.values(), None),
        }
    }

    /// The elements of all rows; `None` for lists that no step has changed yet.
    pub(super) fn elements(&self) -> Option<&Values> {
        match self {
            RowValues::Rows(values) | RowValues::Padded(values, _) => Some(values),
            RowValues::Items { values, .. } => Some(values),
            RowValues::Lists { .. } => None,
        }
    }

    /// The row, among `rows` of them, of an element.
    pub(super) fn row_of(&self, element: usize, rows: usize) -> usize {
        let width = |values: &Values, count: usize| (values.len() / count.max(1)).max(1);
        match self {
            RowValues::Rows(values) | RowValues::Padded(values, _) => element / width(values, rows),
            RowValues::Items { values, counts } => {
                row_of_item(counts, element / width(values, counts.iter().sum()))
            }
            RowValues::Lists { .. } => 0,
        }
    }

    /// The output of `step`, which may be lists.
    fn output_of(values: Values, step: &Step) -> RowValues {
        match values {
            Values::Lists(lists) => {
                RowValues::Lists { lists, width: step.output.elements().get().max(1) }
            }
            values => RowValues::Rows(values),
        }
    }

    fn values(self) -> Values {
        match self {
            RowValues::Rows(values) | RowValues::Padded(values, _) => values,
            RowValues::Lists { lists, .. } => Values::Lists(lists),
            RowValues::Items { values, .. } => values,
        }
    }

    fn lists(self) -> Vec<Arc<Values>> {
        match self {
            RowValues::Lists { lists, .. } => lists,
            RowValues::Items { values, counts } => {
                let width = values.len() / counts.iter().sum::<usize>().max(1);
                let mut start = 0;
                let list = |count| {
                    let first = start;
                    start += count * width;
                    Arc::new(values.slice(first..start))
                };
                counts.into_iter().map(list).collect()
            }
            RowValues::Rows(_) | RowValues::Padded(..) => Vec::new(),
        }
    }

    /// The items of all lists, and the number of items of each; no numbers for other rows.
    pub(super) fn items(self) -> (Values, Vec<usize>) {
        match self {
            RowValues::Items { values, counts } => (values, counts),
            RowValues::Lists { lists, width } => {
                let counts = lists.iter().map(|list| list.len() / width).collect();
                (Values::concatenated(&lists), counts)
            }
            RowValues::Rows(values) | RowValues::Padded(values, _) => (values, Vec::new()),
        }
    }
}

/// The output of a step for rows, or for items. What a step of the user's own gives is checked, because
/// everything behind it relies on its shape.
fn applied(
    step: &Step,
    fitted: &dyn FittedStage,
    values: Values,
    rng: Option<&RowRng>,
) -> Result<Values, Refusal> {
    let rows = match &values {
        Values::Pictures(pictures) => pictures.len(),
        values => values.len() / step.input.elements().get().max(1),
    };
    let values = fitted.apply(step, values, rng)?;
    let Some(own) = step.own else { return Ok(values) };
    let mistake = shape_mistake(&step.output, &values, rows);
    mistake.map_or(Ok(values), |(row, expected, found)| {
        Err(Refusal { row, expected: format!("{expected} from `{own:?}`"), found })
    })
}

/// What is wrong with values that should be of a shape: the row, what was expected, and what was
/// found.
pub(super) fn shape_mistake(
    shape: &Shape,
    values: &Values,
    rows: usize,
) -> Option<(usize, String, String)> {
    let (width, bound) = (shape.elements().get(), shape.below.get());
    let is_of_kind = match shape.kind {
        Kind::Numbers => matches!(values, Values::Numbers(_) | Values::Doubles(_)),
        Kind::Categories => matches!(values, Values::Categories(_)),
        Kind::Texts => matches!(values, Values::Texts(_)),
        Kind::Pictures => matches!(values, Values::Pictures(_)),
        Kind::Dates => matches!(values, Values::Dates(_)),
    };
    let each = if shape.kind == Kind::Pictures { 1 } else { width };
    if !is_of_kind || values.len() != rows * each {
        let shape = spec::Text::new("").shape(&shape.with_list(false));
        let found = match is_of_kind {
            true => format!("{} values of {rows} rows", values.len()),
            false => "values of another type".to_owned(),
        };
        return Some((0, format!("{} of each row", shape.as_str()), found));
    }
    let Values::Categories(indices) = values else { return None };
    let index = indices.iter().position(|&index| index as usize >= bound)?;
    Some((index / width.max(1), format!("a category below {bound}"), indices[index].to_string()))
}

/// The row of an item, by the number of items of each row.
pub(super) fn row_of_item(counts: &[usize], item: usize) -> usize {
    let mut end = 0;
    let holds = |count: &usize| {
        end += count;
        item < end
    };
    counts.iter().position(holds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_another_shape_are_found() {
        let pair = Shape::numbers(&[spec::Size::Known(2)]);
        let mistake = |shape: Shape, values: Values| shape_mistake(&shape, &values, 2);
        assert_eq!(mistake(pair, Values::Doubles(vec![0.0; 4])), None);
        let (row, expected, found) = mistake(pair, Values::Numbers(vec![0.0; 3])).unwrap();
        assert_eq!((row, expected.as_str()), (0, "[2] of each row"));
        assert_eq!(found, "3 values of 2 rows");
        let (_, _, found) = mistake(pair, Values::Categories(vec![0; 4])).unwrap();
        assert_eq!(found, "values of another type");
        let indices = Shape::categories(&[]).below(spec::Size::Known(3));
        let (row, expected, found) = mistake(indices, Values::Categories(vec![2, 3])).unwrap();
        assert_eq!((row, expected.as_str(), found.as_str()), (1, "a category below 3", "3"));
    }

    #[test]
    fn items_of_all_rows_are_one_vector_and_become_lists_again() {
        let lists = [vec![1.0, 2.0, 3.0, 4.0], vec![], vec![5.0, 6.0]];
        let lists: Vec<_> = lists.map(|list| Arc::new(Values::Numbers(list))).to_vec();
        let content = Content::Lists { of: &Content::Numbers { blanks: false }, width: 2 };
        let raw = || RowValues::raw(Values::Lists(lists.clone()), content);
        let (values, counts) = raw().items();
        assert_eq!(values, Values::Numbers(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert_eq!(counts, [2, 0, 1]);
        let items = RowValues::Items { values, counts };
        assert_eq!((items.row_of(3, 3), items.row_of(4, 3)), (0, 2));
        assert_eq!(items.lists(), lists);
        assert_eq!(
            (0..4).map(|item| row_of_item(&[2, 0, 1], item)).collect::<Vec<_>>(),
            [0, 0, 2, 0]
        );
    }
}
