//! Predictions in the user's types.

use super::{LabelProbabilities, Labels, Probabilities};

/// The prediction type of an output: `f32`, `f64`, arrays of them, `Probabilities<N>` or
/// `LabelProbabilities<N>`.
pub trait Prediction: Sized {
    /// Reads the prediction from as many numbers as the type holds. `labels` are the class labels
    /// of the output, empty where it has none.
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> Self;
}

impl Prediction for f32 {
    fn read(numbers: &mut dyn Iterator<Item = f64>, _: &Labels) -> f32 {
        numbers.next().map_or(f32::NAN, |number| number as f32)
    }
}

impl Prediction for f64 {
    fn read(numbers: &mut dyn Iterator<Item = f64>, _: &Labels) -> f64 {
        numbers.next().unwrap_or(f64::NAN)
    }
}

impl<P: Prediction, const N: usize> Prediction for [P; N] {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> [P; N] {
        std::array::from_fn(|_| P::read(numbers, labels))
    }
}

impl<const N: usize> Prediction for Probabilities<N> {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> Probabilities<N> {
        Probabilities::new(Prediction::read(numbers, labels))
    }
}

impl<const N: usize> Prediction for LabelProbabilities<N> {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> LabelProbabilities<N> {
        LabelProbabilities::new(Prediction::read(numbers, labels), labels.clone())
    }
}

/// Reads one row of predictions, output by output.
#[derive(Debug)]
pub struct RowReader<'a> {
    outputs: std::slice::Iter<'a, Vec<f64>>,
    labels: std::slice::Iter<'a, Labels>,
    row: usize,
    rows: usize,
}

impl<'a> RowReader<'a> {
    /// A reader of row `row`. Each item of `outputs` holds all `rows` rows of one output, in
    /// row-major order; each item of `labels` holds the labels of one output.
    pub fn new(
        outputs: &'a [Vec<f64>],
        labels: &'a [Labels],
        row: usize,
        rows: usize,
    ) -> RowReader<'a> {
        RowReader { outputs: outputs.iter(), labels: labels.iter(), row, rows }
    }

    /// Reads the next output; NaN where there is none.
    pub fn take<P: Prediction>(&mut self) -> P {
        let numbers = self.outputs.next().map_or(&[][..], Vec::as_slice);
        let width = numbers.len() / self.rows.max(1);
        let none = Labels::default();
        let labels = self.labels.next().unwrap_or(&none);
        P::read(&mut numbers[self.row * width..][..width].iter().copied(), labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_output_after_output() {
        let outputs = [vec![1.0, 2.0], vec![0.25, 0.75, 0.5, 0.5]];
        let mut row = RowReader::new(&outputs, &[], 0, 2);
        assert_eq!(row.take::<f32>(), 1.0);
        assert_eq!(row.take::<Probabilities<2>>().most_likely().index(), 1);
        assert_eq!(RowReader::new(&outputs[1..], &[], 1, 2).take::<[f32; 2]>(), [0.5, 0.5]);
    }
}
