//! The types of the module, its input and its output.

use multi_input_spec::Predicted;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{super::paths::Paths, Signatures};
use crate::{names, parse::LossCall};

impl Signatures<'_> {
    /// `pub struct HousePriceModel<E, D>`: one field per branch.
    pub(crate) fn model(&self, fields: &[TokenStream], is_silent: bool) -> TokenStream {
        let (visibility, model, private) =
            (&self.head.visibility, &self.names.model, &self.paths.private);
        let doc = format!("The module of [`{}`]: a field for each branch.", self.names.definition);
        let (parameters, built) = (&self.modules, self.built());
        let phantom = is_silent
            .then(|| quote!(#[doc(hidden)] pub _phantom: ::core::marker::PhantomData<(E, D)>,));
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #visibility struct #model<E: #private::Dtype, D: #private::Storage<E>, #(#parameters = #built),*> {
                #(#fields,)*
                #phantom
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
        let bounds = quote!(B: #private::Dim, E: #private::Element, D: #private::Backend<E>);
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #visibility struct #batch<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
                #(#fields,)*
                /// The gradient tape; `NoneTape` in inference.
                pub tape: T,
            }

            impl<#bounds> #batch<B, E, D> {
                /// Attaches a tape that accumulates into `gradients`. `forward_mut` omits gradients with
                /// respect to the batch's numbers where it can; `forward` computes them.
                pub fn traced(
                    self,
                    gradients_: #private::Gradients<E, D>,
                ) -> #batch<B, E, D, #private::OwnedTape<E, D>> {
                    let tape_ = #private::tape(&self.#first, gradients_);
                    self.with_tape(tape_)
                }

                /// Attaches a tape.
                pub fn with_tape<T>(self, tape_: T) -> #batch<B, E, D, T> {
                    #batch { #(#names: self.#names,)* tape: tape_ }
                }
            }
        }
    }

    /// `pub struct HousePriceHeads<B, E, D, T>`, and `impl IntoHeads`,
    /// with the fields `names`.
    pub(crate) fn heads(&self, fields: &[TokenStream], names: &[&Ident]) -> TokenStream {
        let (visibility, heads, private) =
            (&self.head.visibility, &self.names.heads, &self.paths.private);
        let (krate, Paths { result, ok, vec, .. }) = (&self.paths.krate, self.paths);
        let doc = format!(
            "What comes out of [`{}`]: the heads, and the tape to put on them for a loss.",
            self.names.model
        );
        quote! {
            #[doc = #doc]
            #[must_use]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #visibility struct #heads<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
                #(#fields,)*
                /// The gradient tape. Put it on the head whose loss is computed first, split it
                /// off, put it on the next head, and add up the losses.
                pub tape: T,
            }

            impl<B: #private::Dim, E: #private::Element, D: #private::Backend<E>, T>
                #krate::definition::IntoHeads<E, D> for #heads<B, E, D, T>
            {
                type Tape = T;

                fn into_heads(
                    self,
                ) -> #result<
                    (::std::vec::Vec<#krate::definition::Head<E, D>>, T),
                    <D as #private::HasErr>::Err,
                > {
                    #ok((#vec![#(#private::head(self.#names)?),*], self.tape))
                }
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

    /// What a loss predicts of a number of the type `number`.
    pub(crate) fn predicted_number(
        &self,
        loss: &LossCall,
        output: usize,
        number: &TokenStream,
    ) -> TokenStream {
        let (krate, private) = (&self.paths.krate, &self.paths.private);
        match loss {
            LossCall::Named(loss) => match loss.spec.prediction {
                Predicted::Target => number.clone(),
                Predicted::Named(name) => {
                    let name = Ident::new(name, Span::call_site());
                    quote!(#krate::#name<#number>)
                }
                Predicted::Listed(name) => {
                    let (name, count) = (Ident::new(name, Span::call_site()), loss.listed.len());
                    quote!(#krate::#name<#number, #count>)
                }
            },
            LossCall::Own(_) => {
                let loss = self.own_loss(output);
                quote! {
                    <#private::Parts<{ #loss.parts() }> as #private::PartsOf<#number>>::Type
                }
            }
        }
    }

    /// The constant with the loss of the user's own of output number `output`.
    fn own_loss(&self, output: usize) -> TokenStream {
        let (definition, name) = (&self.names.definition, names::own_loss(output));
        quote!(#definition::#name)
    }

    /// A tensor with the presence of its rows.
    pub(crate) fn optional(&self, tensor: &TokenStream) -> TokenStream {
        let krate = &self.paths.krate;
        quote!(#krate::missing::Optional<#tensor, B, E, D>)
    }
}
