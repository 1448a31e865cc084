//! Rows of weight 0 teach no step of preprocessing anything, in memory and streamed.

use multi_input::{prelude::*, preprocess::Preprocessing, Error};

fn trainer<M: multi_input::definition::Definition>(epochs: usize) -> Trainer<M, Adam> {
    Trainer::new(Adam::new(0.02)).epochs(epochs).progress(Progress::silent())
}

fn learned(fitted: &Preprocessing, field: &str, step: &str, what: &str) -> Vec<f64> {
    serde_json::from_value(fitted.learned(field, step).unwrap()[what].clone()).unwrap()
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Price {
    #[input(standardize)]
    area: f32,
    #[from(area)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), standardize)]
    price: f32,
}

fn price() -> Model<Price> {
    Price::build(&Cpu::default(), Seed(1))
}

/// Case 16 the other way round: a number in the place of what is not known, and a weight of 0.
#[test]
fn rows_of_weight_0_teach_no_step() {
    let row = |i: usize| match i % 2 {
        0 => PriceSample { area: 1e9, price: -1e6 },
        _ => PriceSample { area: i as f32, price: 2.0 * i as f32 },
    };
    let rows: Vec<PriceSample> = (0..40).map(row).collect();
    let trainer = || {
        let weight = |row: &PriceSample| f32::from(u8::from(row.price > -1e5));
        trainer(300).sample_weight(Price::price, weight)
    };
    let (mut memory, mut streamed) = (price(), price());
    trainer().fit(&mut memory, &rows).unwrap();
    trainer().fit_from(&mut streamed, &rows).unwrap();
    for model in [&memory, &streamed] {
        let own = model.preprocessing().unwrap();
        assert_eq!(learned(own, "price", "standardize", "shift"), [40.0]);
        assert_eq!(learned(own, "area", "standardize", "shift"), [20.0]);
        let inputs = [PriceInputs { area: 11.0 }, PriceInputs { area: 31.0 }];
        let predicted = model.predict(&inputs).unwrap();
        assert!((predicted[0].price - 22.0).abs() < 2.0, "{}", predicted[0].price);
        assert!((predicted[1].price - 62.0).abs() < 2.0, "{}", predicted[1].price);
    }
    assert_eq!(memory.preprocessing(), streamed.preprocessing());
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Flower {
    #[input(standardize)]
    petal: f32,
    #[input(categories(6))]
    #[branch(Embedding(auto), Flatten)]
    garden: String,
    #[merge(concat(petal, garden))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, categories, metrics(accuracy))]
    kind: Class<3>,
    #[from(petal)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

fn flowers() -> Vec<FlowerSample> {
    let row = |i: usize| FlowerSample {
        petal: [1.0, 2.0, 300.0][i % 3],
        garden: ["north", "south", "east"][i % 3].to_owned(),
        kind: ["iris", "rose", "weed"][i % 3].to_owned(),
        sold: i % 3 == 2,
    };
    (0..12).map(row).collect()
}

fn flower() -> Model<Flower> {
    Flower::build(&Cpu::default(), Seed(1))
}

/// What a trainer learns of the flowers in memory, which must be what it learns of a stream.
fn learned_of_flowers(trainer: impl Fn() -> Trainer<Flower, Adam>) -> Preprocessing {
    let (mut memory, mut streamed) = (flower(), flower());
    trainer().fit(&mut memory, &flowers()).unwrap();
    trainer().fit_from(&mut streamed, &flowers()).unwrap();
    assert_eq!(memory.preprocessing(), streamed.preprocessing());
    memory.preprocessing().unwrap().clone()
}

#[test]
fn a_label_of_rows_of_weight_0_is_no_class() {
    let no_weed = |row: &FlowerSample| f32::from(u8::from(row.kind != "weed"));
    let own = learned_of_flowers(|| trainer(1).sample_weight(Flower::kind, no_weed));
    assert_eq!(own.labels_of("kind").unwrap().names(), ["iris", "rose"]);
    // The rows count for the other output, so they teach the inputs.
    assert_eq!(learned(&own, "petal", "standardize", "shift"), [101.0]);
    let own = learned_of_flowers(|| {
        trainer(1).sample_weight(Flower::kind, no_weed).sample_weight(Flower::sold, no_weed)
    });
    assert_eq!(learned(&own, "petal", "standardize", "shift"), [1.5]);
    assert_eq!(
        own.learned("garden", "categories").unwrap()["entries"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn rows_of_a_class_of_weight_0_teach_no_input() {
    let both =
        || trainer(1).class_weight(Flower::kind, [(2, 0.0)]).class_weight(Flower::sold, [(1, 0.0)]);
    let own = learned_of_flowers(both);
    assert_eq!(learned(&own, "petal", "standardize", "shift"), [1.5]);
    // The labels themselves say which class a weight is for.
    assert_eq!(own.labels_of("kind").unwrap().names(), ["iris", "rose", "weed"]);
    let one = learned_of_flowers(|| trainer(1).class_weight(Flower::kind, [(2, 0.0)]));
    assert_eq!(learned(&one, "petal", "standardize", "shift"), [101.0]);
}

#[test]
fn rows_that_all_weigh_nothing_are_nothing_to_train_on() {
    let nothing = || trainer(1).sample_weight(Price::price, |_| 0.0);
    let rows = [PriceSample { area: 1.0, price: 2.0 }];
    let error = nothing().fit(&mut price(), &rows).unwrap_err();
    assert!(matches!(error, Error::NoTargets("train on")), "{error}");
    let error = nothing().fit_from(&mut price(), &rows.to_vec()).unwrap_err();
    assert!(matches!(error, Error::NoTargets("train on")), "{error}");
}

#[test]
fn a_number_that_is_none_is_an_error_whatever_it_weighs() {
    let rows = [PriceSample { area: 1.0, price: f32::NAN }];
    let trainer = || trainer(1).sample_weight(Price::price, |_| 0.0);
    let expected =
        "row 0, field `price`: expected a finite number (where some rows do not know it, \
                    make the target an `Option`), found NaN";
    assert_eq!(trainer().fit(&mut price(), &rows).unwrap_err().to_string(), expected);
    let error = trainer().fit_from(&mut price(), &rows.to_vec()).unwrap_err();
    assert_eq!(error.to_string(), expected);
}
