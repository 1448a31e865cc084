//! Predictions that say how uncertain they are.

use serde::{ser::SerializeSeq, Serialize, Serializer};

use super::{Labels, Prediction};

/// The predicted quantiles of a number, in the order of the levels of the loss
/// `quantile(0.1, 0.5, 0.9)`. They ascend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles<T, const LEVELS: usize>([T; LEVELS]);

impl<T: Copy, const LEVELS: usize> Quantiles<T, LEVELS> {
    /// The quantile of the level number `LEVEL`. A number that is too large is an
    /// error of `cargo build`.
    pub fn quantile<const LEVEL: usize>(&self) -> T {
        const { assert!(LEVEL < LEVELS, "the loss has fewer levels") };
        self.0[LEVEL]
    }
}

impl<T, const LEVELS: usize> Quantiles<T, LEVELS> {
    pub(crate) fn of(quantiles: [T; LEVELS]) -> Quantiles<T, LEVELS> {
        Quantiles(quantiles)
    }

    /// All quantiles.
    pub fn as_array(&self) -> &[T; LEVELS] {
        &self.0
    }
}

// serde implements arrays of at most 32 elements.
impl<T: Serialize, const LEVELS: usize> Serialize for Quantiles<T, LEVELS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(LEVELS))?;
        self.0.iter().try_for_each(|quantile| sequence.serialize_element(quantile))?;
        sequence.end()
    }
}

impl<T: Prediction, const LEVELS: usize> Prediction for Quantiles<T, LEVELS> {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> Self {
        Quantiles(Prediction::read(numbers, labels))
    }
}

/// A predicted normal distribution of a number, in the unit of the target: the prediction of the
/// loss `gaussian`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Normal<T> {
    /// The mean.
    pub mean: T,
    /// The standard deviation.
    pub std: T,
}

impl<T: Prediction> Prediction for Normal<T> {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> Normal<T> {
        let mean = T::read(numbers, labels);
        Normal { mean, std: T::read(numbers, labels) }
    }
}

/// A predicted distribution of a count with the variance mean + dispersion * mean^2: the prediction
/// of the loss `negative_binomial`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Counts<T> {
    /// The mean.
    pub mean: T,
    /// The dispersion; near 0 the distribution is Poisson's.
    pub dispersion: T,
}

impl<T: Copy + Into<f64>> Counts<T> {
    /// The variance.
    pub fn variance(&self) -> f64 {
        let (mean, dispersion) = (self.mean.into(), self.dispersion.into());
        mean + dispersion * mean * mean
    }
}

impl<T: Prediction> Prediction for Counts<T> {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> Counts<T> {
        let mean = T::read(numbers, labels);
        Counts { mean, dispersion: T::read(numbers, labels) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_in_order() {
        let labels = Labels::default();
        let quantiles: [Quantiles<f32, 2>; 2] =
            Prediction::read(&mut [1.0, 2.0, 3.0, 4.0].into_iter(), &labels);
        assert_eq!((quantiles[0].quantile::<1>(), quantiles[1].quantile::<0>()), (2.0, 3.0));
        assert_eq!(serde_json::to_string(&quantiles[0]).unwrap(), "[1.0,2.0]");
        let normal: Normal<f64> = Prediction::read(&mut [1.0, 0.5].into_iter(), &labels);
        assert_eq!((normal.mean, normal.std), (1.0, 0.5));
        let counts: Counts<f32> = Prediction::read(&mut [2.0, 0.5].into_iter(), &labels);
        assert_eq!(counts.variance(), 4.0);
    }
}
