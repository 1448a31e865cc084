//! Sizes and numbers: literals, arithmetic on literals, or other constant expressions.

use multi_input_spec::{Range, Size};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{spanned::Spanned, Expr};

use super::arithmetic::{constant, integer, real};
use crate::{diagnostics::Diagnostics, expression::Kind, requirement::Condition, text::compact};

/// A size as the user wrote it.
#[derive(Clone)]
pub(crate) struct SizeExpr {
    /// The tokens of an expression of type `usize`: the user's, or the name of a constant.
    pub(crate) tokens: TokenStream,
    /// The tokens of the user.
    pub(crate) written: TokenStream,
    /// The number, if the macro knows it.
    pub(crate) value: Size,
}

impl SizeExpr {
    /// A literal at the span of the user's tokens.
    pub(crate) fn literal(number: usize, span: Span) -> SizeExpr {
        let mut literal = proc_macro2::Literal::usize_unsuffixed(number);
        literal.set_span(span);
        let tokens = literal.to_token_stream();
        SizeExpr { written: tokens.clone(), tokens, value: Size::Known(number) }
    }

    /// Whether the macro knows the number.
    pub(crate) fn is_known(&self) -> bool {
        self.value != Size::Unknown
    }

    /// The user's tokens.
    pub(crate) fn span(&self) -> Span {
        self.written.span()
    }

    /// As a const argument, between `<` and `>`: a literal unchanged, other expressions in braces.
    pub(crate) fn argument(&self) -> TokenStream {
        const_argument(&self.tokens)
    }

    /// Leaves an expression that the macro does not know to rustc.
    pub(super) fn name(&mut self, errors: &mut Diagnostics) {
        if !self.is_known() {
            self.tokens = errors.name(&self.written, Kind::Size);
        }
    }

    /// [`name`](Self::name) for a size of at least one, which rustc checks; zero literals are refused
    /// when read.
    pub(super) fn require(&mut self, errors: &mut Diagnostics) {
        self.name(errors);
        if !self.is_known() {
            errors.require(self.span(), &self.tokens, Condition::Size);
        }
    }

    /// Reads a size; a literal must be at least one.
    pub(crate) fn read(expr: &Expr) -> syn::Result<SizeExpr> {
        SizeExpr::at_least(1, "a size", expr)
    }

    /// Reads `what`; a literal must be at least `least`.
    pub(super) fn at_least(least: i128, what: &str, expr: &Expr) -> syn::Result<SizeExpr> {
        let value = match integer(what, expr)? {
            Some(number) if number < least => {
                return Err(syn::Error::new(
                    expr.span(),
                    format!("{what} is at least {least}, this is {number}"),
                ));
            }
            Some(number) => match usize::try_from(number) {
                Ok(number) if number <= isize::MAX as usize => Size::Known(number),
                _ => return Err(syn::Error::new(expr.span(), "no machine holds a size like this")),
            },
            None => Size::Unknown,
        };
        let written = expr.to_token_stream();
        // Arithmetic that the macro has done is not repeated.
        let tokens = match value {
            Size::Known(number) => SizeExpr::literal(number, expr.span()).tokens,
            Size::Unknown => written.clone(),
        };
        Ok(SizeExpr { tokens, written, value })
    }
}

/// A real number as the user wrote it.
#[derive(Clone)]
pub(crate) struct NumberExpr {
    /// The tokens of an expression of type `f64`.
    pub(crate) tokens: TokenStream,
    /// The tokens of the user.
    pub(crate) written: TokenStream,
    /// The number; NaN if the macro does not know it.
    pub(crate) value: f64,
    /// The user's token.
    pub(crate) span: Span,
}

