//! The distributions that parameters start from, Keras's defaults.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

use crate::tensor::*;

/// All zeros.
pub(crate) fn zeros<S: Shape, E: Element, D: Device<E>>(
    tensor: &mut Tensor<S, E, D>,
) -> Result<(), D::Err> {
    tensor.try_fill_with_zeros()
}

/// All ones.
pub(crate) fn ones<S: Shape, E: Element, D: Device<E>>(
    tensor: &mut Tensor<S, E, D>,
) -> Result<(), D::Err> {
    tensor.try_fill_with_ones()
}

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

/// A matrix whose columns are orthogonal and of length 1; its rows, where it is wider than high. All
/// such matrices are equally likely. `keras.initializers.Orthogonal`.
pub(crate) fn orthogonal<const ROWS: usize, const COLUMNS: usize, E: Element, D: Device<E>>(
    tensor: &mut Tensor<Rank2<ROWS, COLUMNS>, E, D>,
) -> Result<(), D::Err> {
    tensor.try_fill_with_distr(Gaussian)?;
    tensor.copy_from(&orthogonalised(&tensor.as_vec(), [ROWS, COLUMNS]));
    Ok(())
}

/// [`orthogonalise`] in double precision.
fn orthogonalised<E: Element>(values: &[E], sizes: [usize; 2]) -> Vec<E> {
    let mut values: Vec<f64> = values.iter().map(|value| value.as_f64()).collect();
    orthogonalise(&mut values, sizes);
    values.into_iter().map(E::of).collect()
}

/// Makes the columns of a matrix orthogonal and of length 1; its rows, where it is wider than high.
fn orthogonalise(values: &mut [f64], [rows, columns]: [usize; 2]) {
    let (count, len) = (rows.min(columns), rows.max(columns));
    // Vector `v` has its element `k` here.
    let at = |v: usize, k: usize| if rows < columns { v * len + k } else { k * count + v };
    for vector in 0..count {
        // Twice, because rounding leaves something of the others after the first time.
        for before in (0..vector).chain(0..vector) {
            let share: f64 = (0..len).map(|k| values[at(vector, k)] * values[at(before, k)]).sum();
            (0..len).for_each(|k| values[at(vector, k)] -= share * values[at(before, k)]);
        }
        let length = (0..len).map(|k| values[at(vector, k)].powi(2)).sum::<f64>().sqrt();
        (0..len).for_each(|k| values[at(vector, k)] /= length);
    }
}

/// Mean 0 and variance 1.
struct Gaussian;

impl<E: Element> Distribution<E> for Gaussian {
    fn sample<R: Rng + ?Sized>(&self, random: &mut R) -> E {
        E::of(random.sample(StandardNormal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::tensor::{AsArray, Cpu, ZerosTensor};

    fn drawn<const ROWS: usize, const COLUMNS: usize>() -> [[f64; COLUMNS]; ROWS] {
        let device = Cpu::seed_from_u64(5);
        let mut matrix: Tensor<Rank2<ROWS, COLUMNS>, f64, Cpu> = device.zeros();
        orthogonal(&mut matrix).unwrap();
        matrix.array()
    }

    #[track_caller]
    fn assert_orthonormal(vectors: &[Vec<f64>]) {
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-14, "{i} and {j}: {product}");
            }
        }
    }

    #[test]
    fn the_shorter_side_is_orthonormal() {
        let high = drawn::<20, 5>();
        let columns: Vec<Vec<f64>> =
            (0..5).map(|j| high.iter().map(|row| row[j]).collect()).collect();
        assert_orthonormal(&columns);
        assert!(high.iter().flatten().any(|value| *value < 0.0));

        assert_orthonormal(&drawn::<3, 7>().map(Vec::from));
        assert_orthonormal(&drawn::<16, 16>().map(Vec::from));
        assert_eq!(drawn::<1, 1>()[0][0].abs(), 1.0);
    }
}
