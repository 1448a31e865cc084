//! The raw values of an input on which the preprocessing was fitted.

use std::ops::Range;

use chrono::{DateTime, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{
    merging::Mergeable,
    unknown::{UnknownKind, UnknownValue},
};
use crate::{
    description::Scalar,
    schema::{Input, Missing},
    Column, Content, Values,
};

/// Upper bound of the number of runs of category indices that are recorded.
const MOST_RUNS: usize = 1 << 16;

/// Upper bound of the number of unknown categories of a list that are listed.
const MOST_ITEMS: usize = 5;

/// The ranges of numbers and dates, and the category indices, of the rows on which an input was
/// fitted. All of them are independent of the order of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SeenValues {
    /// For each element of a row, or of an item of a list; empty unless they are numbers or dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    elements: Vec<SeenElement>,
    /// Category indices that no vocabulary holds; `None` if there are none, or too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    categories: Option<Runs>,
    /// Whether a row was present.
    present: bool,
    /// Whether a row was absent.
    absent: bool,
}

/// The values of one element of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct SeenElement {
    /// The least and the greatest number; milliseconds since 1970 for a date. `None` if every row
    /// was absent or missing.
    range: Option<[f64; 2]>,
    /// Whether a number was missing (NaN).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
}

impl SeenElement {
    fn add(&mut self, number: f64) {
        match number.is_nan() {
            true => self.missing = true,
            false => self.include([number; 2]),
        }
    }

    fn include(&mut self, range: [f64; 2]) {
        let [least, most] = self.range.unwrap_or(range);
        self.range = Some([least.min(range[0]), most.max(range[1])]);
    }

    fn is_sound(&self) -> bool {
        let is_sound = |[least, most]: &[f64; 2]| least.is_finite() && least <= most;
        self.range.as_ref().is_none_or(is_sound)
    }
}

impl Mergeable for SeenElement {
    fn merge(&mut self, later: SeenElement) -> Result<(), String> {
        later.range.into_iter().for_each(|range| self.include(range));
        self.missing |= later.missing;
        Ok(())
    }
}

/// A set of integers as runs of successive ones, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Runs(Vec<[u32; 2]>);

impl Runs {
    fn insert(&mut self, index: u32) {
        let at = self.0.partition_point(|run| run[1] < index);
        if self.0.get(at).is_some_and(|run| run[0] <= index) {
            return;
        }
        let follows = at > 0 && self.0[at - 1][1] + 1 == index;
        let precedes = self.0.get(at).is_some_and(|run| run[0] - 1 == index);
        match (follows, precedes) {
            (true, true) => self.0[at - 1][1] = self.0.remove(at)[1],
            (true, false) => self.0[at - 1][1] = index,
            (false, true) => self.0[at][0] = index,
            (false, false) => self.0.insert(at, [index; 2]),
        }
    }

    fn contains(&self, index: u32) -> bool {
        let at = self.0.partition_point(|run| run[1] < index);
        self.0.get(at).is_some_and(|run| run[0] <= index)
    }

    fn is_sound(&self) -> bool {
        let ascending = self.0.iter().all(|run| run[0] <= run[1]);
        ascending && self.0.windows(2).all(|runs| runs[0][1] < runs[1][0])
    }

    /// The number of integers.
    fn len(&self) -> u64 {
        self.0.iter().map(|[first, last]| u64::from(last - first) + 1).sum()
    }
}

impl Mergeable for Runs {
    fn merge(&mut self, later: Runs) -> Result<(), String> {
        if !later.is_sound() {
            return Err("its categories are out of order".to_owned());
        }
        let mut runs = std::mem::take(&mut self.0);
        runs.extend(later.0);
        runs.sort_unstable();
        for [first, last] in runs {
            match self.0.last_mut() {
                Some(run) if first <= run[1].saturating_add(1) => run[1] = run[1].max(last),
                _ => self.0.push([first, last]),
            }
        }
        Ok(())
    }
}

/// The type of single values: of the items of a list, and of the column otherwise.
pub(super) fn of_elements(content: Content) -> Content {
    match content {
        Content::Lists { of, .. } => *of,
        content => content,
    }
}

/// The number of elements of a row, or of an item of a list.
fn width(input: &Input) -> usize {
    match input.kind {
        Content::Lists { width, .. } => width,
        _ => input.shape.iter().product(),
    }
    .max(1)
}

