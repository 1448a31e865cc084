//! Tokens that `macro_rules` has put together.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::trees::regroup;

/// [`flat`] for a struct, with its fields.
pub(super) fn flat_item(item: TokenStream) -> TokenStream {
    let fields = |tree| match tree {
        TokenTree::Group(group)
            if group.delimiter() == Delimiter::Brace && holds_invisible(&group.stream()) =>
        {
            regroup(&group, flat(group.stream()))
        }
        other => other,
    };
    flat(item).into_iter().map(fields).collect()
}

/// Opens the invisible groups in which `macro_rules` passes fragments such as `$layer:expr`, as if
/// their contents were written there. A group whose neighbours are operators stays as it is, so that
/// `$n * 2` with `1 + 1` is 4.
pub(super) fn flat(tokens: TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut flattened = Vec::new();
    for (position, tree) in trees.iter().enumerate() {
        let before = position.checked_sub(1).map(|before| &trees[before]);
        let alone = ends(before) && begins(trees.get(position + 1));
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let inner = flat(group.stream());
                match alone || is_operand(&inner) {
                    true => flattened.extend(inner),
                    false => flattened.push(regroup(group, inner)),
                }
            }
            // Braces hold the user's code.
            TokenTree::Group(group)
                if group.delimiter() != Delimiter::Brace && holds_invisible(&group.stream()) =>
            {
                flattened.push(regroup(group, flat(group.stream())));
            }
            other => flattened.push(other.clone()),
        }
    }
    flattened.into_iter().collect()
}

/// Whether there is an invisible group. A group without one stays itself, with the spans of its
/// parentheses.
fn holds_invisible(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Group(group) => {
            group.delimiter() == Delimiter::None || holds_invisible(&group.stream())
        }
        _ => false,
    })
}

/// Whether no operator is on the left.
fn ends(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(mark)) => matches!(mark.as_char(), ',' | ';' | '=' | '>' | ':'),
        Some(_) => false,
    }
}

/// Whether no operator is on the right.
fn begins(next: Option<&TokenTree>) -> bool {
    match next {
        None => true,
        Some(TokenTree::Punct(mark)) => matches!(mark.as_char(), ',' | ';' | '='),
        Some(_) => false,
    }
}

/// Whether tokens bind more tightly than any operator: one of them, a path, or a call.
fn is_operand(tokens: &TokenStream) -> bool {
    let mut trees = tokens.clone().into_iter().peekable();
    let first = trees.next();
    let is_path = matches!(first, Some(TokenTree::Ident(_) | TokenTree::Punct(_)));
    trees.peek().is_none()
        || is_path
            && tokens.clone().into_iter().all(|tree| match tree {
                TokenTree::Ident(_) => true,
                TokenTree::Punct(mark) => mark.as_char() == ':',
                TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
                TokenTree::Literal(_) => false,
            })
}

#[cfg(test)]
mod tests {
    use proc_macro2::Group;

    use super::*;

    fn invisible(text: &str) -> TokenTree {
        TokenTree::Group(Group::new(Delimiter::None, text.parse().unwrap()))
    }

    /// `text`, with an invisible group around `content` for every `$`.
    fn fragments(text: &str, content: &str) -> TokenStream {
        let place = |tree| match tree {
            TokenTree::Ident(word) if word == "FRAGMENT" => invisible(content),
            TokenTree::Group(group) => {
                regroup(&group, fragments(&group.stream().to_string(), content))
            }
            other => other,
        };
        let tokens: TokenStream = text.replace('$', "FRAGMENT").parse().unwrap();
        tokens.into_iter().map(place).collect()
    }

    #[test]
    fn a_whole_argument_stands_as_if_it_were_written_there() {
        for (text, content, flattened) in [
            ("$", "Dense(8, relu)", "Dense(8, relu)"),
            ("$, $", "Dense(8, relu)", "Dense(8, relu), Dense(8, relu)"),
            ("Dense($)", "1 + 1", "Dense(1 + 1)"),
            ("Dense($, activation = $)", "relu", "Dense(relu, activation = relu)"),
            ("$ => [$]", "my::Gate", "my::Gate => [my::Gate]"),
            ("$(64)", "Dense", "Dense(64)"),
            ("2 * $", "N", "2 * N"),
        ] {
            let expected: TokenStream = flattened.parse().unwrap();
            assert_eq!(
                flat(fragments(text, content)).to_string().replace(' ', ""),
                expected.to_string().replace(' ', "")
            );
        }
    }

    #[test]
    fn an_operand_of_an_operator_keeps_its_group() {
        let tokens = flat(fragments("Dense($ * 2)", "1 + 1"));
        let Some(TokenTree::Group(arguments)) = tokens.into_iter().nth(1) else { panic!() };
        let Some(TokenTree::Group(sum)) = arguments.stream().into_iter().next() else { panic!() };
        assert_eq!(sum.delimiter(), Delimiter::None);
    }

    #[test]
    fn the_fields_of_a_struct_are_flattened() {
        let item = fragments("$ struct House { #[branch($)] rooms: [$; 3], }", "f32");
        let flattened = flat_item(item).to_string().replace(' ', "");
        assert_eq!(flattened, "f32structHouse{#[branch(f32)]rooms:[f32;3],}");
    }
}
