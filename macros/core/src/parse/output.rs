//! `#[output(loss = huber(delta = 0.5), metrics(mae, r2), weight = 0.3, standardize)]`, and
//! `#[output]`.

use multi_input_spec::{
    loss,
    names::{self, Named, INPUT_OPTIONS, OUTPUT_OPTIONS, OUTPUT_RULES},
    step::{self, Inverse, STEPS},
    ArgumentKind, Loss, Parameter, Range, LOSSES,
};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::{spanned::Spanned, Ident};

use super::{
    argument::{self, Argument},
    attribute::{self, once, Entry, Form},
    cells::CellOptions,
    flow::{self, OutputRules},
    given,
    input::{self, Step},
    metric::{self, OutputMetric},
    number::NumberExpr,
    own::Own,
    word::Word,
    wraps::{self, Wraps},
};
use crate::{diagnostics::Diagnostics, requirement::Condition, suggest::list, text::compact};

/// The kind of an output.
#[derive(Clone)]
pub(super) enum Kind {
    /// It has a loss, and so a target.
    WithLoss(Box<Output>),
    /// It has no loss: its value is a part of the predictions. With the span of the attribute's name.
    Value(Span),
}

/// The contents of `#[output(...)]` with a loss.
#[derive(Clone)]
pub(crate) struct Output {
    /// The loss and its arguments; `None` if it could not be read.
    pub(crate) loss: Option<LossCall>,
    pub(crate) metrics: Vec<OutputMetric>,
    /// The metrics in which rows count by their weights.
    pub(crate) weighted_metrics: Vec<OutputMetric>,
    /// The weight of this loss in the total loss.
    pub(crate) weight: LossWeight,
    /// The preprocessing steps of the target, in order.
    pub(crate) steps: Vec<Step>,
    /// Whether the target is a label, whose class is learned from the training rows.
    pub(crate) categories: Option<Span>,
    /// How the target is written in files.
    pub(crate) cells: CellOptions,
    /// What the newtype of the target wraps.
    pub(crate) wraps: Option<Wraps>,
    /// The attribute's name.
    pub(crate) span: Span,
}

impl Output {
    /// All metrics, first the unweighted ones.
    pub(crate) fn all_metrics(&self) -> impl Iterator<Item = &OutputMetric> {
        self.metrics.iter().chain(&self.weighted_metrics)
    }
}

/// The weight of a loss in the total loss.
#[derive(Clone)]
pub(crate) enum LossWeight {
    Given(TokenStream),
    /// `weight = learned`: by the uncertainty of the output.
    Learned(Span),
}

/// A loss with its arguments.
#[derive(Clone)]
pub(crate) enum LossCall {
    Named(NamedLoss),
    /// A loss of the user's own.
    Own(Own),
}

impl LossCall {
    /// The loss, if it is one of the spec.
    pub(crate) fn named(&self) -> Option<&NamedLoss> {
        match self {
            LossCall::Named(loss) => Some(loss),
            LossCall::Own(_) => None,
        }
    }
}

impl LossCall {
    /// As [`named`](LossCall::named).
    pub(crate) fn named_mut(&mut self) -> Option<&mut NamedLoss> {
        match self {
            LossCall::Named(loss) => Some(loss),
            LossCall::Own(_) => None,
        }
    }
}

/// A loss of the spec.
#[derive(Clone)]
pub(crate) struct NamedLoss {
    pub(crate) spec: &'static Loss,
    pub(crate) name: Ident,
    /// The values of its parameters.
    pub(crate) values: Vec<TokenStream>,
    /// The numbers that it lists.
    pub(crate) listed: Vec<TokenStream>,
}

