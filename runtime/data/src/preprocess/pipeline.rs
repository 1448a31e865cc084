//! The steps of one column, one after the other.

use std::sync::Arc;

use multi_input_base::{Error, Notice, NoticeKind, Result, RngKey};
use multi_input_spec::{step::Nature, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    image::{crop, Source},
    mean::{Means, RunningMeans},
    stage::{Learning, Ready, Refusal, RowRng},
    vocabulary::{Overflow, VocabularySize, UNKNOWN},
};
use crate::{
    schema::{Input, Missing, Step, Target},
    Column, Content, Picture, Real, Values,
};

/// No input has as many steps.
const MOST_STEPS: u64 = 256;

/// What the schema says of a column's preprocessing.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// The field.
    name: &'static str,
    /// How many numbers a raw row has, where means of them stand in for absent ones.
    means: Option<usize>,
    steps: &'static [Step],
}

impl Plan {
    pub(super) fn of_input(input: &'static Input) -> Plan {
        let means = input.missing == Some(Missing::Mean);
        let means = means.then(|| input.shape.iter().product());
        Plan { name: input.name, means, steps: input.steps }
    }

    pub(super) fn of_target(target: &'static Target) -> Plan {
        Plan { name: target.name, means: None, steps: target.steps }
    }

    /// What has to be learned from training rows, in words; `None` where nothing has.
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
    /// What stands in for absent values, where that is their mean.
    means: Option<Means>,
    steps: Vec<Arc<dyn Ready>>,
}

/// A pipeline in a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    means: Option<Means>,
    steps: Vec<Json>,
}

