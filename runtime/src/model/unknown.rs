//! The values of rows that training has not seen.

use std::sync::Arc;

use multi_input_base::Result;
use multi_input_data::{preprocess::push_inputs, Table};
use multi_input_kernel::Element;

use super::Model;
use crate::{
    compute::Compute,
    definition::Network,
    unknown::{CheckedPrediction, Margin, UnknownValues},
};

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
    /// As [`predict`](Model::predict); every prediction says which values of its row training has
    /// not seen, and has the fields of the outputs as well. The [module](crate::unknown) has an
    /// example.
    ///
    /// # Errors
    /// As [`predict`](Model::predict), and [`Error::Settings`](crate::Error::Settings) for a margin
    /// that is negative or not finite.
    pub fn predict_checked(
        &self,
        rows: &[M::Inputs],
        margin: Margin,
    ) -> Result<Vec<CheckedPrediction<M::Outputs>>> {
        let predicted = self.predict(rows)?;
        let UnknownValues { rows: unknown, unrecorded } = self.unknown(rows, margin)?;
        let unrecorded: Arc<[&'static str]> = unrecorded.into();
        let predicted = predicted.into_iter().zip(unknown);
        let checked = predicted
            .map(|(outputs, unknown)| CheckedPrediction::new(outputs, unknown, &unrecorded));
        Ok(checked.collect())
    }

    /// The values of rows that training has not seen.
    ///
    /// # Errors
    /// As [`predict_checked`](Model::predict_checked).
    pub fn unknown(&self, rows: &[M::Inputs], margin: Margin) -> Result<UnknownValues> {
        let mut raw = Table::of_inputs(&M::GRAPH);
        for row in rows {
            push_inputs::<M>(&mut raw, row)?;
        }
        let fitted = self.untyped().fitted()?;
        UnknownValues::of((self.untyped().graph(), M::SAMPLE_ROW), &fitted, &raw, margin)
    }
}
