//! Items for language servers only: every node as a field of its inferred shape, and every name in
//! an attribute as a path with the user's span. Hovering over a node shows its shape, a name in a
//! merge leads to its field, a layer leads to its documentation, and an incomplete layer is
//! completed. This works in models with mistakes, too.
//!
//! ```text
//! #[cfg(rust_analyzer)]
//! const _: () = {
//!     struct Nodes { rooms: [f32; 32], district: [f32; 16], .. }
//!     struct Stages { booking: (), .. }
//!     fn names(nodes: Nodes, stages: Stages) {
//!         let _: multi_input::layer::Dense;
//!         let _ = multi_input::merge::concat;
//!         let _ = nodes.rooms;
//!     }
//! };
//! ```

use multi_input_spec::Kind;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{formula::Formulas, paths::Paths};
use crate::{
    graph::Node,
    parse::Typed,
    shape::{Flow, ShapedGraph, ShapedNode},
};

/// The item for a language server.
pub(crate) fn editor(shaped: &ShapedGraph) -> TokenStream {
    let paths = Paths::new(&shaped.graph.model.options.krate);
    let nodes = shaped.graph.nodes.iter().zip(&shaped.nodes);
    let formulas = Formulas::of(&shaped.graph.model);
    let fields = nodes.map(|(node, shape)| field(node, shape, &formulas));
    let typed = shaped.graph.nodes.iter().flat_map(|node| &node.field.typed);
    let parts = shaped.graph.model.options.parts.iter();
    let named = parts.flat_map(|part| part.inputs.iter().flatten().chain(&part.outputs));
    let encoded = shaped.graph.model.options.export.iter().flat_map(|export| &export.encoded);
    let named: Vec<Typed> = named.chain(encoded).cloned().map(Typed::Node).collect();
    let names = typed.chain(&named).map(|typed| name(typed, &paths));
    let stages = shaped.graph.model.options.stages.iter().flat_map(|stages| &stages.names);
    quote! {
        // rustc does not know the cfg that language servers set.
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            const _: () = {
                struct Nodes { #(#fields,)* }
                struct Stages { #(#stages: (),)* }
                fn names(nodes_: Nodes, stages_: Stages) { #(#names)* }
            };
        };
    }
}

fn field(node: &Node, shape: &ShapedNode, formulas: &Formulas) -> TokenStream {
    let name = node.name();
    let ty = shape.output.as_ref().map_or_else(|| quote!(()), |flow| array(flow, formulas));
    let doc = match (&shape.input, &shape.output) {
        (Some(before), Some(after)) if !shape.layers.is_empty() => {
            format!("A node of shape `{}`, after its branch `{}`.", before.text(), after.text())
        }
        (_, Some(flow)) => format!("A node of shape `{}`.", flow.text()),
        _ => "A node. Its shape is not known, because something before it is wrong.".to_owned(),
    };
    quote!(#[doc = #doc] #name: #ty)
}

/// `[[f32; 8]; 12]`.
fn array(flow: &Flow, formulas: &Formulas) -> TokenStream {
    let element = match flow.shape.kind {
        Kind::Numbers => quote!(::core::primitive::f32),
        Kind::Categories => quote!(::core::primitive::u32),
        Kind::Texts | Kind::Pictures | Kind::Dates => quote!(()),
    };
    formulas.sizes(flow).iter().rev().fold(element, |inner, size| quote!([#inner; #size]))
}

fn name(typed: &Typed, paths: &Paths) -> TokenStream {
    let (krate, layer) = (&paths.krate, &paths.layer);
    let at = |text: &str, user: &Ident| Ident::new(text, user.span());
    match typed {
        Typed::Node(name) => quote!(let _ = nodes_.#name;),
        Typed::Stage(name) => quote!(let _ = stages_.#name;),
        Typed::Layer(name) => quote!(let _: #layer::#name;),
        Typed::Merge(name) => quote!(let _ = #krate::merge::#name;),
        Typed::Activation(activation, name) => {
            let ty = at(activation.type_name(), name);
            quote!(let _: #layer::activation::#ty;)
        }
        Typed::Loss(ty, name) => {
            let ty = at(ty, name);
            quote!(let _: #krate::loss::#ty;)
        }
        Typed::Metric(ty, name) => {
            let ty = at(ty, name);
            quote!(let _: #krate::metric::#ty;)
        }
        Typed::Own(path) => quote!({
            use #path as _;
        }),
    }
}
