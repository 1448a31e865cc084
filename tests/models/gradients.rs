//! No parameter is left off the tape: every branch of a graph gets a gradient, and the right one.

use crate::support::{gradients, nudge, parameters};
use dfdx::{
    nn::{DeviceBuildExt, ModuleMut, ZeroGrads},
    prelude::*,
};
use multi_input::multi_input_model;

/// Ten nodes: four inputs, merges of merges, one node that feeds three places, two outputs.
#[multi_input_model]
pub struct TenNodes {
    #[input]
    #[branch(Dense(5, tanh))]
    numbers: [f32; 3],

    #[input]
    #[branch(Embedding(4, 5), Flatten)]
    category: u32,

    #[input]
    #[branch(Embedding(6, 3), Flatten, Dense(5))]
    words: [u32; 2],

    #[input(missing = learned)]
    #[branch(Dense(5, sigmoid))]
    panel: Option<[f32; 2]>,

    #[merge(add(numbers, category, panel))]
    #[branch(LayerNorm, Dense(5, gelu))]
    sum: [f32; 5],

    #[merge(multiply(sum, words))]
    product: _,

    #[merge(concat(sum, product, numbers))]
    #[branch(Reshape(3, 5), Dense(2, softplus), Flatten)]
    joined: [f32; 6],

    #[merge(average(sum, words, panel))]
    #[branch(BatchNorm, Dense(6, silu))]
    averaged: [f32; 6],

    #[merge(dot(joined, averaged))]
    #[branch(Dense(2))]
    #[output(loss = mse)]
    score: [f32; 2],

    #[merge(maximum(joined, averaged))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    kind: multi_input::Class<3>,
}

type Module = TenNodesModel<f64, Cpu>;

fn batch(device: &Cpu) -> TenNodesBatch<usize, f64, Cpu> {
    let numbers: Vec<f64> = (0..9).map(|i| (f64::from(i) * 1.3).sin()).collect();
    let panel: Vec<f64> = (0..6).map(|i| (f64::from(i) * 0.7).cos()).collect();
    TenNodesBatch {
        numbers: device.tensor_from_vec(numbers, (3, Const)),
        category: device.tensor_from_vec(vec![1, 3, 0], (3,)),
        words: device.tensor_from_vec(vec![1, 2, 5, 0, 3, 4], (3, Const)),
        panel: multi_input::missing::Optional {
            values: device.tensor_from_vec(panel, (3, Const)),
            present: device.tensor_from_vec(vec![1.0, 0.0, 1.0], (3, Const)),
        },
        tape: NoneTape,
    }
}

/// A loss that weighs every element of both heads otherwise, and its gradients.
fn loss(module: &mut Module, gradients: Gradients<f64, Cpu>) -> (f64, Gradients<f64, Cpu>) {
    let device = Cpu::default();
    let heads = module.forward_mut(batch(&device).traced(gradients));
    let weights = |len: usize| (0..len).map(|i| (i as f64 + 1.0).sqrt()).collect::<Vec<_>>();
    let score =
        heads.score.put_tape(heads.tape) * device.tensor_from_vec(weights(6), (3, Const::<2>));
    let (score, tape) = score.sum::<Rank0, _>().split_tape();
    let kind = heads.kind.put_tape(tape) * device.tensor_from_vec(weights(9), (3, Const::<3>));
    let total = kind.sum::<Rank0, _>() + score;
    let value = total.array();
    (value, total.backward())
}

#[test]
fn every_parameter_of_every_branch_receives_a_gradient() {
    let mut module: Module = Cpu::seed_from_u64(1).build_module::<TenNodes, f64>();
    let empty = module.alloc_grads();
    let (_, found) = loss(&mut module, empty);
    let found = gradients(&module, &found);
    assert_eq!(found.len(), parameters(&module).len());
    for (name, gradient) in &found {
        assert!(gradient.iter().any(|g| *g != 0.0), "{name} receives no gradient");
        assert!(gradient.iter().all(|g| g.is_finite()), "{name} receives {gradient:?}");
    }
}

#[test]
fn the_gradients_through_the_whole_graph_are_those_of_central_differences() {
    let mut module: Module = Cpu::seed_from_u64(2).build_module::<TenNodes, f64>();
    let empty = module.alloc_grads();
    let (_, found) = loss(&mut module, empty);
    let step = 1e-6;
    for (name, gradient) in gradients(&module, &found) {
        for (element, analytic) in gradient.into_iter().enumerate() {
            let mut at = |delta: f64| {
                nudge(&mut module, &name, element, delta);
                let empty = module.alloc_grads();
                let value = loss(&mut module, empty).0;
                nudge(&mut module, &name, element, -delta);
                value
            };
            let numeric = (at(step) - at(-step)) / (2.0 * step);
            let scale = analytic.abs().max(1.0);
            assert!(
                (numeric - analytic).abs() < 1e-6 * scale,
                "{name}[{element}]: {analytic} by the tape, {numeric} by differences"
            );
        }
    }
}

#[test]
fn a_node_that_feeds_three_places_trains() {
    let mut module: Module = Cpu::seed_from_u64(3).build_module::<TenNodes, f64>();
    let mut optimizer =
        dfdx::optim::Sgd::new(&module, SgdConfig { lr: 1e-3, ..Default::default() });
    let before = parameters(&module);
    let mut grads = module.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..20 {
        let (value, found) = loss(&mut module, grads);
        losses.push(value);
        grads = found;
        optimizer.update(&mut module, &grads).unwrap();
        module.zero_grads(&mut grads);
    }
    assert!(losses.windows(2).all(|pair| pair[1] < pair[0]), "{losses:?}");
    for ((name, before), (_, after)) in before.iter().zip(parameters(&module)) {
        assert_ne!(*before, after, "{name} did not change");
    }
}
