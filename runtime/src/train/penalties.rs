//! L1 and L2 penalties on weights.

use dfdx::tensor::Gradients;

use super::branches::Branches;
use crate::tensor::*;

/// Adds up l1 sum|w| + l2 sum(w^2) over the tensors it is handed, and in training adds
/// l1 sign(w) + 2 l2 w to their gradients.
///
/// `keras.regularizers.L1L2(l1, l2)`.
#[derive(Debug)]
pub struct Penalties<'a, E: Element, D: Backend<E>> {
    gradients: Option<&'a mut Gradients<E, D>>,
    branches: Option<&'a Branches>,
    value: f64,
}

impl<'a, E: Element, D: Backend<E>> Penalties<'a, E, D> {
    /// For training, where a branch may be frozen for now.
    pub(super) fn in_training(gradients: &'a mut Gradients<E, D>, branches: &'a Branches) -> Self {
        Penalties { gradients: Some(gradients), branches: Some(branches), value: 0.0 }
    }

    /// For evaluation, where only the value counts.
    pub(crate) fn in_evaluation() -> Self {
        Penalties { gradients: None, branches: None, value: 0.0 }
    }

    /// The sum so far.
    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    /// Adds the penalty on one tensor of a node's branch; what is frozen costs nothing.
    ///
    /// # Errors
    /// The device's.
    pub fn add<S: Shape>(
        &mut self,
        branch: &str,
        tensor: &Tensor<S, E, D>,
        l1: f64,
        l2: f64,
    ) -> Result<(), D::Err> {
        if self.branches.is_some_and(|branches| branches.is_frozen(branch)) {
            return Ok(());
        }
        let weights = D::values(tensor);
        let penalty = |weight: &E| {
            let weight = weight.as_f64();
            l1 * weight.abs() + l2 * weight * weight
        };
        self.value += weights.iter().map(penalty).sum::<f64>();
        let Some(gradients) = &mut self.gradients else { return Ok(()) };
        let (l1, twice_l2) = (E::of(l1), E::of(2.0 * l2));
        D::edit_gradient(gradients, tensor, |slopes| {
            for (slope, &weight) in slopes.iter_mut().zip(weights.iter()) {
                let sign = if weight == E::zero() { E::zero() } else { weight.signum() };
                *slope += l1 * sign + twice_l2 * weight;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Graph, Node};
    use dfdx::tensor::{Cpu, TensorFrom};

    static GRAPH: Graph = Graph {
        name: "Still",
        nodes: &[Node {
            name: "still",
            source: "input",
            fed_by: &[],
            input_shape: &[3],
            input_masked: false,
            layers: &[],
            shape: &[3],
            masked: false,
            shared: None,
            frozen: false,
            stand_in: 0,
        }],
        inputs: &[],
        derived: &[],
        outputs: &[],
    };

    #[test]
    fn value_and_gradient_have_their_literal_values() {
        let tensor = Cpu::default().tensor([2.0f64, -3.0, 0.0]);
        let mut gradients = Gradients::leaky();
        let branches = Branches::new(&GRAPH, std::iter::empty(), &[], &["still"]);
        let mut penalties = Penalties::in_training(&mut gradients, &branches);
        penalties.add("joined", &tensor, 0.1, 0.01).unwrap();
        penalties.add("still", &tensor, 0.1, 0.01).unwrap();
        assert!((penalties.value() - (0.5 + 0.13)).abs() < 1e-12);
        let slopes = gradients.get(&tensor).as_vec();
        let expected = [0.1 + 0.04, -0.1 - 0.06, 0.0];
        assert!(slopes.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
