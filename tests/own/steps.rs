//! Steps of a user's own.

use multi_input::{
    data::{from_fn, Values},
    definition::{Definition, Shape, Step, Text},
    importance::Importance,
    prelude::*,
    preprocess::stage::{LearnedStep, Refusal},
};

use crate::trip::{fitted, inputs, minutes, rows, trained, trainer, Trip, TripSample};

/// The encoded column of a node for some rows.
fn column(rows: &[TripSample], name: &str) -> Values {
    let (fitted, table) = fitted(rows);
    let all: Vec<usize> = (0..rows.len()).collect();
    let encoded = fitted.encode(&table, &all, 0).unwrap();
    let column = encoded.columns.iter().find(|column| column.name == name).unwrap();
    (*column.values).clone()
}

fn numbers(values: Values) -> Vec<f32> {
    let Values::Numbers(numbers) = values else { panic!("{values:?}") };
    numbers
}

#[test]
fn values_are_what_the_steps_compute() {
    let mut rows = rows(40);
    rows[0].hour = 2.0;
    assert_eq!(numbers(column(&rows, "hour"))[..3], [2.0, 4.0, 8.0]);
    assert_eq!(column(&rows, "change").len(), 40);
    let Values::Categories(signs) = column(&rows, "change") else { panic!() };
    assert_eq!(signs[..4], [0, 1, 2, 0]);
    // `North` and `north` are one word: 2 is the most frequent, and 3 and 4 follow.
    let Values::Categories(districts) = column(&rows, "district") else { panic!() };
    assert_eq!((districts[0], districts[2]), (2, 2));
    // The share 0.1 of 40 rows is cut off at either end.
    let weather = numbers(column(&rows, "weather"));
    let first: Vec<f32> = weather.chunks(2).map(|row| row[0]).collect();
    let most = first.iter().copied().fold(f32::MIN, f32::max);
    assert!(first.iter().filter(|number| **number == most).count() >= 5, "{first:?}");
    let note = numbers(column(&rows, "note"));
    assert!(note[0] < note[6] && note.iter().sum::<f32>().abs() < 1e-4);
}

#[test]
fn a_target_comes_back_from_a_step_of_ones_own() {
    let rows = rows(60);
    let model = trained(200, &rows);
    let history = model.evaluate(&rows).unwrap();
    assert!(history.to_string().contains("mae"), "{history}");
    let predicted = model.predict(&inputs(rows.clone())).unwrap();
    let wrong = predicted.iter().zip(&rows).map(|(p, row)| (p.minutes - row.minutes).abs());
    let mean = wrong.sum::<f32>() / 60.0;
    assert!(mean < 1.0, "minutes, not their logarithms: {mean}");
}

#[test]
fn what_a_step_has_learned_is_saved_with_the_model() {
    let rows = rows(50);
    let model = trained(2, &rows);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trip.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Trip>::load(&path, &Cpu::default()).unwrap();
    let inputs = inputs(rows);
    assert_eq!(minutes(&model, &inputs), minutes(&loaded, &inputs));
    let learned =
        |model: &Model<Trip>| model.preprocessing().unwrap().learned("weather", "Winsorize");
    assert_eq!(learned(&model).unwrap().as_array().unwrap().len(), 2);
    assert_eq!(learned(&loaded), learned(&model));
    let learned = loaded.preprocessing().unwrap().learned("distance", "standardize").unwrap();
    assert_eq!(learned["shift"].as_array().unwrap().len(), 1);
}

#[test]
fn a_run_that_is_resumed_ends_with_the_same_bits() {
    let rows = rows(50);
    let folder = tempfile::tempdir().unwrap();
    for epochs in [2, 4] {
        let mut model = Trip::build(&Cpu::default(), Seed(3));
        let trainer = trainer(epochs).resume(folder.path());
        let trainer = trainer.callback(Checkpoint::in_folder(folder.path()));
        trainer.fit(&mut model, &rows).unwrap();
        let whole = trained(epochs, &rows);
        let inputs = inputs(rows.clone());
        assert_eq!(minutes(&model, &inputs), minutes(&whole, &inputs), "{epochs} epochs");
    }
}

#[test]
fn a_stream_of_rows_is_fitted_as_rows_in_memory_are() {
    let rows = rows(50);
    let mut streamed = Trip::build(&Cpu::default(), Seed(3));
    trainer(2).fit_from(&mut streamed, &from_fn(|| rows.clone())).unwrap();
    let model = trained(2, &rows);
    assert_eq!(streamed.preprocessing(), model.preprocessing());
    assert!(streamed.evaluate(&rows).unwrap().loss().is_finite());
}

#[test]
fn a_row_that_a_step_refuses_is_named() {
    let mut rows = rows(20);
    rows[7].minutes = -3.0;
    let mut model = Trip::build(&Cpu::default(), Seed(3));
    let error = trainer(1).fit(&mut model, &rows).unwrap_err().to_string();
    assert_eq!(error, "row 7, field `minutes`: expected a number above -1, found -3");
}

#[test]
fn reports_speak_of_it() {
    let rows = rows(50);
    let model = trained(2, &rows);
    let summary = Trip::summary().to_string();
    for text in [
        "my::Gated(hour, traffic, sharpness = 0.5)",
        "my::Outer(weather, district)",
        "my::Distance(from, to, scale = 2.0)",
        "(cars + 1) / ln(weather + 200.0)",
    ] {
        assert!(summary.contains(text), "{text} in\n{summary}");
    }
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("trip.svg");
    Trip::diagram(&picture).unwrap();
    assert!(std::fs::read_to_string(&picture).unwrap().contains("my::Gated"));
    let importance = Importance::by_permutation(&model, &rows, 2, Seed(1)).unwrap();
    assert!(importance.to_string().contains("hour"), "{importance}");
    let page = folder.path().join("trip.html");
    Report::new(&model).write(&page).unwrap();
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("my::Distance"), "the graph of the model");
}

