//! Splits of rows into training, validation and test sets.

use std::collections::BTreeMap;

use multi_input_base::{Seed, Stream};

/// Random and ordered splits of rows, in a vector or an array.
pub trait Split: Sized {
    /// The type of one row.
    type Row;

    /// Splits the shuffled rows: the first part has floor(n * fraction) rows, the second part the
    /// rest. Equal seeds give equal splits. A fraction outside [0, 1] is clamped.
    ///
    /// `sklearn.model_selection.train_test_split(rows, train_size=fraction, random_state=seed)`,
    /// with another permutation.
    ///
    /// ```
    /// use multi_input::prelude::*;
    ///
    /// let (train, test) = (0..10).collect::<Vec<_>>().split(0.8, Seed(7));
    /// assert_eq!((train.len(), test.len()), (8, 2));
    /// ```
    #[doc(alias = "train_test_split")]
    fn split(self, fraction: f64, seed: Seed) -> (Vec<Self::Row>, Vec<Self::Row>);

    /// As [`split`](Split::split), stratified: the share of each class in the first part is as near
    /// to `fraction` as its number of rows allows.
    ///
    /// `sklearn.model_selection.train_test_split(rows, stratify=classes)`.
    fn split_stratified<K: Ord>(
        self,
        fraction: f64,
        seed: Seed,
        class: impl Fn(&Self::Row) -> K,
    ) -> (Vec<Self::Row>, Vec<Self::Row>);

    /// As [`split`](Split::split), with all rows of a group (for instance of one patient) in the
    /// same part. Groups are added in random order until the first part has at least `fraction` of
    /// the rows.
    ///
    /// `sklearn.model_selection.GroupShuffleSplit`, whose fraction is of the groups.
    fn split_by_group<K: Ord>(
        self,
        fraction: f64,
        seed: Seed,
        group: impl Fn(&Self::Row) -> K,
    ) -> (Vec<Self::Row>, Vec<Self::Row>);

    /// Splits the rows in order of time: the first part has the earliest `fraction` of the rows.
    /// The sort is stable.
    ///
    /// `sklearn.model_selection.TimeSeriesSplit` with one split.
    fn split_by_time<K: Ord>(
        self,
        fraction: f64,
        time: impl Fn(&Self::Row) -> K,
    ) -> (Vec<Self::Row>, Vec<Self::Row>);

    /// K-fold cross-validation: `folds` pairs of training and test rows. Each row is in exactly one
    /// test part; the sizes of the test parts differ by at most 1.
    ///
    /// `sklearn.model_selection.KFold(folds, shuffle=True)`.
    #[doc(alias("kfold", "KFold"))]
    fn folds(self, folds: usize, seed: Seed) -> Vec<(Vec<Self::Row>, Vec<Self::Row>)>
    where
        Self::Row: Clone;
}

impl<T> Split for Vec<T> {
    type Row = T;

    fn split(mut self, fraction: f64, seed: Seed) -> (Vec<T>, Vec<T>) {
        seed.generator(Stream::Splitting, 0).shuffle(&mut self);
        let first = first_len(self.len(), fraction);
        let rest = self.split_off(first);
        (self, rest)
    }

    fn split_stratified<K: Ord>(
        mut self,
        fraction: f64,
        seed: Seed,
        class: impl Fn(&T) -> K,
    ) -> (Vec<T>, Vec<T>) {
        seed.generator(Stream::Splitting, 0).shuffle(&mut self);
        let wanted = first_len(self.len(), fraction);
        let mut classes = by_key(self, class);
        // Largest remainder method: each class gets its share rounded down, and the remaining rows
        // go to the classes with the largest fractional parts.
        let exact = |rows: &Vec<T>| rows.len() as f64 * fraction.clamp(0.0, 1.0);
        let mut counts: Vec<usize> = classes.iter().map(|rows| exact(rows) as usize).collect();
        let mut order: Vec<usize> = (0..classes.len()).collect();
        let remainder = |class: &usize| exact(&classes[*class]).fract();
        order.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)));
        let remaining = wanted.saturating_sub(counts.iter().sum());
        order.iter().take(remaining).for_each(|&class| counts[class] += 1);
        let rest: Vec<T> = classes
            .iter_mut()
            .zip(&counts)
            .flat_map(|(rows, &count)| rows.split_off(count.min(rows.len())))
            .collect();
        shuffled(classes.into_iter().flatten().collect(), rest, seed)
    }

    fn split_by_group<K: Ord>(
        self,
        fraction: f64,
        seed: Seed,
        group: impl Fn(&T) -> K,
    ) -> (Vec<T>, Vec<T>) {
        let wanted = first_len(self.len(), fraction);
        let mut groups = by_key(self, group);
        seed.generator(Stream::Splitting, 0).shuffle(&mut groups);
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for rows in groups {
            if first.len() < wanted { &mut first } else { &mut rest }.extend(rows);
        }
        shuffled(first, rest, seed)
    }

    fn split_by_time<K: Ord>(mut self, fraction: f64, time: impl Fn(&T) -> K) -> (Vec<T>, Vec<T>) {
        self.sort_by_key(time);
        let first = first_len(self.len(), fraction);
        let rest = self.split_off(first);
        (self, rest)
    }

    fn folds(mut self, folds: usize, seed: Seed) -> Vec<(Vec<T>, Vec<T>)>
    where
        T: Clone,
    {
        seed.generator(Stream::Splitting, 0).shuffle(&mut self);
        let bound = |fold: usize| fold * self.len() / folds;
        let fold = |fold: usize| {
            let (from, to) = (bound(fold), bound(fold + 1));
            ([&self[..from], &self[to..]].concat(), self[from..to].to_vec())
        };
        (0..folds).map(fold).collect()
    }
}

