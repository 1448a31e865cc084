//! The forward pass through the graph.
//!
//! The tape is passed from node to node and attached to the next input to be computed, so that
//! every branch is recorded:
//!
//! ```text
//! let batch = ..;                                        the inputs and the tape
//! let (n0, tape) = split(measurements.1(measurements.0(put(batch.measurements, tape))));
//! let (n1, tape) = split(district.1(district.0(put(batch.district, tape))));
//! let (n2, tape) = split(merge::concat(vec![n0, n1], .., tape));
//! Heads { price: .., tape }
//! ```
//!
//! A masked shape has its mask beside it: a block evaluates to `((n0, tape), mask)`. Unmasked
//! shapes have no such locals.

use multi_input_spec::{
    merge::{self, MaskMerge},
    ArgumentKind, Kind,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::{
    call::{self, Call},
    custom::Passing,
    Expansion,
};
use crate::{
    graph::{Absence, Node},
    names,
    parse::{Argument, Merge, Missing, Source},
    shape::Module,
    text::plain,
};

/// The mode of a forward pass.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    Inference,
    Training,
}

impl Mode {
    /// dfdx's trait for modules in this mode.
    pub(super) fn of_traits(self) -> Ident {
        let name = match self {
            Mode::Inference => "Module",
            Mode::Training => "ModuleMut",
        };
        Ident::new(name, Span::call_site())
    }
}