impl Pipeline {
    /// The preprocessed values of some rows. `first` is the number of the column's first row among
    /// all rows, for errors.
    pub(super) fn encode(
        &self,
        column: &Column,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Column> {
        if self.changes_nothing() && is_all_of(column, rows) {
            return Ok(column.clone());
        }
        let present: Option<Vec<bool>> =
            column.present.as_ref().map(|present| rows.iter().map(|&row| present[row]).collect());
        // Absent rows go through no step, unless means stand in for them.
        let there: Vec<usize> = match (&present, &self.means) {
            (Some(present), None) => rows
                .iter()
                .zip(present)
                .filter(|(_, present)| **present)
                .map(|(&row, _)| row)
                .collect(),
            _ => rows.to_vec(),
        };
        let mut values = column.values.of_rows(column.width, &there);
        if let (Some(means), Some(present)) = (&self.means, &present) {
            means.fill(&mut values, present);
        }
        let mut values = self.apply(values, &there, (first, key))?;
        self.refuse_numbers(&values, |number| !number.is_finite(), (column, &there, first))?;
        let (content, width) = self.encoded(column, &values);
        if let (Some(present), None) = (&present, &self.means) {
            values = values.spread(width, present);
        }
        let values = Arc::new(values);
        Ok(Column { name: column.name, content, width, values, present })
    }

    /// Whether rows come out as they go in.
    fn changes_nothing(&self) -> bool {
        self.steps.is_empty() && self.means.is_none()
    }

    /// What a row holds after the last step, which gave these values.
    fn encoded(&self, column: &Column, values: &Values) -> (Content, usize) {
        let Some(last) = self.plan.steps.last() else { return (column.content, column.width) };
        let content = match (last.output.kind, values) {
            (Kind::Categories, _) => Content::Categories { below: last.output.below.get() },
            (_, Values::Doubles(_)) => Content::Doubles { blanks: false },
            _ => Content::Numbers { blanks: false },
        };
        (content, last.output.elements().get())
    }

    /// Applies the steps that are there to the values of `rows`.
    fn apply(
        &self,
        values: Values,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Values> {
        let refused = |refusal: Refusal| Error::Value {
            row: first + rows.get(refusal.row).copied().unwrap_or_default(),
            field: self.plan.name.to_owned(),
            expected: refusal.expected,
            found: refusal.found,
        };
        let (mut values, applied) = self.catch_up(values).map_err(refused)?;
        for (place, (step, ready)) in self.steps().enumerate().skip(applied) {
            let rng = key.map(|key| RowRng(key.layer(key.layer * MOST_STEPS + place as u64)));
            values = ready.apply(step, values, rng.as_ref()).map_err(refused)?;
        }
        Ok(values)
    }

    /// The steps that are there.
    fn steps(&self) -> impl Iterator<Item = (&'static Step, &Arc<dyn Ready>)> {
        self.plan.steps.iter().zip(&self.steps)
    }

    /// Pictures to which no step has been applied stay as they are. Where some have steps behind them,
    /// all of them go through as many; how many those are comes along.
    fn catch_up(&self, values: Values) -> std::result::Result<(Values, usize), Refusal> {
        let Values::Pictures(pictures) = &values else { return Ok((values, 0)) };
        let applied = pictures.iter().map(Picture::applied).max().unwrap_or_default();
        if applied == 0 {
            return Ok((values, 0));
        }
        let mut numbers = Vec::new();
        for (row, picture) in pictures.iter().enumerate() {
            let mut own = Values::Pictures(vec![picture.clone()]);
            for (step, ready) in self.steps().take(applied).skip(picture.applied()) {
                own = ready.apply(step, own, None).map_err(|refusal| Refusal { row, ..refusal })?;
            }
            match own {
                Values::Numbers(own) => numbers.extend(own),
                _ => {
                    let size = [picture.height(), picture.width()];
                    crop(&Source::of(picture), [0, 0], size, &mut numbers);
                }
            }
        }
        Ok((Values::Numbers(numbers), applied))
    }

    /// Refuses what the steps made of some rows of a column where a number of it is `bad`: what is
    /// finite may become infinite on its way, of which nothing can be learned or computed.
    fn refuse_numbers(
        &self,
        values: &Values,
        bad: fn(f64) -> bool,
        (column, rows, first): (&Column, &[usize], usize),
    ) -> Result<()> {
        let found = match values {
            Values::Numbers(numbers) if all_finite(numbers) => None,
            Values::Numbers(numbers) => first_bad(numbers, bad),
            Values::Doubles(numbers) => first_bad(numbers, bad),
            _ => None,
        };
        let Some((place, number)) = found else { return Ok(()) };
        let width = (values.len() / rows.len().max(1)).max(1);
        let row = rows.get(place / width).copied().unwrap_or_default();
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
        let found = format!("{raw} that becomes {number}");
        Err(Error::Value { row: first + row, field: self.plan.name.to_owned(), expected, found })
    }

    /// Brings predictions back through all steps, the last first.
    pub(super) fn invert(&self, predictions: &mut [f64]) {
        let steps: Vec<_> = self.steps().collect();
        steps.into_iter().rev().for_each(|(step, ready)| ready.invert(step, predictions));
    }

    /// What the training rows held that found no place in a step, with the step.
    pub(super) fn overflow(&self) -> impl Iterator<Item = (&'static Step, Overflow)> + '_ {
        let steps = self.steps();
        // Of a vocabulary that several inputs share, the one that learns it speaks.
        let own = steps.filter(|(step, _)| step.vocabulary_of.is_none());
        own.filter_map(|(step, ready)| Some((step, ready.overflow()?)))
    }

    /// What the training rows had, or lacked, that is worth knowing. Of an empty column the first
    /// step alone speaks: to those behind it, it is constant.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut all: Vec<Notice> = Vec::new();
        // Of a vocabulary that several inputs share, the one that learns it speaks.
        let steps = self.plan.steps.iter().zip(&self.steps);
        for (step, ready) in steps.filter(|(step, _)| step.vocabulary_of.is_none()) {
            let is_empty = |column| {
                let known = |own: &Notice| own.kind == NoticeKind::EmptyColumn;
                all.iter().any(|own| known(own) && own.column == column)
            };
            let notices = ready.notices(step).into_iter();
            let new: Vec<Notice> = notices.filter(|notice| !is_empty(notice.column)).collect();
            all.extend(new.into_iter().map(|new| new.about(self.plan.name).by(step.spec.name)));
        }
        all
    }

    /// The vocabulary that a step has learned.
    pub(super) fn vocabulary(&self) -> Option<VocabularySize> {
        let mut steps = self.plan.steps.iter().zip(&self.steps);
        steps.find_map(|(step, ready)| ready.vocabulary(step))
    }

    /// The steps that are part of the model: what draws lots in training may come and go.
    fn lasting(&self) -> impl Iterator<Item = &Arc<dyn Ready>> {
        let steps = self.plan.steps.iter().zip(&self.steps);
        steps.filter(|(step, _)| !is_random(step)).map(|(_, ready)| ready)
    }

    /// As a file holds it.
    pub(super) fn save(&self) -> serde_json::Result<Saved> {
        Ok(Saved {
            of: self.plan.name.to_owned(),
            means: self.means.clone(),
            steps: self.lasting().map(|step| step.save()).collect::<serde_json::Result<_>>()?,
        })
    }

    /// Whether a step draws lots in training.
    pub(super) fn is_random(&self) -> bool {
        let mut steps = self.plan.steps.iter().zip(&self.steps);
        steps.any(|(step, ready)| ready.is_random(step))
    }

    /// What was learned by the step called `name`.
    pub(super) fn learned(&self, name: &str) -> Option<Json> {
        let mut steps = self.steps();
        let (_, ready) = steps.find(|(step, _)| step.spec.name == name)?;
        ready.save().ok().filter(|saved| !saved.is_null())
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
        Ok(Pipeline { plan, means: None, steps })
    }

    pub(super) fn restore(plan: Plan, saved: Saved) -> std::result::Result<Pipeline, String> {
        let name = plan.name;
        let lasting = plan.steps.iter().filter(|step| !is_random(step)).count();
        if saved.of != name || saved.steps.len() != lasting {
            return Err(format!("the steps of `{name}` are others"));
        }
        let sound = match (&saved.means, plan.means) {
            (Some(means), Some(width)) => means.is_sound(width),
            (None, None) => true,
            _ => false,
        };
        if !sound {
            let width = plan.means.unwrap_or_default();
            return Err(format!("`{name}` should have {width} means"));
        }
        let mut saved_steps = saved.steps.into_iter();
        let steps = plan.steps.iter().map(|step| {
            let saved = if is_random(step) { None } else { saved_steps.next() };
            step.stage
                .restore(step, saved.unwrap_or_default())
                .map_err(|reason| format!("`{name}`, {reason}"))
        });
        Ok(Pipeline {
            plan,
            means: saved.means,
            steps: steps.collect::<std::result::Result<_, _>>()?,
        })
    }
}

/// Whether no number is infinite or a NaN. All are looked at, which takes less time than to stop at the first.
fn all_finite(numbers: &[f32]) -> bool {
    numbers.iter().fold(true, |all, number| all & number.is_finite())
}

/// The place of the first number that is `bad`, and the number as `f32` has it, which is what becomes
/// of it in the end.
fn first_bad<T: Real>(numbers: &[T], bad: fn(f64) -> bool) -> Option<(usize, f64)> {
    let mut numbers = numbers.iter().map(|n| f64::from(n.as_f64() as f32)).enumerate();
    numbers.find(|(_, number)| bad(*number))
}

/// Whether these are all rows of a column, in order.
fn is_all_of(column: &Column, rows: &[usize]) -> bool {
    rows.len() * column.width == column.values.len()
        && rows.iter().enumerate().all(|(place, row)| place == *row)
}

fn is_random(step: &Step) -> bool {
    step.spec.form.nature == Nature::Random
}

/// The preprocessing of a column while it is fitted: each step that learns is fitted on what the
/// steps before it make of the training rows.
pub(super) struct PipelineFit {
    pipeline: Pipeline,
    means: Option<RunningMeans>,
    learning: Option<Box<dyn Learning>>,
    /// Why there is no such step; nothing is fitted any more then.
    problem: Option<String>,
}

impl PipelineFit {
    pub(super) fn new(plan: Plan) -> PipelineFit {
        let pipeline = Pipeline { plan, means: None, steps: Vec::new() };
        let means = plan.means.map(RunningMeans::new);
        let mut fit = PipelineFit { pipeline, means, learning: None, problem: None };
        fit.advance();
        fit
    }

    /// Takes what does not learn, up to the next step that does, or that waits for another input's
    /// vocabulary.
    fn advance(&mut self) {
        while let Some(step) = self.next().filter(|step| step.vocabulary_of.is_none()) {
            self.learning = step.stage.start(step);
            self.show_the_unknown(step);
            if self.learning.is_some() {
                break;
            }
            // It learns nothing, so nothing was saved of it.
            self.push(step.stage.restore(step, Json::Null));
        }
    }

    /// Shows a step that learns from categories the unknown one, where training will: steps are fitted
    /// on rows that are not changed at random.
    fn show_the_unknown(&mut self, step: &Step) {
        let before = self.pipeline.plan.steps.iter().zip(&self.pipeline.steps).next_back();
        let trains_it = before.is_some_and(|(before, ready)| {
            ready.is_random(before) && ready.vocabulary(before).is_some()
        });
        if let Some(learning) = self.learning.as_mut().filter(|_| trains_it) {
            let row = vec![UNKNOWN; step.input.elements().get()];
            learning.look(step, &Values::Categories(row));
        }
    }

    /// Takes a fitted step, or notes why there is none.
    fn push(&mut self, step: std::result::Result<Arc<dyn Ready>, String>) {
        match step {
            Ok(step) => self.pipeline.steps.push(step),
            Err(reason) => self.problem = Some(format!("`{}`, {reason}", self.pipeline.plan.name)),
        }
    }

    /// The first step that is not fitted yet, unless one cannot be.
    fn next(&self) -> Option<&'static Step> {
        let next = self.pipeline.plan.steps.get(self.pipeline.steps.len());
        next.filter(|_| self.problem.is_none())
    }

    /// The place of the input for whose vocabulary it waits.
    pub(super) fn waits_for(&self) -> Option<usize> {
        self.next()?.vocabulary_of
    }

    /// Whether some step cannot be fitted, whatever the rows.
    pub(super) fn has_failed(&self) -> bool {
        self.problem.is_some()
    }

    /// Whether there is nothing to learn any more.
    pub(super) fn is_done(&self) -> bool {
        self.means.is_none() && self.learning.is_none() && self.waits_for().is_none()
    }

    /// Takes a look at training rows of another input, which shares the vocabulary of the first
    /// step here.
    pub(super) fn look_at_another(&mut self, column: &Column, rows: &[usize]) {
        let Some(step) = self.next().filter(|_| self.pipeline.steps.is_empty()) else { return };
        if let Some(learning) = &mut self.learning {
            learning.look(step, &present(column, rows).1);
        }
    }

    /// The first step, once it is fitted.
    pub(super) fn first(&self) -> Option<Arc<dyn Ready>> {
        self.pipeline.steps.first().cloned()
    }

    /// Takes the step of the input for which it waits.
    pub(super) fn take(&mut self, step: Arc<dyn Ready>) {
        self.pipeline.steps.push(step);
        self.advance();
    }

    /// Looks for a row that a step which is fitted so far cannot take.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        if self.pipeline.steps.is_empty() {
            return Ok(());
        }
        let all: Vec<usize> = (0..column.values.len() / column.width.max(1)).collect();
        let (present, values) = present(column, &all);
        self.pipeline.apply(values, &present, (0, None)).map(drop)
    }

    /// Takes a look at some training rows.
    pub(super) fn look(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let (present, values) = present(column, rows);
        if let Some(means) = &mut self.means {
            means.look(&values);
        }
        let Some(step) = self.next() else { return Ok(()) };
        let values = self.pipeline.apply(values, &present, (first, None))?;
        // What is missing is NaN, of which nothing is learned.
        self.pipeline.refuse_numbers(&values, f64::is_infinite, (column, &present, first))?;
        if let Some(learning) = &mut self.learning {
            learning.look(step, &values);
        }
        Ok(())
    }

    /// Ends a pass over the training rows.
    pub(super) fn end_pass(&mut self) {
        if let Some(means) = self.means.take() {
            self.pipeline.means = Some(means.learn());
        }
        if let (Some(step), Some(learning)) = (self.next(), self.learning.take()) {
            self.push(learning.learn(step));
            self.advance();
        }
    }

    /// The pipeline; steps that have seen no rows are as they are without any.
    ///
    /// # Errors
    /// Why there is no such preprocessing, with the field and the step.
    pub(super) fn finish(mut self) -> std::result::Result<Pipeline, String> {
        while let Some(step) = self.next() {
            self.push(step.stage.restore(step, Json::Null));
            self.advance();
        }
        match self.problem {
            None => Ok(self.pipeline),
            Some(problem) => Err(problem),
        }
    }
}

/// The rows of these that are present, and their values.
fn present(column: &Column, rows: &[usize]) -> (Vec<usize>, Values) {
    let present: Vec<usize> = rows.iter().copied().filter(|&row| column.is_present(row)).collect();
    let values = column.values.of_rows(column.width, &present);
    (present, values)
}
