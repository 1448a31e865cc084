//! Tables as text.

use std::fmt;

/// Writes a table with a space of two between its columns: the first `left` columns are aligned to
/// the left, the others to the right. There is no line end after the last row.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    left: usize,
    head: &[&str],
    rows: &[Vec<String>],
) -> fmt::Result {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let length = |column: usize| lines.iter().filter_map(move |line| line.get(column));
    let width = |column: usize| length(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().enumerate().map(|(column, cell)| match column < left {
            true => format!("{cell:<0$}", width(column)),
            false => format!("{cell:>0$}", width(column)),
        });
        let text = cells.collect::<Vec<_>>().join("  ");
        let end = if number > 0 { "\n" } else { "" };
        write!(f, "{end}{}", text.trim_end())?;
    }
    Ok(())
}
