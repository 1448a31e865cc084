//! The whole way: rows from a file, training, evaluation, saving, loading, predicting.

use crate::support::parameters;
use multi_input::{prelude::*, Error};

const DISTRICTS: usize = 5;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    #[input(standardize, columns("rooms", "age", "area"))]
    #[branch(Dense(8, relu), Dropout(0.1))]
    measurements: [f32; 3],

    #[input]
    #[branch(Embedding(DISTRICTS, 4), Flatten)]
    district: u32,

    #[input(standardize, missing = mean)]
    #[serde(rename = "tax")]
    rate: Option<f32>,

    #[input(missing = learned, columns("x", "y"))]
    #[branch(Dense(3, tanh), BatchNorm)]
    place: Option<[f32; 2]>,

    #[merge(concat(measurements, district, rate, place, present(place)))]
    #[branch(Dense(12, relu, l2 = 1e-4))]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, r2), standardize)]
    price: f32,

    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy), weight = 0.5)]
    kind: Class<3>,

    #[from(joined)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, metrics(accuracy), weight = 0.5)]
    sold: bool,
}

/// Another model of the same inputs.
#[multi_input_model]
pub struct Cottage {
    #[input(standardize, columns("rooms", "age", "area"))]
    #[branch(Dense(9, relu))]
    measurements: [f32; 3],
    #[from(measurements)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn csv(rows: usize) -> String {
    let mut text = String::from("rooms,age,area,district,tax,x,y,price,kind,sold,remark\n");
    for i in 0..rows {
        let wave = |k: f64| (i as f64 * k).sin();
        let (rooms, age, area) =
            (3.0 + 2.0 * wave(0.7), 50.0 + 30.0 * wave(1.3), 90.0 + 20.0 * wave(0.3));
        let district = i % DISTRICTS;
        let tax = if i % 3 == 0 { String::new() } else { format!("{:.3}", 0.1 + 0.02 * wave(0.9)) };
        let place =
            if i % 4 == 0 { ",".to_owned() } else { format!("{:.3},{:.3}", wave(0.2), wave(0.4)) };
        let price = 1000.0 * rooms - 10.0 * age + 20.0 * area + 500.0 * district as f64;
        let kind = if price < 5000.0 {
            0
        } else if price < 6500.0 {
            1
        } else {
            2
        };
        let sold = age < 50.0;
        text += &format!("{rooms:.4},{age:.3},{area:.3},{district},{tax},{place},{price:.2},{kind},{sold},none\n");
    }
    text
}

fn rows(count: usize) -> Vec<HouseSample> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    std::fs::write(&path, csv(count)).unwrap();
    read_csv(&path).unwrap()
}

fn trained(rows: &[HouseSample], epochs: usize) -> (Model<House>, multi_input::history::History) {
    let mut model = House::build(&Cpu::default(), Seed(7));
    let history = Trainer::new(Adam::new(5e-3))
        .epochs(epochs)
        .batch_size(16)
        .validation_split(0.2)
        .seed(Seed(7))
        .fit(&mut model, rows)
        .unwrap();
    (model, history)
}

fn inputs(rows: &[HouseSample]) -> Vec<HouseInputs> {
    rows.iter().cloned().map(HouseInputs::from).collect()
}

#[test]
fn a_csv_row_is_a_sample() {
    let rows = rows(8);
    assert_eq!(rows[0].place, None);
    assert_eq!(rows[0].rate, None);
    assert_eq!(rows[1].district, 1);
    assert_eq!(rows[1].place.map(|p| p.len()), Some(2));
    assert!(rows[1].rate.is_some());
    assert_eq!(rows[1].measurements.len(), 3);
}

#[test]
fn a_model_learns_what_its_rows_say() {
    let rows = rows(240);
    let (model, history) = trained(&rows, 60);
    let losses = history.curve("loss");
    assert!(losses[losses.len() - 1] < 0.3 * losses[0], "{losses:?}");
    for name in ["val_loss", "price_loss", "val_price_mae", "kind_accuracy", "val_sold_accuracy"] {
        assert_eq!(history.curve(name).len(), 60, "{name} is in the history");
    }
    let evaluation = model.evaluate(&rows).unwrap();
    assert!(evaluation.get("price_r2").unwrap() > 0.9, "{evaluation}");
    assert!(evaluation.get("kind_accuracy").unwrap() > 0.8, "{evaluation}");
    assert!(evaluation.get("sold_accuracy").unwrap() > 0.8, "{evaluation}");

    // Predictions come back in the user's unit, and probabilities as such.
    let predicted = model.predict(&inputs(&rows)).unwrap();
    let error =
        predicted.iter().zip(&rows).map(|(p, row)| (p.price - row.price).abs()).sum::<f32>();
    assert!(error / (rows.len() as f32) < 500.0);
    for row in &predicted {
        assert!((0.0..=1.0).contains(&row.sold));
        let sum: f32 = row.kind.as_array().iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
    }
}

