//! Raw values of rows as text.

use std::ops::Range;

use multi_input_data::{Column, Picture, Values};

use crate::short::Short;

/// The value of a field, or of one element of an array, in a row, as text.
pub(crate) fn cell_text(column: &Column, row: usize, element: Option<usize>) -> String {
    if !column.is_present(row) {
        return "absent".to_owned();
    }
    let range = match element {
        None => row * column.width..(row + 1) * column.width,
        Some(element) => row * column.width + element..row * column.width + element + 1,
    };
    values_text(&column.values, range)
}

/// A range of values as text.
fn values_text(values: &Values, range: Range<usize>) -> String {
    match values {
        Values::Numbers(numbers) => {
            list(&numbers[range].iter().map(|n| f64::from(*n)).collect::<Vec<_>>())
        }
        Values::Doubles(numbers) => list(&numbers[range]),
        Values::Categories(indices) => {
            list(&indices[range].iter().map(|i| f64::from(*i)).collect::<Vec<_>>())
        }
        Values::Texts(texts) => texts[range].join(", "),
        Values::Dates(dates) => {
            dates[range].iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Values::Pictures(pictures) => {
            let size = |picture: &Picture| {
                let [height, width] = picture.original_size();
                format!("picture of {width} by {height}")
            };
            pictures[range].iter().map(size).collect::<Vec<_>>().join(", ")
        }
        Values::Lists(lists) => {
            let texts = lists[range].iter().map(|list| values_text(list, 0..list.len()));
            texts.map(|text| format!("[{text}]")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Up to twelve numbers, abbreviated.
pub(crate) fn list(numbers: &[f64]) -> String {
    let shown = numbers.iter().take(12).map(|number| match number.fract() == 0.0 {
        true => format!("{number}"),
        // All integer digits, as for an integer target in the column beside it (such as a time in
        // seconds).
        false if (1e6..1e15).contains(&number.abs()) => format!("{number:.0}"),
        false => Short(*number).to_string(),
    });
    let shown: Vec<String> = shown.collect();
    let more = if numbers.len() > 12 {
        format!(", ... ({} in all)", numbers.len())
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
