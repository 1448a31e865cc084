use std::sync::{
    atomic::{AtomicBool, AtomicUsize, Ordering},
    Arc,
};

use multi_input_base::Error;
use multi_input_data::from_fn;
use multi_input_nn::optim::Optimizer;

use super::models::{houses, inputs, posts, House, HouseInputs, HouseSample, Post, PostInputs};
use crate::{
    callback::{Callback, Event, Flow, Training},
    history::History,
    metric::Mae,
    prelude::*,
    untyped::parameters,
};

fn build() -> Model<House> {
    Model::build(&Cpu::default(), Seed(7))
}

fn trainer<M: crate::definition::Definition>(epochs: usize) -> Trainer<M, Adam> {
    Trainer::new(Adam::new(0.01)).epochs(epochs).seed(Seed(1))
}

#[test]
fn a_model_learns_and_predicts_in_the_users_unit() {
    let rows = houses(110);
    let mut model = build();
    let history = trainer(60).validation_split(0.2).fit(&mut model, &rows).unwrap();
    let names: Vec<String> = history.epochs[0].iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["loss", "mae", "r2", "weighted_mae", "val_loss", "val_mae", "val_r2", "val_weighted_mae"]
    );
    assert_eq!(history.epochs.len(), 60);
    assert!(history.curve("loss")[59] < 0.2 * history.curve("loss")[0]);

    let evaluation = model.evaluate(&rows).unwrap();
    assert!(evaluation.get("r2").unwrap() > 0.95, "{evaluation}");
    let predicted = model.predict(&inputs(&rows)).unwrap();
    let errors = predicted.iter().zip(&rows).map(|(p, row)| f64::from((p.price - row.price).abs()));
    let mae = errors.sum::<f64>() / rows.len() as f64;
    assert!((mae - evaluation.get("mae").unwrap()).abs() < 1e-4);
}