#[test]
fn a_saved_model_predicts_the_same_bits() {
    let rows = rows(60);
    let (model, _) = trained(&rows, 3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<House>::load(&path, &Cpu::default()).unwrap();
    let (before, after) = (model.predict(&inputs(&rows)), loaded.predict(&inputs(&rows)));
    assert_eq!(before.unwrap(), after.unwrap());
}

#[test]
fn another_models_file_is_refused_by_the_first_node_that_differs() {
    let (model, _) = trained(&rows(60), 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    model.save(&path).unwrap();
    let mut other = Cottage::build(&Cpu::default(), Seed(1));
    let before = parameters(other.module());
    let error = other.load_weights(&path).unwrap_err().to_string();
    assert!(error.contains("measurements") || error.contains("input"), "{error}");
    assert_eq!(before, parameters(other.module()), "the model is as it was");
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    let rows = rows(60);
    let weights = || parameters(trained(&rows, 2).0.module());
    assert_eq!(weights(), weights());
    let mut other = House::build(&Cpu::default(), Seed(8));
    Trainer::new(Adam::new(5e-3)).epochs(2).seed(Seed(8)).fit(&mut other, &rows).unwrap();
    assert_ne!(weights(), parameters(other.module()));
}

#[test]
fn a_category_beyond_its_embedding_is_named_by_row_and_field() {
    let mut rows = rows(20);
    rows[11].district = 5;
    let mut model = House::build(&Cpu::default(), Seed(7));
    let error = Trainer::new(Adam::new(1e-3)).fit(&mut model, &rows).unwrap_err().to_string();
    assert!(error.contains("district") && error.contains("11") && error.contains('5'), "{error}");
}

#[test]
fn a_number_that_is_none_is_named_by_row_and_field() {
    let mut rows = rows(20);
    rows[3].measurements[1] = f32::NAN;
    let mut model = House::build(&Cpu::default(), Seed(7));
    let error = Trainer::new(Adam::new(1e-3)).fit(&mut model, &rows).unwrap_err().to_string();
    assert!(error.contains("measurements") && error.contains('3'), "{error}");
}

#[test]
fn raw_rows_need_fitted_preprocessing() {
    let model = House::build(&Cpu::default(), Seed(7));
    let error = model.predict(&inputs(&rows(4))).unwrap_err();
    assert!(matches!(error, Error::Unfitted { .. }), "{error}");
}

#[test]
fn a_wrong_cell_is_named_by_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    let text = csv(6).replacen(",2,", ",two,", 1);
    std::fs::write(&path, text).unwrap();
    let error = read_csv::<HouseSample>(&path).unwrap_err().to_string();
    for part in ["houses.csv", "district", "two"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn sample_weights_and_class_weights_change_what_is_learned() {
    let rows = rows(60);
    let fit = |trainer: Trainer<House, Adam>| {
        let mut model = House::build(&Cpu::default(), Seed(7));
        trainer.seed(Seed(7)).epochs(2).fit(&mut model, &rows).unwrap();
        parameters(model.module())
    };
    let plain = fit(Trainer::new(Adam::new(1e-3)));
    let by_row = |row: &HouseSample| if row.sold { 3.0 } else { 1.0 };
    assert_ne!(plain, fit(Trainer::new(Adam::new(1e-3)).sample_weight(House::price, by_row)));
    assert_ne!(plain, fit(Trainer::new(Adam::new(1e-3)).class_weight(House::kind, [(0, 4.0)])));
    let ones = |_: &HouseSample| 1.0;
    assert_eq!(plain, fit(Trainer::new(Adam::new(1e-3)).sample_weight(House::price, ones)));
}

#[multi_input_model]
pub struct HalfFrozen {
    #[input]
    #[branch(Dense(4, tanh), frozen)]
    numbers: [f32; 2],
    #[from(numbers)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    sum: f32,
}

#[test]
fn a_frozen_branch_keeps_its_weights() {
    let rows: Vec<HalfFrozenSample> = (0..40)
        .map(|i| {
            let numbers = [(i as f32).sin(), (i as f32).cos()];
            HalfFrozenSample { numbers, sum: numbers[0] + numbers[1] }
        })
        .collect();
    let mut model = HalfFrozen::build(&Cpu::default(), Seed(1));
    let before = crate::support::frozen(model.module());
    let trained = parameters(model.module());
    Trainer::new(Sgd::new(0.1)).epochs(3).fit(&mut model, &rows).unwrap();
    assert_eq!(before, crate::support::frozen(model.module()));
    assert_ne!(trained, parameters(model.module()));
    assert_eq!(model.num_parameters(), 5);
}

#[test]
fn the_summary_is_the_graph() {
    let text = House::summary().to_string();
    for part in ["measurements", "Dense(12, relu, l2 = 1e-4)", "Embedding(DISTRICTS, 4)"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(House::GRAPH.nodes.len(), 8);
    assert_eq!(House::GRAPH.inputs[1].name, "district");
}

/// The categories pass through two nodes without a branch before they are looked up.
#[multi_input_model]
pub struct Rating {
    #[input]
    #[branch(Embedding(10, 2))]
    user: u32,
    #[input]
    film: u32,
    #[from(film)]
    seen: _,
    #[from(seen)]
    #[branch(Embedding(3, 2))]
    taste: [f32; 2],
    #[merge(dot(user, taste))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn a_model_of_categories_alone_trains_and_names_one_that_is_too_large() {
    let row = |user, film| RatingSample { user, film, stars: 1.0 };
    let mut model = Rating::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(0.1)).epochs(2).fit(&mut model, &[row(9, 2), row(0, 0)]).unwrap();
    let error = model.evaluate(&[row(0, 3)]).unwrap_err().to_string();
    assert!(error.contains("`film`") && error.contains("below 3"), "{error}");
}

#[multi_input_model]
pub struct FrozenPenalty {
    #[input]
    #[branch(Dense(4, l1 = 0.5, l2 = 0.5), frozen)]
    numbers: [f32; 2],
    #[from(numbers)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    sum: f32,
}

/// Keras sums the penalties of trainable weights only.
#[test]
fn a_frozen_branch_has_no_penalty() {
    let model = FrozenPenalty::build(&Cpu::default(), Seed(1));
    let rows = [FrozenPenaltySample { numbers: [0.0; 2], sum: 0.0 }];
    assert_eq!(model.evaluate(&rows).unwrap().loss(), 0.0);
}

mod respelled {
    //! The same model with other settings of training, and arguments by name.
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct Cottage {
        #[input(standardize, columns("rooms", "age", "area"))]
        #[branch(Dense(activation = relu, units = 9, l2 = 1e-3), Dropout(0.2))]
        measurements: [f32; 3],
        #[from(measurements)]
        #[branch(Dense(1))]
        #[output(loss = mae)]
        price: f32,
    }
}

/// `Cottage` with a dropout of another rate.
#[multi_input_model]
pub struct Hut {
    #[input(standardize, columns("rooms", "age", "area"))]
    #[branch(Dense(9, relu), Dropout(0.5))]
    measurements: [f32; 3],
    #[from(measurements)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn weights_load_whatever_the_spelling_and_the_settings_of_training() {
    let rows: Vec<HutSample> = (0..20)
        .map(|i| HutSample { measurements: [i as f32, 1.0, (i as f32).sin()], price: i as f32 })
        .collect();
    let mut model = Hut::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-3)).fit(&mut model, &rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hut.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<respelled::Cottage>::load(&path, &Cpu::default()).unwrap();
    let measurements = rows[3].measurements;
    let before = model.predict(&[HutInputs { measurements }]).unwrap()[0].price;
    let after = loaded.predict(&[respelled::CottageInputs { measurements }]).unwrap()[0].price;
    assert_eq!(before, after);
}

/// The same model with numbers from constants of the same name, or spelled out.
macro_rules! normalised {
    ($module:ident, $constant:expr, $epsilon:expr) => {
        mod $module {
            use multi_input::prelude::*;
            pub const EPSILON: f64 = $constant;
            #[multi_input_model]
            pub struct Normalised {
                #[input]
                #[branch(BatchNorm(epsilon = $epsilon))]
                x: [f32; 2],
                #[from(x)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                y: f32,
            }
        }
    };
}

normalised!(by_constant, 0.01, EPSILON);
normalised!(by_number, 0.0, 0.01);
normalised!(by_another_constant, 0.02, EPSILON);

#[test]
fn numbers_of_layers_count_by_value_and_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("normalised.safetensors");
    let device = Cpu::default();
    Model::<by_constant::Normalised>::build(&device, Seed(1)).save(&path).unwrap();
    assert!(Model::<by_number::Normalised>::load(&path, &device).is_ok());
    let error = Model::<by_another_constant::Normalised>::load(&path, &device).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("epsilon = 0.02") && error.contains("epsilon = 0.01"), "{error}");
    assert_eq!(by_number::EPSILON, 0.0);
}
