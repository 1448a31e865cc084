//! serde's messages, in the order of ours: first what was expected, then what was found.

/// `invalid type: string "a", expected f32` as `expected f32, found string "a"`; any other message as it
/// is.
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
