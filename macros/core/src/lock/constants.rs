//! The constants that the saved form of a model depends on, with their values.

use std::rc::Rc;

use multi_input_spec::{step::Nature, Size};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use super::{file::Lock, form::Form, LockedConstant, Update};
use crate::{
    check::CheckedGraph,
    expression::Kind,
    parse::{
        Argument, DerivedBy, Element, Field, FieldType, Layer, LayerKind, NumberExpr, PaddingExpr,
        SizeExpr, Source, Step,
    },
    shape::is_in_training,
    text::{compact, plain},
};

/// All of them, in the order in which the model names them.
pub(super) struct Constants {
    all: Vec<Constant>,
    names: Names,
}

/// What the user wrote, by the name of the constant that the expansion has for it.
struct Names(Vec<(String, TokenStream)>);

impl Names {
    fn of(checked: &CheckedGraph) -> Names {
        let named = checked.expressions.all().iter();
        Names(named.map(|one| (one.name.to_string(), one.written.clone())).collect())
    }

    /// The tokens of the user for those of a number.
    fn written(&self, tokens: &TokenStream) -> TokenStream {
        let text = tokens.to_string();
        let named = self.0.iter().find(|(name, _)| *name == text);
        named.map_or_else(|| tokens.clone(), |(_, written)| written.clone())
    }
}

struct Constant {
    /// The node that names it first.
    node: usize,
    field: String,
    text: String,
    tokens: TokenStream,
    span: Span,
    is_size: bool,
    value: Option<Number>,
}

/// A value.
#[derive(Clone, Copy)]
enum Number {
    Size(usize),
    Real(f64),
}

impl Number {
    /// `64`, `0.001`, or the bits of a real number, `0x3f50624dd2f1a9fc`.
    fn read(text: &str, is_size: bool) -> Option<Number> {
        if is_size {
            return text.parse().ok().map(Number::Size);
        }
        match text.strip_prefix("0x") {
            Some(bits) => {
                u64::from_str_radix(bits, 16).ok().map(|bits| Number::Real(f64::from_bits(bits)))
            }
            None => text.parse().ok().map(Number::Real),
        }
    }
}

impl Constants {
    /// The constants of a model, with the values that are given or that the lock has.
    pub(super) fn of(checked: &CheckedGraph, lock: &Lock, update: Option<&Update>) -> Constants {
        let mut found: Vec<Constant> = Vec::new();
        let names = Names::of(checked);
        for (node, field) in checked.graph.nodes.iter().map(|node| &node.field).enumerate() {
            let name = plain(&field.name);
            visit(&mut field.clone(), &mut |expression| {
                let Some((written, tokens, is_size)) = expression.unknown(&names) else { return };
                let (text, span) = (compact(&written), written.span());
                if found.iter().any(|known| known.text == text && known.is_size == is_size) {
                    return;
                }
                let given = update.into_iter().flat_map(|update| update.values(&text));
                let locked = lock.constants.iter().filter(|(name, _)| *name == text);
                let mut values = given.chain(locked.map(|(_, value)| value.as_str()));
                let value = values.find_map(|value| Number::read(value, is_size));
                let field = name.clone();
                found.push(Constant { node, field, text, tokens, span, is_size, value });
            });
        }
        Constants { all: found, names }
    }

    /// Whether there are any with a value.
    pub(super) fn are_needed(&self) -> bool {
        self.all.iter().any(|constant| constant.value.is_some())
    }

    /// The value of a real number, if it is known.
    pub(super) fn real(&self, number: &NumberExpr) -> Option<f64> {
        if !number.value.is_nan() {
            return Some(number.value);
        }
        let text = compact(&number.written);
        let known = self.all.iter().find(|constant| !constant.is_size && constant.text == text);
        match known?.value? {
            Number::Real(value) => Some(value),
            Number::Size(_) => None,
        }
    }

    /// A field with the values of its constants.
    pub(super) fn insert(&self, mut field: Field) -> Field {
        visit(&mut field, &mut |mut expression| {
            let Some((written, _, is_size)) = expression.unknown(&self.names) else { return };
            let text = compact(&written);
            let mut known = self.all.iter().filter(|constant| constant.is_size == is_size);
            let constant = known.find(|constant| constant.text == text);
            if let Some(value) = constant.and_then(|constant| constant.value) {
                expression.set(value);
            }
        });
        field
    }

