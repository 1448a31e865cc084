//! `Dropout`: sets random elements to zero in training.

use dfdx::nn::{tensor_collection::ScalarOptions, BuildOnDevice};

use super::{dropout_scale, RngKey};
use crate::{operation::*, tensor::*};

/// In training, each element becomes 0 with probability `rate` and x / (1 - rate) otherwise, so
/// that the expectation does not change. In inference the layer is the identity. Any shape.
///
/// Training is `ModuleMut` on a tensor that owns a tape. The mask depends only on the [`RngKey`],
/// whose call counter advances with each training forward, so that every batch has another mask.
/// Layers of one model have different keys by [`RngKey::layer`].
///
/// `keras.layers.Dropout(rate)`; `torch.nn.Dropout(rate)`.
///
/// ```
/// use dfdx::{nn::{Module, ModuleMut}, prelude::*};
/// use multi_input::layer::Dropout;
///
/// let mut layer = Dropout::new(0.5);
/// let x = Cpu::default().tensor([1.0f32; 8]);
/// assert_eq!(layer.forward(x.clone()).array(), [1.0; 8]);
/// let trained = layer.forward_mut(x.leaky_trace()).array();
/// assert!(trained.iter().all(|y| *y == 0.0 || *y == 2.0));
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Drop")]
pub struct Dropout {
    /// The probability that an element is dropped, from 0 to below 1.
    pub rate: f64,
    /// The random key of the next training forward.
    pub key: RngKey,
}

impl Default for Dropout {
    fn default() -> Self {
        Dropout::new(0.5)
    }
}

impl Dropout {
    /// A layer with the dropout probability `rate`, from 0 to below 1.
    pub fn new(rate: f64) -> Self {
        Dropout { rate, key: RngKey::default() }
    }

    /// Sets the dropout probability.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Sets the random key of the next training forward.
    pub fn set_rng_key(&mut self, key: RngKey) {
        self.key = key;
    }
}

impl<E: Dtype, D: Device<E>> BuildOnDevice<D, E> for Dropout {
    type Built = Dropout;
}

impl<E: Dtype, D: Device<E>> TensorCollection<E, D> for Dropout {
    type To<E2: Dtype, D2: Device<E2>> = Dropout;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            <Self as TensorCollection<E, D>>::scalar(
                "rate",
                |s| &s.rate,
                |s| &mut s.rate,
                ScalarOptions::from_default(0.5),
            ),
            Dropout::new,
        )
    }
}

impl<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>> Module<Tensor<S, E, D, T>> for Dropout {
    type Output = Tensor<S, E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}

impl<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>> ModuleMut<Tensor<S, E, D, T>> for Dropout {
    type Output = Tensor<S, E, D, T>;
    type Error = D::Err;

    fn try_forward_mut(&mut self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        if !T::OWNS_TAPE {
            return Ok(x);
        }
        let (x, tape) = x.split_tape();
        let (elements, sizes) = (x.shape().num_elements(), x.shape().concrete());
        let rows = sizes.as_ref().first().copied().unwrap_or(1);
        let dropout = (self.key.advance(), self.rate);
        let operation = Drop { dropout, width: elements / rows.max(1) };
        record(&operation, &[&x], *x.shape(), x.device(), tape)
    }
}

/// Applies the dropout mask of a random key.
#[derive(Clone)]
struct Drop {
    /// The key and the rate.
    dropout: (RngKey, f64),
    /// The number of elements of a row of the batch.
    width: usize,
}

compiled!(Drop);

impl Operation for Drop {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let scale_of = dropout_scale::<E>(self.dropout, self.width);
        // Dropped elements are skipped and stay 0, because 0 times a NaN would be a NaN.
        for (position, (y, x)) in pass.output.iter_mut().zip(&*pass.inputs[0]).enumerate() {
            if let Some(scale) = scale_of(position) {
                *y = scale * *x;
            }
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        // The mask is computed again rather than saved: hashing is cheaper than memory traffic.
        let scale_of = dropout_scale::<E>(self.dropout, self.width);
        gradients.edit(0, |dx| {
            for (position, (dx, grad)) in dx.iter_mut().zip(&*pass.gradient).enumerate() {
                if let Some(scale) = scale_of(position) {
                    *dx += scale * *grad;
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, OnesTensor, TensorFrom, ZerosTensor},
    };

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    fn ones(layer: &mut Dropout) -> Vec<f64> {
        let x: Tensor<Rank1<10_000>, f64, Cpu> = Cpu::default().ones();
        layer.forward_mut(x.put_tape(Traced::default())).as_vec()
    }

    #[test]
    fn the_share_is_left_out_and_the_mean_stays() {
        let values = ones(&mut Dropout::new(0.2));
        let zeros = values.iter().filter(|value| **value == 0.0).count();
        assert!((1850..2150).contains(&zeros), "{zeros}");
        assert!(values.iter().all(|value| *value == 0.0 || *value == 1.25));
    }

    #[test]
    fn equal_draws_leave_out_the_same_and_every_call_draws_anew() {
        let mut layer = Dropout::new(0.5);
        let key = RngKey { seed: 3, layer: 1, step: 8, ..RngKey::default() };
        layer.set_rng_key(key);
        let first = ones(&mut layer);
        assert_eq!((layer.key.step, layer.key.call), (8, 1));
        assert_ne!(ones(&mut layer), first);
        layer.set_rng_key(key);
        assert_eq!(ones(&mut layer), first);
        layer.set_rng_key(key.layer(2));
        assert_ne!(ones(&mut layer), first);
    }

    #[test]
    fn inference_and_a_rate_of_zero_change_nothing() {
        let x = Cpu::default().tensor([[1.0f64, f64::INFINITY]]);
        let mut layer = Dropout::new(0.5);
        assert_eq!(layer.forward(x.clone()).array(), x.array());
        assert_eq!(layer.forward_mut(x.clone()).array(), x.array());
        assert_eq!(layer.key, RngKey::default(), "nothing was drawn");
        assert!(ones(&mut Dropout::new(0.0)).iter().all(|value| *value == 1.0));
    }

    #[test]
    fn what_is_left_out_is_zero_whatever_it_was() {
        let mut x: Tensor<Rank1<64>, f64, Cpu> = Cpu::default().zeros();
        x.copy_from(&[f64::NAN; 64]);
        let y = Dropout::new(0.5).forward_mut(x.put_tape(Traced::default())).array();
        assert!(y.contains(&0.0));
    }

    #[test]
    fn dfdx_builds_it_with_half() {
        let layer = <Dropout as BuildModule<Cpu, f32>>::build(&Cpu::default());
        assert_eq!(layer.rate, 0.5);
    }

    #[test]
    fn gradients_are_right() {
        let x = Cpu::default().tensor([[[0.1, -0.2, 0.3], [0.4, 0.5, 0.6]], [[1.0; 3]; 2]]);
        check_gradients(&(x, Dropout::new(0.4)), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
    }
}
