//! The weight of each row in each output's loss.

/// One weight per output and row; 1 unless set.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowWeights {
    rows: Vec<Option<Vec<f64>>>,
    /// For outputs of several labels, the weights of the false and of the true elements.
    flags: Vec<Option<[f64; 2]>>,
}

impl RowWeights {
    /// The weight of a row in an output's loss.
    pub(crate) fn of(&self, output: usize, row: usize) -> f64 {
        match self.rows.get(output) {
            Some(Some(weights)) => weights[row],
            _ => 1.0,
        }
    }

    /// Whether a row counts in an output's loss if its target is known.
    pub(crate) fn counts(&self, output: usize, row: usize) -> bool {
        self.of(output, row) > 0.0
    }

    /// The weights of the false and of the true elements of an output's rows; `None` if all count
    /// once.
    pub(crate) fn of_flags(&self, output: usize) -> Option<[f64; 2]> {
        self.flags.get(output).copied().flatten()
    }

    /// The weight of an element of a row whose target is `flag`.
    pub(crate) fn of_element(&self, output: usize, row: usize, flag: f64) -> f64 {
        let by_flag = self.of_flags(output).map_or(1.0, |weights| weights[usize::from(flag > 0.5)]);
        by_flag * self.of(output, row)
    }

    /// Multiplies the weights of the false and of the true elements of an output's rows.
    pub(crate) fn scale_flags(&mut self, output: usize, [of_false, of_true]: [f64; 2]) {
        if self.flags.len() <= output {
            self.flags.resize(output + 1, None);
        }
        let [old_false, old_true] = self.flags[output].unwrap_or([1.0; 2]);
        self.flags[output] = Some([old_false * of_false, old_true * of_true]);
    }

    /// Multiplies the weights of an output's rows.
    pub(crate) fn scale(&mut self, output: usize, by_row: impl IntoIterator<Item = f64>) {
        if self.rows.len() <= output {
            self.rows.resize(output + 1, None);
        }
        match &mut self.rows[output] {
            Some(weights) => weights.iter_mut().zip(by_row).for_each(|(w, by)| *w *= by),
            none => *none = Some(by_row.into_iter().collect()),
        }
    }
}
