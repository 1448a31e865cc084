//! Models with everything in them that a batch decides about as a whole, and their rows.

use multi_input::prelude::*;

use fault::Squared;

/// A loss that becomes NaN on one rank.
pub mod fault {
    use std::cell::Cell;

    use multi_input::loss::*;

    thread_local! {
        /// Whether the losses of this rank are NaN.
        pub static SPOILS: Cell<bool> = const { Cell::new(false) };
    }

    /// The squared error.
    #[derive(Debug)]
    pub struct Squared;

    impl LossFormula for Squared {
        const FORM: LossForm = LossForm { at_least_zero: true, ..LossForm::of_numbers("squared") };

        fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
            let factor = if SPOILS.get() { f64::NAN } else { 1.0 };
            (head[0] - target.at(0)) * (head[0] - target.at(0)) * factor
        }
    }
}

/// An input that may be missing, lists with a mask, two large tables with sparse updates, of which
/// one is shared, penalties, partly known targets, and a learned weight.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Mixed {
    #[input(standardize, missing = learned)]
    #[branch(Dense(4, tanh, l2 = 1e-3))]
    height: Option<[f32; 2]>,

    #[input(pad(5))]
    #[branch(Embedding(6000, 3), GRU(4))]
    words: Vec<u32>,

    #[input]
    #[branch(Embedding(3000, 2))]
    user: u32,

    #[input]
    #[branch(shared = user)]
    friend: u32,

    #[input]
    #[branch(Embedding(7, 3))]
    day: u32,

    #[merge(concat(height, words, user, friend, day))]
    #[branch(Dense(6, tanh), LayerNorm)]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, r2), standardize, weight = learned)]
    price: Option<f32>,

    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy, auc), weighted_metrics(f1), weight = 0.5)]
    kind: Option<Class<3>>,
}

/// Rows of which some know one target, some another, and the last one none.
pub fn mixed(rows: usize) -> Vec<MixedSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        MixedSample {
            height: (!i.is_multiple_of(3)).then_some([wave(0.7), 170.0 + wave(1.3)]),
            words: (0..i % 6).map(|k| ((i * 31 + k * 7) % 6000) as u32).collect(),
            user: (i * 37 % 3000) as u32,
            friend: (i * 91 % 3000) as u32,
            day: (i % 7) as u32,
            price: (!i.is_multiple_of(4) && i + 1 < rows)
                .then_some(30.0 + 5.0 * wave(0.7) + (i % 7) as f32),
            kind: (i % 5 > 1 && i + 1 < rows).then_some(Class::new(i % 3).unwrap()),
        }
    };
    (0..rows).map(row).collect()
}

/// Tables whose rows may be divided among ranks: one of two inputs, of which one may be missing, one
/// of a masked sequence, one of lists, one of an input whose missing rows are learned, and a table
/// beside them that every rank holds as a whole. The tables of `user` and `tags` are large enough for
/// sparse updates.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Rated {
    #[input]
    #[branch(Embedding(3001, 4, sharded))]
    user: u32,

    #[input(missing = zeros)]
    #[branch(shared = user)]
    friend: Option<u32>,

    #[input(pad(5))]
    #[branch(Embedding(23, 3, sharded), GRU(4))]
    viewed: Vec<u32>,

    #[input(pad(6))]
    #[branch(EmbeddingBag(6000, 3, sharded))]
    tags: Vec<u32>,

    #[input(missing = learned)]
    #[branch(Embedding(17, 2, sharded), Dense(3, tanh))]
    shop: Option<u32>,

    #[input]
    #[branch(Embedding(7, 3))]
    day: u32,

    #[merge(concat(user, friend, viewed, tags, shop, day))]
    #[branch(Dense(6, tanh))]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = Squared, metrics(mae, r2), weight = learned)]
    stars: f32,

    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy, auc), weight = 0.5)]
    kind: Option<Class<3>>,
}

