//! The weight of each row in each output's loss.

/// One weight per output and row; 1 unless set.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowWeights(Vec<Option<Vec<f64>>>);

impl RowWeights {
    /// The weight of a row in an output's loss.
    pub(crate) fn of(&self, output: usize, row: usize) -> f64 {
        match self.0.get(output) {
            Some(Some(weights)) => weights[row],
            _ => 1.0,
        }
    }

    /// Whether a row counts in an output's loss if its target is known.
    pub(crate) fn counts(&self, output: usize, row: usize) -> bool {
        self.of(output, row) > 0.0
    }

    /// Multiplies the weights of an output's rows.
    pub(crate) fn scale(&mut self, output: usize, by_row: impl IntoIterator<Item = f64>) {
        if self.0.len() <= output {
            self.0.resize(output + 1, None);
        }
        match &mut self.0[output] {
            Some(weights) => weights.iter_mut().zip(by_row).for_each(|(w, by)| *w *= by),
            none => *none = Some(by_row.into_iter().collect()),
        }
    }
}
