//! Costs computed by hand.

use multi_input_spec::layer::LAYERS;
use proc_macro2::TokenStream;
use quote::quote;

use super::*;
use crate::{diagnostics::Diagnostics, graph, parse, shape};

/// `then` with the cost of a model with these fields.
fn cost_of<T>(fields: TokenStream, then: impl FnOnce(&Cost<'_>) -> T) -> T {
    let mut errors = Diagnostics::new();
    let item = quote!(struct Model { #fields });
    let raw = parse::parse(TokenStream::new(), item, &mut errors).ok().unwrap();
    let shaped = shape::infer(graph::build(raw, &mut errors), &mut errors);
    let cost = of(&shaped.graph, |position| shaped.nodes[position].shapes());
    errors.finish().unwrap();
    then(&cost.unwrap())
}

/// Parameters, operations and memory of a model.
fn totals(fields: TokenStream) -> [usize; 3] {
    let all = [Quantity::Parameters, Quantity::Flops, Quantity::Memory];
    cost_of(fields, |cost| all.map(|quantity| cost.total(quantity).get()))
}

/// Parameters, operations and held numbers of the last layer of a branch on an input.
fn last_layer(ty: &str, branch: &str) -> [usize; 3] {
    let (ty, branch): (syn::Type, TokenStream) =
        (syn::parse_str(ty).unwrap(), branch.parse().unwrap());
    let fields = quote!(#[input] #[branch(#branch)] #[output] a: #ty);
    cost_of(fields, |cost| {
        let Share { parameters, flops, held, .. } = cost.shares.last().unwrap();
        [parameters, flops, held].map(|term| term.size().get())
    })
}

const IMAGE: &str = "[[[f32; 8]; 10]; 3]";
const STEPS: &str = "[[f32; 4]; 5]";

/// A layer behind others on an input, with its parameters, operations and held numbers.
const CASES: [(&str, &str, &str, [usize; 3]); 52] = [
    // Multiply-adds, biases, activations.
    ("Dense", "[f32; 10]", "Dense(64)", [704, 2 * 640 + 64, 0]),
    ("Dense", "[f32; 10]", "Dense(64, relu)", [704, 2 * 640 + 64 + 64, 0]),
    ("Dense", "[f32; 10]", "Dense(64, tanh, bias = false)", [640, 2 * 640 + 64, 0]),
    ("Dense", STEPS, "Dense(3, relu)", [15, 5 * (2 * 12 + 3 + 3), 0]),
    ("Embedding", "u32", "Embedding(100, 16)", [1600, 0, 0]),
    ("Embedding", "[u32; 7]", "Embedding(100, 16, mask)", [1600, 0, 0]),
    ("EmbeddingBag", "[u32; 7]", "EmbeddingBag(100, 16)", [1600, 7 * 16, 0]),
    ("EmbeddingBag", "[u32; 7]", "EmbeddingBag(100, 16, max)", [1600, 7 * 16, 0]),
    ("EmbeddingBag", "[u32; 7]", "EmbeddingBag(100, 16, sum)", [1600, 2 * 7 * 16, 0]),
    ("Flatten", IMAGE, "Flatten", [0, 0, 0]),
    ("Reshape", IMAGE, "Reshape(10, 24)", [0, 0, 0]),
    ("Dropout", "[f32; 10]", "Dropout(0.5)", [0, 0, 0]),
    ("BatchNorm", "[f32; 10]", "BatchNorm", [20, 20, 0]),
    ("BatchNorm", IMAGE, "BatchNorm", [6, 2 * 240, 0]),
    ("LayerNorm", STEPS, "LayerNorm", [8, 7 * 20, 0]),
    ("GroupNorm", IMAGE, "GroupNorm(3)", [6, 7 * 240, 0]),
    ("RMSNorm", STEPS, "RMSNorm", [4, 4 * 20, 0]),
    // [32, 8, 6]: 48 pixels of 32 filters over windows of 27 numbers.
    ("Conv2D", IMAGE, "Conv2D(32, 3)", [27 * 32 + 32, 48 * 32 * (2 * 27 + 1), 0]),
    ("Conv2D", IMAGE, "Conv2D(32, 3, relu)", [27 * 32 + 32, 48 * 32 * (2 * 27 + 2), 0]),
    // [32, 5, 4].
    (
        "Conv2D",
        IMAGE,
        "Conv2D(32, 3, stride = 2, padding = same)",
        [27 * 32 + 32, 20 * 32 * (2 * 27 + 1), 0],
    ),
    ("Conv2D", IMAGE, "Conv2D(6, 3, groups = 3, bias = false)", [9 * 6, 48 * 6 * 2 * 9, 0]),
    // Six depthwise kernels of 9, then 32 filters over 6.
    (
        "SeparableConv2D",
        IMAGE,
        "SeparableConv2D(32, 3, relu, depth_multiplier = 2)",
        [6 * 9 + 6 * 32 + 32, 48 * (2 * 54 + 2 * 192 + 32 + 32), 0],
    ),
    ("MaxPool2D", IMAGE, "MaxPool2D(2)", [0, 3 * 5 * 4 * 4, 0]),
    ("AvgPool2D", IMAGE, "AvgPool2D((5, 2))", [0, 3 * 2 * 4 * 10, 0]),
    ("GlobalMaxPool2D", IMAGE, "GlobalMaxPool2D", [0, 240, 0]),
    ("GlobalAveragePool2D", IMAGE, "GlobalAveragePool2D", [0, 240, 0]),
    ("ZeroPad2D", IMAGE, "ZeroPad2D(1)", [0, 0, 0]),
    ("UpSampling2D", IMAGE, "UpSampling2D(2)", [0, 0, 0]),
    // [3, 6]: windows of 3 * 4 numbers.
    ("Conv1D", STEPS, "Conv1D(6, 3, relu)", [78, 3 * 6 * (2 * 12 + 2), 0]),
    ("Conv1D", STEPS, "Conv1D(6, 3, padding = same, dilation = 2)", [78, 5 * 6 * 25, 0]),
    ("MaxPool1D", STEPS, "MaxPool1D(2)", [0, 2 * 4 * 2, 0]),
    ("AvgPool1D", STEPS, "AvgPool1D(2, stride = 1)", [0, 4 * 4 * 2, 0]),
    ("GlobalMaxPool1D", STEPS, "GlobalMaxPool1D", [0, 20, 0]),
    ("GlobalAveragePool1D", STEPS, "GlobalAveragePool1D", [0, 20, 0]),
    // 5 steps: 4 gates of 3 units over 4 features and 3 units; 9 operations with each unit.
    ("LSTM", STEPS, "LSTM(3)", [96, 5 * (2 * 12 * 7 + 12 + 27), 60]),
    ("LSTM", STEPS, "LSTM(3, return_sequences = true)", [96, 5 * (2 * 12 * 7 + 12 + 27), 60]),
    // 3 gates, two biases.
    ("GRU", STEPS, "GRU(3)", [81, 5 * (2 * 9 * 7 + 18 + 24), 45]),
    ("GRU", STEPS, "GRU(3, reset_after = false)", [72, 5 * (2 * 9 * 7 + 9 + 24), 45]),
    ("SimpleRNN", STEPS, "SimpleRNN(3)", [24, 5 * (2 * 3 * 7 + 3 + 3), 15]),
    ("SimpleRNN", STEPS, "SimpleRNN(3, linear)", [24, 5 * (2 * 3 * 7 + 3), 15]),
    // Two of the above; the merge of [3].
    ("Bidirectional", STEPS, "Bidirectional(LSTM(3))", [192, 2 * 1035, 66]),
    ("Bidirectional", STEPS, "Bidirectional(LSTM(3), average)", [192, 2 * 1035 + 6, 66]),
    ("TimeDistributed", STEPS, "TimeDistributed(Dense(3, relu))", [15, 5 * (2 * 12 + 3 + 3), 0]),
    ("Thresholds", "[f32; 1]", "Thresholds(4)", [4, 4, 0]),
    ("PositionalEmbedding", STEPS, "PositionalEmbedding", [20, 20, 0]),
    // Width 6. Queries, keys and values: 3 (2 * 24 + 6) a step; scores and sums: 2 (2 * 5 * 6); the
    // output: 2 * 24 + 4. Of the 2 * 25 scores each is scaled and normalised.
    (
        "MultiHeadAttention",
        STEPS,
        "MultiHeadAttention(2, 3)",
        [3 * 30 + 28, 5 * (162 + 120 + 52) + 100, 5 * 6 * 4 + 50],
    ),
    // With 8 hidden units, two norms and two sums.
    (
        "TransformerBlock",
        STEPS,
        "TransformerBlock(2, 3, 8)",
        [
            3 * 30 + 28 + 40 + 36 + 16,
            5 * (162 + 120 + 52) + 100 + 5 * (64 + 8 + 8 + 64 + 4) + 20 * 16,
            5 * 6 * 4 + 50 + 40 + 20,
        ],
    ),
    ("Masking", STEPS, "Masking", [0, 20, 0]),
    ("DropMask", STEPS, "Masking, DropMask", [0, 0, 0]),
    ("relu", "[f32; 10]", "relu", [0, 10, 0]),
    ("softmax", STEPS, "softmax", [0, 20, 0]),
    ("linear", "[f32; 10]", "linear", [0, 0, 0]),
];

#[test]
fn every_layer_costs_what_its_formula_says() {
    for (name, ty, branch, figures) in CASES {
        assert_eq!(last_layer(ty, branch), figures, "{name}: {branch} on {ty}");
    }
    for layer in LAYERS {
        assert!(CASES.iter().any(|case| case.0 == layer.name), "{} is not computed", layer.name);
    }
}

/// The operations of a merge of `a: [f32; 6]` and `b: [f32; 6]`.
fn merge(rule: &str) -> usize {
    let rule: TokenStream = rule.parse().unwrap();
    let fields = quote! {
        #[input] a: [f32; 6],
        #[input] b: [f32; 6],
        #[input(missing = zeros)] c: Option<f32>,
        #[merge(#rule)] #[output] y: _,
    };
    let rule = rule.to_string();
    cost_of(fields, |cost| {
        let share = cost.shares.iter().find(|share| share.node == "y");
        share.unwrap_or_else(|| panic!("{rule}")).flops.size().get()
    })
}

#[test]
fn every_merge_costs_what_its_formula_says() {
    assert_eq!(merge("concat(a, b, c, present(c))"), 0);
    assert_eq!(merge("add(a, b, c)"), 12, "one sum for each number after the first");
    assert_eq!([merge("subtract(a, b)"), merge("multiply(a, b, present(c))")], [6, 12]);
    assert_eq!([merge("maximum(a, b)"), merge("minimum(a, b)")], [6, 6]);
    assert_eq!(merge("average(a, b, c)"), 18, "and a division");
    assert_eq!(merge("dot(a, b)"), 12, "six multiply-adds");
    assert_eq!(merge("dot(a, b, normalize = true)"), 12 + 3 * 12);
    assert_eq!(merge("distance(a, b)"), 4 * 6 + 1);
    let fields = quote! {
        #[input] #[branch(Reshape(2, 3))] a: [f32; 6],
        #[input] #[branch(Reshape(4, 3))] b: [f32; 12],
        #[merge(dot(a, b))] #[output] y: _,
        #[input(pad(7))] list: Vec<u32>,
        #[input(pad(7))] weights: Vec<f32>,
        #[merge(weighted(list, weights))] #[branch(EmbeddingBag(9, 2, sum))] #[output] bag: _,
    };
    let flops = cost_of(fields, |cost| cost.total(Quantity::Flops).get());
    assert_eq!(flops, 2 * 2 * 4 * 3 + 2 * 7 * 2, "[2, 4] of three products each, and a bag");
}

#[test]
fn a_model_is_the_sum_of_its_layers() {
    let model = quote! {
        #[input]
        #[branch(Dense(64, relu), Dense(32, relu))]
        rooms: [f32; 10],
        #[input]
        #[branch(Embedding(100, 16))]
        district: u32,
        #[merge(concat(rooms, district))]
        joined: [f32; 48],
        #[from(joined)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        price: f32,
    };
    let parameters = 704 + 2080 + 1600 + 49;
    let flops = (1280 + 64 + 64) + (4096 + 32 + 32) + (96 + 1);
    // The most numbers are alive behind the second layer: `district`, its input of 64, its output.
    assert_eq!(totals(model), [parameters, flops, 4 * (parameters + 1 + 64 + 32)]);
}

#[test]
fn numbers_are_alive_until_their_last_use() {
    // `a` is used twice: with 100 numbers it waits for the second branch.
    let twice = quote! {
        #[input] a: [f32; 100],
        #[from(a)] #[branch(Dense(10, bias = false))] b: _,
        #[from(a)] #[branch(Dense(20, bias = false))] c: _,
        #[merge(concat(b, c))] #[output] y: _,
    };
    assert_eq!(totals(twice), [3000, 6000, 4 * (3000 + 100 + 10 + 20)]);
    // Running statistics stay, and a shared branch has its parameters once.
    let shared = quote! {
        #[input] #[branch(BatchNorm)] a: [f32; 5],
        #[input] #[branch(shared = a)] b: [f32; 5],
        #[merge(concat(a, b))] #[output] y: _,
    };
    assert_eq!(totals(shared), [10, 20, 4 * (10 + 10 + 20)]);
    // A stand-in and the learned weight of a loss are parameters.
    let learned = quote! {
        #[input(missing = learned)] #[branch(Dense(3))] a: Option<[f32; 2]>,
        #[input] b: f32,
        #[merge(concat(a, b))] #[branch(Dense(1))] #[output(loss = mse, weight = learned)] y: f32,
    };
    assert_eq!(totals(learned)[..2], [9 + 3 + 5 + 1, 15 + 9]);
}

#[test]
fn what_is_only_asked_for_or_of_ones_own_is_no_number() {
    let model = quote! {
        #[input(missing = zeros)] a: Option<[f32; 1000]>,
        #[input] #[branch(my::Gate<4> => [4], my::Gate<4> => [4])] b: [f32; 4],
        #[merge(my::Outer(b, present(a)))] #[output] y: _,
    };
    cost_of(model, |cost| {
        let own: Vec<&str> = cost.uncounted.iter().map(|(_, text)| &**text).collect();
        assert_eq!(own, ["my::Gate<4>", "my::Gate<4>", "my::Outer(b, present(a))"]);
        assert_eq!(cost.total(Quantity::Flops), Size::Known(0));
    });
}

#[test]
fn a_constant_leaves_the_cost_to_rustc() {
    let model = quote! {
        #[input] #[branch(Dense(WIDTH), Dense(3))] #[output] a: [f32; 4],
    };
    cost_of(model, |cost| {
        assert!(!cost.is_known(Quantity::Flops) && !cost.is_known(Quantity::Memory));
    });
}
