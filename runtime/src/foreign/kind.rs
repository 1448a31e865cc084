//! A layer of ours as its name and arguments, read from its identity.

/// A layer: `Dense(units = 64, activation = relu)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind<'a> {
    pub(super) name: &'a str,
    arguments: Vec<(&'a str, &'a str)>,
}

impl<'a> Kind<'a> {
    pub(super) fn of(identity: &'a str) -> Kind<'a> {
        let (name, arguments) = match identity.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').unwrap_or(rest)),
            None => (identity, ""),
        };
        let pair = |argument: &'a str| {
            let (name, value) = argument.split_once(" = ").unwrap_or(("", argument));
            (name.trim(), value.trim())
        };
        Kind { name, arguments: at_commas(arguments).into_iter().map(pair).collect() }
    }

    /// An argument that the user wrote.
    pub(super) fn argument(&self, name: &str) -> Option<&'a str> {
        self.arguments.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// The layer among the arguments.
    pub(super) fn inner(&self) -> Option<Kind<'a>> {
        self.argument("layer").map(Kind::of)
    }
}

/// What is between commas that are in no brackets.
pub(super) fn at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_by_name() {
        let kind = Kind::of("Bidirectional(layer = LSTM(units = 4, kernel = (1, 2)), merge = sum)");
        assert_eq!((kind.name, kind.argument("merge")), ("Bidirectional", Some("sum")));
        let inner = kind.inner().unwrap();
        assert_eq!((inner.name, inner.argument("kernel")), ("LSTM", Some("(1, 2)")));
        assert_eq!(Kind::of("Flatten"), Kind { name: "Flatten", arguments: vec![] });
        assert_eq!(at_commas("a, concat(b, c), axis = 0"), ["a", "concat(b, c)", "axis = 0"]);
    }
}
