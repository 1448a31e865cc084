//! The spec's formulas with their arguments. The macro evaluates a formula as far as it knows the
//! sizes; if a size is unknown, `codegen/formula.rs` emits the same call for rustc to evaluate.

use std::rc::Rc;

use multi_input_spec::{
    agree, derived, layer, merge,
    own::{self, ClaimForm},
    step, Activation, Nested, Padding, Shape, Size, Target, Text, TokenizerFile, Value,
};

use super::{
    flow::Flow,
    guess::{self, Guess},
    layer::ShapedLayer,
};
use crate::{
    expression::Kind,
    parse::{Argument, ConstantExpr, NumberExpr, Own, PaddingExpr, SizeExpr},
};

/// A formula that returns a shape or an error.
#[derive(Clone)]
pub(crate) enum Formula {
    /// The output of a layer, with its mask.
    Layer(LayerCall),
    /// The output of a preprocessing step.
    Step(StepCall),
    /// The output of a step of the user's own.
    OwnStep { claimed: Claimed, input: Flow },
    /// The output of a merge of the user's own.
    OwnMerge { claimed: Claimed, operands: Vec<Operand> },
    /// The output of a derivation of the user's own, of the raw values of inputs.
    OwnDerived { claimed: Claimed, of: Vec<Flow> },
    /// The result of arithmetic of inputs.
    Arithmetic { of: Vec<Operand> },
    /// The inverse of a step of the user's own on a target. The loss has a length in the target's
    /// unit, which the text describes.
    Inverse { own: Own, length: Length },
    /// The output of a merge.
    Merge { rule: &'static merge::Merge, operands: Vec<Operand>, arguments: Vec<Argument> },
    /// The output of a derivation.
    Derived { spec: &'static derived::Derivation, arguments: Vec<Argument> },
    /// The type of a hidden node, compared with the output of its branch.
    Declared { stated: Flow, inferred: Flow },
    /// The target of an output, compared with its head.
    Head { stated: Flow, inferred: Flow },
    /// An output with a loss of the user's own, whose form only rustc knows.
    OwnLoss(OwnLoss),
    /// The input of a shared branch, compared with that of its owner.
    Shared { owner: String, here: Flow, there: Flow },
    /// The output of a step that shares the vocabulary of `owner`.
    Vocabulary { owner: String, here: Flow, there: Flow },
    /// The number of elements of an input, compared with the number of its columns.
    Columns { value: Flow, named: SizeExpr },
    /// An integer argument of a metric, compared with the head of a class.
    Classes { metric: &'static str, parameter: &'static str, number: SizeExpr, head: Flow },
    /// The class that counts as true in an average of a metric, compared with the classes.
    Binary { metric: &'static str, class: SizeExpr, classes: Flow },
}

/// The length of a loss in the target's unit, if it has one.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Known(Option<&'static str>),
    /// That of the loss of the user's own of this output.
    OfOwnLoss(usize),
}

/// What a loss of the user's own is compared with.
#[derive(Clone)]
pub(crate) struct OwnLoss {
    /// The index of the output.
    pub(crate) output: usize,
    pub(crate) target: Target,
    /// The shape of the target, and the head.
    pub(crate) stated: Flow,
    pub(crate) inferred: Flow,
    /// The activation that the branch ends in, if it is known.
    pub(crate) before: Option<Activation>,
    /// The first step of the target, and the first nonlinear one.
    pub(crate) steps: [Option<String>; 2],
    pub(crate) learned_weight: bool,
}

/// A layer of the spec with its input.
#[derive(Clone)]
pub(crate) struct LayerCall {
    pub(crate) spec: &'static layer::Layer,
    pub(crate) input: Flow,
    pub(crate) arguments: Vec<Argument>,
    /// The layer among the arguments.
    pub(crate) inner: Option<Rc<ShapedLayer>>,
}

/// A preprocessing step with its input.
#[derive(Clone)]
pub(crate) struct StepCall {
    pub(crate) spec: &'static step::Step,
    /// The step, where it is of the user's own.
    pub(crate) own: Option<Own>,
    pub(crate) input: Flow,
    pub(crate) arguments: Vec<Argument>,
}

/// A value of the user's own, whose `const fn output_shape` only rustc can call, with the shape that it is
/// taken to give.
#[derive(Clone)]
pub(crate) struct Claimed {
    pub(crate) own: Own,
    pub(crate) shape: Flow,
    pub(crate) form: ClaimForm,
}

impl Claimed {
    fn claim(&self) -> own::Claim<'_> {
        own::Claim { of: &self.own.text, shape: self.shape.shape, form: self.form }
    }
}

/// An operand of a merge, with its name for messages.
#[derive(Clone)]
pub(crate) struct Operand {
    pub(crate) name: String,
    pub(crate) flow: Flow,
}

impl Formula {
    /// The result, as far as the sizes are known.
    #[allow(clippy::result_large_err)] // As in the spec, whose functions run in constants.
    pub(super) fn compute(&self) -> Result<Shape, Text> {
        let Some(constant) = self.constant() else { return self.compute_with(Guess::default()) };
        let results = Guess::all(constant.kind).map(|guess| self.compute_with(guess));
        let mut results: Vec<Result<Shape, Text>> = results.collect();
        let sound = results.iter().position(Result::is_ok).unwrap_or(0);
        results.swap_remove(sound).map(|shape| guess::without_sizes(&shape))
    }

