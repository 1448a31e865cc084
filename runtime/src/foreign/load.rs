//! Loads the weights of another library into a model.

use std::collections::HashMap;

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};

use super::{
    binding::{bind, Bound},
    features::Order,
    layer::ForeignLayer,
    matching::Matching,
    settings,
    table::counterpart,
    units::Unit,
    Conversion, ForeignWeights, Loaded,
};
use crate::{
    uncertainty::Saved,
    untyped::{parameters, UntypedModel},
};

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Loads the weights of another library. Everything is compared before anything changes; the
    /// preprocessing stays.
    ///
    /// # Errors
    /// [`Error::Transfer`] with everything that does not fit.
    pub(crate) fn load_foreign(&mut self, weights: &ForeignWeights) -> Result<Loaded> {
        let graph = self.graph();
        let base = weights.path.display().to_string();
        let refused =
            |mistakes| Error::Transfer { model: graph.name, base: base.clone(), mistakes };
        let own = parameters::list(&self.module);
        let units = Unit::all(graph, &own, weights.conversion);
        let assigned = Assignment::of(&units, weights).map_err(refused)?;
        let bound = assigned.bound(weights.conversion).map_err(refused)?;
        let beyond: Vec<String> = bound.iter().filter_map(not_held::<E>).collect();
        if !beyond.is_empty() {
            return Err(refused(beyond));
        }
        let bound: HashMap<&str, &Bound<'_>> =
            bound.iter().map(|bound| (bound.name, bound)).collect();
        let mut kept: Vec<String> = assigned.kept.iter().map(|unit| unit.name.clone()).collect();
        let of_units = |name: &str| {
            let mut tensors = units.iter().flat_map(|unit| &unit.tensors);
            tensors.any(|tensor| tensor.name == name)
        };
        kept.extend(own.iter().filter(|own| !of_units(&own.name)).map(|own| own.name.clone()));
        parameters::edit(&mut self.module, |index, elements| {
            let Some(bound) = bound.get(own[index].name.as_str()) else { return };
            let pairs = elements.iter_mut().zip(bound.numbers());
            pairs.for_each(|(element, number)| *element = E::of(number));
        })?;
        self.initial = false;
        // Which rows of a table the other library has trained is unknown.
        self.coverage = None;
        self.uncertainty = Saved::default();
        Ok(Loaded {
            from: weights.path.clone(),
            layers: assigned.names(),
            kept,
            notes: assigned.notes(weights.conversion),
        })
    }
}

/// A number that the model's dtype cannot hold.
fn not_held<E: Element>(bound: &Bound<'_>) -> Option<String> {
    let overflows = |number: &f64| number.is_finite() && !E::of(*number).as_f64().is_finite();
    let number = bound.numbers().into_iter().find(overflows)?;
    Some(format!("`{}` would hold {number:e}, which is beyond the model's dtype", bound.name))
}

/// Which layer of a file becomes which of ours.
pub(super) struct Assignment<'a> {
    pairs: Vec<(&'a Unit, &'a ForeignLayer)>,
    kept: Vec<&'a Unit>,
}

impl<'a> Assignment<'a> {
    /// # Errors
    /// What is left over, missing or ambiguous, on both sides.
    pub(super) fn of(
        units: &'a [Unit],
        weights: &'a ForeignWeights,
    ) -> std::result::Result<Assignment<'a>, Vec<String>> {
        let names = Names { units, weights };
        names.check()?;
        let is_kept =
            |unit: &Unit| weights.kept.contains(&unit.name) || weights.kept.contains(unit.node);
        let left_out = |layer: usize| {
            let layer = &weights.layers[layer];
            weights.ignored.contains(&layer.name) || layer.step().is_some()
        };
        let mut matching =
            Matching::by_shapes(units, &weights.layers, weights.conversion, &|layer| {
                left_out(layer)
            });
        let mut mistakes = Vec::new();
        for (index, unit) in units.iter().enumerate() {
            if is_kept(unit) {
                matching.leave(index);
            } else if let Some(layer) = names.mapped(unit) {
                let fits = bind(unit, &weights.layers[layer], weights.conversion);
                mistakes.extend(fits.err());
                matching.map(index, layer);
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        matching.conclude();
        let found: Vec<Option<usize>> = (0..units.len()).map(|unit| matching.found(unit)).collect();
        let report = Mistakes { names, matching: &matching, found: &found };
        for (index, unit) in units.iter().enumerate() {
            if found[index].is_none() && !is_kept(unit) {
                mistakes.push(report.of_unit(index));
            }
        }
        mistakes.extend((0..weights.layers.len()).filter_map(|layer| report.of_layer(layer)));
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let pairs = units.iter().zip(&found);
        let pairs = pairs.filter_map(|(unit, found)| Some((unit, &weights.layers[(*found)?])));
        Ok(Assignment {
            pairs: pairs.collect(),
            kept: units.iter().filter(|unit| is_kept(unit)).collect(),
        })
    }

    /// The tensors of the model with what they are made of.
    ///
    /// # Errors
    /// The layers whose results would differ.
    pub(super) fn bound(
        &self,
        conversion: Conversion,
    ) -> std::result::Result<Vec<Bound<'a>>, Vec<String>> {
        let (mut all, mut mistakes) = (Vec::new(), Vec::new());
        for (unit, layer) in &self.pairs {
            if let Order::Unknown(reason) = &unit.inputs {
                mistakes.push(format!(
                    "`{}`: the order of what flows in differs in {}, where it cannot be converted: {reason}",
                    unit.name, conversion.library
                ));
            }
            if let Some(counterpart) = counterpart(&unit.kind, conversion.library) {
                mistakes.extend(settings::mistakes(unit, layer, &counterpart));
            }
            match bind(unit, layer, conversion) {
                Ok(bound) => all.extend(bound),
                Err(reason) => mistakes.push(reason),
            }
        }
        match mistakes.is_empty() {
            true => Ok(all),
            false => Err(mistakes),
        }
    }

