//! Fitted preprocessing for the fields of another model.

use super::{
    pipeline::{Pipeline, Plan},
    target::FittedTarget,
    Preprocessing,
};
use crate::schema::{Schema, Target};

impl Preprocessing {
    /// The preprocessing of a model whose fields are fields of this one's model: every input, derived
    /// node and target of `schema` has the fitted steps of the field of its name, or none if it is
    /// declared without steps. The steps are shared, not copied.
    ///
    /// # Errors
    /// A field that is not here, or that is preprocessed differently.
    pub fn of_fields(&self, schema: &'static Schema) -> Result<Preprocessing, String> {
        let inputs = schema.inputs.iter().map(|input| {
            let own = self.schema.inputs.iter().map(|own| own.name).zip(&self.inputs);
            fitted_for(Plan::of_input(input), ("input", input.name), own)
        });
        let derived = schema.derived.iter().map(|node| {
            let own = self.schema.derived.iter().map(|own| own.name).zip(&self.derived);
            fitted_for(Plan::of_derived(node), ("derived node", node.name), own)
        });
        let targets = schema.targets.iter().map(|target| self.target_for(target));
        Ok(Preprocessing {
            schema,
            inputs: inputs.collect::<Result<_, _>>()?,
            derived: derived.collect::<Result<_, _>>()?,
            targets: targets.collect::<Result<_, _>>()?,
        })
    }

    /// The fitted steps for a target of another schema.
    fn target_for(&self, target: &'static Target) -> Result<FittedTarget, String> {
        let index = self.schema.targets.iter().position(|own| own.name == target.name);
        let fitted = index.and_then(|index| self.targets.get(index));
        fitted.ok_or_else(|| not_here("target", target.name))?.for_target(target)
    }
}

/// The fitted steps for a field of another schema, among those of the fields by name.
fn fitted_for<'a>(
    plan: Plan,
    (what, name): (&str, &str),
    mut own: impl Iterator<Item = (&'static str, &'a Pipeline)>,
) -> Result<Pipeline, String> {
    if plan.is_identity() {
        return Pipeline::unfitted(plan);
    }
    let fitted = own.find(|(own, _)| *own == name).map(|(_, fitted)| fitted);
    fitted.ok_or_else(|| not_here(what, name))?.for_plan(plan)
}

fn not_here(what: &str, name: &str) -> String {
    format!("there is no {what} `{name}`")
}
