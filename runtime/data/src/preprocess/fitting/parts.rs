//! Fitting on several parts of the rows, each of which another process reads.

use multi_input_base::Error;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        merging::{open_statistics, seal_statistics},
        pipeline::{PipelineFit, PipelineState},
        target::{TargetFit, TargetState},
    },
    Fitting,
};

/// The statistics of one pass over a part of the rows.
#[derive(Serialize, Deserialize)]
struct PassState {
    labels_only: bool,
    inputs: Vec<PipelineState>,
    derived: Vec<PipelineState>,
    targets: Vec<TargetState>,
}

/// Every process makes the same passes, each over its part of the rows. Before
/// [`end_pass`](Fitting::end_pass) they exchange [`pass_state`](Fitting::pass_state), and each of them
/// [restarts](Fitting::restart_pass) the pass and [merges](Fitting::merge_pass) the states of all parts in
/// the order of the rows. So all of them fit the same steps, with the same bits.
///
/// The result is that of one process that reads all rows: with the same bits for vocabularies and quantiles
/// as far as they are exact, for labels, minima and maxima, and up to rounding for means and variances.
impl Fitting {
    /// Fits part `part` of the rows: samples of different parts use different random numbers.
    pub fn set_part(&mut self, part: u64) {
        self.columns().for_each(|column| column.set_part(part));
        self.targets.iter_mut().for_each(|target| target.set_part(part));
    }

    /// Removes the rows of the current pass from the statistics.
    pub fn restart_pass(&mut self) {
        self.columns().for_each(PipelineFit::restart_pass);
        self.targets.iter_mut().for_each(TargetFit::restart_pass);
    }

    /// The first step whose statistics cannot be merged, in words, because it is one of the user's own
    /// without `save_state` and `merge_state`; `None` if all can be merged. It does not depend on rows.
    pub fn unmergeable(&self) -> Option<String> {
        let columns = self.inputs.iter().chain(&self.derived);
        let targets = self.targets.iter().filter_map(TargetFit::unmergeable);
        columns.filter_map(PipelineFit::unmergeable).chain(targets).next()
    }

    /// The statistics of the current pass.
    ///
    /// # Errors
    /// [`Error::Settings`] for a step that is [unmergeable](Fitting::unmergeable).
    pub fn pass_state(&self) -> Result<Vec<u8>, Error> {
        let state = || {
            let state = PassState {
                labels_only: self.labels_only,
                inputs: self.inputs.iter().map(PipelineFit::state).collect::<Result<_, _>>()?,
                derived: self.derived.iter().map(PipelineFit::state).collect::<Result<_, _>>()?,
                targets: self.targets.iter().map(TargetFit::state).collect::<Result<_, _>>()?,
            };
            seal_statistics(self.schema, &state)
        };
        state().map_err(|reason| Error::Settings(vec![reason]))
    }

    /// Adds the statistics of the rows that follow, which are the [`pass_state`](Fitting::pass_state) of
    /// another process in the same pass. After an error the pass has to be restarted.
    ///
    /// # Errors
    /// [`Error::Settings`] for more labels than an output has classes, and for bytes that are damaged or
    /// from another pass or model.
    pub fn merge_pass(&mut self, later: &[u8]) -> Result<(), Error> {
        let mut merge = || {
            let later: PassState = open_statistics(self.schema, later)?;
            let columns = self.inputs.len() + self.derived.len();
            let found = later.inputs.len() + later.derived.len();
            if self.labels_only != later.labels_only
                || (columns, self.targets.len()) != (found, later.targets.len())
            {
                return Err("expected the statistics of the same pass".to_owned());
            }
            let columns = self.inputs.iter_mut().chain(&mut self.derived);
            let mut columns = columns.zip(later.inputs.into_iter().chain(later.derived));
            columns.try_for_each(|(own, later)| own.merge(later))?;
            let mut targets = self.targets.iter_mut().zip(later.targets);
            targets.try_for_each(|(own, later)| own.merge(later))
        };
        merge().map_err(|reason| Error::Settings(vec![reason]))
    }

    /// The inputs and the derived nodes.
    fn columns(&mut self) -> impl Iterator<Item = &mut PipelineFit> {
        self.inputs.iter_mut().chain(&mut self.derived)
    }
}
