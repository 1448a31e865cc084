//! The constants that the saved form of a model depends on, with their values.

use std::rc::Rc;

use multi_input_spec::{step::Nature, Size};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;
use syn::spanned::Spanned;

use super::{file::Lock, form::Form, LockedConstant, Update};
use crate::{
    check::CheckedGraph,
    parse::{
        Argument, DerivedBy, Element, Field, FieldType, Layer, LayerKind, NumberExpr, PaddingExpr,
        SizeExpr, Source, Step,
    },
    shape::is_in_training,
    text::{compact, plain},
};

/// All of them, in the order in which the model names them.
pub(super) struct Constants(Vec<Constant>);

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
        let given = update.map_or(&[][..], |update| &update.values);
        for (node, field) in checked.graph.nodes.iter().map(|node| &node.field).enumerate() {
            let name = plain(&field.name);
            visit(&mut field.clone(), &mut |expression| {
                let Some((text, tokens, is_size)) = expression.unknown() else { return };
                let span = expression.span();
                if found.iter().any(|known| known.text == text && known.is_size == is_size) {
                    return;
                }
                let mut values = given.iter().chain(&lock.constants);
                let value = values.find(|(name, _)| *name == text);
                let value = value.and_then(|(_, value)| Number::read(value, is_size));
                let field = name.clone();
                found.push(Constant { node, field, text, tokens, span, is_size, value });
            });
        }
        Constants(found)
    }

    /// Whether there are any with a value.
    pub(super) fn are_needed(&self) -> bool {
        self.0.iter().any(|constant| constant.value.is_some())
    }

    /// A field with the values of its constants.
    pub(super) fn insert(&self, mut field: Field) -> Field {
        visit(&mut field, &mut |mut expression| {
            let Some((text, _, is_size)) = expression.unknown() else { return };
            let mut known = self.0.iter().filter(|constant| constant.is_size == is_size);
            let constant = known.find(|constant| constant.text == text);
            if let Some(value) = constant.and_then(|constant| constant.value) {
                expression.set(value);
            }
        });
        field
    }

    /// The expressions with their values as text.
    pub(super) fn written(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|constant| {
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
        let compared = self.0.into_iter().map(|constant| {
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
}

impl Expression<'_> {
    /// The text and the tokens of an expression whose value the macro does not know, and whether it is
    /// a size.
    fn unknown(&self) -> Option<(String, TokenStream, bool)> {
        match self {
            Expression::Size(size) if !size.is_known() => {
                Some((compact(&size.tokens), size.tokens.clone(), true))
            }
            Expression::Number(number) if number.value.is_nan() => {
                Some((text_of_number(&number.tokens), number.tokens.clone(), false))
            }
            Expression::Tokens(tokens) if literal(tokens).is_none() => {
                Some((text_of_number(tokens), (*tokens).clone(), false))
            }
            _ => None,
        }
    }

    /// The user's token.
    fn span(&self) -> Span {
        match self {
            Expression::Size(size) => size.tokens.span(),
            Expression::Number(number) => number.span,
            Expression::Tokens(tokens) => match (*tokens).clone().into_iter().next() {
                Some(TokenTree::Group(group)) => group.stream().span(),
                _ => tokens.span(),
            },
        }
    }

    fn set(&mut self, value: Number) {
        match (self, value) {
            (Expression::Size(size), Number::Size(value)) => size.value = Size::Known(value),
            (Expression::Number(number), Number::Real(value)) => number.value = value,
            (Expression::Tokens(tokens), Number::Real(value)) => {
                **tokens = quote!(#value);
            }
            _ => {}
        }
    }
}

/// The value of a literal with or without a sign.
pub(super) fn literal(tokens: &TokenStream) -> Option<f64> {
    tokens.to_string().replace(' ', "").trim_end_matches("f64").parse().ok()
}

/// `RATE` of `(RATE) as f64`.
fn text_of_number(tokens: &TokenStream) -> String {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), Some(TokenTree::Ident(word)))
            if group.delimiter() == Delimiter::Parenthesis && word == "as" =>
        {
            compact(&group.stream())
        }
        _ => compact(tokens),
    }
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
                    constants.for_each(|tokens| visit(Expression::Tokens(tokens)));
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
