//! The cost of a prediction as constants: for the summary, and compared with the budget where the
//! macro could not.

use multi_input_spec::{cost::Quantity, Size};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{constants, Expansion};
use crate::{
    cost::{self, Cost, Term},
    parse::Limit,
};

/// The cost of the expansion's model.
fn cost<'a>(expansion: &Expansion<'a>) -> Option<Cost<'a>> {
    let checked = expansion.checked;
    cost::of(&checked.graph, |position| checked.shapes[position].shapes())
}

/// `Cost { flops: 8_770, memory: 17_732 }` for the graph.
pub(crate) fn of_prediction(expansion: &Expansion<'_>) -> TokenStream {
    let krate = &expansion.paths.krate;
    let cost = cost(expansion);
    let total = |quantity| match &cost {
        Some(cost) => total(expansion, cost, quantity),
        None => quote!(0),
    };
    let (flops, memory) = (total(Quantity::Flops), total(Quantity::Memory));
    quote!(#krate::definition::Cost { flops: #flops, memory: #memory })
}

/// All of a quantity as a constant expression of type `usize`.
fn total(expansion: &Expansion<'_>, cost: &Cost<'_>, quantity: Quantity) -> TokenStream {
    let spec = expansion.formulas.spec();
    if let Size::Known(number) = cost.total(quantity) {
        let number = Literal::usize_unsuffixed(number);
        return quote!(#number);
    }
    let total = match quantity {
        Quantity::Memory => {
            let (lasting, moves) = memory(expansion, cost);
            quote!(#spec::cost::memory(#lasting, #moves))
        }
        Quantity::Parameters | Quantity::Flops => {
            sum(expansion, cost.shares.iter().flat_map(|share| share.terms(quantity)))
        }
    };
    // A constant of its own, because rustc limits how long one is evaluated.
    quote!(const { #total.get() })
}

/// The comparisons with the budget that only rustc can make.
pub(crate) fn checks(expansion: &Expansion<'_>) -> TokenStream {
    let limits = expansion.checked.graph.model.options.budget.iter();
    let Some(cost) = cost(expansion) else { return TokenStream::new() };
    let left = limits.filter(|limit| limit.known().is_none() || !cost.is_known(limit.quantity));
    let checks = left.map(|limit| {
        let formula = comparison(expansion, &cost, limit);
        constants::check(expansion, limit.name(), limit.span, &formula)
    });
    quote!(#(#checks)*)
}

/// An expression of type `Result<usize, Text>`.
fn comparison(expansion: &Expansion<'_>, cost: &Cost<'_>, limit: &Limit) -> TokenStream {
    let Limit { quantity, most, .. } = limit;
    let (spec, name) = (expansion.formulas.spec(), format_ident!("{quantity:?}"));
    let most = match limit.known() {
        Some(number) => {
            let number = Literal::usize_unsuffixed(number);
            quote!(#number)
        }
        // An array length must be a `usize`; rustc reports other types briefly.
        None => {
            let most = &most.tokens;
            quote!([(); #most].len())
        }
    };
    let items = cost.shares.iter().map(|share| {
        let (node, layer) = (&share.node, &share.layer);
        let numbers = sum(expansion, share.terms(*quantity));
        let size = match quantity {
            Quantity::Memory => quote!(#spec::cost::bytes(#numbers)),
            Quantity::Parameters | Quantity::Flops => numbers,
        };
        quote!(#spec::cost::Item { node: #node, layer: #layer, size: #size })
    });
    let memory = match quantity {
        Quantity::Memory => {
            let (lasting, moves) = memory(expansion, cost);
            quote!((#lasting, #moves))
        }
        Quantity::Parameters | Quantity::Flops => quote!((#spec::Size::Known(0), &[])),
    };
    quote!(#spec::cost::check(#spec::cost::Quantity::#name, #most, &[#(#items),*], #memory))
}

/// The numbers that exist all the time, and the moves.
fn memory(expansion: &Expansion<'_>, cost: &Cost<'_>) -> (TokenStream, TokenStream) {
    let spec = expansion.formulas.spec();
    let moves = cost.moves.iter().map(|one| {
        let (output, held) = (sum(expansion, [&one.output]), sum(expansion, [&one.held]));
        let freed = sum(expansion, &one.freed);
        quote!(#spec::cost::Move { output: #output, held: #held, freed: #freed })
    });
    (sum(expansion, cost.lasting()), quote!(&[#(#moves),*]))
}

/// The sum of terms, an expression of type `Size`. What the macro knows is added up here.
fn sum<'a, 'b: 'a>(
    expansion: &Expansion<'_>,
    terms: impl IntoIterator<Item = &'a Term<'b>>,
) -> TokenStream {
    let spec = expansion.formulas.spec();
    let (mut known, mut left) = (0_usize, Vec::new());
    for term in terms {
        match term.size() {
            Size::Known(number) => known = known.saturating_add(number),
            Size::Unknown => left.push(expansion.formulas.term(term)),
        }
    }
    let known = Literal::usize_unsuffixed(known);
    let known = quote!(#spec::Size::Known(#known));
    match left.is_empty() {
        true => known,
        false => quote!(#spec::cost::sum(&[#known, #(#left),*])),
    }
}
