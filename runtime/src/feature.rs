//! The inputs of a model and the columns of their arrays, as importance, attributions and partial
//! dependence name them.

use multi_input_base::{Error, Result};
use multi_input_data::{
    columns::{cells::ColumnNames, RowSpec},
    Content,
};

use crate::definition::{Graph, Input};

/// An input of a model, or one column of an input that is an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The field's name.
    pub input: &'static str,
    /// The index of the column among the elements of the array; `None` for the whole field.
    pub column: Option<usize>,
    /// The name: of the whole field `measurements`; of a column the one in `columns("rooms", ..)`,
    /// or else `measurements[3]`.
    pub name: String,
    /// The index of the input.
    pub(crate) index: usize,
}

/// An array of more columns than this is one feature, because the work grows with their number.
pub(crate) const MOST_COLUMNS: usize = 100;

/// The number of columns of an input: 1 unless it is an array of numbers, dates or categories.
pub(crate) fn columns(input: &Input) -> usize {
    match input.kind {
        Content::Texts | Content::Pictures | Content::Lists { .. } => 1,
        _ => input.shape.iter().product(),
    }
}

impl Feature {
    /// The whole input number `index`.
    pub(crate) fn whole(graph: &Graph, index: usize) -> Feature {
        let input = graph.inputs[index].name;
        Feature { input, column: None, name: input.to_owned(), index }
    }

    /// A column of the input number `index`; `row` describes the columns of data files.
    pub(crate) fn of_column(
        graph: &Graph,
        row: Option<&RowSpec>,
        index: usize,
        column: usize,
    ) -> Feature {
        let input = &graph.inputs[index];
        let named = row.and_then(|row| row.fields.get(index)).and_then(|field| {
            let ColumnNames::Named(names) = field.names.columns else { return None };
            (names.len() == columns(input)).then(|| names[column].to_owned())
        });
        let name = named.unwrap_or_else(|| indexed(input, column));
        Feature { input: input.name, column: Some(column), name, index }
    }

    /// Every input; with `by_column` its columns, if there are several and not too many.
    pub(crate) fn all(graph: &Graph, row: Option<&RowSpec>, by_column: bool) -> Vec<Feature> {
        let features = graph.inputs.iter().enumerate().flat_map(|(index, input)| {
            match by_column && (2..=MOST_COLUMNS).contains(&columns(input)) {
                false => vec![Feature::whole(graph, index)],
                true => {
                    let of_column = |column| Feature::of_column(graph, row, index, column);
                    (0..columns(input)).map(of_column).collect()
                }
            }
        });
        features.collect()
    }

    /// The columns of the input `name`.
    ///
    /// # Errors
    /// [`Error::Explanation`] if there is no such input, or it has no columns.
    pub(crate) fn columns_of(
        graph: &Graph,
        row: Option<&RowSpec>,
        name: &str,
    ) -> Result<Vec<Feature>> {
        let index = Feature::index_of(graph, name)?;
        match columns(&graph.inputs[index]) {
            1 => Err(mistake(format!(
                "`{name}` has no columns: it is no array of numbers, dates or categories"
            ))),
            count => {
                let of_column = |column| Feature::of_column(graph, row, index, column);
                Ok((0..count).map(of_column).collect())
            }
        }
    }

    /// The input `name`, or one of its columns.
    ///
    /// # Errors
    /// [`Error::Explanation`] if there is no such input or column.
    pub(crate) fn named(
        graph: &Graph,
        row: Option<&RowSpec>,
        (name, column): (&str, Option<usize>),
    ) -> Result<Feature> {
        let index = Feature::index_of(graph, name)?;
        match (column, columns(&graph.inputs[index])) {
            (None, _) => Ok(Feature::whole(graph, index)),
            (Some(column), count) if column < count && count > 1 => {
                Ok(Feature::of_column(graph, row, index, column))
            }
            (Some(column), count) => Err(mistake(format!(
                "`{name}` has no column {column}: {}",
                match count {
                    1 => "it is no array of numbers, dates or categories".to_owned(),
                    _ => format!("it has {count}, from 0"),
                }
            ))),
        }
    }

    fn index_of(graph: &Graph, name: &str) -> Result<usize> {
        let index = graph.inputs.iter().position(|input| input.name == name);
        index.ok_or_else(|| mistake(format!("`{name}` is no input")))
    }

    /// Whether the feature includes an element of an input.
    pub(crate) fn includes(&self, input: usize, element: usize) -> bool {
        self.index == input && self.column.is_none_or(|column| column == element)
    }
}

/// The error for something that cannot be explained.
pub(crate) fn mistake(text: String) -> Error {
    Error::Explanation(vec![text])
}

/// `field[1][0]`: the index of a column in each axis of an array.
fn indexed(input: &Input, column: usize) -> String {
    let mut rest = column;
    let mut indices: Vec<String> = Vec::new();
    for size in input.shape.iter().rev() {
        indices.insert(0, format!("[{}]", rest % size));
        rest /= size;
    }
    format!("{}{}", input.name, indices.concat())
}
