//! Handles of nodes whose names are those of functions and constants of every definition. Such a handle
//! is both: `trainer.freeze(House::build)` and `House::build(&device, seed)`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Signatures;

impl Signatures<'_> {
    /// The type and the value of the definition's item called `name`; `None` if it has none.
    pub(super) fn item_of_name(&self, name: &Ident) -> Option<(TokenStream, TokenStream)> {
        let (krate, private, definition) =
            (&self.paths.krate, &self.paths.private, &self.names.definition);
        let is_a_definition = quote!(<#definition as #krate::definition::Definition>);
        let item = match name.to_string().as_str() {
            "GRAPH" => (quote!(#krate::definition::Graph), quote!(#is_a_definition::GRAPH)),
            "build" => (
                quote! {
                    fn(&#private::Cpu, #krate::Seed)
                        -> #krate::Model<#definition, ::core::primitive::f32, #private::Cpu>
                },
                quote!(|device_, seed_| #krate::Model::build(device_, seed_)),
            ),
            "load" => (
                quote! {
                    fn(&::core::primitive::str, &#private::Cpu)
                        -> #krate::Result<#krate::Model<#definition, ::core::primitive::f32, #private::Cpu>>
                },
                quote!(|path_, device_| #krate::Model::load(path_, device_)),
            ),
            "summary" => (
                quote!(fn() -> #krate::Summary),
                quote! {
                    || #krate::Summary::of::<#definition, ::core::primitive::f32, #private::Cpu>()
                },
            ),
            "diagram" => (
                quote!(fn(&::core::primitive::str) -> #krate::Result<()>),
                quote!(|path_| #is_a_definition::diagram(path_)),
            ),
            _ => return None,
        };
        Some(item)
    }
}
