//! What the cells of a column hold.

use std::collections::HashSet;

use multi_input_cells::{Cell, CellFormat, DateFormat, FieldRule, Sample, ValueType};

/// Texts that stand for a missing value where all other cells are numbers, flags or dates.
const MARKERS: [&str; 14] = [
    "NA", "N/A", "n/a", "na", "?", "-", "--", ".", "None", "none", "#N/A", "<NA>", "nil", "unknown",
];

/// What a column holds, as far as its first rows show.
#[derive(Debug)]
pub(crate) struct Profile<'a> {
    pub(crate) name: &'a str,
    pub(crate) rows: usize,
    /// Number of rows without a value.
    pub(crate) missing: usize,
    /// Texts that stand for a missing value.
    pub(crate) markers: Vec<&'static str>,
    /// Number of different values.
    pub(crate) distinct: usize,
    /// Whether the values are 0, 1, 2 and so on, or 1, 2, 3 and so on: the number of the row.
    pub(crate) counts_rows: bool,
    /// Number of different words.
    pub(crate) vocabulary: usize,
    /// Mean number of words of a value.
    pub(crate) words: f64,
    /// Number of words of which most values have no more.
    pub(crate) most_words: usize,
    /// Length of the lists, if every cell is a list of numbers of one length.
    pub(crate) list: Option<usize>,
    pub(crate) form: Form,
}

/// The form of the values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    Flag,
    /// A whole number from 0 that `u32` holds.
    Whole {
        largest: u64,
    },
    /// A number in single precision, in the way it is written.
    Number(Written),
    /// A number that needs double precision.
    Double,
    Date(Dates),
    Time(Dates),
    Instant,
    Text,
    /// Lists or objects.
    Other,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Written {
    Plain,
    DecimalComma,
    GroupedComma,
    Percent,
    Currency(&'static str),
}

/// How dates are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dates {
    Iso,
    Pattern(&'static str),
}

impl Written {
    const ALL: [Written; 7] = [
        Written::Plain,
        Written::DecimalComma,
        Written::GroupedComma,
        Written::Percent,
        Written::Currency("$"),
        Written::Currency("\u{20ac}"),
        Written::Currency("\u{a3}"),
    ];

    fn format(self) -> CellFormat<'static> {
        let plain = CellFormat::DEFAULT;
        match self {
            Written::Plain => plain,
            Written::DecimalComma => CellFormat { decimal: ',', ..plain },
            Written::GroupedComma => CellFormat { thousands: Some(','), ..plain },
            Written::Percent => CellFormat { percent: true, ..plain },
            Written::Currency(sign) => {
                CellFormat { currency: Some(sign), thousands: Some(','), ..plain }
            }
        }
    }
}

/// Patterns that are told apart by the values: where day and month could be exchanged in all of
/// them, none is chosen.
const DATES: [&str; 8] =
    ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d"];
const TIMES: [&str; 4] =
    ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"];

impl<'a> Profile<'a> {
    pub(crate) fn of(sample: &'a Sample, column: usize) -> Profile<'a> {
        let text = CellFormat::DEFAULT;
        let cells = (0..sample.len()).filter_map(|row| sample.cell(row, column));
        let is_blank = |cell: &Cell<'_>| {
            let rule = FieldRule { value: ValueType::Text, format: text };
            rule.is_missing(cell)
        };
        let mut cells: Vec<Cell<'_>> = cells.filter(|cell| !is_blank(cell)).collect();
        let (markers, form) = form_without_markers(&mut cells);
        let texts: Vec<String> = cells.iter().map(|cell| cell.to_text().into_owned()).collect();
        let mut words: Vec<usize> =
            texts.iter().map(|text| text.split_whitespace().count()).collect();
        words.sort_unstable();
        Profile {
            name: &sample.columns[column],
            rows: sample.len(),
            missing: sample.len() - cells.len(),
            markers,
            distinct: texts.iter().collect::<HashSet<_>>().len(),
            counts_rows: counts_rows(&texts),
            vocabulary: texts
                .iter()
                .flat_map(|text| text.split_whitespace())
                .map(str::to_lowercase)
                .collect::<HashSet<_>>()
                .len(),
            words: words.iter().sum::<usize>() as f64 / words.len().max(1) as f64,
            most_words: words.get(words.len() * 9 / 10).copied().unwrap_or_default(),
            list: length_of_lists(&cells),
            form,
        }
    }
}

