//! What is said of a column that is not there.

use multi_input_base::quote::Quoted;

/// What every such message says, so that it is recognised among others.
const IS_MISSING: &str = "` is missing; ";

/// How many names are listed at most.
const MOST_LISTED: usize = 12;

/// The column `wanted` is not among `names`: which are, and which of those that nobody asks for it was
/// probably meant to be.
pub(crate) fn missing<'a>(
    wanted: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    unused: impl Iterator<Item = &'a str>,
) -> String {
    let mut text = format!("the column `{wanted}{IS_MISSING}");
    if let Some(close) = closest(wanted, unused) {
        text.push_str(&format!("there is a column {}; ", Quoted(close)));
    }
    let listed: Vec<String> =
        names.clone().take(MOST_LISTED).map(|name| Quoted(name).to_string()).collect();
    let more = match names.count().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match listed.is_empty() {
        true => text + "there are no columns",
        false => text + "the columns are " + &listed.join(", ") + &more,
    }
}

/// Whether a message says that a column is missing.
pub(crate) fn says_missing(message: &str) -> bool {
    message.contains(IS_MISSING)
}

/// The name that `wanted` was probably meant to be: at most a third of its letters differ.
fn closest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| edit_distance(&wanted.to_lowercase(), &name.to_lowercase());
    let (far, name) = names.map(|name| (distance(name), name)).min()?;
    (far <= wanted.chars().count().div_ceil(3)).then_some(name)
}

/// How many letters must be inserted, removed or replaced to make `b` of `a`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
