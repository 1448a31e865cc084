//! The second example that the crate was made for, an image and a text, gives what Keras gives: as
//! many parameters, the same outputs and gradients, and the same losses over 100 steps of Adam.
//!
//! Weights and data are computed by the same formula here and in `fixtures/example2.py`.

use crate::{
    models::{Post, PostBatch},
    support::{
        fixture::{deviation, deviation_of_each, Fixture},
        gradients, parameters, set,
    },
};
use dfdx::{nn::ZeroGrads, prelude::*};
use multi_input::{
    kernel::{Backend, Element},
    loss::{CrossEntropy, Loss, TargetRow},
    optim::{Adam, OptimizerState},
};

const ROWS: usize = 128;
const BATCH: usize = 32;
const CLASSES: usize = 10;

/// Numbers between -limit and limit from a hash of their place, as in `example2.py`.
fn numbers(stream: u32, count: usize, limit: f64) -> impl Iterator<Item = f64> {
    (0..count as u32).map(move |place| {
        let mixed = place.wrapping_mul(2_654_435_761).wrapping_add(stream.wrapping_mul(40_503));
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
        let mixed = mixed ^ (mixed >> 13);
        (f64::from(mixed) / f64::from(1u32 << 31) - 1.0) * limit
    })
}

/// Each weight, in the order of `example2.py`, and the limit of its numbers.
const WEIGHTS: [(&str, f64); 8] = [
    ("photo.0.weight", 0.14),
    ("photo.0.bias", 0.1),
    ("caption.0.weight", 0.05),
    ("caption.1.weight", 0.17),
    ("caption.1.recurrent", 0.2),
    ("caption.1.bias", 0.1),
    ("topic.0.weight", 0.014),
    ("topic.0.bias", 0.1),
];

type Built<E> = <Post as BuildOnDevice<Cpu, E>>::Built;
type Head<E, T> = Tensor<(usize, Const<CLASSES>), E, Cpu, T>;

fn build<E: Element>() -> Built<E>
where
    Cpu: Backend<E>,
{
    let mut module = Post::try_build_on_device(&Cpu::default()).unwrap();
    let weights: Vec<_> = parameters(&module)
        .into_iter()
        .map(|(name, values)| {
            let stream = WEIGHTS.iter().position(|(known, _)| *known == name).unwrap();
            let limit = WEIGHTS[stream].1;
            (name, numbers(stream as u32, values.len(), limit).collect::<Vec<_>>())
        })
        .collect();
    set(&mut module, &weights);
    module
}

/// The rows from `start` on.
fn batch<E: Element>(start: usize) -> PostBatch<usize, E, Cpu>
where
    Cpu: Backend<E>,
{
    let device = Cpu::default();
    let size = 3 * 64 * 64;
    let photo = numbers(100, ROWS * size, 1.0).skip(start * size).take(BATCH * size);
    let caption = (start * 100..(start + BATCH) * 100).map(|place| place * 7919 % 10_000);
    PostBatch {
        photo: device.tensor_from_vec(photo.map(E::of).collect(), (BATCH, Const, Const, Const)),
        caption: device.tensor_from_vec(caption.collect(), (BATCH, Const)),
        tape: NoneTape,
    }
}

fn topics(start: usize) -> Vec<usize> {
    let topics = numbers(102, ROWS, 1000.0).map(|number| number.floor() as i64);
    let topics = topics.map(|number| number.rem_euclid(CLASSES as i64) as usize);
    topics.skip(start).take(BATCH).collect()
}

/// Probabilities, as Keras's model with its softmax gives them.
fn outputs<E: Element>(module: &Built<E>) -> Vec<f64>
where
    Cpu: Backend<E>,
{
    let probabilities = module.forward(batch(0)).topic.softmax::<Axis<1>>();
    probabilities.as_vec().into_iter().map(Element::as_f64).collect()
}

/// The loss of a batch and its gradient by the head.
fn cross_entropy<E: Element>(
    head: &Head<E, OwnedTape<E, Cpu>>,
    topics: &[usize],
) -> (f64, Head<E, NoneTape>)
where
    Cpu: Backend<E>,
{
    let logits: Vec<f64> = head.as_vec().into_iter().map(Element::as_f64).collect();
    let (mut sum, mut grads) = (0.0, vec![0.0; logits.len()]);
    let rows = logits.chunks_exact(CLASSES).zip(grads.chunks_exact_mut(CLASSES));
    for ((logits, grads), &topic) in rows.zip(topics) {
        sum += CrossEntropy::default().sample(logits, TargetRow::Class(topic), grads);
    }
    let rows = topics.len() as f64;
    let grads = grads.into_iter().map(|grad| E::of(grad / rows)).collect();
    (sum / rows, head.device().tensor_from_vec(grads, *head.shape()))
}

/// Follows Keras step by step; `suffix` names the precision in the fixture.
fn check<E: Element>(suffix: &str, [outputs_off, gradients_off, losses_off]: [f64; 3])
where
    Cpu: Backend<E>,
{
    let fixture = Fixture::read("example2");
    let close = |name: &str, found: f64, allowed: f64| {
        println!("example2 {name}{suffix}: off by {found:e}");
        assert!(found <= allowed, "{name}{suffix} is off by {found:e}, more than {allowed:e}");
    };
    let compare = |name: &str, ours: &[f64], allowed: f64| {
        let theirs = fixture.f64s(&format!("{name}{suffix}"));
        close(name, deviation(name, ours, &theirs), allowed);
    };
    let mut module = build::<E>();
    compare("outputs", &outputs(&module), outputs_off);

    let adam = Adam::new(1e-3);
    let mut state = OptimizerState::new(&module, &adam);
    let mut grads = module.alloc_grads();
    let theirs = fixture.f64s(&format!("losses{suffix}"));
    let mut losses = Vec::new();
    for step in 0..theirs.len() {
        let start = BATCH * step % ROWS;
        let heads = module.forward_mut(batch(start).traced(grads));
        let head = heads.topic.put_tape(heads.tape);
        let (loss, grad) = cross_entropy(&head, &topics(start));
        losses.push(loss);
        grads = (head * grad).sum::<Rank0, _>().backward();
        if step == 0 {
            for (name, gradient) in gradients(&module, &grads) {
                let every = if gradient.len() > 5000 { 97 } else { 1 };
                let some: Vec<f64> = gradient.iter().step_by(every).copied().collect();
                compare(&format!("gradient.{name}"), &some, gradients_off);
                let length = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
                compare(&format!("length.{name}"), &[length], gradients_off);
            }
        }
        state.advance(&mut module, &mut grads, &adam).unwrap();
        module.zero_grads(&mut grads);
    }
    close("losses", deviation_of_each("losses", &losses, &theirs), losses_off);
    compare("outputs_trained", &outputs(&module), losses_off);
}

#[test]
fn it_has_as_many_parameters_as_in_keras() {
    assert_eq!(Post::summary().trainable(), 961_162);
    assert_eq!(build::<f32>().num_trainable_params(), 961_162);
}

#[test]
fn an_image_and_a_text_train_as_in_keras() {
    check::<f32>("", [1e-5, 1e-4, 1e-3]);
}

#[test]
fn in_double_precision_only_rounding_is_left() {
    check::<f64>("_f64", [1e-12, 1e-12, 1e-9]);
}