/// The form of the cells; cells that are markers are removed, if the others have a form without
/// them.
fn form_without_markers(cells: &mut Vec<Cell<'_>>) -> (Vec<&'static str>, Form) {
    let plain = form(cells);
    if plain != Form::Text {
        return (Vec::new(), plain);
    }
    let marker = |cell: &Cell<'_>| MARKERS.into_iter().find(|marker| cell.to_text() == *marker);
    let others: Vec<Cell<'_>> =
        cells.iter().filter(|cell| marker(cell).is_none()).cloned().collect();
    let found = form(&others);
    if others.is_empty() || found == Form::Text {
        return (Vec::new(), Form::Text);
    }
    let markers: Vec<&'static str> = MARKERS
        .into_iter()
        .filter(|marker| cells.iter().any(|cell| cell.to_text() == *marker))
        .collect();
    cells.retain(|cell| marker(cell).is_none());
    (markers, found)
}

fn form(cells: &[Cell<'_>]) -> Form {
    let all = |value: ValueType, format: CellFormat<'_>| {
        let rule = FieldRule { value, format };
        !cells.is_empty() && cells.iter().all(|cell| rule.check(cell).is_ok())
    };
    let plain = CellFormat::DEFAULT;
    if cells.iter().any(|cell| matches!(cell, Cell::List(_) | Cell::Other(_))) {
        return Form::Other;
    }
    if all(ValueType::Flag, plain) {
        return Form::Flag;
    }
    if all(ValueType::Below(1 << 32), plain) {
        let numbers = cells.iter().filter_map(|cell| cell.value().whole());
        let largest = numbers.max().and_then(|largest| u64::try_from(largest).ok());
        return Form::Whole { largest: largest.unwrap_or_default() };
    }
    let written = Written::ALL.into_iter();
    let fitting: Vec<Written> =
        written.filter(|written| all(ValueType::Single, written.format())).collect();
    match fitting[..] {
        // A comma that may be either stays undecided, unless numbers without any are plain.
        [Written::Plain, ..] => return Form::Number(Written::Plain),
        [Written::DecimalComma, Written::GroupedComma, ..] | [] => {}
        [first, ..] => return Form::Number(first),
    }
    if all(ValueType::Double, plain) {
        return Form::Double;
    }
    let iso = [
        (ValueType::Date, Form::Date(Dates::Iso)),
        (ValueType::Time, Form::Time(Dates::Iso)),
        (ValueType::Instant, Form::Instant),
    ];
    if let Some((_, form)) = iso.into_iter().find(|(value, _)| all(*value, plain)) {
        return form;
    }
    let by = |value: ValueType, patterns: &[&'static str]| {
        let fits = |pattern: &&'static str| {
            all(value, CellFormat { date: DateFormat::Pattern(pattern), ..plain })
        };
        let fitting: Vec<&'static str> = patterns.iter().copied().filter(fits).collect();
        match fitting[..] {
            [only] => Some(Dates::Pattern(only)),
            _ => None,
        }
    };
    let dates = by(ValueType::Date, &DATES).map(Form::Date);
    dates.or_else(|| by(ValueType::Time, &TIMES).map(Form::Time)).unwrap_or(Form::Text)
}

/// Whether texts are the numbers of their rows, counted from any number.
fn counts_rows(texts: &[String]) -> bool {
    let numbers = texts.iter().map(|text| text.parse::<i64>().ok());
    match numbers.collect::<Option<Vec<i64>>>() {
        Some(numbers) if numbers.len() > 2 => {
            numbers.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(1))
        }
        _ => false,
    }
}

/// The common length of lists of numbers.
fn length_of_lists(cells: &[Cell<'_>]) -> Option<usize> {
    let rule = FieldRule { value: ValueType::Single, format: CellFormat::DEFAULT };
    let length = |cell: &Cell<'_>| match cell {
        Cell::List(items) if items.iter().all(|item| rule.check(item).is_ok()) => Some(items.len()),
        _ => None,
    };
    let first = cells.first().and_then(length).filter(|length| *length > 0)?;
    cells.iter().all(|cell| length(cell) == Some(first)).then_some(first)
}
