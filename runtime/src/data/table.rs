//! Rows, column by column.

use crate::definition::{Graph, InputKind, Output, Target};

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Finite numbers.
    Numbers,
    /// Indices below `below`.
    Categories {
        /// The first index that is too large.
        below: usize,
    },
}

/// The values of a column, row after row.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Numbers(Vec<f32>),
    /// Category indices, or the index of a class.
    Categories(Vec<u32>),
}

/// What all rows hold for one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The field's name.
    pub name: &'static str,
    /// What it may hold.
    pub content: Content,
    /// How many values a row has.
    pub width: usize,
    /// The values. Where a row is absent they are zeros, which nothing may rely on.
    pub values: Values,
    /// Which rows are present; `None` where the field is not an `Option`.
    pub present: Option<Vec<bool>>,
}

impl Column {
    fn new(name: &'static str, content: Content, width: usize, optional: bool) -> Column {
        let values = match content {
            Content::Numbers => Values::Numbers(Vec::new()),
            Content::Categories { .. } => Values::Categories(Vec::new()),
        };
        Column { name, content, width, values, present: optional.then(Vec::new) }
    }

    fn target(output: &Output) -> Column {
        match output.target {
            Target::Numbers => Column::new(output.name, Content::Numbers, output.width, false),
            Target::Flag => Column::new(output.name, Content::Numbers, 1, false),
            Target::Class => {
                let content = Content::Categories { below: output.width };
                Column::new(output.name, content, 1, false)
            }
        }
    }

    /// Whether a row's value is there.
    pub fn is_present(&self, row: usize) -> bool {
        self.present.as_ref().is_none_or(|present| present[row])
    }

    /// How many values have been written.
    pub(crate) fn written(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Categories(categories) => categories.len(),
        }
    }
}

/// Rows of raw or preprocessed values: one column for each input and, for rows to train on, one
/// for each target.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns, inputs first.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub rows: usize,
}

impl Table {
    /// An empty table for rows to predict from.
    pub fn of_inputs(graph: &Graph) -> Table {
        let columns = graph.inputs.iter().map(|input| {
            let content = match input.kind {
                InputKind::Numbers => Content::Numbers,
                InputKind::Categories { below } => Content::Categories { below },
            };
            let width = input.shape.iter().product();
            Column::new(input.name, content, width, input.missing.is_some())
        });
        Table { columns: columns.collect(), rows: 0 }
    }

    /// An empty table for rows to train on.
    pub fn of_samples(graph: &Graph) -> Table {
        let mut table = Table::of_inputs(graph);
        table.columns.extend(graph.outputs.iter().map(Column::target));
        table
    }

    /// The rows of these numbers, in this order.
    pub(crate) fn select(&self, rows: &[usize]) -> Table {
        fn pick<T: Copy>(all: &[T], width: usize, rows: &[usize]) -> Vec<T> {
            rows.iter().flat_map(|row| &all[row * width..][..width]).copied().collect()
        }
        let column = |column: &Column| Column {
            values: match &column.values {
                Values::Numbers(all) => Values::Numbers(pick(all, column.width, rows)),
                Values::Categories(all) => Values::Categories(pick(all, column.width, rows)),
            },
            present: column.present.as_ref().map(|all| pick(all, 1, rows)),
            ..*column
        };
        Table { columns: self.columns.iter().map(column).collect(), rows: rows.len() }
    }

    /// The first `rows` rows.
    pub(crate) fn first(&self, rows: usize) -> Table {
        let mut table = self.clone();
        for column in &mut table.columns {
            match &mut column.values {
                Values::Numbers(numbers) => numbers.truncate(rows * column.width),
                Values::Categories(categories) => categories.truncate(rows * column.width),
            }
            if let Some(present) = &mut column.present {
                present.truncate(rows);
            }
        }
        table.rows = rows.min(self.rows);
        table
    }
}