#[test]
fn the_same_seeds_give_the_same_bits() {
    let run = |seed: u64| {
        let mut model = Model::<House>::build(&Cpu::default(), Seed(seed));
        let history = trainer(3).seed(Seed(seed)).fit(&mut model, &houses(70)).unwrap();
        (parameters::read(&model.untyped().module), history)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
    let device = Cpu::default();
    let first = Model::<House>::build(&device, Seed(5));
    let second = Model::<House>::build(&device, Seed(5));
    let read = |model: &Model<House>| parameters::read(&model.untyped().module);
    assert_eq!(read(&first), read(&second));
}

#[test]
fn the_epochs_loss_is_the_mean_over_rows_though_the_last_batch_is_smaller() {
    let rows = houses(50);
    let mut model = build();
    // A rate so small that no weight changes.
    let still = Trainer::new(Sgd::new(1e-300)).batch_size(32);
    let history = still.fit(&mut model, &rows).unwrap();
    let (trained, evaluated) =
        (history.epochs[0].get("loss").unwrap(), model.evaluate(&rows).unwrap().loss());
    assert!((trained - evaluated).abs() < 1e-6 * evaluated, "{trained} {evaluated}");
}

#[test]
fn validation_is_cut_before_shuffling_and_not_seen_by_the_preprocessing() {
    let fitted = |change: f32| {
        let mut rows = houses(11);
        rows[8].measurements[0] += change; // floor(11 * 0.8) = 8 training rows.
        let mut model = build();
        trainer(1).validation_split(0.2).fit(&mut model, &rows).unwrap();
        model.preprocessing().unwrap().clone()
    };
    assert_eq!(fitted(0.0), fitted(1000.0));
}

#[test]
fn validation_rows_of_their_own_give_the_same_figures_as_evaluation() {
    let (rows, apart) = (houses(40), houses(23));
    let mut model = build();
    let history = trainer(2).validation_data(&apart).fit(&mut model, &rows).unwrap();
    let evaluation = model.evaluate(&apart).unwrap();
    for name in ["loss", "mae", "r2"] {
        let validated = history.epochs[1].get(&format!("val_{name}")).unwrap();
        assert!((validated - evaluation.get(name).unwrap()).abs() < 1e-6, "{name}");
    }
}

#[test]
fn early_stopping_ends_with_the_best_weights() {
    let (rows, apart) = (houses(40), houses(23));
    let mut model = build();
    let history = Trainer::new(Adam::new(0.3))
        .epochs(200)
        .validation_data(&apart)
        .callback(EarlyStopping::on(Monitor::val(House::price, Mae)).patience(3).restore_best())
        .fit(&mut model, &rows)
        .unwrap();
    let curve = history.curve("val_mae");
    let best = curve.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(curve.len() < 200 && curve.last() > Some(&best));
    assert!((model.evaluate(&apart).unwrap().get("mae").unwrap() - best).abs() < 1e-4);
}

#[test]
fn rows_of_weight_zero_change_nothing() {
    let train = |outlier: f32| {
        let mut rows = houses(40);
        rows[3].ignore();
        rows[3].price = rows[3].price.max(outlier);
        let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
        // Fitted beforehand, because the outlier changes the mean of the target.
        trainer(1).fit(&mut model, &houses(40)).unwrap();
        trainer(2).sample_weight(House::price, HouseSample::weight).fit(&mut model, &rows).unwrap();
        parameters::read(&model.untyped().module)
    };
    assert_eq!(train(0.0), train(1e6));
}

#[test]
fn class_weights_count_in_training_and_a_class_without_one_counts_once() {
    let train = |weights: Vec<(usize, f64)>| {
        let mut model = Model::<Post>::build(&Cpu::default(), Seed(7));
        let history = trainer(1)
            .shuffle(Shuffle::Never)
            .validation_data(&posts(30))
            .class_weight(Post::topic, weights)
            .fit(&mut model, &posts(30))
            .unwrap();
        history.epochs[0].clone()
    };
    let (plain, ones, double) =
        (train(vec![]), train(vec![(1, 1.0)]), train((0..3).map(|class| (class, 2.0)).collect()));
    assert_eq!(plain, ones);
    let ratio = double.get("loss").unwrap() / plain.get("loss").unwrap();
    assert!((ratio - 2.0).abs() < 1e-6, "{ratio}");
    // Adam is nearly invariant to the scale of a loss, so the unweighted validation loss agrees.
    assert!((double.get("val_loss").unwrap() - plain.get("val_loss").unwrap()).abs() < 1e-3);
}

#[test]
fn a_classification_learns_and_needs_no_fitting_to_predict() {
    let rows = posts(90);
    let mut model = Model::<Post>::build(&Cpu::default(), Seed(7));
    let point = [PostInputs { point: [2.0, 0.0] }];
    assert!(model.predict(&point).is_ok());
    trainer(60).fit(&mut model, &rows).unwrap();
    assert_eq!(model.predict(&point).unwrap()[0].topic.most_likely().index(), 0);
    assert!(model.evaluate(&rows).unwrap().get("accuracy").unwrap() > 0.9);
    let total: f32 = model.predict(&point).unwrap()[0].topic.as_array().iter().sum();
    assert!((total - 1.0).abs() < 1e-6);
}

#[test]
fn every_optimizer_lowers_the_loss() {
    fn run(optimizer: impl Optimizer) {
        let mut model = build();
        let trainer = Trainer::new(optimizer).epochs(20);
        let curve = trainer.fit(&mut model, &houses(64)).unwrap().curve("loss");
        assert!(curve[19] < 0.7 * curve[0], "{curve:?}");
    }
    run(AdamW::new(0.01));
    run(Sgd::new(0.05));
    run(Sgd::new(0.01).nesterov(0.9));
    run(RmsProp::new(0.01));
}

#[test]
fn every_mistake_in_the_settings_is_reported_at_once() {
    let error = Trainer::new(Adam::new(-1.0))
        .epochs(0)
        .batch_size(0)
        .validation_split(1.5)
        .sample_weight(House::price, |_| f32::NAN)
        .fit(&mut build(), &houses(5))
        .unwrap_err();
    let Error::Settings(mistakes) = &error else { panic!("{error}") };
    assert_eq!(mistakes.len(), 5, "{error}");

    let error = trainer(1)
        .callback(EarlyStopping::on(Monitor::val(House::price, Mae)))
        .callback(ReduceOnPlateau::on(Monitor::loss()).factor(2.0))
        .accumulate(0)
        .clip(Clip::Norm(-1.0))
        .moving_average(MovingAverage::new(2.0))
        .initial_epoch(3)
        .validation_frequency(0)
        .steps_per_epoch(0)
        .fit(&mut build(), &houses(5))
        .unwrap_err()
        .to_string();
    assert_eq!(error.lines().count(), 9, "{error}");
    assert!(error.contains("there are no validation rows"), "{error}");
}

#[test]
fn rows_that_cannot_be_used_are_typed_errors() {
    let mut model = build();
    let error = model.predict(&inputs(&houses(2))).unwrap_err();
    assert!(matches!(error, Error::Unfitted { model: "House", .. }), "{error}");
    assert!(matches!(trainer(1).fit(&mut model, &[]), Err(Error::NoRows("train on"))));
    trainer(1).fit(&mut model, &houses(8)).unwrap();
    let bad = HouseInputs { measurements: [1.0, f32::INFINITY, 1.0], age: None };
    let error = model.predict(&[bad]).unwrap_err().to_string();
    assert_eq!(error, "row 0, field `measurements`: expected a finite number, found inf");
}

#[test]
fn a_loss_that_is_not_finite_stops_with_epoch_step_and_output() {
    let error = Trainer::new(Sgd::new(1e30))
        .epochs(5)
        .batch_size(8)
        .fit(&mut build(), &houses(16))
        .unwrap_err();
    assert!(matches!(error, Error::NotFinite { output: "price", .. }), "{error}");
}

#[test]
fn the_summary_counts_and_names_everything() {
    let model = build();
    assert_eq!(model.num_parameters(), 57);
    let summary = model.summary().to_string();
    assert!(summary.contains("Dense(8, relu)") && summary.contains("trainable parameters: 57"));
}

#[test]
fn the_gradients_of_a_step_equal_central_differences_of_the_evaluated_loss() {
    let rows = houses(12);
    let mut model = Model::<House, f64>::build(&Cpu::default(), Seed(7));
    Trainer::new(Sgd::new(1e-300)).fit(&mut model, &rows).unwrap();
    let weights = |model: &Model<House, f64>| -> Vec<Vec<f64>> {
        parameters::read(&model.untyped().module).into_iter().map(|p| p.values).collect()
    };
    // Away from zero, where the biases start and an imputed mean would be at the kink of a relu.
    let mut before = weights(&model);
    before.iter_mut().flatten().for_each(|weight| *weight += 0.03);
    let loss_at = |model: &mut Model<House, f64>, tensor: usize, element: usize, by: f64| {
        let mut shifted = before.clone();
        shifted[tensor][element] += by;
        parameters::write(&mut model.untyped_mut().module, &shifted).unwrap();
        model.evaluate(&rows).unwrap().loss()
    };
    let mut grads = before.clone();
    for (tensor, grads) in grads.iter_mut().enumerate() {
        for (element, grad) in grads.iter_mut().enumerate() {
            let up = loss_at(&mut model, tensor, element, 1e-6);
            *grad = (up - loss_at(&mut model, tensor, element, -1e-6)) / 2e-6;
        }
    }
    parameters::write(&mut model.untyped_mut().module, &before).unwrap();
    // One SGD step at rate 1 subtracts the gradient.
    Trainer::new(Sgd::new(1.0)).fit(&mut model, &rows).unwrap();
    let stepped = weights(&model);
    for ((before, grads), after) in
        before.iter().flatten().zip(grads.iter().flatten()).zip(stepped.iter().flatten())
    {
        assert!((before - after - grads).abs() < 1e-7, "{} {grads}", before - after);
    }
}

/// Records that training has ended.
struct Ended(Arc<AtomicBool>);

impl Callback<House> for Ended {
    fn name(&self) -> &'static str {
        "Ended"
    }
    fn on(
        &mut self,
        event: &Event<'_>,
        _: &mut dyn Training<House>,
    ) -> multi_input_base::Result<Flow> {
        if let Event::Ended = event {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(Flow::Continue)
    }
}

#[test]
fn callbacks_hear_the_end_of_a_run_that_fails() {
    let ended = Arc::<AtomicBool>::default();
    let trainer = Trainer::new(Sgd::new(1e30)).epochs(5);
    let trained = trainer.callback(Ended(Arc::clone(&ended))).fit(&mut build(), &houses(16));
    assert!(matches!(trained, Err(Error::NotFinite { .. })));
    assert!(ended.load(Ordering::Relaxed));
}

#[test]
fn a_model_that_was_fitted_is_fitted_anew_on_request() {
    let mut model = build();
    trainer(1).fit(&mut model, &houses(20)).unwrap();
    let first = model.preprocessing().unwrap().clone();
    let mut moved = houses(20);
    moved.iter_mut().for_each(|row| row.price += 500.0);
    trainer(1).fit(&mut model, &moved).unwrap();
    assert_eq!(model.preprocessing(), Some(&first));
    trainer(1).refit_all().fit(&mut model, &moved).unwrap();
    assert_ne!(model.preprocessing(), Some(&first));
}

/// Trains on rows in memory, or on the rows of a source.
type Fit = fn(
    Trainer<House, Adam>,
    &mut Model<House>,
    fn() -> Vec<HouseSample>,
) -> multi_input_base::Result<History>;

const BOTH_WAYS: [Fit; 2] = [
    |trainer, model, rows| trainer.fit(model, &rows()),
    |trainer, model, rows| trainer.fit_from(model, &from_fn(rows)),
];

/// Rows of weight 0.
fn weightless() -> Vec<HouseSample> {
    let mut rows = houses(20);
    rows.iter_mut().for_each(HouseSample::ignore);
    rows
}

/// A trainer with invalid validation rows.
fn badly_validated() -> Trainer<House, Adam> {
    let mut bad = houses(3);
    bad[1].measurements[0] = f32::NAN;
    trainer(2).validation_data(&bad)
}

#[test]
fn a_call_that_is_refused_leaves_the_model_unfitted() {
    let weighed = || trainer(2).sample_weight(House::price, HouseSample::weight);
    for fit in BOTH_WAYS {
        let fresh = |refused: &dyn Fn(&mut Model<House>)| {
            let mut model = build();
            refused(&mut model);
            assert!(model.preprocessing().is_none());
            fit(weighed(), &mut model, || houses(20)).unwrap();
            (parameters::read(&model.untyped().module), model.preprocessing().cloned())
        };
        let expected = fresh(&|_| {});
        let no_targets = fresh(&|model| {
            let error = fit(weighed(), model, weightless).unwrap_err();
            assert!(matches!(error, Error::NoTargets("train on")), "{error}");
        });
        let bad_row = fresh(&|model| {
            let error = fit(badly_validated(), model, || houses(20)).unwrap_err();
            assert!(matches!(error, Error::Value { row: 1, .. }), "{error}");
        });
        assert_eq!(no_targets, expected);
        assert_eq!(bad_row, expected);
    }
}

#[test]
fn a_refit_that_is_refused_keeps_what_was_fitted() {
    for fit in BOTH_WAYS {
        let mut model = build();
        fit(trainer(1), &mut model, || houses(20)).unwrap();
        let fitted = model.preprocessing().cloned();
        fit(badly_validated().refit_all(), &mut model, || houses(9)).unwrap_err();
        fit(trainer(1).refit_all(), &mut model, Vec::new).unwrap_err();
        assert_eq!(model.preprocessing(), fitted.as_ref());
        fit(trainer(1).refit_all(), &mut model, || houses(9)).unwrap();
        assert_ne!(model.preprocessing(), fitted.as_ref());
    }
}

#[test]
fn how_much_a_row_counts_is_asked_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let weight = move |row: &HouseSample| {
        counter.fetch_add(1, Ordering::Relaxed);
        row.weight()
    };
    let trainer = trainer(2).validation_split(0.2).sample_weight(House::price, weight);
    trainer.fit(&mut build(), &houses(20)).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 20);
}

#[test]
fn weighted_metrics_count_rows_by_their_weights_and_the_others_do_not() {
    let fit = |weight: fn(&HouseSample) -> f32| {
        let mut model = build();
        let history = Trainer::new(Sgd::new(1e-300))
            .validation_split(0.5)
            .sample_weight(House::price, weight)
            .fit(&mut model, &houses(20))
            .unwrap();
        history.epochs[0].clone()
    };
    // Rows of weight 0 would not contribute to the scale of the target.
    let (plain, first_half) = (fit(|_| 1.0), fit(|row| if row.price < 300.0 { 1.0 } else { 1e-3 }));
    for phase in ["", "val_"] {
        let [mae, weighted] = ["mae", "weighted_mae"].map(|name| format!("{phase}{name}"));
        assert_eq!(plain.get(&mae), plain.get(&weighted));
        assert_eq!(plain.get(&mae), first_half.get(&mae));
        assert_ne!(first_half.get(&mae), first_half.get(&weighted));
    }
}
