//! Random rows for the four models, one vector per input.

use rand::{rngs::StdRng, Rng, SeedableRng};
use rand_distr::StandardNormal;

/// Inputs and targets, row-major.
pub struct Data {
    pub numbers: Vec<Vec<f32>>,
    pub categories: Vec<i64>,
    pub targets: Vec<f32>,
    pub classes: Vec<i64>,
    /// Number of values per row of each of `numbers`, and number of categories per row.
    pub widths: (Vec<usize>, usize),
}

impl Data {
    pub fn new(which: usize, rows: usize) -> Data {
        let mut random = StdRng::seed_from_u64(0);
        // The widths of the numeric inputs, and the exclusive bounds of the categories.
        let (widths, below) = match which {
            1 => (vec![10], vec![100]),
            2 => (vec![3 * 64 * 64], vec![10_000; 100]),
            4 => (vec![8, 8], vec![100_000, 20_000]),
            _ => (vec![10, 5, 1], Vec::new()),
        };
        let mut numbers: Vec<Vec<f32>> = widths
            .iter()
            .map(|width| (0..rows * width).map(|_| random.sample(StandardNormal)).collect())
            .collect();
        if which == 3 {
            numbers[2].iter_mut().for_each(|flag| *flag = f32::from(*flag > 0.0));
        }
        Data {
            numbers,
            categories: (0..rows)
                .flat_map(|_| {
                    below.iter().map(|&below| random.gen_range(0..below)).collect::<Vec<_>>()
                })
                .collect(),
            targets: (0..rows).map(|_| random.sample(StandardNormal)).collect(),
            classes: (0..rows).map(|_| random.gen_range(0..10)).collect(),
            widths: (widths, below.len()),
        }
    }

    pub fn bytes(&self) -> usize {
        let numbers: usize = self.numbers.iter().map(Vec::len).sum();
        4 * (numbers + self.targets.len()) + 8 * (self.categories.len() + self.classes.len())
    }

    /// The numbers of `rows` of an input.
    pub fn gather(&self, input: usize, rows: &[usize]) -> Vec<f32> {
        let width = self.widths.0[input];
        rows.iter().flat_map(|row| &self.numbers[input][row * width..][..width]).copied().collect()
    }

    /// The categories of `rows`.
    pub fn gather_categories(&self, rows: &[usize]) -> Vec<i64> {
        let width = self.widths.1;
        rows.iter().flat_map(|row| &self.categories[row * width..][..width]).copied().collect()
    }

    pub fn gather_targets(&self, rows: &[usize]) -> Vec<f32> {
        rows.iter().map(|&row| self.targets[row]).collect()
    }

    pub fn gather_classes(&self, rows: &[usize]) -> Vec<i64> {
        rows.iter().map(|&row| self.classes[row]).collect()
    }
}
