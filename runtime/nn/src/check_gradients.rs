//! Compares gradients with central differences, for the tests of every operation.

use dfdx::{
    nn::tensor_collection::{RecursiveWalker, TensorVisitor, ViewTensorMut, ViewTensorRef},
    tensor::{Cpu, Gradients, TensorFromVec},
    tensor_ops::Backward,
};

use crate::tensor::*;

pub(crate) type Traced = OwnedTape<f64, Cpu>;

const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-7;

/// Compares the gradient of every trained tensor of `leaves` (tensors, modules and tuples of them)
/// with central differences of a weighted sum of the output of `run`.
///
/// Every run starts from a clone of `leaves`, so state that a module changes does not affect the
/// next run.
pub(crate) fn check_gradients<M, S>(
    leaves: &M,
    run: impl Fn(&mut M, Traced) -> Tensor<S, f64, Cpu, Traced>,
) where
    M: TensorCollection<f64, Cpu> + Clone,
    S: Shape,
{
    let (weighted, tape) = weighted_sum(run(&mut leaves.clone(), Traced::default()));
    let gradients = weighted.put_tape(tape).backward();
    let analytic = collect(leaves, gradients);
    assert!(!analytic.is_empty(), "there is something to check");

    let value = |position: usize, step: f64| {
        let mut perturbed = leaves.clone();
        perturb(&mut perturbed, position, step);
        weighted_sum(run(&mut perturbed, Traced::default())).0.as_vec()[0]
    };
    for (position, analytic) in analytic.into_iter().enumerate() {
        let numeric = (value(position, STEP) - value(position, -STEP)) / (2.0 * STEP);
        assert!(
            (numeric - analytic).abs() <= TOLERANCE * (1.0 + numeric.abs()),
            "by number {position}: {analytic} from backward, {numeric} from differences"
        );
    }
}

/// A sum with a different weight for each element, so that an exchange of two gradients is
/// detected.
pub(crate) fn weighted_sum<S: Shape>(
    output: Tensor<S, f64, Cpu, Traced>,
) -> (Tensor<(), f64, Cpu>, Traced) {
    let (output, mut tape) = output.split_tape();
    let weights: Vec<f64> =
        (0..output.shape().num_elements()).map(|i| (i as f64 * 0.7 + 0.3).sin()).collect();
    let values = <Cpu as Backend<f64>>::values(&output);
    let sum = values.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
    let sum: Tensor<(), f64, Cpu> = output.device().tensor_from_vec(vec![sum], ());
    let total = sum.clone();
    let output = output.clone();
    tape.add_backward_op(move |gradients| {
        let grad = Cpu::edit_gradient(gradients, &total, |grad| grad[0])?;
        Cpu::edit_gradient(gradients, &output, |gradient| {
            gradient
                .iter_mut()
                .zip(&weights)
                .for_each(|(gradient, weight)| *gradient += grad * weight);
        })
    });
    (sum, tape)
}

struct Collect {
    gradients: Gradients<f64, Cpu>,
    found: Vec<f64>,
}

/// The gradients of every trained tensor of `leaves`, one after the other.
pub(crate) fn collect<M: TensorCollection<f64, Cpu>>(
    leaves: &M,
    gradients: Gradients<f64, Cpu>,
) -> Vec<f64> {
    let mut collect = Collect { gradients, found: Vec::new() };
    M::iter_tensors(&mut RecursiveWalker { m: leaves, f: &mut collect }).unwrap();
    collect.found
}

impl TensorVisitor<f64, Cpu> for Collect {
    type Viewer = ViewTensorRef;
    type Err = <Cpu as dfdx::tensor::HasErr>::Err;
    type E2 = f64;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f64, Cpu>,
        tensor: &Tensor<S, f64, Cpu>,
    ) -> Result<Option<Tensor<S, f64, Cpu>>, Self::Err> {
        if options.do_gradient_update {
            let found = &mut self.found;
            Cpu::edit_gradient(&mut self.gradients, tensor, |gradient| found.extend(&*gradient))?;
        }
        Ok(None)
    }
}

struct Perturb {
    position: Option<usize>,
    step: f64,
}

/// Adds `step` to the element at `position` of all trained tensors.
fn perturb<M: TensorCollection<f64, Cpu>>(leaves: &mut M, position: usize, step: f64) {
    let mut perturb = Perturb { position: Some(position), step };
    M::iter_tensors(&mut RecursiveWalker { m: leaves, f: &mut perturb }).unwrap();
    assert!(perturb.position.is_none(), "the number was found");
}

impl TensorVisitor<f64, Cpu> for Perturb {
    type Viewer = ViewTensorMut;
    type Err = <Cpu as dfdx::tensor::HasErr>::Err;
    type E2 = f64;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f64, Cpu>,
        tensor: &mut Tensor<S, f64, Cpu>,
    ) -> Result<Option<Tensor<S, f64, Cpu>>, Self::Err> {
        let len = tensor.shape().num_elements();
        match self.position {
            Some(position) if options.do_gradient_update => {
                if position < len {
                    Cpu::edit(tensor, |values| values[position] += self.step);
                }
                self.position = position.checked_sub(len);
            }
            _ => {}
        }
        Ok(None)
    }
}

mod tests {
    use dfdx::{prelude::BuildModule, tensor::TensorFrom};

    use super::*;
    use crate::layer::{activation::Linear, Dense};

    #[test]
    fn a_correct_operation_passes() {
        let device = Cpu::seed_from_u64(0);
        let layer: Dense<2, 3, Linear, f64, Cpu> = BuildModule::build(&device);
        let x = device.tensor([[0.3, -0.2], [0.5, 0.9], [0.1, -0.7]]);
        check_gradients(&(x, layer), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
    }

    #[test]
    #[should_panic(expected = "from differences")]
    fn a_missing_gradient_is_found() {
        let x = Cpu::default().tensor([[0.3, -0.2]]);
        check_gradients(&x, |x, tape| {
            let copy: Tensor<Rank2<1, 2>, f64, Cpu> =
                x.device().tensor_from_vec(x.as_vec(), *x.shape());
            copy.put_tape(tape)
        });
    }
}
