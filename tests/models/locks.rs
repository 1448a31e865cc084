//! A lock finds what `Model::load` would refuse, and nothing else.

use std::path::Path;

use multi_input::{definition::Network, prelude::*};
use multi_input_macros_core::{compare_with_lock, lock_of};
use safetensors::SafeTensors;

/// A definition in a module, with its tokens. A field that is `_` is that of the first model.
macro_rules! house {
    ($name:ident, _, $city:tt, $price:tt) => {
        house!($name, {
            #[input(standardize)]
            #[branch(Dense(4, relu), Dropout(0.2), BatchNorm)]
            rooms: [f32; 3],
        }, $city, $price);
    };
    ($name:ident, $rooms:tt, _, $price:tt) => {
        house!($name, $rooms, {
            #[input(categories(9), missing = learned)]
            #[branch(Embedding(9, 2))]
            city: Option<String>,
        }, $price);
    };
    ($name:ident, $rooms:tt, $city:tt, _) => {
        house!($name, $rooms, $city, {
            #[merge(concat(rooms, city))]
            #[branch(Dense(1))]
            #[output(loss = mse, standardize)]
            price: f32,
        });
    };
    ($name:ident, { $($rooms:tt)* }, { $($city:tt)* }, { $($price:tt)* }) => {
        model!($name, $($rooms)* $($city)* $($price)*);
    };
}

/// A definition in a module, with its tokens.
macro_rules! model {
    ($name:ident, $($fields:tt)*) => {
        mod $name {
            use multi_input::prelude::*;

            #[multi_input_model(allow(linear_stack, nothing_to_train))]
            pub struct House { $($fields)* }

            pub const TEXT: &str = stringify!(struct House { $($fields)* });
        }
    };
}