/// Rows of which some have no friend, no shop, no list or no kind.
pub fn rated(rows: usize) -> Vec<RatedSample> {
    let row = |i: usize| {
        let list = |length: usize, step: usize, rows: usize| -> Vec<u32> {
            (0..length).map(|k| ((i * 31 + k * step) % rows) as u32).collect()
        };
        RatedSample {
            user: (i * 37 % 3001) as u32,
            friend: (!i.is_multiple_of(3)).then_some((i * 91 % 3001) as u32),
            viewed: list(i % 6, 7, 23),
            tags: list(i * 5 % 7, 1013, 6000),
            shop: (!i.is_multiple_of(4)).then_some((i * 5 % 17) as u32),
            day: (i % 7) as u32,
            stars: 3.0 + (i as f32 * 0.7).sin() + (i % 7) as f32 * 0.1,
            kind: (i % 5 > 1).then_some(Class::new(i % 3).unwrap()),
        }
    };
    (0..rows).map(row).collect()
}

/// Statistics over the batch, in two layers of one branch and where rows are absent or masked; random
/// numbers for dropout and for inputs that are left out; averages of weights.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Trip {
    #[input(standardize)]
    #[branch(Dense(5, relu), BatchNorm, Dropout(0.2), Dense(4), BatchNorm(momentum = 0.9), tanh)]
    weather: [f32; 4],

    #[input(missing = learned)]
    #[branch(Dense(3, tanh), BatchNorm)]
    traffic: Option<[f32; 2]>,

    #[input(pad(4), missing = zeros)]
    #[branch(Embedding(9, 3), BatchNorm, Dropout(0.3), GlobalAveragePool1D)]
    stops: Option<Vec<u32>>,

    #[merge(concat(weather, traffic, stops))]
    #[branch(Dense(6, relu, l2 = 1e-4))]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = Squared, metrics(mae, r2), standardize)]
    minutes: f32,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy, metrics(accuracy), weight = 0.5)]
    late: bool,
}

pub fn trips(rows: usize) -> Vec<TripSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        let weather = [wave(0.7), wave(1.3), 20.0 + wave(0.3), wave(0.11)];
        let minutes = 30.0 + 5.0 * weather[0] + (i % 7) as f32;
        TripSample {
            weather,
            traffic: (!i.is_multiple_of(3)).then_some([wave(0.5), wave(0.9)]),
            stops: (!i.is_multiple_of(4))
                .then(|| (0..i % 5).map(|k| (i * 5 + k) as u32 % 9).collect()),
            minutes,
            late: minutes > 33.0,
        }
    };
    (0..rows).map(row).collect()
}

/// Preprocessing of every kind that learns from rows: moments, extremes, quantiles, vocabularies,
/// means for absent values, labels.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Shop {
    #[input(impute(median), standardize)]
    area: f32,

    #[input(robust)]
    income: f32,

    #[input(bins(8), missing = learned)]
    #[branch(Embedding(9, 3))]
    age: Option<f32>,

    #[input(categories(20))]
    #[branch(Embedding(20, 3))]
    town: String,

    #[input(words(vocabulary = 40, length = 4))]
    #[branch(Embedding(40, 4), GlobalAveragePool1D)]
    offer: String,

    #[merge(concat(area, income, age, town, offer))]
    #[branch(Dense(8, tanh), BatchNorm, Dropout(0.1))]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), min_max)]
    sales: f32,

    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy, f1), categories)]
    kind: Option<Class<3>>,
}

/// The rows of a CSV file, some of which have blank cells and quoted line ends.
pub fn shops(rows: usize) -> String {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        let area = if i % 11 == 3 { String::new() } else { (50.0 + 20.0 * wave(0.3)).to_string() };
        let age = if i % 5 == 2 { String::new() } else { (i * 7 % 60).to_string() };
        let kind = ["bakery", "books", "tea"].get(i % 4).copied().unwrap_or_default();
        let offer = format!("\"w{}, w{}\nw{}\"", i % 9, i * i % 13, i % 5);
        let (income, sales) = (1000.0 * wave(0.9).exp(), 5.0 + wave(0.3) + (i % 3) as f32);
        format!("{area},{income},{age},town{},{offer},{sales},{kind}\n", i * 3 % 17)
    };
    let head = "area,income,age,town,offer,sales,kind\n".to_owned();
    (0..rows).fold(head, |text, i| text + &row(i))
}
