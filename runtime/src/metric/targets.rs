//! Statistics of targets, gathered before training.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use multi_input_data::{
    schema::{Target, TargetKind},
    Column, Real, Values,
};
use serde::{Deserialize, Serialize};

/// The targets of an output in a set of rows.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// The number of rows with a known target and a weight above 0.
    pub known: u64,
    /// For classes and flags, the number of rows of each class.
    pub classes: Vec<u64>,
    /// Whether the target is a `bool`, or one label of several.
    pub is_flag: bool,
    /// For several labels, the numbers of the rows in which each label is false and true.
    pub flags: Vec<[u64; 2]>,
    /// Whether numeric targets differ between rows.
    pub varies: bool,
    pub(crate) first: Vec<f64>,
    /// The number of rows of each label, before labels are converted to classes.
    pub(crate) labels: BTreeMap<Arc<str>, u64>,
    /// The labels of the classes in class order, if they have any.
    pub(crate) names: Vec<String>,
}

/// The saved form of [`Targets`].
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedTargets {
    known: u64,
    classes: Vec<u64>,
    is_flag: bool,
    flags: Vec<[u64; 2]>,
    varies: bool,
    first: Vec<f64>,
    labels: BTreeMap<String, u64>,
}

/// The targets of several parts of the rows, before the labels are learned.
impl Targets {
    /// The targets of the rows so far, for [`merge`](Targets::merge).
    pub(crate) fn save(&self) -> SavedTargets {
        let labels = self.labels.iter().map(|(label, rows)| (label.to_string(), *rows));
        SavedTargets {
            known: self.known,
            classes: self.classes.clone(),
            is_flag: self.is_flag,
            flags: self.flags.clone(),
            varies: self.varies,
            first: self.first.clone(),
            labels: labels.collect(),
        }
    }

    /// Adds the targets of the rows that follow.
    pub(crate) fn merge(&mut self, later: SavedTargets) {
        self.known += later.known;
        self.classes.resize(self.classes.len().max(later.classes.len()), 0);
        let classes = self.classes.iter_mut().zip(later.classes);
        classes.for_each(|(own, later)| *own += later);
        self.is_flag |= later.is_flag;
        self.flags.resize(self.flags.len().max(later.flags.len()), [0; 2]);
        for (own, later) in self.flags.iter_mut().zip(later.flags) {
            own.iter_mut().zip(later).for_each(|(own, later)| *own += later);
        }
        let differ = !later.first.is_empty() && !self.first.is_empty() && self.first != later.first;
        self.varies |= later.varies || differ;
        if self.first.is_empty() {
            self.first = later.first;
        }
        for (label, rows) in later.labels {
            *self.labels.entry(label.into()).or_default() += rows;
        }
    }
}

impl Targets {
    pub(crate) fn add(&mut self, target: &Target, column: &Column, row: usize) {
        self.known += 1;
        match &*column.values {
            Values::Categories(classes) => self.count(target.width, classes[row] as usize),
            Values::Numbers(flags) if target.kind == TargetKind::Flag => {
                self.is_flag = true;
                self.count(2, usize::from(flags[row] > 0.5));
            }
            Values::Numbers(flags) if target.kind == TargetKind::Flags => {
                self.count_flags(&flags[row * column.width..][..column.width]);
            }
            Values::Numbers(numbers) => {
                self.compare(&numbers[row * column.width..][..column.width])
            }
            Values::Doubles(numbers) => {
                self.compare(&numbers[row * column.width..][..column.width])
            }
            Values::Texts(labels) => *self.labels.entry(labels[row].clone()).or_default() += 1,
            // Targets have no other type.
            _ => {}
        }
    }

    /// Compares the numbers of a row with those of the first row.
    fn compare<T: Real>(&mut self, numbers: &[T]) {
        let numbers = numbers.iter().map(|number| number.as_f64());
        match self.first.is_empty() {
            true => self.first = numbers.collect(),
            false => self.varies = self.varies || !self.first.iter().copied().eq(numbers),
        }
    }

    fn count(&mut self, classes: usize, class: usize) {
        self.classes.resize(classes, 0);
        if let Some(count) = self.classes.get_mut(class) {
            *count += 1;
        }
    }

    fn count_flags(&mut self, flags: &[f32]) {
        self.flags.resize(flags.len(), [0; 2]);
        for (counts, flag) in self.flags.iter_mut().zip(flags) {
            counts[usize::from(*flag > 0.5)] += 1;
        }
    }

    /// The targets of each of several labels, as those of a flag.
    pub(crate) fn by_label(&self) -> impl Iterator<Item = Targets> + '_ {
        self.flags.iter().map(|counts| Targets::of_flag(*counts))
    }

    /// The targets of a flag: the numbers of the rows in which it is false and true.
    pub(crate) fn of_flag(counts: [u64; 2]) -> Targets {
        let known = counts.iter().sum();
        Targets { known, classes: counts.to_vec(), is_flag: true, ..Targets::default() }
    }

    /// The classes that occur.
    pub(crate) fn present(&self) -> BTreeSet<usize> {
        (0..self.classes.len()).filter(|&class| self.classes[class] > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbers: &[f64]) -> Targets {
        let mut targets = Targets::default();
        numbers.iter().for_each(|number| {
            targets.known += 1;
            targets.compare(&[*number]);
        });
        targets
    }

    #[test]
    fn numbers_of_parts_vary_where_those_of_all_rows_do() {
        let merged = |parts: &[&[f64]]| {
            let mut all = Targets::default();
            parts.iter().for_each(|part| all.merge(numbers(part).save()));
            (all.known, all.varies, all.first)
        };
        assert_eq!(merged(&[&[], &[2.0], &[], &[2.0, 2.0]]), (3, false, vec![2.0]));
        assert_eq!(merged(&[&[2.0], &[3.0]]), (2, true, vec![2.0]));
        assert_eq!(merged(&[&[2.0], &[2.0, 3.0]]), (3, true, vec![2.0]));
        assert_eq!(merged(&[&[], &[]]), (0, false, vec![]));
    }

    #[test]
    fn classes_flags_and_labels_of_parts_add_up() {
        let (mut own, mut later) = (Targets::of_flag([1, 2]), Targets::of_flag([0, 3]));
        own.labels.insert("a".into(), 1);
        later.labels.extend([("a".into(), 2), ("b".into(), 5)]);
        later.count_flags(&[1.0, 0.0]);
        own.merge(later.save());
        own.merge(Targets::default().save());
        assert_eq!((own.known, &*own.classes, own.is_flag), (6, &[1, 5][..], true));
        assert_eq!(own.flags, [[0, 1], [1, 0]]);
        assert_eq!(own.labels, [("a".into(), 3), ("b".into(), 5)].into());
    }
}
