//! What steers a training run does what Keras does: losses, clipping, accumulation, averages,
//! schedules, plateaus. And metrics say what Keras and scikit-learn say.

use std::sync::{Arc, Mutex};

use crate::support::{
    fixture::{deviation, Comparison, Fixture},
    parameters,
};
use multi_input::{
    callback::{Callback, Event, Flow, Training},
    loss::*,
    metric::{AnyMetric, Erased},
    optim::Momentum,
    prelude::*,
};

#[test]
fn the_newer_losses_have_the_values_and_slopes_of_keras() {
    let fixture = Fixture::read("training");
    let focal = |gamma| Focal { gamma, ..Focal::default() };
    let smooth = BinaryCrossEntropy { label_smoothing: 0.125 };
    for width in ["", "_wide"] {
        let check =
            |name: &str, loss: &dyn AnyLoss| check_loss(&fixture, &format!("{name}{width}"), loss);
        check("log_cosh", &LogCosh);
        check("poisson", &Poisson);
        check("hinge", &Hinge);
        check("hinge_flags", &Hinge);
        check("binary_cross_entropy_smooth", &smooth);
        check("binary_focal_2.0", &BinaryFocal { gamma: 2.0 });
        check("binary_focal_0.5", &BinaryFocal { gamma: 0.5 });
        check("binary_focal_3.0", &BinaryFocal { gamma: 3.0 });
        check("balanced_binary_focal", &BalancedBinaryFocal::default());
    }
    check_loss(&fixture, "cosine_similarity", &CosineSimilarity);
    check_loss(&fixture, "kl_divergence", &KlDivergence);
    check_loss(&fixture, "cross_entropy_smooth", &CrossEntropy { label_smoothing: 0.125 });
    check_loss(&fixture, "focal_2.0", &focal(2.0));
    check_loss(&fixture, "focal_0.5", &focal(0.5));
    check_loss(&fixture, "focal_3.0", &focal(3.0));
}

/// Compares the mean over the rows, and its gradient.
fn check_loss(fixture: &Fixture, name: &str, loss: &dyn AnyLoss) {
    let tensor = |what: &str| format!("loss.{name}.{what}");
    let (heads, targets) = (fixture.f64s(&tensor("predictions")), fixture.f64s(&tensor("targets")));
    let width = fixture.shape(&tensor("predictions"))[1];
    let rows = heads.len() / width;
    let (mut sum, mut grads) = (0.0, Vec::new());
    for (head, target) in heads.chunks_exact(width).zip(targets.chunks_exact(width)) {
        let numbers: Vec<f32> = target.iter().map(|t| *t as f32).collect();
        let mut grad = vec![0.0; width];
        sum += loss.sample(head, TargetRow::Numbers(&numbers), &mut grad);
        grads.extend(grad.iter().map(|grad| grad / rows as f64));
    }
    for (what, ours) in [("value", &[sum / rows as f64][..]), ("gradient", &grads)] {
        // Keras clips probabilities at 1e-7.
        let deviation = deviation(&tensor(what), ours, &fixture.f64s(&tensor(what)));
        assert!(deviation < 2e-6, "{name}, {what}: {deviation:e}");
    }
}

/// Two tensors of weights whose gradients are the row's numbers.
#[multi_input_model]
pub struct Steered {
    #[input]
    #[branch(dfdx::nn::builders::UnbiasedLinear<3, 1> => [1])]
    first: [f32; 3],
    #[input]
    #[branch(dfdx::nn::builders::UnbiasedLinear<2, 1> => [1])]
    second: [f32; 2],
    #[merge(add(first, second))]
    #[output(loss = mae)]
    sum: f32,
}

/// A row that has the given gradient: the target is out of reach, so that the gradient of the absolute
/// error is 1.
fn row(gradient: &[f64]) -> SteeredSample {
    let number = |index: usize| gradient[index] as f32;
    SteeredSample {
        first: std::array::from_fn(number),
        second: std::array::from_fn(|index| number(3 + index)),
        sum: -1e9,
    }
}

/// Notes the weights after every step.
struct Path(Arc<Mutex<Vec<f64>>>);

