//! Growth of fitted vocabularies by the entries of new rows.

use std::{fmt, sync::Arc};

use multi_input_base::{Error, Result};
use multi_input_spec::Kind;

use super::{
    pipeline::{Pipeline, PipelineFit},
    stage::{FittedStage, StageFit},
    vocabulary::RESERVED,
    Preprocessing,
};
use crate::{
    schema::{Growth, Step},
    Table,
};

/// The growth of the vocabulary of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrownVocabulary {
    /// The input that learned the vocabulary, which other inputs may share.
    pub input: &'static str,
    /// All inputs that use the vocabulary.
    pub inputs: Vec<&'static str>,
    /// The step, as it is written: `categories(capacity = 100)`.
    pub step: String,
    /// The largest possible number of entries: the capacity without its reserved places.
    pub places: usize,
    /// The new entries.
    pub growth: Growth,
    /// The reason why a vocabulary with new entries did not grow; the entries stay unknown.
    pub refused: Option<&'static str>,
}

/// `` `city`, categories(capacity = 100): 7 new entries, 47 of 98 places are taken ``
impl fmt::Display for GrownVocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GrownVocabulary { input, step, places, growth, refused, .. } = self;
        let Growth { before, added, full, seldom } = growth;
        let entries = |count: u64| if count == 1 { "entry" } else { "entries" };
        write!(f, "`{input}`, {step}: ")?;
        if let Some(reason) = refused {
            let new = *added as u64 + full;
            return write!(f, "{new} new {} stay unknown, because {reason}", entries(new));
        }
        let taken = before + added;
        let new = entries(*added as u64);
        write!(f, "{added} new {new}, {taken} of {places} places are taken")?;
        if *full > 0 {
            write!(f, "; {full} more {} found no place and stay unknown", entries(*full))?;
        }
        if *seldom > 0 {
            write!(f, "; {seldom} {} below `minimum` stay unknown", entries(*seldom))?;
        }
        Ok(())
    }
}

/// Why a vocabulary whose indices become numbers cannot grow.
const NO_TABLE: &str =
    "no `Embedding` looks its indices up: the weights of what its steps make of \
                        them cannot start at the unknown entry's";

/// The vocabulary of an input while new rows are counted.
struct Growing {
    /// The position of the step with the vocabulary.
    position: usize,
    /// The steps before it; it counts unless another input learned the vocabulary.
    fit: PipelineFit,
    /// The index of the input that learned the vocabulary, if it is another one.
    owner: Option<usize>,
}

