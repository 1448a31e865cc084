//! Models as their users write them: what they compute and learn, and that every gradient is right.

mod distributions;
mod end_to_end;
mod gradients;
mod images;
mod lists;
mod locks;
mod loss_weights;
mod masks;
mod missing;
mod own_losses;
mod pairs;
mod parts;
mod row_alone;
mod sequences;
#[path = "../support/mod.rs"]
mod support;
mod values;

use dfdx::{nn::tensor_collection::TensorCollection, tensor::Cpu};
use support::{nudge, Named};

/// Compares some gradients of every parameter with central differences of the loss.
fn check_slopes<M: TensorCollection<f64, Cpu> + Clone>(
    module: &M,
    loss: impl Fn(&M) -> f64,
    found: Vec<Named>,
    tolerance: f64,
) {
    for (name, gradient) in found {
        // What is added to every key adds the same to all scores of a query, and so nothing.
        let counts = !name.ends_with("key_bias");
        assert!(!counts || gradient.iter().any(|grad| *grad != 0.0), "{name} gets no gradient");
        for element in [0, gradient.len() / 2, gradient.len() - 1] {
            let value = |delta: f64| {
                let mut moved = module.clone();
                nudge(&mut moved, &name, element, delta);
                loss(&moved)
            };
            let numeric = (value(1e-6) - value(-1e-6)) / 2e-6;
            let analytic = gradient[element];
            assert!((numeric - analytic).abs() < tolerance, "{name}: {analytic} is not {numeric}");
        }
    }
}
