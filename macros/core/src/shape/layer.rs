//! The shapes through a branch, and what each layer is in the expansion.

use multi_input_spec::{
    layer, mask, Activation, ArgumentKind, Kind, Nested, Padding, Size, TokenizerFile, Value,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Type;

use super::{
    flow::{given, given_or_zero, literal, Flow},
    identity::{identity, numbers},
    Scope,
};
use crate::{
    diagnostics::Diagnostics,
    parse::{const_argument, Argument, Layer, LayerKind, PaddingExpr, AUTO},
};

/// A layer between two shapes.
#[derive(Clone)]
pub(crate) struct ShapedLayer {
    pub(crate) module: Module,
    /// As the user wrote it.
    pub(crate) text: String,
    /// As weights know it.
    pub(crate) identity: String,
    /// Its real numbers, which the identity leaves out.
    pub(crate) numbers: Vec<(&'static str, TokenStream)>,
    /// The user's token.
    pub(crate) span: Span,
    /// The user's token for its activation, or the same token.
    pub(crate) end: Span,
    pub(crate) input: Flow,
    pub(crate) output: Flow,
    /// How many numbers it learns, as a constant expression; `None` for a module of the user's.
    pub(crate) count: Option<TokenStream>,
    /// The same, where the macro knows it.
    pub(crate) known_count: Option<usize>,
}

/// What a layer is in the expansion.
#[derive(Clone)]
pub(crate) enum Module {
    /// A layer of ours.
    Named {
        spec: &'static layer::Layer,
        /// The user's token, which becomes the type's last segment.
        name: Ident,
        /// The const arguments of the type.
        sizes: Vec<TokenStream>,
        /// The const arguments of its `Slide`, where its window slides.
        slide: Option<Vec<TokenStream>>,
        /// The const arguments behind the dtype and the device.
        extra: Vec<TokenStream>,
        /// The activation that is a type argument.
        activation: Option<Activation>,
        /// The layer inside of it.
        inner: Option<Box<ShapedLayer>>,
        /// Arguments that configure the value: `set_NAME(value)`.
        settings: Vec<(&'static str, TokenStream)>,
        /// `l1` and `l2`, where either was given.
        penalty: Option<(TokenStream, TokenStream)>,
    },
    /// An activation by itself.
    Activation { activation: Activation, name: Ident },
    /// A module of the user's own.
    Own { module: Box<Type> },
    /// The activation at the end of a head whose loss is computed from logits: it is applied to
    /// predictions only, so the module leaves it out.
    Link,
}

impl Module {
    /// The activation that is the last thing a layer does, where it is one of ours.
    pub(crate) fn last_activation(&self) -> Option<Activation> {
        match self {
            Module::Activation { activation, .. } => Some(*activation),
            Module::Named { spec, .. } if spec.form.inner_activation => None,
            Module::Named { activation: Some(activation), .. } => Some(*activation),
            Module::Named { spec, inner: Some(inner), .. } if is_of_step(spec) => {
                inner.module.last_activation()
            }
            _ => None,
        }
    }

    /// Leaves that activation out.
    pub(crate) fn strip_activation(&mut self) {
        match self {
            Module::Activation { .. } => *self = Module::Link,
            Module::Named { activation: Some(activation), .. } => *activation = Activation::Linear,
            Module::Named { inner: Some(inner), .. } => inner.module.strip_activation(),
            _ => {}
        }
    }
}

/// Whether the layer inside sees one step alone, so that it is the last to do anything.
fn is_of_step(spec: &layer::Layer) -> bool {
    spec.form.inner.is_some_and(|inner| inner.of_step)
}

/// The branch from `input` on; what could be inferred before the first mistake.
pub(super) fn infer(
    layers: &[Layer],
    input: &Flow,
    field: &str,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> (Vec<ShapedLayer>, Option<Flow>) {
    let mut flow = input.clone();
    let mut shaped = Vec::new();
    for layer in layers {
        let Some(next) = one(layer, &flow, field, scope, errors) else { return (shaped, None) };
        flow = next.output.clone();
        shaped.push(next);
    }
    (shaped, Some(flow))
}

fn one(
    layer: &Layer,
    input: &Flow,
    field: &str,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<ShapedLayer> {
    let shaped = |module, output, count, known_count| ShapedLayer {
        module,
        text: layer.text.clone(),
        identity: identity(layer),
        numbers: numbers(layer),
        span: layer.span,
        end: end(layer),
        input: input.clone(),
        output,
        count,
        known_count,
    };
    match &layer.kind {
        LayerKind::Named { spec, name, arguments } => {
            if arguments.iter().any(is_auto) && !input.is_bounded() {
                let text = format!(
                    "`{field}`: nothing says how many categories `{name}(auto)` looks up: put \
                     `categories(capacity)`, `hashed(buckets)` or another step that does into \
                     `#[input(...)]`, or write their number"
                );
                errors.at(layer.span, text);
                return None;
            }
            let inner = match spec.form.inner {
                Some(holds) => Some(nested(layer, arguments, holds, input, field, scope, errors)?),
                None => None,
            };
            let inner_ref = inner.as_deref();
            let values: Vec<Value> =
                arguments.iter().map(|argument| value(argument, inner_ref)).collect();
            let call = Call::new(("layer", spec.module), input, (arguments, inner_ref), scope);
            let result = mask::through(spec, &input.shape, (spec.output)(&input.shape, &values));
            let deferred = call.deferred.then(|| call.masked_output());
            let output = scope.settle(result, deferred, field, layer.span, errors)?;
            let known_count = match (spec.count)(&input.shape, &values) {
                Size::Known(number) => Some(number),
                Size::Unknown => None,
            };
            let count = known_count.map_or_else(
                || {
                    let formula = call.formula("count");
                    quote!(#formula.get())
                },
                literal,
            );
            let sizes = call.sizes("sizes", &(spec.sizes)(&input.shape, &values));
            let slide =
                spec.form.slide.map(|slide| call.sizes("slide", &slide(&input.shape, &values)));
            let extra = spec.form.extra.map(|extra| extra(&input.shape, &values));
            let module = Module::Named {
                spec,
                name: name.clone(),
                sizes,
                slide,
                extra: extra.map_or_else(Vec::new, |extra| call.sizes("extra", &extra)),
                activation: activation(spec, arguments),
                settings: settings(spec, arguments),
                penalty: penalty(spec, arguments),
                inner,
            };
            Some(shaped(module, output, Some(count), known_count))
        }
        LayerKind::Activation { activation, name } => {
            if input.shape.kind == Kind::Categories {
                let text = format!(
                    "`{field}`: `{name}` computes with numbers, but what flows in is {}; put an \
                     `Embedding` before it",
                    multi_input_spec::Text::new("").shape(&input.shape).as_str()
                );
                errors.at(layer.span, text);
                return None;
            }
            let module = Module::Activation { activation: *activation, name: name.clone() };
            Some(shaped(module, input.clone(), Some(literal(0)), Some(0)))
        }
        LayerKind::Own { module, shape } => {
            if input.shape.is_masked() {
                let text = mask::lost(&layer.text, &input.shape);
                errors.at(layer.span, format!("`{field}`: {}", text.as_str()));
                return None;
            }
            let module = Module::Own { module: module.clone() };
            Some(shaped(module, Flow::declared(Kind::Numbers, shape), None, None))
        }
    }
}

/// The layer inside of `outer`, on what flows into it.
fn nested(
    outer: &Layer,
    arguments: &[Argument],
    holds: layer::Inner,
    input: &Flow,
    field: &str,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Box<ShapedLayer>> {
    let inside = arguments.iter().find_map(|argument| match argument {
        Argument::Layer(layer) => Some(layer),
        _ => None,
    })?;
    if let Err(text) = (holds.input)(&input.shape) {
        errors.at(outer.span, format!("`{field}`: {}", text.as_str()));
        return None;
    }
    let flow = match holds.of_step {
        true => input.of_step(),
        false => input.clone().with_mask(false),
    };
    one(inside, &flow, field, scope, errors).map(Box::new)
}

/// A call of one of the spec's formulas in the expansion.
pub(super) struct Call {
    spec: TokenStream,
    path: TokenStream,
    input: TokenStream,
    pub(super) arguments: TokenStream,
    /// Some size is unknown to the macro.
    pub(super) deferred: bool,
}

impl Call {
    /// Of the formulas of a module in one of the spec's rooms.
    pub(super) fn new(
        (room, module): (&str, &str),
        input: &Flow,
        (arguments, inner): (&[Argument], Option<&ShapedLayer>),
        scope: &Scope,
    ) -> Call {
        let crate_path = &scope.spec;
        let (room, module) = (quote::format_ident!("{room}"), quote::format_ident!("{module}"));
        Call {
            spec: crate_path.clone(),
            path: quote!(#crate_path::#room::#module),
            input: input.expression(crate_path),
            arguments: value_tokens(arguments, inner, crate_path),
            deferred: !input.is_known()
                || arguments.iter().any(is_unknown)
                || inner
                    .is_some_and(|inner| !inner.output.is_known() || inner.known_count.is_none()),
        }
    }

    /// The shape that comes out of a layer, with its mask.
    fn masked_output(&self) -> TokenStream {
        let Call { spec, path, input, .. } = self;
        let output = self.formula("output");
        quote!(#spec::mask::through(&#path::LAYER, &#input, #output))
    }

    pub(super) fn formula(&self, function: &str) -> TokenStream {
        let function = Ident::new(function, Span::call_site());
        let Call { path, input, arguments, .. } = self;
        quote!(#path::#function(&#input, &#arguments))
    }

    /// What the formula of that name gave, or will give where it cannot be known here.
    fn sizes(&self, function: &str, sizes: &layer::Sizes) -> Vec<TokenStream> {
        (0..sizes.len())
            .map(|position| match sizes.at(position) {
                Size::Known(number) => literal(number),
                Size::Unknown => {
                    let (formula, position) = (self.formula(function), literal(position));
                    const_argument(&quote!(#formula.at(#position).get()))
                }
            })
            .collect()
    }
}

/// The arguments as the spec takes them; `inner` is the layer among them.
pub(super) fn value(argument: &Argument, inner: Option<&ShapedLayer>) -> Value {
    match argument {
        Argument::Absent | Argument::Input(_) => Value::Absent,
        Argument::Size(size) => Value::Size(size.value),
        Argument::Pair([first, second]) => Value::Pair([first.value, second.value]),
        Argument::Padding(PaddingExpr::Word(padding)) => Value::Padding(*padding),
        Argument::Padding(PaddingExpr::Zeros(zeros)) => Value::Padding(Padding::Zeros(zeros.value)),
        Argument::Margins(margins) => Value::Margins(margins.each_ref().map(|size| size.value)),
        Argument::Axis(axis) => Value::Axis(*axis),
        Argument::Number(number) => Value::Number(number.value),
        Argument::Flag(flag) => Value::Flag(*flag),
        Argument::Activation(activation, _) => Value::Activation(*activation),
        Argument::Word(word, _) => Value::Word(word),
        // A value lives as long as a constant does; the compiler's process is short.
        Argument::Numbers(numbers) => {
            let numbers: Vec<f64> = numbers.iter().map(|number| number.value).collect();
            Value::Numbers(numbers.leak())
        }
        Argument::Tokenizer(file) => Value::Tokenizer(TokenizerFile {
            vocabulary: file.vocabulary,
            padding: file.padding,
            json: "",
        }),
        Argument::Layer(_) => inner.map_or(Value::Absent, |inner| {
            let count = inner.known_count.map_or(Size::Unknown, Size::Known);
            Value::Layer(Nested { output: inner.output.shape, count })
        }),
    }
}

/// `[Value::Size(..), ..]`.
pub(crate) fn value_tokens(
    arguments: &[Argument],
    inner: Option<&ShapedLayer>,
    spec: &TokenStream,
) -> TokenStream {
    let values = arguments.iter().map(|argument| match argument {
        Argument::Absent | Argument::Input(_) => quote!(#spec::Value::Absent),
        Argument::Size(size) => {
            let size = given(&size.tokens, spec);
            quote!(#spec::Value::Size(#size))
        }
        Argument::Pair(pair) => {
            let pair = pair.iter().map(|size| given(&size.tokens, spec));
            quote!(#spec::Value::Pair([#(#pair),*]))
        }
        Argument::Padding(PaddingExpr::Word(padding)) => {
            let word = match padding {
                Padding::Same => quote!(Same),
                Padding::Valid | Padding::Zeros(_) => quote!(Valid),
            };
            quote!(#spec::Value::Padding(#spec::Padding::#word))
        }
        Argument::Padding(PaddingExpr::Zeros(zeros)) => {
            let zeros = given_or_zero(&zeros.tokens, spec);
            quote!(#spec::Value::Padding(#spec::Padding::Zeros(#zeros)))
        }
        Argument::Margins(margins) => {
            let margins = margins.iter().map(|margin| given_or_zero(&margin.tokens, spec));
            quote!(#spec::Value::Margins([#(#margins),*]))
        }
        Argument::Axis(axis) => {
            let axis = proc_macro2::Literal::isize_suffixed(*axis);
            quote!(#spec::Value::Axis(#axis))
        }
        Argument::Number(number) => {
            let tokens = &number.tokens;
            quote!(#spec::Value::Number(#tokens))
        }
        Argument::Flag(flag) => quote!(#spec::Value::Flag(#flag)),
        Argument::Activation(activation, _) => {
            let name = Ident::new(activation.type_name(), Span::call_site());
            quote!(#spec::Value::Activation(#spec::Activation::#name))
        }
        Argument::Word(word, _) => quote!(#spec::Value::Word(#word)),
        Argument::Numbers(numbers) => {
            let numbers = numbers.iter().map(|number| &number.tokens);
            quote!(#spec::Value::Numbers(&[#(#numbers),*]))
        }
        Argument::Tokenizer(file) => {
            let (vocabulary, text) = (literal(file.vocabulary), file.text());
            let padding = match file.padding {
                Some(id) => quote!(::core::option::Option::Some(#id)),
                None => quote!(::core::option::Option::None),
            };
            quote!(#spec::Value::Tokenizer(#spec::TokenizerFile {
                vocabulary: #vocabulary,
                padding: #padding,
                json: #text,
            }))
        }
        Argument::Layer(_) => match inner {
            Some(inner) => {
                let (output, count) = (inner.output.expression(spec), &inner.count);
                quote!(#spec::Value::Layer(#spec::Nested {
                    output: #output,
                    count: #spec::Size::Known(#count),
                }))
            }
            None => quote!(#spec::Value::Absent),
        },
    });
    quote!([#(#values),*])
}

/// Whether the number of categories is left to the layer.
fn is_auto(argument: &Argument) -> bool {
    matches!(argument, Argument::Word(word, _) if *word == AUTO)
}

/// Whether the macro cannot see the argument's value.
pub(super) fn is_unknown(argument: &Argument) -> bool {
    match argument {
        Argument::Size(size) | Argument::Padding(PaddingExpr::Zeros(size)) => {
            size.value == Size::Unknown
        }
        Argument::Pair(pair) => pair.iter().any(|size| size.value == Size::Unknown),
        Argument::Margins(margins) => margins.iter().any(|size| size.value == Size::Unknown),
        Argument::Number(number) => number.value.is_nan(),
        Argument::Numbers(numbers) => numbers.iter().any(|number| number.value.is_nan()),
        _ => false,
    }
}

/// The argument of kind `Activation`, for a type that has one.
fn activation(spec: &layer::Layer, arguments: &[Argument]) -> Option<Activation> {
    let given = spec.parameters.iter().zip(arguments).find_map(|(parameter, argument)| {
        match (parameter.kind, argument) {
            (ArgumentKind::Activation, Argument::Activation(activation, _)) => Some(*activation),
            _ => None,
        }
    });
    spec.form.activation.then(|| given.unwrap_or(spec.form.default_activation))
}

/// The token that says what a layer ends in: its activation, or its name where it has none.
fn end(layer: &Layer) -> Span {
    let LayerKind::Named { arguments, .. } = &layer.kind else { return layer.span };
    let activation = arguments.iter().find_map(|argument| match argument {
        Argument::Activation(_, span) => Some(*span),
        _ => None,
    });
    activation.unwrap_or(layer.span)
}

fn settings(spec: &layer::Layer, arguments: &[Argument]) -> Vec<(&'static str, TokenStream)> {
    let given = |name: &str| number(spec, arguments, name);
    spec.form.settings.iter().filter_map(|name| Some((*name, given(name)?))).collect()
}

fn penalty(spec: &layer::Layer, arguments: &[Argument]) -> Option<(TokenStream, TokenStream)> {
    let (l1, l2) = (number(spec, arguments, "l1"), number(spec, arguments, "l2"));
    let zero = || quote!(0.0);
    (l1.is_some() || l2.is_some()).then(|| (l1.unwrap_or_else(zero), l2.unwrap_or_else(zero)))
}

/// The number given for the parameter `name`.
fn number(spec: &layer::Layer, arguments: &[Argument], name: &str) -> Option<TokenStream> {
    spec.parameters.iter().zip(arguments).find_map(|(parameter, argument)| match argument {
        Argument::Number(number) if parameter.name == name => Some(number.tokens.clone()),
        _ => None,
    })
}
