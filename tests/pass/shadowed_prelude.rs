//! A user whose own types and traits have the names of the prelude's.

#![allow(dead_code, non_camel_case_types)]

mod core {}
mod std {}
mod alloc {}
mod dfdx {}

struct Vec;
struct Option;
struct Result;
struct Box;
struct String;
struct Ok;
struct Err;
struct Some;
struct None;
struct Self_;
struct Tensor;
struct Const;
struct Model;
struct Seed;
struct f32;
struct u32;
struct bool;
struct usize;
trait Clone {}
trait Copy {}
trait Debug {}
trait Default {}
trait From {}
trait Into {}
trait Drop {}
trait Sized {}
trait Module {}
trait Deserialize {}

#[allow(unused_macros)]
macro_rules! vec {
    ($($any:tt)*) => {
        compile_error!("this is not the vec that was meant")
    };
}
#[allow(unused_macros)]
macro_rules! panic {
    ($($any:tt)*) => {
        compile_error!("this is not the panic that was meant")
    };
}

#[::multi_input::multi_input_model]
#[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
pub struct House {
    #[input(standardize, missing = learned)]
    #[branch(Dense(16, relu), Dropout(0.1), BatchNorm)]
    measurements: Option<[f32; 10]>,
    #[input(missing = zeros)]
    #[branch(Embedding(100, 16))]
    district: Option<u32>,
    #[input]
    garden: bool,
    #[input(pad(3), missing = zeros)]
    visits: Option<Vec<u32>>,
    #[input(split(","), impute(mean), pad(3))]
    amounts: Vec<Option<f64>>,
    #[merge(weighted(visits, amounts))]
    #[branch(EmbeddingBag(100, 2, sum))]
    visited: _,
    #[merge(average(measurements, district))]
    mean: [f32; 16],
    #[merge(concat(mean, garden, present(measurements), visited))]
    joined: [f32; 20],
    #[from(joined)]
    #[branch(Dense(1, l2 = 1e-4))]
    #[output(loss = mse)]
    price: f32,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
}

#[test]
fn compiles_and_runs() {
    let row = HouseInputs {
        measurements: ::core::option::Option::None,
        district: ::core::option::Option::Some(3),
        garden: true,
        visits: ::core::option::Option::Some(::std::vec![1, 2]),
        amounts: ::std::vec![::core::option::Option::None],
    };
    assert!(row.garden);
}
