//! What an entry of a branch is answered with.

use proc_macro2::{Span, TokenStream};

use super::{read, Branch, LayerKind};
use crate::diagnostics::Diagnostics;

/// The branch, and the messages about it.
fn branch(text: &str) -> (Branch, Vec<String>) {
    let mut errors = Diagnostics::new();
    let tokens: TokenStream = text.parse().unwrap();
    let branch = read(tokens, Span::call_site(), &mut errors);
    let messages = match errors.finish() {
        Ok(()) => Vec::new(),
        Err(all) => all.into_iter().map(|error| error.to_string()).collect(),
    };
    (branch, messages)
}

#[test]
fn a_type_with_its_sizes_is_a_module_of_the_users_own_whatever_its_name() {
    for (text, sizes) in [
        ("my::Gate<64> => [64]", 1),
        ("Gate<{ N + 1 }, Vec<u8>> => [N, 3]", 2),
        ("(Linear<8, 4>, ReLU) => [4]", 1),
        ("Box<dyn Fn(f32) -> f32> => [8]", 1),
        ("nn::Conv2D<3, 4, 3> => [4, 6, 6]", 3),
        ("Dropout => [8]", 1),
        ("Activation => [8]", 1),
        ("twice => [8]", 1),
        ("crate::Gate<8> => [8]", 1),
        ("<my::Gate as Named>::Type => [8]", 1),
    ] {
        let (branch, messages) = branch(text);
        assert_eq!(messages, Vec::<String>::new(), "{text}");
        let [layer] = branch.layers.as_slice() else { panic!("{text}") };
        let LayerKind::Custom { shape, .. } = &layer.kind else { panic!("{text}") };
        assert_eq!((shape.len(), branch.modules.len()), (sizes, 1), "{text}");
    }
}

#[test]
fn what_is_meant_is_the_line_to_write() {
    for (text, answer) in [
        ("Dense(64) |> relu", "write commas between layers: `Dense(64), relu`"),
        ("Dense(64); relu", "write commas between layers: `Dense(64), relu`"),
        ("Dense::<64>", "write the arguments of a layer in parentheses: `Dense(64)`"),
        ("Dense<64>(relu)", "write the arguments of a layer in parentheses: `Dense(64, relu)`"),
        ("tf.keras.layers.Dense(64)", "write `Dense(64)`, without a path"),
        ("let hidden = Dense(64)", "a layer has no name of its own: write `Dense(64)`"),
        ("&[Dense(64), relu]", "write the layers of a branch without brackets: `Dense(64), relu`"),
        ("shared = [rooms]", "a branch is shared by the name of its node: write `shared = rooms`"),
        ("Twice => (4, 5)", "write the sizes that `Twice` gives as `Twice => [4, 5]`"),
        ("Twice => Rank1<4>", "write the sizes that `Twice` gives as `Twice => [4]`"),
        ("Twice: [4]", "write the sizes that `Twice` gives as `Twice => [4]`"),
        ("Gate<4> => [4] => [5]", "expected a comma behind `Gate<4> => [4]`"),
        ("mse", "there is no layer `mse`; the loss `mse` is written `#[output(loss = mse)]`"),
        (
            "concat(a, b)",
            "there is no layer `concat`; the merge `concat` is written \
             `#[merge(concat(first, second))]`",
        ),
    ] {
        let (branch, messages) = branch(text);
        assert_eq!(messages, [answer], "{text}");
        assert!(branch.broken, "{text}");
    }
}
