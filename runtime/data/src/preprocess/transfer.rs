//! Fitted preprocessing for the fields of another model.

use super::{
    pipeline::{Pipeline, Plan},
    target::FittedTarget,
    FittedFields, Preprocessing,
};
use crate::schema::{Input, Schema, Target};

impl Preprocessing {
    /// The preprocessing of a model whose fields are fields of this one's model: every input, derived
    /// node and target of `schema` has the fitted steps of the field of its name, or none if it is
    /// declared without steps. The steps are shared, not copied.
    ///
    /// # Errors
    /// A field that is not here, or that is preprocessed differently.
    pub fn of_fields(&self, schema: &'static Schema) -> Result<Preprocessing, String> {
        let own = self.fields();
        let inputs =
            schema.inputs.iter().map(|input| fitted_input(input, own.inputs.get(input.name)));
        let derived = schema.derived.iter().map(|node| {
            let own = own.derived.get(node.name);
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

impl FittedFields {
    /// As [`Preprocessing::of_fields`], for the fields that are here.
    ///
    /// # Errors
    /// A field that is preprocessed differently.
    pub fn of_fields(&self, schema: &'static Schema) -> Result<FittedFields, String> {
        let mut fields = FittedFields::default();
        for input in schema.inputs {
            if let Some(own) = self.inputs.get(input.name) {
                fields.inputs.insert(input.name, fitted_input(input, Some(own))?);
            }
        }
        for node in schema.derived {
            if let Some(own) = self.derived.get(node.name) {
                fields.derived.insert(node.name, own.for_plan(Plan::of_derived(node))?);
            }
        }
        for target in schema.targets {
            if let Some(own) = self.targets.get(target.name) {
                fields.targets.insert(target.name, own.for_target(target)?);
            }
        }
        Ok(fields)
    }
}

/// The fitted steps for an input of another schema, with what training has seen of it.
fn fitted_input(input: &'static Input, own: Option<&Pipeline>) -> Result<Pipeline, String> {
    let mut fitted = fitted_for(Plan::of_input(input), ("input", input.name), own)?;
    // An input that is declared without steps may hold other values.
    let seen = own.and_then(|own| own.seen.clone());
    fitted.seen = seen.filter(|seen| seen.check(input).is_ok());
    Ok(fitted)
}

/// The fitted steps for a field of another schema, of those of the field of its name.
fn fitted_for(
    plan: Plan,
    (what, name): (&str, &str),
    own: Option<&Pipeline>,
) -> Result<Pipeline, String> {
    if plan.is_identity() {
        return Pipeline::unfitted(plan);
    }
    own.ok_or_else(|| not_here(what, name))?.for_plan(plan)
}

fn not_here(what: &str, name: &str) -> String {
    format!("there is no {what} `{name}`")
}