impl Callback<Steered> for Path {
    fn name(&self) -> &'static str {
        "Path"
    }
    fn on(
        &mut self,
        event: &Event<'_>,
        training: &mut dyn Training<Steered>,
    ) -> multi_input::Result<Flow> {
        if let Event::StepEnded { .. } = event {
            let snapshot = training.snapshot()?;
            self.0.lock().unwrap().extend(snapshot.tensors().concat());
        }
        Ok(Flow::Continue)
    }
}

#[test]
fn clipping_accumulation_and_averages_follow_keras() {
    type Given = Trainer<Steered, Sgd>;
    let average = || MovingAverage::new(0.75);
    check_updates("plain", |trainer| trainer);
    check_updates("clipnorm", |trainer: Given| trainer.clip(Clip::Norm(1.0)));
    check_updates("global_clipnorm", |trainer: Given| trainer.clip(Clip::GlobalNorm(1.0)));
    check_updates("clipvalue", |trainer: Given| trainer.clip(Clip::Value(0.4)));
    check_updates("accumulate", |trainer: Given| trainer.accumulate(3));
    check_updates("accumulate_clipped", |trainer: Given| {
        trainer.accumulate(3).clip(Clip::GlobalNorm(0.5))
    });
    check_updates("average", |trainer: Given| trainer.moving_average(average()));
    check_updates("average_overwrite", |trainer: Given| {
        trainer.moving_average(average().overwrite_every(4))
    });
    check_updates("average_accumulate", |trainer: Given| {
        trainer.moving_average(average()).accumulate(2)
    });
}

fn check_updates(case: &str, set: impl FnOnce(Trainer<Steered, Sgd>) -> Trainer<Steered, Sgd>) {
    let fixture = Fixture::read("training");
    let rows: Vec<SteeredSample> =
        fixture.f64s("update.gradients").chunks_exact(5).map(row).collect();
    let initial = fixture.f64s("update.initial");
    let mut model = Model::<Steered, f64>::build(&Cpu::default(), Seed(0));
    let names: Vec<String> = parameters(model.module()).into_iter().map(|(name, _)| name).collect();
    let start =
        [(names[0].clone(), initial[..3].to_vec()), (names[1].clone(), initial[3..].to_vec())];
    crate::support::set(model.module_mut(), &start);
    let path = Arc::default();
    let sgd = Sgd { learning_rate: 0.125, momentum: Momentum::Classical(0.5) };
    let trainer = Trainer::new(sgd)
        .batch_size(1)
        .shuffle(Shuffle::Never)
        .progress(Progress::silent())
        .callback(Path(Arc::clone(&path)));
    set(trainer).fit(&mut model, &rows).unwrap();
    let last: Vec<f64> =
        parameters(model.module()).into_iter().flat_map(|(_, values)| values).collect();
    for (what, ours) in [("weights", &*path.lock().unwrap()), ("final", &last)] {
        let name = format!("update.{case}.{what}");
        let deviation = deviation(&name, ours, &fixture.f64s(&name));
        // The gradients are single precision here.
        assert!(deviation < 1e-6, "{name}: {deviation:e}");
    }
}

#[test]
fn schedules_are_those_of_keras() {
    let mut schedules = Comparison::with("training", 1e-12);
    let mut check = |name: &str, schedule: Schedule| {
        let rates: Vec<f64> = (0..60).map(|step| schedule.rate(step)).collect();
        schedules.same(&format!("schedule.{name}"), &rates);
    };
    check("exponential", Schedule::exponential(0.1, 0.5, 10));
    check("step", Schedule::step(0.1, 0.5, 10));
    check("cosine", Schedule::cosine(0.1, 40));
    check("cosine_floor", Schedule::cosine(0.1, 40).floor(0.25));
    check("cosine_warm_up", Schedule::cosine(0.1, 40).warm_up(0.01, 8));
    check("restarts", Schedule::cosine_restarts(0.1, 7));
    let higher = Schedule::cosine_restarts(0.1, 7).restarts(1.5, 0.5).floor(0.125);
    check("restarts_higher", higher);
    check("restarts_equal", Schedule::cosine_restarts(0.1, 7).restarts(1.0, 1.0));
    check("polynomial", Schedule::polynomial(0.1, 40).end(0.01).power(2.0));
    check("polynomial_cycle", Schedule::polynomial(0.1, 15).end(0.01).cycle());
}

