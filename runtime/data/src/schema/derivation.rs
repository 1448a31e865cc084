//! Derived nodes: values computed from the raw values of several inputs.

use std::fmt;

use chrono::NaiveDateTime;
#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

use super::{stage::Refusal, Derived};
use crate::{table::Column, Values};

/// A node computed from the raw values of several inputs, before the inputs' own steps. `self` is its
/// settings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no derivation",
    label = "no derivation",
    note = "a derivation implements `multi_input::preprocess::stage::Derivation`"
)]
pub trait Derivation: fmt::Debug + Send + Sync + 'static {
    /// Whether an input of numbers is given as the categories that its steps make of it. Then no step
    /// of the node can learn, because all are fitted in the same passes.
    fn takes_encoded(&self) -> bool {
        false
    }

    /// Computes the values of the node for some rows, in the shape of the node. A missing number is
    /// NaN, which the step `impute` of the node may fill.
    ///
    /// # Errors
    /// A [`Refusal`] for a row without a value.
    fn derive(&self, derived: &Derived, of: &Sources<'_>) -> Result<Values, Refusal>;

    /// Appends the operators of [`derive`](Derivation::derive) to the graph of an ONNX file. `of` are
    /// the inputs in the order in which the annotation names them. The result is `[batch, ..]` of
    /// `double` (or of `int64`, if it is categories), where `..` is the shape of the node.
    ///
    /// # Errors
    /// A refusal with a reason, if there are no operators for it.
    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        derived: &Derived,
        graph: &mut onnx::Graph,
        of: &[OnnxSource],
    ) -> Result<onnx::Value, onnx::Refusal> {
        let _ = (graph, of);
        Err(match (derived.own, onnx::Refusal::check(derived.spec.name, derived.spec.doc.onnx)) {
            (None, Err(refusal)) => refusal,
            _ => onnx::Refusal::new(
                format!("`{derived:?}` is a derivation of your own, written in Rust"),
                "implement `to_onnx` for it",
            ),
        })
    }
}

/// An input of a derivation in the graph of an ONNX file, before its steps.
#[cfg(feature = "onnx")]
#[derive(Clone, Debug)]
pub struct OnnxSource {
    /// The values: `[batch, ..]`, where `..` is the shape of the input.
    pub value: onnx::Value,
    /// Which rows have the input, `[batch, 1]` of `bool`; `None` if it is not optional. The values of
    /// the others are arbitrary.
    pub present: Option<onnx::Value>,
}

