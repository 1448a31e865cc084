//! What is said of `export`, and of what ONNX cannot express.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::LitStr;

use crate::expand_model;

/// The messages about a model with these options.
fn mistakes(options: TokenStream) -> Vec<String> {
    let item = quote! {
        struct House {
            #[input(standardize)]
            rooms: [f32; 3],
            #[input]
            age: f32,
            #[input(categories(20), my::Clean)]
            #[branch(Embedding(20, 4), my::Gate<4> => [4], my::Norm => [4])]
            city: String,
            #[derived(my::Distance(rooms, age))]
            place: _,
            #[merge(my::Gated(rooms, age, city, place))]
            #[branch(Dense(1))]
            #[output(loss = mse, my::Log)]
            price: f32,
        }
    };
    let mut found = Vec::new();
    collect(expand_model(options, item), &mut found);
    found.dedup();
    found
}

fn collect(tokens: TokenStream, found: &mut Vec<String>) {
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(name) if name == "compile_error" => {
                let Some(TokenTree::Group(text)) = trees.nth(1) else { continue };
                found.push(syn::parse2::<LitStr>(text.stream()).unwrap().value());
            }
            TokenTree::Group(group) => collect(group.stream(), found),
            _ => {}
        }
    }
}

/// Of those, what is said of the options.
fn of_options(options: TokenStream) -> Vec<String> {
    let mut found = mistakes(options);
    found.retain(|text| !text.contains("cannot be written to ONNX"));
    found
}

#[test]
fn a_format_and_columns_are_accepted() {
    assert_eq!(of_options(quote!(export = onnx)), [""; 0]);
    assert_eq!(of_options(quote!(export = onnx(encoded(city, place)))), [""; 0]);
    assert_eq!(of_options(quote!(export = onnx(encoded(rooms, place,)),)), [""; 0]);
}

#[test]
fn what_is_meant_is_said_once() {
    for (options, said) in [
        (quote!(export), "takes its value behind `=`: `export = onnx`"),
        (quote!(export(onnx)), "takes its value behind `=`: `export = onnx`"),
        (quote!(export = "onnx"), "write `onnx` without quotes"),
        (quote!(export = "house.onnx"), "`model.export_onnx(\"house.onnx\")` writes the file"),
        (quote!(export = onnx_file), "it is called `onnx` here"),
        (quote!(export = ONNX), "did you mean `onnx`?"),
        (quote!(export = tflite), "there is no export to `tflite`; there is `onnx`"),
        (quote!(export = 17), "expected a format, `export = onnx`; found `17`"),
        (quote!(export = onnx encoded(city)), "behind the format; found `encoded(city)`"),
        (quote!(export = onnx.encoded(city)), "`encoded` stands in parentheses; `onnx(encoded("),
        (quote!(export = onnx()), "`onnx()` lists nothing"),
        (quote!(export = onnx(17)), "expected a name; found `17`"),
        (quote!(export = onnx(city, place)), "`onnx` has no option `city`; `onnx(encoded("),
        (quote!(export = onnx(encoded)), "in parentheses: `encoded(title)`"),
        (quote!(export = onnx(encoded())), "`encoded` names no input"),
        (quote!(export = onnx(encoded = [city, place])), "in parentheses: `encoded(title)`"),
        (quote!(export = onnx(preprocessed(city))), "it is called `encoded` here"),
        (quote!(export = onnx(encoded("city"))), "without quotes: `city`"),
        (quote!(export = onnx(encoded(city), encoded(place))), "`encoded` is given twice"),
        (quote!(export = onnx(encoded(city, city))), "`encoded` names `city` twice"),
        (quote!(export = onnx(encoded(citty))), "there is no input `citty`; did you mean `city`?"),
        (quote!(export = onnx(encoded(price))), "`price` is no input"),
        (quote!(export = onnx(encoded(age))), "`age` has no preprocessing steps"),
        (quote!(export = onnx(encoded(rooms))), "name `place` as well, `encoded(rooms, place)`"),
        (quote!(export = onnx, export = onnx), "`export` is given twice"),
        (quote!(to_onnx), "write `export = onnx`"),
        (quote!(exprot = onnx), "did you mean `export`?"),
    ] {
        let found = of_options(options.clone());
        assert!(found.len() == 1 && found[0].contains(said), "{options}: {found:#?}");
    }
}

/// Which things of their own the messages refuse.
fn refused(options: TokenStream) -> Vec<String> {
    let own = mistakes(options).into_iter().filter(|text| text.contains("your own code"));
    own.map(|text| text.split('`').take(4).collect::<Vec<_>>().join("")).collect()
}

/// Steps and derivations may bring their operators.
#[test]
fn modules_and_merges_of_the_users_own_are_refused_at_their_place() {
    let all = ["city: my::Gate<4>", "city: my::Norm", "price: my::Gated(rooms, age, city, place)"];
    assert_eq!(refused(quote!(export = onnx)), all);
    assert_eq!(refused(quote!(export = onnx(encoded(city, place)))), all);
    assert_eq!(refused(quote!()), [""; 0]);
    // Which columns enter encoded, or which format it is, cannot be read.
    assert_eq!(refused(quote!(export = onnx(city))), all);
    assert_eq!(refused(quote!(export = tflite)), [""; 0]);
}

/// The parts of a model inherit the option, of which the model's own is checked.
#[test]
fn columns_outside_of_a_part_are_no_mistake() {
    let found = of_options(quote!(export = onnx(encoded(city, place)), part(City = city)));
    assert_eq!(found, [""; 0]);
}
