//! The fitted preprocessing of some inputs, derived nodes and targets, which later fits keep.

use std::collections::BTreeMap;

use super::{
    pipeline::{Pipeline, PipelineFit, Plan},
    target::{FittedTarget, TargetFit},
    Preprocessing, SavedPreprocessing,
};
use crate::schema::Schema;

/// The fitted steps of some inputs and derived nodes, and the fitted steps and labels of some targets, by field.
#[derive(Clone, Default)]
pub struct FittedFields {
    pub(super) inputs: BTreeMap<&'static str, Pipeline>,
    pub(super) derived: BTreeMap<&'static str, Pipeline>,
    pub(super) targets: BTreeMap<&'static str, FittedTarget>,
}

impl FittedFields {
    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.derived.is_empty() && self.targets.is_empty()
    }

    /// Whether it has this input, derived node or target.
    pub fn contains(&self, field: &str) -> bool {
        self.names().any(|name| name == field)
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.inputs.keys().chain(self.derived.keys()).chain(self.targets.keys()).copied()
    }

    /// Adds the fields of `other`, which replace own ones.
    pub fn extend(&mut self, other: FittedFields) {
        self.inputs.extend(other.inputs);
        self.derived.extend(other.derived);
        self.targets.extend(other.targets);
    }

    /// Without these fields. Inputs that share a vocabulary are left out together.
    pub fn without(mut self, schema: &'static Schema, fields: &[&str]) -> FittedFields {
        let left_out = |field: &str| {
            let group = group(schema, field);
            fields.iter().any(|other| *other == field || group.contains(other))
        };
        self.inputs.retain(|field, _| !left_out(field));
        self.derived.retain(|field, _| !left_out(field));
        self.targets.retain(|field, _| !left_out(field));
        self
    }

    /// The whole preprocessing, if nothing else has to be fitted.
    pub fn complete(&self, schema: &'static Schema) -> Option<Preprocessing> {
        let inputs = schema
            .inputs
            .iter()
            .map(|input| known(self.inputs.get(input.name), || PipelineFit::of_input(input)));
        let derived = schema.derived.iter().map(|node| {
            known(self.derived.get(node.name), || PipelineFit::new(Plan::of_derived(node)))
        });
        let targets = schema.targets.iter().map(|target| match self.targets.get(target.name) {
            Some(fitted) => Some(fitted.clone()),
            None => {
                let fit = TargetFit::new(target);
                fit.is_done().then(|| fit.finish().ok()).flatten()
            }
        });
        Some(Preprocessing {
            schema,
            inputs: inputs.collect::<Option<_>>()?,
            derived: derived.collect::<Option<_>>()?,
            targets: targets.collect::<Option<_>>()?,
        })
    }

    /// Serializes the fields to JSON.
    pub fn save(&self) -> serde_json::Result<String> {
        let inputs = self.inputs.values().map(Pipeline::save);
        let derived = self.derived.values().map(Pipeline::save);
        let targets = self.targets.values().map(FittedTarget::save);
        serde_json::to_string(&SavedPreprocessing {
            inputs: inputs.collect::<serde_json::Result<_>>()?,
            derived: derived.collect::<serde_json::Result<_>>()?,
            targets: targets.collect::<serde_json::Result<_>>()?,
        })
    }

    /// Deserializes the wanted fields of the preprocessing of any model, or of
    /// [`save`](FittedFields::save), for a model with this schema.
    ///
    /// # Errors
    /// The reason why a wanted field does not fit the schema.
    pub fn restore(
        schema: &'static Schema,
        saved: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<FittedFields, String> {
        let saved: SavedPreprocessing =
            serde_json::from_str(saved).map_err(|error| error.to_string())?;
        let mut fields = FittedFields::default();
        for saved in saved.inputs.into_iter().filter(|saved| wanted(saved.field())) {
            let input = schema.inputs.iter().find(|input| input.name == saved.field());
            let input = input.ok_or_else(|| format!("there is no input `{}`", saved.field()))?;
            let fitted = Pipeline::restore(Plan::of_input(input), saved)?;
            fields.inputs.insert(input.name, fitted);
        }
        for saved in saved.derived.into_iter().filter(|saved| wanted(saved.field())) {
            let node = schema.derived.iter().find(|node| node.name == saved.field());
            let node = node.ok_or_else(|| format!("nothing is derived as `{}`", saved.field()))?;
            let fitted = Pipeline::restore(Plan::of_derived(node), saved)?;
            fields.derived.insert(node.name, fitted);
        }
        for saved in saved.targets.into_iter().filter(|saved| wanted(saved.field())) {
            let target = schema.targets.iter().find(|target| target.name == saved.field());
            let target = target.ok_or_else(|| format!("there is no output `{}`", saved.field()))?;
            fields.targets.insert(target.name, FittedTarget::restore(target, saved)?);
        }
        Ok(fields)
    }
}

impl Schema {
    /// Whether the preprocessing of an input, of a derived node, or of an output's target learns from
    /// rows.
    pub fn learns(&self, field: &str) -> bool {
        let input = self.inputs.iter().find(|input| input.name == field);
        let node = self.derived.iter().find(|node| node.name == field);
        let target = self.targets.iter().find(|target| target.name == field);
        input.is_some_and(|input| !PipelineFit::new(Plan::of_input(input)).is_done())
            || node.is_some_and(|node| !PipelineFit::new(Plan::of_derived(node)).is_done())
            || target.is_some_and(|target| !TargetFit::new(target).is_done())
    }
}

/// The fitted steps, or new ones that need no rows.
fn known(fitted: Option<&Pipeline>, new: impl Fn() -> PipelineFit) -> Option<Pipeline> {
    match fitted {
        Some(fitted) => Some(fitted.clone()),
        None => {
            let fit = new();
            fit.is_done().then(|| fit.finish().ok()).flatten()
        }
    }
}

/// An input's index and the index of the input that learns its vocabulary, which may be itself.
fn owner(schema: &'static Schema, index: usize) -> usize {
    let steps = schema.inputs.get(index).map_or(&[][..], |input| input.steps);
    steps.iter().find_map(|step| step.vocabulary_of).unwrap_or(index)
}

/// The inputs that share the vocabulary of an input, itself included; only `field` for a target.
pub(super) fn group(schema: &'static Schema, field: &str) -> Vec<&'static str> {
    let Some(index) = schema.inputs.iter().position(|input| input.name == field) else {
        return Vec::new();
    };
    let own = owner(schema, index);
    let all = schema.inputs.iter().enumerate();
    all.filter(|(other, _)| owner(schema, *other) == own).map(|(_, input)| input.name).collect()
}
