//! Two of the models that the crate was made for give what Keras gives: as many parameters, the
//! same outputs, and the same losses over 200 steps of training.

use std::ops::Range;

use crate::support::{
    fixture::{deviation, deviation_of_each, Fixture},
    parameters, set, Named,
};
use dfdx::{nn::ZeroGrads, prelude::*};
use multi_input::{
    definition::Network,
    kernel::{Backend, Element},
    loss::{AnyLoss, Mse, TargetRow},
    missing::Optional,
    multi_input_model,
    optim::{Adam, OptimizerState},
    train::{Shuffle, Trainer},
    Model, Seed,
};

/// Ten numbers and a category.
#[multi_input_model]
pub struct Example1 {
    #[input]
    #[branch(Dense(64, relu), Dense(32, relu))]
    numbers: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    category: u32,
    #[merge(concat(numbers, category))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    output: f32,
}

/// Ten vitals, and five numbers that some patients lack.
#[multi_input_model]
pub struct Example3 {
    #[input]
    vitals: [f32; 10],
    #[input(missing = zeros)]
    optional: Option<[f32; 5]>,
    #[merge(concat(vitals, optional))]
    #[branch(Dense(32, relu), Dense(1))]
    #[output(loss = mse)]
    output: f32,
}

/// The same, told which patients those are.
#[multi_input_model]
pub struct Example3Flag {
    #[input]
    vitals: [f32; 10],
    #[input(missing = zeros)]
    optional: Option<[f32; 5]>,
    #[merge(concat(vitals, optional, present(optional)))]
    #[branch(Dense(32, relu), Dense(1))]
    #[output(loss = mse)]
    output: f32,
}

const ROWS: usize = 256;
const BATCH: usize = 32;
const STEPS: usize = 200;
/// Outputs are compared on this many rows.
const PREDICTED: usize = 33;

type Head<E, T> = Tensor<(usize, Const<1>), E, Cpu, T>;
type Traced<E> = OwnedTape<E, Cpu>;
type Panel<E> = Optional<Tensor<(usize, Const<5>), E, Cpu>, usize, E, Cpu>;

/// A model and the tensors of a fixture that are its batch.
trait Example<E: Element>: BuildOnDevice<Cpu, E>
where
    Cpu: Backend<E>,
{
    const FIXTURE: &'static str;

    fn predict(module: &Self::Built, data: &Data<'_>) -> Head<E, NoneTape>;

    fn train(
        module: &mut Self::Built,
        data: &Data<'_>,
        gradients: Gradients<E, Cpu>,
    ) -> Head<E, Traced<E>>;
}

macro_rules! example {
    ($definition:ident, $fixture:literal, $batch:ident, |$data:ident| { $($field:ident: $value:expr),+ }) => {
        impl<E: Element> Example<E> for $definition
        where
            Cpu: Backend<E>,
        {
            const FIXTURE: &'static str = $fixture;

            fn predict(module: &Self::Built, $data: &Data<'_>) -> Head<E, NoneTape> {
                module.forward($batch { $($field: $value,)+ tape: NoneTape }).output
            }

            fn train(
                module: &mut Self::Built,
                $data: &Data<'_>,
                gradients: Gradients<E, Cpu>,
            ) -> Head<E, Traced<E>> {
                let batch = $batch { $($field: $value,)+ tape: NoneTape };
                let heads = module.forward_mut(batch.traced(gradients));
                heads.output.put_tape(heads.tape)
            }
        }
    };
}

example!(Example1, "example1", Example1Batch, |data| {
    numbers: data.numbers("data.numbers"),
    category: data.categories()
});
example!(Example3, "example3", Example3Batch, |data| {
    vitals: data.numbers("data.vitals"),
    optional: data.optional()
});
example!(Example3Flag, "example3_flag", Example3FlagBatch, |data| {
    vitals: data.numbers("data.vitals"),
    optional: data.optional()
});

/// Some rows of a fixture.
struct Data<'a> {
    fixture: &'a Fixture,
    category: &'a str,
    rows: Range<usize>,
}

impl Data<'_> {
    fn numbers<E: Element, const N: usize>(&self, name: &str) -> Tensor<(usize, Const<N>), E, Cpu>
    where
        Cpu: Backend<E>,
    {
        let values = &self.fixture.f64s(name)[self.rows.start * N..self.rows.end * N];
        let values = values.iter().map(|value| E::of(*value)).collect();
        Cpu::default().tensor_from_vec(values, (self.rows.len(), Const))
    }

    fn categories(&self) -> Tensor<(usize,), usize, Cpu> {
        let indices = self.fixture.indices(self.category)[self.rows.clone()].to_vec();
        Cpu::default().tensor_from_vec(indices, (self.rows.len(),))
    }

    /// Keras read zeros where a patient lacks the numbers; we give it what would spoil everything.
    fn optional<E: Element>(&self) -> Panel<E>
    where
        Cpu: Backend<E>,
    {
        let present = self.numbers("data.present");
        let mut values = self.numbers("data.optional");
        Cpu::edit(&mut values, |values| {
            for (values, present) in values.chunks_exact_mut(5).zip(present.as_vec()) {
                if present == E::zero() {
                    values.fill(E::nan());
                }
            }
        });
        Optional { values, present }
    }
}

