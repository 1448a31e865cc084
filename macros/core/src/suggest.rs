//! Suggestions for misspelt names.

/// `, did you mean `Dense`?` for the nearest candidate, or an empty text if none is near.
pub(crate) fn suggest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(given, candidates) {
        Some((_, candidate)) => format!("; did you mean `{candidate}`?"),
        None => String::new(),
    }
}

/// The nearest candidate with its distance, if one is near.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<(usize, &'a str)> {
    candidates
        .into_iter()
        .map(|candidate| (edits(&given.to_lowercase(), &candidate.to_lowercase()), candidate))
        .min_by_key(|(edits, _)| *edits)
        .filter(|(edits, candidate)| *edits <= candidate.len().max(given.len()) / 3 + 1)
}

/// The distance of two names. A name that begins with the other, such as `concatenate` with
/// `concat`, has distance 1.
fn edits(given: &str, candidate: &str) -> usize {
    let begins = candidate.len() > 2 && given.starts_with(candidate);
    distance(given, candidate).min(if begins { 1 } else { usize::MAX })
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The Levenshtein distance: the number of single-letter edits.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_none() {
        let names = ["Dense", "Dropout", "Embedding"];
        assert_eq!(suggest("Dens", names), "; did you mean `Dense`?");
        assert_eq!(suggest("dense", names), "; did you mean `Dense`?");
        assert_eq!(suggest("Embeding", names), "; did you mean `Embedding`?");
        assert_eq!(suggest("Xylophone", names), "");
        assert_eq!(suggest("concatenate", ["concat", "add"]), "; did you mean `concat`?");
        assert_eq!(list(names), "`Dense`, `Dropout` and `Embedding`");
    }
}