house!(first, _, _, _);
house!(units, { #[input(standardize)] #[branch(Dense(5, relu), Dropout(0.2), BatchNorm)] rooms: [f32; 3], }, _, _);
house!(activation, { #[input(standardize)] #[branch(Dense(4, tanh), Dropout(0.2), BatchNorm)] rooms: [f32; 3], }, _, _);
house!(training, { #[input(standardize)] #[branch(Dense(4, relu, l2 = 0.1, init = he_normal), Dropout(0.5), BatchNorm)] rooms: [f32; 3], }, _, _);
house!(epsilon, { #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm(epsilon = 0.01))] rooms: [f32; 3], }, _, _);
house!(frozen, { #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm, frozen)] rooms: [f32; 3], }, _, _);
house!(no_dropout, { #[input(standardize)] #[branch(Dense(4, relu), BatchNorm)] rooms: [f32; 3], }, _, _);
house!(step, { #[input(min_max)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm)] rooms: [f32; 3], }, _, _);
house!(doubles, { #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm)] rooms: [f64; 3], }, _, _);
house!(layer, { #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm, Dense(4))] rooms: [f32; 3], }, _, _);
house!(renamed, { #[renamed(space, rooms)] #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm)] size: [f32; 3], }, _, { #[merge(concat(size, city))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, });
house!(called_otherwise, { #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm)] size: [f32; 3], }, _, { #[merge(concat(size, city))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, });
house!(value, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, #[from(rooms)] #[output] code: _, });
house!(another_output, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, #[from(rooms)] #[branch(Dense(1))] #[output(loss = binary_cross_entropy)] sold: bool, });
house!(copies, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, #[from(rooms)] #[output(loss = mse)] same: [f32; 4], });
house!(no_stand_in, _, { #[input(categories(9), missing = zeros)] #[branch(Embedding(9, 2))] city: Option<String>, }, _);
house!(hashed, _, { #[input(hashed(9), missing = learned)] #[branch(Embedding(9, 2))] city: Option<String>, }, _);
house!(sharded, _, { #[input(categories(9), missing = learned)] #[branch(Embedding(9, 2, sharded))] city: Option<String>, }, _);
house!(table, _, { #[input(categories(9), missing = learned)] #[branch(Embedding(12, 2))] city: Option<String>, }, _);
house!(written_in_files, _, { #[input(categories(9), missing = learned, columns("town"))] #[branch(Embedding(9, 2))] city: Option<String>, }, _);
house!(without_city, _, {}, { #[from(rooms)] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, });
house!(order, { #[input(categories(9), missing = learned)] #[branch(Embedding(9, 2))] city: Option<String>, }, { #[input(standardize)] #[branch(Dense(4, relu), Dropout(0.2), BatchNorm)] rooms: [f32; 3], }, _);
house!(operands, _, _, { #[merge(concat(city, rooms))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f32, });
house!(loss, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = huber, metrics(mae), weight = 0.5, standardize)] price: f32, });
house!(target, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = mse, standardize)] price: f64, });
house!(unscaled, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = mse)] price: f32, });
house!(learned, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = mse, standardize, weight = learned)] price: f32, });
house!(quantiles, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = quantile(0.5), standardize)] price: f32, });
house!(other_quantiles, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = quantile(0.9), standardize)] price: f32, });
house!(flag, _, _, { #[merge(concat(rooms, city))] #[branch(Dense(1))] #[output(loss = binary_cross_entropy)] price: bool, });

model!(graph,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(shared = from)] to: u32,
    #[derived(crossed(from, to, 30))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 2.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
    #[from(joined)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
);
model!(buckets,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(shared = from)] to: u32,
    #[derived(crossed(from, to, 20))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 2.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
    #[from(joined)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
);
model!(own_branch,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(Embedding(9, 2))] to: u32,
    #[derived(crossed(from, to, 30))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 2.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
    #[from(joined)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
);
model!(former_owner,
    #[renamed(from)] #[input] #[branch(Embedding(9, 2))] start: u32,
    #[renamed(to)] #[input] #[branch(shared = start)] end: u32,
    #[renamed(way)] #[derived(crossed(start, end, 30))] #[branch(Embedding(30, 2))] both: u32,
    #[renamed(hours)] #[input] time: f32,
    #[renamed(share)] #[derived(time / 2.0, standardize)] half: f32,
    #[renamed(joined)] #[merge(concat(start, end, both, time, half))] all: _,
    #[renamed(price)] #[from(all)] #[branch(Dense(1))] #[output(loss = mse)] cost: f32,
);
model!(formula,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(shared = from)] to: u32,
    #[derived(crossed(from, to, 30))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 3.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
    #[from(joined)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
);
model!(inputs_of_a_formula,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(shared = from)] to: u32,
    #[derived(crossed(to, from, 30))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 2.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
    #[from(joined)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
);
model!(between,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(shared = from)] to: u32,
    #[derived(crossed(from, to, 30))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 2.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
    #[from(joined)] again: _,
    #[from(again)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
);
model!(declared_first,
    #[from(joined)] #[branch(Dense(1))] #[output(loss = mse)] price: f32,
    #[input] #[branch(Embedding(9, 2))] from: u32,
    #[input] #[branch(shared = from)] to: u32,
    #[derived(crossed(from, to, 30))] #[branch(Embedding(30, 2))] way: u32,
    #[input] hours: f32,
    #[derived(hours / 2.0, standardize)] share: f32,
    #[merge(concat(from, to, way, hours, share))] joined: _,
);

/// A definition without its type.
struct Definition {
    name: &'static str,
    text: &'static str,
    save: fn(&Path),
    loads: fn(&Path) -> bool,
}

macro_rules! definitions {
    ($($name:ident)*) => {
        [$(Definition {
            name: stringify!($name),
            text: $name::TEXT,
            save: |path| $name::House::build(&Cpu::default(), Seed(7)).save(path).unwrap(),
            loads: loads::<$name::House>,
        }),*]
    };
}

fn loads<M: Network<f32, Cpu>>(path: &Path) -> bool {
    Model::<M>::load(path, &Cpu::default()).is_ok()
}

#[test]
fn a_lock_refuses_what_a_saved_model_refuses() {
    let all = definitions! {
        first units activation training epsilon frozen no_dropout step doubles layer renamed
        called_otherwise value copies another_output no_stand_in hashed sharded table
        written_in_files without_city order operands loss target unscaled learned quantiles other_quantiles flag
    };
    let saved =
        ["first", "sharded", "renamed", "value", "copies", "doubles", "quantiles", "without_city"];
    let accepted = compared(&all, &saved);
    let expected =
        "first training frozen doubles renamed value sharded written_in_files loss target"
            .split(' ');
    assert_eq!(accepted, expected.collect::<Vec<_>>());
}

#[test]
fn a_lock_does_not_say_which_tables_are_sharded() {
    let lock = |text: &str| lock_of(text.parse().unwrap()).unwrap();
    assert_eq!(lock(first::TEXT), lock(sharded::TEXT));
}

#[test]
fn a_lock_refuses_another_graph() {
    let all = definitions! {
        graph buckets own_branch former_owner formula inputs_of_a_formula between declared_first
    };
    let accepted = compared(&all, &["graph", "own_branch", "former_owner", "between"]);
    assert_eq!(accepted, ["graph", "former_owner", "declared_first"]);
}

/// Compares what the locks of some definitions and what their saved models refuse; the definitions that
/// load the first.
fn compared(all: &[Definition], saved: &[&str]) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let (mut accepted, mut wrong) = (Vec::new(), Vec::new());
    for saved in all.iter().filter(|definition| saved.contains(&definition.name)) {
        let path = folder.path().join(saved.name);
        (saved.save)(&path);
        let lock = lock_of(saved.text.parse().unwrap()).unwrap();
        for model in all {
            let mistakes = compare_with_lock(model.text.parse().unwrap(), &lock).unwrap();
            let (loads, fits) = ((model.loads)(&path), mistakes.is_empty());
            if loads != fits {
                wrong.push(format!("{} in {}: {loads}, {mistakes:?}", saved.name, model.name));
            }
            if saved.name == all[0].name && loads {
                accepted.push(model.name);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    accepted
}

/// Every layer that has tensors.
macro_rules! everything {
    ($($fields:tt)*) => {
        #[multi_input_model]
        pub struct Everything { $($fields)* }

        const EVERYTHING: &str = stringify!(struct Everything { $($fields)* });
    };
}

everything! {
    #[input]
    #[branch(
        Conv2D(4, (3, 2), relu), SeparableConv2D(6, 3, depth_multiplier = 2), GroupNorm(2),
        Conv2D(2, 1, bias = false), Flatten, relu, Dense(3, tanh), BatchNorm, Dense(2, bias = false)
    )]
    photo: [[[f32; 8]; 8]; 2],
    #[input]
    #[branch(
        Embedding(9, 4), PositionalEmbedding, TransformerBlock(2, 3, 8),
        MultiHeadAttention(2, 2), Conv1D(5, 2), LayerNorm, RMSNorm,
        Bidirectional(LSTM(3, return_sequences)), GRU(4, return_sequences),
        GRU(4, return_sequences, reset_after = false), TimeDistributed(Dense(3)), SimpleRNN(2)
    )]
    words: [u32; 6],
    #[input]
    #[branch(shared = words)]
    others: [u32; 6],
    #[input(pad(4))]
    #[branch(EmbeddingBag(7, 2))]
    kinds: Vec<u32>,
    #[input(missing = learned)]
    #[branch(Dense(3, relu), frozen)]
    r#type: Option<[f32; 2]>,
    #[merge(concat(photo, words, others, kinds, r#type))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1, bias = false), Thresholds(3))]
    #[output(loss = ordinal)]
    grade: Class<4>,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = learned)]
    price: f32,
}

#[test]
fn a_lock_has_the_tensors_of_a_saved_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    Everything::build(&Cpu::default(), Seed(7)).save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut saved: Vec<String> = file
        .tensors()
        .into_iter()
        .map(|(name, tensor)| format!("tensor {name}: {:?}", tensor.shape()))
        .collect();
    saved.sort();
    let lock = lock_of(EVERYTHING.parse().unwrap()).unwrap();
    let mut locked: Vec<&str> = lock.lines().filter(|line| line.starts_with("tensor ")).collect();
    locked.sort();
    assert_eq!(locked, saved);
}
