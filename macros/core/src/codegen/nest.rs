//! Tuples of any length: dfdx implements tuples of up to six elements, so longer ones are nested.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

const MOST: usize = 6;

/// The items as a tuple of at most six elements, which may be tuples.
pub(crate) fn tuple(items: &[TokenStream]) -> TokenStream {
    if items.len() <= MOST {
        return quote!((#(#items,)*));
    }
    let groups: Vec<TokenStream> = items.chunks(chunk(items.len())).map(tuple).collect();
    quote!((#(#groups,)*))
}

/// The path of item `index` of `len` in the tuple: `.2`, or `.0.3`.
pub(crate) fn path(index: usize, len: usize) -> TokenStream {
    if len <= MOST {
        let index = Literal::usize_unsuffixed(index);
        return quote!(.#index);
    }
    let chunk = chunk(len);
    let group = index / chunk;
    let outer = Literal::usize_unsuffixed(group);
    let inner = path(index % chunk, chunk.min(len - group * chunk));
    quote!(.#outer #inner)
}

/// The number of items in each of at most six groups.
fn chunk(len: usize) -> usize {
    len.div_ceil(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_found_at_its_place() {
        for len in 1..100 {
            let items: Vec<TokenStream> = (0..len)
                .map(|i| {
                    let name = quote::format_ident!("item{i}");
                    quote!(#name)
                })
                .collect();
            let nested: syn::Expr = syn::parse2(tuple(&items)).unwrap();
            for index in 0..len {
                let path = path(index, len).to_string().replace(' ', "");
                let mut found = &nested;
                for step in path.trim_start_matches('.').split('.') {
                    let syn::Expr::Tuple(tuple) = found else { panic!("{path} leaves the tuple") };
                    assert!(tuple.elems.len() <= MOST);
                    found = &tuple.elems[step.parse::<usize>().unwrap()];
                }
                assert_eq!(quote!(#found).to_string(), format!("item{index}"));
            }
        }
    }
}