/// A model with Keras's initial weights.
fn build<E: Element, X: Example<E>>(fixture: &Fixture) -> X::Built
where
    Cpu: Backend<E>,
{
    let mut module = X::try_build_on_device(&Cpu::default()).unwrap();
    let weight = |(name, _): Named| {
        let weights = fixture.f64s(&format!("weights.{name}"));
        (name, weights)
    };
    let weights: Vec<_> = parameters(&module).into_iter().map(weight).collect();
    set(&mut module, &weights);
    assert_eq!(parameters(&module), weights);
    module
}

/// What a model makes of the first rows.
fn outputs<E: Element, X: Example<E>>(module: &X::Built, fixture: &Fixture) -> Vec<f64>
where
    Cpu: Backend<E>,
{
    let data = Data { fixture, category: "data.category", rows: 0..PREDICTED };
    X::predict(module, &data).as_vec().into_iter().map(Element::as_f64).collect()
}

/// Trains as Keras did, with our loss and our optimizer, and gives the loss before every step.
fn losses<E: Element, X: Example<E>>(
    module: &mut X::Built,
    fixture: &Fixture,
    category: &str,
) -> Vec<f64>
where
    Cpu: Backend<E>,
{
    let target = fixture.f64s("data.target");
    let adam = Adam::new(1e-3);
    let mut state = OptimizerState::new(module, &adam);
    let mut gradients = module.alloc_grads();
    let mut losses = Vec::new();
    for step in 0..STEPS {
        let start = BATCH * step % ROWS;
        let data = Data { fixture, category, rows: start..start + BATCH };
        let head = X::train(module, &data, gradients);
        let (loss, grads) = mean_squared_error(&head, &target[data.rows]);
        losses.push(loss);
        gradients = (head * grads).sum::<Rank0, _>().backward();
        state.advance(module, &mut gradients, &adam).unwrap();
        module.zero_grads(&mut gradients);
    }
    losses
}

/// The loss of a batch and its gradient by the head.
fn mean_squared_error<E: Element>(
    head: &Head<E, Traced<E>>,
    target: &[f64],
) -> (f64, Head<E, NoneTape>)
where
    Cpu: Backend<E>,
{
    let rows = target.len() as f64;
    let mut grads = Vec::new();
    let mut sum = 0.0;
    for (value, target) in head.as_vec().iter().zip(target) {
        let mut grad = [0.0];
        sum += Mse.sample(&[value.as_f64()], TargetRow::Numbers(&[*target as f32]), &mut grad);
        grads.push(E::of(grad[0] / rows));
    }
    (sum / rows, head.device().tensor_from_vec(grads, *head.shape()))
}

/// The largest deviation that is allowed in double precision, where outputs and losses after 200
/// steps differ by no more than rounding grows to.
const ROUNDING: f64 = 1e-12;

fn check<X: Example<f32> + Example<f64>>(count: usize)
where
    <X as BuildOnDevice<Cpu, f32>>::Built: TensorCollection<f32, Cpu>,
    <X as BuildOnDevice<Cpu, f64>>::Built: TensorCollection<f64, Cpu>,
{
    let fixture = Fixture::read(<X as Example<f32>>::FIXTURE);
    let close = |name: &str, found: f64, allowed: f64| {
        println!("{} {name}: off by {found:e}", <X as Example<f32>>::FIXTURE);
        assert!(found <= allowed, "{name} are off by {found:e}, more than {allowed:e}");
    };
    // Single outputs are near zero and lose digits in f32, hence relative to the largest.
    let outputs_are_close = |name: &str, ours: &[f64], allowed: f64| {
        close(name, deviation(name, ours, &fixture.f64s(name)), allowed);
    };
    let losses_are_close = |name: &str, ours: &[f64], allowed: f64| {
        close(name, deviation_of_each(name, ours, &fixture.f64s(name)), allowed);
    };

    let mut single = build::<f32, X>(&fixture);
    assert_eq!(single.num_trainable_params(), count);
    outputs_are_close("outputs", &outputs::<f32, X>(&single, &fixture), 1e-5);
    let course = losses::<f32, X>(&mut single, &fixture, "data.category");
    losses_are_close("losses", &course, 1e-4);
    outputs_are_close("outputs_trained", &outputs::<f32, X>(&single, &fixture), 1e-4);

    let mut double = build::<f64, X>(&fixture);
    outputs_are_close("outputs_f64", &outputs::<f64, X>(&double, &fixture), ROUNDING);
    let course = losses::<f64, X>(&mut double, &fixture, "data.category");
    losses_are_close("losses_f64", &course, ROUNDING);
    outputs_are_close("outputs_trained_f64", &outputs::<f64, X>(&double, &fixture), ROUNDING);
    fixture.assert_all_read(&["repeated"][..usize::from(fixture.has("repeated.losses"))]);
}

