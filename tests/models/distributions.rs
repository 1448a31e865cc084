//! Outputs that predict a distribution: quantiles, a normal distribution, counts, grades.

use std::fs;

use dfdx::tensor::Cpu;
use multi_input::{prelude::*, Counts, Normal, Quantiles};

#[multi_input_model]
#[derive(Clone)]
pub struct Uncertain {
    #[input(standardize)]
    x: f32,
    #[from(x)]
    #[branch(Dense(16, tanh))]
    hidden: [f32; 16],
    #[from(hidden)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.5, 0.9), metrics(mae), standardize)]
    price: f32,
    #[from(hidden)]
    #[branch(Dense(4), Reshape(2, 2))]
    #[output(loss = quantile(0.25, 0.75), log1p)]
    pair: [f64; 2],
    #[from(hidden)]
    #[branch(Dense(2))]
    #[output(loss = gaussian, metrics(rmse), standardize)]
    weight: Option<f32>,
    #[from(hidden)]
    #[branch(Dense(2))]
    #[output(loss = negative_binomial, metrics(mae))]
    visits: f32,
    #[from(hidden)]
    #[branch(Dense(3))]
    #[output(loss = ordinal, metrics(accuracy, auc))]
    grade: Class<4>,
}

/// Noise in (-1, 1), of which a tenth is below -0.8.
fn noise(row: usize) -> f64 {
    (row * 7919 % 1000) as f64 / 500.0 - 0.999
}

fn samples() -> Vec<UncertainSample> {
    let row = |row: usize| {
        let x = (row % 40) as f32 / 10.0;
        let price = 1000.0 + 50.0 * x + 200.0 * noise(row) as f32;
        UncertainSample {
            x,
            price,
            pair: [10.0 + noise(row + 3), 1000.0 + 400.0 * noise(row + 11)],
            weight: (!row.is_multiple_of(9)).then_some(30.0 + x + 12.0 * noise(row + 5) as f32),
            visits: (3.0 + f64::from(x) + 3.0 * noise(row)).floor() as f32,
            grade: Class::new((f64::from(x) + 0.8 * noise(row)).clamp(0.0, 3.0) as usize).unwrap(),
        }
    };
    (0..1000).map(row).collect()
}

fn trained(samples: &[UncertainSample]) -> Model<Uncertain, f64> {
    let mut model = Model::<Uncertain, f64>::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(40).batch_size(50).seed(Seed(2));
    trainer.fit(&mut model, samples).unwrap();
    model
}

#[test]
fn predictions_are_typed_and_in_the_users_unit() {
    let samples = samples();
    let model = trained(&samples);
    let inputs: Vec<UncertainInputs> = samples.iter().cloned().map(Into::into).collect();
    let predicted = model.predict(&inputs).unwrap();
    let share = |holds: &dyn Fn(&UncertainOutputs, &UncertainSample) -> bool| {
        let count = predicted.iter().zip(&samples).filter(|(p, s)| holds(p, s)).count();
        count as f64 / samples.len() as f64
    };
    let low: Quantiles<f32, 3> = predicted[0].price;
    assert!(low.quantile::<0>() < low.quantile::<2>());
    for (level, expected) in [(0, 0.1), (1, 0.5), (2, 0.9)] {
        let below = share(&|p, s| s.price < p.price.as_array()[level]);
        assert!((below - expected).abs() < 0.06, "{level}: {below}");
    }
    let inside =
        share(&|p, s| (p.pair[1].quantile::<0>()..p.pair[1].quantile::<1>()).contains(&s.pair[1]));
    assert!((inside - 0.5).abs() < 0.1, "{inside}");

    // Uniform noise of 12 has the standard deviation 12 / sqrt(3) = 6.9.
    let Normal { mean, std } = predicted[20].weight;
    assert!((mean - 32.0).abs() < 2.5 && (std - 6.9).abs() < 1.0, "{mean} {std}");
    let Counts { mean, dispersion } = predicted[20].visits;
    assert!((mean - 4.5).abs() < 0.7 && dispersion > 0.0, "{mean} {dispersion}");
    let grades: f32 = predicted[20].grade.as_array().iter().sum();
    assert!((grades - 1.0).abs() < 1e-6);

    let evaluation = model.evaluate(&samples).unwrap();
    // Metrics compare the median and the mean.
    let figure = |name: &str| evaluation.get(name).unwrap();
    assert!((figure("price_mae") - 100.0).abs() < 12.0, "{}", figure("price_mae"));
    assert!((figure("weight_rmse") - 6.9).abs() < 0.6, "{}", figure("weight_rmse"));
    assert!(figure("grade_accuracy") > 0.6 && figure("grade_auc") > 0.8);
}

