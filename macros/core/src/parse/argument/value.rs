//! The value of one argument, as its parameter's kind says.

use std::rc::Rc;

use multi_input_spec::{
    names::{find, Kind as NameKind, Named, WORDS},
    Activation, ArgumentKind, Padding, Parameter, ACTIVATIONS,
};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{spanned::Spanned, Expr, Lit, LitStr};

use super::{Argument, ConstantExpr, PaddingExpr, AUTO};
use crate::{
    diagnostics::Diagnostics,
    expression::Kind,
    meaning,
    parse::{
        arithmetic,
        average::AverageExpr,
        branch,
        foreign::{self, Meant},
        number::{NumberExpr, SizeExpr},
        quoted,
        tokenizer::TokenizerExpr,
        word::Word,
    },
    suggest::list,
    text::compact,
};

/// Reads the value of a parameter; `None` after reporting mistakes.
pub(crate) fn value_of(
    callee: &str,
    parameter: &Parameter,
    value: &Expr,
    errors: &mut Diagnostics,
) -> Option<Argument> {
    // What stands in a `macro_rules` is a group.
    if let Expr::Group(inner) = value {
        return value_of(callee, parameter, &inner.expr, errors);
    }
    let meant = foreign::meant(parameter, value, errors);
    let value = match &meant {
        Meant::AsWritten => value,
        Meant::Value(value) => &**value,
        Meant::Nothing => return Some(Argument::Absent),
        Meant::Unknown => return None,
    };
    match parameter.kind {
        ArgumentKind::Layer { among, without } => {
            branch::nested(callee, value, among, without, errors)
                .map(|layer| Argument::Layer(Rc::new(layer)))
        }
        ArgumentKind::Activation => activation(value, errors)
            .map(|activation| Argument::Activation(activation, value.span())),
        ArgumentKind::Word(words) | ArgumentKind::Words(words) => {
            choice(callee, parameter.name, words, value, errors)
                .map(|word| Argument::Word(word, value.span()))
        }
        ArgumentKind::SizeOrAuto if auto(value).is_some() => {
            auto(value)?.choose(&[Named(AUTO, &[])], str::to_owned, errors)?;
            Some(Argument::Word(AUTO, value.span()))
        }
        ArgumentKind::Padding => padding(value, errors).map(Argument::Padding),
        ArgumentKind::Average => AverageExpr::read(value, errors).map(Argument::Average),
        ArgumentKind::Input => input(value, errors).map(Argument::Input),
        _ => errors.ok(one(parameter, value)),
    }
}

fn one(parameter: &Parameter, value: &Expr) -> syn::Result<Argument> {
    match parameter.kind {
        ArgumentKind::Size | ArgumentKind::Sizes => SizeExpr::read(value).map(Argument::Size),
        ArgumentKind::Pair => pair(value).map(Argument::Pair),
        ArgumentKind::Margins => margins(value).map(Argument::Margins),
        ArgumentKind::Number(_) | ArgumentKind::ListedNumbers(_) => {
            NumberExpr::read(value).map(Argument::Number)
        }
        ArgumentKind::Axis => axis(value),
        ArgumentKind::Flag => flag(parameter.name, value),
        ArgumentKind::SizeOrAuto => SizeExpr::read(value).map(Argument::Size),
        ArgumentKind::Numbers(_) => numbers(value),
        ArgumentKind::TokenizerFile => TokenizerExpr::read(value).map(Argument::Tokenizer),
        ArgumentKind::Text => text(parameter.name, value).map(Argument::Text),
        ArgumentKind::Activation
        | ArgumentKind::Word(_)
        | ArgumentKind::Words(_)
        | ArgumentKind::Padding
        | ArgumentKind::Average
        | ArgumentKind::Input
        | ArgumentKind::Layer { .. } => Err(expected(value, "something else")),
    }
}

/// `auto`, with or without quotes.
fn auto(value: &Expr) -> Option<Word> {
    Word::of(value).filter(|word| word.text == AUTO)
}

