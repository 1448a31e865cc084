//! What stands for a model with mistakes. The mistake is a constant argument of every type that the
//! rest of the user's crate names, so rustc takes these types for erroneous and says nothing of what
//! is done with them:
//!
//! ```text
//! pub struct __HouseInputs<const MISTAKE: usize> { pub rooms: .. }
//! pub type HouseInputs = __HouseInputs<{ compile_error!("`rooms`: ...") }>;
//! ```
//!
//! rustc prints equal errors at the same place once.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote, ToTokens};
use syn::{GenericParam, Generics, Item, Visibility};

use super::used;
use crate::{
    diagnostics::Diagnostics,
    graph::Graph,
    names::Names,
    parse::{is_ours, regroup, Field, Head, LayerKind, NoModel, Source},
};

/// What the rest of the user's crate may name of a model, should it have a mistake.
pub(crate) struct Fallback {
    names: Names,
    visibility: Visibility,
    generics: Generics,
    inputs: Vec<Ident>,
    targets: Vec<Ident>,
    outputs: Vec<Ident>,
    /// The model's type parameters for custom modules.
    modules: Vec<Ident>,
    /// The names of its parts.
    parts: Vec<Names>,
    /// The names that other items have.
    taken: Vec<Ident>,
    /// What the user may have imported for the model alone.
    used: TokenStream,
}

