//! Fitting of the preprocessing alone, for a training loop by hand.

use multi_input_base::Result;
use multi_input_data::{preprocess::Preprocessing, Table};
use multi_input_kernel::{Backend, Element};

use super::vectors;
use crate::untyped::UntypedModel;

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Fits everything that was not taken on all rows, and sets the embeddings that start at the
    /// vectors of a file.
    pub(crate) fn fit_preprocessing(&mut self, raw: &Table) -> Result<()> {
        let graph = self.graph();
        vectors::check_files(graph, &self.taken, self.coverage.as_ref())?;
        let all: Vec<usize> = (0..raw.rows).collect();
        let fitted = Preprocessing::fit_keeping(graph, raw, &all, &self.taken)?;
        let vectors = vectors::read(graph, &fitted, &self.taken, self.coverage.as_ref())?;
        // No branch has learned the scale yet.
        let initial = self.initial;
        self.start(fitted, &vectors)?;
        self.initial = initial;
        Ok(())
    }
}
