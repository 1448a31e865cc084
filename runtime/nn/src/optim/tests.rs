use dfdx::{
    nn::{BuildModule, ZeroGrads},
    tensor::{AsArray, Cpu, Gradients},
};
use multi_input_kernel::Backend;

use super::*;
use crate::layer::{activation::Linear, Dense};

/// Three steps on one weight, starting from 1, with the gradients 0.5, -1 and 0.25.
fn three_steps(optimizer: &impl Optimizer) -> Vec<f64> {
    let mut weight = [1.0f64];
    let mut slots = vec![vec![0.0]; optimizer.slots().len()];
    let gradients = [0.5, -1.0, 0.25];
    let step = |(step, gradient): (usize, &f64)| {
        optimizer.update(step as u64 + 1, &mut weight, &[*gradient], &mut slots);
        weight[0]
    };
    gradients.iter().enumerate().map(step).collect()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}

// The literals are the formulas in double precision.
#[test]
fn sgd_follows_the_formula() {
    assert_close(&three_steps(&Sgd::new(0.1)), &[0.95, 1.05, 1.025]);
    assert_close(&three_steps(&Sgd::new(0.1).momentum(0.9)), &[0.95, 1.005, 1.0295]);
    assert_close(&three_steps(&Sgd::new(0.1).nesterov(0.9)), &[0.905, 1.0545, 1.05155]);
}

#[test]
fn adam_follows_the_formula() {
    assert_close(&three_steps(&Adam::new(0.1)), &ADAM);
    assert_close(&three_steps(&AdamW::new(0.1).decay(0.5)), &ADAM_W);
}

#[test]
fn rms_prop_follows_the_formula() {
    assert_close(&three_steps(&RmsProp::new(0.1)), &RMS_PROP);
    assert_close(&three_steps(&RmsProp { momentum: 0.5, ..RmsProp::new(0.1) }), &RMS_PROP_MOMENTUM);
    let centered = RmsProp { centered: true, ..RmsProp::new(0.1) };
    assert_close(&three_steps(&centered), &RMS_PROP_CENTERED);
    let both = RmsProp { momentum: 0.5, ..centered };
    assert_close(&three_steps(&both), &RMS_PROP_CENTERED_MOMENTUM);
}

#[test]
fn every_mistake_is_reported() {
    let adam = Adam { beta_1: 1.0, epsilon: 0.0, ..Adam::new(f64::NAN) };
    assert_eq!(adam.mistakes().len(), 3);
    assert!(Sgd::default().mistakes().is_empty());
}

const ADAM: [f64; 3] = [0.900000632452, 0.936610881595, 0.950279910149];
const ADAM_W: [f64; 3] = [0.850000632452, 0.844110849973, 0.815574336028];
const RMS_PROP: [f64; 3] = [0.683772866437, 0.969487035533, 0.896242225055];
const RMS_PROP_MOMENTUM: [f64; 3] = [0.683772866437, 0.811373468751, 0.801928959431];
const RMS_PROP_CENTERED: [f64; 3] = [0.666667407405, 0.955975977399, 0.882541742948];
const RMS_PROP_CENTERED_MOMENTUM: [f64; 3] = [0.666667407405, 0.789309681101, 0.777196583498];

type Layer = Dense<2, 1, Linear, f32, Cpu>;

/// Gradients that change from step to step.
fn fill(layer: &Layer, gradients: &mut Gradients<f32, Cpu>, step: usize) {
    let grad = |index: usize| (index as f32 + 1.0) * 0.3 - step as f32 * 0.2;
    let set = |g: &mut [f32]| g.iter_mut().enumerate().for_each(|(i, g)| *g = grad(i));
    Cpu::edit_gradient(gradients, &layer.weight, set).unwrap();
    Cpu::edit_gradient(gradients, &layer.bias, set).unwrap();
}

#[test]
fn state_that_was_saved_goes_on_with_the_same_bits() {
    let adam = Adam::default();
    let mut layer: Layer = BuildModule::build(&Cpu::default());
    let mut state = OptimizerState::new(&layer, &adam);
    assert_eq!(state.tensors[0].name, "weight");
    let mut gradients = layer.alloc_grads();
    let mut run =
        |state: &mut OptimizerState<f32>, layer: &mut Layer, steps: std::ops::Range<usize>| {
            for step in steps {
                fill(layer, &mut gradients, step);
                state.advance(layer, &mut gradients, &adam).unwrap();
            }
        };
    run(&mut state, &mut layer, 0..3);
    let saved = serde_json::to_string(&state).unwrap();
    let mut resumed = layer.clone();
    run(&mut state, &mut layer, 3..6);
    let mut loaded = serde_json::from_str(&saved).unwrap();
    run(&mut loaded, &mut resumed, 3..6);
    assert_eq!(loaded, state);
    assert_eq!(resumed.weight.array(), layer.weight.array());
}

#[test]
fn state_of_another_module_is_an_error() {
    let adam = Adam::default();
    let mut layer: Layer = BuildModule::build(&Cpu::default());
    let mut gradients = layer.alloc_grads();
    let other: Dense<3, 1, Linear, f32, Cpu> = BuildModule::build(&Cpu::default());
    let mut state = OptimizerState::new(&other, &adam);
    assert!(state.advance(&mut layer, &mut gradients, &adam).is_err());
}