impl Fallback {
    /// That of a graph, without names that other items have.
    pub(crate) fn of(graph: &Graph, taken: Vec<Ident>) -> Fallback {
        let fields = || graph.nodes.iter().map(|node| &node.field);
        let named = |is_held: fn(&Field) -> bool| {
            fields().filter(|field| is_held(field)).map(|field| field.name.clone()).collect()
        };
        let branches = fields().filter_map(|field| field.branch.as_ref());
        let layers = branches.flat_map(|branch| &branch.layers);
        let custom = layers.filter(|layer| matches!(layer.kind, LayerKind::Custom { .. }));
        let names = Names::of(&graph.model.name);
        let mut parts: Vec<Names> = Vec::new();
        for part in &graph.model.options.parts {
            let part = Names::of(&part.name);
            // A collision among them is reported.
            let collides = |other: &Names| part.all().iter().any(|name| other.all().contains(name));
            if !collides(&names) && !parts.iter().any(collides) {
                parts.push(part);
            }
        }
        Fallback {
            modules: (0..custom.count()).map(|index| format_ident!("M{index}")).collect(),
            inputs: named(is_input),
            targets: named(|field| field.output.is_some() && !is_input(field)),
            outputs: named(|field| {
                (field.output.is_some() && !is_input(field)) || field.value.is_some()
            }),
            parts,
            taken,
            used: {
                let (types, own) = (used::types(&graph.model, fields()), used::own(fields()));
                quote!(#types #own)
            },
            ..Fallback::named(&graph.model)
        }
    }

    /// That of a model of which no field is known.
    fn of_type(name: &Ident, visibility: &Visibility, generics: &Generics) -> Fallback {
        Fallback {
            names: Names::of(name),
            visibility: visibility.clone(),
            generics: generics.clone(),
            inputs: Vec::new(),
            targets: Vec::new(),
            outputs: Vec::new(),
            modules: Vec::new(),
            parts: Vec::new(),
            taken: Vec::new(),
            used: TokenStream::new(),
        }
    }

    fn named(head: &Head) -> Fallback {
        Fallback::of_type(&head.name, &head.visibility, &head.generics)
    }

    /// The names, erroneous by the first of the mistakes, and the other mistakes.
    pub(crate) fn with(&self, mistakes: syn::Error) -> TokenStream {
        let mistakes: Vec<_> = mistakes.into_iter().map(syn::Error::into_compile_error).collect();
        let names = mistakes.first().map(|first| self.because_of(first));
        quote!(#names #(#mistakes)*)
    }

    /// The names, erroneous by the expression `mistake`.
    pub(crate) fn because_of(&self, mistake: &TokenStream) -> TokenStream {
        let Fallback { visibility, inputs, targets, outputs, modules, used, .. } = self;
        if self.names.all().into_iter().all(|name| self.taken.contains(name)) {
            return TokenStream::new();
        }
        let value = &hidden(&self.names.definition);
        let types = Types { visibility, mistake, value, taken: &self.taken };
        let model = types.of_model(&self.names, &self.generics, modules);
        let rows = [
            types.row(&self.names.inputs, inputs),
            types.row(&self.names.sample, &[&inputs[..], &targets[..]].concat()),
            types.row(&self.names.outputs, outputs),
        ];
        let parts = self.parts.iter().map(|names| {
            let model = types.of_model(names, &Generics::default(), &[]);
            let rows = [&names.inputs, &names.sample, &names.outputs];
            let rows = rows.map(|name| types.row(name, &[]));
            quote!(#model #(#rows)*)
        });
        quote!(#model #(#rows)* #(#parts)* #used)
    }
}

/// Emits erroneous types.
struct Types<'a> {
    visibility: &'a Visibility,
    mistake: &'a TokenStream,
    /// The name of an erroneous type, for the values of rows.
    value: &'a Ident,
    taken: &'a [Ident],
}

impl Types<'_> {
    /// The definition, its module, and the module's input and output.
    fn of_model(&self, names: &Names, generics: &Generics, modules: &[Ident]) -> TokenStream {
        let tensors = quote!(B, E, D, T = ());
        let parts = [
            self.definition(&names.definition, generics),
            self.generic(&names.model, &quote!(E, D, #(#modules,)*), &quote!(E, D, #(#modules,)*)),
            self.generic(&names.batch, &tensors, &quote!(B, E, D, T,)),
            self.generic(&names.heads, &tensors, &quote!(B, E, D, T,)),
        ];
        quote!(#(#parts)*)
    }

    /// The definition, which takes the parameters that the user gives it by mistake.
    fn definition(&self, name: &Ident, generics: &Generics) -> TokenStream {
        let mistake = self.mistake;
        let mut declared = Vec::new();
        let mut arguments = Vec::new();
        for parameter in &generics.params {
            match parameter {
                // Without it the bare name stays a type everywhere.
                GenericParam::Lifetime(_) => {}
                GenericParam::Type(one) => {
                    let one = &one.ident;
                    declared.push(quote!(#one = ()));
                    arguments.push(quote!(#one));
                }
                GenericParam::Const(one) => {
                    let (one, ty) = (&one.ident, &one.ty);
                    declared.push(quote!(const #one: #ty = { #mistake }));
                }
            }
        }
        self.generic(name, &quote!(#(#declared,)*), &quote!(#(#arguments,)*))
    }

    /// A type with the parameters `declared`, each of which is in `used`.
    fn generic(&self, name: &Ident, declared: &TokenStream, used: &TokenStream) -> TokenStream {
        let (erroneous, visibility, mistake) = (hidden(name), self.visibility, self.mistake);
        let alias = self.alias(name, declared, &quote!((#used), { #mistake }));
        quote! {
            #[doc(hidden)]
            #[allow(dead_code, non_camel_case_types)]
            #visibility struct #erroneous<T, const MISTAKE: ::core::primitive::usize>(
                ::core::marker::PhantomData<T>
            );

            #alias
        }
    }

    /// A row with fields, whose types are erroneous as well.
    fn row(&self, name: &Ident, fields: &[Ident]) -> TokenStream {
        let Types { visibility, mistake, value, .. } = self;
        let erroneous = hidden(name);
        let alias = self.alias(name, &TokenStream::new(), &quote!({ #mistake }));
        quote! {
            #[doc(hidden)]
            #[allow(dead_code, non_camel_case_types)]
            #visibility struct #erroneous<const MISTAKE: ::core::primitive::usize> {
                #(pub #fields: #value<(), { #mistake }>,)*
            }

            #alias
        }
    }

    /// The name of an erroneous type, if it is free.
    fn alias(
        &self,
        name: &Ident,
        declared: &TokenStream,
        arguments: &TokenStream,
    ) -> Option<TokenStream> {
        let (visibility, erroneous) = (self.visibility, hidden(name));
        (!self.taken.contains(name)).then(|| {
            quote! {
                #[allow(dead_code, missing_docs)]
                #visibility type #name<#declared> = #erroneous<#arguments>;
            }
        })
    }
}

/// The name of the type behind a name.
fn hidden(name: &Ident) -> Ident {
    format_ident!("__{name}", span = name.span())
}

fn is_input(field: &Field) -> bool {
    matches!(field.source, Some(Source::Input(_)))
}

/// For an item that is no model: what may be named of it, and the errors.
pub(crate) fn unreadable(item: NoModel, errors: Diagnostics) -> TokenStream {
    let errors = errors.finish().err();
    match (item, errors) {
        (NoModel::Type(head), Some(errors)) => Fallback::named(&head).with(errors),
        // What has no name is named nowhere.
        (NoModel::Unreadable(head, _), _) if head.name == "_" => TokenStream::new(),
        (NoModel::Unreadable(head, tokens), _) => {
            Fallback::named(&head).because_of(&unread(&head.name, tokens))
        }
        (NoModel::Item(item), errors) => {
            let mistake = errors.map(syn::Error::into_compile_error);
            let item = elsewhere(*item, &mistake.clone().unwrap_or_default());
            quote!(#item #mistake)
        }
        (NoModel::Type(_), None) => TokenStream::new(),
    }
}

/// An erroneous expression with a struct in which rustc has found what is no Rust, so that it says no
/// more of it. Should rustc read the struct, its error is that there is no such field. The closure has no
/// value of the struct, of which a field may have no size.
pub(crate) fn unread(name: &Ident, tokens: TokenStream) -> TokenStream {
    let is_word = |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if word == "struct");
    let item = tokens.into_iter().skip_while(|tree| !is_word(tree)).collect();
    let item = without_attributes(item);
    quote! {
        #item
        let _ = |model: &#name| model.multi_input_cannot_read_this;
        0_usize
    }
}

/// The tokens without `#[...]`.
fn without_attributes(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.into_iter().peekable();
    let mut kept = TokenStream::new();
    while let Some(tree) = trees.next() {
        let is_attribute = matches!(&tree, TokenTree::Punct(mark) if mark.as_char() == '#');
        if is_attribute && trees.next_if(|next| matches!(next, TokenTree::Group(_))).is_some() {
            continue;
        }
        kept.extend([match tree {
            TokenTree::Group(group) => regroup(&group, without_attributes(group.stream())),
            other => other,
        }]);
    }
    kept
}

/// What stands for an item that is no type: in a module, for the structs that the attribute belongs
/// on.
fn elsewhere(item: Item, mistake: &TokenStream) -> TokenStream {
    let Item::Mod(mut module) = item else { return item.to_token_stream() };
    for item in module.content.iter_mut().flat_map(|(_, items)| items) {
        let Item::Struct(model) = item else { continue };
        if model.fields.iter().any(|field| field.attrs.iter().any(is_ours)) {
            let names = Fallback::of_type(&model.ident, &model.vis, &Generics::default());
            *item = Item::Verbatim(names.because_of(mistake));
        }
    }
    module.to_token_stream()
}
