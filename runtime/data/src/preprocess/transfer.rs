//! Fitted preprocessing for the fields of another model.

use super::{
    pipeline::{Pipeline, Plan},
    target::FittedTarget,
    Preprocessing,
};
use crate::schema::{Derived, Input, Schema, Target};

impl Preprocessing {
    /// The preprocessing of a model whose fields are fields of this one's model: every input, derived
    /// node and target of `schema` has the fitted steps of the field of its name, or none if it is declared
    /// without steps. The steps are shared, not copied.
    ///
    /// # Errors
    /// A field that is not here, or that is preprocessed differently.
    pub fn of_fields(&self, schema: &'static Schema) -> Result<Preprocessing, String> {
        let inputs = schema.inputs.iter().map(|input| self.input_for(input));
        let derived = schema.derived.iter().map(|node| self.derived_for(node));
        let targets = schema.targets.iter().map(|target| self.target_for(target));
        Ok(Preprocessing {
            schema,
            inputs: inputs.collect::<Result<_, _>>()?,
            derived: derived.collect::<Result<_, _>>()?,
            targets: targets.collect::<Result<_, _>>()?,
        })
    }

    /// The fitted steps for an input of another schema.
    fn input_for(&self, input: &'static Input) -> Result<Pipeline, String> {
        let plan = Plan::of_input(input);
        if plan.is_identity() {
            return Pipeline::unfitted(plan);
        }
        let index = self.schema.inputs.iter().position(|own| own.name == input.name);
        let fitted = index.and_then(|index| self.inputs.get(index));
        fitted.ok_or_else(|| not_here("input", input.name))?.for_plan(plan)
    }

    /// The fitted steps for a derived node of another schema.
    fn derived_for(&self, node: &'static Derived) -> Result<Pipeline, String> {
        let index = self.schema.derived.iter().position(|own| own.name == node.name);
        let fitted = index.and_then(|index| self.derived.get(index));
        fitted.ok_or_else(|| not_here("derived node", node.name))?.for_plan(Plan::of_derived(node))
    }

    /// The fitted steps for a target of another schema.
    fn target_for(&self, target: &'static Target) -> Result<FittedTarget, String> {
        let index = self.schema.targets.iter().position(|own| own.name == target.name);
        let fitted = index.and_then(|index| self.targets.get(index));
        fitted.ok_or_else(|| not_here("target", target.name))?.for_target(target)
    }
}

fn not_here(what: &str, name: &str) -> String {
    format!("there is no {what} `{name}`")
}
