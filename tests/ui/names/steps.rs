//! Preprocessing steps by the names of other libraries, and forms that they do not have.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[input(StandardScaler)]
    sklearn: [f32; 10],
    #[input(fillna(0))]
    pandas: [f32; 10],
    #[input(standardize = true)]
    flag: [f32; 10],
    #[input(impute = "median")]
    value: [f32; 10],
    #[input(clip(low, high))]
    words: [f32; 10],
    #[input(normalize(mean = 0, std = 1))]
    lists: [f32; 10],
    #[input(standardize, log1p)]
    order: [f32; 10],
    #[input(missing = "mean")]
    quoted: Option<[f32; 10]>,
    #[input(columns = "a")]
    columns: f32,
    #[input(grayscale)]
    grey: [f32; 10],
    #[input(sqrt)]
    root: [f32; 10],
    #[input("log1p")]
    text: [f32; 10],
    #[input(robust: true)]
    colon: [f32; 10],
    #[input(MaxAbsScaler)]
    scaled: [f32; 10],
    #[merge(concat(scaled, sklearn, pandas, flag, value, words, lists, order, quoted, columns, grey, root, text, colon))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