    /// The expressions with their values as text.
    pub(super) fn written(&self) -> impl Iterator<Item = (&str, String)> {
        self.all.iter().map(|constant| {
            let value = match constant.value {
                Some(Number::Size(size)) => size.to_string(),
                Some(Number::Real(number)) => number.to_string(),
                None => "?".to_owned(),
            };
            (constant.text.as_str(), value)
        })
    }

    /// What rustc compares.
    pub(super) fn compared(self, form: &Form) -> Vec<LockedConstant> {
        let compared = self.all.into_iter().map(|constant| {
            let Constant { node, field, text, tokens, span, is_size, value } = constant;
            let value = value.map(|value| match value {
                Number::Size(size) => quote!(#size),
                Number::Real(number) => {
                    let bits = number.to_bits();
                    quote!(::core::primitive::f64::from_bits(#bits))
                }
            });
            let tensors = form.depending_on(node);
            LockedConstant { field, text, tokens, span, is_size, value, tensors }
        });
        compared.collect()
    }
}

/// A size or a number as the user wrote it.
enum Expression<'a> {
    Size(&'a mut SizeExpr),
    Number(&'a mut NumberExpr),
    /// A number without its value.
    Tokens(&'a mut TokenStream),
    /// A flag or an axis, as the argument that it is.
    Argument(&'a mut Argument),
}

impl Expression<'_> {
    /// An expression whose value the macro does not know, as the user wrote it and as the expansion
    /// has it, and whether it is a size.
    fn unknown(&self, names: &Names) -> Option<(TokenStream, TokenStream, bool)> {
        match self {
            Expression::Size(size) if !size.is_known() => {
                Some((size.written.clone(), size.tokens.clone(), true))
            }
            Expression::Number(number) if number.value.is_nan() => {
                Some((number.written.clone(), number.tokens.clone(), false))
            }
            Expression::Tokens(tokens) if literal(tokens).is_none() => {
                Some((names.written(tokens), (*tokens).clone(), false))
            }
            Expression::Argument(Argument::Constant(constant)) => {
                let number = constant.number()?;
                Some((number.written, number.tokens, false))
            }
            _ => None,
        }
    }

    fn set(&mut self, value: Number) {
        match (self, value) {
            (Expression::Size(size), Number::Size(value)) => size.value = Size::Known(value),
            (Expression::Number(number), Number::Real(value)) => number.value = value,
            (Expression::Tokens(tokens), Number::Real(value)) => {
                **tokens = quote!(#value);
            }
            (Expression::Argument(argument), Number::Real(value)) => {
                **argument = match argument {
                    Argument::Constant(constant) if constant.kind == Kind::Flag => {
                        Argument::Flag(value != 0.0)
                    }
                    _ => Argument::Axis(value as isize),
                };
            }
            _ => {}
        }
    }
}

/// The lists of numbers whose values only rustc knows, each with its field.
pub(super) fn lists(checked: &CheckedGraph) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for field in checked.graph.nodes.iter().map(|node| &node.field) {
        visit(&mut field.clone(), &mut |expression| {
            let Expression::Argument(Argument::Constant(constant)) = expression else { return };
            if constant.number().is_none() {
                found.push((plain(&field.name), constant.written.span()));
            }
        });
    }
    found
}

/// The value of a literal with or without a sign.
pub(super) fn literal(tokens: &TokenStream) -> Option<f64> {
    tokens.to_string().replace(' ', "").trim_end_matches("f64").parse().ok()
}

type Visit<'a> = dyn FnMut(Expression<'_>) + 'a;

/// Visits the sizes and numbers of a field that its saved form depends on.
fn visit(field: &mut Field, visit: &mut Visit<'_>) {
    let is_fed = matches!(field.source, Some(Source::Merge(_) | Source::From(_)));
    // The type of a hidden node is what comes out of its branch.
    if let Some(ty) = field.ty.as_mut().filter(|_| !is_fed || field.output.is_some()) {
        of_type(ty, visit);
    }
    match &mut field.source {
        Some(Source::Input(input)) => of_steps(&mut input.steps, visit),
        Some(Source::Merge(merge)) => {
            of_arguments(&mut merge.arguments, visit);
            let claim = merge.own.iter_mut().filter_map(|(_, claim)| claim.as_mut());
            claim.for_each(|claim| of_sizes(&mut claim.dims, visit));
        }
        Some(Source::Derived(derived)) => {
            match &mut derived.by {
                DerivedBy::Named { arguments, .. } => of_arguments(arguments, visit),
                DerivedBy::Formula(operations) => {
                    let constants = operations.iter_mut().filter_map(|one| one.constant_mut());
                    constants.for_each(|number| visit(Expression::Number(number)));
                }
                DerivedBy::Own(_) => {}
            }
            of_steps(&mut derived.steps, visit);
        }
        Some(Source::From(_)) | None => {}
    }
    let layers = field.branch.iter_mut().flat_map(|branch| &mut branch.layers);
    layers.for_each(|layer| of_layer(layer, visit));
    if let Some(output) = &mut field.output {
        of_steps(&mut output.steps, visit);
        let loss = output.loss.as_mut().and_then(|loss| loss.named_mut());
        let loss = loss.filter(|loss| has_identity(loss.spec.name()));
        loss.into_iter()
            .flat_map(|loss| loss.values.iter_mut().chain(&mut loss.listed))
            .for_each(|tokens| visit(Expression::Tokens(tokens)));
    }
}

/// Whether the numbers of a loss decide what its predictions mean, as the levels of quantiles do.
pub(super) fn has_identity(loss: &str) -> bool {
    ["contrastive", "quantile"].contains(&loss)
}

fn of_type(ty: &mut FieldType, visit: &mut Visit<'_>) {
    of_sizes(&mut ty.dims, visit);
    if let Element::Class(size) | Element::Image(size) = &mut ty.element {
        visit(Expression::Size(size));
    }
}

fn of_sizes(sizes: &mut [SizeExpr], visit: &mut Visit<'_>) {
    sizes.iter_mut().for_each(|size| visit(Expression::Size(size)));
}

fn of_steps(steps: &mut [Step], visit: &mut Visit<'_>) {
    for step in steps.iter_mut().filter(|step| step.spec.form.nature != Nature::Random) {
        of_arguments(&mut step.arguments, visit);
        let claim = step.own.iter_mut().filter_map(|(_, claim)| claim.as_mut());
        claim.for_each(|claim| of_sizes(&mut claim.dims, visit));
    }
}

fn of_layer(layer: &mut Layer, visit: &mut Visit<'_>) {
    match &mut layer.kind {
        LayerKind::Named { spec, arguments, .. } => {
            let given = spec.parameters.iter().zip(arguments);
            given
                .filter(|(parameter, _)| !is_in_training(parameter.name))
                .for_each(|(_, argument)| of_argument(argument, visit));
        }
        LayerKind::Custom { shape, .. } => of_sizes(shape, visit),
        LayerKind::Activation { .. } => {}
    }
}

fn of_arguments(arguments: &mut [Argument], visit: &mut Visit<'_>) {
    arguments.iter_mut().for_each(|argument| of_argument(argument, visit));
}

fn of_argument(argument: &mut Argument, visit: &mut Visit<'_>) {
    match argument {
        Argument::Size(size) | Argument::Padding(PaddingExpr::Zeros(size)) => {
            visit(Expression::Size(size));
        }
        Argument::Pair(sizes) => of_sizes(sizes, visit),
        Argument::Margins(sizes) => of_sizes(sizes, visit),
        Argument::Number(number) => visit(Expression::Number(number)),
        Argument::Numbers(numbers) => {
            numbers.iter_mut().for_each(|number| visit(Expression::Number(number)));
        }
        Argument::Constant(_) => visit(Expression::Argument(argument)),
        Argument::Layer(layer) => of_layer(Rc::make_mut(layer), visit),
        Argument::Absent
        | Argument::Padding(PaddingExpr::Word(_))
        | Argument::Axis(_)
        | Argument::Flag(_)
        | Argument::Activation(..)
        | Argument::Word(..)
        | Argument::Tokenizer(_)
        | Argument::Text(_)
        | Argument::Average(_)
        | Argument::Input(_) => {}
    }
}
