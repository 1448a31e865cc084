//! L1 and L2 penalties on weights.

use multi_input_kernel::Flat;

use crate::tensor::*;

/// The penalties of a model: l1 sum|w| + l2 sum(w^2) for each tensor w, whose gradient in training
/// is l1 sign(w) + 2 l2 w.
///
/// `keras.regularizers.L1L2(l1, l2)`.
pub struct Penalties<E: Element, D: Backend<E>> {
    terms: Vec<Term<E, D>>,
}

/// The penalty on one tensor.
struct Term<E: Element, D: Backend<E>> {
    /// The node of the branch that the tensor belongs to.
    branch: &'static str,
    tensor: Flat<E, D>,
    l1: f64,
    l2: f64,
}

impl<E: Element, D: Backend<E>> Default for Penalties<E, D> {
    fn default() -> Self {
        Penalties { terms: Vec::new() }
    }
}

impl<E: Element, D: Backend<E>> Penalties<E, D> {
    /// Adds the penalty on one tensor of a node's branch.
    ///
    /// # Errors
    /// The device's.
    pub fn add<S: Shape>(
        &mut self,
        branch: &'static str,
        tensor: &Tensor<S, E, D>,
        l1: f64,
        l2: f64,
    ) -> Result<(), D::Err> {
        self.terms.push(Term { branch, tensor: D::flatten(tensor)?.in_order()?, l1, l2 });
        Ok(())
    }

    /// The sum of all penalties.
    pub fn value(&self) -> f64 {
        self.terms.iter().map(Term::value).sum()
    }

    /// The sum of the penalties of all branches that are not frozen, whose gradients are added to
    /// `gradients`.
    ///
    /// # Errors
    /// The device's.
    pub fn in_training(
        &self,
        gradients: &mut Gradients<E, D>,
        is_frozen: impl Fn(&str) -> bool,
    ) -> Result<f64, D::Err> {
        let mut value = 0.0;
        for term in self.terms.iter().filter(|term| !is_frozen(term.branch)) {
            value += term.value();
            term.add_gradient(gradients)?;
        }
        Ok(value)
    }
}

impl<E: Element, D: Backend<E>> Term<E, D> {
    fn value(&self) -> f64 {
        let penalty = |weight: &E| {
            let weight = weight.as_f64();
            self.l1 * weight.abs() + self.l2 * weight * weight
        };
        D::values(&self.tensor).iter().map(penalty).sum()
    }

    fn add_gradient(&self, gradients: &mut Gradients<E, D>) -> Result<(), D::Err> {
        let (l1, twice_l2) = (E::of(self.l1), E::of(2.0 * self.l2));
        D::edit_gradient(gradients, &self.tensor, |grads| {
            for (grad, &weight) in grads.iter_mut().zip(D::values(&self.tensor).iter()) {
                let sign = if weight == E::zero() { E::zero() } else { weight.signum() };
                *grad += l1 * sign + twice_l2 * weight;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{Cpu, TensorFrom};

    use super::*;

    #[test]
    fn value_and_gradient_have_their_literal_values() {
        let tensor = Cpu::default().tensor([2.0f64, -3.0, 0.0]);
        let mut gradients = Gradients::leaky();
        let mut penalties = Penalties::default();
        penalties.add("joined", &tensor, 0.1, 0.01).unwrap();
        penalties.add("still", &tensor, 0.1, 0.01).unwrap();
        let value = penalties.in_training(&mut gradients, |branch| branch == "still").unwrap();
        assert!((value - (0.5 + 0.13)).abs() < 1e-12);
        let grads = gradients.get(&tensor).as_vec();
        let expected = [0.1 + 0.04, -0.1 - 0.06, 0.0];
        assert!(grads.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