/// Reads the tokens between the parentheses.
pub(super) fn read(
    tokens: TokenStream,
    span: Span,
    errors: &mut Diagnostics,
) -> (Kind, OutputRules) {
    let mut read = Options::default();
    let before = errors.guesses();
    let entries = attribute::listed(tokens, errors);
    // Where a comma is missing, the others may be at wrong places.
    errors.unless_guessed(before, |errors| {
        for entry in entries {
            let options = OPTIONS.iter().copied().flatten().map(|row| row.0);
            if Own::is_written(&entry, options.chain(input::names()), names::Kind::Step) {
                read_own_step(entry, &mut read.steps, errors);
                read.is_of_a_target = true;
                continue;
            }
            let Some(entry) = attribute::read_entry(entry, errors) else {
                read.is_unread();
                continue;
            };
            if flow::is_rule(&entry.name) {
                read.option(entry, errors);
                continue;
            }
            let before = errors.guesses();
            let entry = match meant(&entry, errors) {
                Some(entry) => Some(entry),
                None => input::option(entry, "#[output]", &OPTIONS, errors),
            };
            match entry {
                None => read.is_unread(),
                Some(entry) => errors.unless_guessed(before, |errors| read.option(entry, errors)),
            }
        }
    });
    read.finish(span, errors)
}

/// The names of the options besides the steps.
static OPTIONS: [&[Named]; 3] = [OUTPUT_OPTIONS, INPUT_OPTIONS, OUTPUT_RULES];

