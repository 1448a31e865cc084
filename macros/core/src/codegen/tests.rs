//! The expansion parses and has the expected contents; crates that use it show that it compiles.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use crate::expand_model;

fn expansion(item: TokenStream) -> String {
    let tokens = expand_model(TokenStream::new(), item);
    let file: syn::File = syn::parse2(tokens).unwrap();
    quote!(#file).to_string()
}

#[test]
fn a_model_expands_to_items_without_an_error() {
    let text = expansion(quote! {
        pub struct HousePrice {
            #[input(standardize)]
            #[branch(Dense(64, relu), Dense(32, relu))]
            measurements: [f32; 10],
            #[input]
            #[branch(Embedding(100, 16), Flatten)]
            district: u32,
            #[merge(concat(measurements, district))]
            joined: [f32; 48],
            #[from(joined)]
            #[branch(Dense(1))]
            #[output(loss = mse, metrics(mae))]
            price: f32,
        }
    });
    assert!(!text.contains("compile_error"), "{text}");
    assert!(text.contains("Dense < 10 , 64"), "{text}");
    assert!(text.contains("**4433**"), "{text}");
}

#[test]
fn mistakes_are_all_reported_at_once_beside_the_names() {
    let text = expansion(quote! {
        pub struct HousePrice {
            #[input]
            #[branch(Dens(64))]
            measurements: [f32; 10],
            #[input]
            district: u32,
            #[merge(concat(measurement, district))]
            joined: [f32; 48],
            #[from(joined)]
            #[branch(Dense(1))]
            #[output(loss = msd, metrics(mae))]
            price: f32,
        }
    });
    for mistake in ["no layer `Dens`", "no node `measurement`", "no loss `msd`"] {
        assert!(text.contains(mistake), "{text}");
    }
    assert!(text.contains("type HousePriceInputs"), "{text}");
}

#[test]
fn a_renamed_crate_is_named_everywhere() {
    let sound = quote! {
        pub struct House {
            #[input(standardize, missing = learned)]
            #[branch(Dense(WIDTH, relu, l2 = 1e-4), Dropout(0.2), my::Gate<8> => [8], BatchNorm)]
            measurements: Option<[f32; 10]>,
            #[input(missing = zeros)]
            #[branch(Embedding(100, 8))]
            district: Option<u32>,
            #[merge(average(measurements, district))]
            #[branch(Dense(3, softmax))]
            #[output(loss = cross_entropy, metrics(accuracy))]
            kind: Class<3>,
        }
    };
    let wrong = quote! {
        pub struct House {
            #[input]
            measurements: [f32; 10],
            #[from(measurement)]
            #[output(loss = mse)]
            kind: Class<3>,
        }
    };
    for item in [sound, wrong] {
        let tokens = expand_model(quote!(crate = renamed), item);
        assert!(names(&tokens).any(|name| name == "renamed"));
        assert!(names(&tokens).all(|name| name != "multi_input"), "{tokens}");
    }
}

/// Every identifier in the tokens, at any depth.
fn names(tokens: &TokenStream) -> Box<dyn Iterator<Item = Ident>> {
    Box::new(tokens.clone().into_iter().flat_map(|tree| match tree {
        TokenTree::Ident(name) => Box::new(std::iter::once(name)) as Box<dyn Iterator<Item = _>>,
        TokenTree::Group(group) => names(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => Box::new(std::iter::empty()),
    }))
}
