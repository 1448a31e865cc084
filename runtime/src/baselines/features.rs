//! The features of baselines: the encoded inputs as a matrix of numbers.

use multi_input_data::{Column, Content, Table, Values};

use crate::definition::Graph;

/// Upper bound of the number of features of one input, and of all of them.
const MOST_FEATURES: usize = 256;

/// A matrix in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) numbers: Vec<f64>,
}

impl Matrix {
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.width..][..self.width]
    }
}

/// An encoded column as features.
#[derive(Clone, Copy, Debug)]
struct Part {
    column: usize,
    /// The number of categories; `None` for numbers.
    one_hot: Option<usize>,
    width: usize,
    /// Whether a further feature says that the value is present.
    optional: bool,
}

impl Part {
    fn features(&self) -> usize {
        self.width * self.one_hot.unwrap_or(1) + usize::from(self.optional)
    }
}

/// The features of a model's rows: the numbers of its encoded inputs, its encoded categories as
/// one-hot vectors, and whether an optional input is present; standardised by mean and deviation of
/// the training rows. An absent value is 0, that is the mean.
#[derive(Clone, Debug)]
pub(super) struct Features {
    parts: Vec<Part>,
    /// Mean and deviation of every feature.
    scales: Vec<[f64; 2]>,
    /// The inputs that are left out, with the reason.
    pub(super) left_out: Vec<(&'static str, &'static str)>,
}

impl Features {
    /// The features of the encoded training rows.
    pub(super) fn fit(graph: &Graph, encoded: &Table) -> Features {
        let mut features = Features { parts: Vec::new(), scales: Vec::new(), left_out: Vec::new() };
        let mut count = 0;
        for (index, column) in encoded.columns.iter().enumerate().take(graph.encoded_columns()) {
            let raw = graph.inputs.get(index).map(|input| input.kind);
            match part(index, column, raw) {
                Ok(part) if count + part.features() <= MOST_FEATURES => {
                    count += part.features();
                    features.parts.push(part);
                }
                Ok(_) => features.left_out.push((column.name, "too many features in all")),
                Err(reason) => features.left_out.push((column.name, reason)),
            }
        }
        features.scales = features.measured(encoded);
        features
    }

    /// The matrix of encoded rows.
    pub(super) fn of(&self, encoded: &Table, rows: &[usize]) -> Matrix {
        let mut matrix = self.raw(encoded, rows);
        self.standardize(&mut matrix);
        matrix
    }

    /// The number of features.
    pub(super) fn count(&self) -> usize {
        self.parts.iter().map(Part::features).sum()
    }

    /// Mean and population deviation of the present values of every feature. The rows become a
    /// matrix a few at a time, for all of them may be too large.
    fn measured(&self, encoded: &Table) -> Vec<[f64; 2]> {
        const AT_ONCE: usize = 1024;
        let all: Vec<usize> = (0..encoded.rows).collect();
        // The number of present values of every feature, and the sum of a function of them.
        let sums = |of: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![(0.0, 0.0); self.count()];
            for rows in all.chunks(AT_ONCE) {
                let matrix = self.raw(encoded, rows);
                for row in 0..matrix.rows {
                    let numbers = matrix.row(row).iter().zip(&mut sums).enumerate();
                    for (feature, (number, (count, sum))) in numbers {
                        if !number.is_nan() {
                            (*count, *sum) = (*count + 1.0, *sum + of(feature, *number));
                        }
                    }
                }
            }
            sums.into_iter().map(|(count, sum)| sum / count).collect::<Vec<f64>>()
        };
        let means = sums(&|_, number| number);
        let variances = sums(&|feature, number| (number - means[feature]).powi(2));
        let of_feature = |(mean, variance): (&f64, f64)| {
            let deviation = variance.sqrt();
            // A constant feature becomes 0, also where its deviation is rounding.
            let is_constant = deviation <= 1e-12 * mean.abs();
            [*mean, if is_constant { f64::INFINITY } else { deviation }]
        };
        means.iter().zip(variances).map(of_feature).collect()
    }

    /// The features before they are standardised; absent ones are NaN.
    fn raw(&self, encoded: &Table, rows: &[usize]) -> Matrix {
        let width = self.count();
        let mut numbers = Vec::with_capacity(rows.len() * width);
        for row in rows {
            for part in &self.parts {
                push(&mut numbers, part, &encoded.columns[part.column], *row);
            }
        }
        Matrix { rows: rows.len(), width, numbers }
    }

    fn standardize(&self, matrix: &mut Matrix) {
        if matrix.width == 0 {
            return;
        }
        for row in matrix.numbers.chunks_exact_mut(matrix.width) {
            for (number, [mean, deviation]) in row.iter_mut().zip(&self.scales) {
                let scaled = (*number - mean) / deviation;
                *number = if scaled.is_finite() { scaled } else { 0.0 };
            }
        }
    }
}

/// How an encoded column becomes features, or why it does not.
fn part(column: usize, encoded: &Column, raw: Option<Content>) -> Result<Part, &'static str> {
    let (width, optional) = (encoded.width, encoded.present.is_some());
    let one_hot = match (raw, encoded.content) {
        (Some(Content::Pictures), _) => return Err("pictures"),
        (_, _) if encoded.lengths.is_some() => return Err("lists"),
        (Some(Content::Texts), Content::Categories { .. }) => return Err("texts"),
        (_, Content::Categories { below }) => Some(below),
        (_, Content::Numbers { .. } | Content::Doubles { .. }) => None,
        _ => return Err("no numbers"),
    };
    let part = Part { column, one_hot, width, optional };
    match width.saturating_mul(one_hot.unwrap_or(1)) <= MOST_FEATURES {
        true => Ok(part),
        false if one_hot.is_some() => Err("too many categories"),
        false => Err("too many numbers"),
    }
}

/// Appends the features of one row of a column.
fn push(numbers: &mut Vec<f64>, part: &Part, column: &Column, row: usize) {
    let range = row * part.width..(row + 1) * part.width;
    let is_present = column.is_present(row);
    let start = numbers.len();
    match (&*column.values, part.one_hot) {
        (Values::Categories(indices), Some(below)) if is_present => {
            for index in &indices[range] {
                numbers
                    .extend((0..below).map(|other| f64::from(u8::from(other == *index as usize))));
            }
        }
        (Values::Numbers(all), None) if is_present => {
            numbers.extend(all[range].iter().map(|number| f64::from(*number)));
        }
        (Values::Doubles(all), None) if is_present => numbers.extend_from_slice(&all[range]),
        _ => {}
    }
    let end = start + part.features() - usize::from(part.optional);
    numbers.resize(end, f64::NAN);
    if part.optional {
        numbers.push(f64::from(u8::from(is_present)));
    }
}
