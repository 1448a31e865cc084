//! Setting rows apart.

use crate::seed::{Seed, Stream};

/// Rows that can be split in two at random.
pub trait Split: Sized {
    /// The first `fraction` of the shuffled rows, and the rest: floor(n * fraction) rows and
    /// n minus that. The same seed gives the same split. A fraction outside 0 to 1 counts as the
    /// nearer of the two.
    ///
    /// `sklearn.model_selection.train_test_split(rows, train_size=fraction, random_state=seed)`
    /// (which draws another permutation).
    ///
    /// ```
    /// use multi_input::prelude::*;
    ///
    /// let (train, test) = (0..10).collect::<Vec<_>>().split(0.8, Seed(7));
    /// assert_eq!((train.len(), test.len()), (8, 2));
    /// ```
    fn split(self, fraction: f64, seed: Seed) -> (Self, Self);
}

impl<T> Split for Vec<T> {
    fn split(mut self, fraction: f64, seed: Seed) -> (Vec<T>, Vec<T>) {
        seed.generator(Stream::Splitting, 0).shuffle(&mut self);
        let first = (self.len() as f64 * fraction.clamp(0.0, 1.0)).floor() as usize;
        let rest = self.split_off(first.min(self.len()));
        (self, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_ends_up_on_one_side() {
        let (train, test) = (0..442).collect::<Vec<_>>().split(0.8, Seed(3));
        assert_eq!((train.len(), test.len()), (353, 89));
        let mut all = [train.clone(), test].concat();
        assert_ne!(all, (0..442).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..442).collect::<Vec<_>>());
        assert_eq!((0..442).collect::<Vec<_>>().split(0.8, Seed(3)).0, train);
    }

    #[test]
    fn fractions_out_of_range_give_all_or_nothing() {
        assert_eq!(vec![1, 2].split(1.5, Seed(0)).0.len(), 2);
        assert_eq!(vec![1, 2].split(f64::NAN, Seed(0)).0.len(), 0);
    }
}