#[test]
fn steps_are_described_by_their_values() {
    let input = |name: &str| {
        let input = Trip::GRAPH.inputs.iter().find(|input| input.name == name).unwrap();
        format!("{:?}", input.steps)
    };
    assert_eq!(input("weather"), "[standardize, Winsorize(0.1)]");
    assert_eq!(input("hour"), "[Polynomial(3)]");
    let derived = |index: usize| format!("{:?}", Trip::GRAPH.derived[index]);
    assert_eq!(derived(0), "Distance { scale: 2.0 } of (6, 7), [standardize]");
    assert_eq!(derived(1), "((#0 + 1) / ln((#1 + 200))) of (8, 0), [Winsorize(0.0)]");
    assert_eq!(derived(2), "TextSize of (2)");
}

/// A step that does not do what it says.
mod broken {
    use multi_input::{
        data::Values,
        definition::{Shape, Step, Text},
        prelude::*,
        preprocess::stage::{FixedStep, Refusal},
    };

    #[derive(Debug)]
    pub struct Broken;

    impl Broken {
        pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
            input.of_numbers()
        }
    }

    impl FixedStep for Broken {
        fn apply(&self, _: &Step, _: Values) -> Result<Values, Refusal> {
            Ok(Values::Numbers(vec![1.0]))
        }
    }

    #[multi_input_model]
    #[derive(Debug)]
    pub struct Model {
        #[input(self::Broken)]
        x: [f32; 2],
        #[from(x)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
}

#[test]
fn a_step_that_gives_another_shape_is_an_error() {
    let model = broken::Model::build(&Cpu::default(), Seed(1));
    let error = model.predict(&[broken::ModelInputs { x: [1.0, 2.0] }]).unwrap_err().to_string();
    let said = "row 0, field `x`: expected [2] of each row from `Broken`, found 1 values of 1 rows";
    assert_eq!(error, said);
}

mod other_settings {
    use crate::my;
    use multi_input::prelude::*;

    macro_rules! model {
        ($name:ident, $share:expr, $sharpness:expr) => {
            #[multi_input_model]
            pub struct $name {
                #[input(my::Winsorize($share), my::Jitter(0.5))]
                a: [f32; 2],
                #[input]
                b: [f32; 2],
                #[merge(my::Gated(a, b, sharpness = $sharpness))]
                #[branch(Dense(1))]
                #[output(loss = mse, my::Centre)]
                y: f32,
            }
        };
    }

    model!(First, 0.1, 1.0);
    model!(Same, 0.1, 1.0);
    model!(OtherStep, 0.2, 1.0);
    model!(OtherMerge, 0.1, 2.0);
}

#[test]
fn another_setting_is_another_model() {
    use other_settings::*;
    let row = |x: f32| FirstSample { a: [x, 1.0 - x], b: [x, 2.0], y: 100.0 + x };
    let rows: Vec<FirstSample> = (0..8).map(|x| row(x as f32)).collect();
    let mut model = First::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-9)).epochs(1).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let mean = model.preprocessing().unwrap().learned("y", "Centre").unwrap();
    assert_eq!(mean, 103.5);
    let path = tempfile::tempdir().unwrap().keep().join("first.safetensors");
    model.save(&path).unwrap();
    let device = Cpu::default();
    Model::<Same>::load(&path, &device).unwrap();
    let refused = Model::<OtherStep>::load(&path, &device).err().unwrap().to_string();
    assert!(refused.contains("Winsorize(0.2)") && refused.contains("Winsorize(0.1)"), "{refused}");
    let refused = Model::<OtherMerge>::load(&path, &device).err().unwrap().to_string();
    assert!(refused.contains("sharpness: 2.0") && refused.contains("sharpness: 1.0"), "{refused}");
    std::fs::remove_file(path).unwrap();
}

/// What JSON cannot hold.
#[derive(Debug)]
struct Ratio;

impl Ratio {
    const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl LearnedStep for Ratio {
    type State = f64;
    type Fitted = f64;

    fn start(&self, _: &Step) -> f64 {
        0.0
    }

    fn update(&self, sum: &mut f64, _: &Step, values: &Values) {
        values.each_number(|_, number| *sum += number);
    }

    fn learn(&self, sum: f64, _: &Step) -> f64 {
        1.0 / sum
    }

    fn apply(&self, ratio: &f64, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values.map_numbers(|_, number| number * ratio))
    }
}

#[test]
fn what_cannot_be_read_back_from_a_file_is_not_learned() {
    #[multi_input_model]
    #[derive(Clone)]
    struct Share {
        #[input(Ratio)]
        x: f32,
        #[from(x)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let mut model = Share::build(&Cpu::default(), Seed(1));
    let rows = |x: f32| [ShareSample { x, y: 1.0 }, ShareSample { x: -1.0, y: 2.0 }];
    let trainer = || Trainer::new(Adam::new(0.1)).progress(Progress::silent());
    let error = trainer().fit(&mut model, &rows(1.0)).unwrap_err().to_string();
    assert!(error.contains("what it has learned cannot be read back from a file"), "{error}");
    assert!(model.preprocessing().is_none());
    let _ = trainer().fit(&mut model, &rows(2.0)).unwrap();
}
