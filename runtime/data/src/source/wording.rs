//! serde's error messages in the word order of this crate: first the expected, then the found
//! value.

/// Changes `invalid type: string "a", expected f32` to `expected f32, found string "a"`; other
/// messages are unchanged.
pub(super) fn reworded(message: &str) -> String {
    let found = ["invalid type: ", "invalid value: "].iter().find_map(|start| {
        let (found, expected) = message.strip_prefix(start)?.rsplit_once(", expected ")?;
        Some(format!("expected {expected}, found {found}"))
    });
    found.unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_expected_comes_first() {
        let found = reworded("invalid type: string \"a, expected b\", expected f32");
        assert_eq!(found, "expected f32, found string \"a, expected b\"");
        assert_eq!(reworded("missing field `age`"), "missing field `age`");
    }
}
