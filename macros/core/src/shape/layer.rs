//! The shapes through a branch, and the type of each layer in the expansion.

use std::rc::Rc;

use multi_input_spec::{layer, mask, Activation, ArgumentKind, Kind, Size};
use proc_macro2::{Ident, Span};
use syn::{spanned::Spanned, LitStr, Type};

use super::{
    flow::Flow,
    formula::{Formula, LayerCall},
    identity::{identity, numbers},
    Scope,
};
use crate::{
    diagnostics::Diagnostics,
    parse::{Argument, ConstantExpr, Layer, LayerKind, NumberExpr, AUTO},
    text::compact,
};

/// A layer with its input and output shapes.
#[derive(Clone)]
pub(crate) struct ShapedLayer {
    pub(crate) module: Module,
    /// As the user wrote it.
    pub(crate) text: String,
    /// Its identity for saved weights.
    pub(crate) identity: String,
    /// Its real-valued arguments, which the identity leaves out.
    pub(crate) numbers: Vec<(&'static str, NumberExpr)>,
    /// The user's token.
    pub(crate) span: Span,
    /// The user's token for its activation, or `span`.
    pub(crate) end: Span,
    pub(crate) input: Flow,
    pub(crate) output: Flow,
    /// The number of parameters; `None` for a custom module.
    pub(crate) count: Option<Size>,
}

impl ShapedLayer {
    /// The file of the vectors that its table starts at.
    pub(crate) fn vectors(&self) -> Option<&LitStr> {
        let call = self.module.call().filter(|call| call.spec.form.looks_up)?;
        let mut given = call.spec.parameters.iter().zip(&call.arguments);
        given.find_map(|(parameter, argument)| match argument {
            Argument::Text(file) if parameter.name == "from" => Some(file),
            _ => None,
        })
    }

    /// The operations of a layer of the spec in a prediction, if the macro knows them.
    pub(crate) fn flops(&self) -> Size {
        self.module.call().map_or(Size::Unknown, |call| call.counted(call.spec.flops))
    }

    /// The numbers that a layer of the spec holds while it is computed, if the macro knows them.
    pub(crate) fn held(&self) -> Size {
        self.module.call().map_or(Size::Unknown, |call| call.counted(call.spec.held))
    }

    /// The number of parameters, if the macro knows it.
    pub(crate) fn known_count(&self) -> Option<usize> {
        match self.count {
            Some(Size::Known(number)) => Some(number),
            _ => None,
        }
    }
}

/// The kind of a layer in the expansion.
#[derive(Clone)]
pub(crate) enum Module {
    /// A built-in layer.
    Named(Box<Named>),
    /// An activation as a layer.
    Activation { activation: Activation, name: Ident },
    /// A custom module.
    Custom { module: Box<Type> },
}

/// A built-in layer with the arguments of its type.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) call: LayerCall,
    /// The user's token, which becomes the type's last segment.
    pub(crate) name: Ident,
    /// The const arguments of the type.
    pub(crate) sizes: layer::Sizes,
    /// The const arguments of its `Slide`, for a sliding window.
    pub(crate) slide: Option<layer::Sizes>,
    /// The const arguments after the dtype and the device.
    pub(crate) extra: Option<layer::Sizes>,
    /// Whether the rows of its table may be divided among machines, which is a type argument.
    pub(crate) sharded: bool,
    /// The activation that is a type argument.
    pub(crate) activation: Option<Activation>,
}

impl Module {
    /// The final activation of a built-in layer.
    pub(crate) fn last_activation(&self) -> Option<Activation> {
        match self {
            Module::Activation { activation, .. } => Some(*activation),
            Module::Named(named) if named.call.spec.form.inner_activation => None,
            Module::Named(named) => named.activation.or_else(|| {
                let inner = named.call.inner.as_ref().filter(|_| is_of_step(named.call.spec))?;
                inner.module.last_activation()
            }),
            Module::Custom { .. } => None,
        }
    }

    /// The call of a layer of the spec.
    pub(crate) fn call(&self) -> Option<&LayerCall> {
        match self {
            Module::Named(named) => Some(&named.call),
            Module::Activation { .. } | Module::Custom { .. } => None,
        }
    }

    /// Whether the final activation is the link of a loss.
    pub(crate) fn ends_in(&self, link: Option<Activation>) -> bool {
        link.is_some() && self.last_activation() == link
    }
}