impl NumberExpr {
    /// Reads a number, with or without a decimal point.
    pub(crate) fn read(expr: &Expr) -> syn::Result<NumberExpr> {
        let (span, written) = (expr.span(), expr.to_token_stream());
        match real(expr) {
            Some(value) if !value.is_finite() => {
                let is = if value.is_nan() { "no number" } else { "infinite" };
                let text = compact(&written);
                Err(syn::Error::new(
                    span,
                    format!("expected a finite number, but `{text}` is {is}"),
                ))
            }
            Some(value) => {
                let literal = proc_macro2::Literal::f64_suffixed(value.abs());
                let sign = (value < 0.0).then(|| quote::quote!(-));
                Ok(NumberExpr { tokens: quote::quote!(#sign #literal), written, value, span })
            }
            None => {
                constant("a number", expr)?;
                Ok(NumberExpr { tokens: written.clone(), written, value: f64::NAN, span })
            }
        }
    }

    /// Leaves an expression that the macro does not know to rustc.
    pub(super) fn name(&mut self, errors: &mut Diagnostics) {
        if self.value.is_nan() {
            self.tokens = errors.name(&self.written, Kind::Number);
        }
    }

    /// Whether a literal is in the range of `parameter` of `callee`; reports it if it is not.
    /// Constants are left to rustc.
    pub(super) fn require(
        &mut self,
        callee: &str,
        parameter: &'static str,
        range: Range,
        errors: &mut Diagnostics,
    ) -> bool {
        if self.value.is_nan() {
            self.name(errors);
            let callee = callee.to_owned();
            let condition = Condition::Number { callee, parameter, range };
            errors.require(self.span, &self.tokens, condition);
            return true;
        }
        let checked = range.check(callee, parameter, self.value);
        if let Err(text) = &checked {
            errors.at(self.span, text.as_str());
        }
        checked.is_ok()
    }
}

/// A constant expression as a const argument.
pub(crate) fn const_argument(size: &TokenStream) -> TokenStream {
    let mut trees = size.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Literal(_)), None) => size.clone(),
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Brace => {
            size.clone()
        }
        _ => quote::quote!({ #size }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn literals_and_their_arithmetic_are_known_and_constants_are_not() {
        let size = |expr: Expr| SizeExpr::read(&expr).map(|size| size.value);
        assert_eq!(size(parse_quote!(64)).unwrap(), Size::Known(64));
        assert_eq!(size(parse_quote!(2 * (8 + 1))).unwrap(), Size::Known(18));
        assert_eq!(size(parse_quote!(config::WIDTH)).unwrap(), Size::Unknown);
        assert_eq!(size(parse_quote!(WIDTH + 16)).unwrap(), Size::Unknown);
        for wrong in [
            parse_quote!(0),
            parse_quote!(-3),
            parse_quote!(crate),
            parse_quote!("64"),
            parse_quote!(1.5),
        ] {
            assert!(size(wrong).is_err());
        }
        let number = |expr: Expr| NumberExpr::read(&expr).unwrap().value;
        assert_eq!(number(parse_quote!(0xff)), 255.0);
        assert_eq!(number(parse_quote!(1.0 / 4.0)), 0.25);
        assert_eq!(number(parse_quote!(-1)), -1.0);
        assert!(number(parse_quote!(RATE)).is_nan());
    }

    #[test]
    fn a_literal_that_is_not_finite_is_refused() {
        let error = |expr: Expr| NumberExpr::read(&expr).err().unwrap().to_string();
        let said = "expected a finite number, but `1e400` is infinite";
        assert_eq!(error(parse_quote!(1e400)), said);
        let said = "expected a finite number, but `0.0 / 0.0` is no number";
        assert_eq!(error(parse_quote!(0.0 / 0.0)), said);
        let digits = "9".repeat(400);
        for wrong in ["-1e999", "1 / 0", "1e308 * 10.0", "-(1e400)", "1e400f32", digits.as_str()] {
            let message = error(syn::parse_str(wrong).unwrap());
            assert!(message.starts_with("expected a finite number, but `"), "{message}");
        }
    }

    #[test]
    fn whole_numbers_of_any_size_are_read_or_refused() {
        const LARGEST: &str = "170141183460469231731687303715884105727";
        for (text, value) in [
            (format!("-(0 - {LARGEST} - 1)"), None),
            (format!("(0 - {LARGEST} - 1) / -1"), None),
            (format!("{LARGEST}0"), None),
            (format!("-{LARGEST}0"), None),
            ("9223372036854775807".to_owned(), Some(Size::Known(isize::MAX as usize))),
            ("9223372036854775808".to_owned(), None),
            ("0x10".to_owned(), Some(Size::Known(16))),
        ] {
            let expr: Expr = syn::parse_str(&text).unwrap();
            assert_eq!(SizeExpr::read(&expr).ok().map(|size| size.value), value, "{text}");
        }
    }
}
