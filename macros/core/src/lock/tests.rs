use quote::quote;

use super::*;

fn house(layers: TokenStream) -> TokenStream {
    quote! {
        struct House {
            #[input(standardize)]
            #[branch(#layers)]
            rooms: [f32; 3],
            #[input(categories(20), missing = learned)]
            #[branch(Embedding(20, 4))]
            city: Option<String>,
            #[merge(concat(rooms, city))]
            #[branch(Dense(1))]
            #[output(loss = mse, standardize)]
            price: f32,
        }
    }
}

const LOCK: &str = "\
multi-input lock 1: House
# The form of saved models: see `lock` in the documentation of `multi_input_model`.
input rooms: numbers [3], standardize
input city: texts [], missing = learned, categories(capacity = 20)
node rooms: input [3] [Dense(units = 8, activation = relu) -> [8]]
tensor rooms.0.weight: [8, 3]
tensor rooms.0.bias: [8]
node city: input [] [Embedding(categories = 20, width = 4) -> [4]], stand-in of 4
tensor city.0.weight: [20, 4]
tensor city_missing: [4]
node price: concat(rooms, city) [12] [Dense(units = 1) -> [1]]
tensor price.0.weight: [1, 12]
tensor price.0.bias: [1]
output price: numbers of 1 by the identity, standardize
";

#[test]
fn a_lock_has_a_line_for_every_part_of_a_saved_model() {
    let model = house(quote!(Dense(8, relu)));
    assert_eq!(lock_of(model.clone()).unwrap(), LOCK);
    assert!(compare_with_lock(model, LOCK).unwrap().is_empty());
}

#[test]
fn what_follows_from_a_difference_is_said_with_it() {
    let mistakes = compare_with_lock(house(quote!(Dense(9, relu))), LOCK).unwrap();
    let expected = "`rooms`: saved models have the tensors `rooms.0.weight: [8, 3]`, `rooms.0.bias: \
                    [8]`, `price.0.weight: [1, 12]`, and this one `rooms.0.weight: [9, 3]`, \
                    `rooms.0.bias: [9]`, `price.0.weight: [1, 13]`, so that files of `model.lock` do \
                    not load; where none is needed, `MULTI_INPUT_UPDATE_LOCK=1 cargo check` writes \
                    it anew";
    assert_eq!(mistakes, [expected]);
}

#[test]
fn constants_have_the_values_of_the_lock() {
    let model = house(quote!(Dense(WIDTH, relu), BatchNorm(epsilon = EPSILON)));
    let unknown = lock_of(model.clone()).unwrap();
    assert!(unknown.contains("\nconst WIDTH = ?\nconst EPSILON = ?\n"), "{unknown}");
    assert!(unknown.contains("\ntensor price.0.weight: [1, ?]\n"), "{unknown}");
    let known = unknown
        .replace("WIDTH = ?", "WIDTH = 8")
        .replace("const EPSILON = ?", "const EPSILON = 0x3fb999999999999a")
        .replace("epsilon = ?", "epsilon = 0.1")
        .replace("[1, ?]", "[1, 12]")
        .replace("city) [?]", "city) [12]")
        .replace('?', "8");
    assert_eq!(compare_with_lock(model.clone(), &known).unwrap(), [""; 0]);
    let other = known.replace("WIDTH = 8", "WIDTH = 9");
    assert_eq!(compare_with_lock(model, &other).unwrap().len(), 1);
}

#[test]
fn a_constant_flag_is_no_flag_left_out() {
    // Their files differ as well: one has the flag by its value.
    let model = |arguments: TokenStream| {
        let lock = lock_of(house(quote!(Dense(8 #arguments)))).unwrap();
        lock.replace("BIAS = ?", "BIAS = 1").replace("bias = ?", "bias = 1")
    };
    let (constant, without) = (model(quote!(, bias = BIAS)), model(quote!()));
    let mistakes = |lock: &str, arguments: TokenStream| {
        compare_with_lock(house(quote!(Dense(8 #arguments))), lock).unwrap().len()
    };
    assert_eq!(mistakes(&without, quote!()), 0);
    assert_eq!(mistakes(&without, quote!(, bias = BIAS)), 1);
    assert_eq!(mistakes(&constant, quote!()), 1);
}

#[test]
fn values_are_found_after_any_expression() {
    let text = "W = 8; { let x = 2; x } = 4; \"a = 1\".len() = 5; AW = 9; W = 0x10";
    let update = Update { text: text.to_owned() };
    let values = |name: &str| update.values(name).collect::<Vec<_>>();
    assert_eq!(values("W"), ["8", "0x10"]);
    assert_eq!(values("{ let x = 2; x }"), ["4"]);
    assert_eq!(values("\"a = 1\".len()"), ["5"]);
    assert_eq!(values("x"), [""; 0]);
}

#[test]
fn a_lock_has_the_newtypes_of_inputs_and_targets() {
    let model = quote! {
        struct House {
            #[input(wraps = f32)]
            depth: si::Metres,
            #[from(depth)]
            #[branch(Dense(1))]
            #[output(loss = mse, wraps = f32)]
            price: Euros,
        }
    };
    let lock = lock_of(model).unwrap();
    assert!(lock.ends_with("\nunit depth: Metres\nunit price: Euros\n"), "{lock}");
    assert_eq!(Lock::read(&lock).unwrap().units.len(), 2);
}

#[test]
fn a_text_that_is_no_lock_is_refused() {
    let refused = |text: &str| Lock::read(text).unwrap_err();
    assert_eq!(refused("rooms,price\n"), "its first line is not `multi-input lock 1: NAME`");
    assert_eq!(refused("multi-input lock 2: House\n"), "its form is 2, and not 1");
    let line = "multi-input lock 1: House\n\n# a comment\ntensor rooms\n";
    assert_eq!(refused(line), "line 4 is no part of a model: `tensor rooms`");
    assert!(Lock::read("multi-input lock 1: House\r\nconst A = 1\r\n").is_ok());
}