/// The raw values of some rows of which a node is derived.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    columns: &'a [Column],
    rows: usize,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(columns: &'a [Column], rows: usize) -> Sources<'a> {
        Sources { columns, rows }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The inputs, in the order in which the annotation names them.
    pub fn columns(&self) -> &'a [Column] {
        self.columns
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = SourceRow<'a>> {
        let columns = self.columns;
        (0..self.rows).map(move |row| SourceRow { columns, row })
    }

    /// The values of a node of one number in each row. `None` is a missing number.
    pub fn each_number(&self, number: impl FnMut(SourceRow<'a>) -> Option<f64>) -> Values {
        let numbers = self.rows().map(number);
        Values::Doubles(numbers.map(|number| number.unwrap_or(f64::NAN)).collect())
    }

    /// The values of a node of `N` numbers in each row. `None` is a row without numbers.
    pub fn each_array<const N: usize>(
        &self,
        array: impl FnMut(SourceRow<'a>) -> Option<[f64; N]>,
    ) -> Values {
        let arrays = self.rows().map(array);
        Values::Doubles(arrays.flat_map(|array| array.unwrap_or([f64::NAN; N])).collect())
    }

    /// The values of a node of one category in each row.
    pub fn each_category(&self, category: impl FnMut(SourceRow<'a>) -> u32) -> Values {
        Values::Categories(self.rows().map(category).collect())
    }
}

/// The raw values of one row of which a node is derived. An input is known by its position in the
/// annotation; `None` is an absent value, and one of another type.
#[derive(Clone, Copy, Debug)]
pub struct SourceRow<'a> {
    columns: &'a [Column],
    row: usize,
}

impl<'a> SourceRow<'a> {
    /// Index of the row among those of the call.
    pub fn index(&self) -> usize {
        self.row
    }

    /// Whether the input has a value in this row.
    pub fn is_present(&self, input: usize) -> bool {
        self.column(input).is_some()
    }

    /// The number of an input: `f32`, `f64`, a whole number, or a `bool` as 0 or 1. A missing number
    /// is `None`.
    pub fn number(&self, input: usize) -> Option<f64> {
        self.element(input, 0).filter(|number| !number.is_nan())
    }

    /// The numbers of an input, of which missing ones are NaN.
    pub fn numbers(&self, input: usize) -> Option<Vec<f64>> {
        let width = self.column(input)?.width;
        (0..width).map(|index| self.element(input, index)).collect()
    }

    /// Number `index` of an input; a missing one is NaN.
    pub(crate) fn element(&self, input: usize, index: usize) -> Option<f64> {
        let column = self.column(input)?;
        let index = self.row * column.width + index;
        match &*column.values {
            Values::Numbers(numbers) => numbers.get(index).map(|&number| number.into()),
            Values::Doubles(numbers) => numbers.get(index).copied(),
            Values::Categories(numbers) => numbers.get(index).map(|&number| number.into()),
            _ => None,
        }
    }

    /// The category index of an input of `u32`.
    pub fn category(&self, input: usize) -> Option<u32> {
        let column = self.column(input)?;
        match &*column.values {
            Values::Categories(indices) => indices.get(self.row * column.width).copied(),
            _ => None,
        }
    }

    /// The text of an input.
    pub fn text(&self, input: usize) -> Option<&'a str> {
        let column = self.column(input)?;
        match &*column.values {
            Values::Texts(texts) => texts.get(self.row * column.width).map(|text| &**text),
            _ => None,
        }
    }

    /// The date of an input; one without a time is midnight.
    pub fn date(&self, input: usize) -> Option<NaiveDateTime> {
        match &*self.column(input)?.values {
            Values::Dates(dates) => dates.get(self.row).copied(),
            _ => None,
        }
    }

    /// The column of an input that is present in this row.
    fn column(&self, input: usize) -> Option<&'a Column> {
        self.columns.get(input).filter(|column| column.is_present(self.row))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Content;

    fn column(values: Values, width: usize, present: Option<Vec<bool>>) -> Column {
        let content = Content::Doubles { blanks: true };
        Column { name: "x", content, width, values: Arc::new(values), present, lengths: None }
    }

    #[test]
    fn values_of_a_row_are_taken_by_their_type() {
        let columns = [
            column(Values::Numbers(vec![1.0, 2.0, f32::NAN, 4.0]), 2, None),
            column(Values::Categories(vec![7, 8]), 1, Some(vec![true, false])),
            column(Values::Texts(vec!["a".into(), "b".into()]), 1, None),
        ];
        let sources = Sources::new(&columns, 2);
        let rows: Vec<SourceRow<'_>> = sources.rows().collect();
        assert_eq!(rows[0].numbers(0), Some(vec![1.0, 2.0]));
        assert_eq!((rows[0].number(0), rows[1].number(0)), (Some(1.0), None));
        assert_eq!((rows[0].number(1), rows[0].category(1)), (Some(7.0), Some(7)));
        assert_eq!((rows[1].category(1), rows[1].is_present(1)), (None, false));
        assert_eq!((rows[1].text(2), rows[1].text(0), rows[1].number(2)), (Some("b"), None, None));
        assert_eq!((rows[1].number(9), rows[1].index(), sources.len()), (None, 1, 2));
        let sums = sources.each_number(|row| Some(row.number(1)? + 1.0));
        let Values::Doubles(sums) = sums else { panic!() };
        assert!(sums[0] == 8.0 && sums[1].is_nan());
        let pairs = sources.each_array(|row| row.category(1).map(|c| [f64::from(c), 0.5]));
        let Values::Doubles(pairs) = pairs else { panic!() };
        assert_eq!((&pairs[..2], pairs[2].is_nan()), (&[7.0, 0.5][..], true));
        let indices = sources.each_category(|row| row.index() as u32);
        assert_eq!(indices, Values::Categories(vec![0, 1]));
    }
}