/// As for the vector of the rows.
impl<T, const ROWS: usize> Split for [T; ROWS] {
    type Row = T;

    fn split(self, fraction: f64, seed: Seed) -> (Vec<T>, Vec<T>) {
        Vec::from(self).split(fraction, seed)
    }

    fn split_stratified<K: Ord>(
        self,
        fraction: f64,
        seed: Seed,
        class: impl Fn(&T) -> K,
    ) -> (Vec<T>, Vec<T>) {
        Vec::from(self).split_stratified(fraction, seed, class)
    }

    fn split_by_group<K: Ord>(
        self,
        fraction: f64,
        seed: Seed,
        group: impl Fn(&T) -> K,
    ) -> (Vec<T>, Vec<T>) {
        Vec::from(self).split_by_group(fraction, seed, group)
    }

    fn split_by_time<K: Ord>(self, fraction: f64, time: impl Fn(&T) -> K) -> (Vec<T>, Vec<T>) {
        Vec::from(self).split_by_time(fraction, time)
    }

    fn folds(self, folds: usize, seed: Seed) -> Vec<(Vec<T>, Vec<T>)>
    where
        T: Clone,
    {
        Vec::from(self).folds(folds, seed)
    }
}

/// floor(count * fraction), with the fraction clamped to [0, 1].
fn first_len(count: usize, fraction: f64) -> usize {
    ((count as f64 * fraction.clamp(0.0, 1.0)).floor() as usize).min(count)
}

/// Groups rows by key, in the order of the keys.
fn by_key<T, K: Ord>(rows: Vec<T>, key: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    rows.into_iter().for_each(|row| groups.entry(key(&row)).or_default().push(row));
    groups.into_values().collect()
}

/// Shuffles both parts, so that their order does not depend on classes or groups.
fn shuffled<T>(mut first: Vec<T>, mut rest: Vec<T>, seed: Seed) -> (Vec<T>, Vec<T>) {
    seed.generator(Stream::Splitting, 1).shuffle(&mut first);
    seed.generator(Stream::Splitting, 2).shuffle(&mut rest);
    (first, rest)
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

    #[test]
    fn classes_are_on_both_sides_in_proportion() {
        let rows: Vec<usize> = (0..100).collect();
        let class = |row: &usize| if *row < 90 { "common" } else { "rare" };
        let (train, test) = rows.split_stratified(0.75, Seed(3), class);
        assert_eq!((train.len(), test.len()), (75, 25));
        let rare = |rows: &[usize]| rows.iter().filter(|row| **row >= 90).count();
        assert!((7..=8).contains(&rare(&train)) && rare(&train) + rare(&test) == 10);
    }

    #[test]
    fn a_group_is_on_one_side() {
        let (train, test) =
            (0..100).collect::<Vec<_>>().split_by_group(0.6, Seed(1), |row: &i32| row % 9);
        assert!(train.len() >= 60 && train.len() + test.len() == 100);
        assert!(train.iter().all(|row| test.iter().all(|other| row % 9 != other % 9)));
    }

    #[test]
    fn later_rows_are_for_testing() {
        let (train, test) = vec![3, 1, 2, 5, 4].split_by_time(0.6, |time| *time);
        assert_eq!((train, test), (vec![1, 2, 3], vec![4, 5]));
    }

    #[test]
    fn every_row_tests_once() {
        let folds = (0..10).collect::<Vec<_>>().folds(3, Seed(1));
        let mut tests: Vec<i32> = folds.iter().flat_map(|(_, test)| test.clone()).collect();
        tests.sort_unstable();
        assert_eq!(tests, (0..10).collect::<Vec<_>>());
        for (train, test) in &folds {
            assert_eq!(train.len() + test.len(), 10);
            assert!((3..=4).contains(&test.len()));
            assert!(train.iter().all(|row| !test.contains(row)));
        }
    }
}
