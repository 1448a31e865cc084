//! Groups of rows by the values of their inputs.

use std::collections::BTreeMap;

use multi_input_data::{
    chrono::{Datelike, NaiveDate, NaiveDateTime},
    columns::RowSpec,
    Column, Content, Table, Values,
};

use super::Condition;
use crate::{
    cell_text::{cell_text, list},
    definition::Graph,
    feature::{columns, Feature},
};

/// Numbers of at most as many different values are grouped by value, not by range.
const MOST_NUMBERS: usize = 8;

/// Number of groups by category of a feature: of the most frequent ones.
const MOST_CATEGORIES: usize = 50;

/// Rows with a condition in common.
pub(super) struct Group {
    pub(super) conditions: Vec<Condition>,
    /// Row numbers, ascending.
    pub(super) rows: Vec<usize>,
}

/// The rows of a group, with the words for it.
type Cut = (String, Vec<usize>);

/// The groups of at least `minimum` rows by each input and column, the numbers in `ranges` ranges.
pub(super) fn groups(
    (graph, row): (&Graph, Option<&RowSpec>),
    table: &Table,
    (minimum, ranges): (usize, usize),
) -> Vec<Group> {
    let mut groups = Vec::new();
    for feature in Feature::all(graph, row, true) {
        let column = &table.columns[feature.index];
        // A row's array of too many columns is no value to group by.
        let is_whole = feature.column.is_none() && columns(&graph.inputs[feature.index]) > 1;
        let mut cuts = match feature.column {
            // Of an optional array, every column is absent in the same rows.
            None | Some(0) => by_presence(column, table.rows),
            Some(_) => Vec::new(),
        };
        let of_presence = cuts.len();
        if !is_whole {
            cuts.extend(by_value(column, &feature, table.rows, ranges));
        }
        let cuts = cuts.into_iter().enumerate().filter(|(_, (_, rows))| rows.len() >= minimum);
        groups.extend(cuts.map(|(index, (words, rows))| {
            let feature = match index < of_presence {
                true => Feature::whole(graph, feature.index),
                false => feature.clone(),
            };
            Group { conditions: vec![Condition { feature, words }], rows }
        }));
    }
    groups
}

/// The intersections of groups of two features, of at least `minimum` rows; `None` if more than
/// `most` pairs would have to be intersected.
pub(super) fn pairs(groups: &[Group], minimum: usize, most: usize) -> Option<Vec<Group>> {
    if groups.len() * groups.len().saturating_sub(1) / 2 > most {
        return None;
    }
    let mut pairs = Vec::new();
    for (index, first) in groups.iter().enumerate() {
        for second in &groups[index + 1..] {
            if first.conditions[0].feature.index == second.conditions[0].feature.index
                && first.conditions[0].feature.column == second.conditions[0].feature.column
            {
                continue;
            }
            let rows = in_both(&first.rows, &second.rows);
            if rows.len() >= minimum {
                let conditions = [&first.conditions[..], &second.conditions[..]].concat();
                pairs.push(Group { conditions, rows });
            }
        }
    }
    Some(pairs)
}

/// The row numbers in both of two ascending slices.
fn in_both(first: &[usize], second: &[usize]) -> Vec<usize> {
    let mut second = second.iter().peekable();
    let is_in_second = |row: &&usize| {
        while second.next_if(|other| other < row).is_some() {}
        second.peek() == Some(row)
    };
    first.iter().filter(is_in_second).copied().collect()
}

/// The absent and the present rows of an optional input.
fn by_presence(column: &Column, rows: usize) -> Vec<Cut> {
    let Some(present) = &column.present else { return Vec::new() };
    let with = |wanted: bool| (0..rows).filter(|row| present[*row] == wanted).collect();
    vec![("absent".to_owned(), with(false)), ("present".to_owned(), with(true))]
}

/// The groups of the present rows by the value of a feature.
fn by_value(column: &Column, feature: &Feature, rows: usize, ranges: usize) -> Vec<Cut> {
    let present: Vec<usize> = (0..rows).filter(|row| column.is_present(*row)).collect();
    let element = feature.column.unwrap_or(0);
    let index = |row: usize| row * column.width + element;
    let text = |row: usize| cell_text(column, row, Some(element));
    match &*column.values {
        Values::Numbers(all) => {
            by_number(numbers(&present, |row| f64::from(all[index(row)])), ranges, &list_of)
        }
        Values::Doubles(all) => {
            by_number(numbers(&present, |row| all[index(row)]), ranges, &list_of)
        }
        Values::Categories(_) => by_category(&present, text),
        Values::Texts(_) if column.content == Content::Names => by_category(&present, text),
        Values::Dates(all) => by_date(&present, |row| all[index(row)], ranges),
        Values::Lists(all) => {
            let items = |row: usize| all[index(row)].len() as f64 / item_width(column) as f64;
            let words = |count: f64| format!("{count} item{}", if count == 1.0 { "" } else { "s" });
            by_number(numbers(&present, items), ranges, &words)
        }
        Values::Texts(_) | Values::Pictures(_) => Vec::new(),
    }
}

