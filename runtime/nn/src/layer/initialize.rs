//! Initialisers of parameters, with the defaults of Keras.

use std::cell::Cell;

use multi_input_base::RngKey;
use multi_input_spec::layer::dense::{initializer, INITIALIZERS};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

use crate::{
    sharded::{TableDim, TableShare},
    tensor::*,
};

/// The initialiser of this index in the spec's table.
pub(crate) struct Initializer<const INDEX: usize>;

/// Initialises the weight matrix of a dense layer, `[outputs, inputs]`.
pub(crate) fn kernel<
    const INDEX: usize,
    const O: usize,
    const I: usize,
    E: Element,
    D: Device<E>,
>(
    tensor: &mut Tensor<Rank2<O, I>, E, D>,
    _: Initializer<INDEX>,
) -> Result<(), D::Err> {
    const GLOROT_UNIFORM: usize = initializer("glorot_uniform");
    const ORTHOGONAL: usize = initializer("orthogonal");
    const ZEROS: usize = initializer("zeros");
    // `INDEX` is a constant, so only one arm is compiled.
    match INDEX {
        GLOROT_UNIFORM => glorot_uniform(tensor, I, O),
        ORTHOGONAL => orthogonal(tensor),
        ZEROS => zeros(tensor),
        _ => tensor.try_fill_with_distr(Scaled::new(INITIALIZERS[INDEX], I, O)),
    }
}

/// A distribution of mean 0 with a variance scaled by the fan.
/// `keras.initializers.VarianceScaling`.
#[derive(Clone, Copy)]
enum Scaled {
    /// U(-limit, limit).
    Uniform { limit: f64 },
    /// A normal distribution truncated at two standard deviations. `deviation` is that of the
    /// untruncated distribution.
    Normal { deviation: f64 },
}

impl Scaled {
    fn new(name: &str, fan_in: usize, fan_out: usize) -> Scaled {
        let fan_in = fan_in.max(1) as f64;
        let variance = match name.split('_').next() {
            Some("he") => 2.0 / fan_in,
            Some("lecun") => 1.0 / fan_in,
            _ => 2.0 / (fan_in + fan_out as f64),
        };
        match name.ends_with("normal") {
            // The divisor is the standard deviation of a standard normal distribution truncated at
            // 2.
            true => Scaled::Normal { deviation: variance.sqrt() / 0.879_625_661_034_239_8 },
            false => Scaled::Uniform { limit: (3.0 * variance).sqrt() },
        }
    }
}

impl<E: Element> Distribution<E> for Scaled {
    fn sample<R: Rng + ?Sized>(&self, random: &mut R) -> E {
        match *self {
            Scaled::Uniform { limit } => E::of(random.gen_range(-limit..=limit)),
            Scaled::Normal { deviation } => loop {
                let number: f64 = random.sample(StandardNormal);
                if number.abs() <= 2.0 {
                    return E::of(deviation * number);
                }
            },
        }
    }
}

/// Fills a tensor with zeros. `keras.initializers.Zeros`.
pub(crate) fn zeros<S: Shape, E: Element, D: Device<E>>(
    tensor: &mut Tensor<S, E, D>,
) -> Result<(), D::Err> {
    tensor.try_fill_with_zeros()
}

/// Fills a tensor with ones. `keras.initializers.Ones`.
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

/// U(-limit, limit) for the rows of an embedding table. The numbers of a sharded table depend on the
/// number of the row in the whole table, whichever rows are held.
pub(crate) fn table<R: TableDim, const M: usize, E: Element, D: Device<E>>(
    tensor: &mut Tensor<(R, Const<M>), E, D>,
    limit: f64,
) -> Result<(), D::Err> {
    if !R::SHARDED {
        return tensor.try_fill_with_distr(Uniform::new_inclusive(E::of(-limit), E::of(limit)));
    }
    // The device gives the same numbers to other tensors whichever rows are held.
    let mut seeds: Tensor<Rank1<3>, E, D> = tensor.device().try_zeros()?;
    seeds.try_fill_with_distr(Seeds)?;
    let seed = seeds.as_vec().iter().fold(0, |seed, part| seed << 20 | part.as_f64() as u64);
    let numbers = RngKey { seed, ..RngKey::default() }.numbers();
    tensor.try_fill_with_distr(ByRow {
        number: |position| E::of(limit * (2.0 * unit(numbers(position)) - 1.0)),
        share: TableShare::current(),
        width: M,
        next: Cell::new(0),
    })
}

/// Whole numbers of 20 bits, which every dtype represents.
struct Seeds;

impl<E: Element> Distribution<E> for Seeds {
    fn sample<R: Rng + ?Sized>(&self, random: &mut R) -> E {
        E::of(f64::from(random.gen_range(0_u32..1 << 20)))
    }
}

/// From 0 to below 1.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// Numbers by their position in a whole table, of which the rows of a share are filled in order.
struct ByRow<F> {
    number: F,
    share: TableShare,
    width: usize,
    /// The position among the rows held.
    next: Cell<usize>,
}

impl<E, F: Fn(u64) -> E> Distribution<E> for ByRow<F> {
    fn sample<R: Rng + ?Sized>(&self, _: &mut R) -> E {
        let position = self.next.replace(self.next.get() + 1);
        let row = self.share.row(position / self.width);
        (self.number)((row * self.width + position % self.width) as u64)
    }
}

/// A random orthogonal matrix, uniform (Haar) on its manifold: the columns are orthonormal, or the
/// rows where the matrix is wider than high. `keras.initializers.Orthogonal`,
/// `torch.nn.init.orthogonal_`.
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