/// `loss = mse` for the name of a loss alone, and `metrics(mae)` for that of a metric, which are
/// reported.
fn meant(entry: &Entry, errors: &mut Diagnostics) -> Option<Entry> {
    let given = entry.name.to_string();
    let is_option = OPTIONS.iter().any(|options| names::find(options, &given).is_some());
    if is_option || step::named(&given).is_some() || matches!(entry.form, Form::Value(_)) {
        return None;
    }
    let tokens = |name: &str| {
        let name = Ident::new(name, entry.name.span());
        match &entry.form {
            Form::Call(arguments) => quote!(#name(#arguments)),
            _ => quote!(#name),
        }
    };
    let (option, form, written) = if let Some(loss) = names::Kind::Loss.find(&given) {
        ("loss", Form::Value(tokens(loss)), format!("loss = {}", compact(&tokens(loss))))
    } else {
        let metric = names::Kind::Metric.find(&given)?;
        ("metrics", Form::Call(tokens(metric)), format!("metrics({})", compact(&tokens(metric))))
    };
    errors.guess(
        entry.name.span(),
        format!("`#[output]` has no option `{given}`: write `{written}`"),
    );
    Some(Entry { name: Ident::new(option, entry.name.span()), form, mistake: None })
}

/// The options while they are read.
#[derive(Default)]
struct Options {
    /// With a gap for a loss that could not be read.
    loss: Option<Option<LossCall>>,
    weight: Option<LossWeight>,
    steps: Vec<Step>,
    categories: Option<Span>,
    cells: CellOptions,
    metrics: Vec<OutputMetric>,
    weighted_metrics: Vec<OutputMetric>,
    /// What is stated about the inputs that reach it.
    rules: OutputRules,
    /// Whether anything but rules is stated, which is about a target.
    is_of_a_target: bool,
    /// The name of the first option that is about a target.
    first: Option<Ident>,
    /// What the target's newtype wraps.
    wraps: Option<Wraps>,
    /// Whether an entry could not be read, which may be the loss.
    unread: bool,
}

impl Options {
    /// For an entry that could not be read, which may be any option.
    fn is_unread(&mut self) {
        (self.unread, self.is_of_a_target) = (true, true);
        Wraps::may_be_meant(Span::call_site(), &mut self.wraps);
    }

    /// Reads an option by its name.
    fn option(&mut self, entry: Entry, errors: &mut Diagnostics) {
        let (name, at) = (entry.name.to_string(), entry.name.span());
        if flow::is_rule(&entry.name) {
            self.rules.read(&entry.name, entry.form, errors);
            return;
        }
        self.is_of_a_target = true;
        self.first.get_or_insert_with(|| entry.name.clone());
        let before = errors.guesses();
        match name.as_str() {
            "loss" => {
                let value = entry.value("loss = mse", errors);
                let loss = value.and_then(|value| {
                    errors.unless_guessed(before, |errors| read_loss(value, errors))
                });
                once(&mut self.loss, loss, "loss", at, errors);
            }
            "metrics" => {
                if let Some(names) = entry.call("metrics(mae, r2)", errors) {
                    let metrics = &mut self.metrics;
                    errors
                        .unless_guessed(before, |errors| metric::read_all(names, metrics, errors));
                }
            }
            "weighted_metrics" => {
                if let Some(names) = entry.call("weighted_metrics(mae)", errors) {
                    let metrics = &mut self.weighted_metrics;
                    errors
                        .unless_guessed(before, |errors| metric::read_all(names, metrics, errors));
                }
            }
            "weight" => {
                let value = entry.value("weight = 0.5", errors);
                let weight = value.and_then(|value| {
                    errors.unless_guessed(before, |errors| read_weight(value, errors))
                });
                if let Some(weight) = weight {
                    once(&mut self.weight, weight, "weight", at, errors);
                }
            }
            "categories" => {
                if entry.word(errors).is_some() {
                    once(&mut self.categories, at, "categories", at, errors);
                }
            }
            wraps::NAME => {
                Wraps::read(entry, &mut self.wraps, errors);
            }
            known if inverting().any(|step| step.name == known) => {
                input::read_into(entry, &mut self.steps, &mut self.cells, errors);
            }
            known if step::named(known).is_some() => {
                let all = list(inverting().map(|step| step.name));
                errors.at(
                    at,
                    format!(
                        "nothing brings predictions back from `{name}`; a target may have {all}"
                    ),
                );
            }
            _ => {
                self.cells.read(entry, errors);
            }
        }
    }

    fn finish(self, span: Span, errors: &mut Diagnostics) -> (Kind, OutputRules) {
        if !self.is_of_a_target {
            return (Kind::Value(span), self.rules);
        }
        if self.unread {
            errors.doubt_field();
        }
        // An entry that could not be read may be the loss.
        if let (None, false, Some(first)) = (&self.loss, self.unread, self.first) {
            let names = list(LOSSES.iter().map(Loss::name));
            errors.at(
                first.span(),
                format!(
                    "`{first}` is about a target, which an output without a loss does not have: add \
                     `loss = ...` with one of {names}, or leave `{first}` out"
                ),
            );
        }
        let output = Output {
            loss: self.loss.flatten(),
            metrics: self.metrics,
            weighted_metrics: self.weighted_metrics,
            weight: self.weight.unwrap_or_else(|| LossWeight::Given(quote!(1.0))),
            steps: self.steps,
            categories: self.categories,
            cells: self.cells,
            span,
            wraps: self.wraps,
        };
        (Kind::WithLoss(Box::new(output)), self.rules)
    }
}

/// A step of the user's own, which rustc asks for its inverse.
fn read_own_step(entry: TokenStream, steps: &mut Vec<Step>, errors: &mut Diagnostics) {
    if input::read_own(entry, steps, errors).is_none() {
        return;
    }
    if let Some(Step { own: Some((own, Some(_))), .. }) = steps.last() {
        errors.at(
            own.span,
            format!("a target keeps its shape: leave `=> ...` out after `{}`", own.text),
        );
        steps.pop();
    }
}

/// The steps allowed for targets, which have an inverse.
fn inverting() -> impl Iterator<Item = &'static step::Step> + Clone {
    STEPS.iter().filter(|step| step.form.inverse != Inverse::None)
}

/// `mse`, `huber(delta = 0.5)` or `my::Tweedie(1.5)`.
fn read_loss(value: TokenStream, errors: &mut Diagnostics) -> Option<LossCall> {
    if Own::is_written(&value, LOSSES.iter().map(Loss::name), names::Kind::Loss) {
        let mut own = errors.ok(Own::read(value))?;
        own.leave_to_rustc(errors);
        return Some(LossCall::Own(own));
    }
    let Some((word, rest)) = Word::begins(&value) else {
        let found = compact(&value);
        errors.at(
            value.span(),
            format!("expected the name of a loss, as in `loss = mse`; found `{found}`"),
        );
        return None;
    };
    if !rest.is_empty() {
        let found = compact(&rest);
        errors.at(
            rest.span(),
            format!("expected a comma or nothing behind the loss; found `{found}`"),
        );
        return None;
    }
    let otherwise = || format!("; there are {}", list(LOSSES.iter().map(Loss::name)));
    let kinds = &[names::Kind::Loss];
    let (name, is_reported) = word.name_of(kinds, "there is no loss", otherwise, errors)?;
    let spec = loss::named(name)?;
    let name = Ident::new(spec.name(), word.span);
    let form = word.arguments.map_or(Form::Word, Form::Call);
    match is_reported {
        true => errors.quietly(|errors| loss_of(spec, name, form, errors)).0,
        false => loss_of(spec, name, form, errors),
    }
}

/// A loss of the spec with its arguments.
fn loss_of(
    spec: &'static Loss,
    name: Ident,
    form: Form,
    errors: &mut Diagnostics,
) -> Option<LossCall> {
    let numbers = spec.parameters.iter();
    let numbers =
        numbers.map(|number| Parameter::optional(number.name, ArgumentKind::Number(number.range)));
    let listed = spec.listed.iter();
    let listed =
        listed.map(|(name, range)| Parameter::required(name, ArgumentKind::ListedNumbers(*range)));
    let parameters: Vec<Parameter> = numbers.chain(listed).collect();
    let mut values = arguments(&name, form, spec.name(), &parameters, errors)?;
    let listed = values.split_off(spec.parameters.len());
    let values = values
        .iter()
        .zip(spec.parameters)
        .map(|(value, number)| match value {
            Argument::Number(given) => given.tokens.clone(),
            _ => {
                let default = number.default;
                quote!(#default)
            }
        })
        .collect();
    let listed = ascending(spec, &listed, errors)?;
    Some(LossCall::Named(NamedLoss { spec, name, values, listed }))
}

/// The numbers that a loss lists, which ascend; constants are left to rustc.
fn ascending(
    spec: &Loss,
    listed: &[Argument],
    errors: &mut Diagnostics,
) -> Option<Vec<TokenStream>> {
    let numbers: Vec<&NumberExpr> = listed.iter().flat_map(Argument::numbers).collect();
    let what = spec.listed.map_or("", |(name, _)| name);
    if let Some(pair) = numbers.windows(2).find(|pair| pair[0].value >= pair[1].value) {
        let (before, after) = (pair[0].value, pair[1].value);
        let text =
            format!("the {what} of `{}` ascend, but {after} comes after {before}", spec.name());
        errors.at(pair[1].span, text);
        return None;
    }
    let tokens: Vec<TokenStream> = numbers.iter().map(|number| number.tokens.clone()).collect();
    if let Some(constant) = numbers.iter().find(|number| number.value.is_nan()) {
        let condition = Condition::Ascending { callee: spec.name(), what };
        errors.require(constant.span, &quote!(#(#tokens),*), condition);
    }
    Some(tokens)
}

/// The arguments of a loss or metric; the parentheses are optional.
pub(super) fn arguments(
    name: &Ident,
    form: Form,
    callee: &str,
    parameters: &[Parameter],
    errors: &mut Diagnostics,
) -> Option<Vec<Argument>> {
    let before = errors.guesses();
    let given = match form {
        Form::Word => Vec::new(),
        Form::Call(tokens) | Form::Value(tokens) => given::read(tokens, errors)?,
    };
    errors.unless_guessed(before, |errors| {
        argument::read(callee, name.span(), parameters, given, errors)
    })
}

fn read_weight(value: TokenStream, errors: &mut Diagnostics) -> Option<LossWeight> {
    let word = Word::alone(&value).filter(|word| !word.is_plain() || word.text == "learned");
    if let Some(word) = word.filter(|word| word.text == "learned") {
        if let Some(mistake) = word.mistake() {
            word.report(mistake, errors);
        }
        return Some(LossWeight::Learned(word.span));
    }
    let given = given::of_entry(value, errors)?;
    let parameter = Parameter::optional("weight", ArgumentKind::Number(Range::NonNegative));
    let mut number = match argument::value_of("output", &parameter, &given.value, errors)? {
        Argument::Number(number) => number,
        _ => return Some(LossWeight::Given(quote!(1.0))),
    };
    let is_sound = number.require("output", "weight", Range::NonNegative, errors);
    let of_user = |mut tree: TokenTree| {
        tree.set_span(number.span);
        tree
    };
    is_sound.then(|| match number.value.is_nan() {
        true => LossWeight::Given(number.tokens),
        false => LossWeight::Given(number.tokens.into_iter().map(of_user).collect()),
    })
}
