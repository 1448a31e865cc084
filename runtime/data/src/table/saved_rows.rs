//! Rows of a table as bytes, for other processes of the same program.

use std::sync::Arc;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::{Column, Table, Values};
use crate::{picture::SavedPicture, Picture};

/// The rows of a table of raw values as serde writes them.
#[doc(hidden)] // For the training loop.
#[derive(Serialize, Deserialize)]
pub struct SavedRows {
    rows: usize,
    columns: Vec<SavedColumn>,
}

/// The values of a column.
#[derive(Serialize, Deserialize)]
struct SavedColumn {
    values: SavedValues,
    present: Option<Vec<bool>>,
}

/// [`Values`] without shared parts.
#[derive(Serialize, Deserialize)]
enum SavedValues {
    Numbers(Vec<f32>),
    Doubles(Vec<f64>),
    Categories(Vec<u32>),
    Texts(Vec<String>),
    Pictures(Vec<SavedPicture>),
    Dates(Vec<NaiveDateTime>),
    Lists(Vec<SavedValues>),
}

impl SavedValues {
    fn of(values: &Values) -> SavedValues {
        match values {
            Values::Numbers(numbers) => SavedValues::Numbers(numbers.clone()),
            Values::Doubles(numbers) => SavedValues::Doubles(numbers.clone()),
            Values::Categories(indices) => SavedValues::Categories(indices.clone()),
            Values::Texts(texts) => {
                SavedValues::Texts(texts.iter().map(ToString::to_string).collect())
            }
            Values::Pictures(pictures) => {
                SavedValues::Pictures(pictures.iter().map(Picture::save).collect())
            }
            Values::Dates(dates) => SavedValues::Dates(dates.clone()),
            Values::Lists(lists) => {
                SavedValues::Lists(lists.iter().map(|list| SavedValues::of(list)).collect())
            }
        }
    }

    fn restore(self) -> Result<Values, String> {
        Ok(match self {
            SavedValues::Numbers(numbers) => Values::Numbers(numbers),
            SavedValues::Doubles(numbers) => Values::Doubles(numbers),
            SavedValues::Categories(indices) => Values::Categories(indices),
            SavedValues::Texts(texts) => Values::Texts(texts.into_iter().map(Into::into).collect()),
            SavedValues::Pictures(pictures) => {
                let pictures = pictures.into_iter().map(Picture::restore);
                Values::Pictures(pictures.collect::<Result<_, _>>()?)
            }
            SavedValues::Dates(dates) => Values::Dates(dates),
            SavedValues::Lists(lists) => {
                let lists = lists.into_iter().map(|list| Ok(Arc::new(list.restore()?)));
                Values::Lists(lists.collect::<Result<_, String>>()?)
            }
        })
    }
}

impl Table {
    /// The rows of a table of raw values, for [`append_saved`](Table::append_saved).
    #[doc(hidden)] // For the training loop.
    pub fn save_rows(&self) -> SavedRows {
        let columns = self.columns.iter().map(|column| SavedColumn {
            values: SavedValues::of(&column.values),
            present: column.present.clone(),
        });
        SavedRows { rows: self.rows, columns: columns.collect() }
    }

    /// Appends the first rows of a table with the same columns, at most `limit` of them.
    ///
    /// # Errors
    /// If they are not the rows of such a table.
    #[doc(hidden)] // For the training loop.
    pub fn append_saved(&mut self, saved: SavedRows, limit: usize) -> Result<(), String> {
        let SavedRows { rows, columns } = saved;
        if columns.len() != self.columns.len() {
            let expected = self.columns.len();
            return Err(format!("expected rows of {expected} columns, found {}", columns.len()));
        }
        let columns = self.columns.iter().zip(columns);
        let columns: Result<Vec<Column>, String> =
            columns.map(|(own, saved)| own.with_saved(saved, rows)).collect();
        self.append(&Table { columns: columns?, rows }, 0..rows.min(limit));
        Ok(())
    }
}

impl Column {
    /// The same column with other values, of `rows` rows.
    fn with_saved(&self, saved: SavedColumn, rows: usize) -> Result<Column, String> {
        let SavedColumn { values, present } = saved;
        let values = values.restore()?;
        let is_like = std::mem::discriminant(&values) == std::mem::discriminant(&*self.values)
            && Some(values.len()) == rows.checked_mul(self.width)
            && present.is_some() == self.present.is_some()
            && present.as_ref().is_none_or(|present| present.len() == rows);
        match is_like {
            true => Ok(Column { values: Arc::new(values), present, lengths: None, ..*self }),
            false => Err(format!("`{}`: expected {rows} rows of its type", self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        binary::{from_bytes, to_bytes},
        Content,
    };

    fn column(content: Content, values: Values, present: Option<&[bool]>) -> Column {
        Column {
            name: "x",
            content,
            width: 1,
            values: Arc::new(values),
            present: present.map(<[bool]>::to_vec),
            lengths: None,
        }
    }

    fn table() -> Table {
        let texts = |texts: [&str; 2]| Values::Texts(texts.map(Into::into).to_vec());
        let list = |numbers: &[f32]| Arc::new(Values::Numbers(numbers.to_vec()));
        let lists = Content::Lists { of: &Content::Numbers { blanks: true }, width: 1 };
        let eight = Picture::new(1, 2, 1, [0, 255]).unwrap();
        let sixteen = Picture::new_u16(2, 1, 1, [1, 65_535]).unwrap();
        let resized = eight.resized([1, 1], vec![0.1]).unwrap();
        let date = chrono::DateTime::from_timestamp(1_700_000_000, 5).unwrap().naive_utc();
        let columns = vec![
            column(
                Content::Numbers { blanks: true },
                Values::Numbers(vec![f32::NEG_INFINITY, -0.0]),
                None,
            ),
            column(
                Content::Doubles { blanks: true },
                Values::Doubles(vec![f64::MAX, 1e-320]),
                Some(&[true, false]),
            ),
            column(Content::Categories { below: 9 }, Values::Categories(vec![8, 0]), None),
            column(Content::Texts, texts(["", "caf\u{e9}"]), None),
            column(Content::Pictures, Values::Pictures(vec![resized, sixteen]), None),
            column(Content::Dates, Values::Dates(vec![date, NaiveDateTime::MIN]), None),
            column(lists, Values::Lists(vec![list(&[]), list(&[1.5, 2.5])]), None),
        ];
        Table { columns, rows: 2 }
    }

    #[test]
    fn rows_of_every_type_come_back() {
        let bytes = to_bytes(&table().save_rows()).unwrap();
        let saved = || from_bytes::<SavedRows>(&bytes).unwrap();
        let mut restored = table().select(&[]);
        restored.append_saved(saved(), 9).unwrap();
        assert_eq!(restored, table());
        restored.append_saved(saved(), 1).unwrap();
        assert_eq!(restored, table().select(&[0, 1, 0]));
    }

    #[test]
    fn rows_of_other_columns_are_refused() {
        let mut fewer = table();
        fewer.columns.pop();
        let error = fewer.append_saved(table().save_rows(), 9);
        assert_eq!(error, Err("expected rows of 6 columns, found 7".to_owned()));
        let mut others = table();
        others.columns.swap(0, 1);
        let error = others.append_saved(table().save_rows(), 9);
        assert_eq!(error, Err("`x`: expected 2 rows of its type".to_owned()));
        let short = SavedRows { rows: 1, ..table().save_rows() };
        assert!(table().append_saved(short, 9).is_err());
    }
}