fn has_range(content: Content) -> bool {
    matches!(content, Content::Numbers { .. } | Content::Doubles { .. } | Content::Dates)
}

impl SeenValues {
    /// A record of no rows. Categories are recorded unless a step `has_vocabulary`.
    pub(super) fn new(input: &Input, has_vocabulary: bool) -> SeenValues {
        let content = of_elements(input.kind);
        let elements = if has_range(content) { width(input) } else { 0 };
        let indexed = matches!(content, Content::Categories { .. }) && !has_vocabulary;
        SeenValues {
            elements: vec![SeenElement::default(); elements],
            categories: indexed.then(Runs::default),
            present: false,
            absent: false,
        }
    }

    /// Whether it is a record of no rows.
    pub(super) fn is_empty(&self) -> bool {
        !self.present && !self.absent
    }

    /// Adds some rows of the input's column.
    pub(super) fn update(&mut self, column: &Column, rows: &[usize]) {
        let present = || rows.iter().copied().filter(|row| column.is_present(*row));
        let found = present().count();
        self.present |= found > 0;
        self.absent |= found < rows.len();
        let ranges = present().map(|row| row * column.width..(row + 1) * column.width);
        match &*column.values {
            Values::Lists(lists) => ranges.flat_map(|range| &lists[range]).for_each(|list| {
                let width = self.elements.len().max(1);
                self.add(
                    list,
                    (0..list.len() / width).map(|item| item * width..(item + 1) * width),
                );
            }),
            values => self.add(values, ranges),
        }
        self.limit_runs();
    }

    fn limit_runs(&mut self) {
        if self.categories.as_ref().is_some_and(|runs| runs.0.len() > MOST_RUNS) {
            self.categories = None;
        }
    }

    /// Adds the values at some ranges, each of them a row or an item of a list. The type of the
    /// values is matched once, since there may be many ranges.
    fn add(&mut self, values: &Values, ranges: impl Iterator<Item = Range<usize>>) {
        match (values, &mut self.categories) {
            (Values::Numbers(numbers), _) => {
                let rows = ranges.map(|range| &numbers[range]);
                extend(&mut self.elements, rows, |number| f64::from(*number));
            }
            (Values::Doubles(numbers), _) => {
                let rows = ranges.map(|range| &numbers[range]);
                extend(&mut self.elements, rows, |number| *number);
            }
            (Values::Dates(dates), _) => {
                let rows = ranges.map(|range| &dates[range]);
                extend(&mut self.elements, rows, milliseconds);
            }
            (Values::Categories(indices), Some(runs)) => {
                ranges.flat_map(|range| &indices[range]).for_each(|index| runs.insert(*index));
            }
            _ => {}
        }
    }

    /// Whether the record can be one of this input.
    pub(super) fn check(&self, input: &Input) -> Result<(), String> {
        let expected = SeenValues::new(input, false);
        let sound = self.elements.len() == expected.elements.len()
            && self.elements.iter().all(SeenElement::is_sound)
            && self.categories.as_ref().is_none_or(Runs::is_sound)
            && (self.categories.is_none() || expected.categories.is_some());
        match sound {
            true => Ok(()),
            false => Err(format!("the values that `{}` was fitted on are damaged", input.name)),
        }
    }

    /// Whether everything is recorded that single values of the input can be compared with, besides
    /// a vocabulary.
    pub(super) fn is_complete(&self, input: &Input) -> bool {
        let indexed = matches!(of_elements(input.kind), Content::Categories { .. });
        !indexed || self.categories.is_some()
    }

    /// The least and the greatest value of each element, in `content`.
    pub(super) fn ranges(&self, content: Content) -> Vec<Option<[Scalar; 2]>> {
        let scalar = |value| scalar(value, of_elements(content));
        self.elements.iter().map(|element| element.range.map(|range| range.map(scalar))).collect()
    }

    /// The values of some rows that are outside of the recorded ones. A range is extended at both
    /// ends by `margin` times its length.
    pub(super) fn unknown(
        &self,
        column: &Column,
        missing: Option<Missing>,
        margin: f64,
    ) -> Vec<UnknownValue> {
        let mut found = Vec::new();
        for row in 0..column.values.len() / column.width.max(1) {
            if column.is_present(row) {
                let range = row * column.width..(row + 1) * column.width;
                self.unknown_in_row((column, row), range, margin, &mut found);
            } else if missing.is_some() && !self.absent && self.present {
                found.push(UnknownValue::absent(row));
            }
        }
        found
    }

