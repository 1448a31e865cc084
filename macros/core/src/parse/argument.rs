//! Calls such as `Dense(64, relu, l2 = 1e-4)`: matches arguments with the parameters of the spec.

#[cfg(test)]
mod tests;

use std::rc::Rc;

use multi_input_spec::{
    names::{find, is_same, Kind as NameKind, Named, ARGUMENTS, WITHOUT, WORDS},
    Activation, ArgumentKind, Padding, Parameter, ACTIVATIONS,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{ext::IdentExt, spanned::Spanned, Expr, Lit, LitStr};

use super::{
    arithmetic,
    average::AverageExpr,
    branch::{self, Layer},
    foreign::{self, Meant},
    given::Given,
    number::{NumberExpr, SizeExpr},
    quoted,
    tokenizer::TokenizerExpr,
    word::Word,
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

/// Reads the value of a parameter; `None` after reporting mistakes.
pub(super) fn value_of(
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

fn padding(value: &Expr, errors: &mut Diagnostics) -> Option<PaddingExpr> {
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

fn expected(value: &Expr, what: &str) -> syn::Error {
    expected_and(value, what, "")
}

fn expected_and(value: &Expr, what: &str, hint: &str) -> syn::Error {
    let found = compact(&value.to_token_stream());
    syn::Error::new(value.span(), format!("expected {what}; found `{found}`{hint}"))
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