#[test]
fn a_plateau_reduces_the_rate_in_the_epochs_of_keras() {
    let fixture = Fixture::read("training");
    let cases = fixture.cases(2);
    let plateaus: Vec<&String> = cases.iter().filter(|case| case.starts_with("plateau.")).collect();
    assert_eq!(plateaus.len(), 10);
    for case in plateaus {
        let number = |name: &str| fixture.f64(&format!("{case}.{name}"));
        let count = |name: &str| fixture.index(&format!("{case}.{name}"));
        let callback = ReduceOnPlateau::on(Monitor::val_loss())
            .factor(0.5)
            .patience(count("patience"))
            .cooldown(count("cooldown"))
            .min_delta(number("min_delta"))
            .smallest(number("min_lr"));
        let rates =
            crate::support::script::rates(&fixture.f64s(&format!("{case}.val_loss")), callback);
        assert_eq!(rates, fixture.f64s(&format!("{case}.rates")), "{case}");
    }
}

#[test]
fn metrics_are_those_of_keras_and_scikit_learn() {
    let rows = Fixture::read("metrics");
    let theirs = Fixture::read("sklearn");
    let (mut compared, weights) = (0, rows.f64s("weights"));
    let mut check = |target: &str, name: &str, metric: &dyn AnyMetric| {
        for (case, weights) in [("", &vec![1.0; weights.len()]), ("_weighted", &weights)] {
            let ours = over(&rows, target, metric, weights);
            let name = format!("{target}.{name}{case}");
            for (fixture, name, tolerance) in
                [(&rows, format!("keras.{name}"), 1e-6), (&theirs, name, 1e-12)]
            {
                if fixture.has(&name) {
                    let deviation = deviation(&name, &[ours], &fixture.f64s(&name));
                    assert!(deviation < tolerance, "{name}: {ours}, off by {deviation:e}");
                    compared += 1;
                }
            }
        }
    };
    for target in ["flags", "classes"] {
        check(target, "accuracy", &Erased(&metric::Accuracy));
        check(target, "precision", &Erased(&metric::Precision));
        check(target, "recall", &Erased(&metric::Recall));
        check(target, "f1", &Erased(&metric::F1));
        check(target, "auc", &Erased(&metric::Auc));
    }
    check("classes", "top_1", &Erased(&metric::TopK { k: 1 }));
    check("classes", "top_2", &Erased(&metric::TopK { k: 2 }));
    check("classes", "top_3", &Erased(&metric::TopK { k: 3 }));
    check("numbers", "mae", &Erased(&metric::Mae));
    check("numbers", "mse", &Erased(&metric::Mse));
    check("numbers", "rmse", &Erased(&metric::Rmse));
    check("numbers", "mape", &Erased(&metric::Mape));
    check("numbers", "r2", &Erased(&metric::R2));
    // 13 of Keras's and 13 of scikit-learn's, each without weights and with.
    assert_eq!(compared, 52);
}

/// A metric over the recorded rows.
fn over(rows: &Fixture, target: &str, metric: &dyn AnyMetric, weights: &[f64]) -> f64 {
    let (predictions, targets) = (format!("{target}.predictions"), format!("{target}.targets"));
    let width = rows.shape(&predictions)[1];
    let mut running = metric.start();
    let numbers: Vec<f32> = match target {
        "classes" => Vec::new(),
        _ => rows.f64s(&targets).iter().map(|number| *number as f32).collect(),
    };
    let classes = if target == "classes" { rows.indices(&targets) } else { Vec::new() };
    for (row, prediction) in rows.f64s(&predictions).chunks_exact(width).enumerate() {
        let target = match classes.get(row) {
            Some(class) => TargetRow::Class(*class),
            None => TargetRow::Numbers(&numbers[row * width..][..width]),
        };
        running.update(prediction, target, weights[row]);
    }
    running.value()
}