impl Preprocessing {
    /// This preprocessing with vocabularies that also hold the entries of some rows of a table of
    /// samples: those with a known target, as in fitting. Indices of earlier entries stay.
    ///
    /// # Errors
    /// [`Error::Value`] for a row that a step does not accept, and for a label that no training
    /// row had, because classes do not grow.
    pub fn grown(&self, table: &Table) -> Result<(Preprocessing, Vec<GrownVocabulary>)> {
        self.classes(table.clone(), 0).map_err(refuse_label)?;
        let (columns, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let counts = |row: &usize| {
            targets.is_empty() || targets.iter().any(|target| target.is_present(*row))
        };
        let rows: Vec<usize> = (0..table.rows).filter(counts).collect();
        let mut growing: Vec<Option<Growing>> = self.inputs.iter().map(Growing::start).collect();
        for (index, column) in columns.iter().enumerate() {
            let Some(own) = &mut growing[index] else { continue };
            match own.owner {
                None => own.fit.update(column, &rows, 0)?,
                Some(owner) => {
                    let values = own.fit.waiting(column, &rows, 0)?;
                    if let Some(owner) = &mut growing[owner] {
                        owner.fit.update_from_shared(&values);
                    }
                }
            }
        }
        let (mut grown, mut all) = (self.clone(), Vec::new());
        let positions: Vec<Option<(usize, Option<usize>)>> = growing
            .iter()
            .map(|growing| growing.as_ref().map(|own| (own.position, own.owner)))
            .collect();
        for (index, growing) in growing.into_iter().enumerate() {
            let Some(Growing { position, fit, owner: None }) = growing else { continue };
            let old = &self.inputs[index];
            let Some((stage, growth)) = old.grow(position, fit)? else { continue };
            let sharers = || {
                let shares = move |other: &(usize, &Option<(usize, Option<usize>)>)| {
                    other.0 == index || matches!(other.1, Some((_, Some(owner))) if *owner == index)
                };
                positions.iter().enumerate().filter(shares)
            };
            let is_looked_up = sharers().all(|(other, _)| self.inputs[other].gives_categories());
            let new = growth.added as u64 + growth.full > 0;
            let refused = (new && !is_looked_up).then_some(NO_TABLE);
            if refused.is_none() {
                for (other, position) in sharers() {
                    let Some((position, _)) = position else { continue };
                    grown.inputs[other].replace(*position, Arc::clone(&stage));
                }
            }
            let step = old.step(position);
            all.push(GrownVocabulary {
                input: self.schema.inputs[index].name,
                inputs: sharers().map(|(other, _)| self.schema.inputs[other].name).collect(),
                step: step.map_or(String::new(), |step| format!("{step:?}")),
                places: step.map_or(0, |step| step.output.below.get().saturating_sub(RESERVED)),
                growth,
                refused,
            });
        }
        Ok((grown, all))
    }

    /// The index of an entry, such as a word, in the vocabulary of an input; `None` if the input
    /// has no vocabulary or not this entry.
    pub fn index_of(&self, input: &str, entry: &str) -> Option<u32> {
        let index = self.schema.inputs.iter().position(|other| other.name == input)?;
        self.inputs.get(index)?.index_of(entry)
    }
}

impl Growing {
    /// `None` for an input without a vocabulary that rows determine.
    fn start(fitted: &Pipeline) -> Option<Growing> {
        let position = fitted.vocabulary_position()?;
        let step = fitted.step(position)?;
        let fit: Option<Box<dyn StageFit>> = match step.vocabulary_of {
            Some(_) => None,
            None => Some(step.stage.start(step)?),
        };
        let owner = step.vocabulary_of;
        Some(Growing { position, fit: PipelineFit::growing(fitted, position, fit), owner })
    }
}

/// Says of an unknown label that classes do not grow.
fn refuse_label(error: Error) -> Error {
    match error {
        Error::Value { row, field, expected, found } => {
            let expected = format!(
                "{expected}; the classes of an output do not grow, because each has weights of its \
                 own: leave the row out, or build a model with this label among its training rows"
            );
            Error::Value { row, field, expected, found }
        }
        other => other,
    }
}

impl Pipeline {
    /// The position of the step with a vocabulary.
    fn vocabulary_position(&self) -> Option<usize> {
        self.steps().position(|(step, fitted)| fitted.vocabulary(step).is_some())
    }

    /// The step at a position.
    fn step(&self, position: usize) -> Option<&'static Step> {
        self.steps().nth(position).map(|(step, _)| step)
    }

    /// Whether the last step gives category indices.
    fn gives_categories(&self) -> bool {
        self.steps().last().is_some_and(|(step, _)| step.output.kind == Kind::Categories)
    }

    /// The step at a position with the entries that `fit` has counted, if it has a vocabulary.
    fn grow(
        &self,
        position: usize,
        fit: PipelineFit,
    ) -> Result<Option<(Arc<dyn FittedStage>, Growth)>> {
        let (Some((step, fitted)), Some(fit)) = (self.steps().nth(position), fit.into_fit()) else {
            return Ok(None);
        };
        let saved = fitted.save().map_err(Error::device)?;
        fit.grow(step, saved).transpose().map_err(|reason| Error::Settings(vec![reason]))
    }

    fn index_of(&self, entry: &str) -> Option<u32> {
        self.steps().find_map(|(step, fitted)| fitted.index_of(step, entry))
    }
}
