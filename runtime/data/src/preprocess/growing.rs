//! Growth of fitted vocabularies by the entries of new rows.

use std::{fmt, sync::Arc};

use multi_input_base::{Error, Result};
use multi_input_spec::Kind;

use super::{
    merging::{open_statistics, seal_statistics},
    pipeline::{Pipeline, PipelineFit, PipelineState},
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
        let stay = |count: u64| if count == 1 { "stays" } else { "stay" };
        write!(f, "`{input}`, {step}: ")?;
        if let Some(reason) = refused {
            let new = *added as u64 + full;
            let (entries, stay) = (entries(new), stay(new));
            return write!(f, "{new} new {entries} {stay} unknown, because {reason}");
        }
        let taken = before + added;
        let new = entries(*added as u64);
        write!(f, "{added} new {new}, {taken} of {places} places are taken")?;
        if *full > 0 {
            let (entries, stay) = (entries(*full), stay(*full));
            write!(f, "; {full} more {entries} found no place and {stay} unknown")?;
        }
        if *seldom > 0 {
            let (entries, stay) = (entries(*seldom), stay(*seldom));
            write!(f, "; {seldom} {entries} below `minimum` {stay} unknown")?;
        }
        Ok(())
    }
}

/// Why a vocabulary whose indices become numbers cannot grow.
const NO_TABLE: &str =
    "no `Embedding` looks its indices up: the weights of what its steps make of \
                        them cannot start at the unknown entry's";

/// The vocabularies of a fitted preprocessing while the entries of new rows are counted.
pub struct Growing {
    fitted: Preprocessing,
    /// By input; `None` for an input without a vocabulary that rows determine.
    inputs: Vec<Option<GrowingInput>>,
}

/// The vocabulary of an input while new rows are counted.
struct GrowingInput {
    /// The position of the step with the vocabulary.
    position: usize,
    /// The steps before it; it counts unless another input learned the vocabulary.
    fit: PipelineFit,
    /// The index of the input that learned the vocabulary, if it is another one.
    owner: Option<usize>,
}

impl Growing {
    /// Starts with the vocabularies of `fitted`.
    pub fn new(fitted: Preprocessing) -> Growing {
        let inputs = fitted.inputs.iter().map(GrowingInput::new).collect();
        Growing { fitted, inputs }
    }

