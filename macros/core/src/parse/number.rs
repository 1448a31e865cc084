//! Sizes and numbers: literals, arithmetic on literals, or other constant expressions.

use multi_input_spec::{Range, Size};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{spanned::Spanned, BinOp, Expr, Lit, UnOp};

use crate::{diagnostics::Diagnostics, requirement::Condition, text::compact};

/// A size as the user wrote it.
#[derive(Clone)]
pub(crate) struct SizeExpr {
    /// The tokens, with the user's spans.
    pub(crate) tokens: TokenStream,
    /// The number, if the macro knows it.
    pub(crate) value: Size,
}

impl SizeExpr {
    /// A literal at the span of the user's tokens.
    pub(crate) fn literal(number: usize, span: Span) -> SizeExpr {
        let mut literal = proc_macro2::Literal::usize_unsuffixed(number);
        literal.set_span(span);
        SizeExpr { tokens: literal.to_token_stream(), value: Size::Known(number) }
    }

    /// Whether the macro knows the number.
    pub(crate) fn is_known(&self) -> bool {
        self.value != Size::Unknown
    }

    /// As a const argument, between `<` and `>`: a literal unchanged, other expressions in braces.
    pub(crate) fn argument(&self) -> TokenStream {
        const_argument(&self.tokens)
    }

    /// Requires rustc to refuse a constant size of zero; zero literals are refused when read.
    pub(super) fn require(&self, errors: &mut Diagnostics) {
        if !self.is_known() {
            errors.require(self.tokens.span(), &self.tokens, Condition::Size);
        }
    }

    /// Reads a size; a literal must be at least one.
    pub(crate) fn read(expr: &Expr) -> syn::Result<SizeExpr> {
        SizeExpr::at_least(1, "a size", expr)
    }

    /// Reads `what`; a literal must be at least `least`.
    pub(super) fn at_least(least: i128, what: &str, expr: &Expr) -> syn::Result<SizeExpr> {
        let value = match integer(expr) {
            Integer::Known(number) if number < least => {
                return Err(syn::Error::new(
                    expr.span(),
                    format!("{what} is at least {least}, this is {number}"),
                ));
            }
            Integer::Known(number) => match usize::try_from(number) {
                Ok(number) if number <= isize::MAX as usize => Size::Known(number),
                _ => return Err(syn::Error::new(expr.span(), "no machine holds a size like this")),
            },
            Integer::Constant => Size::Unknown,
            Integer::No(found) => {
                return Err(syn::Error::new(
                    expr.span(),
                    format!("expected {what}, a whole number or a constant's path; found {found}"),
                ));
            }
        };
        Ok(SizeExpr { tokens: expr.to_token_stream(), value })
    }
}

/// A real number as the user wrote it.
#[derive(Clone)]
pub(crate) struct NumberExpr {
    /// The tokens of an expression of type `f64`.
    pub(crate) tokens: TokenStream,
    /// The number; NaN if the macro does not know it.
    pub(crate) value: f64,
    /// The user's token.
    pub(crate) span: Span,
}

impl NumberExpr {
    /// Reads a number, with or without a decimal point.
    pub(crate) fn read(expr: &Expr) -> syn::Result<NumberExpr> {
        let span = expr.span();
        match real(expr) {
            Some(value) if !value.is_finite() => {
                let is = if value.is_nan() { "no number" } else { "infinite" };
                let text = compact(&expr.to_token_stream());
                Err(syn::Error::new(
                    span,
                    format!("expected a finite number, but `{text}` is {is}"),
                ))
            }
            Some(value) => {
                let literal = proc_macro2::Literal::f64_suffixed(value.abs());
                let sign = (value < 0.0).then(|| quote::quote!(-));
                Ok(NumberExpr { tokens: quote::quote!(#sign #literal), value, span })
            }
            None if is_constant(expr) => {
                let tokens = quote::quote!((#expr) as ::core::primitive::f64);
                Ok(NumberExpr { tokens, value: f64::NAN, span })
            }
            None => Err(syn::Error::new(span, format!("expected a number; found {}", found(expr)))),
        }
    }

    /// Whether a literal is in the range of `parameter` of `callee`; reports it if it is not.
    /// Constants are left to rustc.
    pub(super) fn require(
        &self,
        callee: &str,
        parameter: &'static str,
        range: Range,
        errors: &mut Diagnostics,
    ) -> bool {
        if self.value.is_nan() {
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

enum Integer {
    Known(i128),
    Constant,
    No(String),
}

fn integer(expr: &Expr) -> Integer {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) => {
                // A literal that does not fit is reported as too large.
                Integer::Known(int.base10_parse().unwrap_or(i128::MAX))
            }
            other => Integer::No(format!("`{}`", other.to_token_stream())),
        },
        Expr::Paren(inner) => integer(&inner.expr),
        Expr::Group(inner) => integer(&inner.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match integer(&unary.expr) {
            Integer::Known(number) => match number.checked_neg() {
                Some(number) => Integer::Known(number),
                None => Integer::No(found(expr)),
            },
            other => other,
        },
        Expr::Binary(binary) => match (integer(&binary.left), integer(&binary.right)) {
            (Integer::Known(l), Integer::Known(r)) => {
                let result = match binary.op {
                    BinOp::Add(_) => l.checked_add(r),
                    BinOp::Sub(_) => l.checked_sub(r),
                    BinOp::Mul(_) => l.checked_mul(r),
                    BinOp::Div(_) => l.checked_div(r),
                    _ => None,
                };
                result.map_or_else(|| Integer::No(found(expr)), Integer::Known)
            }
            (Integer::No(found), _) | (_, Integer::No(found)) => Integer::No(found),
            _ => Integer::Constant,
        },
        _ if is_constant(expr) => Integer::Constant,
        _ => Integer::No(found(expr)),
    }
}

fn real(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) => int.base10_parse().ok(),
            Lit::Float(float) => float.base10_parse().ok(),
            _ => None,
        },
        Expr::Paren(inner) => real(&inner.expr),
        Expr::Group(inner) => real(&inner.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => real(&unary.expr).map(|n| -n),
        Expr::Binary(binary) => {
            let (left, right) = (real(&binary.left)?, real(&binary.right)?);
            match binary.op {
                BinOp::Add(_) => Some(left + right),
                BinOp::Sub(_) => Some(left - right),
                BinOp::Mul(_) => Some(left * right),
                BinOp::Div(_) => Some(left / right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether an expression may be constant: a path, a call of a `const fn`, arithmetic on them.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| !is_module(&last.ident)),
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Block(_) | Expr::Cast(_) => true,
        Expr::Lit(lit) => matches!(lit.lit, Lit::Int(_) | Lit::Float(_)),
        Expr::Paren(inner) => is_constant(&inner.expr),
        Expr::Group(inner) => is_constant(&inner.expr),
        Expr::Unary(unary) => is_constant(&unary.expr),
        Expr::Binary(binary) => is_constant(&binary.left) && is_constant(&binary.right),
        _ => false,
    }
}

/// Whether a path that ends in `name` is a module, not a value.
fn is_module(name: &syn::Ident) -> bool {
    ["crate", "self", "super", "Self"].iter().any(|module| name == module)
}

fn found(expr: &Expr) -> String {
    format!("`{}`", expr.to_token_stream())
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
