//! The distributions that parameters start from, Keras's defaults.

use rand_distr::Uniform;

use crate::tensor::*;

/// U(-l, l) with l = sqrt(6 / (fan_in + fan_out)). `keras.initializers.GlorotUniform`.
pub(crate) fn glorot_uniform<S: Shape, E: Element, D: Device<E>>(
    tensor: &mut Tensor<S, E, D>,
    fan_in: usize,
    fan_out: usize,
) -> Result<(), D::Err> {
    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt();
    uniform(tensor, limit)
}

/// U(-limit, limit). `keras.initializers.RandomUniform`.
pub(crate) fn uniform<S: Shape, E: Element, D: Device<E>>(
    tensor: &mut Tensor<S, E, D>,
    limit: f64,
) -> Result<(), D::Err> {
    tensor.try_fill_with_distr(Uniform::new_inclusive(E::of(-limit), E::of(limit)))
}
