//! Optimizers, losses and early stopping do what Keras does.

use crate::support::{
    fixture::{Comparison, Fixture},
    parameters,
    script::{Course, Script, TRAINING, VALIDATION},
};
use dfdx::tensor::Cpu;
use multi_input::{
    callback::{EarlyStopping, Monitor},
    loss::{AnyLoss, BinaryCrossEntropy, CrossEntropy, Huber, Mae, Mse, TargetRow},
    optim::{Adam, AdamW, Optimizer, RmsProp, Sgd},
    train::Trainer,
    Model, Seed,
};

#[test]
fn every_optimizer_takes_the_steps_of_keras() {
    let mut optimizers = Optimizers(Comparison::with("optimizers", 1e-12));
    optimizers.check("adam", Adam::default());
    optimizers.check("adamw", AdamW::default());
    optimizers.check("sgd", Sgd::default());
    optimizers.check("sgd_momentum", Sgd::default().momentum(0.9));
    optimizers.check("sgd_nesterov", Sgd::default().nesterov(0.9));
    optimizers.check("rmsprop", RmsProp::default());
    optimizers.check("rmsprop_momentum", RmsProp { momentum: 0.9, ..RmsProp::default() });
    optimizers.check("rmsprop_centered", RmsProp { centered: true, ..RmsProp::default() });
    optimizers.0.finish(&[]);
}

struct Optimizers(Comparison);

impl Optimizers {
    /// Follows the given gradients, and compares the parameters after each.
    fn check(&mut self, name: &str, optimizer: impl Optimizer) {
        let mut parameters = self.0.fixture().f64s("initial");
        let mut slots = vec![vec![0.0; parameters.len()]; optimizer.slots().len()];
        let mut path = Vec::new();
        let gradients = self.0.fixture().f64s("gradients");
        for (step, gradient) in (1..).zip(gradients.chunks_exact(parameters.len())) {
            optimizer.update(step, &mut parameters, gradient, &mut slots);
            path.extend_from_slice(&parameters);
        }
        self.0.same(&format!("{name}.parameters"), &path);
    }
}

#[test]
fn every_loss_has_the_value_and_the_slope_of_keras() {
    let mut losses = Losses(Comparison::with("losses", 1e-12));
    for width in ["", "_wide"] {
        losses.check(&format!("mse{width}"), &Mse);
        losses.check(&format!("mae{width}"), &Mae);
        losses.check(&format!("huber{width}"), &Huber { delta: 1.0 });
        losses.check(&format!("huber_half{width}"), &Huber { delta: 0.5 });
        losses.check(&format!("bce{width}"), &BinaryCrossEntropy::default());
    }
    losses.check("bce_extreme", &BinaryCrossEntropy::default());
    losses.check("cross_entropy", &CrossEntropy::default());
    losses.check("cross_entropy_extreme", &CrossEntropy::default());
    losses.0.finish(&[]);
}

struct Losses(Comparison);

impl Losses {
    /// Compares the mean over the samples, without weights and with.
    fn check(&mut self, name: &str, loss: &dyn AnyLoss) {
        let samples = self.0.fixture().shape(&format!("{name}.predictions"))[0];
        let weights = self.0.fixture().f64s("weights");
        for (case, weights) in [("plain", vec![1.0; samples]), ("weighted", weights)] {
            let (value, gradient) = self.mean(name, loss, &weights);
            self.0.same(&format!("{name}.{case}.loss"), &[value]);
            self.0.same(&format!("{name}.{case}.gradient"), &gradient);
        }
    }

