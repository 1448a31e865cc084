//! Names of nodes in the sources that a saved model describes: `concat(rooms, district, axis = 0)`.

/// A source in which the names of nodes are replaced, but for the names of arguments and of what is
/// called.
pub fn source<'a>(text: &'a str, name: impl Fn(&'a str) -> &'a str) -> String {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (mut renamed, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(is_word) {
        let (before, word) = rest.split_at(start);
        let (word, after) =
            word.split_at(word.find(|letter| !is_word(letter)).unwrap_or(word.len()));
        let is_other = after.trim_start().starts_with(['(', '=', ':']) || before.ends_with(':');
        renamed.push_str(before);
        renamed.push_str(if is_other { word } else { name(word) });
        rest = after;
    }
    renamed + rest
}

/// The description of a node in a saved model, whose sources and whose owner have other names:
/// `concat(a, b) [32] [Dense(units = 8) -> [8]], shared with c`.
pub fn node<'a>(text: &'a str, name: impl Fn(&'a str) -> &'a str) -> String {
    // The shape, in brackets, comes after the source.
    let (of, rest) = text.split_at(text.find(" [").unwrap_or(text.len()));
    let shared = rest.rfind(SHARED).map_or(rest.len(), |at| at + SHARED.len());
    let (layers, owner) = rest.split_at(shared);
    format!("{}{layers}{}", source(of, &name), source(owner, &name))
}

/// Comes before the name of the node that owns a branch.
pub const SHARED: &str = ", shared with ";

/// The end of the description of a node without layers and without a stand-in.
pub const BARE: &str = " []";

#[cfg(test)]
mod tests {
    #[test]
    fn only_names_of_nodes_are_replaced() {
        let renamed = |text| super::source(text, |name| if name == "axis" { "area" } else { name });
        for (text, now) in [
            ("concat(axis, b, axis = 1)", "concat(area, b, axis = 1)"),
            ("my::axis(axis, present(axis))", "my::axis(area, present(area))"),
            ("axis / (axis2 + 1.5)", "area / (axis2 + 1.5)"),
            ("from(axis)", "from(area)"),
            ("axis::Gate(b)", "axis::Gate(b)"),
        ] {
            assert_eq!(renamed(text), now);
        }
    }
}
