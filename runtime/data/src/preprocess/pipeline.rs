//! The preprocessing steps of one column.

mod parts;

use std::sync::Arc;

use multi_input_base::{Error, Notice, NoticeKind, Result, RngKey};
#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use multi_input_spec::{Kind, Size, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub(super) use self::parts::PipelineState;
use super::{
    image::{crop, Source},
    items::{row_of_item, RowValues},
    mean::{Means, RunningMeans},
    seen::SeenValues,
    stage::{FittedStage, Refusal, RowRng, StageFit},
    vocabulary::{Overflow, VocabularySize, UNKNOWN},
};
use crate::{
    schema::{Derived, Input, Missing, Step, Target},
    Column, Content, Picture, Real, Values,
};

/// Upper bound of the number of steps of an input, which separates the keys of their random
/// numbers.
const MAX_STEPS: u64 = 256;

/// The random numbers of the step at a position; `None` outside training.
type RngOfStep<'a> = &'a dyn Fn(u64) -> Option<RowRng>;

/// The preprocessing of a column as declared in the schema.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// Name of the field.
    name: &'static str,
    /// Number of values of a raw row, where absent rows are replaced by means.
    means: Option<usize>,
    steps: &'static [Step],
}

impl Plan {
    pub(super) fn of_input(input: &'static Input) -> Plan {
        let means = input.missing == Some(Missing::Mean);
        let means = means.then(|| input.shape.iter().product());
        Plan { name: input.name, means, steps: input.steps }
    }

    pub(super) fn of_derived(derived: &'static Derived) -> Plan {
        Plan { name: derived.name, means: None, steps: derived.steps }
    }

    pub(super) fn of_target(target: &'static Target) -> Plan {
        Plan { name: target.name, means: None, steps: target.steps }
    }

    /// Whether values are not changed.
    pub(super) fn is_identity(&self) -> bool {
        self.steps.is_empty() && self.means.is_none()
    }

    /// What is fitted: the steps with their arguments and input shapes, and the means.
    fn in_words(&self) -> String {
        let steps = self.steps.iter().map(|step| {
            let shape = Text::new("").shape(&step.input);
            format!("`{step:?}` of {}", shape.as_str())
        });
        let means = self.means.map(|width| format!("{width} means"));
        let all: Vec<String> = steps.chain(means).collect();
        match all.is_empty() {
            true => "nothing".to_owned(),
            false => all.join(", "),
        }
    }

    /// Description of the first part that must be fitted on training rows; `None` if there is none.
    pub(super) fn needed(&self) -> Option<String> {
        let learns = |step: &&Step| step.stage.needs_rows(step);
        match (self.means, self.steps.iter().find(learns)) {
            (Some(_), _) => Some(format!("`{}` needs its mean", self.name)),
            (_, Some(step)) => Some(format!("`{}` needs what `{step:?}` learns", self.name)),
            _ => None,
        }
    }
}

/// The fitted preprocessing of a column.
#[derive(Clone)]
pub(super) struct Pipeline {
    plan: Plan,
    /// The means that replace absent rows, where the policy is `mean`.
    means: Option<Means>,
    steps: Vec<Arc<dyn FittedStage>>,
    /// The raw values that an input was fitted on; `None` for targets, and if they are unknown.
    pub(super) seen: Option<SeenValues>,
}

/// The serialized form of a pipeline.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    means: Option<Means>,
    steps: Vec<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<SeenValues>,
}

impl Saved {
    /// The name of the field.
    pub(super) fn field(&self) -> &str {
        &self.of
    }

    /// Removes the record of the values that the input was fitted on.
    pub(super) fn forget_seen(&mut self) {
        self.seen = None;
    }
}