pub(super) fn pair(value: &Expr) -> syn::Result<[SizeExpr; 2]> {
    let Expr::Tuple(tuple) = value else {
        let size = SizeExpr::read(value)?;
        return Ok([size.clone(), size]);
    };
    if tuple.elems.len() != 2 {
        return Err(expected(value, "a size, or a pair of sizes such as `(3, 5)`"));
    }
    Ok([SizeExpr::read(&tuple.elems[0])?, SizeExpr::read(&tuple.elems[1])?])
}

pub(super) fn padding(value: &Expr, errors: &mut Diagnostics) -> Option<PaddingExpr> {
    let names = Padding::WORDS.iter().map(|(name, _)| *name);
    let known = |word: &str| Padding::WORDS.iter().find(|(name, _)| *name == word);
    if let Some(word) = Word::of(value) {
        // Other paths may be constants; a word that is close to a padding and not in capitals is a
        // typo.
        let names = meaning::with_others(names, WORDS);
        let in_capitals = word.text.chars().all(|letter| !letter.is_lowercase());
        let is_meant = match word.is_plain() {
            true => meaning::among(&word.text, &names).is_some(),
            false => find(&names, &word.text).is_some(),
        };
        if is_meant && !in_capitals {
            let unknown = |given: &str| format!("there is no padding `{given}`");
            let padding = known(word.choose(&names, unknown, errors)?)?;
            return Some(PaddingExpr::Word(padding.1));
        }
    }
    if matches!(value, Expr::Tuple(_) | Expr::Lit(syn::ExprLit { lit: Lit::Str(_), .. })) {
        let what = "`valid`, `same`, or a number of zeros on every side";
        return errors.ok(Err(expected(value, what)));
    }
    errors.ok(SizeExpr::at_least(0, "a padding", value)).map(PaddingExpr::Zeros)
}

/// The name of another input.
fn input(value: &Expr, errors: &mut Diagnostics) -> Option<Ident> {
    let word = Word::of(value).filter(|word| word.arguments.is_none());
    let name = word.as_ref().and_then(Word::ident);
    let (Some(word), Some(name)) = (word, name) else {
        return errors.ok(Err(expected(value, "the name of another input")));
    };
    if let Some(mistake) = word.mistake() {
        word.report(mistake, errors);
    }
    Some(name)
}

pub(super) fn margins(value: &Expr) -> syn::Result<[SizeExpr; 4]> {
    let [vertical, horizontal] = two(value)?;
    let ([above, below], [left, right]) = (two(vertical)?, two(horizontal)?);
    let margin = |margin: &Expr| match margin {
        Expr::Tuple(_) => Err(expected(value, MARGINS)),
        _ => SizeExpr::at_least(0, "a margin", margin),
    };
    Ok([margin(above)?, margin(below)?, margin(left)?, margin(right)?])
}

const MARGINS: &str = "a margin, a pair such as `(1, 2)` (above and below, left and right), or a \
                       pair of pairs such as `((0, 1), (2, 2))`";

/// The elements of a pair; another value twice.
fn two(value: &Expr) -> syn::Result<[&Expr; 2]> {
    match value {
        Expr::Tuple(tuple) if tuple.elems.len() == 2 => Ok([&tuple.elems[0], &tuple.elems[1]]),
        Expr::Tuple(_) => Err(expected(value, MARGINS)),
        _ => Ok([value, value]),
    }
}

fn flag(name: &str, value: &Expr) -> syn::Result<Argument> {
    match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Bool(flag), .. }) => Ok(Argument::Flag(flag.value)),
        Expr::Paren(inner) => flag(name, &inner.expr),
        Expr::Group(inner) => flag(name, &inner.expr),
        Expr::Unary(not) if matches!(not.op, syn::UnOp::Not(_)) => match flag(name, &not.expr)? {
            Argument::Flag(flag) => Ok(Argument::Flag(!flag)),
            _ => Ok(ConstantExpr::unread(Kind::Flag, value)),
        },
        Expr::Binary(_) => Ok(ConstantExpr::unread(Kind::Flag, value)),
        _ => {
            let what = format!("`true` or `false`, or `{name}` alone for true");
            match value {
                Expr::Lit(_) => Err(expected(value, &what)),
                _ => ConstantExpr::read(Kind::Flag, &what, value),
            }
        }
    }
}

