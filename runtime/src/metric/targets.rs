//! What is known of the targets of some rows before a model sees them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use multi_input_data::{
    schema::{Target, TargetKind},
    Column, Real, Values,
};

/// What the rows hold to compare an output with.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// How many rows know the target, and count.
    pub known: u64,
    /// For classes and flags, how many rows each class has.
    pub classes: Vec<u64>,
    /// Whether numbers differ from row to row.
    pub varies: bool,
    first: Vec<f64>,
    /// How many rows have each label, of rows whose labels are not classes yet.
    pub(crate) labels: BTreeMap<Arc<str>, u64>,
}

impl Targets {
    pub(crate) fn add(&mut self, target: &Target, column: &Column, row: usize) {
        self.known += 1;
        match &*column.values {
            Values::Categories(classes) => self.count(target.width, classes[row] as usize),
            Values::Numbers(flags) if target.kind == TargetKind::Flag => {
                self.count(2, usize::from(flags[row] > 0.5));
            }
            Values::Numbers(numbers) => {
                self.compare(&numbers[row * column.width..][..column.width])
            }
            Values::Doubles(numbers) => {
                self.compare(&numbers[row * column.width..][..column.width])
            }
            Values::Texts(labels) => *self.labels.entry(labels[row].clone()).or_default() += 1,
            // Nothing else is a target.
            _ => {}
        }
    }

    /// Compares the numbers of a row with those of the first one.
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

    /// The classes that occur.
    pub(crate) fn present(&self) -> BTreeSet<usize> {
        (0..self.classes.len()).filter(|&class| self.classes[class] > 0).collect()
    }
}
