//! Slices of a typed model's rows.

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::Model;
use crate::{
    compute::Compute,
    definition::Network,
    objective::encode,
    slices::{SliceFinder, Slices},
};

impl Slices {
    /// The slices of some rows in which the model is worse than in the others, with the default
    /// settings of [`SliceFinder`]. Rows that the model was trained on show less than others.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn find<M: Network<E, D>, E: Element, D: Compute<E>>(
        model: &Model<M, E, D>,
        rows: &[M::Sample],
    ) -> Result<Slices> {
        SliceFinder::default().find(model, rows)
    }
}

impl SliceFinder {
    /// The slices of some rows in which the model is worse than in the others.
    ///
    /// # Errors
    /// As [`Model::evaluate`], and [`Error::Settings`](crate::Error::Settings) for a minimum or a
    /// number of ranges below 2 and for a confidence that is not between 0 and 1.
    pub fn find<M: Network<E, D>, E: Element, D: Compute<E>>(
        &self,
        model: &Model<M, E, D>,
        rows: &[M::Sample],
    ) -> Result<Slices> {
        let raw = encode::<M>(rows, "search")?;
        D::core().slices(model.untyped(), self, raw, M::SAMPLE_ROW)
    }
}
