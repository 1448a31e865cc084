//! The call of one layer of a branch, including fused layers.

use multi_input_spec::{layer::Form, MaskRule};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{
    forward::{presence, running_mask, size, Mode},
    model, Expansion,
};
use crate::{
    graph::Absence,
    plan,
    shape::{Module, ShapedLayer},
};

/// The call of a layer in a forward pass.
pub(super) struct Call<'a> {
    expansion: &'a Expansion<'a>,
    planned: &'a plan::Call,
    layer: &'a ShapedLayer,
    /// The paths of the layer and of the fused layers in the module.
    path: TokenStream,
    next: Vec<TokenStream>,
    absence: Option<Absence>,
    frozen: bool,
    mode: Mode,
}

/// The calls of a node's branch, in order.
pub(super) fn of_node<'a>(expansion: &'a Expansion<'a>, node: usize, mode: Mode) -> Vec<Call<'a>> {
    let paths = model::layer_paths(expansion, node);
    let graph = &expansion.checked.graph;
    let calls = expansion.plan.nodes[node].calls.iter().map(|planned| {
        let (layer, path) = paths[planned.layer].clone();
        let next = planned.next.iter().flat_map(|(_, taken)| &paths[taken.clone()]);
        let next = next.map(|(_, path)| path.clone()).collect();
        let (absence, frozen) = (graph.nodes[node].absence, graph.is_frozen(node));
        Call { expansion, planned, layer, path, next, absence, frozen, mode }
    });
    calls.collect()
}

/// Whether a layer of a node's branch omits a gradient in training.
pub(super) fn omits_gradients(expansion: &Expansion<'_>, node: usize) -> bool {
    of_node(expansion, node, Mode::Training).iter().any(|call| {
        let asks = call.form().is_some_and(|form| form.asks_origin);
        call.planned.on_data && (asks || call.planned.next.is_some())
    })
}

impl Call<'_> {
    /// The method for this layer fused with the merge before it, as `self.FIELD.METHOD`.
    pub(super) fn with_merge(&self) -> Option<TokenStream> {
        let (path, method) = (&self.path, Ident::new(self.planned.merge?, Span::call_site()));
        Some(quote!(self.#path.#method))
    }

    /// The path of the layer in the module.
    pub(super) fn path(&self) -> &TokenStream {
        &self.path
    }

    /// The origin of the layer's input, as an `Origin`.
    pub(super) fn origin(&self) -> TokenStream {
        let layer = &self.expansion.paths.layer;
        match self.is_on_data() {
            true => quote!(#layer::Origin::Data),
            false => quote!(#layer::Origin::Computed),
        }
    }

    /// Whether the gradient with respect to the layer's input is omitted: in training, if no trained
    /// parameter lies before it. A backward pass in inference is one that asks for the gradients
    /// with respect to the inputs.
    fn is_on_data(&self) -> bool {
        self.planned.on_data && self.mode == Mode::Training
    }

    fn form(&self) -> Option<&'static Form> {
        self.layer.module.call().map(|call| &call.spec.form)
    }

    /// `let x = layer(x)?`, and the mask of its output.
    pub(super) fn statement(&self) -> TokenStream {
        if let Some(special) = self.special() {
            return special;
        }
        let (private, path, shaped) = (&self.expansion.paths.private, &self.path, self.layer);
        let (mask, called) = (running_mask(), self.forward());
        let rule = match &shaped.module {
            Module::Named(named) => named.call.spec.form.mask,
            Module::Custom { .. } => {
                let sizes = self.expansion.formulas.arguments(&shaped.output);
                let size = size();
                return quote!(#called let x_ = #private::Claim::claim(x_, (#size, #(#private::Const::<#sizes>,)*))?;);
            }
            Module::Activation { .. } => MaskRule::Keeps,
        };
        match (rule, shaped.output.shape.is_masked()) {
            // A layer that creates a mask reads its own input.
            (MaskRule::Sets, true) if shaped.input.shape.is_masked() => quote! {
                let #mask = #private::CreateMask::narrow_mask(&self.#path, &x_, #mask)?;
                #called
            },
            (MaskRule::Sets, true) => quote! {
                let #mask = #private::CreateMask::create_mask(&self.#path, &x_)?;
                #called
            },
            // A layer that reverses the steps also reverses the mask.
            (MaskRule::Reads, true) => quote! {
                #called
                let #mask = #private::ReadsMask::mask_after(&self.#path, #mask);
            },
            _ => called,
        }
    }

    /// `let x = layer(x)?` for layers called by another method than `try_forward`.
    fn special(&self) -> Option<TokenStream> {
        let (path, origin) = (&self.path, self.origin());
        if let Some((method, _)) = &self.planned.next {
            let (method, next) = (Ident::new(method, Span::call_site()), &self.next);
            return Some(quote!(let x_ = self.#path.#method(#(&self.#next,)* x_, #origin)?;));
        }
        let asks = self.form().is_some_and(|form| form.asks_origin);
        (asks && self.is_on_data())
            .then(|| quote!(let x_ = self.#path.try_forward_from(x_, #origin)?;))
    }

    /// `let x = layer(x)?`, with the mask for layers that read one.
    fn forward(&self) -> TokenStream {
        let (private, path, mask) = (&self.expansion.paths.private, &self.path, running_mask());
        let is_reader = self.form().is_some_and(|form| form.mask == MaskRule::Reads);
        let reads = self.layer.input.shape.is_masked() && is_reader;
        let inference = match reads {
            true => quote! {
                let x_ = #private::MaskedModule::try_forward_masked(&self.#path, x_, &#mask)?;
            },
            false => quote!(let x_ = #private::Module::try_forward(&self.#path, x_)?;),
        };
        let training = |mask| match reads {
            true => quote! {
                let x_ = #private::MaskedModuleMut::try_forward_mut_masked(
                    &mut self.#path, x_, &#mask,
                )?;
            },
            false => quote!(let x_ = #private::ModuleMut::try_forward_mut(&mut self.#path, x_)?;),
        };
        match (self.mode, self.form(), self.absence) {
            (Mode::Inference, ..) => inference,
            // As in Keras, a frozen BatchNorm normalises with its running statistics.
            (Mode::Training, Some(form), _) if self.frozen && form.batch_statistics => inference,
            (Mode::Training, Some(form), Some(absence)) if form.batch_statistics => {
                let present = presence(self.expansion, absence);
                match reads {
                    true => training(quote!(#mask.without_absent(&#present)?)),
                    false => quote!(let x_ = self.#path.try_forward_present(x_, &#present)?;),
                }
            }
            (Mode::Training, Some(form), _) if !form.trains_differently => inference,
            (Mode::Training, ..) => training(quote!(#mask)),
        }
    }
}
