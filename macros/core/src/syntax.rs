//! What Rust's grammar expects, in words instead of the names of its tokens.

/// The text of an error of syn's in words; other texts unchanged.
pub(crate) fn in_words(text: &str) -> String {
    if let Some(expected) = text.strip_prefix("unexpected end of input, ") {
        return format!("{}, and nothing follows", in_words(expected));
    }
    let what = match text {
        "expected identifier" | "expected ident" | "expected identifier or keyword" => "a name",
        "expected string literal" => "a text in quotes",
        "expected integer literal" => "a whole number",
        "expected boolean literal" => "`true` or `false`",
        "expected an expression" | "expected expression" => "a value",
        "expected square brackets" => "square brackets",
        "expected parentheses" => "round parentheses",
        "expected curly braces" => "curly braces",
        "expected `,`" => "a comma",
        "unexpected token" => return "this has no meaning here".to_owned(),
        "unexpected end of input" => return "something is missing here".to_owned(),
        "cannot parse string into token stream" | "lex error" => "words of Rust",
        other => return other.to_owned(),
    };
    format!("expected {what} here")
}

#[cfg(test)]
mod tests {
    use proc_macro2::Ident;
    use syn::{parse::Parser, punctuated::Punctuated, Expr, LitStr, Token};

    use super::*;

    /// The texts are those that syn has.
    #[test]
    fn errors_of_the_grammar_are_in_words() {
        let name = syn::parse_str::<Ident>("1").err().unwrap().to_string();
        assert_eq!(in_words(&name), "expected a name here");
        let text = syn::parse_str::<LitStr>("a").err().unwrap().to_string();
        assert_eq!(in_words(&text), "expected a text in quotes here");
        let value = syn::parse_str::<Expr>(";").err().unwrap().to_string();
        assert_eq!(in_words(&value), "expected a value here");
        let end = syn::parse_str::<Ident>("").err().unwrap().to_string();
        assert_eq!(in_words(&end), "expected a name here, and nothing follows");
        let names =
            Punctuated::<Ident, Token![,]>::parse_terminated.parse_str("a b").err().unwrap();
        assert_eq!(in_words(&names.to_string()), "expected a comma here");
        assert_eq!(in_words("`a` is given twice"), "`a` is given twice");
    }
}
