//! Calls such as `Dense(64, relu, l2 = 1e-4)`: matches arguments with the parameters of the spec.

#[cfg(test)]
mod tests;
mod value;

use std::rc::Rc;

use multi_input_spec::{
    names::{find, is_same, ARGUMENTS, WITHOUT},
    Activation, ArgumentKind, Padding, Parameter,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{ext::IdentExt, spanned::Spanned, Expr, LitStr};

use self::value::expected;
pub(crate) use self::value::value_of;
use super::{
    arithmetic,
    average::AverageExpr,
    branch::Layer,
    foreign,
    given::Given,
    number::{NumberExpr, SizeExpr},
    tokenizer::TokenizerExpr,
    word,
};
use crate::{
    diagnostics::Diagnostics, expression::Kind, meaning, requirement::Condition, suggest::list,
    text::compact,
};

/// The value of one parameter, in the order of the parameters. A list parameter is the last one and
/// gives one value per element.
#[derive(Clone)]
pub(crate) enum Argument {
    Absent,
    Size(SizeExpr),
    Pair([SizeExpr; 2]),
    Padding(PaddingExpr),
    Margins([SizeExpr; 4]),
    Axis(isize),
    Number(NumberExpr),
    Flag(bool),
    /// A flag, an axis or a list of numbers that only rustc knows.
    Constant(ConstantExpr),
    /// With the user's token.
    Activation(Activation, Span),
    /// One of the parameter's words, with the user's token.
    Word(&'static str, Span),
    /// A list of numbers.
    Numbers(Vec<NumberExpr>),
    Tokenizer(TokenizerExpr),
    /// A text in quotes.
    Text(LitStr),
    /// An average over classes.
    Average(AverageExpr),
    /// Another input.
    Input(Ident),
    /// In an `Rc`, because arguments are cloned while they are sorted.
    Layer(Rc<Layer>),
}

impl Argument {
    /// Leaves its expressions that the macro does not know to rustc, and the check of sizes that must be
    /// at least one.
    fn name_expressions(&mut self, errors: &mut Diagnostics) {
        match self {
            Argument::Size(size) => size.require(errors),
            Argument::Pair(pair) => pair.iter_mut().for_each(|size| size.require(errors)),
            Argument::Padding(PaddingExpr::Zeros(zeros)) => zeros.name(errors),
            Argument::Margins(margins) => margins.iter_mut().for_each(|margin| margin.name(errors)),
            Argument::Constant(constant) => {
                constant.tokens = errors.name(&constant.written, constant.kind);
            }
            Argument::Average(average) => average.name_expressions(errors),
            _ => {}
        }
    }

    /// A flag, an axis or a list of numbers that only rustc knows.
    pub(crate) fn constant(&self) -> Option<&ConstantExpr> {
        match self {
            Argument::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// Whether the macro knows its value.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Argument::Size(size) | Argument::Padding(PaddingExpr::Zeros(size)) => size.is_known(),
            Argument::Pair(pair) => pair.iter().all(SizeExpr::is_known),
            Argument::Margins(margins) => margins.iter().all(SizeExpr::is_known),
            Argument::Number(_) | Argument::Numbers(_) => {
                self.numbers().iter().all(|number| !number.value.is_nan())
            }
            Argument::Constant(_) => false,
            _ => true,
        }
    }

    /// The real numbers.
    pub(super) fn numbers(&self) -> &[NumberExpr] {
        match self {
            Argument::Number(number) => std::slice::from_ref(number),
            Argument::Numbers(numbers) => numbers,
            _ => &[],
        }
    }

    fn numbers_mut(&mut self) -> &mut [NumberExpr] {
        match self {
            Argument::Number(number) => std::slice::from_mut(number),
            Argument::Numbers(numbers) => numbers,
            _ => &mut [],
        }
    }
}

/// A flag, an axis or a list of numbers that only rustc knows.
#[derive(Clone)]
pub(crate) struct ConstantExpr {
    pub(crate) kind: Kind,
    /// The name of its constant.
    pub(crate) tokens: TokenStream,
    /// The tokens of the user.
    pub(crate) written: TokenStream,
}

impl ConstantExpr {
    /// A flag or an axis as a number; `None` for a list.
    pub(crate) fn number(&self) -> Option<NumberExpr> {
        let constant = &self.tokens;
        let tokens = match self.kind {
            Kind::Flag => quote!(#constant as ::core::primitive::u8 as ::core::primitive::f64),
            Kind::Axis => quote!(#constant as ::core::primitive::f64),
            _ => return None,
        };
        let (written, span) = (self.written.clone(), self.written.span());
        Some(NumberExpr { tokens, written, value: f64::NAN, span })
    }

    /// `what` is expected, for a message about an expression that cannot be constant.
    fn read(kind: Kind, what: &str, expr: &Expr) -> syn::Result<Argument> {
        // A word in small letters is meant otherwise: `True`, `last`.
        let is_small = |word: &Ident| word.to_string().chars().any(char::is_lowercase);
        let is_word = word::plain(expr).is_some_and(is_small);
        if is_word || arithmetic::constant(what, expr).is_err() {
            return Err(expected(expr, what));
        }
        Ok(ConstantExpr::unread(kind, expr))
    }

    /// An expression that is rustc's alone.
    fn unread(kind: Kind, expr: &Expr) -> Argument {
        let written = expr.to_token_stream();
        Argument::Constant(ConstantExpr { kind, tokens: written.clone(), written })
    }
}

/// A padding as the user wrote it.
#[derive(Clone)]
pub(crate) enum PaddingExpr {
    /// `valid` or `same`.
    Word(Padding),
    /// A number of zeros on every side.
    Zeros(SizeExpr),
}

/// The word that leaves a size to the layer.
pub(crate) const AUTO: &str = "auto";

/// The arguments of a call to `callee` at `span`, or `None` after reporting mistakes.
pub(super) fn read(
    callee: &str,
    span: Span,
    parameters: &[Parameter],
    given: Vec<Given>,
    errors: &mut Diagnostics,
) -> Option<Vec<Argument>> {
    if let Some((name, example)) =
        given.iter().find_map(|given| foreign::name_alone(given, parameters))
    {
        let text = format!(
            "`{name}` is the name of an argument: `{callee}` takes its value, `{name} = {example}`"
        );
        errors.at(name.span(), text);
        return None;
    }
    let before = errors.guesses();
    let given = without_brackets(given, parameters, errors);
    let given: Vec<Given> =
        given.into_iter().map(|given| flag_by_name(given, parameters)).collect();
    let places = places(callee, parameters, &given, errors);
    let mut values: Vec<Option<Argument>> = vec![None; parameters.len()];
    let mut listed = Vec::new();
    let mut sound = true;
    let mut next = 0;
    for (Given { name, value }, place) in given.into_iter().zip(places) {
        let place = match place {
            None => {
                let place = next.min(parameters.len());
                if parameters.get(place).is_none_or(|p| !p.kind.is_list()) {
                    next += 1;
                }
                place
            }
            Some(Taken::Place(place)) => place,
            Some(Taken::LeftOut) => continue,
            Some(Taken::Unknown) => {
                sound = false;
                continue;
            }
        };
        let Some(parameter) = parameters.get(place) else {
            // One more than there are is one mistake, however many they are.
            errors.unless_guessed(before, |errors| {
                errors.at(value.span(), too_many(callee, parameters));
            });
            return None;
        };
        let argument = errors.unless_guessed(before, |errors| {
            let argument = value_of(callee, parameter, &value, errors)?;
            in_range(callee, parameter, argument, errors)
        });
        match argument {
            None => sound = false,
            Some(Argument::Absent) => {}
            Some(argument) if parameter.kind.is_list() => listed.push(argument),
            Some(argument) if values[place].is_none() => values[place] = Some(argument),
            Some(_) => {
                let at = name.map_or(value.span(), |name| name.span());
                let text = format!("`{callee}` is given `{}` twice", parameter.name);
                errors.unless_guessed(before, |errors| errors.at(at, text));
                sound = false;
            }
        }
    }
    for (parameter, value) in parameters.iter().zip(&values) {
        let given = value.is_some() || parameter.kind.is_list() && !listed.is_empty();
        if sound && parameter.required && !given {
            errors.at(span, missing(callee, parameter, parameters));
            sound = false;
        }
    }
    let last_is_list = parameters.last().is_some_and(|p| p.kind.is_list());
    values.truncate(parameters.len() - usize::from(last_is_list));
    let values = values.into_iter().map(|value| value.unwrap_or(Argument::Absent));
    sound.then(|| values.chain(listed).collect())
}

/// What the name of an argument is taken for.
enum Taken {
    /// The parameter at this position.
    Place(usize),
    /// One that nothing here has, so that it is left out.
    LeftOut,
    Unknown,
}

/// What the names of a call's arguments are taken for. Those that are called otherwise here are
/// reported at once.
fn places(
    callee: &str,
    parameters: &[Parameter],
    given: &[Given],
    errors: &mut Diagnostics,
) -> Vec<Option<Taken>> {
    let names = meaning::with_others(parameters.iter().map(|p| p.name), ARGUMENTS);
    let position = |name: &str| parameters.iter().position(|parameter| parameter.name == name);
    let mut hints: Vec<(Span, String, String)> = Vec::new();
    let mut read = |name: &Ident, errors: &mut Diagnostics| {
        let given = name.unraw().to_string();
        if let Some(place) = position(&given) {
            return Taken::Place(place);
        }
        let without = WITHOUT.iter().find(|(others, _)| others.iter().any(|n| is_same(n, &given)));
        if let (None, Some((_, why))) = (find(&names, &given), without) {
            let text = format!("leave `{name}` out of `{callee}`: {why}");
            hints.push((name.span(), text.clone(), text));
            return Taken::LeftOut;
        }
        let meaning = meaning::among(&given, &names);
        let hint = meaning.as_ref().map(|meaning| meaning.hint.as_str());
        let text = unknown_name(callee, &given, hint, parameters);
        match meaning
            .and_then(|meaning| meaning.name)
            .and_then(|name| Some((name, position(name)?)))
        {
            Some((here, place)) => {
                hints.push((name.span(), text, format!("`{name}` is called `{here}` here")));
                Taken::Place(place)
            }
            None => {
                errors.at(name.span(), text);
                Taken::Unknown
            }
        }
    };
    let places =
        given.iter().map(|given| given.name.as_ref().map(|name| read(name, errors))).collect();
    let others: Vec<String> = hints.iter().skip(1).map(|hint| format!("; {}", hint.2)).collect();
    if let Some((span, text, _)) = hints.first() {
        errors.guess(*span, format!("{text}{}", others.concat()));
    }
    places
}

/// The sizes of `Reshape((2, 4))` by themselves, which is reported.
fn without_brackets(
    given: Vec<Given>,
    parameters: &[Parameter],
    errors: &mut Diagnostics,
) -> Vec<Given> {
    let is_list = parameters.first().is_some_and(|parameter| parameter.kind.is_list());
    let [Given { name: None, value }] = &given[..] else { return given };
    let elements = match value {
        Expr::Tuple(tuple) => &tuple.elems,
        Expr::Array(array) => &array.elems,
        _ => return given,
    };
    if !is_list || elements.is_empty() {
        return given;
    }
    let text: Vec<String> =
        elements.iter().map(|element| compact(&element.to_token_stream())).collect();
    errors.guess(value.span(), format!("write `{}` without brackets", text.join(", ")));
    elements.iter().map(|value| Given { name: None, value: value.clone() }).collect()
}

/// The argument, if its literals are in the parameter's range; reports those that are not. Constants
/// are left to rustc.
fn in_range(
    callee: &str,
    parameter: &Parameter,
    mut argument: Argument,
    errors: &mut Diagnostics,
) -> Option<Argument> {
    argument.name_expressions(errors);
    let (ArgumentKind::Number(range)
    | ArgumentKind::Numbers(range)
    | ArgumentKind::ListedNumbers(range)) = parameter.kind
    else {
        return Some(argument);
    };
    let name = parameter.name;
    if let Argument::Constant(list) = &argument {
        let condition = Condition::Numbers { callee: callee.to_owned(), parameter: name, range };
        errors.require(list.written.span(), &list.tokens, condition);
    }
    let numbers = argument.numbers_mut().iter_mut();
    let sound = numbers.fold(true, |all, one| all & one.require(callee, name, range, errors));
    sound.then_some(argument)
}

/// `mask` is short for `mask = true`, at any position.
pub(super) fn flag_by_name(given: Given, parameters: &[Parameter]) -> Given {
    let is_flag =
        |word: &Ident| parameters.iter().any(|p| p.kind == ArgumentKind::Flag && word == p.name);
    match (&given.name, &given.value) {
        (None, value) => match word::plain(value).filter(|word| is_flag(word)) {
            Some(word) => Given { name: Some(word.clone()), value: syn::parse_quote!(true) },
            None => given,
        },
        _ => given,
    }
}

fn unknown_name(callee: &str, name: &str, hint: Option<&str>, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return format!("`{callee}` takes no arguments");
    }
    let takes = match hint {
        Some(hint) => hint.to_owned(),
        None => format!("; it takes {}", list(parameters.iter().map(|p| p.name))),
    };
    format!("`{callee}` has no argument `{name}`{takes}")
}

fn too_many(callee: &str, parameters: &[Parameter]) -> String {
    match parameters.len() {
        0 => format!("`{callee}` takes no arguments"),
        _ => format!(
            "too many arguments: `{callee}` takes {}",
            list(parameters.iter().map(|p| p.name))
        ),
    }
}

fn missing(callee: &str, parameter: &Parameter, parameters: &[Parameter]) -> String {
    let example = parameters.iter().filter(|p| p.required).map(|p| match p.kind {
        ArgumentKind::Words(words) => words[..words.len().min(2)].join(", "),
        _ => p.name.to_owned(),
    });
    let example: Vec<String> = example.collect();
    format!("`{callee}` needs `{}`: write `{callee}({})`", parameter.name, example.join(", "))
}