    fn unknown_in_row(
        &self,
        (column, row): (&Column, usize),
        range: Range<usize>,
        margin: f64,
        found: &mut Vec<UnknownValue>,
    ) {
        if let Values::Lists(lists) = &*column.values {
            let lists = lists[range].iter();
            let items = lists.flat_map(|list| self.unknown_elements(list, 0..list.len(), margin));
            let items = first_of_each_column(items).take(self.elements.len().max(MOST_ITEMS));
            found.extend(items.map(|(column, unknown)| UnknownValue {
                row,
                column: (self.elements.len() > 1).then_some(column),
                ..unknown
            }));
            return;
        }
        let single = range.len() == 1;
        let unknown = self.unknown_elements(&column.values, range, margin);
        found.extend(unknown.into_iter().map(|(column, unknown)| UnknownValue {
            row,
            column: (!single).then_some(column),
            ..unknown
        }));
    }

    /// The unknown values of a range, each with the index of its element.
    fn unknown_elements(
        &self,
        values: &Values,
        range: Range<usize>,
        margin: f64,
    ) -> Vec<(usize, UnknownValue)> {
        let unknown = range.enumerate().filter_map(|(position, index)| {
            let (kind, found, seen) = match (values, &self.categories) {
                (Values::Categories(indices), Some(runs)) if !runs.contains(indices[index]) => {
                    let seen = format!("{} other categories", runs.len());
                    (UnknownKind::Category, indices[index].to_string(), seen)
                }
                (Values::Categories(_), _) => return None,
                _ => {
                    let element = self.elements.get(position % self.elements.len().max(1))?;
                    element.compare(values, index, margin)?
                }
            };
            let column = position % self.elements.len().max(1);
            let column = if self.elements.is_empty() { position } else { column };
            Some((column, UnknownValue { row: 0, column: None, kind, found, seen }))
        });
        unknown.collect()
    }
}

/// As the record of all rows. Where one of the two has dropped its category indices, because there are too
/// many, there are too many of both.
impl Mergeable for SeenValues {
    fn merge(&mut self, later: SeenValues) -> Result<(), String> {
        self.elements.merge(later.elements)?;
        match (&mut self.categories, later.categories) {
            (Some(own), Some(later)) => own.merge(later)?,
            (own, _) => *own = None,
        }
        self.present |= later.present;
        self.absent |= later.absent;
        self.limit_runs();
        Ok(())
    }
}

impl SeenElement {
    /// What is unknown about a value, in words; `None` if nothing is.
    fn compare(
        &self,
        values: &Values,
        index: usize,
        margin: f64,
    ) -> Option<(UnknownKind, String, String)> {
        let value = number(values, index)?;
        let [least, most] = match self.range {
            None if value.is_nan() => return None,
            None => {
                let seen = "no value".to_owned();
                return Some((UnknownKind::Range, text(value, values), seen));
            }
            Some(range) => range,
        };
        let seen = format!("{} to {}", text(least, values), text(most, values));
        if value.is_nan() {
            return (!self.missing).then(|| (UnknownKind::Absent, "missing".to_owned(), seen));
        }
        let slack = margin * (most - least);
        let is_inside = (least - slack..=most + slack).contains(&value);
        (!is_inside).then(|| (UnknownKind::Range, text(value, values), seen))
    }
}

/// The first unknown value of each column.
fn first_of_each_column(
    unknown: impl Iterator<Item = (usize, UnknownValue)>,
) -> impl Iterator<Item = (usize, UnknownValue)> {
    let mut columns = Vec::new();
    unknown.filter(move |(column, _)| {
        let is_first = !columns.contains(column);
        columns.push(*column);
        is_first
    })
}

/// Extends the ranges of elements by rows, or items, each with a value per element.
fn extend<'a, T: 'a>(
    elements: &mut [SeenElement],
    rows: impl Iterator<Item = &'a [T]>,
    number: impl Fn(&T) -> f64,
) {
    for row in rows {
        elements.iter_mut().zip(row).for_each(|(element, value)| element.add(number(value)));
    }
}

