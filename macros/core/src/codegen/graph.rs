//! `const SCHEMA` and `const GRAPH`: the rows and the model as constant data.

use multi_input_spec::{Kind, Target};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{
    cost, docs, metrics, newtypes,
    own::{self, Place},
    Expansion,
};
use crate::{
    graph::Node,
    parse::{DerivedBy, LossCall, LossWeight, Merge, Missing, NamedLoss, Operation, Own, Source},
    shape::{self, Module, ShapedLayer, ShapedStep},
    text::plain,
};

/// The value of `SCHEMA`.
pub(crate) fn schema(expansion: &Expansion<'_>) -> TokenStream {
    let krate = &expansion.paths.krate;
    let graph = &expansion.checked.graph;
    let name = plain(&graph.model.name);
    let inputs = graph.inputs().map(|position| input(expansion, position));
    let derived = graph.derived().map(|position| self::derived(expansion, position));
    let targets = graph.outputs().map(|position| target(expansion, position));
    quote! {
        #krate::definition::Schema {
            name: #name,
            inputs: &[#(#inputs),*],
            derived: &[#(#derived),*],
            targets: &[#(#targets),*],
        }
    }
}

/// The value of `GRAPH`.
pub(crate) fn constant(expansion: &Expansion<'_>) -> TokenStream {
    let krate = &expansion.paths.krate;
    let graph = &expansion.checked.graph;
    let nodes = graph.order.iter().map(|&position| node(expansion, position));
    let outputs = graph.outputs().enumerate();
    let outputs = outputs.map(|(index, position)| output(expansion, position, index));
    let values = graph.values().map(|position| value(expansion, position));
    let schema = expansion.signatures().schema();
    let cost = cost::of_prediction(expansion);
    quote! {
        #krate::definition::Graph {
            schema: #schema,
            nodes: &[#(#nodes),*],
            outputs: &[#(#outputs),*],
            values: &[#(#values),*],
            cost: #cost,
        }
    }
}

fn value(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let krate = &expansion.paths.krate;
    let node = &expansion.checked.graph.nodes[position];
    let (name, doc) = (plain(node.name()), docs::of_field(&node.field));
    let width = expansion.formulas.elements(&expansion.checked.shapes[position].output);
    quote!(#krate::definition::Value { name: #name, doc: #doc, width: #width })
}

fn node(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (krate, paths) = (&expansion.paths.krate, &expansion.paths);
    let (some, none, formulas) = (&paths.some, &paths.none, &expansion.formulas);
    let graph = &expansion.checked.graph;
    let (node, shape) = (&graph.nodes[position], &expansion.checked.shapes[position]);
    let name = plain(node.name());
    let renamed = node.field.renamed.iter().map(plain);
    let source = node.source_text();
    let fed_by = node.feeds.iter().chain(&node.made_of).map(|edge| plain(&edge.name));
    let layers = shape.layers.iter().map(|layer| self::layer(expansion, layer));
    let shared = match node.shared {
        Some(owner) => {
            let owner = plain(graph.nodes[owner].name());
            quote!(#some(#owner))
        }
        None => quote!(#none),
    };
    let frozen = graph.is_frozen(position);
    let stand_in = match node.learns_a_stand_in() {
        true => expansion.formulas.elements(&shape.output),
        false => quote!(0),
    };
    let (before, after) = (formulas.sizes(&shape.input), formulas.sizes(&shape.output));
    let (input_masked, masked) = (shape.input.shape.is_masked(), shape.output.shape.is_masked());
    let (merge, absence) = (merge(expansion, position), absence(expansion, position));
    let own = match &node.field.source {
        Some(Source::Merge(Merge { own: Some((own, _)), .. })) => {
            let value = own.value();
            quote!(#some(#value))
        }
        _ => quote!(#none),
    };
    quote! {
        #krate::definition::Node {
            name: #name,
            renamed: &[#(#renamed),*],
            source: #source,
            own: #own,
            merge: #merge,
            fed_by: &[#(#fed_by),*],
            absence: #absence,
            input_shape: &[#(#before),*],
            input_masked: #input_masked,
            layers: &[#(#layers),*],
            shape: &[#(#after),*],
            masked: #masked,
            shared: #shared,
            frozen: #frozen,
            stand_in: #stand_in,
        }
    }
}

/// A layer as constant data, with the layer among its arguments.
fn layer(expansion: &Expansion<'_>, layer: &ShapedLayer) -> TokenStream {
    let (krate, formulas) = (&expansion.paths.krate, &expansion.formulas);
    let (some, none) = (&expansion.paths.some, &expansion.paths.none);
    let (text, identity, computes) = (&layer.text, &layer.identity, computes(expansion, layer));
    let numbers = layer.numbers.iter().map(|(name, number)| {
        let value = &number.tokens;
        quote!((#name, #value))
    });
    let (sizes, masked) = (formulas.sizes(&layer.output), layer.output.shape.is_masked());
    let parameters = match formulas.count(layer) {
        Some(count) => quote!(#some(#count)),
        None => quote!(#none),
    };
    let vectors = match layer.vectors() {
        Some(file) => quote!(#some(#file)),
        None => none.clone(),
    };
    quote! {
        #krate::definition::Layer {
            text: #text,
            computes: #computes,
            identity: #identity,
            numbers: &[#(#numbers),*],
            shape: &[#(#sizes),*],
            masked: #masked,
            parameters: #parameters,
            vectors: #vectors,
        }
    }
}

/// What a layer computes: the row of the spec with its arguments.
fn computes(expansion: &Expansion<'_>, layer: &ShapedLayer) -> TokenStream {
    let (krate, spec) = (&expansion.paths.krate, &expansion.paths.spec);
    let (some, none) = (&expansion.paths.some, &expansion.paths.none);
    let computes = quote!(#krate::definition::Computes);
    match &layer.module {
        Module::Named(named) => {
            let inner = named.call.inner.as_deref();
            let module = Ident::new(named.call.spec.module, Span::call_site());
            let arguments = expansion.formulas.values(&named.call.arguments, inner);
            let inner = match inner {
                Some(inner) => {
                    let inner = self::layer(expansion, inner);
                    quote!(#some(&#inner))
                }
                None => none.clone(),
            };
            quote! {
                #computes::Layer {
                    spec: &#spec::layer::#module::LAYER,
                    arguments: &#arguments,
                    inner: #inner,
                }
            }
        }
        Module::Activation { activation, .. } => {
            let activation = Ident::new(activation.type_name(), Span::call_site());
            quote!(#computes::Activation(#spec::Activation::#activation))
        }
        Module::Custom { .. } => quote!(#computes::Own),
    }
}

/// The merge of the spec before a branch, with its arguments.
fn merge(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (krate, spec) = (&expansion.paths.krate, &expansion.paths.spec);
    let (some, none) = (&expansion.paths.some, &expansion.paths.none);
    let graph = &expansion.checked.graph;
    let Some(Source::Merge(merge)) = &graph.nodes[position].field.source else {
        return none.clone();
    };
    if merge.own.is_some() {
        return none.clone();
    }
    let module = Ident::new(merge.rule.module, Span::call_site());
    let arguments = expansion.formulas.values(&merge.arguments, None);
    let presence = graph.nodes[position].feeds.iter().map(|edge| {
        let input = edge.present.then(|| graph.input_of_presence(edge)).flatten();
        match input.and_then(|input| graph.inputs().position(|other| other == input)) {
            Some(index) => quote!(#some(#index)),
            None => none.clone(),
        }
    });
    quote! {
        #some(#krate::definition::Merge {
            spec: &#spec::merge::#module::MERGE,
            arguments: &#arguments,
            presence: &[#(#presence),*],
        })
    }
}

/// The optional input that is the only input of a node.
fn absence(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (krate, some, none) =
        (&expansion.paths.krate, &expansion.paths.some, &expansion.paths.none);
    let graph = &expansion.checked.graph;
    let node = &graph.nodes[position];
    let Some(absence) = node.absence else { return none.clone() };
    let Some(index) = graph.inputs().position(|input| input == absence.input) else {
        return none.clone();
    };
    let policy = policy(absence.policy, krate);
    let replaced = match node.filled_by() {
        Some(replaced) => {
            let replaced = self::policy(replaced, krate);
            quote!(#some(#replaced))
        }
        None => none.clone(),
    };
    quote! {
        #some(#krate::definition::Absence { input: #index, policy: #policy, replaced: #replaced })
    }
}

/// `Missing::Zeros`.
fn policy(missing: Missing, krate: &TokenStream) -> TokenStream {
    let policy = match missing {
        Missing::Zeros => quote!(Zeros),
        Missing::Mean => quote!(Mean),
        Missing::Learned => quote!(Learned),
    };
    quote!(#krate::definition::Missing::#policy)
}

fn input(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let krate = &expansion.paths.krate;
    let (node, shape) =
        (&expansion.checked.graph.nodes[position], &expansion.checked.shapes[position]);
    let Some(Source::Input(input)) = &node.field.source else { return TokenStream::new() };
    let name = plain(node.name());
    let Some(raw) = &shape.raw else { return TokenStream::new() };
    let item = match raw.shape.kind {
        Kind::Numbers => {
            let blanks = input.fills();
            match is_double(node) {
                true => quote!(Doubles { blanks: #blanks }),
                false => quote!(Numbers { blanks: #blanks }),
            }
        }
        // Where a step encodes the indices, they must fit that step instead.
        Kind::Categories if !shape.steps.iter().any(encodes) => {
            let below = smallest_table(expansion, position);
            quote!(Categories { below: #below })
        }
        Kind::Categories => quote!(Categories { below: ::core::primitive::usize::MAX }),
        Kind::Texts if input.reads_within(raw.shape.is_list()) => quote!(Texts),
        Kind::Texts => quote!(Names),
        Kind::Pictures => quote!(Pictures),
        Kind::Dates => quote!(Dates),
    };
    let content = quote!(#krate::data::Content);
    let kind = match raw.shape.is_list() {
        true => {
            let width = expansion.formulas.elements(raw);
            quote!(#content::Lists { of: &#content::#item, width: #width })
        }
        false => quote!(#content::#item),
    };
    let missing = match input.missing {
        None => expansion.paths.none.clone(),
        Some((policy, _)) => {
            let (some, policy) = (&expansion.paths.some, self::policy(policy, krate));
            quote!(#some(#policy))
        }
    };
    let learns = shape.steps.iter().position(encodes);
    let steps = shape.steps.iter().enumerate().map(|(index, step)| {
        let vocabulary_of = node.vocabulary_of.as_ref().filter(|_| Some(index) == learns);
        self::step(expansion, &name, step, vocabulary_of.map(|edge| edge.node))
    });
    let (sizes, unit) = (expansion.formulas.sizes(raw), newtypes::unit(&node.field, krate));
    let (doc, encoded) = (docs::of_field(&node.field), is_encoded_in_onnx(expansion, node));
    quote! {
        #krate::definition::Input {
            name: #name,
            doc: #doc,
            unit: #unit,
            kind: #kind,
            shape: &[#(#sizes),*],
            missing: #missing,
            steps: &[#(#steps),*],
            encoded_in_onnx: #encoded,
        }
    }
}

/// A derived node with its inputs.
fn derived(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (krate, spec) = (&expansion.paths.krate, &expansion.paths.spec);
    let graph = &expansion.checked.graph;
    let (node, shape) = (&graph.nodes[position], &expansion.checked.shapes[position]);
    let Some(Source::Derived(derived)) = &node.field.source else { return TokenStream::new() };
    let name = plain(node.name());
    let inputs: Vec<usize> = graph.inputs().collect();
    let indices =
        node.made_of.iter().filter_map(|edge| inputs.iter().position(|&input| input == edge.node));
    let (private, some, none) =
        (&expansion.paths.private, &expansion.paths.some, &expansion.paths.none);
    let [description, arguments, own, derivation] = match &derived.by {
        DerivedBy::Named { spec: named, arguments } => {
            let module = Ident::new(named.name, Span::call_site());
            let ty = Ident::new(named.type_name, Span::call_site());
            [
                quote!(&#spec::derived::#module::DERIVATION),
                expansion.formulas.values(arguments, None),
                none.clone(),
                quote!(&#krate::preprocess::#ty),
            ]
        }
        DerivedBy::Own(own) => {
            let (description, value) = (own.name(), own.value());
            [
                quote!(const { &#private::own_derivation(#description) }),
                quote!([]),
                quote!(#some(#value)),
                own::of_place(own, Place::Derivation, &name, &expansion.paths),
            ]
        }
        DerivedBy::Formula(operations) => {
            let operations = operations.iter().map(|operation| operation_value(operation, krate));
            let value = quote!(&#krate::preprocess::Arithmetic(&[#(#operations),*]));
            [
                quote!(&#spec::derived::arithmetic::DERIVATION),
                quote!([]),
                quote!(#some(#value)),
                value,
            ]
        }
    };
    let Some(raw) = &shape.raw else { return TokenStream::new() };
    let raw = expansion.formulas.shape(raw);
    let steps = shape.steps.iter().map(|step| self::step(expansion, &name, step, None));
    let output = expansion.formulas.shape(&shape.input);
    let encoded = is_encoded_in_onnx(expansion, node);
    quote! {
        #krate::definition::Derived {
            name: #name,
            spec: #description,
            inputs: &[#(#indices),*],
            arguments: &#arguments,
            own: #own,
            raw: #raw,
            steps: &[#(#steps),*],
            output: #output,
            encoded_in_onnx: #encoded,
            derivation: #derivation,
        }
    }
}

/// Whether an exported file takes the values of a column behind its preprocessing.
fn is_encoded_in_onnx(expansion: &Expansion<'_>, node: &Node) -> bool {
    let export = expansion.checked.graph.model.options.export.as_ref();
    export.is_some_and(|export| export.encoded.contains(node.name()))
}

/// `Operation::Input(0)`.
fn operation_value(operation: &Operation, krate: &TokenStream) -> TokenStream {
    let path = quote!(#krate::preprocess::Operation);
    match operation {
        Operation::Input(input) => quote!(#path::Input(#input)),
        Operation::Constant(number) => {
            let number = &number.tokens;
            quote!(#path::Constant(#number))
        }
        Operation::Named(name) => {
            let name = Ident::new(name, Span::call_site());
            quote!(#path::#name)
        }
    }
}

/// Whether a step gives other values than it takes.
fn encodes(step: &ShapedStep) -> bool {
    !step.call.spec.form.keeps_values
}

/// Whether rows hold its numbers as `f64`.
fn is_double(node: &Node) -> bool {
    node.field.ty.as_ref().is_some_and(|ty| ty.element.is_double())
}

/// A preprocessing step with its arguments, and the input whose vocabulary it shares.
fn step(
    expansion: &Expansion<'_>,
    field: &str,
    step: &ShapedStep,
    vocabulary_of: Option<usize>,
) -> TokenStream {
    let (krate, spec) = (&expansion.paths.krate, &expansion.paths.spec);
    let formulas = &expansion.formulas;
    let name = |name: &str| Ident::new(name, Span::call_site());
    if let Some(own) = &step.call.own {
        return own_step(expansion, field, step, own);
    }
    let (ty, module) = (name(step.call.spec.type_name), name(step.call.spec.name));
    let arguments = formulas.values(&step.call.arguments, None);
    let (input, output) = (formulas.shape(&step.call.input), formulas.shape(&step.output));
    let (some, none) = (&expansion.paths.some, &expansion.paths.none);
    let mut inputs = expansion.checked.graph.inputs();
    let owner = vocabulary_of.and_then(|owner| inputs.position(|input| input == owner));
    let vocabulary_of = owner.map_or_else(|| none.clone(), |index| quote!(#some(#index)));
    quote! {
        #krate::definition::Step {
            spec: &#spec::step::#module::STEP,
            arguments: &#arguments,
            own: #none,
            input: #input,
            output: #output,
            vocabulary_of: #vocabulary_of,
            stage: &#krate::preprocess::stages::#ty,
        }
    }
}

/// A step of the user's own, which is its value.
fn own_step(expansion: &Expansion<'_>, field: &str, step: &ShapedStep, own: &Own) -> TokenStream {
    let (krate, private, formulas) =
        (&expansion.paths.krate, &expansion.paths.private, &expansion.formulas);
    let (input, output) = (formulas.shape(&step.call.input), formulas.shape(&step.output));
    let (some, none) = (&expansion.paths.some, &expansion.paths.none);
    let (name, value) = (own.name(), own.value());
    let stage = own::of_place(own, Place::Step, field, &expansion.paths);
    quote_spanned! {own.span=>
        #krate::definition::Step {
            spec: const { &#private::own_step(#name) },
            arguments: &[],
            own: #some(#value),
            input: #input,
            output: #output,
            vocabulary_of: #none,
            stage: #stage,
        }
    }
}

/// The size of the smallest embedding that an input indexes; indices must be below it.
fn smallest_table(expansion: &Expansion<'_>, input: usize) -> TokenStream {
    let tables = expansion.plan.nodes[input].tables.iter().map(|size| &size.tokens);
    let private = &expansion.paths.private;
    quote!(#private::smallest(&[#(#tables),*]))
}

fn target(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let krate = &expansion.paths.krate;
    let (node, shape) =
        (&expansion.checked.graph.nodes[position], &expansion.checked.shapes[position]);
    let Some(output) = &node.field.output else { return TokenStream::new() };
    let name = plain(node.name());
    let kind = match node.target() {
        Some(Target::Flag) => quote!(Flag),
        Some(Target::Flags) => quote!(Flags),
        Some(Target::Class) => quote!(Class),
        _ if is_double(node) => quote!(Doubles),
        _ => quote!(Numbers),
    };
    let width = shape::target(node).map(|target| expansion.formulas.elements(&target));
    let labels = output.categories.is_some();
    let optional = node.field.ty.as_ref().is_some_and(|ty| ty.optional);
    let steps = shape.target_steps.iter().map(|step| self::step(expansion, &name, step, None));
    let (columns, unit) = (output.cells.column_texts(), newtypes::unit(&node.field, krate));
    let doc = docs::of_field(&node.field);
    quote! {
        #krate::definition::Target {
            name: #name,
            doc: #doc,
            unit: #unit,
            kind: #krate::definition::TargetKind::#kind,
            width: #width,
            steps: &[#(#steps),*],
            labels: #labels,
            optional: #optional,
            columns: #columns,
        }
    }
}

fn output(expansion: &Expansion<'_>, position: usize, index: usize) -> TokenStream {
    let krate = &expansion.paths.krate;
    let (node, shape) =
        (&expansion.checked.graph.nodes[position], &expansion.checked.shapes[position]);
    let Some(output) = &node.field.output else { return TokenStream::new() };
    let loss = output.loss.as_ref().map(|loss| match loss {
        LossCall::Named(loss) => named_loss(krate, loss),
        LossCall::Own(_) => {
            let own = expansion.formulas.own_loss(index);
            quote!(#own.loss)
        }
    });
    let head = expansion.formulas.elements(&shape.output);
    let columns = output.cells.named_columns();
    let metric = |metric| metrics::value(&expansion.paths, metric, columns);
    let metrics = output.metrics.iter().map(metric);
    let weighted_metrics = output.weighted_metrics.iter().map(metric);
    let (weight, learned_weight) = match &output.weight {
        LossWeight::Given(weight) => (weight.clone(), false),
        LossWeight::Learned(_) => (quote!(1.0), true),
    };
    let schema = expansion.signatures().schema();
    quote! {
        #krate::definition::Output {
            target: #schema.targets[#index],
            head: #head,
            loss: #loss,
            weight: #weight,
            learned_weight: #learned_weight,
            metrics: &[#(#metrics),*],
            weighted_metrics: &[#(#weighted_metrics),*],
        }
    }
}

/// A loss of the spec with its arguments.
fn named_loss(krate: &TokenStream, loss: &NamedLoss) -> TokenStream {
    let names = loss.spec.parameters.iter().map(|number| number.name);
    let listed = loss.spec.listed.map(|(name, _)| {
        let numbers = &loss.listed;
        (name, quote!([#(#numbers),*]))
    });
    let names = names.chain(listed.iter().map(|(name, _)| *name));
    let values = loss.values.iter().cloned().chain(listed.iter().map(|(_, list)| list.clone()));
    let value = construct(loss.spec.type_name, names, &values.collect::<Vec<_>>());
    quote!(&#krate::loss::#value)
}

/// `Huber { delta: 1.0 }`, or `Mse` without fields.
pub(super) fn construct<'a>(
    type_name: &str,
    names: impl Iterator<Item = &'a str>,
    values: &[TokenStream],
) -> TokenStream {
    let ty = Ident::new(type_name, Span::call_site());
    if values.is_empty() {
        return quote!(#ty);
    }
    let fields = names.zip(values).map(|(name, value)| {
        let name = Ident::new(name, Span::call_site());
        quote!(#name: #value)
    });
    quote!(#ty { #(#fields),* })
}