#[test]
fn numbers_and_a_category_train_as_in_keras() {
    check::<Example1>(4433);
}

#[test]
fn an_optional_input_trains_as_in_keras() {
    check::<Example3>(545);
}

#[test]
fn an_optional_input_with_its_flag_trains_as_in_keras() {
    check::<Example3Flag>(577);
}

/// Here batches hold a category more than once. Keras on TensorFlow then takes the sum of the
/// squares of the gradients of a looked-up row where Adam's formula, Keras's other backends and we
/// square their sum, so its `fit` follows other losses, `repeated.losses_tensorflow`. Compared are
/// those of Keras with the gradients summed first.
#[test]
fn a_category_twice_in_a_batch_counts_as_one_gradient() {
    let fixture = Fixture::read("example1");
    let mut module = build::<f32, Example1>(&fixture);
    let ours = losses::<f32, Example1>(&mut module, &fixture, "repeated.category");
    let from = |name: &str| deviation_of_each(name, &ours, &fixture.f64s(name));
    let (summed, tensorflow) = (from("repeated.losses"), from("repeated.losses_tensorflow"));
    println!("example1 repeated.losses: off by {summed:e}, TensorFlow's by {tensorflow:e}");
    assert!(summed <= 1e-4, "off by {summed:e}");
    assert!(tensorflow > 1e-3, "nothing is left to explain");
}

/// The losses of [`STEPS`] steps of the trainer, as the means of its epochs.
fn check_trainer<M>(fixture: &Fixture, rows: &[M::Sample])
where
    M: Network<f64, Cpu> + Example<f64>,
{
    let steps_per_epoch = ROWS / BATCH;
    let mut model = Model::<M, f64>::build(&Cpu::default(), Seed(0));
    *model.module_mut() = build::<f64, M>(fixture);
    let trainer = Trainer::new(Adam::new(1e-3)).batch_size(BATCH).shuffle(Shuffle::Never);
    let history = trainer.epochs(STEPS / steps_per_epoch).fit(&mut model, rows).unwrap();
    let losses = fixture.f64s("losses_f64");
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let theirs: Vec<_> = losses.chunks_exact(steps_per_epoch).map(mean).collect();
    let found = deviation_of_each("losses", &history.curve("loss"), &theirs);
    println!("{} losses of the trainer: off by {found:e}", M::FIXTURE);
    assert!(found <= ROUNDING, "off by {found:e}");
    let trained = outputs::<f64, M>(model.module(), fixture);
    let found = deviation("outputs", &trained, &fixture.f64s("outputs_trained_f64"));
    assert!(found <= ROUNDING, "off by {found:e}");
}

#[test]
fn the_trainer_follows_keras_on_numbers_and_a_category() {
    let fixture = Fixture::read("example1");
    let (numbers, target) = (fixture.f64s("data.numbers"), fixture.f64s("data.target"));
    let rows = fixture.indices("data.category").into_iter().zip(numbers.chunks_exact(10));
    let rows = rows.zip(target).map(|((category, numbers), target)| Example1Sample {
        numbers: std::array::from_fn(|i| numbers[i] as f32),
        category: category as u32,
        output: target as f32,
    });
    check_trainer::<Example1>(&fixture, &rows.collect::<Vec<_>>());
}

#[test]
fn the_trainer_follows_keras_on_an_optional_input() {
    let fixture = Fixture::read("example3_flag");
    let (vitals, optional) = (fixture.f64s("data.vitals"), fixture.f64s("data.optional"));
    let numbers = vitals.chunks_exact(10).zip(optional.chunks_exact(5));
    let rows = numbers.zip(fixture.f64s("data.present")).zip(fixture.f64s("data.target"));
    let rows = rows.map(|(((vitals, optional), present), target)| Example3FlagSample {
        vitals: std::array::from_fn(|i| vitals[i] as f32),
        optional: (present == 1.0).then(|| std::array::from_fn(|i| optional[i] as f32)),
        output: target as f32,
    });
    check_trainer::<Example3Flag>(&fixture, &rows.collect::<Vec<_>>());
}
