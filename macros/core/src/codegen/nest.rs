//! The tokens of tuples.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::tuple::{self, chunk, MOST};

/// The items as a tuple of at most six elements, which may be tuples.
pub(crate) fn tuple(items: &[TokenStream]) -> TokenStream {
    if items.len() <= MOST {
        return quote!((#(#items,)*));
    }
    let groups: Vec<TokenStream> = items.chunks(chunk(items.len())).map(self::tuple).collect();
    quote!((#(#groups,)*))
}

/// The path of item `index` of `len` in the tuple: `.2`, or `.0.3`.
pub(crate) fn path(index: usize, len: usize) -> TokenStream {
    let steps = tuple::path(index, len).into_iter().map(Literal::usize_unsuffixed);
    quote!(#(.#steps)*)
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