/// Makes the columns of a matrix orthonormal by Gram-Schmidt, or the rows where the matrix is wider
/// than high.
fn orthogonalise(values: &mut [f64], [rows, columns]: [usize; 2]) {
    let (count, len) = (rows.min(columns), rows.max(columns));
    // The index of element `k` of vector `v`.
    let at = |v: usize, k: usize| if rows < columns { v * len + k } else { k * count + v };
    for vector in 0..count {
        // Two passes, because after the first pass rounding leaves a component along the other
        // vectors.
        for before in (0..vector).chain(0..vector) {
            let projection: f64 =
                (0..len).map(|k| values[at(vector, k)] * values[at(before, k)]).sum();
            (0..len).for_each(|k| values[at(vector, k)] -= projection * values[at(before, k)]);
        }
        let length = (0..len).map(|k| values[at(vector, k)].powi(2)).sum::<f64>().sqrt();
        (0..len).for_each(|k| values[at(vector, k)] /= length);
    }
}

/// The standard normal distribution.
struct Gaussian;

impl<E: Element> Distribution<E> for Gaussian {
    fn sample<R: Rng + ?Sized>(&self, random: &mut R) -> E {
        E::of(random.sample(StandardNormal))
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, ZerosTensor};

    use super::*;
    use crate::sharded::ShardedRows;

    fn random_matrix<const ROWS: usize, const COLUMNS: usize>() -> [[f64; COLUMNS]; ROWS] {
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

    fn numbers<const INDEX: usize>() -> Vec<f64> {
        let device = Cpu::seed_from_u64(5);
        let mut matrix: Tensor<Rank2<200, 100>, f64, Cpu> = device.zeros();
        kernel(&mut matrix, Initializer::<INDEX>).unwrap();
        matrix.as_vec()
    }

    #[track_caller]
    fn assert_starts(numbers: &[f64], variance: f64, limit: f64) {
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let found = numbers.iter().map(|x| x * x).sum::<f64>() / count;
        assert!(mean.abs() < 0.03 * variance.sqrt(), "{mean}");
        assert!((found / variance - 1.0).abs() < 0.03, "{found} is not {variance}");
        let largest = numbers.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        assert!(largest <= limit && largest > 0.99 * limit, "{largest} is not {limit}");
    }

    #[test]
    fn every_initialiser_has_the_variance_and_the_limits_of_keras() {
        // 100 inputs and 200 outputs. The normal distributions are truncated at two of their
        // untruncated deviations.
        let normal = |variance: f64| 2.0 * variance.sqrt() / 0.879_625_661_034_239_8;
        assert_starts(&numbers::<0>(), 2.0 / 300.0, 0.02f64.sqrt());
        assert_starts(&numbers::<1>(), 2.0 / 300.0, normal(2.0 / 300.0));
        assert_starts(&numbers::<2>(), 0.02, 0.06f64.sqrt());
        assert_starts(&numbers::<3>(), 0.02, normal(0.02));
        assert_starts(&numbers::<4>(), 0.01, 0.03f64.sqrt());
        assert_starts(&numbers::<5>(), 0.01, normal(0.01));
        let orthogonal = numbers::<6>();
        let columns = |j: usize| orthogonal.iter().skip(j).step_by(100);
        let product: f64 = columns(0).zip(columns(1)).map(|(a, b)| a * b).sum();
        let length: f64 = columns(0).map(|a| a * a).sum();
        assert!(product.abs() < 1e-12 && (length - 1.0).abs() < 1e-12);
        assert!(numbers::<7>().iter().all(|x| *x == 0.0));
        assert_eq!(INITIALIZERS.len(), 8);
    }

    #[test]
    fn the_rows_of_a_sharded_table_are_the_same_whichever_are_held() {
        const ROWS: usize = 50;
        let built = |share: TableShare| {
            share.while_building(|| {
                let device = Cpu::seed_from_u64(5);
                let mut tensor: Tensor<(ShardedRows<ROWS>, Const<3>), f64, Cpu> = device.zeros();
                table(&mut tensor, 0.05).unwrap();
                // What is built after it.
                let mut other: Tensor<Rank1<1>, f64, Cpu> = device.zeros();
                uniform(&mut other, 1.0).unwrap();
                (tensor.as_vec(), other.array())
            })
        };
        let (whole, after) = built(TableShare::WHOLE);
        assert!(whole.iter().all(|number| number.abs() <= 0.05));
        let mean = whole.iter().sum::<f64>() / 150.0;
        let variance = whole.iter().map(|number| number * number).sum::<f64>() / 150.0;
        assert!(mean.abs() < 0.01 && (variance * 1200.0 - 1.0).abs() < 0.2, "{mean} {variance}");
        for machine in 0..4 {
            let share = TableShare::of(machine, 4);
            let (held, other) = built(share);
            assert_eq!(other, after);
            assert_eq!(held.len(), 3 * share.rows(ROWS));
            for (index, row) in held.chunks(3).enumerate() {
                assert_eq!(row, &whole[3 * share.row(index)..][..3]);
            }
        }
    }

    #[test]
    fn the_shorter_side_is_orthonormal() {
        let high = random_matrix::<20, 5>();
        let columns: Vec<Vec<f64>> =
            (0..5).map(|j| high.iter().map(|row| row[j]).collect()).collect();
        assert_orthonormal(&columns);
        assert!(high.iter().flatten().any(|value| *value < 0.0));

        assert_orthonormal(&random_matrix::<3, 7>().map(Vec::from));
        assert_orthonormal(&random_matrix::<16, 16>().map(Vec::from));
        assert_eq!(random_matrix::<1, 1>()[0][0].abs(), 1.0);
    }
}