    /// The flag, axis or list whose value the macro would have to know, because the number of dimensions
    /// or the mask depends on it.
    pub(super) fn undecided(&self) -> Option<&ConstantExpr> {
        let constant = self.constant()?;
        let masked = match self {
            Formula::Merge { operands, .. } => {
                operands.iter().any(|one| one.flow.shape.is_masked())
            }
            _ => false,
        };
        let results = Guess::all(constant.kind).filter_map(|guess| self.compute_with(guess).ok());
        let mut forms = results.map(|shape| (shape.rank(), shape.is_masked()));
        let first = forms.next();
        let differs = forms.any(|form| Some(form) != first);
        (masked && constant.kind == Kind::Axis || differs).then_some(constant)
    }

    /// The flag, axis or list that only rustc knows.
    fn constant(&self) -> Option<&ConstantExpr> {
        let arguments = match self {
            Formula::Layer(call) => &call.arguments,
            Formula::Step(call) => &call.arguments,
            Formula::Merge { arguments, .. } | Formula::Derived { arguments, .. } => arguments,
            _ => return None,
        };
        arguments.iter().find_map(Argument::constant)
    }

    /// The result, if the flag, axis or list that only rustc knows were `guess`.
    #[allow(clippy::result_large_err)] // As in the spec, whose functions run in constants.
    fn compute_with(&self, guess: Guess) -> Result<Shape, Text> {
        match self {
            Formula::Layer(call) => {
                let values = values(&call.arguments, call.inner.as_deref(), guess);
                let output = (call.spec.output)(&call.input.shape, &values);
                layer::through(call.spec, &call.input.shape, output)
            }
            Formula::Step(call) => {
                let (spec, input) = (call.spec, &call.input.shape);
                let item = step::item(spec, input);
                step::through(
                    spec,
                    input,
                    (spec.output)(&item, &values(&call.arguments, None, guess)),
                )
            }
            Formula::OwnStep { claimed, input } => {
                step::own::through(&claimed.claim(), &input.shape, Ok(claimed.shape.shape))
            }
            Formula::OwnMerge { claimed, operands } => {
                let views: Vec<_> = operands.iter().map(Operand::view).collect();
                merge::own::through(&claimed.claim(), &views, Ok(claimed.shape.shape))
            }
            Formula::OwnDerived { claimed, .. } => Ok(claimed.shape.shape),
            Formula::Arithmetic { of } => {
                let of: Vec<_> = of.iter().map(Operand::source).collect();
                derived::arithmetic::output(&of)
            }
            Formula::Inverse { .. } => Ok(Shape::numbers(&[])),
            Formula::Merge { rule, operands, arguments } => {
                let views: Vec<_> = operands.iter().map(Operand::view).collect();
                (rule.output)(&views, &values(arguments, None, guess))
            }
            Formula::Derived { spec, arguments } => (spec.output)(&values(arguments, None, guess)),
            Formula::Declared { stated, inferred } => {
                agree::declared(&stated.shape, &inferred.shape)
            }
            Formula::Head { stated, inferred } => agree::head(&stated.shape, &inferred.shape),
            Formula::OwnLoss(own) => Ok(own.inferred.shape),
            Formula::Shared { owner, here, there } => {
                agree::shared(owner, &here.shape, &there.shape)
            }
            Formula::Vocabulary { owner, here, there } => {
                agree::vocabulary(owner, &here.shape, &there.shape)
            }
            Formula::Columns { value, named } => match named.value {
                Size::Known(named) => agree::columns(&value.shape, named),
                Size::Unknown => Ok(value.shape),
            },
            Formula::Classes { metric, parameter, number, head } => {
                agree::classes(metric, parameter, number.value, &head.shape)
            }
            Formula::Binary { metric, class, classes } => {
                agree::binary(metric, class.value, &classes.shape)
            }
        }
    }

    /// The operations of a merge, if the macro knows them; those of other formulas are not counted.
    pub(crate) fn flops(&self) -> Size {
        let Formula::Merge { rule, operands, arguments } = self else { return Size::Known(0) };
        let views: Vec<_> = operands.iter().map(Operand::view).collect();
        match have_constants(arguments) {
            true => Size::Unknown,
            false => (rule.flops)(&views, &values(arguments, None, Guess::default())),
        }
    }

