//! Sizes, shapes, and the spec's formulas as tokens for rustc to evaluate.

use multi_input_spec::{layer::Sizes, own::ClaimForm, Kind, Padding, Size};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned, ToTokens};

use crate::{
    cost::Term,
    names,
    parse::{const_argument, Argument, Head, Own, PaddingExpr},
    requirement::{Condition, Requirement},
    shape::{Claimed, Constant, Flow, Formula, LayerCall, Length, Operand, ShapedLayer, Unknown},
};

/// The formulas of one model.
pub(crate) struct Formulas {
    /// The definition type, which has the constants.
    definition: Ident,
    /// The path of the spec, and of the items for generated code.
    spec: TokenStream,
    private: TokenStream,
}

impl Formulas {
    /// The formulas of `model`.
    pub(super) fn of(model: &Head) -> Formulas {
        let krate = &model.options.krate;
        Formulas {
            definition: model.name.clone(),
            spec: quote!(#krate::private::spec),
            private: quote!(#krate::private),
        }
    }

    /// The path of the spec.
    pub(super) fn spec(&self) -> &TokenStream {
        &self.spec
    }

    /// A term of a cost as a constant expression of type `Size`.
    pub(super) fn term(&self, term: &Term<'_>) -> TokenStream {
        let spec = &self.spec;
        let known = |number: TokenStream| quote!(#spec::Size::Known(#number));
        match term {
            Term::Known(number) => known(literal(*number)),
            Term::Elements(flow) => {
                let shape = self.shape(flow);
                quote!(#shape.elements())
            }
            Term::Count(layer) => known(self.count(layer).unwrap_or_else(|| literal(0))),
            Term::Flops(layer) => self.of_layer_or_unknown("flops", layer),
            Term::Held(layer) => self.of_layer_or_unknown("held", layer),
            Term::Merge(formula) => match &**formula {
                Formula::Merge { rule, operands, arguments } => {
                    let module = format_ident!("{}", rule.module);
                    let operands = self.operands(operands);
                    let arguments = self.values(arguments, None);
                    quote!(#spec::merge::#module::flops(&#operands, &#arguments))
                }
                _ => known(literal(0)),
            },
        }
    }

    fn of_layer_or_unknown(&self, function: &str, layer: &ShapedLayer) -> TokenStream {
        let spec = &self.spec;
        match layer.module.call() {
            Some(call) => self.of_layer(function, call),
            None => quote!(#spec::Size::Unknown),
        }
    }

    /// Each size as a constant expression of type `usize`.
    pub(super) fn sizes(&self, flow: &Flow) -> Vec<TokenStream> {
        (0..flow.shape.rank()).map(|axis| self.size(flow, axis)).collect()
    }

    fn size(&self, flow: &Flow, axis: usize) -> TokenStream {
        match (flow.shape.dim(axis), &flow.unknown) {
            (Size::Known(number), _) => literal(number),
            (Size::Unknown, Unknown::Written(sizes)) => sizes[axis].tokens.clone(),
            (Size::Unknown, Unknown::Computed { constant, skipped }) => {
                let (constant, axis) = (self.constant(*constant), literal(axis + skipped));
                {
                    let spec = &self.spec;
                    quote!(#spec::Size::get(#spec::Shape::dim(&#constant, #axis)))
                }
            }
        }
    }

    /// Each size as a const argument, between `<` and `>`.
    pub(super) fn arguments(&self, flow: &Flow) -> Vec<TokenStream> {
        self.sizes(flow).iter().map(const_argument).collect()
    }

    /// The product of all sizes, as a constant expression.
    pub(super) fn elements(&self, flow: &Flow) -> TokenStream {
        match flow.shape.elements() {
            Size::Known(number) => literal(number),
            Size::Unknown => {
                let sizes = self.sizes(flow);
                quote!(1 #(* (#sizes))*)
            }
        }
    }

    /// A constant expression of type `Shape`. A size that a formula could not compute stays
    /// unknown, so that a mistake is reported once.
    pub(super) fn shape(&self, flow: &Flow) -> TokenStream {
        let (spec, Flow { shape, unknown, .. }) = (&self.spec, flow);
        let computed = match unknown {
            Unknown::Written(_) => None,
            Unknown::Computed { constant, skipped } => {
                let (constant, skips) = (self.constant(*constant), (0..*skipped).map(|_| ()));
                let skips = skips.map(|()| quote!(.of_step()));
                Some(quote!(#constant #(#skips)*))
            }
        };
        let sizes = (0..shape.rank()).map(|axis| match (&computed, shape.dim(axis)) {
            (Some(constant), Size::Unknown) => {
                let axis = literal(axis);
                quote!(#spec::Shape::dim(&#constant, #axis))
            }
            _ => self.given(&self.size(flow, axis)),
        });
        let below = match (shape.below, &computed) {
            (Size::Known(bound), _) => {
                let bound = literal(bound);
                Some(quote!(.below(#spec::Size::Known(#bound))))
            }
            (Size::Unknown, Some(constant)) => Some(quote!(.below(#constant.below))),
            (Size::Unknown, None) => None,
        };
        let kind = kind(shape.kind);
        // The macro always knows whether there is a mask, or a list.
        let mask = shape.is_masked().then(|| quote!(.with_mask(true)));
        let list = shape.is_list().then(|| quote!(.with_list(true)));
        quote!(#spec::Shape::new(#spec::Kind::#kind, &[#(#sizes),*])#below #mask #list)
    }

    /// The loss of the user's own of output number `output`, as an associated constant of the
    /// definition.
    pub(super) fn own_loss(&self, output: usize) -> TokenStream {
        let (definition, name) = (&self.definition, names::own_loss(output));
        quote!(#definition::#name)
    }

    /// Constant number `number`, as an associated constant of the definition.
    fn constant(&self, number: usize) -> TokenStream {
        let (definition, name) = (&self.definition, constant_name(number));
        quote!(#definition::#name)
    }

    /// `const SHAPE_0: Shape = ..`.
    pub(super) fn declaration(
        &self,
        number: usize,
        constant: &Constant,
        private: &TokenStream,
    ) -> TokenStream {
        let (spec, name) = (&self.spec, constant_name(number));
        let formula = self.formula(&constant.formula);
        let (kind, rank) = (kind(constant.shape.kind), constant.shape.rank());
        quote! {
            #[doc(hidden)]
            const #name: #spec::Shape =
                #private::shape_or_unknown(&#formula, #spec::Kind::#kind, #rank);
        }
    }

    /// An expression of type `Result<Shape, Text>`.
    pub(super) fn formula(&self, formula: &Formula) -> TokenStream {
        let spec = &self.spec;
        match formula {
            Formula::Layer(call) => {
                let module = format_ident!("{}", call.spec.module);
                let (input, output) = (self.shape(&call.input), self.of_layer("output", call));
                quote!(#spec::layer::through(&#spec::layer::#module::LAYER, &#input, #output))
            }
            Formula::Step(call) => {
                let module = format_ident!("{}", call.spec.name);
                let (input, arguments) =
                    (self.shape(&call.input), self.values(&call.arguments, None));
                let module = quote!(#spec::step::#module);
                // The macro always knows whether there is a list or a mask, so most steps need no more.
                if !call.input.shape.is_list() && !call.input.shape.is_masked() {
                    return quote!(#module::output(&#input, &#arguments));
                }
                let item = quote!(#spec::step::item(&#module::STEP, &#input));
                quote! {
                    #spec::step::through(
                        &#module::STEP,
                        &#input,
                        #module::output(&#item, &#arguments),
                    )
                }
            }
            Formula::OwnStep { claimed, input } => {
                let (claim, input) = (self.claim(claimed), self.shape(input));
                let item = quote!(#spec::step::own::item(&#input));
                let output = output_of(&claimed.own, &quote!(&#item), spec);
                quote!(#spec::step::own::through(&#claim, &#input, #output))
            }
            Formula::OwnMerge { claimed, operands } => {
                let (claim, operands) = (self.claim(claimed), self.operands(operands));
                let output = output_of(&claimed.own, &quote!(&#operands), spec);
                quote!(#spec::merge::own::through(&#claim, &#operands, #output))
            }
            Formula::OwnDerived { claimed, of } => {
                let (claim, of) = (self.claim(claimed), of.iter().map(|flow| self.shape(flow)));
                let output = output_of(&claimed.own, &quote!(&[#(#of),*]), spec);
                quote!(#spec::own::compare(&#claim, #output))
            }
            Formula::Arithmetic { of } => {
                let of = of.iter().map(|operand| {
                    let (name, shape) = (&operand.name, self.shape(&operand.flow));
                    quote!({
                        let shape_ = #shape;
                        #spec::derived::Source { name: #name, raw: shape_, encoded: shape_ }
                    })
                });
                quote!(#spec::derived::arithmetic::output(&[#(#of),*]))
            }
            Formula::Inverse { own, length } => {
                let (private, value, text) = (&self.private, own.value(), &own.text);
                let length = match length {
                    Length::Known(Some(length)) => quote!(::core::option::Option::Some(#length)),
                    Length::Known(None) => quote!(::core::option::Option::None),
                    Length::OfOwnLoss(output) => {
                        let loss = self.own_loss(*output);
                        quote!(#loss.form.target_steps.length())
                    }
                };
                quote_spanned!(own.span=> #private::stands_on_a_target(#value, #text, #length))
            }
            Formula::Merge { rule, operands, arguments } => {
                let module = format_ident!("{}", rule.module);
                let operands = self.operands(operands);
                let arguments = self.values(arguments, None);
                quote!(#spec::merge::#module::output(&#operands, &#arguments))
            }
            Formula::Derived { spec: derivation, arguments } => {
                let module = format_ident!("{}", derivation.name);
                let arguments = self.values(arguments, None);
                quote!(#spec::derived::#module::output(&#arguments))
            }
            Formula::Declared { stated, inferred } => {
                let (stated, inferred) = (self.shape(stated), self.shape(inferred));
                quote!(#spec::agree::declared(&#stated, &#inferred))
            }
            Formula::Head { stated, inferred } => {
                let (stated, inferred) = (self.shape(stated), self.shape(inferred));
                quote!(#spec::agree::head(&#stated, &#inferred))
            }
            Formula::OwnLoss(own) => {
                let (stated, inferred) = (self.shape(&own.stated), self.shape(&own.inferred));
                let (form, target) = (self.own_loss(own.output), word(own.target));
                let option = |value: Option<TokenStream>| match value {
                    Some(value) => quote!(::core::option::Option::Some(#value)),
                    None => quote!(::core::option::Option::None),
                };
                let before = option(own.before.map(|activation| {
                    let activation = word(activation);
                    quote!(#spec::Activation::#activation)
                }));
                let learned = own.learned_weight;
                let steps =
                    own.steps.clone().map(|step| option(step.map(ToTokens::into_token_stream)));
                quote! {
                    #form.form.check(
                        #spec::Target::#target, #before, &#stated, &#inferred, [#(#steps),*], #learned,
                    )
                }
            }
            Formula::Shared { owner, here, there } => {
                let (here, there) = (self.shape(here), self.shape(there));
                quote!(#spec::agree::shared(#owner, &#here, &#there))
            }
            Formula::Vocabulary { owner, here, there } => {
                let (here, there) = (self.shape(here), self.shape(there));
                quote!(#spec::agree::vocabulary(#owner, &#here, &#there))
            }
            Formula::Columns { value, named } => {
                let (value, named) = (self.shape(value), &named.tokens);
                quote!(#spec::agree::columns(&#value, #named))
            }
            Formula::Classes { metric, parameter, number, head } => {
                let (number, head) = (self.given(&number.tokens), self.shape(head));
                quote!(#spec::agree::classes(#metric, #parameter, #number, &#head))
            }
            Formula::Binary { metric, class, classes } => {
                let (class, classes) = (self.given(&class.tokens), self.shape(classes));
                quote!(#spec::agree::binary(#metric, #class, &#classes))
            }
        }
    }

    /// `[Operand { .. }, ..]`.
    fn operands(&self, operands: &[Operand]) -> TokenStream {
        let spec = &self.spec;
        let operands = operands.iter().map(|operand| {
            let (name, shape) = (&operand.name, self.shape(&operand.flow));
            quote!(#spec::merge::Operand { name: #name, shape: #shape })
        });
        quote!([#(#operands),*])
    }

    /// A claim of the user's, as a constant expression.
    fn claim(&self, claimed: &Claimed) -> TokenStream {
        let (spec, of, shape) = (&self.spec, &claimed.own.text, self.shape(&claimed.shape));
        let form = name(match claimed.form {
            ClaimForm::Written => "Written",
            ClaimForm::Type => "Type",
            ClaimForm::NoType => "NoType",
            ClaimForm::Kept => "Kept",
        });
        quote! {
            #spec::own::Claim { of: #of, shape: #shape, form: #spec::own::ClaimForm::#form }
        }
    }

    /// The check of a constant: an expression of type `Result<_, Text>`.
    pub(super) fn requirement(&self, requirement: &Requirement) -> TokenStream {
        let (spec, value) = (&self.spec, &requirement.value);
        match &requirement.condition {
            Condition::Size => quote!(#spec::agree::size(#value)),
            Condition::Number { callee, parameter, range } => {
                let range = format_ident!("{range:?}");
                quote!(#spec::Range::#range.check(#callee, #parameter, #value))
            }
            Condition::Elements => quote!(#spec::agree::elements(&[#value])),
            Condition::Ascending { callee, what } => {
                quote!(#spec::agree::ascending(#callee, #what, &[#value]))
            }
            Condition::Numbers { callee, parameter, range } => {
                let range = format_ident!("{range:?}");
                quote!(#spec::Range::#range.check_all(#callee, #parameter, #value))
            }
        }
    }

    /// The number of parameters of a layer; `None` for a custom module.
    pub(super) fn count(&self, layer: &ShapedLayer) -> Option<TokenStream> {
        match (layer.count?, layer.module.call()) {
            (Size::Unknown, Some(call)) => {
                let count = self.of_layer("count", call);
                Some(quote!(#count.get()))
            }
            (count, _) => Some(literal(count.get())),
        }
    }

    /// The const arguments from the formula `function` of a layer: computed here, or by rustc if
    /// they are unknown.
    pub(super) fn const_arguments(
        &self,
        function: &str,
        call: &LayerCall,
        sizes: &Sizes,
    ) -> Vec<TokenStream> {
        let argument = |position| match sizes.at(position) {
            Size::Known(number) => literal(number),
            Size::Unknown => {
                let (formula, position) = (self.of_layer(function, call), literal(position));
                const_argument(&{
                    let spec = &self.spec;
                    quote!(#spec::Size::get(#spec::layer::Sizes::at(&#formula, #position)))
                })
            }
        };
        (0..sizes.len()).map(argument).collect()
    }

    fn of_layer(&self, function: &str, call: &LayerCall) -> TokenStream {
        let spec = &self.spec;
        let (module, function) = (format_ident!("{}", call.spec.module), name(function));
        let (input, arguments) =
            (self.shape(&call.input), self.values(&call.arguments, call.inner.as_deref()));
        quote!(#spec::layer::#module::#function(&#input, &#arguments))
    }

    /// `[Value::Size(..), ..]`; `inner` is the layer among the arguments.
    pub(super) fn values(
        &self,
        arguments: &[Argument],
        inner: Option<&ShapedLayer>,
    ) -> TokenStream {
        let values = arguments.iter().map(|argument| self.value(argument, inner));
        quote!([#(#values),*])
    }

    fn value(&self, argument: &Argument, inner: Option<&ShapedLayer>) -> TokenStream {
        let spec = &self.spec;
        match argument {
            Argument::Absent | Argument::Input(_) | Argument::Average(_) => {
                quote!(#spec::Value::Absent)
            }
            Argument::Size(size) => {
                let size = self.given(&size.tokens);
                quote!(#spec::Value::Size(#size))
            }
            Argument::Pair(pair) => {
                let pair = pair.iter().map(|size| self.given(&size.tokens));
                quote!(#spec::Value::Pair([#(#pair),*]))
            }
            Argument::Padding(padding) => {
                let padding = self.padding(padding);
                quote!(#spec::Value::Padding(#spec::Padding::#padding))
            }
            Argument::Margins(margins) => {
                let margins = margins.iter().map(|margin| self.given_or_zero(&margin.tokens));
                quote!(#spec::Value::Margins([#(#margins),*]))
            }
            Argument::Axis(axis) => {
                let axis = Literal::isize_suffixed(*axis);
                quote!(#spec::Value::Axis(#axis))
            }
            Argument::Number(number) => {
                let tokens = &number.tokens;
                quote!(#spec::Value::Number(#tokens))
            }
            Argument::Flag(flag) => quote!(#spec::Value::Flag(#flag)),
            Argument::Constant(constant) => {
                let (variant, value) = (word(constant.kind), &constant.tokens);
                quote!(#spec::Value::#variant(#value))
            }
            Argument::Activation(activation, _) => {
                let activation = name(activation.type_name());
                quote!(#spec::Value::Activation(#spec::Activation::#activation))
            }
            Argument::Word(word, _) => quote!(#spec::Value::Word(#word)),
            Argument::Numbers(numbers) => {
                let numbers = numbers.iter().map(|number| &number.tokens);
                quote!(#spec::Value::Numbers(&[#(#numbers),*]))
            }
            Argument::Text(text) => quote!(#spec::Value::Text(#text)),
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
                    let (output, count) = (self.shape(&inner.output), self.count(inner));
                    let (flops, held) = (Term::Flops(inner), Term::Held(inner));
                    let (flops, held) = (self.term(&flops), self.term(&held));
                    quote!(#spec::Value::Layer(#spec::Nested {
                        output: #output,
                        count: #spec::Size::Known(#count),
                        flops: #flops,
                        held: #held,
                    }))
                }
                None => quote!(#spec::Value::Absent),
            },
        }
    }

    fn padding(&self, padding: &PaddingExpr) -> TokenStream {
        match padding {
            PaddingExpr::Word(Padding::Same) => quote!(Same),
            PaddingExpr::Word(Padding::Valid | Padding::Zeros(_)) => quote!(Valid),
            PaddingExpr::Zeros(zeros) => {
                let zeros = self.given_or_zero(&zeros.tokens);
                quote!(Zeros(#zeros))
            }
        }
    }

    /// A size of the user as a constant of type `Size`.
    fn given(&self, size: &TokenStream) -> TokenStream {
        let spec = &self.spec;
        quote!(#spec::Size::given(#size))
    }

    /// [`given`](Self::given) for sizes that may be zero.
    fn given_or_zero(&self, size: &TokenStream) -> TokenStream {
        let spec = &self.spec;
        quote!(#spec::Size::Known(#size))
    }
}

/// The name of a variant of one of the spec's enums.
fn word(variant: impl std::fmt::Debug) -> Ident {
    Ident::new(&format!("{variant:?}"), Span::call_site())
}

/// The call of the user's `const fn output_shape`, with the user's span, so that rustc reports a value
/// without one there.
fn output_of(own: &Own, input: &TokenStream, spec: &TokenStream) -> TokenStream {
    let value = own.value();
    let given = quote_spanned!(own.span=> #value.output_shape(#input));
    quote!(#spec::own::bounded(#given))
}

fn constant_name(number: usize) -> Ident {
    format_ident!("SHAPE_{number}")
}

fn name(text: &str) -> Ident {
    Ident::new(text, Span::call_site())
}

/// The variant of the spec's `Kind`.
fn kind(kind: Kind) -> Ident {
    name(match kind {
        Kind::Numbers => "Numbers",
        Kind::Categories => "Categories",
        Kind::Texts => "Texts",
        Kind::Pictures => "Pictures",
        Kind::Dates => "Dates",
    })
}

/// `64`.
fn literal(number: usize) -> TokenStream {
    let literal = Literal::usize_unsuffixed(number);
    quote!(#literal)
}