impl Pipeline {
    /// Preprocesses some rows of a column. `first` is the index of the column's first row among all
    /// rows, for errors; `key` is the key of the random numbers of a training batch, `None` outside
    /// training.
    pub(super) fn encode(
        &self,
        column: &Column,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Column> {
        if self.is_identity() && is_all_of(column, rows) {
            return Ok(column.clone());
        }
        let present: Option<Vec<bool>> =
            column.present.as_ref().map(|present| rows.iter().map(|&row| present[row]).collect());
        // Steps skip absent rows, unless means replace them. Indices in the batch.
        let present_in_batch: Option<Arc<[usize]>> = match (&present, &self.means) {
            (Some(present), None) => {
                Some((0..rows.len()).filter(|&index| present[index]).collect())
            }
            _ => None,
        };
        let present_rows: Vec<usize> = match &present_in_batch {
            Some(indices) => indices.iter().map(|&index| rows[index]).collect(),
            None => rows.to_vec(),
        };
        let mut values = column.values.of_rows(column.width, &present_rows);
        if let (Some(means), Some(present)) = (&self.means, &present) {
            means.fill(&mut values, present);
        }
        let values = RowValues::raw(values, column.content);
        let rng_of = |position: u64| {
            let key = key?;
            let key = key.layer(key.layer * MAX_STEPS + position);
            Some(RowRng::new(key, present_in_batch.clone()))
        };
        let encoded = self.apply(values, &present_rows, (first, &rng_of))?;
        self.check_numbers(&encoded, |value| !value.is_finite(), (column, &present_rows, first))?;
        let (mut values, mut lengths) = encoded.end();
        let (content, width) = self.encoded(column, &values);
        if let (Some(present), None) = (&present, &self.means) {
            values = values.scatter(width, present);
            lengths = lengths.map(|lengths| lengths.scatter(present));
        }
        let values = Arc::new(values);
        Ok(Column { name: column.name, content, width, values, present, lengths })
    }

    /// Whether the preprocessing is the identity.
    fn is_identity(&self) -> bool {
        self.steps.is_empty() && self.means.is_none()
    }

    /// Content type and width of the values after the last step.
    fn encoded(&self, column: &Column, values: &Values) -> (Content, usize) {
        let Some(last) = self.plan.steps.last() else { return (column.content, column.width) };
        let content = match (last.output.kind, values) {
            (Kind::Categories, _) => match (last.output.below, column.content) {
                (Size::Known(below), _) => Content::Categories { below },
                (Size::Unknown, Content::Lists { of, .. }) => *of,
                (Size::Unknown, content) => content,
            },
            (_, Values::Doubles(_)) => Content::Doubles { blanks: false },
            _ => Content::Numbers { blanks: false },
        };
        (content, last.output.elements().get())
    }

    /// Applies the fitted steps to the values of `rows`.
    fn apply(
        &self,
        values: RowValues,
        rows: &[usize],
        (first, rng_of): (usize, RngOfStep<'_>),
    ) -> Result<RowValues> {
        self.apply_before(self.steps.len(), values, rows, (first, rng_of))
    }

    /// Applies the fitted steps before the one at `end`.
    fn apply_before(
        &self,
        end: usize,
        values: RowValues,
        rows: &[usize],
        (first, rng_of): (usize, RngOfStep<'_>),
    ) -> Result<RowValues> {
        let refused = |refusal: Refusal| Error::Value {
            row: first + rows.get(refusal.row).copied().unwrap_or_default(),
            field: self.plan.name.to_owned(),
            expected: refusal.expected,
            found: refusal.found,
        };
        let (mut values, applied) = self.catch_up(values).map_err(refused)?;
        let steps = self.steps().enumerate().take(end).skip(applied);
        for (position, (step, fitted)) in steps {
            let rng = rng_of(position as u64);
            values = values.apply(step, &**fitted, rng.as_ref()).map_err(refused)?;
        }
        Ok(values)
    }

    /// Replaces a fitted step.
    pub(super) fn replace(&mut self, position: usize, fitted: Arc<dyn FittedStage>) {
        if let Some(step) = self.steps.get_mut(position) {
            *step = fitted;
        }
    }

    /// The fitted steps.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&'static Step, &Arc<dyn FittedStage>)> {
        self.plan.steps.iter().zip(&self.steps)
    }

    /// Applies to each image the steps that have been applied to some images, but not to this one.
    /// Returns the values and the number of applied steps.
    fn catch_up(&self, values: RowValues) -> std::result::Result<(RowValues, usize), Refusal> {
        let RowValues::Rows(Values::Pictures(pictures)) = &values else { return Ok((values, 0)) };
        let applied = pictures.iter().map(Picture::applied).max().unwrap_or_default();
        if applied == 0 {
            return Ok((values, 0));
        }
        let mut numbers = Vec::new();
        for (row, picture) in pictures.iter().enumerate() {
            let mut current = Values::Pictures(vec![picture.clone()]);
            for (step, fitted) in self.steps().take(applied).skip(picture.applied()) {
                current = fitted
                    .apply(step, current, None)
                    .map_err(|refusal| Refusal { row, ..refusal })?;
            }
            match current {
                Values::Numbers(current) => numbers.extend(current),
                _ => {
                    let size = [picture.height(), picture.width()];
                    crop(&Source::of(picture), [0, 0], size, &mut numbers);
                }
            }
        }
        Ok((RowValues::Rows(Values::Numbers(numbers)), applied))
    }

    /// Returns an error if `is_invalid` holds for a number after the fitted steps: a finite number
    /// may overflow in a step, and infinite values can be neither fitted nor trained on.
    fn check_numbers(
        &self,
        values: &RowValues,
        is_invalid: fn(f64) -> bool,
        (column, rows, first): (&Column, &[usize], usize),
    ) -> Result<()> {
        let found = match values.elements() {
            Some(Values::Numbers(numbers)) if all_finite(numbers) => None,
            Some(Values::Numbers(numbers)) => first_invalid(numbers, is_invalid),
            Some(Values::Doubles(numbers)) => first_invalid(numbers, is_invalid),
            _ => None,
        };
        let Some((position, value)) = found else { return Ok(()) };
        let row = rows.get(values.row_of(position, rows.len())).copied().unwrap_or_default();
        let steps: Vec<String> = self.steps().map(|(step, _)| format!("`{step:?}`")).collect();
        let expected = match steps.is_empty() {
            true => "a finite number".to_owned(),
            false => format!("a number that {} leaves finite", steps.join(", ")),
        };
        let raw = match &*column.values {
            Values::Numbers(raw) if column.width == 1 => raw[row].to_string(),
            Values::Doubles(raw) if column.width == 1 => raw[row].to_string(),
            _ => "one".to_owned(),
        };
        let found = format!("{raw} that becomes {value}");
        Err(Error::Value { row: first + row, field: self.plan.name.to_owned(), expected, found })
    }

    /// Applies the inverse steps to predictions, in reverse order.
    pub(super) fn invert(&self, predictions: &mut [f64]) {
        let steps: Vec<_> = self.steps().collect();
        steps.into_iter().rev().for_each(|(step, fitted)| fitted.invert(step, predictions));
    }

    /// [`encode`](Pipeline::encode) in a graph. `present` says which rows have the input, `[batch, 1]`.
    #[cfg(feature = "onnx")]
    pub(super) fn to_onnx(
        &self,
        graph: &mut onnx::Graph,
        mut flow: onnx::Flow,
        present: Option<&onnx::Value>,
    ) -> std::result::Result<onnx::Flow, onnx::Refusal> {
        if let (Some(means), Some(present)) = (&self.means, present) {
            flow = means.to_onnx(graph, flow, present);
        }
        for (step, fitted) in self.steps() {
            flow = graph.within(step.spec.name, |graph| fitted.to_onnx(step, graph, flow))?;
        }
        Ok(flow)
    }

    /// [`invert`](Pipeline::invert) in a graph.
    #[cfg(feature = "onnx")]
    pub(super) fn inverse_to_onnx(
        &self,
        graph: &mut onnx::Graph,
        mut value: onnx::Value,
    ) -> std::result::Result<onnx::Value, onnx::Refusal> {
        let steps: Vec<_> = self.steps().collect();
        for (step, fitted) in steps.into_iter().rev() {
            let sizes: Vec<usize> =
                (0..step.output.rank()).map(|axis| step.output.dim(axis).get()).collect();
            if sizes.len() > 1 {
                value = graph.reshape(&value, &sizes);
            }
            value =
                graph.within(step.spec.name, |graph| fitted.inverse_to_onnx(step, graph, value))?;
        }
        Ok(match value.rank() {
            0..=2 => value,
            _ => graph.reshape(&value, &[value.elements()]),
        })
    }

    /// The steps with entries of the training rows that are not in their vocabulary.
    pub(super) fn overflow(&self) -> impl Iterator<Item = (&'static Step, Overflow)> + '_ {
        let steps = self.steps();
        // A shared vocabulary is reported only for the input that learns it.
        let learned = steps.filter(|(step, _)| step.vocabulary_of.is_none());
        learned.filter_map(|(step, fitted)| Some((step, fitted.overflow()?)))
    }

    /// Notices about the training rows. An empty column is reported only by the first step, because
    /// it is constant for later steps.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut all: Vec<Notice> = Vec::new();
        // A shared vocabulary is reported only for the input that learns it.
        let steps = self.plan.steps.iter().zip(&self.steps);
        for (step, fitted) in steps.filter(|(step, _)| step.vocabulary_of.is_none()) {
            let is_empty = |column| {
                let is_empty = |notice: &Notice| notice.kind == NoticeKind::EmptyColumn;
                all.iter().any(|notice| is_empty(notice) && notice.column == column)
            };
            let notices = fitted.notices(step).into_iter();
            let new: Vec<Notice> = notices.filter(|notice| !is_empty(notice.column)).collect();
            all.extend(new.into_iter().map(|new| new.about(self.plan.name).by(step.spec.name)));
        }
        all
    }

    /// The size of the vocabulary, and the entries of a column's rows that it does not have: the
    /// row, the index of the element in an array, and the entry. `None` without a vocabulary.
    pub(super) fn unknown_entries(&self, column: &Column) -> Result<Option<UnknownEntries>> {
        let mut steps = self.steps().enumerate();
        let with_size = steps.find_map(|(position, (step, fitted))| {
            Some((position, step, fitted, fitted.vocabulary(step)?))
        });
        let Some((position, step, fitted, size)) = with_size else { return Ok(None) };
        let all: Vec<usize> = (0..column.values.len() / column.width.max(1)).collect();
        let (rows, values) = present(column, &all);
        let values = self.apply_before(position, values, &rows, (0, &|_| None))?;
        let is_list = step.input.is_list();
        let (values, counts) = match is_list && !step.spec.form.takes_lists {
            true => values.items(),
            false => (values.for_step(step), Vec::new()),
        };
        let elements = if is_list { 1 } else { step.input.elements().get().max(1) };
        let entries = fitted.unknown(step, &values).into_iter().map(|(index, entry)| {
            let row = match counts.is_empty() {
                true => index / elements,
                false => row_of_item(&counts, index),
            };
            (rows[row], (elements > 1).then_some(index % elements), entry)
        });
        Ok(Some((size, entries.collect())))
    }

    /// The size of the vocabulary that a step has learned.
    pub(super) fn vocabulary(&self) -> Option<VocabularySize> {
        let mut steps = self.plan.steps.iter().zip(&self.steps);
        steps.find_map(|(step, fitted)| fitted.vocabulary(step))
    }

    /// The steps that are saved with the model: all but the random ones, which do not affect
    /// predictions.
    fn saved_steps(&self) -> impl Iterator<Item = &Arc<dyn FittedStage>> {
        let steps = self.plan.steps.iter().zip(&self.steps);
        steps.filter(|(step, _)| !step.is_for_training_only()).map(|(_, fitted)| fitted)
    }

    /// The serialized form.
    pub(super) fn save(&self) -> serde_json::Result<Saved> {
        Ok(Saved {
            of: self.plan.name.to_owned(),
            means: self.means.clone(),
            steps: self.saved_steps().map(|step| step.save()).collect::<serde_json::Result<_>>()?,
            seen: self.seen.clone(),
        })
    }

    /// Whether a step is random in training.
    pub(super) fn is_random(&self) -> bool {
        let mut steps = self.plan.steps.iter().zip(&self.steps);
        steps.any(|(step, fitted)| fitted.is_random(step))
    }

    /// The fitted state of the step called `name`.
    pub(super) fn learned(&self, name: &str) -> Option<Json> {
        let mut steps = self.steps();
        let (_, fitted) = steps.find(|(step, _)| step.spec.name == name)?;
        fitted.save().ok().filter(|saved| !saved.is_null())
    }

    /// A pipeline whose steps have seen no rows.
    ///
    /// # Errors
    /// For a step that has to learn, with the field and the step.
    pub(super) fn unfitted(plan: Plan) -> std::result::Result<Pipeline, String> {
        let mut steps = Vec::with_capacity(plan.steps.len());
        for step in plan.steps {
            let ready = step.stage.restore(step, Json::Null);
            steps.push(ready.map_err(|reason| format!("`{}`, {reason}", plan.name))?);
        }
        Ok(Pipeline { plan, means: None, steps, seen: None })
    }

    /// The same fitted steps for a column of another schema.
    ///
    /// # Errors
    /// The steps of both, if they differ.
    pub(super) fn for_plan(&self, plan: Plan) -> std::result::Result<Pipeline, String> {
        let (found, expected) = (self.plan.in_words(), plan.in_words());
        match found == expected {
            true => Ok(Pipeline { plan, ..self.clone() }),
            false => Err(format!(
                "`{}` is preprocessed by {expected} here, and by {found} there",
                plan.name
            )),
        }
    }

    pub(super) fn restore(plan: Plan, saved: Saved) -> std::result::Result<Pipeline, String> {
        let name = plan.name;
        let saved_steps = plan.steps.iter().filter(|step| !step.is_for_training_only()).count();
        if saved.of != name || saved.steps.len() != saved_steps {
            return Err(format!("the steps of `{name}` are others"));
        }
        let valid = match (&saved.means, plan.means) {
            (Some(means), Some(width)) => means.is_sound(width),
            (None, None) => true,
            _ => false,
        };
        if !valid {
            let width = plan.means.unwrap_or_default();
            return Err(format!("`{name}` should have {width} means"));
        }
        let mut saved_steps = saved.steps.into_iter();
        let steps = plan.steps.iter().map(|step| {
            let saved = if step.is_for_training_only() { None } else { saved_steps.next() };
            step.stage
                .restore(step, saved.unwrap_or_default())
                .map_err(|reason| format!("`{name}`, {reason}"))
        });
        Ok(Pipeline {
            plan,
            means: saved.means,
            steps: steps.collect::<std::result::Result<_, _>>()?,
            seen: saved.seen,
        })
    }

    /// As [`restore`](Pipeline::restore), with the values that the input was fitted on.
    pub(super) fn restore_input(
        input: &'static Input,
        saved: Saved,
    ) -> std::result::Result<Pipeline, String> {
        saved.seen.as_ref().map_or(Ok(()), |seen| seen.check(input))?;
        Pipeline::restore(Plan::of_input(input), saved)
    }
}

/// The size of a vocabulary, and entries that it does not have, each with its row and the index of
/// its element in an array.
type UnknownEntries = (VocabularySize, Vec<(usize, Option<usize>, String)>);

/// Whether all numbers are finite. The loop has no early exit, so that it is vectorised.
fn all_finite(numbers: &[f32]) -> bool {
    numbers.iter().fold(true, |all, value| all & value.is_finite())
}

/// The position and `f32` value of the first number for which `is_invalid` holds after rounding to
/// `f32`.
fn first_invalid<T: Real>(numbers: &[T], is_invalid: fn(f64) -> bool) -> Option<(usize, f64)> {
    let mut numbers = numbers.iter().map(|n| f64::from(n.as_f64() as f32)).enumerate();
    numbers.find(|(_, value)| is_invalid(*value))
}

/// Whether `rows` are all rows of the column, in order.
fn is_all_of(column: &Column, rows: &[usize]) -> bool {
    rows.len() * column.width == column.values.len()
        && rows.iter().enumerate().all(|(position, row)| position == *row)
}

/// The preprocessing of a column during fitting: each learned step is fitted on the output of the
/// preceding steps.
pub(super) struct PipelineFit {
    pipeline: Pipeline,
    means: Option<RunningMeans>,
    fit: Option<Box<dyn StageFit>>,
    /// The error of a step that cannot be fitted, which ends the fitting.
    problem: Option<String>,
    /// The raw values of the first pass.
    seen: Option<SeenValues>,
    /// As [`seen`](PipelineFit::seen), before the first row.
    seen_before: Option<SeenValues>,
    /// The number of this part of the rows, if several processes each read one.
    part: u64,
}

impl PipelineFit {
    pub(super) fn new(plan: Plan) -> PipelineFit {
        let pipeline = Pipeline { plan, means: None, steps: Vec::new(), seen: None };
        let means = plan.means.map(RunningMeans::new);
        let mut fit = PipelineFit { means, ..PipelineFit::without_statistics(pipeline) };
        fit.advance();
        fit
    }

    fn without_statistics(pipeline: Pipeline) -> PipelineFit {
        PipelineFit {
            pipeline,
            means: None,
            fit: None,
            problem: None,
            seen: None,
            seen_before: None,
            part: 0,
        }
    }

    /// The same, which goes on from a record of values.
    fn recording(self, seen: Option<SeenValues>) -> PipelineFit {
        PipelineFit { seen_before: seen.clone(), seen, ..self }
    }

    /// A pipeline that is fitted already; it goes on recording values.
    pub(super) fn fitted(pipeline: Pipeline) -> PipelineFit {
        let seen = pipeline.seen.clone();
        PipelineFit::without_statistics(pipeline).recording(seen)
    }

    /// The steps before the one at `position`, which `fit` fits.
    pub(super) fn growing(
        fitted: &Pipeline,
        position: usize,
        fit: Option<Box<dyn StageFit>>,
    ) -> PipelineFit {
        let steps = fitted.steps.iter().take(position).cloned().collect();
        let (plan, means) = (fitted.plan, fitted.means.clone());
        let pipeline = Pipeline { plan, means, steps, seen: None };
        PipelineFit { fit, ..PipelineFit::without_statistics(pipeline) }
    }

    /// The statistics of the step that is being fitted.
    pub(super) fn into_fit(self) -> Option<Box<dyn StageFit>> {
        self.fit
    }

    /// As [`new`](PipelineFit::new); records the values of the input.
    pub(super) fn of_input(input: &'static Input) -> PipelineFit {
        let has_vocabulary = input.steps.iter().any(|step| step.spec.form.reserved > 0);
        let seen = SeenValues::new(input, has_vocabulary);
        PipelineFit::new(Plan::of_input(input)).recording(Some(seen))
    }

    /// Adds steps that need no fitting, up to the next step that is fitted or waits for the
    /// vocabulary of another input.
    fn advance(&mut self) {
        while let Some(step) = self.next_step().filter(|step| step.vocabulary_of.is_none()) {
            self.fit = step.stage.start(step, self.part);
            if self.fit.is_some() {
                break;
            }
            // Nothing is saved for a step without fitting.
            self.push(step.stage.restore(step, Json::Null));
        }
    }

    /// Adds a sample with the unknown category to the statistics of a step, where it occurs in
    /// training because a preceding step replaces categories at random. Fitting does not apply
    /// random changes. It is added at the end of a pass: statistics of several parts of the rows, which
    /// are merged before, have it once.
    fn add_unknown_sample(&self, step: &Step, fit: &mut dyn StageFit) {
        let before = self.pipeline.plan.steps.iter().zip(&self.pipeline.steps).next_back();
        let occurs_in_training = before.is_some_and(|(before, fitted)| {
            fitted.is_random(before) && fitted.vocabulary(before).is_some()
        });
        if occurs_in_training {
            let row = vec![UNKNOWN; step.input.elements().get()];
            fit.update(step, &Values::Categories(row));
        }
    }

    /// Adds a fitted step, or records its error.
    fn push(&mut self, step: std::result::Result<Arc<dyn FittedStage>, String>) {
        match step {
            Ok(step) => self.pipeline.steps.push(step),
            Err(reason) => self.problem = Some(format!("`{}`, {reason}", self.pipeline.plan.name)),
        }
    }

    /// The first step that is not fitted yet; `None` after an error.
    fn next_step(&self) -> Option<&'static Step> {
        let next_step = self.pipeline.plan.steps.get(self.pipeline.steps.len());
        next_step.filter(|_| self.problem.is_none())
    }

    /// Index of the input whose vocabulary the next step waits for.
    pub(super) fn waits_for(&self) -> Option<usize> {
        self.next_step()?.vocabulary_of
    }

    /// Whether a step cannot be fitted, whatever the rows.
    pub(super) fn has_failed(&self) -> bool {
        self.problem.is_some()
    }

    /// Whether all steps are fitted.
    pub(super) fn is_done(&self) -> bool {
        self.means.is_none() && self.fit.is_none() && self.waits_for().is_none()
    }

    /// The values of training rows for the step that waits for the vocabulary of another input.
    pub(super) fn waiting(&self, column: &Column, rows: &[usize], first: usize) -> Result<Values> {
        let (present, values) = present(column, rows);
        let values = self.pipeline.apply(values, &present, (first, &|_| None))?;
        Ok(self.next_step().map_or(Values::Numbers(Vec::new()), |step| values.for_step(step)))
    }

    /// Updates the step that learns a vocabulary with the values of another input that shares it.
    pub(super) fn update_from_shared(&mut self, values: &Values) {
        let learns = self.pipeline.steps.len() == self.first_learned();
        let Some(step) = self.next_step().filter(|_| learns) else { return };
        if let Some(fit) = &mut self.fit {
            fit.update(step, values);
        }
    }

    /// The index of the first step that changes values.
    fn first_learned(&self) -> usize {
        let steps = self.pipeline.plan.steps;
        steps.iter().take_while(|step| step.spec.form.keeps_values).count()
    }

    /// The step that learns a vocabulary, if it is fitted.
    pub(super) fn vocabulary_step(&self) -> Option<Arc<dyn FittedStage>> {
        self.pipeline.steps.get(self.first_learned()).cloned()
    }

    /// Sets the step whose vocabulary is shared, and continues.
    pub(super) fn set_shared_step(&mut self, step: Arc<dyn FittedStage>) {
        self.pipeline.steps.push(step);
        self.advance();
    }

    /// Returns the error of the first row that the fitted steps cannot transform.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        if self.pipeline.steps.is_empty() {
            return Ok(());
        }
        let all: Vec<usize> = (0..column.values.len() / column.width.max(1)).collect();
        let (present, values) = present(column, &all);
        self.pipeline.apply(values, &present, (0, &|_| None)).map(drop)
    }

    /// Updates the statistics with some training rows.
    pub(super) fn update(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        if let Some(seen) = &mut self.seen {
            seen.update(column, rows);
        }
        if self.is_done() {
            return Ok(());
        }
        let (present, values) = present(column, rows);
        if let (Some(means), Some(values)) = (&mut self.means, values.elements()) {
            means.update(values);
        }
        let Some(step) = self.next_step() else { return Ok(()) };
        let values = self.pipeline.apply(values, &present, (first, &|_| None))?;
        // Missing values are NaN and are ignored by the statistics.
        self.pipeline.check_numbers(&values, f64::is_infinite, (column, &present, first))?;
        if let Some(fit) = &mut self.fit {
            fit.update(step, &values.for_step(step));
        }
        Ok(())
    }

    /// Finishes a pass over the training rows.
    pub(super) fn end_pass(&mut self) {
        if let Some(seen) = self.seen.take() {
            self.pipeline.seen = Some(seen);
        }
        if let Some(means) = self.means.take() {
            self.pipeline.means = Some(means.learn());
        }
        if let (Some(step), Some(mut fit)) = (self.next_step(), self.fit.take()) {
            self.add_unknown_sample(step, &mut *fit);
            self.push(fit.learn(step));
            self.advance();
        }
    }

    /// The fitted pipeline. Steps without any training rows are left unfitted.
    ///
    /// # Errors
    /// The field, the step and the reason of a step that cannot be fitted.
    pub(super) fn finish(mut self) -> std::result::Result<Pipeline, String> {
        while let Some(step) = self.next_step() {
            self.push(step.stage.restore(step, Json::Null));
            self.advance();
        }
        // A record of no rows, which later rows may be added to.
        self.pipeline.seen = self.pipeline.seen.or(self.seen);
        match self.problem {
            None => Ok(self.pipeline),
            Some(problem) => Err(problem),
        }
    }
}

/// The present rows among `rows`, and their values.
fn present(column: &Column, rows: &[usize]) -> (Vec<usize>, RowValues) {
    let present: Vec<usize> = rows.iter().copied().filter(|&row| column.is_present(row)).collect();
    let values = column.values.of_rows(column.width, &present);
    (present, RowValues::raw(values, column.content))
}
