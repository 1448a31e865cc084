//! Values as other languages write them, where it is clear what is meant: `True`, `None`, `"64"`,
//! `[3, 3]` for a pair, `0.5` for a list. The mistake is reported, and the value is what is meant.

use multi_input_spec::{ArgumentKind, Parameter};
use proc_macro2::Span;
use quote::ToTokens;
use syn::{spanned::Spanned, Expr, ExprLit, Ident, Lit};

use super::{
    given::Given,
    word::{plain, Word},
};
use crate::{diagnostics::Diagnostics, text::compact};

/// What is meant by a value.
pub(super) enum Meant {
    /// What is written.
    AsWritten,
    /// This, instead of what is written.
    Value(Box<Expr>),
    /// `None`: nothing, as if it were left out.
    Nothing,
    /// Nothing that has a value; it has been reported.
    Unknown,
}

/// What is meant by the value of a parameter.
pub(super) fn meant(parameter: &Parameter, value: &Expr, errors: &mut Diagnostics) -> Meant {
    if plain(value).is_some_and(|word| word == "None") {
        let name = parameter.name;
        if parameter.required {
            errors.guess(value.span(), format!("there is no `None` here: `{name}` needs a value"));
            return Meant::Unknown;
        }
        errors.guess(value.span(), format!("there is no `None` here: leave `{name}` out"));
        return Meant::Nothing;
    }
    let read = match parameter.kind {
        ArgumentKind::Flag => flag(value),
        ArgumentKind::Size | ArgumentKind::Sizes | ArgumentKind::SizeOrAuto => {
            number_in_quotes(value).or_else(|| alone(value)).or_else(|| whole(value))
        }
        ArgumentKind::Axis => number_in_quotes(value).or_else(|| alone(value)),
        ArgumentKind::Pair => number_in_quotes(value).or_else(|| pair(value)),
        ArgumentKind::Margins => pair(value),
        ArgumentKind::Number(_) | ArgumentKind::ListedNumbers(_) => {
            number_in_quotes(value).or_else(|| alone(value))
        }
        ArgumentKind::Numbers(_) => list(value),
        _ => None,
    };
    if let Some((instead, why)) = read {
        let text = compact(&instead.to_token_stream());
        errors.guess(value.span(), format!("write `{text}`{why}"));
        return Meant::Value(Box::new(instead));
    }
    let suffixes: &[&str] = match parameter.kind {
        ArgumentKind::Number(_) | ArgumentKind::Numbers(_) | ArgumentKind::ListedNumbers(_) => {
            &["", "f32", "f64"]
        }
        ArgumentKind::Axis => &["", "isize"],
        _ => &["", "usize"],
    };
    match suffix(value, suffixes) {
        Some((digits, suffix, at)) => {
            let text = format!("a number here has no suffix `{suffix}`: write `{digits}`");
            errors.guess(at, text);
            Meant::Unknown
        }
        None => Meant::AsWritten,
    }
}

/// The digits and the suffix of a number whose suffix is none of `known`.
fn suffix(value: &Expr, known: &[&str]) -> Option<(String, String, Span)> {
    let (digits, suffix, at) = match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            (number.base10_digits(), number.suffix(), number.span())
        }
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => {
            (number.base10_digits(), number.suffix(), number.span())
        }
        Expr::Paren(inner) => return suffix(&inner.expr, known),
        Expr::Unary(inner) => return suffix(&inner.expr, known),
        Expr::Tuple(tuple) => return tuple.elems.iter().find_map(|value| suffix(value, known)),
        Expr::Array(array) => return array.elems.iter().find_map(|value| suffix(value, known)),
        Expr::Binary(sum) => {
            return suffix(&sum.left, known).or_else(|| suffix(&sum.right, known));
        }
        _ => return None,
    };
    (!known.contains(&suffix)).then(|| (digits.to_owned(), suffix.to_owned(), at))
}

/// The name of a parameter of numbers that stands in the place of its value, and an example of one.
pub(super) fn name_alone(given: &Given, parameters: &[Parameter]) -> Option<(Ident, &'static str)> {
    let name = plain(&given.value).filter(|_| given.name.is_none())?;
    let parameter = parameters.iter().find(|parameter| name == parameter.name)?;
    let example = match parameter.kind {
        ArgumentKind::Size | ArgumentKind::Sizes | ArgumentKind::SizeOrAuto => "8",
        ArgumentKind::Pair => "(3, 3)",
        ArgumentKind::Number(_) | ArgumentKind::ListedNumbers(_) => "0.5",
        ArgumentKind::Numbers(_) => "[0.5]",
        _ => return None,
    };
    Some((name.clone(), example))
}

/// `True` and `"true"`.
fn flag(value: &Expr) -> Option<(Expr, &'static str)> {
    if matches!(value, Expr::Lit(ExprLit { lit: Lit::Bool(_), .. })) {
        return None;
    }
    match Word::of(value)?.text.as_str() {
        "True" | "TRUE" | "true" => Some((syn::parse_quote!(true), "")),
        "False" | "FALSE" | "false" => Some((syn::parse_quote!(false), "")),
        _ => None,
    }
}

/// `"64"`.
fn number_in_quotes(value: &Expr) -> Option<(Expr, &'static str)> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else { return None };
    let number: Expr = syn::parse_str(text.value().trim()).ok()?;
    let digits = match &number {
        Expr::Unary(negative) => &*negative.expr,
        number => number,
    };
    let is_number = matches!(digits, Expr::Lit(ExprLit { lit: Lit::Int(_) | Lit::Float(_), .. }));
    is_number.then_some((number, " without quotes"))
}

/// `[64]` and `(64,)`.
fn alone(value: &Expr) -> Option<(Expr, &'static str)> {
    let only = match value {
        Expr::Array(array) if array.elems.len() == 1 => array.elems.first(),
        Expr::Tuple(tuple) if tuple.elems.len() == 1 => tuple.elems.first(),
        _ => None,
    }?;
    Some((only.clone(), " alone, without brackets"))
}

/// `64.0`.
fn whole(value: &Expr) -> Option<(Expr, &'static str)> {
    let Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) = value else { return None };
    let size =
        number.base10_parse::<f64>().ok().filter(|size| size.fract() == 0.0 && *size < 1e15)?;
    let number: Lit = syn::parse_str(&format!("{size:.0}")).ok()?;
    Some((literal(number, value), ": a size is a whole number"))
}

/// `[3, 3]`.
fn pair(value: &Expr) -> Option<(Expr, &'static str)> {
    let Expr::Array(array) = value else { return None };
    let elements = &array.elems;
    match elements.len() {
        1 => alone(value),
        2 => {
            let elements = elements.iter();
            Some((syn::parse_quote!((#(#elements),*)), " in round parentheses"))
        }
        _ => None,
    }
}

/// `0.5` and `(0.5, 0.25)`.
fn list(value: &Expr) -> Option<(Expr, &'static str)> {
    let list = match value {
        Expr::Lit(ExprLit { lit: Lit::Int(_) | Lit::Float(_), .. }) => syn::parse_quote!([#value]),
        Expr::Tuple(tuple) => {
            let elements = tuple.elems.iter();
            syn::parse_quote!([#(#elements),*])
        }
        _ => return None,
    };
    Some((list, " in square brackets"))
}

fn literal(mut lit: Lit, at: &Expr) -> Expr {
    lit.set_span(at.span());
    Expr::Lit(ExprLit { attrs: Vec::new(), lit })
}