fn axis(value: &Expr) -> syn::Result<Argument> {
    let what = "an axis: 0 is the first after the batch, -1 the last";
    match value {
        Expr::Paren(inner) => axis(&inner.expr),
        Expr::Group(inner) => axis(&inner.expr),
        _ => {
            let number = arithmetic::integer(what, value).map_err(|_| expected(value, what))?;
            match number.map(isize::try_from) {
                Some(Ok(number)) => Ok(Argument::Axis(number)),
                Some(Err(_)) => Err(expected(value, what)),
                None => ConstantExpr::read(Kind::Axis, what, value),
            }
        }
    }
}

fn activation(value: &Expr, errors: &mut Diagnostics) -> Option<Activation> {
    let Some(word) = Word::of(value) else {
        let is_size = matches!(value, Expr::Lit(syn::ExprLit { lit: Lit::Int(_), .. }));
        let error = match is_size {
            true => expected_and(
                value,
                "the name of an activation, such as `relu`",
                "; of sizes, that \
                                 of the output alone is written",
            ),
            false => expected(value, "the name of an activation, such as `relu`"),
        };
        return errors.ok(Err(error));
    };
    if let Some(activation) = Activation::named(&word.text) {
        let name = &word.text;
        let text = word.arguments.as_ref().map(|arguments| match arguments.is_empty() {
            true => format!("write `{name}` without parentheses"),
            false => format!("the activation `{name}` takes no arguments"),
        });
        if let Some(text) = word.mistake().or(text) {
            word.report(text, errors);
        }
        return Some(activation);
    }
    let otherwise = || format!("; there are {}", list(ACTIVATIONS.iter().map(|row| row.1)));
    let kinds = &[NameKind::Activation];
    let (name, _) = word.name_of(kinds, "there is no activation", otherwise, errors)?;
    Activation::named(name)
}

const LIST: &str = "a list of numbers such as `[0.0, 0.5]`";

fn numbers(value: &Expr) -> syn::Result<Argument> {
    match value {
        Expr::Array(array) => {
            let numbers: syn::Result<_> = array.elems.iter().map(NumberExpr::read).collect();
            numbers.map(Argument::Numbers)
        }
        Expr::Reference(inner) => numbers(&inner.expr),
        Expr::Paren(inner) => numbers(&inner.expr),
        Expr::Group(inner) => numbers(&inner.expr),
        Expr::Lit(_) | Expr::Binary(_) => Err(expected(value, LIST)),
        _ => ConstantExpr::read(Kind::Numbers, LIST, value),
    }
}

/// A text in quotes that is not empty.
fn text(parameter: &str, value: &Expr) -> syn::Result<LitStr> {
    match quoted::text(value).filter(|text| !text.value().is_empty()) {
        Some(text) => Ok(text),
        None => {
            let example = if parameter == "from" { "vectors.txt" } else { "|" };
            let text = format!("`{parameter}` as a text in quotes, such as `{example:?}`");
            Err(expected(value, &text))
        }
    }
}

/// One of the words.
fn choice(
    callee: &str,
    parameter: &str,
    words: &'static [&'static str],
    value: &Expr,
    errors: &mut Diagnostics,
) -> Option<&'static str> {
    let known = list(words.iter().copied());
    let Some(word) = Word::of(value) else {
        let found = compact(&value.to_token_stream());
        let is_constant = callee == "impute" && matches!(value, Expr::Lit(_) | Expr::Unary(_));
        let text = match is_constant {
            true => format!(
                "`{parameter}` is one of {known}; a number is written `impute(constant = {found})`"
            ),
            false => format!("`{parameter}` is one of {known}, not `{found}`"),
        };
        errors.at(value.span(), text);
        return None;
    };
    let names = meaning::with_others(words.iter().copied(), WORDS);
    let unknown = |given: &str| format!("`{parameter}` is one of {known}, not `{given}`");
    if meaning::among(&word.text, &names).is_none() {
        word.refuse(unknown(&word.text), errors);
        return None;
    }
    word.choose(&names, unknown, errors)
}

pub(super) fn expected(value: &Expr, what: &str) -> syn::Error {
    expected_and(value, what, "")
}

fn expected_and(value: &Expr, what: &str, hint: &str) -> syn::Error {
    let found = compact(&value.to_token_stream());
    syn::Error::new(value.span(), format!("expected {what}; found `{found}`{hint}"))
}