/// Whether the inner layer processes single steps, so that it computes the final output.
fn is_of_step(spec: &layer::Layer) -> bool {
    spec.form.inner.is_some_and(|inner| inner.of_step)
}

/// The layers of a branch from `input` on, up to the first mistake.
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
    let shaped = |module, output, count| ShapedLayer {
        module,
        text: layer.text.clone(),
        identity: identity(layer),
        numbers: numbers(layer),
        span: layer.span,
        end: end(layer),
        input: input.clone(),
        output,
        count,
    };
    match &layer.kind {
        LayerKind::Named { spec, name, arguments } => {
            let call = call(layer, spec, arguments, input, field, scope, errors)?;
            if let Some(constant) = undecided_sharding(&call) {
                let written = compact(&constant.written);
                let text = format!(
                    "`{field}`: whether the table is sharded is a part of its type and depends on \
                     `{written}`, so it has to be written here, not in a constant"
                );
                errors.at(constant.written.span(), text);
                return None;
            }
            let output = scope.evaluate(Formula::Layer(call.clone()), field, layer.span, errors)?;
            let values = call.values();
            let count = match arguments.iter().any(|argument| argument.constant().is_some()) {
                true => Size::Unknown,
                false => (spec.count)(&input.shape, &values),
            };
            let module = Module::Named(Box::new(Named {
                name: name.clone(),
                sizes: call.known((spec.sizes)(&input.shape, &values)),
                slide: spec.form.slide.map(|slide| call.known(slide(&input.shape, &values))),
                extra: spec.form.extra.map(|extra| call.known(extra(&input.shape, &values))),
                sharded: spec.form.sharded.is_some_and(|sharded| sharded(&values)),
                activation: activation(spec, arguments),
                call,
            }));
            Some(shaped(module, output, Some(count)))
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
            Some(shaped(module, input.clone(), Some(Size::Known(0))))
        }
        LayerKind::Custom { module, shape } => {
            if input.shape.is_masked() {
                let text = mask::lost(&layer.text, &input.shape);
                errors.at(layer.span, format!("`{field}`: {}", text.as_str()));
                return None;
            }
            let module = Module::Custom { module: module.clone() };
            Some(shaped(module, Flow::declared(Kind::Numbers, shape), None))
        }
    }
}

/// The call of a layer of the spec, with its inner layer.
fn call(
    layer: &Layer,
    spec: &'static layer::Layer,
    arguments: &[Argument],
    input: &Flow,
    field: &str,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<LayerCall> {
    // The width may be `auto` as well, which follows from the number of categories.
    if arguments.first().is_some_and(is_auto) && !input.is_bounded() {
        let name = spec.name;
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
    Some(LayerCall { spec, input: input.clone(), arguments: arguments.to_vec(), inner })
}

/// The flag that says whether a table is sharded, if only rustc knows it.
fn undecided_sharding(call: &LayerCall) -> Option<&ConstantExpr> {
    call.spec.form.sharded?;
    let mut given = call.spec.parameters.iter().zip(&call.arguments);
    given.find(|(parameter, _)| parameter.name == "sharded").and_then(|(_, flag)| flag.constant())
}

/// The inner layer of `outer`, with its input.
fn nested(
    outer: &Layer,
    arguments: &[Argument],
    holds: layer::Inner,
    input: &Flow,
    field: &str,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Rc<ShapedLayer>> {
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
    one(inside, &flow, field, scope, errors).map(Rc::new)
}

/// Whether the number of categories is left to the layer.
fn is_auto(argument: &Argument) -> bool {
    matches!(argument, Argument::Word(word, _) if *word == AUTO)
}

/// The argument of kind `Activation`, or the default, for a type that has one.
fn activation(spec: &layer::Layer, arguments: &[Argument]) -> Option<Activation> {
    let given = spec.parameters.iter().zip(arguments).find_map(|(parameter, argument)| {
        match (parameter.kind, argument) {
            (ArgumentKind::Activation, Argument::Activation(activation, _)) => Some(*activation),
            _ => None,
        }
    });
    spec.form.activation.then(|| given.unwrap_or(spec.form.default_activation))
}

/// The token of a layer's final activation, or of its name.
fn end(layer: &Layer) -> Span {
    let LayerKind::Named { arguments, .. } = &layer.kind else { return layer.span };
    let activation = arguments.iter().find_map(|argument| match argument {
        Argument::Activation(_, span) => Some(*span),
        _ => None,
    });
    activation.unwrap_or(layer.span)
}
