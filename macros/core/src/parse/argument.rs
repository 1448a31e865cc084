//! Calls such as `Dense(64, relu, l2 = 1e-4)`: matches arguments with the parameters of the spec.

#[cfg(test)]
mod tests;

use std::rc::Rc;

use multi_input_spec::{Activation, ArgumentKind, Padding, Parameter, ACTIVATIONS};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{
    parse::{Parse, ParseStream},
    spanned::Spanned,
    Expr, Lit, LitStr, Token,
};

use super::{
    arithmetic,
    average::AverageExpr,
    branch::{self, Layer},
    number::{NumberExpr, SizeExpr},
    quoted,
    tokenizer::TokenizerExpr,
};
use crate::{
    diagnostics::Diagnostics,
    expression::Kind,
    requirement::Condition,
    suggest::{list, suggest},
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
        let is_word = word(expr).is_some_and(|word| word.chars().any(char::is_lowercase));
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

/// `value` or `name = value`.
pub(super) struct Given {
    pub(super) name: Option<Ident>,
    pub(super) value: Expr,
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let named = input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        let name = if named {
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        Ok(Given { name, value: input.parse()? })
    }
}

/// The arguments of a call to `callee` at `span`, or `None` after reporting mistakes.
pub(super) fn read(
    callee: &str,
    span: Span,
    parameters: &[Parameter],
    given: Vec<Given>,
    errors: &mut Diagnostics,
) -> Option<Vec<Argument>> {
    let mut values: Vec<Option<Argument>> = vec![None; parameters.len()];
    let mut listed = Vec::new();
    let mut sound = true;
    let mut next = 0;
    for given in given {
        let Given { name, value } = flag_by_name(given, parameters);
        let place = match &name {
            None => {
                let place = next.min(parameters.len());
                if parameters.get(place).is_none_or(|p| !p.kind.is_list()) {
                    next += 1;
                }
                place
            }
            Some(name) => match parameters.iter().position(|p| name == p.name) {
                Some(place) => place,
                None => {
                    errors.at(name.span(), unknown_name(callee, &name.to_string(), parameters));
                    sound = false;
                    continue;
                }
            },
        };
        let Some(parameter) = parameters.get(place) else {
            errors.at(value.span(), too_many(callee, parameters));
            sound = false;
            continue;
        };
        let argument = match parameter.kind {
            ArgumentKind::Layer { among, without } => {
                branch::nested(callee, &value, among, without, errors)
                    .map(|layer| Argument::Layer(Rc::new(layer)))
            }
            _ => errors.ok(one(parameter, &value)),
        };
        let argument = argument.and_then(|given| in_range(callee, parameter, given, errors));
        match argument {
            None => sound = false,
            Some(argument) if parameter.kind.is_list() => listed.push(argument),
            Some(argument) if values[place].is_none() => values[place] = Some(argument),
            Some(_) => {
                let at = name.map_or(value.span(), |name| name.span());
                errors.at(at, format!("`{callee}` is given `{}` twice", parameter.name));
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
        (None, Expr::Path(path)) => match path.path.get_ident().filter(|word| is_flag(word)) {
            Some(word) => Given { name: Some(word.clone()), value: syn::parse_quote!(true) },
            None => given,
        },
        _ => given,
    }
}

fn one(parameter: &Parameter, value: &Expr) -> syn::Result<Argument> {
    match parameter.kind {
        ArgumentKind::Size | ArgumentKind::Sizes => SizeExpr::read(value).map(Argument::Size),
        ArgumentKind::Pair => pair(value).map(Argument::Pair),
        ArgumentKind::Padding => padding(value).map(Argument::Padding),
        ArgumentKind::Margins => margins(value).map(Argument::Margins),
        ArgumentKind::Number(_) | ArgumentKind::ListedNumbers(_) => {
            NumberExpr::read(value).map(Argument::Number)
        }
        ArgumentKind::Axis => axis(value),
        ArgumentKind::Flag => flag(parameter.name, value),
        ArgumentKind::Activation => {
            activation(value).map(|activation| Argument::Activation(activation, value.span()))
        }
        ArgumentKind::Word(words) | ArgumentKind::Words(words) => {
            choice(parameter.name, words, value).map(|word| Argument::Word(word, value.span()))
        }
        ArgumentKind::SizeOrAuto if word(value).is_some_and(|word| word == AUTO) => {
            Ok(Argument::Word(AUTO, value.span()))
        }
        ArgumentKind::SizeOrAuto => SizeExpr::read(value).map(Argument::Size),
        ArgumentKind::Numbers(_) => numbers(value),
        ArgumentKind::Input => match value {
            Expr::Path(path) => path.path.get_ident().cloned().map(Argument::Input),
            _ => None,
        }
        .ok_or_else(|| expected(value, "the name of another input")),
        ArgumentKind::TokenizerFile => TokenizerExpr::read(value).map(Argument::Tokenizer),
        ArgumentKind::Text => text(parameter.name, value).map(Argument::Text),
        ArgumentKind::Average => AverageExpr::read(value).map(Argument::Average),
        ArgumentKind::Layer { .. } => Err(expected(value, "a layer")),
    }
}

fn pair(value: &Expr) -> syn::Result<[SizeExpr; 2]> {
    let Expr::Tuple(tuple) = value else {
        let size = SizeExpr::read(value)?;
        return Ok([size.clone(), size]);
    };
    if tuple.elems.len() != 2 {
        return Err(expected(value, "a size, or a pair of sizes such as `(3, 5)`"));
    }
    Ok([SizeExpr::read(&tuple.elems[0])?, SizeExpr::read(&tuple.elems[1])?])
}

fn padding(value: &Expr) -> syn::Result<PaddingExpr> {
    if let Some(word) = word(value) {
        if let Some((_, padding)) = Padding::WORDS.iter().find(|(name, _)| *name == word) {
            return Ok(PaddingExpr::Word(*padding));
        }
        // Other paths may be constants; a word that is close to a padding and not in capitals is a
        // typo.
        let near = suggest(&word, Padding::WORDS.iter().map(|(name, _)| *name));
        let in_capitals = word.chars().all(|letter| !letter.is_lowercase());
        if !near.is_empty() && !in_capitals {
            let text = format!("there is no padding `{word}`{near}");
            return Err(syn::Error::new(value.span(), text));
        }
    }
    if matches!(value, Expr::Tuple(_) | Expr::Lit(syn::ExprLit { lit: Lit::Str(_), .. })) {
        return Err(expected(value, "`valid`, `same`, or a number of zeros on every side"));
    }
    SizeExpr::at_least(0, "a padding", value).map(PaddingExpr::Zeros)
}

fn margins(value: &Expr) -> syn::Result<[SizeExpr; 4]> {
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

/// The identifier, if the expression is one.
fn word(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
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

fn activation(value: &Expr) -> syn::Result<Activation> {
    let Some(name) = word(value) else {
        return Err(expected(value, "the name of an activation, such as `relu`"));
    };
    Activation::named(&name).ok_or_else(|| {
        let names = ACTIVATIONS.iter().map(|row| row.1);
        let near = suggest(&name, names.clone());
        let all = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
        syn::Error::new(value.span(), format!("there is no activation `{name}`{all}"))
    })
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
    parameter: &str,
    words: &'static [&'static str],
    value: &Expr,
) -> syn::Result<&'static str> {
    let given = word(value).unwrap_or_default();
    words.iter().find(|word| **word == given).copied().ok_or_else(|| {
        let (known, found) = (list(words.iter().copied()), value.to_token_stream());
        let near = suggest(&given, words.iter().copied());
        let text = format!("`{parameter}` is one of {known}, not `{found}`{near}");
        syn::Error::new(value.span(), text)
    })
}

fn expected(value: &Expr, what: &str) -> syn::Error {
    let found = value.to_token_stream();
    syn::Error::new(value.span(), format!("expected {what}; found `{found}`"))
}

fn unknown_name(callee: &str, name: &str, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return format!("`{callee}` takes no arguments");
    }
    let names = parameters.iter().map(|p| p.name);
    let near = suggest(name, names.clone());
    let takes = if near.is_empty() { format!("; it takes {}", list(names)) } else { near };
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
    let example: Vec<&str> = parameters.iter().filter(|p| p.required).map(|p| p.name).collect();
    format!("`{callee}` needs `{}`: write `{callee}({})`", parameter.name, example.join(", "))
}