/// A number, or a date in milliseconds since 1970; `None` for other values.
fn number(values: &Values, index: usize) -> Option<f64> {
    match values {
        Values::Numbers(numbers) => numbers.get(index).map(|number| f64::from(*number)),
        Values::Doubles(numbers) => numbers.get(index).copied(),
        Values::Dates(dates) => dates.get(index).map(milliseconds),
        _ => None,
    }
}

fn milliseconds(date: &NaiveDateTime) -> f64 {
    date.and_utc().timestamp_millis() as f64
}

/// A number of [`number`] as text.
fn text(value: f64, values: &Values) -> String {
    match values {
        Values::Numbers(_) => (value as f32).to_string(),
        Values::Dates(_) => date_text(value),
        _ => value.to_string(),
    }
}

fn date_text(value: f64) -> String {
    match DateTime::from_timestamp_millis(value as i64) {
        Some(date) if date.time() == NaiveTime::MIN => date.date_naive().to_string(),
        Some(date) => date.naive_utc().to_string(),
        None => value.to_string(),
    }
}

/// A number of [`number`] as data: one in single precision by its shortest decimal form.
fn scalar(value: f64, content: Content) -> Scalar {
    match content {
        Content::Dates => Scalar::Date(date_text(value).replace(' ', "T")),
        Content::Numbers { .. } => {
            Scalar::Number((value as f32).to_string().parse().unwrap_or(value))
        }
        _ => Scalar::Number(value),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn input(kind: Content, shape: &'static [usize]) -> Input {
        Input {
            name: "x",
            doc: "",
            unit: None,
            kind,
            shape,
            missing: Some(Missing::Zeros),
            steps: &[],
            encoded_in_onnx: false,
        }
    }

    fn column(content: Content, width: usize, values: Values, present: &[bool]) -> Column {
        let (values, present) = (Arc::new(values), Some(present.to_vec()));
        Column { name: "x", content, width, values, present, lengths: None }
    }

    #[test]
    fn runs_join_when_the_gap_between_them_closes() {
        let mut runs = Runs::default();
        for index in [5, 7, 0, 6, 1, 6, u32::MAX] {
            runs.insert(index);
            assert!(runs.is_sound());
        }
        assert_eq!(runs.0, [[0, 1], [5, 7], [u32::MAX, u32::MAX]]);
        assert_eq!(runs.len(), 6);
        let found: Vec<u32> = (0..10).filter(|index| runs.contains(*index)).collect();
        assert_eq!(found, [0, 1, 5, 6, 7]);
    }

    #[test]
    fn a_range_has_a_margin_and_every_element_its_own() {
        let content = Content::Numbers { blanks: true };
        let input = input(content, &[2]);
        let mut seen = SeenValues::new(&input, false);
        let rows = Values::Numbers(vec![0.0, 5.0, 10.0, f32::NAN, 99.0, 99.0]);
        seen.update(&column(content, 2, rows, &[true, true, false]), &[0, 1, 2]);
        let saved = serde_json::to_string(&seen).unwrap();
        let expected = r#"{"elements":[{"range":[0.0,10.0]},{"range":[5.0,5.0],"missing":true}],"present":true,"absent":true}"#;
        assert_eq!(saved, expected);
        assert_eq!(serde_json::from_str::<SeenValues>(&saved).unwrap(), seen);
        assert_eq!(seen.check(&input), Ok(()));
        let new = Values::Numbers(vec![11.0, 5.0, 11.5, f32::NAN, f32::NAN, 5.5, -1.0, 5.0]);
        let ranges = seen.ranges(content);
        assert_eq!(ranges[0], Some([0.0, 10.0].map(Scalar::Number)));
        let new = column(content, 2, new, &[true, true, true, false]);
        let found = seen.unknown(&new, Some(Missing::Zeros), 0.1);
        let words: Vec<_> = found.iter().map(|u| (u.row, u.column, &*u.found, &*u.seen)).collect();
        assert_eq!(
            words,
            [
                (1, Some(0), "11.5", "0 to 10"),
                (2, Some(0), "missing", "0 to 10"),
                (2, Some(1), "5.5", "5 to 5"),
            ]
        );
    }

    #[test]
    fn absence_and_presence_that_were_never_seen_are_unknown() {
        let content = Content::Doubles { blanks: false };
        let input = input(content, &[]);
        let mut present = SeenValues::new(&input, false);
        let one = |is_present| column(content, 1, Values::Doubles(vec![3.0]), &[is_present]);
        present.update(&one(true), &[0]);
        assert_eq!(present.unknown(&one(false), input.missing, 0.0)[0].kind, UnknownKind::Absent);
        let mut absent = SeenValues::new(&input, false);
        absent.update(&one(false), &[0]);
        assert_eq!(absent.unknown(&one(false), input.missing, 0.0), []);
        let found = absent.unknown(&one(true), input.missing, 0.0);
        assert_eq!((&*found[0].found, &*found[0].seen), ("3", "no value"));
    }

    #[test]
    fn categories_and_dates_are_recorded_in_lists_as_well() {
        let lists = Content::Lists { of: &Content::Categories { below: 9 }, width: 1 };
        let mut seen = SeenValues::new(&input(lists, &[]), false);
        let list = |indices: &[u32]| Arc::new(Values::Categories(indices.to_vec()));
        let values = Values::Lists(vec![list(&[1, 2]), list(&[])]);
        seen.update(&column(lists, 1, values, &[true, true]), &[0, 1]);
        let new = column(lists, 1, Values::Lists(vec![list(&[2, 4, 5])]), &[true]);
        let found = seen.unknown(&new, None, 0.1);
        assert_eq!(found.iter().map(|u| &*u.found).collect::<Vec<_>>(), ["4", "5"]);

        let date = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 5, day).unwrap().into();
        let mut seen = SeenValues::new(&input(Content::Dates, &[]), false);
        let dates = column(Content::Dates, 1, Values::Dates(vec![date(1), date(11)]), &[true; 2]);
        seen.update(&dates, &[0, 1]);
        let range = ["2026-05-01", "2026-05-11"].map(|day| Scalar::Date(day.to_owned()));
        assert_eq!(seen.ranges(Content::Dates), [Some(range)]);
        let new = column(Content::Dates, 1, Values::Dates(vec![date(12), date(13)]), &[true; 2]);
        let found = seen.unknown(&new, None, 0.1);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].found, &*found[0].seen), ("2026-05-13", "2026-05-01 to 2026-05-11"));
    }

    #[test]
    fn a_damaged_record_is_found() {
        let input = input(Content::Categories { below: 9 }, &[]);
        let read = |text| serde_json::from_str::<SeenValues>(text).unwrap().check(&input);
        assert!(read(r#"{"categories":[[0,3],[5,5]],"present":true,"absent":false}"#).is_ok());
        assert!(read(r#"{"categories":[[0,3],[3,5]],"present":true,"absent":false}"#).is_err());
        assert!(read(r#"{"elements":[{"range":[0,1]}],"present":true,"absent":false}"#).is_err());
    }

    #[test]
    fn records_of_parts_are_the_record_of_all_rows() {
        let of = |rows: &[[u32; 2]]| Runs(rows.to_vec());
        let mut runs = of(&[[1, 3], [8, 8], [20, u32::MAX]]);
        runs.merge(of(&[])).unwrap();
        runs.merge(of(&[[4, 5], [7, 9], [30, 40]])).unwrap();
        assert_eq!(runs, of(&[[1, 5], [7, 9], [20, u32::MAX]]));
        assert!(runs.merge(of(&[[2, 1]])).is_err());
        let mut element = SeenElement::default();
        for number in [2.0, f64::NAN, f64::INFINITY, -1.0] {
            let mut later = SeenElement::default();
            later.add(number);
            element.merge(later).unwrap();
            element.merge(SeenElement::default()).unwrap();
        }
        let range = Some([-1.0, f64::INFINITY]);
        assert_eq!(element, SeenElement { range, missing: true });
    }

    #[test]
    fn too_many_runs_in_one_part_are_too_many_in_all() {
        let input = input(Content::Categories { below: usize::MAX }, &[]);
        let record = |categories| SeenValues { categories, ..SeenValues::new(&input, false) };
        let of = |start: u32, count: usize| {
            Runs((0..count as u32).map(|run| [start + 2 * run; 2]).collect())
        };
        let mut own = record(Some(of(0, MOST_RUNS / 2)));
        own.merge(record(Some(of(1 << 20, MOST_RUNS / 2)))).unwrap();
        assert!(own.categories.is_some());
        own.merge(record(Some(of(1 << 30, 1)))).unwrap();
        assert_eq!(own.categories, None);
        let mut own = record(Some(of(0, 1)));
        own.merge(record(None)).unwrap();
        assert_eq!(own.categories, None);
    }
}
