//! Custom modules: each of them becomes a type parameter of the generated model.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned, ToTokens};
use syn::Type;

use super::{forward::Mode, model, Expansion};
use crate::{
    check::CheckedGraph,
    shape::{Flow, Module},
    text::compact,
};

/// A custom module.
pub(crate) struct Custom<'a> {
    /// The node of its branch, and its index there.
    pub(crate) node: usize,
    pub(crate) layer: usize,
    /// The type parameter.
    pub(crate) parameter: Ident,
    /// The type that the user names: a dfdx builder.
    pub(crate) module: &'a Type,
    pub(crate) input: &'a Flow,
    pub(crate) output: &'a Flow,
    pub(crate) span: Span,
    pub(crate) field: String,
}

/// All custom modules, in declaration order.
pub(super) fn modules(checked: &CheckedGraph) -> Vec<Custom<'_>> {
    let mut found = Vec::new();
    for (node, shape) in checked.shapes.iter().enumerate() {
        if checked.graph.nodes[node].shared.is_some() {
            continue;
        }
        for (layer, shaped) in shape.layers.iter().enumerate() {
            if let Module::Custom { module } = &shaped.module {
                found.push(Custom {
                    node,
                    layer,
                    parameter: format_ident!("M{}", found.len()),
                    module,
                    input: &shaped.input,
                    output: &shaped.output,
                    span: shaped.span,
                    field: checked.graph.nodes[node].name().to_string(),
                });
            }
        }
    }
    found
}

/// The types of a batch in a forward pass.
pub(super) struct Passing {
    pub(super) mode: Mode,
    /// The size of the batch, as a type.
    pub(super) batch: TokenStream,
    pub(super) tape: TokenStream,
}

impl Expansion<'_> {
    /// The bounds of the forward pass on the custom modules, given as types.
    pub(super) fn custom_bounds(&self, types: &[TokenStream], passing: &Passing) -> TokenStream {
        let (private, Passing { mode, batch, tape }) = (&self.paths.private, passing);
        let module = mode.of_traits();
        let bounds = self.custom.iter().zip(types).map(|(custom, ty)| {
            let input = model::tensor(self, custom.input, batch, tape);
            quote! {
                #ty: #private::#module<#input, Error = D::Err>,
                <#ty as #private::#module<#input>>::Output: #private::Claim<E, D, #tape>,
            }
        });
        quote!(#(#bounds)*)
    }
}

/// Compares claimed shapes with the modules' real output shapes, on the CPU and in `f32`. A local
/// trait gives the message for a type that is no module or takes another input.
pub(super) fn claims(expansion: &Expansion<'_>) -> TokenStream {
    let private = &expansion.paths.private;
    let claims = expansion.custom.iter().map(|custom| {
        let (module, sizes, field) = (custom.module, expansion.formulas.sizes(custom.output), format!("`{}`: ", custom.field));
        let input = expansion.formulas.arguments(custom.input);
        let (name, flow) = (compact(&module.to_token_stream()), custom.input.text());
        let message = format!("{field}`{name}` is no module that takes what flows in, {flow}");
        // Braces would be parsed as format parameters.
        let message = message.replace('{', "{{").replace('}', "}}");
        quote_spanned! {custom.span=>
            const _: () = {
                #[diagnostic::on_unimplemented(message = #message, label = "takes something else")]
                trait Takes {
                    const DIMS: &'static [::core::primitive::usize];
                }
                type Input = #private::Tensor<
                    (::core::primitive::usize, #(#private::Const<#input>,)*),
                    ::core::primitive::f32,
                    #private::Cpu,
                    #private::NoneTape,
                >;
                #[diagnostic::do_not_recommend]
                impl<M: #private::BuildOnDevice<#private::Cpu, ::core::primitive::f32>> Takes for M
                where
                    M::Built: #private::Module<Input>,
                    <M::Built as #private::Module<Input>>::Output: #private::SampleDims,
                {
                    const DIMS: &'static [::core::primitive::usize] =
                        <<M::Built as #private::Module<Input>>::Output as #private::SampleDims>::DIMS;
                }
                if let ::core::result::Result::Err(text_) =
                    #private::compare_claim(<#module as Takes>::DIMS, &[#(#sizes),*])
                {
                    ::core::panic!("{}", #private::spec::Text::new(#field).text(&text_).as_str());
                }
            };
        }
    });
    quote!(#(#claims)*)
}
