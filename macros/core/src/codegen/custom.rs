//! Custom modules: each of them becomes a type parameter of the generated model.

use multi_input_spec::Kind;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned, ToTokens};
use syn::Type;

use super::{forward::Mode, model, Expansion};
use crate::{
    check::CheckedGraph,
    names,
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
                    parameter: names::module_parameter(found.len()),
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

/// The questions of `multi_input::private::own_module`, in the order of its `Answers`.
const QUESTIONS: [&str; 11] = [
    "builds",
    "builds_itself",
    "collects",
    "collects_itself",
    "takes_itself",
    "takes",
    "fails",
    "gives",
    "takes_taped",
    "trains",
    "gives_taped",
];

/// `impl OwnModule<0> for HousePrice` for each custom module, and the checks that report a type that is
/// no module for what flows in, or gives something else than is claimed.
pub(super) fn modules_of_the_user(expansion: &Expansion<'_>) -> TokenStream {
    let of_each = expansion.custom.iter().enumerate().map(|(number, custom)| {
        let (own, check) =
            (own_module(expansion, number, custom), check(expansion, number, custom));
        // The model of a part has reported its modules.
        let check = expansion.checked.graph.model.part_of.is_none().then_some(check);
        quote!(#own #check)
    });
    of_each.collect()
}

/// The bounds are asked for on the CPU and in `f32`.
fn own_module(expansion: &Expansion<'_>, number: usize, custom: &Custom<'_>) -> TokenStream {
    let (private, definition) = (&expansion.paths.private, &expansion.names.definition);
    let own = quote!(#private::own_module);
    let (f32, cpu) = (quote!(::core::primitive::f32), quote!(#private::Cpu));
    let sizes = expansion.formulas.arguments(custom.input);
    let element = match custom.input.shape.kind {
        Kind::Categories => quote!(::core::primitive::usize),
        _ => f32.clone(),
    };
    let tensor = |tape: TokenStream| {
        let size = quote!(::core::primitive::usize);
        quote!(#private::Tensor<(#size, #(#private::Const<#sizes>,)*), #element, #cpu, #tape>)
    };
    let (input, taped) =
        (tensor(quote!(#private::NoneTape)), tensor(quote!(#private::OwnedTape<#f32, #cpu>)));
    let answers = QUESTIONS.iter().map(|name| {
        let (field, constant) = (format_ident!("{name}"), format_ident!("{}", name.to_uppercase()));
        quote!(#field: #own::Probe::<Self::Named, Self::Input, Self::Taped>::#constant)
    });
    let module = custom.module;
    let this = quote!(<#definition as #own::OwnModule<#number>>);
    let named = quote_spanned!(custom.span=> type Named = #module;);
    quote! {
        #[doc(hidden)]
        impl #own::OwnModule<#number> for #definition {
            #named
            type Input = #input;
            type Taped = #taped;
            const ANSWERS: #own::Answers = {
                #[allow(unused_imports)]
                use #own::Otherwise as _;
                #own::Answers { #(#answers),* }
            };
            type Builder = <
                #own::Chosen<{ #this::ANSWERS.can_be_built() }, { #this::ANSWERS.fits() }>
                as #own::Choose<#this::Named>
            >::Type;
            const DIMS: &'static [::core::primitive::usize] = <
                <
                    <#own::Slot<#definition, #number> as #private::BuildOnDevice<#cpu, #f32>>::Built
                    as #private::Module<#this::Input>
                >::Output as #private::SampleDims
            >::DIMS;
        }
    }
}

fn check(expansion: &Expansion<'_>, number: usize, custom: &Custom<'_>) -> TokenStream {
    let (private, definition) = (&expansion.paths.private, &expansion.names.definition);
    let own = quote!(#private::own_module);
    let (field, name) =
        (format!("`{}`: ", custom.field), compact(&custom.module.to_token_stream()));
    let categories = custom.input.shape.kind == Kind::Categories;
    let flowing = expansion.formulas.sizes(custom.input);
    let claimed = expansion.formulas.sizes(custom.output);
    quote_spanned! {custom.span=>
        const _: () = if let ::core::result::Result::Err(text_) =
            #own::check::<#definition, #number>(
                #name,
                #own::Flow { categories: #categories, sizes: &[#(#flowing),*] },
                &[#(#claimed),*],
            )
        {
            ::core::panic!("{}", #private::spec::Text::new(#field).text(&text_).as_str());
        };
    }
}