fn item_width(column: &Column) -> usize {
    match column.content {
        Content::Lists { width, .. } => width.max(1),
        _ => 1,
    }
}

fn list_of(number: f64) -> String {
    list(&[number])
}

fn numbers(present: &[usize], of: impl Fn(usize) -> f64) -> Vec<(f64, usize)> {
    present.iter().map(|&row| (of(row), row)).collect()
}

/// Groups by category: the most frequent ones.
fn by_category(present: &[usize], text: impl Fn(usize) -> String) -> Vec<Cut> {
    let mut by_text: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    present.iter().for_each(|&row| by_text.entry(text(row)).or_default().push(row));
    let mut cuts: Vec<Cut> = by_text.into_iter().collect();
    cuts.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    cuts.truncate(MOST_CATEGORIES);
    cuts.into_iter().map(|(text, rows)| (format!("= {text}"), rows)).collect()
}

/// Groups by number: missing ones, and the others by value if there are few values, or else in
/// ranges between quantiles. A range is named by the least and the greatest number in it.
fn by_number(numbers: Vec<(f64, usize)>, ranges: usize, words: &dyn Fn(f64) -> String) -> Vec<Cut> {
    let (missing, mut numbers): (Vec<_>, Vec<_>) =
        numbers.into_iter().partition(|(number, _)| number.is_nan());
    numbers.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let missing: Vec<usize> = missing.into_iter().map(|(_, row)| row).collect();
    let mut cuts = vec![("missing".to_owned(), missing)];
    let is_same = |(number, _): &(f64, usize), (next, _): &(f64, usize)| number == next;
    let by_value: Vec<&[(f64, usize)]> = numbers.chunk_by(is_same).collect();
    if by_value.len() <= MOST_NUMBERS {
        cuts.extend(
            by_value.into_iter().map(|same| (format!("= {}", words(same[0].0)), rows(same))),
        );
        return cuts;
    }
    // A quantile is the first number of a range, so that equal numbers are in one range.
    let quantile = |range: usize| numbers[numbers.len() * range / ranges].0;
    let bounds: Vec<f64> = (1..ranges).map(quantile).collect();
    let range_of = |number: f64| bounds.partition_point(|bound| *bound <= number);
    let by_range = numbers.chunk_by(|(number, _), (next, _)| range_of(*number) == range_of(*next));
    cuts.extend(by_range.map(|range| {
        let (least, most) = (words(range[0].0), words(range[range.len() - 1].0));
        (format!("from {least} to {most}"), rows(range))
    }));
    cuts
}

/// The row numbers of some numbers, ascending.
fn rows(numbers: &[(f64, usize)]) -> Vec<usize> {
    let mut rows: Vec<usize> = numbers.iter().map(|(_, row)| *row).collect();
    rows.sort_unstable();
    rows
}

/// Groups by date: in ranges between quantiles, by month and by day of the week.
fn by_date(present: &[usize], date: impl Fn(usize) -> NaiveDateTime, ranges: usize) -> Vec<Cut> {
    let days = numbers(present, |row| f64::from(date(row).num_days_from_ce()));
    let day = |number: f64| {
        let date = NaiveDate::from_num_days_from_ce_opt(number as i32);
        date.map_or_else(String::new, |date| date.to_string())
    };
    let mut cuts = by_number(days, ranges, &day);
    let months = by_category(present, |row| format!("{:02}", date(row).month()));
    cuts.extend(months.into_iter().map(|(words, rows)| (format!("month {words}"), rows)));
    let weekdays = by_category(present, |row| date(row).weekday().to_string());
    cuts.extend(weekdays.into_iter().map(|(words, rows)| (format!("weekday {words}"), rows)));
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_value_or_between_quantiles() {
        let few = [2.0, 1.0, f64::NAN, 2.0].into_iter().zip(0..).collect();
        let expected = [("missing", vec![2]), ("= 1", vec![1]), ("= 2", vec![0, 3])];
        let expected = expected.map(|(words, rows)| (words.to_owned(), rows));
        assert_eq!(by_number(few, 5, &list_of), expected);

        let many = (0..20).map(|row| (f64::from(19 - row), row as usize)).collect();
        let cuts = by_number(many, 4, &list_of);
        assert_eq!(cuts[1], ("from 0 to 4".to_owned(), (15..20).collect()));
        assert_eq!(cuts[4], ("from 15 to 19".to_owned(), (0..5).collect()));
        // Most numbers are equal: they are in one range.
        let skewed = (0..100).map(|row| (f64::from(if row < 80 { 0 } else { row }), row as usize));
        let sizes: Vec<usize> =
            by_number(skewed.collect(), 4, &list_of).iter().map(|(_, rows)| rows.len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 100);
        assert!(sizes.contains(&80) || sizes.iter().any(|size| *size > 80), "{sizes:?}");
    }

    #[test]
    fn rows_in_both_of_two_groups() {
        assert_eq!(in_both(&[1, 3, 5, 9], &[0, 3, 4, 9, 10]), [3, 9]);
        assert_eq!(in_both(&[], &[1]), [0; 0]);
    }
}
