//! Statistics of targets, gathered before training.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use multi_input_data::{
    schema::{Target, TargetKind},
    Column, Real, Values,
};

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
