//! Stubs emitted with the errors, so that the rest of the user's crate has no follow-on errors: the
//! same types, with bodies that never run.

use multi_input_spec::MAX_RANK;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Fields, Item};

use super::{
    formula::Formulas,
    forward::Mode,
    model,
    paths::Paths,
    rows::{self, Value},
    signatures::{Bodies, CustomModule, DefinitionContent, NetworkBodies, Reported, Signatures},
};
use crate::{
    diagnostics::Diagnostics,
    names::{self, Names},
    parse::{is_ours, Element, Field, FieldType, LayerKind, SizeExpr, Source},
    shape::{Flow, ShapedGraph, ShapedNode},
};

/// For an item other than a struct with named fields: the unchanged item, and the errors.
pub(crate) fn unreadable(item: TokenStream, errors: Diagnostics) -> TokenStream {
    let errors = match errors.finish() {
        Ok(()) => TokenStream::new(),
        Err(error) => error.into_compile_error(),
    };
    // Tokens that are no item would only repeat the error.
    let item = syn::parse2::<Item>(item).map(without_ours).unwrap_or_default();
    quote!(#item #errors)
}

/// Removes the DSL's attributes from the fields; rustc does not know them.
fn without_ours(mut item: Item) -> TokenStream {
    match &mut item {
        Item::Struct(item) => clean(&mut item.fields),
        Item::Enum(item) => item.variants.iter_mut().for_each(|variant| clean(&mut variant.fields)),
        Item::Union(item) => item.fields.named.iter_mut().for_each(clean_field),
        _ => {}
    }
    quote!(#item)
}

fn clean(fields: &mut Fields) {
    fields.iter_mut().for_each(clean_field);
}

fn clean_field(field: &mut syn::Field) {
    field.attrs.retain(|attribute| !is_ours(attribute));
    if !rows::is_spelled_out(&quote::ToTokens::to_token_stream(&field.ty)) {
        field.ty = syn::parse_quote!(());
    }
}

/// The stubs of a model with mistakes.
pub(crate) fn fallback(shaped: &ShapedGraph) -> TokenStream {
    let fields: Vec<&Field> = shaped.graph.nodes.iter().map(|node| &node.field).collect();
    let head = &shaped.graph.model;
    let stubs = Stubs {
        signatures: &Signatures {
            head,
            names: &Names::of(&head.name),
            paths: &Paths::new(&head.options.krate),
            modules: custom_modules(&fields),
            has_samples: head.part_of.is_none() || fields.iter().any(|field| is_output(field)),
            bodies: Bodies::Never,
        },
        fields,
        shapes: &shaped.nodes,
    };
    let parts =
        [stubs.rows(), stubs.definition(), stubs.model(), stubs.batch_and_heads(), stubs.traits()];
    quote!(#(#parts)*)
}

/// Custom modules, each with a type parameter of the model.
fn custom_modules<'a>(fields: &[&'a Field]) -> Vec<CustomModule<'a>> {
    let branches = fields.iter().filter_map(|field| field.branch.as_ref());
    let layers = branches.flat_map(|branch| &branch.layers);
    let modules = layers.filter_map(|layer| match &layer.kind {
        LayerKind::Custom { module, .. } => Some((&**module, layer.span)),
        _ => None,
    });
    let named = modules.enumerate().map(|(index, (module, span))| CustomModule {
        parameter: format_ident!("M{index}"),
        module,
        span,
    });
    named.collect()
}

/// The stubs of a model's items.
struct Stubs<'a> {
    fields: Vec<&'a Field>,
    /// One per field.
    shapes: &'a [ShapedNode],
    signatures: &'a Signatures<'a>,
}