/// `impl Module` and, if training differs, `impl ModuleMut`.
pub(crate) fn modules(expansion: &Expansion<'_>) -> TokenStream {
    let inference = implementation(expansion, Mode::Inference);
    if differs_in_training(expansion) {
        let training = implementation(expansion, Mode::Training);
        return quote!(#inference #training);
    }
    let non_mutable = expansion.signatures().non_mutable();
    quote!(#inference #non_mutable)
}

/// Whether a layer behaves differently in training. A custom module may, and a layer on data omits a
/// gradient.
fn differs_in_training(expansion: &Expansion<'_>) -> bool {
    let nodes = 0..expansion.checked.graph.nodes.len();
    if nodes.into_iter().any(|node| call::omits_gradients(expansion, node)) {
        return true;
    }
    let layers = expansion.checked.shapes.iter().flat_map(|shape| &shape.layers);
    layers.into_iter().any(|layer| match &layer.module {
        Module::Named(named) => named.call.spec.form.trains_differently,
        Module::Custom { .. } => true,
        Module::Activation { .. } => false,
    })
}

fn implementation(expansion: &Expansion<'_>, mode: Mode) -> TokenStream {
    let signatures = expansion.signatures();
    let custom: Vec<TokenStream> =
        signatures.modules.iter().map(|parameter| quote!(#parameter)).collect();
    let passing = Passing { mode, batch: quote!(B), tape: quote!(T) };
    let bounds = expansion.custom_bounds(&custom, &passing);
    signatures.module(mode, &bounds, body(expansion, mode))
}

fn body(expansion: &Expansion<'_>, mode: Mode) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (heads, ok, clone) = (&expansion.names.heads, &expansion.paths.ok, &expansion.paths.clone);
    let private = &expansion.paths.private;
    let first = graph.entries().next().map(|(_, node)| access(expansion, node));
    let flowing = graph.order.iter().filter(|&&node| !graph.stays_raw(node));
    let nodes = flowing.map(|&node| {
        let steps = node_steps(expansion, node, mode);
        let value = value(node);
        match is_masked(expansion, node) {
            true => {
                let mask = mask(node);
                quote!(let ((#value, tape_), #mask) = { #steps };)
            }
            false => quote!(let (#value, tape_) = { #steps };),
        }
    });
    let outputs = graph.heads().map(|node| {
        let (name, value) = (graph.nodes[node].name(), value(node));
        quote!(#name: #clone(&#value))
    });
    let size = size();
    quote! {
        let #size = #private::HasShape::shape(&#first).0;
        let tape_ = batch_.tape;
        #(#nodes)*
        #ok(#heads { #(#outputs,)* tape: tape_ })
    }
}

/// The local with a node's value. Mixed-site hygiene separates it from the user's names.
fn value(node: usize) -> Ident {
    format_ident!("value_{node}_", span = Span::mixed_site())
}

/// The local with a node's mask.
fn mask(node: usize) -> Ident {
    format_ident!("mask_{node}_", span = Span::mixed_site())
}

/// The local with the mask inside a branch.
pub(super) fn running_mask() -> Ident {
    Ident::new("mask_", Span::mixed_site())
}

/// Whether a node's value has a mask.
fn is_masked(expansion: &Expansion<'_>, node: usize) -> bool {
    expansion.checked.shapes[node].output.shape.is_masked()
}

pub(super) fn size() -> Ident {
    Ident::new("size_", Span::mixed_site())
}

/// The path of an input's tensor in the batch.
fn access(expansion: &Expansion<'_>, input: usize) -> TokenStream {
    let path = path_in_batch(expansion, input);
    quote!(batch_.#path)
}

/// [`access`] from the batch on.
pub(super) fn path_in_batch(expansion: &Expansion<'_>, input: usize) -> TokenStream {
    let node = &expansion.checked.graph.nodes[input];
    if expansion.checked.graph.stays_raw(input) {
        let name = node.name();
        return quote!(#name.present);
    }
    let field = present_in_batch(node);
    match expansion.checked.shapes[input].input.shape.is_masked() {
        true => quote!(#field.values),
        false => field,
    }
}

/// The path of an input in the batch, without the presence of its rows.
fn present_in_batch(node: &Node) -> TokenStream {
    let name = node.name();
    match node.absence {
        Some(_) => quote!(#name.values),
        None => quote!(#name),
    }
}

/// `let mask = ..`: the mask of an input that preprocessing has padded.
fn input_mask(expansion: &Expansion<'_>, input: usize) -> Option<TokenStream> {
    expansion.checked.shapes[input].input.shape.is_masked().then(|| {
        let (running, clone) = (running_mask(), &expansion.paths.clone);
        let field = present_in_batch(&expansion.checked.graph.nodes[input]);
        quote!(let #running = #clone(&batch_.#field.mask);)
    })
}

/// The presence of the optional input that a node depends on.
pub(super) fn presence(expansion: &Expansion<'_>, absence: Absence) -> TokenStream {
    let name = expansion.checked.graph.nodes[absence.input].name();
    quote!(batch_.#name.present)
}

/// The statements that compute a node's value and tape from its sources.
fn node_steps(expansion: &Expansion<'_>, position: usize, mode: Mode) -> TokenStream {
    let node = &expansion.checked.graph.nodes[position];
    let private = &expansion.paths.private;
    let calls = call::of_node(expansion, position, mode);

    let (source, calls) = source(expansion, position, &calls);
    let steps = calls.iter().map(Call::statement);
    let fill = node.absence.zip(node.filled_by()).map(|(absence, policy)| {
        fill(expansion, position, Absence { policy, ..absence }, calls.is_empty())
    });
    let name = plain(node.name());
    let end = match expansion.checked.shapes[position].output.shape.kind {
        Kind::Numbers => quote!(#private::node(#name, x_)),
        _ => quote!(#private::SplitTape::split_tape(x_)),
    };
    let mask = running_mask();
    let end = if is_masked(expansion, position) { quote!((#end, #mask)) } else { end };
    quote! {
        #source
        #(#steps)*
        #fill
        #end
    }
}

/// Replaces the value and mask of a node in rows without its optional input.
fn fill(
    expansion: &Expansion<'_>,
    position: usize,
    absence: Absence,
    without_layers: bool,
) -> TokenStream {
    let node = &expansion.checked.graph.nodes[position];
    let krate = &expansion.paths.krate;
    let present = presence(expansion, absence);
    let (value, counts) = match absence.policy {
        Missing::Learned => {
            let stand_in = names::stand_in(node.name());
            (quote!(let x_ = #krate::missing::learned(x_, &#present, &self.#stand_in)?;), true)
        }
        // An input without a branch has been selected already.
        _ if without_layers && node.is_input() => (TokenStream::new(), false),
        _ => (quote!(let x_ = #krate::missing::select(x_, &#present)?;), false),
    };
    let mask = running_mask();
    let mask = is_masked(expansion, position).then(|| match counts {
        // Every step of the learned vector counts, and no step of the zeros.
        true => quote!(let #mask = #mask.with_absent(&#present)?;),
        false => quote!(let #mask = #mask.without_absent(&#present)?;),
    });
    quote!(#value #mask)
}

/// `let x = ..`: the input of the branch with the tape attached, and the remaining calls; a merge
/// may be fused with the first call.
fn source<'c, 'a>(
    expansion: &Expansion<'_>,
    position: usize,
    calls: &'c [Call<'a>],
) -> (TokenStream, &'c [Call<'a>]) {
    let merge = match &expansion.checked.graph.nodes[position].field.source {
        Some(Source::Merge(merge)) => merge,
        _ => return (single_source(expansion, position), calls),
    };
    if let Some((first, rest)) = calls.split_first() {
        if merge.rule.masks == MaskMerge::Both {
            return (weighted_call(expansion, position, first), rest);
        }
        if let Some(both) = first.with_merge() {
            let origin = first.origin();
            return (merge_call(expansion, position, merge, &both, &quote!(#origin,)), rest);
        }
    }
    let krate = &expansion.paths.krate;
    let function = match &merge.own {
        Some((own, _)) => quote_spanned!(own.span=> #krate::merge::own),
        None => {
            let rule = Ident::new(merge.rule.name, Span::call_site());
            quote!(#krate::merge::#rule)
        }
    };
    (merge_call(expansion, position, merge, &function, &TokenStream::new()), calls)
}

/// [`source`] for a branch with a single source.
fn single_source(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (checked, paths) = (expansion.checked, &expansion.paths);
    let (private, krate, clone) = (&paths.private, &paths.krate, &paths.clone);
    let node = &checked.graph.nodes[position];
    match &node.field.source {
        Some(Source::From(_)) => {
            let fed_by = value(node.feeds[0].node);
            let mask = is_masked(expansion, node.feeds[0].node).then(|| {
                let (running, mask) = (running_mask(), mask(node.feeds[0].node));
                quote!(let #running = #clone(&#mask);)
            });
            let put = quote!(#mask let x_ = #private::PutTape::put_tape(#clone(&#fed_by), tape_););
            let (from, to) =
                (&checked.shapes[node.feeds[0].node].output, &checked.shapes[position].input);
            let compared_by_rustc = node.shared.is_some() && !(from.is_known() && to.is_known());
            if !compared_by_rustc || to.shape.kind == Kind::Categories {
                return put;
            }
            // The input shape of the branch's owner; a constant compares it with this one.
            let (size, sizes) = (size(), expansion.formulas.arguments(to));
            quote!(#put let x_ = #private::Claim::claim(x_, (#size, #(#private::Const::<#sizes>,)*))?;)
        }
        _ => {
            let (input, mask) = (access(expansion, position), input_mask(expansion, position));
            let put = quote!(#mask let x_ = #private::PutTape::put_tape(#clone(&#input), tape_););
            let Some(absence) = node.absence.filter(|a| a.policy != Missing::Mean) else {
                return put;
            };
            let present = presence(expansion, absence);
            match checked.shapes[position].input.shape.kind {
                Kind::Categories => quote! {
                    #mask
                    let x_ = #krate::missing::select_categories(#clone(&#input), &#present)?;
                    let x_ = #private::PutTape::put_tape(x_, tape_);
                },
                _ => quote!(#put let x_ = #krate::missing::select(x_, &#present)?;),
            }
        }
    }
}

/// `let x = merge::concat(vec![..], axis, shape, tape)?`, or a fused method instead of the merge,
/// which takes the arguments `more` before the tape.
fn merge_call(
    expansion: &Expansion<'_>,
    position: usize,
    merge: &Merge,
    function: &TokenStream,
    more: &TokenStream,
) -> TokenStream {
    let (checked, paths) = (expansion.checked, &expansion.paths);
    let (private, krate, vec) = (&paths.private, &paths.krate, &paths.vec);
    let graph = &checked.graph;
    let parts = graph.nodes[position].feeds.iter().map(|edge| {
        let node = &graph.nodes[edge.node];
        if edge.present {
            let input = node.absence.map_or(edge.node, |absence| absence.input);
            let name = graph.nodes[input].name();
            return quote!(#krate::merge::MergeInput::new(&batch_.#name.present)?);
        }
        let value = value(edge.node);
        let mut operand = quote!(#krate::merge::MergeInput::new(&#value)?);
        if merge.rule.masks == MaskMerge::Chosen && is_masked(expansion, edge.node) {
            let mask = mask(edge.node);
            operand.extend(quote!(.masked(&#mask)?));
        }
        match node.absence {
            Some(absence) if merge.rule.counts_present && absence.policy == Missing::Zeros => {
                let present = presence(expansion, absence);
                quote!(#operand.present(&#present)?)
            }
            _ => operand,
        }
    });
    let arguments =
        merge.rule.parameters.iter().zip(&merge.arguments).map(|(parameter, argument)| {
            match (parameter.kind, argument) {
                (_, Argument::Axis(axis)) => quote!(#axis),
                (_, Argument::Flag(flag)) => quote!(#flag),
                (_, Argument::Number(number)) => number.tokens.clone(),
                (_, Argument::Constant(constant)) => constant.tokens.clone(),
                (ArgumentKind::Axis, _) => quote!(-1),
                _ => quote!(false),
            }
        });
    let definition = &expansion.names.definition;
    let value = merge.own.iter().map(|_| {
        let name = names::own_merge(position);
        quote!(#definition::#name)
    });
    let (size, sizes) = (size(), expansion.formulas.arguments(&checked.shapes[position].input));
    let mask = merged_mask(expansion, position, merge);
    quote! {
        #mask
        let x_ = #function(
            #vec![#(#parts),*],
            #(#value,)*
            #(#arguments,)*
            (#size, #(#private::Const::<#sizes>,)*),
            #more
            tape_,
        )?;
    }
}

/// `let x = bag.try_forward_weighted(list, &weights, mask)?`: the first layer takes both operands of
/// `weighted`, which computes nothing itself.
fn weighted_call(expansion: &Expansion<'_>, position: usize, bag: &Call<'_>) -> TokenStream {
    let (private, krate, paths) =
        (&expansion.paths.private, &expansion.paths.krate, &expansion.paths);
    let (clone, some, none) = (&paths.clone, &paths.some, &paths.none);
    let feeds = &expansion.checked.graph.nodes[position].feeds;
    let (list, weights) = (feeds[0].node, feeds[1].node);
    let (path, list_value, weights_value) = (bag.path(), value(list), value(weights));
    let masks = [list, weights].into_iter().filter(|&node| is_masked(expansion, node)).map(mask);
    let masks: Vec<Ident> = masks.collect();
    let mask = match &masks[..] {
        [both, other] => quote!(#some(&#krate::layer::Mask::and(&#both, &#other))),
        [only] => quote!(#some(&#only)),
        _ => quote!(#none),
    };
    quote! {
        let x_ = #private::PutTape::put_tape(#clone(&#list_value), tape_);
        let x_ = self.#path.try_forward_weighted(x_, &#weights_value, #mask)?;
    }
}

/// `let mask = ..` from the masks of the operands; `None` if the output has no mask.
fn merged_mask(expansion: &Expansion<'_>, position: usize, merge: &Merge) -> Option<TokenStream> {
    let (checked, krate) = (expansion.checked, &expansion.paths.krate);
    let output = &checked.shapes[position].input;
    if !output.shape.is_masked() {
        return None;
    }
    let operands = checked.graph.nodes[position].feeds.iter().map(|edge| edge.node);
    let axis = merge.arguments.iter().find_map(|argument| match argument {
        Argument::Axis(axis) => Some(*axis),
        _ => None,
    });
    let along_steps = merge.rule.masks == MaskMerge::Joined
        && merge::position(axis.unwrap_or(-1), output.shape.rank()) == Some(0);
    let running = running_mask();
    if !along_steps {
        let (masks, steps) = (operands.map(mask), &expansion.formulas.sizes(output)[0]);
        return Some(quote!(let #running = #krate::layer::Mask::any(&[#(&#masks),*], #steps);));
    }
    let size = size();
    let masks = operands.map(|operand| match is_masked(expansion, operand) {
        true => {
            let mask = mask(operand);
            quote!(&#mask)
        }
        false => {
            let (private, steps) = (&expansion.paths.private, &checked.shapes[operand].output);
            let steps = &expansion.formulas.sizes(steps)[0];
            quote!(&#krate::layer::Mask::all(#private::Dim::size(&#size), #steps))
        }
    });
    Some(quote!(let #running = #krate::layer::Mask::joined(&[#(#masks),*]);))
}
