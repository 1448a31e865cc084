//! Grows the vocabularies of a model, and the embedding tables that they index.

use std::{collections::BTreeSet, fmt};

use multi_input_base::{Error, Result};
use multi_input_data::preprocess::{Growing, GrownVocabulary, Preprocessing};
use multi_input_kernel::{Backend, Element};

use crate::{
    definition::Graph,
    objective::RawTables,
    uncertainty::Saved,
    untyped::{parameters, tables, LookUp, UntypedModel},
};

/// The index of entries that are not in a vocabulary.
const UNKNOWN: usize = 1;

/// Why a vocabulary cannot grow if others index its table.
const TABLE_OF_OTHERS: &str = "an input with other indices looks up the same `Embedding`: the \
                               rows for new entries may be trained ones of that input";

/// How the vocabularies of a model grew. Displayed as one line per vocabulary.
#[must_use = "it says which entries found no place"]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grown {
    /// Every vocabulary, in the order of the inputs that learned them.
    pub vocabularies: Vec<GrownVocabulary>,
}

impl fmt::Display for Grown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.vocabularies.is_empty() {
            return f.write_str("no input has a vocabulary");
        }
        let lines: Vec<String> = self.vocabularies.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Adds the entries of raw rows to the vocabularies, and sets the new rows of embedding tables
    /// to that of the unknown entry.
    pub(crate) fn grow(&mut self, tables_of_rows: RawTables<'_>) -> Result<Grown> {
        let mut growing = Growing::new(self.trained_preprocessing()?.clone());
        let mut none = true;
        for table in tables_of_rows {
            let (raw, first) = table.map_err(|error| growing.explain(error))?;
            growing.update(&raw, first)?;
            none = false;
        }
        if none {
            return Err(Error::NoRows("grow by"));
        }
        let graph = self.graph();
        let look_ups = LookUp::all(graph);
        let refuse = |inputs: &[&str]| {
            has_table_of_others(graph, &look_ups, inputs).then_some(TABLE_OF_OTHERS)
        };
        let (grown, vocabularies) = growing.finish(refuse)?;
        let names = parameters::list(&self.module).into_iter().map(|tensor| tensor.name);
        let names: Vec<String> = names.collect();
        let own_tables = tables(&look_ups, names.iter().map(String::as_str));
        let new_rows = |owner: &str| {
            let new = vocabularies.iter().filter(|new| new.refused.is_none());
            let of_table = new.filter(|new| is_looked_up(graph, &look_ups, owner, new));
            of_table.flat_map(|new| new.growth.indices()).collect::<BTreeSet<usize>>()
        };
        parameters::edit(&mut self.module, |index, weights| {
            let Some(look_up) = &own_tables[index] else { return };
            for row in new_rows(look_up.owner) {
                let [from, to] = [UNKNOWN, row].map(|row| row * look_up.width);
                if to + look_up.width <= weights.len() {
                    weights.copy_within(from..from + look_up.width, to);
                }
            }
        })?;
        let owners: BTreeSet<&str> = look_ups.iter().map(|look_up| look_up.owner).collect();
        for owner in owners {
            let Some(coverage) = &mut self.coverage else { break };
            // A copy of a trained vector is a trained one.
            if coverage.table(owner).is_some_and(|rows| rows.contains(UNKNOWN)) {
                coverage.add_rows(owner, new_rows(owner).into_iter());
            }
        }
        self.preprocessing = Some(grown);
        self.uncertainty = Saved::default();
        Ok(Grown { vocabularies })
    }

    /// The preprocessing that a run has fitted, or that was taken as a whole.
    fn trained_preprocessing(&self) -> Result<&Preprocessing> {
        self.preprocessing.as_ref().ok_or_else(|| {
            let graph = self.graph();
            let needed = Preprocessing::without_fitting(graph).err();
            let reason = needed.unwrap_or_else(|| "no run has trained it".to_owned());
            Error::Unfitted { model: graph.name, reason }
        })
    }
}

/// Whether a vocabulary indexes the table of `owner`.
fn is_looked_up(
    graph: &'static Graph,
    look_ups: &[LookUp],
    owner: &str,
    vocabulary: &GrownVocabulary,
) -> bool {
    let of_owner = look_ups.iter().filter(|look_up| look_up.owner == owner);
    let mut inputs = of_owner.filter_map(|look_up| graph.inputs.get(look_up.column));
    inputs.any(|input| vocabulary.inputs.contains(&input.name))
}

/// Whether a table that some of these inputs index is indexed by another one too, or by a derived
/// node. The inputs are all that use a vocabulary.
fn has_table_of_others(graph: &'static Graph, look_ups: &[LookUp], inputs: &[&str]) -> bool {
    let is_own = |look_up: &LookUp| {
        graph.inputs.get(look_up.column).is_some_and(|input| inputs.contains(&input.name))
    };
    let (own, others): (Vec<&LookUp>, Vec<&LookUp>) =
        look_ups.iter().partition(|look_up| is_own(look_up));
    others.iter().any(|other| own.iter().any(|own| own.owner == other.owner))
}