impl<'a> Stubs<'a> {
    fn inputs(&self) -> Vec<&'a Field> {
        self.fields.iter().copied().filter(|field| is_input(field)).collect()
    }

    /// The outputs, except those that are also inputs, which is a mistake.
    fn outputs(&self) -> Vec<&'a Field> {
        self.fields.iter().copied().filter(|field| is_output(field)).collect()
    }

    /// The outputs without a loss.
    fn values(&self) -> Vec<Value<'a>> {
        let krate = &self.signatures.paths.krate;
        let fields = self.fields.iter().copied().zip(self.shapes);
        let value = |(field, shape): (&'a Field, &ShapedNode)| {
            let declared = rows::declared_value(field, krate);
            Value { field, ty: declared.unwrap_or_else(|| self.inferred_value(shape)) }
        };
        fields.filter(|(field, _)| field.value.is_some()).map(value).collect()
    }

    /// The type of a value in the inferred shape; of an unknown one, something like an array.
    fn inferred_value(&self, shape: &ShapedNode) -> TokenStream {
        let is_written = |flow: &&Flow| flow.is_known() || !flow.is_computed();
        match shape.output.as_ref().filter(is_written) {
            Some(flow) => rows::inferred_value(flow, &Formulas::of(self.signatures.head)),
            None => quote!(::std::vec::Vec<::core::primitive::f32>),
        }
    }

    fn rows(&self) -> TokenStream {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let structs = rows::structs(self.signatures, &inputs, &outputs, &self.values());
        // The mistake may be in how rows are read.
        let Names { inputs, sample, .. } = self.signatures.names;
        let names = [Some(inputs), self.signatures.has_samples.then_some(sample)];
        let reads = !self.signatures.head.derives.deserialize;
        let deserialize = names.into_iter().flatten().filter(|_| reads);
        let deserialize = deserialize
            .map(|name| self.signatures.deserialize(name, &[], &[], &TokenStream::new()));
        quote!(#structs #(#deserialize)*)
    }

    /// The definition, with the handles of nodes and outputs.
    fn definition(&self) -> TokenStream {
        // A name that collides with a generated one is reported separately.
        let outputs = self.outputs().into_iter();
        let outputs = outputs.filter(|field| !names::is_in_the_definition(&field.name));
        let outputs = outputs.enumerate().map(|(index, field)| {
            self.signatures.output_handle(&field.name, index, &Reported::Unknown)
        });
        let others = self.fields.iter().filter(|field| !is_output(field)).map(|field| {
            // If the type could not be read, the input may be optional.
            let may_be_absent = field.ty.is_none() || model::is_optional_input(field);
            self.signatures.node_handle(&field.name, may_be_absent)
        });
        let handles: Vec<_> = outputs.chain(others).collect();
        let definition = self.signatures.definition("", &handles);
        // Any metric, because the mistake may be in a metric's name.
        let reported = (0..self.outputs().len()).map(|index| self.signatures.class_output(index));
        quote!(#definition #(#reported)*)
    }

    fn model(&self) -> TokenStream {
        // The mistake may be in the branch, so only its name is emitted.
        let branches = self.fields.iter().filter(|field| field.branch.is_some());
        let branches = branches.map(|field| {
            let name = &field.name;
            quote!(pub #name: ())
        });
        let branches: Vec<_> = branches.collect();
        self.signatures.model(&branches, false)
    }

    fn batch_and_heads(&self) -> TokenStream {
        // A name that collides with a generated one is reported separately.
        let free = |field: &&Field| {
            !names::is_in_the_batch(&field.name) && !names::is_in_the_definition(&field.name)
        };
        let derived = self.fields.iter();
        let derived = derived.filter(|field| matches!(field.source, Some(Source::Derived(_))));
        let entries = self.inputs().into_iter().chain(derived.copied()).filter(free).map(|field| {
            let (name, tensor) = (&field.name, self.tensor(field));
            match field.ty.as_ref().is_some_and(|ty| ty.optional) {
                true => {
                    let optional = self.signatures.optional(&tensor);
                    quote!(pub #name: #optional)
                }
                false => quote!(pub #name: #tensor),
            }
        });
        let heads = self.outputs().into_iter().filter(free).map(|field| {
            let (name, tensor) = (&field.name, self.tensor(field));
            quote!(pub #name: #tensor)
        });
        let values = self.fields.iter().copied().filter(|field| field.value.is_some()).filter(free);
        let values = values.map(|field| {
            let name = &field.name;
            quote!(pub #name: ())
        });
        let (entries, heads): (Vec<_>, Vec<_>) = (entries.collect(), heads.chain(values).collect());
        let batch = self.signatures.batch(&entries, &[], None);
        let heads = self.signatures.heads(&heads, &[]);
        quote!(#batch #heads)
    }

    /// A batch of an input or target; `()` if its type could not be read, and for a list,
    /// whose length a step decides.
    fn tensor(&self, field: &Field) -> TokenStream {
        let Some(FieldType { element, dims, list: false, .. }) = &field.ty else {
            return quote!(());
        };
        let mut sizes: Vec<TokenStream> = dims.iter().map(SizeExpr::argument).collect();
        match element {
            Element::Class(classes) => sizes.push(classes.argument()),
            Element::U32 => {}
            Element::F32 | Element::F64 | Element::I64 | Element::U64 | Element::Bool => {
                if sizes.is_empty() {
                    sizes.push(quote!(1));
                }
            }
            Element::Text | Element::Image(_) | Element::Date(_) | Element::Inferred => {
                return quote!(());
            }
        }
        if sizes.len() > MAX_RANK {
            return quote!(());
        }
        let private = &self.signatures.paths.private;
        let is_categories = matches!(element, Element::U32);
        self.signatures.tensor(&quote!(B), &sizes, is_categories, &quote!(#private::NoneTape))
    }

    fn traits(&self) -> TokenStream {
        let (signatures, krate) = (self.signatures, &self.signatures.paths.krate);
        let given = signatures.schema();
        let schema = quote! {
            #krate::definition::Schema { name: "", inputs: &[], derived: &[], targets: &[] }
        };
        let graph = quote! {
            #krate::definition::Graph {
                schema: #given,
                nodes: &[],
                outputs: &[],
                values: &[],
            }
        };
        let nothing = TokenStream::new();
        let content = DefinitionContent {
            schema,
            graph,
            sample_row: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            values: Vec::new(),
        };
        let parts = [
            signatures.collection(nothing.clone()),
            signatures.non_mutable(),
            signatures.module(Mode::Inference, &nothing, nothing.clone()),
            signatures.definition_of_rows(&content),
            signatures.network(&nothing, &NetworkBodies::default()),
            signatures.part_of(),
            signatures.differentiable(&nothing, &NetworkBodies::default(), &[]),
        ];
        quote!(#(#parts)*)
    }
}

fn is_input(field: &Field) -> bool {
    matches!(field.source, Some(Source::Input(_)))
}

fn is_output(field: &Field) -> bool {
    field.output.is_some() && !is_input(field)
}
