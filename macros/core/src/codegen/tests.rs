//! The expansion parses and holds what it should; that it compiles is shown by the crates that use
//! it.

use quote::quote;

use crate::expand_model;

fn expansion(item: proc_macro2::TokenStream) -> String {
    let tokens = expand_model(proc_macro2::TokenStream::new(), item);
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
fn mistakes_are_all_reported_at_once_beside_the_stubs() {
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
    assert_eq!(text.matches("compile_error").count(), 3, "{text}");
    assert!(text.contains("struct HousePriceInputs"), "{text}");
}
