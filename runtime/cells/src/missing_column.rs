//! The error message for a missing column.

use multi_input_base::quote::Quoted;

/// The part that all such messages contain, by which they are recognised.
const IS_MISSING: &str = "` is missing; ";

/// Maximum number of column names in the message.
const MAX_LISTED: usize = 12;

/// The message for the missing column `wanted`: it lists `names`, and suggests the most similar
/// name among the `unused` columns.
pub fn missing_column<'a>(
    wanted: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    unused: impl Iterator<Item = &'a str>,
) -> String {
    let mut text = format!("the column `{wanted}{IS_MISSING}");
    if let Some(close) = closest(wanted, unused) {
        text.push_str(&format!("there is a column {}; ", Quoted(close)));
    }
    let listed: Vec<String> =
        names.clone().take(MAX_LISTED).map(|name| Quoted(name).to_string()).collect();
    let more = match names.count().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match listed.is_empty() {
        true => text + "there are no columns",
        false => text + "the columns are " + &listed.join(", ") + &more,
    }
}

/// Whether a message reports a missing column.
pub fn says_missing(message: &str) -> bool {
    message.contains(IS_MISSING)
}

/// The name with the smallest edit distance to `wanted`, if that is at most a third of its length.
fn closest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| edit_distance(&wanted.to_lowercase(), &name.to_lowercase());
    let (far, name) = names.map(|name| (distance(name), name)).min()?;
    (far <= wanted.chars().count().div_ceil(3)).then_some(name)
}

/// The Levenshtein distance of two texts, in characters.
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
