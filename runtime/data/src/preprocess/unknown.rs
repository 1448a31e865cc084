//! Values of rows that the preprocessing has not seen in fitting.

use multi_input_base::{quote::Quoted, Error, Result};

use super::{
    fitting::{rows_that_count, Counts},
    merging::{open_statistics, seal_statistics, Mergeable},
    pipeline::Pipeline,
    seen::{of_elements, SeenValues},
    Preprocessing,
};
use crate::{description::Scalar, schema::Input, Column, Content, Table};

/// What is unknown about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UnknownKind {
    /// A category or an index that no training row had, or that the vocabulary has no place for.
    Category,
    /// Words that are not in the vocabulary.
    Word,
    /// A number or date outside of the range of the training rows.
    Range,
    /// No value, where every training row had one.
    Absent,
}

/// A value of a row that the preprocessing has not seen in fitting.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownValue {
    /// The index of the row.
    pub row: usize,
    /// The index of the element in an array, or in the items of a list; `None` if there is but one.
    pub column: Option<usize>,
    /// What is unknown.
    pub kind: UnknownKind,
    /// The value.
    pub found: String,
    /// The values of the training rows.
    pub seen: String,
}

/// The number of words that are listed.
const MOST_WORDS: usize = 5;

impl UnknownValue {
    /// An absent row.
    pub(super) fn absent(row: usize) -> UnknownValue {
        let (found, seen) = ("absent".to_owned(), "a value in every row".to_owned());
        UnknownValue { row, column: None, kind: UnknownKind::Absent, found, seen }
    }
}

impl Preprocessing {
    /// The values of each row of a table that fitting has not seen, with the index of their input:
    /// categories and words that are not in a vocabulary, category indices, and numbers and dates
    /// outside of their range, which is extended at both ends by `margin` times its length.
    ///
    /// # Errors
    /// [`Error::Value`] for a row that a step cannot transform.
    pub fn unknown(&self, table: &Table, margin: f64) -> Result<Vec<Vec<(usize, UnknownValue)>>> {
        let mut by_row = vec![Vec::new(); table.rows];
        let inputs = self.schema.inputs.iter().zip(&self.inputs).zip(&table.columns);
        for (index, ((input, pipeline), column)) in inputs.enumerate() {
            let of_values = pipeline.seen.iter().filter(|seen| !seen.is_empty());
            let of_values = of_values.flat_map(|seen| seen.unknown(column, input.missing, margin));
            let of_vocabulary = unknown_entries(input, pipeline, column)?;
            for unknown in of_values.chain(of_vocabulary) {
                by_row[unknown.row].push((index, unknown));
            }
        }
        Ok(by_row)
    }

    /// The inputs whose training values are not recorded, as in files of earlier versions: of which
    /// [`unknown`](Preprocessing::unknown) knows nothing but a vocabulary. Pictures, texts without a
    /// vocabulary, and more than 65,536 ranges of category indices are never recorded.
    pub fn unrecorded(&self) -> Vec<&'static str> {
        let inputs = self.schema.inputs.iter().zip(&self.inputs);
        let unrecorded = inputs.filter(|(input, pipeline)| {
            let of_texts = matches!(
                of_elements(input.kind),
                Content::Names | Content::Texts | Content::Pictures
            );
            let has_vocabulary = pipeline.vocabulary().is_some();
            match &pipeline.seen {
                None => true,
                Some(seen) if seen.is_empty() => !has_vocabulary,
                Some(_) if has_vocabulary => false,
                Some(seen) => of_texts || !seen.is_complete(input),
            }
        });
        unrecorded.map(|(input, _)| input.name).collect()
    }

    /// The least and the greatest value that fitting has seen, for each number or date of an input or
    /// of the items of its lists; empty for other inputs, and where they are not recorded.
    pub fn ranges(&self, input: &str) -> Vec<Option<[Scalar; 2]>> {
        let mut inputs = self.schema.inputs.iter().zip(&self.inputs);
        let seen = inputs.find_map(|(own, pipeline)| {
            (own.name == input).then_some((own, pipeline.seen.as_ref()?))
        });
        let recorded = seen.filter(|(_, seen)| !seen.is_empty());
        recorded.map(|(own, seen)| seen.ranges(own.kind)).unwrap_or_default()
    }

    /// Adds rows of a table of samples to the values that the inputs have seen, without fitting any
    /// step. An input without a record remains without.
    #[doc(hidden)] // For the training loop.
    pub fn observe(&mut self, table: &Table, rows: &[usize], counts: Counts<'_>) {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let rows = rows_that_count(targets, rows, counts);
        for (pipeline, column) in self.inputs.iter_mut().zip(inputs) {
            if let Some(seen) = &mut pipeline.seen {
                seen.update(column, &rows);
            }
        }
    }

    /// The values that the inputs were fitted on and have [observed](Preprocessing::observe) since, for
    /// [`merge_observed`](Preprocessing::merge_observed).
    ///
    /// # Errors
    /// None but that of the serializer.
    #[doc(hidden)] // For the training loop.
    pub fn observed(&self) -> Result<Vec<u8>> {
        let seen: Vec<_> = self.inputs.iter().map(|pipeline| &pipeline.seen).collect();
        seal_statistics(self.schema, &seen).map_err(|reason| Error::Settings(vec![reason]))
    }

    /// Adds the values that another process has observed with the same preprocessing.
    ///
    /// # Errors
    /// [`Error::Settings`] for bytes that are damaged or from another model.
    #[doc(hidden)] // For the training loop.
    pub fn merge_observed(&mut self, others: &[u8]) -> Result<()> {
        let mut merge = || {
            let others: Vec<Option<SeenValues>> = open_statistics(self.schema, others)?;
            let mut inputs = self.inputs.iter_mut().zip(others);
            inputs.try_for_each(|(pipeline, others)| pipeline.seen.merge(others))
        };
        merge().map_err(|reason| Error::Settings(vec![reason]))
    }
}

/// The entries of a column's rows that the vocabulary of the input does not have. The words of a row
/// are one value.
fn unknown_entries(
    input: &Input,
    pipeline: &Pipeline,
    column: &Column,
) -> Result<Vec<UnknownValue>> {
    let kind = match input.kind {
        Content::Texts => UnknownKind::Word,
        _ => UnknownKind::Category,
    };
    let Some((size, entries)) = pipeline.unknown_entries(column)? else { return Ok(Vec::new()) };
    let seen = format!("a vocabulary of {} entries", size.entries);
    let by_value = entries
        .chunk_by(|(row, column, _), (next, next_column, _)| (row, column) == (next, next_column));
    let unknown = by_value.filter_map(|entries| {
        let (row, column, _) = entries.first()?;
        let shown = entries.iter().take(MOST_WORDS);
        let shown: Vec<String> = shown.map(|(.., entry)| Quoted(entry).to_string()).collect();
        let more = match entries.len().saturating_sub(MOST_WORDS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (found, seen) = (format!("{}{more}", shown.join(", ")), seen.clone());
        Some(UnknownValue { row: *row, column: *column, kind, found, seen })
    });
    Ok(unknown.collect())
}
