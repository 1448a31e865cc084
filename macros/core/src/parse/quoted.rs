//! Texts that the macro knows: literals, also through `concat!` and through `macro_rules`.

use quote::ToTokens;
use syn::{parse::Parser, punctuated::Punctuated, spanned::Spanned, Expr, Lit, LitStr, Token};

/// The text of an expression, if the macro knows it.
pub(super) fn text(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.clone()),
            _ => None,
        },
        Expr::Paren(inner) => text(&inner.expr),
        Expr::Group(inner) => text(&inner.expr),
        Expr::Macro(call) if call.mac.path.is_ident("concat") => {
            let parts = Punctuated::<Expr, Token![,]>::parse_terminated;
            let parts = parts.parse2(call.mac.tokens.clone()).ok()?;
            let parts: Option<String> = parts.iter().map(part).collect();
            Some(LitStr::new(&parts?, expr.span()))
        }
        _ => None,
    }
}

/// A text in quotes that is not blank.
pub(super) fn required(value: &Expr) -> syn::Result<LitStr> {
    match text(value) {
        Some(text) if !text.value().trim().is_empty() => Ok(text),
        Some(text) => {
            Err(syn::Error::new(text.span(), "a text that is not blank is expected here"))
        }
        None => {
            let found = value.to_token_stream();
            Err(syn::Error::new(value.span(), format!("write it in quotes: `\"{found}\"`")))
        }
    }
}

/// What `concat!` makes of a literal.
fn part(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            Lit::Char(letter) => Some(letter.value().to_string()),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            _ => None,
        },
        other => text(other).map(|text| text.value()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn concatenated_literals_are_a_text() {
        let known = |expr: Expr| text(&expr).map(|text| text.value());
        assert_eq!(known(parse_quote!("a")).as_deref(), Some("a"));
        let all = known(parse_quote!(concat!("sensor_", 1, '-', concat!("x", true))));
        assert_eq!(all.as_deref(), Some("sensor_1-xtrue"));
        assert_eq!(known(parse_quote!(concat!("a", NAME))), None);
        assert_eq!(known(parse_quote!(NAME)), None);
    }
}
