//! The types of the module, its input and its output.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Signatures;

impl Signatures<'_> {
    /// `pub struct HousePriceModel<E, D>`: one field per branch.
    pub(crate) fn model(&self, fields: &[TokenStream], is_silent: bool) -> TokenStream {
        let (visibility, model, private) =
            (&self.head.visibility, &self.names.model, &self.paths.private);
        let doc = format!("The module of [`{}`]: a field for each branch.", self.names.definition);
        let (quiet, parameters) = (self.quiet(), self.parameters());
        let stub = self.phantom(&quote!(E, D, #(#parameters),*));
        let phantom = (is_silent && !self.is_stub())
            .then(|| quote!(#[doc(hidden)] pub _phantom: ::core::marker::PhantomData<(E, D)>,));
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #quiet
            #visibility struct #model<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> {
                #(#fields,)*
                #phantom
                #stub
            }
        }
    }

    /// `pub struct HousePriceBatch<B, E, D, T>` with the fields `names`; `first` is the path of the
    /// first field's tensor.
    pub(crate) fn batch(
        &self,
        fields: &[TokenStream],
        names: &[&Ident],
        first: Option<TokenStream>,
    ) -> TokenStream {
        let (visibility, batch, private) =
            (&self.head.visibility, &self.names.batch, &self.paths.private);
        let doc = format!(
            "A batch of inputs for [`{}`]. It owns the gradient tape, so that every branch is on it.",
            self.names.model
        );
        let (quiet, phantom) = (self.quiet(), self.phantom(&quote!(B, E, D)));
        let bounds = quote!(B: #private::Dim, E: #private::Element, D: #private::Backend<E>);
        let traced = self.body(quote! {
            let tape = #private::tape(&self.#first, gradients);
            #batch { #(#names: self.#names,)* tape }
        });
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #quiet
            #visibility struct #batch<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
                #(#fields,)*
                /// The gradient tape; `NoneTape` in inference.
                pub tape: T,
                #phantom
            }

            #quiet
            impl<#bounds> #batch<B, E, D> {
                /// Attaches a tape that accumulates into `gradients`. Gradients with respect to the
                /// batch's numbers are not guaranteed: layers omit them where possible.
                pub fn traced(
                    self,
                    gradients: #private::Gradients<E, D>,
                ) -> #batch<B, E, D, #private::OwnedTape<E, D>> {
                    #traced
                }
            }
        }
    }

    /// `pub struct HousePriceHeads<B, E, D, T>`.
    pub(crate) fn heads(&self, fields: &[TokenStream]) -> TokenStream {
        let (visibility, heads, private) =
            (&self.head.visibility, &self.names.heads, &self.paths.private);
        let doc = format!(
            "What comes out of [`{}`]: the heads, and the tape to put on them for a loss.",
            self.names.model
        );
        let (quiet, phantom) = (self.quiet(), self.phantom(&quote!(B, E, D)));
        quote! {
            #[doc = #doc]
            #[must_use]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #quiet
            #visibility struct #heads<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
                #(#fields,)*
                /// The gradient tape. Put it on the head whose loss is computed first, split it
                /// off, put it on the next head, and add up the losses.
                pub tape: T,
                #phantom
            }
        }
    }

    /// A batch of tensors: `Tensor<(B, Const<64>), E, D, NoneTape>`.
    pub(crate) fn tensor(
        &self,
        batch: &TokenStream,
        sizes: &[TokenStream],
        is_categories: bool,
        tape: &TokenStream,
    ) -> TokenStream {
        let private = &self.paths.private;
        let element = match is_categories {
            true => quote!(::core::primitive::usize),
            false => quote!(E),
        };
        quote!(#private::Tensor<(#batch, #(#private::Const<#sizes>,)*), #element, D, #tape>)
    }

    /// A tensor of lists that are padded to one length, with their mask.
    pub(crate) fn padded(&self, tensor: &TokenStream) -> TokenStream {
        let krate = &self.paths.krate;
        quote!(#krate::layer::Padded<#tensor>)
    }

    /// The presence of the rows of an input without its value.
    pub(crate) fn presence(&self) -> TokenStream {
        let krate = &self.paths.krate;
        quote!(#krate::missing::Presence<B, E, D>)
    }

    /// A tensor with the presence of its rows.
    pub(crate) fn optional(&self, tensor: &TokenStream) -> TokenStream {
        let krate = &self.paths.krate;
        quote!(#krate::missing::Optional<#tensor, B, E, D>)
    }
}