    pub(super) fn names(&self) -> Vec<(String, String)> {
        let names =
            |(unit, layer): &(&Unit, &ForeignLayer)| (unit.name.clone(), layer.name.clone());
        self.pairs.iter().map(names).collect()
    }

    /// The layers of the model that take nothing.
    #[cfg(feature = "keras")]
    pub(super) fn kept(&self) -> &[&'a Unit] {
        &self.kept
    }

    fn notes(&self, conversion: Conversion) -> Vec<String> {
        let note = |(unit, _): &(&Unit, &ForeignLayer)| {
            let counterpart = counterpart(&unit.kind, conversion.library)?;
            settings::note(unit, &counterpart, conversion.library)
        };
        self.pairs.iter().filter_map(note).collect()
    }
}

/// The names that the user has written.
#[derive(Clone, Copy)]
struct Names<'a> {
    units: &'a [Unit],
    weights: &'a ForeignWeights,
}

impl Names<'_> {
    /// The layer of the file that the user has mapped to ours.
    fn mapped(&self, unit: &Unit) -> Option<usize> {
        let name = self.weights.mapped.get(&unit.name)?;
        self.weights.layers.iter().position(|layer| layer.name == *name)
    }

    /// # Errors
    /// Names of layers that do not exist, each with those that do.
    fn check(&self) -> std::result::Result<(), Vec<String>> {
        let Names { units, weights } = self;
        let is_theirs = |name: &&String| weights.layers.iter().any(|layer| layer.name == **name);
        let theirs = weights.mapped.values().chain(&weights.ignored);
        let theirs = theirs.filter(|name| !is_theirs(name)).map(|name| {
            format!(
                "the file has no layer `{name}`; it has {}",
                list(weights.layers.iter().map(|layer| &layer.name))
            )
        });
        let is_ours = |name: &&String| units.iter().any(|unit| unit.name == **name);
        let is_node = |name: &&String| units.iter().any(|unit| unit.node == **name);
        let ours = weights.mapped.keys().filter(|name| !is_ours(name));
        let kept = weights.kept.iter().filter(|name| !is_ours(name) && !is_node(name));
        let ours = ours.chain(kept).map(|name| {
            format!(
                "the model has no layer with weights `{name}`; it has {}",
                list(units.iter().map(|unit| &unit.name))
            )
        });
        let mistakes: Vec<String> = theirs.chain(ours).collect();
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(mistakes),
        }
    }
}

/// Names in backquotes.
fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// What is left over on one of both sides.
struct Mistakes<'a> {
    names: Names<'a>,
    matching: &'a Matching<'a>,
    found: &'a [Option<usize>],
}

impl Mistakes<'_> {
    fn of_unit(&self, index: usize) -> String {
        let Names { units, weights } = self.names;
        let unit = &units[index];
        let described = unit.described();
        let candidates: Vec<&ForeignLayer> =
            self.matching.candidates(index).iter().map(|&layer| &weights.layers[layer]).collect();
        if !candidates.is_empty() {
            let layers = list(candidates.iter().map(|layer| &layer.name));
            let lines =
                candidates.iter().map(|layer| format!("`.map({:?}, {:?})`", layer.name, unit.name));
            let lines: Vec<String> = lines.collect();
            return format!("{described} may be {layers}: write {}", lines.join(" or "));
        }
        if counterpart(&unit.kind, weights.conversion.library).is_none() {
            let library = weights.conversion.library;
            return format!(
                "{described} has no counterpart in {library}: write `.keep({:?})` to leave it with the weights that it has",
                unit.name
            );
        }
        let free = |layer: &usize| !self.found.contains(&Some(*layer));
        let fits = |layer: &usize| bind(unit, &weights.layers[*layer], weights.conversion).is_ok();
        let rest: Vec<usize> = (0..weights.layers.len()).filter(free).collect();
        if let Some(&layer) = rest.iter().find(|layer| fits(layer)) {
            let layer = &weights.layers[layer];
            let ours = unit.reads.written(&|unit| units[unit].name.clone());
            let theirs = layer.reads.written(&|layer| weights.layers[layer].name.clone());
            return format!(
                "{described} is fed by {ours}, but {} there by {theirs}: if these are the same, write `.map({:?}, {:?})`",
                layer.described(), layer.name, unit.name
            );
        }
        format!("{described}: the file has no layer like it")
    }

    /// A layer of the file that is not taken.
    fn of_layer(&self, index: usize) -> Option<String> {
        let Names { weights, .. } = self.names;
        let layer = &weights.layers[index];
        if self.found.contains(&Some(index)) || weights.ignored.contains(&layer.name) {
            return None;
        }
        let among = |unit: &usize| self.matching.candidates(*unit).contains(&index);
        if (0..self.found.len()).any(|unit| among(&unit)) {
            return None;
        }
        Some(match layer.step() {
            Some(step) => format!(
                "the file has {} which prepares an input: here {step} in `#[input(...)]` does, and \
                 `Model::fit_preprocessing` fits it; then write `.ignore({:?})`",
                layer.described(), layer.name
            ),
            None => format!("the file has {}: the model has no layer like it", layer.described()),
        })
    }
}