    /// A loss speaks of one sample; of several it is sum(weight * loss) / samples.
    fn mean(&self, name: &str, loss: &dyn AnyLoss, weights: &[f64]) -> (f64, Vec<f64>) {
        let fixture = self.0.fixture();
        let (predictions, targets) = (format!("{name}.predictions"), format!("{name}.targets"));
        let width = fixture.shape(&predictions)[1];
        let (numbers, classes) = if name.starts_with("cross_entropy") {
            (Vec::new(), fixture.indices(&targets))
        } else {
            (fixture.f64s(&targets), Vec::new())
        };
        let count = weights.len() as f64;
        let (mut sum, mut gradient) = (0.0, Vec::new());
        for (row, head) in fixture.f64s(&predictions).chunks_exact(width).enumerate() {
            // Our targets are f32. What rounding takes off a number is taken off the prediction
            // too: only bce looks at more than the difference, and there targets are 0 and 1.
            let exact = numbers.chunks_exact(width).nth(row).unwrap_or_default();
            let rounded: Vec<f32> = exact.iter().map(|number| *number as f32).collect();
            let lost = exact.iter().zip(&rounded).map(|(exact, kept)| exact - f64::from(*kept));
            let lost = lost.chain(std::iter::repeat(0.0));
            let head: Vec<f64> = head.iter().zip(lost).map(|(head, lost)| head - lost).collect();
            let target = match classes.get(row) {
                Some(class) => TargetRow::Class(*class),
                None => TargetRow::Numbers(&rounded),
            };
            let mut grad = vec![0.0; width];
            sum += weights[row] * loss.sample(&head, target, &mut grad);
            gradient.extend(grad.iter().map(|grad| weights[row] * grad / count));
        }
        (sum / count, gradient)
    }
}

/// How many epochs a callback lets pass, and the epoch of the weights in the model afterwards.
fn run(course: &[f64], callback: EarlyStopping<Course>) -> (usize, usize) {
    let mut model = Model::<Course, f64>::build(&Cpu::default(), Seed(0));
    let trainer = Trainer::new(Script::new(course)).epochs(course.len());
    let history = trainer
        .validation_data(&[VALIDATION])
        .callback(callback)
        .fit(&mut model, &[TRAINING])
        .unwrap();
    let figures = history.curve("val_loss");
    let same = |(ours, told): (&f64, &f64)| ours == told || (ours.is_nan() && told.is_nan());
    assert!(figures.iter().zip(course).all(same), "{figures:?} instead of {course:?}");
    let weights = parameters(model.module());
    let (_, weight) = weights.iter().find(|(name, _)| name == "level.0.weight").unwrap();
    (figures.len(), weight[2] as usize)
}

/// Where the first figure is NaN, it becomes Keras's best, and nothing is ever less than NaN: Keras
/// waits until its patience is over and, with `restore_best_weights`, ends with the weights of that
/// very epoch. Ours never takes NaN for the best.
const NAN_FIRST: [&str; 2] = ["nan_first.keep", "nan_first.restore"];

#[test]
fn early_stopping_decides_as_keras_does() {
    let fixture = Fixture::read("fit");
    let cases = fixture.cases(2);
    assert_eq!(cases.len(), 32);
    for case in cases {
        let course = fixture.f64s(&format!("{case}.val_loss"));
        let callback = EarlyStopping::on(Monitor::val_loss())
            .patience(fixture.index(&format!("{case}.patience")))
            .min_delta(fixture.f64(&format!("{case}.min_delta")));
        let keeps = case.ends_with(".keep");
        let ended = |restores: bool| {
            let callback = callback.clone();
            run(&course, if restores { callback.restore_best() } else { callback })
        };
        let (epochs, weights_of) = ended(!keeps);
        let (_, best) = ended(true);
        let stopped = usize::from(epochs < course.len());
        let theirs = ["epochs_run", "weights_of_epoch", "best_epoch", "stopped_early"]
            .map(|name| fixture.index(&format!("{case}.{name}")));
        let ours = [epochs, weights_of, best, stopped];
        if NAN_FIRST.contains(&case.as_str()) {
            assert_eq!((course.len(), ours), (4, [4, 3, 3, 0]), "{case}");
        } else {
            assert_eq!(ours, theirs, "{case}");
        }
    }
    fixture.assert_all_read(&[]);
}