    /// Counts the entries of a table of samples in the rows with a known target, as in fitting.
    /// `first` is the index of its first row among all rows, for errors.
    ///
    /// # Errors
    /// [`Error::Value`] for a row that a step does not accept, and for a label that no training
    /// row had, because classes do not grow.
    pub fn update(&mut self, table: &Table, first: usize) -> Result<()> {
        let known = self.fitted.classes(table.clone(), first);
        let all: Vec<usize> = (0..table.rows).collect();
        self.fitted.encode(&known.map_err(|error| self.explain(error))?, &all, first)?;
        let (columns, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let counts = |row: &usize| {
            targets.is_empty() || targets.iter().any(|target| target.is_present(*row))
        };
        let rows: Vec<usize> = (0..table.rows).filter(counts).collect();
        for (index, column) in columns.iter().enumerate() {
            let Some(own) = &mut self.inputs[index] else { continue };
            match own.owner {
                None => own.fit.update(column, &rows, first)?,
                Some(owner) => {
                    let values = own.fit.waiting(column, &rows, first)?;
                    if let Some(owner) = &mut self.inputs[owner] {
                        owner.fit.update_from_shared(&values);
                    }
                }
            }
        }
        Ok(())
    }

    /// The frequencies of the rows so far, for [`merge`](Growing::merge).
    ///
    /// # Errors
    /// [`Error::Settings`] for a step of the user's own whose statistics cannot be merged.
    pub fn state(&self) -> Result<Vec<u8>> {
        let inputs = self.inputs.iter().flatten().map(|own| own.fit.state());
        let state = inputs.collect::<std::result::Result<Vec<_>, _>>();
        let sealed = state.and_then(|inputs| seal_statistics(self.fitted.schema, &inputs));
        sealed.map_err(|reason| Error::Settings(vec![reason]))
    }

    /// Adds the frequencies of rows that another process has counted from the same preprocessing.
    ///
    /// # Errors
    /// [`Error::Settings`] for bytes that are damaged or from another model.
    pub fn merge(&mut self, later: &[u8]) -> Result<()> {
        let mut merge = || {
            let later: Vec<PipelineState> = open_statistics(self.fitted.schema, later)?;
            let mut inputs = self.inputs.iter_mut().flatten().zip(later);
            inputs.try_for_each(|(own, later)| own.fit.merge(later))
        };
        merge().map_err(|reason| Error::Settings(vec![reason]))
    }

    /// The preprocessing with the new entries, at indices after the present ones, and how each
    /// vocabulary grew. `refuse` gets the inputs that use a vocabulary, and gives the reason why it
    /// cannot grow.
    ///
    /// # Errors
    /// [`Error::Settings`] for a step that cannot hold what it counted.
    pub fn finish(
        self,
        refuse: impl Fn(&[&'static str]) -> Option<&'static str>,
    ) -> Result<(Preprocessing, Vec<GrownVocabulary>)> {
        let Growing { fitted, inputs } = self;
        let places: Vec<Option<(usize, usize)>> = inputs
            .iter()
            .enumerate()
            .map(|(index, own)| own.as_ref().map(|own| (own.owner.unwrap_or(index), own.position)))
            .collect();
        let (mut grown, mut all) = (fitted.clone(), Vec::new());
        for (index, own) in inputs.into_iter().enumerate() {
            let Some(GrowingInput { position, fit, owner: None }) = own else { continue };
            let old = &fitted.inputs[index];
            let Some((step, stage, growth)) = old.grow(position, fit)? else { continue };
            let sharing = places.iter().enumerate().filter_map(|(other, place)| {
                let (owner, position) = (*place)?;
                (owner == index).then_some((other, position))
            });
            let sharing: Vec<(usize, usize)> = sharing.collect();
            let is_new = growth.added as u64 + growth.full > 0;
            let looked_up = |(other, _): &(usize, usize)| fitted.inputs[*other].gives_categories();
            let name = |index: usize| fitted.schema.inputs[index].name;
            let inputs: Vec<&str> = sharing.iter().map(|(other, _)| name(*other)).collect();
            let refused = match sharing.iter().all(looked_up) {
                true => refuse(&inputs),
                false => Some(NO_TABLE),
            };
            let refused = refused.filter(|_| is_new);
            for (other, position) in sharing.iter().filter(|_| refused.is_none()) {
                grown.inputs[*other].replace(*position, Arc::clone(&stage));
            }
            all.push(GrownVocabulary {
                input: name(index),
                inputs,
                step: format!("{step:?}"),
                places: step.output.below.get().saturating_sub(RESERVED),
                growth,
                refused,
            });
        }
        Ok((grown, all))
    }

    /// Adds to the error of an unknown label that classes do not grow.
    pub fn explain(&self, error: Error) -> Error {
        let has_labels = |field: &str| {
            self.fitted.schema.targets.iter().any(|target| target.labels && target.name == field)
        };
        match error {
            Error::Value { row, field, expected, found } if has_labels(&field) => {
                let expected = format!(
                    "{expected}; the classes of an output do not grow, because each has weights \
                     of its own: leave the row out, or build a model with this label among its \
                     training rows"
                );
                Error::Value { row, field, expected, found }
            }
            other => other,
        }
    }
}

impl Preprocessing {
    /// The index of an entry, such as a word, in the vocabulary of an input; `None` if the input
    /// has no vocabulary or not this entry.
    pub fn index_of(&self, input: &str, entry: &str) -> Option<u32> {
        let index = self.schema.inputs.iter().position(|other| other.name == input)?;
        self.inputs.get(index)?.index_of(entry)
    }
}

impl GrowingInput {
    /// `None` for an input without a vocabulary that rows determine.
    fn new(fitted: &Pipeline) -> Option<GrowingInput> {
        let position = fitted.vocabulary_position()?;
        let (step, _) = fitted.steps().nth(position)?;
        let fit: Option<Box<dyn StageFit>> = match step.vocabulary_of {
            Some(_) => None,
            None => Some(step.stage.start(step, 0)?),
        };
        let fit = PipelineFit::growing(fitted, position, fit);
        Some(GrowingInput { position, fit, owner: step.vocabulary_of })
    }
}

impl Pipeline {
    /// The position of the step with a vocabulary.
    fn vocabulary_position(&self) -> Option<usize> {
        self.steps().position(|(step, fitted)| fitted.vocabulary(step).is_some())
    }

    /// Whether the last step gives category indices.
    fn gives_categories(&self) -> bool {
        self.steps().last().is_some_and(|(step, _)| step.output.kind == Kind::Categories)
    }

    /// The step at a position, and what it is with the entries that `fit` has counted.
    fn grow(
        &self,
        position: usize,
        fit: PipelineFit,
    ) -> Result<Option<(&'static Step, Arc<dyn FittedStage>, Growth)>> {
        let (Some((step, fitted)), Some(fit)) = (self.steps().nth(position), fit.into_fit()) else {
            return Ok(None);
        };
        let saved = fitted.save().map_err(Error::device)?;
        let grown = fit.grow(step, saved).transpose();
        let grown = grown.map_err(|reason| Error::Settings(vec![reason]))?;
        Ok(grown.map(|(stage, growth)| (step, stage, growth)))
    }

    fn index_of(&self, entry: &str) -> Option<u32> {
        self.steps().find_map(|(step, fitted)| fitted.index_of(step, entry))
    }
}
