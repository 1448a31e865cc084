//! The expansion parses and has the expected contents; crates that use it show that it compiles.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
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

/// The names that patterns bind: behind `let`, `fn`, `|` and in tuples, where a constant of the user's of
/// that name would be taken for a pattern.
fn bound(tokens: TokenStream, names: &mut Vec<String>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, tree) in trees.iter().enumerate() {
        match (tree, trees.get(index + 1), trees.get(index + 2)) {
            (TokenTree::Ident(word), next, after) if word == "let" => {
                let is_mut = matches!(next, Some(TokenTree::Ident(word)) if word == "mut");
                names.extend(pattern(if is_mut { after } else { next }));
            }
            (TokenTree::Ident(word), Some(TokenTree::Ident(_)), _) if word == "fn" => {
                let arguments = trees[index..].iter().find_map(|tree| match tree {
                    TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                        Some(group.stream())
                    }
                    _ => None,
                });
                names.extend(arguments.into_iter().flat_map(parameters));
            }
            _ => {}
        }
        if let TokenTree::Group(group) = tree {
            bound(group.stream(), names);
        }
    }
}

/// The names in the pattern of a `let`; none in `_`, in `Err(text_)` the inner one.
fn pattern(tree: Option<&TokenTree>) -> Vec<String> {
    match tree {
        Some(TokenTree::Ident(word)) if word != "_" && word != "mut" => vec![word.to_string()],
        Some(TokenTree::Group(group)) => {
            group.stream().into_iter().flat_map(|tree| pattern(Some(&tree))).collect()
        }
        _ => Vec::new(),
    }
}

/// The names before the colons of parameters.
fn parameters(tokens: TokenStream) -> Vec<String> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |tree: Option<&TokenTree>, mark: char| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
    let mut names = Vec::new();
    for (index, tree) in trees.iter().enumerate() {
        let begins = index == 0 || is(trees.get(index - 1), ',');
        let is_single = is(trees.get(index + 1), ':') && !is(trees.get(index + 2), ':');
        if let (TokenTree::Ident(word), true, true) = (tree, begins, is_single) {
            names.push(word.to_string());
        }
    }
    names
}

#[test]
fn no_local_has_a_name_that_a_constant_of_the_user_has() {
    let tokens = expand_model(
        TokenStream::new(),
        quote! {
            pub struct HousePrice {
                #[input(standardize, missing = learned)]
                #[branch(Dense(WIDTH, relu, l2 = RATE), Dropout(0.1), BatchNorm)]
                rooms: Option<[f32; COUNT]>,
                #[input(words(100, 8))]
                #[branch(Embedding(auto, 4, mask), LSTM(4))]
                title: String,
                #[merge(concat(rooms, title))]
                joined: _,
                #[from(joined)]
                #[branch(Dense(4), frozen)]
                #[output]
                embedding: _,
                #[from(joined)]
                #[branch(Dense(1))]
                #[output(loss = mse, weight = learned, standardize, metrics(mae))]
                price: f32,
            }
        },
    );
    let mut names = Vec::new();
    bound(tokens, &mut names);
    assert!(names.len() > 40, "{names:?}");
    let wrong: Vec<&String> = names.iter().filter(|name| !name.ends_with('_')).collect();
    assert!(wrong.is_empty(), "without an underscore at its end: {wrong:?}");
}

/// The expansion of a model with a table, and a constant for its size.
fn with_table(table: TokenStream) -> String {
    expansion(quote! {
        pub struct Rating {
            #[input(categories(9))]
            #[branch(#table)]
            item: String,
            #[from(item)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            stars: f32,
        }
    })
}

#[test]
fn the_type_of_a_sharded_table_ends_in_its_rows() {
    for table in [quote!(Embedding(12, 4)), quote!(Embedding(12, 4, sharded = false))] {
        let text = with_table(table);
        assert!(text.contains("Embedding < 12 , 4 , E , D >"), "{text}");
        assert!(!text.contains("ShardedRows"), "{text}");
    }
    for table in [quote!(Embedding(12, 4, sharded)), quote!(Embedding(12, 4, sharded = true))] {
        let text = with_table(table);
        let rows = text.split("Embedding < 12 , 4 , E , D , 0 , ").nth(1).unwrap();
        let rows = rows.split(">").next().unwrap();
        assert!(rows.ends_with(":: layer :: ShardedRows < 12 "), "{rows}");
    }
}

#[test]
fn a_size_that_only_rustc_knows_is_that_of_the_rows_too() {
    let text = with_table(quote!(Embedding(ITEMS, 4, sharded)));
    let arguments = text.split("Embedding < { ").nth(1).unwrap();
    let size = arguments.split(" }").next().unwrap();
    assert!(text.contains(&format!("ShardedRows < {{ {size} }} >")), "{text}");
}

#[test]
fn only_a_literal_says_that_a_table_is_sharded() {
    let text = with_table(quote!(Embedding(12, 4, sharded = ON)));
    assert!(text.contains("whether the table is sharded is a part of its type and depends on `ON`"));
}