#[test]
fn a_saved_model_predicts_the_same_and_other_levels_are_another_model() {
    let samples = samples();
    let model = trained(&samples[..100]);
    let path = std::env::temp_dir().join(format!("uncertain-{}", std::process::id()));
    model.save(&path).unwrap();
    let loaded = Model::<Uncertain, f64>::load(&path, &Cpu::default()).unwrap();
    let inputs: Vec<UncertainInputs> = samples[..9].iter().cloned().map(Into::into).collect();
    let (first, second) = (model.predict(&inputs).unwrap(), loaded.predict(&inputs).unwrap());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!((first.price, first.weight), (second.price, second.weight));
        assert_eq!((first.visits, first.pair), (second.visits, second.pair));
    }
    let error = Model::<other::Uncertain, f64>::load(&path, &Cpu::default()).err().unwrap();
    let error = error.to_string();
    assert!(error.contains("price") && error.contains("0.05"), "{error}");
    fs::remove_file(path).unwrap();
}

mod other {
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct Uncertain {
        #[input(standardize)]
        x: f32,
        #[from(x)]
        #[branch(Dense(16, tanh))]
        hidden: [f32; 16],
        #[from(hidden)]
        #[branch(Dense(3))]
        #[output(loss = quantile(0.05, 0.5, 0.95), metrics(mae), standardize)]
        price: f32,
        #[from(hidden)]
        #[branch(Dense(4), Reshape(2, 2))]
        #[output(loss = quantile(0.25, 0.75), log1p)]
        pair: [f64; 2],
        #[from(hidden)]
        #[branch(Dense(2))]
        #[output(loss = gaussian, metrics(rmse), standardize)]
        weight: Option<f32>,
        #[from(hidden)]
        #[branch(Dense(2))]
        #[output(loss = negative_binomial, metrics(mae))]
        visits: f32,
        #[from(hidden)]
        #[branch(Dense(3))]
        #[output(loss = ordinal, metrics(accuracy, auc))]
        grade: Class<4>,
    }
}

/// The proportional odds model.
#[multi_input_model]
pub struct Ordered {
    #[input]
    x: f64,
    #[from(x)]
    #[branch(Dense(1, bias = false), Thresholds(3))]
    #[output(loss = ordinal)]
    grade: Class<4>,
}

#[test]
fn thresholds_are_those_of_statsmodels() {
    let fixture = crate::support::fixture::Fixture::read("distributions");
    let (x, classes) = (fixture.f64s("ordered.x"), fixture.f64s("ordered.class"));
    let rows = x.iter().zip(&classes);
    let samples: Vec<OrderedSample> = rows
        .map(|(&x, &class)| OrderedSample { x, grade: Class::new(class as usize).unwrap() })
        .collect();
    let mut model = Model::<Ordered, f64>::build(&Cpu::default(), Seed(0));
    for rate in [0.05, 0.005, 0.0005] {
        let trainer = Trainer::new(Adam::new(rate)).epochs(400).batch_size(200).seed(Seed(1));
        trainer.fit(&mut model, &samples).unwrap();
    }
    let found = crate::support::parameters(model.module_mut());
    let (weight, thresholds) = (&found[0].1, &found[1].1);
    let softplus = |x: f64| x.exp().ln_1p();
    let mut ascending = vec![thresholds[0]];
    for threshold in &thresholds[1..] {
        ascending.push(ascending[ascending.len() - 1] + softplus(*threshold));
    }
    let expected = fixture.f64s("ordered.thresholds");
    for (found, expected) in ascending.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4, "{ascending:?} {expected:?}");
    }
    assert!((weight[0] - fixture.f64s("ordered.coefficient")[0]).abs() < 1e-4, "{weight:?}");
    let loss = model.evaluate(&samples).unwrap().loss();
    assert!((loss - fixture.f64s("ordered.loss")[0]).abs() < 1e-8, "{loss}");
}

#[multi_input_model]
pub struct Turned {
    #[input]
    x: f32,
    #[from(x)]
    #[branch(Dense(2))]
    #[output(loss = quantile(0.1, 0.9), rescale(-0.5))]
    y: f32,
}

#[test]
fn a_step_that_turns_levels_around_is_refused() {
    let mut model = Turned::build(&Cpu::default(), Seed(0));
    let samples = [TurnedSample { x: 1.0, y: 2.0 }, TurnedSample { x: 2.0, y: 1.0 }];
    let error = Trainer::new(Adam::new(1e-2)).fit(&mut model, &samples).unwrap_err().to_string();
    assert!(error.contains("the steps of `y` turn the order of its values around"), "{error}");
}