    /// Whether the macro knows all arguments of the formula.
    pub(super) fn is_known(&self) -> bool {
        match self {
            Formula::Layer(call) => call.is_known(),
            Formula::Step(call) => call.input.is_known() && are_known(&call.arguments),
            // Only rustc can call a function of the user's.
            Formula::OwnStep { .. }
            | Formula::OwnMerge { .. }
            | Formula::OwnDerived { .. }
            | Formula::Inverse { .. } => false,
            Formula::Arithmetic { of } => of.iter().all(|operand| operand.flow.is_known()),
            Formula::Merge { operands, arguments, .. } => {
                operands.iter().all(|operand| operand.flow.is_known()) && are_known(arguments)
            }
            Formula::Derived { arguments, .. } => are_known(arguments),
            Formula::OwnLoss(_) => false,
            Formula::Declared { stated: one, inferred: other }
            | Formula::Head { stated: one, inferred: other }
            | Formula::Shared { here: one, there: other, .. }
            | Formula::Vocabulary { here: one, there: other, .. } => {
                one.is_known() && other.is_known()
            }
            Formula::Columns { value, named } => value.is_known() && named.is_known(),
            Formula::Classes { number, head, .. } => number.is_known() && head.is_known(),
            Formula::Binary { class, classes, .. } => class.is_known() && classes.is_known(),
        }
    }
}

impl Operand {
    fn view(&self) -> merge::Operand<'_> {
        merge::Operand { name: &self.name, shape: self.flow.shape }
    }

    /// As an input of arithmetic, whose raw value is taken.
    fn source(&self) -> derived::Source<'_> {
        let shape = self.flow.shape;
        derived::Source { name: &self.name, raw: shape, encoded: shape }
    }
}

impl LayerCall {
    /// Its arguments as values of the spec.
    pub(crate) fn values(&self) -> Vec<Value> {
        values(&self.arguments, self.inner.as_deref(), Guess::default())
    }

    /// Const arguments of the layer's type, as far as the macro knows them.
    pub(super) fn known(&self, sizes: layer::Sizes) -> layer::Sizes {
        match have_constants(&self.arguments) {
            true => layer::Sizes::of(&[Size::Unknown; 8][..sizes.len()]),
            false => sizes,
        }
    }

    /// What `formula` of the spec counts, as far as the macro knows it.
    pub(super) fn counted(&self, formula: fn(&Shape, &[Value]) -> Size) -> Size {
        match have_constants(&self.arguments) {
            true => Size::Unknown,
            false => formula(&self.input.shape, &self.values()),
        }
    }

    /// The number given for the parameter `name`.
    pub(crate) fn number(&self, name: &str) -> Option<&NumberExpr> {
        self.spec.parameters.iter().zip(&self.arguments).find_map(|(parameter, argument)| {
            match argument {
                Argument::Number(number) if parameter.name == name => Some(number),
                _ => None,
            }
        })
    }

    fn is_known(&self) -> bool {
        let inner = self.inner.as_deref();
        self.input.is_known()
            && are_known(&self.arguments)
            && inner.is_none_or(|inner| inner.output.is_known() && inner.known_count().is_some())
    }
}

/// Whether a flag, an axis or a list is among them that only rustc knows.
fn have_constants(arguments: &[Argument]) -> bool {
    arguments.iter().any(|argument| argument.constant().is_some())
}

fn are_known(arguments: &[Argument]) -> bool {
    arguments.iter().all(Argument::is_known)
}

/// Arguments without a layer as values of the spec.
pub(crate) fn values_of(arguments: &[Argument]) -> Vec<Value> {
    values(arguments, None, Guess::default())
}

fn values(arguments: &[Argument], inner: Option<&ShapedLayer>, guess: Guess) -> Vec<Value> {
    arguments.iter().map(|argument| value(argument, inner, guess)).collect()
}

/// An argument as a value of the spec; `inner` is the layer among them.
fn value(argument: &Argument, inner: Option<&ShapedLayer>, guess: Guess) -> Value {
    match argument {
        Argument::Absent | Argument::Input(_) | Argument::Average(_) => Value::Absent,
        Argument::Size(size) => Value::Size(size.value),
        Argument::Pair([first, second]) => Value::Pair([first.value, second.value]),
        Argument::Padding(PaddingExpr::Word(padding)) => Value::Padding(*padding),
        Argument::Padding(PaddingExpr::Zeros(zeros)) => Value::Padding(Padding::Zeros(zeros.value)),
        Argument::Margins(margins) => Value::Margins(margins.each_ref().map(|size| size.value)),
        Argument::Axis(axis) => Value::Axis(*axis),
        Argument::Number(number) => Value::Number(number.value),
        Argument::Flag(flag) => Value::Flag(*flag),
        Argument::Constant(constant) => guess.value(constant.kind),
        Argument::Activation(activation, _) => Value::Activation(*activation),
        Argument::Word(word, _) => Value::Word(word),
        // The spec takes `'static` lists; the macro's process is short-lived.
        Argument::Numbers(numbers) => {
            let numbers: Vec<f64> = numbers.iter().map(|number| number.value).collect();
            Value::Numbers(numbers.leak())
        }
        Argument::Text(text) => Value::Text(text.value().leak()),
        Argument::Tokenizer(file) => Value::Tokenizer(TokenizerFile {
            vocabulary: file.vocabulary,
            padding: file.padding,
            json: "",
        }),
        Argument::Layer(_) => inner.map_or(Value::Absent, |inner| {
            let count = inner.count.unwrap_or(Size::Unknown);
            let (flops, held) = (inner.flops(), inner.held());
            Value::Layer(Nested { output: inner.output.shape, count, flops, held })
        }),
    }
}
