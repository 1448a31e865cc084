//! Takes nodes from another model.

use multi_input_base::{Error, Result};
use multi_input_data::preprocess::FittedFields;
use multi_input_kernel::{Backend, Element};

use super::{
    branch::Branch,
    choose::{Choice, Models, Which},
    Taken,
};
use crate::{
    checkpoint::Weights,
    uncertainty::Saved,
    untyped::{parameters, tables, LookUp, UntypedModel},
};

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Takes weights, fitted preprocessing and coverage of nodes. Everything is compared before
    /// anything changes.
    ///
    /// # Errors
    /// [`Error::Transfer`] with every mismatch.
    pub(crate) fn take(&mut self, base: &Weights, which: Which<'_>) -> Result<Taken> {
        let graph = self.graph();
        let refused = |mistakes| Error::Transfer {
            model: graph.name,
            base: base.name().to_owned(),
            mistakes,
        };
        let base = &*base.renamed(graph).map_err(|reason| refused(vec![reason]))?;
        let tensors = parameters::list(&self.module);
        let models = Models { graph, tensors: &tensors, base };
        let Choice { branches, left, .. } = Choice::of::<E>(&models, which).map_err(refused)?;
        let wanted = |field: &str| branches.iter().any(|branch| branch.has_field(field));
        let fields = base.fitted(graph, wanted).map_err(|reason| refused(vec![reason]))?;
        let report = |branch: &Branch| branch.report(graph, &tensors, base, &fields);
        let taken = branches.iter().flat_map(report).collect();

        let look_ups = LookUp::all(graph);
        let own_tables = tables(&look_ups, tensors.iter().map(|tensor| tensor.name.as_str()));
        let is_taken = |node: &str| branches.iter().any(|branch| branch.has_node(node));
        let source_of = |node: &'static str| is_taken(node).then_some(node);
        self.take_tensors(&|names| base.tensors(names, &own_tables), &source_of)
            .map_err(refused)?;
        self.take_coverage(&branches, &look_ups, base);
        self.take_fields(fields);
        self.initial = false;
        self.uncertainty = Saved::default();
        Ok(Taken { from: base.name().to_owned(), taken, left })
    }

    /// The coverage of what is taken, unless that of the model is unknown.
    fn take_coverage(&mut self, branches: &[Branch], look_ups: &[LookUp], base: &Weights) {
        let Some(coverage) = &mut self.coverage else { return };
        for branch in branches {
            for look_up in look_ups.iter().filter(|look_up| branch.has_node(look_up.owner)) {
                coverage.take_table(look_up.owner, look_up.rows, base.coverage());
            }
            branch.inputs.iter().for_each(|input| coverage.take_absence(input, base.coverage()));
        }
    }

    /// Replaces the preprocessing of fields. Inputs that share a replaced vocabulary without having
    /// been taken are not fitted any more.
    fn take_fields(&mut self, fields: FittedFields) {
        if fields.is_empty() {
            return;
        }
        let graph = self.graph();
        let names: Vec<&str> = fields.names().collect();
        let mut all = self.fitted_fields().without(graph, &names);
        all.extend(fields);
        // A model that no run has fitted knows what came from elsewhere, even if that is all.
        let was_fitted = self.preprocessing.is_some() && self.taken.is_empty();
        self.preprocessing = all.complete(graph);
        let is_fitted = was_fitted && self.preprocessing.is_some();
        self.taken = if is_fitted { FittedFields::default() } else { all };
    }
}
