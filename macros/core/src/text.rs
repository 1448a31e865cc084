//! Tokens as text on one line.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;

/// A name as data: `type` for `r#type`.
pub(crate) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// `Dense(64, relu, l2 = 1e-4)`, independent of line breaks and spaces in the source.
pub(crate) fn compact(tokens: &TokenStream) -> String {
    let mut text = String::new();
    write(tokens.clone(), &mut text);
    text.trim_end().to_owned()
}

fn write(tokens: TokenStream, text: &mut String) {
    let mut word_before = false;
    for tree in tokens {
        let is_word = matches!(tree, TokenTree::Ident(_) | TokenTree::Literal(_));
        if is_word && word_before {
            text.push(' ');
        }
        match &tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.truncate(text.trim_end().len());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                mark @ (',' | ';') => {
                    text.push(mark);
                    text.push(' ');
                }
                '=' | '+' | '*' | '/' if punct.spacing() == Spacing::Alone => {
                    text.push_str(&format!(" {} ", punct.as_char()));
                }
                mark => text.push(mark),
            },
            word => text.push_str(&word.to_string()),
        }
        word_before = is_word;
    }
}

/// `within_ten` as `WithinTen`.
pub(crate) fn camel_case(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    let capitalised = words.map(|word| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        format!("{}{rest}", first.to_uppercase())
    });
    capitalised.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_line_breaks_do_not_matter() {
        let tokens: TokenStream = "Dense ( 64 ,\n relu ,l2=1e-4 )".parse().unwrap();
        assert_eq!(compact(&tokens), "Dense(64, relu, l2 = 1e-4)");
        let tokens: TokenStream = "my :: Gate < 64 , N >".parse().unwrap();
        assert_eq!(compact(&tokens), "my::Gate<64, N>");
        let tokens: TokenStream = "Option<[ f32;10 ]>".parse().unwrap();
        assert_eq!(compact(&tokens), "Option<[f32; 10]>");
    }
}
