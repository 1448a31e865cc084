//! The order of column names.

use std::cmp::Ordering;

/// The order of names in which runs of digits count as numbers: `s2` precedes `s10`.
pub fn by_name(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_digits, b_digits) = (leading_digits(a_rest), leading_digits(b_rest));
        if !a_digits.is_empty() && !b_digits.is_empty() {
            match by_value(a_digits, b_digits) {
                Ordering::Equal => {
                    (a_rest, b_rest) = (&a_rest[a_digits.len()..], &b_rest[b_digits.len()..]);
                    continue;
                }
                order => return order,
            }
        }
        let (mut a_chars, mut b_chars) = (a_rest.chars(), b_rest.chars());
        match (a_chars.next(), b_chars.next()) {
            (None, None) => return a.cmp(b),
            (x, y) if x != y => return x.cmp(&y),
            _ => (a_rest, b_rest) = (a_chars.as_str(), b_chars.as_str()),
        }
    }
}

/// The order of whole numbers of any length.
fn by_value(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_ordered_by_value() {
        let mut names = ["s10", "s2", "s1", "age", "s02", "s2b", "s", "t1", "s1.5", "s1.10"];
        names.sort_by(|a, b| by_name(a, b));
        assert_eq!(names, ["age", "s", "s1", "s1.5", "s1.10", "s02", "s2", "s2b", "s10", "t1"]);
        assert_eq!(by_name("a", "a"), Ordering::Equal);
        assert_eq!(by_name("x99999999999999999999", "x100000000000000000000"), Ordering::Less);
    }
}
