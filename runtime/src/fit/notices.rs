//! What the rows of a run let one know before its first step.

use std::collections::BTreeSet;

use multi_input_base::{Error, Notice, NoticeKind, Result};
use multi_input_data::{
    columns::RowSpec,
    preprocess::{Counts, Preprocessing},
    Table,
};

use crate::{
    data::Batch,
    definition::{Graph, Missing, Output},
    metric::Targets,
    objective::{RowBatch, Rows},
    untyped::{Bits, Coverage, LookUp},
};

/// How many kinds of something a notice names.
const NAMED: usize = 5;

/// What is kept of rows while they go by.
pub(super) struct RowStatistics {
    graph: &'static Graph,
    look_ups: Vec<LookUp>,
    pub(super) rows: usize,
    /// For each input, in how many rows it is absent.
    absent: Vec<usize>,
    /// For each look-up, which indices occur, and in how many rows one that training has not.
    indices: Vec<Indices>,
    pub(super) targets: Vec<Targets>,
}

/// The category indices of a column.
#[derive(Clone, Default)]
struct Indices {
    /// Those that occur; `None` where that is not known: rows that stream are not encoded before they
    /// train.
    seen: Option<Bits>,
    rows_with_unknown: usize,
}

impl RowStatistics {
    pub(super) fn graph(&self) -> &'static Graph {
        self.graph
    }

    pub(super) fn new(graph: &'static Graph) -> RowStatistics {
        let look_ups = LookUp::all(graph);
        RowStatistics {
            graph,
            rows: 0,
            absent: vec![0; graph.inputs.len()],
            indices: vec![Indices::default(); look_ups.len()],
            targets: vec![Targets::default(); graph.outputs.len()],
            look_ups,
        }
    }

    /// Takes a look at rows as the model takes them; of categories that `training` has not, it is
    /// counted how many rows have one.
    pub(super) fn add(&mut self, chunk: &RowBatch<'_>, training: Option<&RowStatistics>) {
        let outputs = self.targets.len();
        let counts: Vec<bool> =
            (0..chunk.len()).map(|place| chunk.counts(outputs, place)).collect();
        let (batch, (raw, rows)) = (chunk.batch(), chunk.raw_targets());
        for (place, look_up) in self.look_ups.iter().enumerate() {
            let known = training.and_then(|training| training.indices[place].seen.as_ref());
            let own = &mut self.indices[place];
            let seen = own.seen.get_or_insert_default();
            let mut last = None;
            batch.each_category(look_up.column, |row, index| {
                if !counts[row] || !look_up.is_value(index) {
                    return;
                }
                seen.insert(index);
                if known.is_some_and(|known| !known.contains(index)) && last != Some(row) {
                    own.rows_with_unknown += 1;
                    last = Some(row);
                }
            });
        }
        self.add_known(raw, rows, &|output, row| chunk.weights().counts(output, row));
    }

    /// Takes a look at raw rows: absence, targets, and indices that are looked up as they are. Those
    /// that steps or derived inputs make are not known before rows are encoded.
    pub(super) fn add_raw(&mut self, raw: &Table, rows: &[usize], counts: Counts<'_>) {
        let rows = self.add_known(raw, rows, counts);
        for (look_up, indices) in self.look_ups.iter().zip(&mut self.indices) {
            let input = self.graph.inputs.get(look_up.column);
            if input.is_none_or(|input| !input.steps.is_empty()) {
                continue;
            }
            let seen = indices.seen.get_or_insert_default();
            Batch::new(raw, &rows).each_category(look_up.column, |_, index| seen.insert(index));
        }
    }

    /// Takes a look at the absence and the targets of raw rows, and gives the rows that count for some
    /// output; of the others nothing is kept.
    fn add_known(&mut self, raw: &Table, rows: &[usize], counts: Counts<'_>) -> Vec<usize> {
        let (inputs, targets) = raw.columns.split_at(self.graph.inputs.len());
        let knows =
            |output: usize, row: usize| targets[output].is_present(row) && counts(output, row);
        let some = |row: &usize| (0..targets.len()).any(|output| knows(output, *row));
        let rows: Vec<usize> = rows.iter().copied().filter(some).collect();
        self.rows += rows.len();
        for (column, absent) in inputs.iter().zip(&mut self.absent) {
            *absent += rows.iter().filter(|&&row| !column.is_present(row)).count();
        }
        let outputs = self.graph.outputs.iter().zip(targets).zip(&mut self.targets);
        for (place, ((output, column), targets)) in outputs.enumerate() {
            let known = rows.iter().filter(|&&row| knows(place, row));
            known.for_each(|&row| targets.add(output, column, row));
        }
        rows
    }

    /// Counts by their classes the rows that were counted by their labels.
    pub(super) fn learn_labels(&mut self, fitted: &Preprocessing) {
        for (output, targets) in self.graph.outputs.iter().zip(&mut self.targets) {
            let Some(labels) = fitted.labels_of(output.name) else { continue };
            let counted = std::mem::take(&mut targets.labels);
            targets.classes.resize(output.width, 0);
            let known =
                counted.iter().filter_map(|(label, rows)| Some((labels.index(label)?, rows)));
            known.for_each(|(class, rows)| targets.classes[class] += rows);
        }
    }

    /// Says so where no row counts for any output.
    ///
    /// # Errors
    /// [`Error::NoTargets`].
    pub(super) fn check_known(&self, purpose: &'static str) -> Result<()> {
        match self.targets.iter().all(|targets| targets.known == 0) {
            true => Err(Error::NoTargets(purpose)),
            false => Ok(()),
        }
    }

    /// The outputs for which no row counts.
    fn unknown(&self) -> impl Iterator<Item = &'static Output> + '_ {
        let outputs = self.graph.outputs.iter().zip(&self.targets);
        outputs.filter(|(_, targets)| targets.known == 0).map(|(output, _)| output)
    }

    /// Takes what a vocabulary knows for what the training rows have: all of its entries, and the
    /// unknown one where not all found a place.
    pub(super) fn add_vocabularies(&mut self, fitted: &Preprocessing) {
        for (look_up, indices) in self.look_ups.iter().zip(&mut self.indices) {
            let name = column_name(self.graph, look_up.column);
            let Some(size) = fitted.vocabulary_of(name).filter(|_| look_up.reserved > 0) else {
                continue;
            };
            let seen = indices.seen.get_or_insert_default();
            let first = if size.with_unknown { 1 } else { look_up.reserved };
            (first..look_up.reserved + size.entries).for_each(|index| seen.insert(index));
        }
    }

    /// Of some rows in memory.
    pub(super) fn of(
        graph: &'static Graph,
        rows: &Rows,
        numbers: &[usize],
        training: Option<&RowStatistics>,
    ) -> RowStatistics {
        let mut census = RowStatistics::new(graph);
        census.add(&rows.take(numbers), training);
        census
    }

    /// What the training rows alone let one know.
    pub(super) fn notices(&self, before: Before<'_>) -> Vec<Notice> {
        let fills = before.fills();
        let before = before.coverage;
        let absence = self.graph.inputs.iter().zip(&self.absent).filter_map(|(input, &absent)| {
            let missing = input.missing?;
            let trained = before.is_some_and(|before| before.was_absent(input.name));
            let (kind, message) = match absent {
                0 if trained => return None,
                0 => (NoticeKind::NeverAbsent, never_absent(missing, self.rows, fills)),
                all if all == self.rows => (NoticeKind::EmptyColumn, ALWAYS_ABSENT.to_owned()),
                _ => return None,
            };
            Some(Notice::new(kind, message).about(input.name))
        });
        let owners: BTreeSet<&'static str> =
            self.look_ups.iter().map(|look_up| look_up.owner).collect();
        let tables = owners.into_iter().filter_map(|owner| {
            let trained = before.and_then(|before| before.table(owner));
            unreached(owner, &self.of_table(owner), trained, fills)
        });
        let unknown = self
            .unknown()
            .map(|output| Notice::new(NoticeKind::EmptyColumn, NEVER_KNOWN).about(output.name));
        absence.chain(tables).chain(unknown).collect()
    }

    /// The look-ups of a table, which several inputs may share, and their indices.
    fn of_table(&self, owner: &str) -> Vec<(&LookUp, Option<&Bits>)> {
        let all = self.look_ups.iter().zip(&self.indices);
        let own = all.filter(|(look_up, _)| look_up.owner == owner);
        own.map(|(look_up, indices)| (look_up, indices.seen.as_ref())).collect()
    }

    /// What the rows to validate with let one know beside the training rows.
    pub(super) fn validation_notices(
        &self,
        training: &RowStatistics,
        fitted: &Preprocessing,
        cut_off: CutOff,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (look_up, indices) in self.look_ups.iter().zip(&self.indices) {
            if indices.rows_with_unknown > 0 {
                let message = format!(
                    "{} of {} validation rows have a category that no training row has",
                    indices.rows_with_unknown, self.rows
                );
                let name = column_name(self.graph, look_up.column);
                notices.push(Notice::new(NoticeKind::ClassUnseen, message).about(name));
            }
        }
        let outputs = self.graph.outputs.iter().enumerate();
        for (place, output) in outputs {
            let name = |class: usize| match fitted.labels_of(output.name) {
                Some(labels) => labels.names().get(class).cloned().unwrap_or_default(),
                None => class.to_string(),
            };
            let (own, trained) = (&self.targets[place], &training.targets[place]);
            if own.known == 0 {
                let notice = Notice::new(NoticeKind::UndefinedMetric, NEVER_VALIDATED);
                notices.push(notice.about(output.name));
                continue;
            }
            notices.extend(one_sided(output, own, trained, &name, cut_off));
            for metric in output.metrics.iter().chain(output.weighted_metrics) {
                let undefined = metric.undefined_for(own).map(|reason| {
                    let message = format!(
                        "`{}` is not defined on the validation rows: {reason}",
                        metric.name()
                    );
                    Notice::new(NoticeKind::UndefinedMetric, message).about(output.name)
                });
                notices.extend(undefined);
            }
        }
        notices
    }
}

const ALWAYS_ABSENT: &str =
    "it is absent from all training rows, which therefore say nothing of it";

const NEVER_KNOWN: &str =
    "no training row has a target that counts (it is `None`, or its weight is 0, \
                           in all of them), so this output is not trained";

const NEVER_VALIDATED: &str =
    "no validation row has a target that counts (it is `None`, or its weight is 0, in all of them), \
     so its validation figures say nothing";

/// What is said of an optional input that is never absent.
fn never_absent(missing: Missing, rows: usize, fills: bool) -> String {
    let instead = match missing {
        Missing::Learned if !fills => {
            "the vector that stands in for it cannot be learned and stays as it is"
        }
        Missing::Learned => {
            "the vector that stands in for it cannot be learned and becomes the mean of what the \
             branch gives for training rows"
        }
        Missing::Zeros => "the model has never seen the zeros that stand in for it",
        Missing::Mean => "the model has never seen a row without it",
    };
    format!("it is absent from none of the {rows} training rows: {instead}")
}

/// What is said of the table of node `owner`, of which training reaches a part alone.
fn unreached(
    owner: &'static str,
    look_ups: &[(&LookUp, Option<&Bits>)],
    trained: Option<&Bits>,
    fills: bool,
) -> Option<Notice> {
    // A vocabulary says it itself, in terms of what it has counted; and of rows that stream it may not
    // be known.
    let &(first, _) = look_ups.first()?;
    if look_ups.iter().any(|(look_up, seen)| look_up.reserved > 0 || seen.is_none()) {
        return None;
    }
    let all: Vec<&Bits> = look_ups.iter().filter_map(|(_, seen)| *seen).chain(trained).collect();
    let reached = |index: &usize| all.iter().any(|bits| bits.contains(*index));
    let known = (0..first.rows).filter(reached).count();
    let (rows, missing) = (first.rows, first.rows - known);
    (missing > 0 && known > 0).then(|| {
        let vectors = if fills { "become the mean of the others" } else { "stay as they are" };
        let message = format!(
            "{missing} of the {rows} rows of its embedding occur in no training row; their vectors \
             {vectors}"
        );
        Notice::new(NoticeKind::UnknownUnseen, message).about(owner)
    })
}

/// The name of an encoded column.
fn column_name(graph: &'static Graph, column: usize) -> &'static str {
    let derived = || graph.derived.get(column - graph.inputs.len()).map(|derived| derived.name);
    graph.inputs.get(column).map(|input| input.name).or_else(derived).unwrap_or_default()
}

/// What is said of classes that only training or only validation rows have.
fn one_sided(
    output: &Output,
    own: &Targets,
    trained: &Targets,
    name: &dyn Fn(usize) -> String,
    cut_off: CutOff,
) -> Vec<Notice> {
    let mend = match cut_off {
        CutOff::Yes => "; `validation_split` cuts off the last rows: shuffle rows that are sorted",
        CutOff::No => "",
    };
    let (in_own, in_trained) = (own.present(), trained.present());
    if in_own.is_empty() || in_trained.is_empty() {
        return Vec::new();
    }
    let said = |classes: Vec<usize>, counts: &Targets, which: &str, other: &str| {
        let rows: u64 = classes.iter().map(|&class| counts.classes[class]).sum();
        let mut names: Vec<String> =
            classes.iter().take(NAMED).map(|&class| format!("`{}`", name(class))).collect();
        if classes.len() > NAMED {
            names.push(format!("{} more", classes.len() - NAMED));
        }
        let message =
            format!("{} ({rows} {which} rows) is in no {other} row{mend}", names.join(", "),);
        (!classes.is_empty())
            .then(|| Notice::new(NoticeKind::ClassUnseen, message).about(output.name))
    };
    let only_own: Vec<usize> = in_own.difference(&in_trained).copied().collect();
    let only_trained: Vec<usize> = in_trained.difference(&in_own).copied().collect();
    let first = said(only_own, own, "validation", "training");
    let second = said(only_trained, trained, "training", "validation");
    first.into_iter().chain(second).collect()
}

/// What training has reached before a run, and whether the run gives the rest the mean of it.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) coverage: Option<&'a Coverage>,
    /// [`Trainer::keep_untrained`](super::Trainer::keep_untrained).
    pub(super) keep_untrained: bool,
}

impl Before<'_> {
    fn fills(self) -> bool {
        self.coverage.is_some() && !self.keep_untrained
    }
}

/// Adds to a notice about a vocabulary what becomes of an unknown entry in the end.
fn say_what_is_unknown(graph: &Graph, notice: &mut Notice, fills: bool) {
    if notice.kind != NoticeKind::UnknownUnseen {
        return;
    }
    let input = graph.inputs.iter().find(|input| notice.field.as_deref() == Some(input.name));
    let last = input.and_then(|input| input.steps.last()).map_or("", |step| step.spec.name);
    notice.message += match last {
        "one_hot" => ": a later one counts as equal shares of the known",
        "multi_hot" => ": a later one is left out",
        _ if fills => ": a later one counts as the mean of the known",
        _ => ": the vector of a later one stays as it is",
    };
}

/// All that is worth knowing before the first step.
pub(super) fn before_the_first_step(
    row: Option<&RowSpec>,
    fitted: &Preprocessing,
    training: &RowStatistics,
    before: Before<'_>,
    validation: impl FnOnce() -> Result<Option<(RowStatistics, CutOff)>>,
) -> Result<Vec<Notice>> {
    let mut notices = fitted.notices();
    let outputs = training.graph.outputs.iter().zip(fitted.units());
    notices.extend(outputs.filter_map(|(output, units)| short_length(output, &units)));
    notices
        .iter_mut()
        .for_each(|notice| say_what_is_unknown(training.graph, notice, before.fills()));
    notices.extend(training.notices(before));
    if let Some((validation, cut_off)) = validation()? {
        validation.check_known("validate with")?;
        notices.extend(validation.validation_notices(training, fitted, cut_off));
    }
    name_columns(row, &mut notices);
    Ok(notices)
}

/// The least length of a loss, as a share of its target's scale, of which nothing is said.
const SHORTEST: f64 = 1e-3;

/// A loss that turns to absolute errors far below the target's scale.
fn short_length(output: &Output, units: &[f64]) -> Option<Notice> {
    let (loss, length) = (output.loss.name(), output.loss.turns_at()?);
    let unit = units.iter().copied().fold(f64::INFINITY, f64::min);
    let (scale, gradient) = (1.0 / unit, length * unit);
    let message = format!(
        "`{loss}` turns from squared to absolute errors at {length}, but the target's scale is \
         {scale:.3e}: nearly all errors are absolute, with gradients of {gradient:.0e} at most; \
         use `huber` with a `delta` near the errors that are to be expected, or `mae`"
    );
    let notice = Notice::new(NoticeKind::Other, message).about(output.name);
    (gradient < SHORTEST).then_some(notice)
}

/// Whether the rows to validate with are the last of the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutOff {
    Yes,
    No,
}

/// Gives notices about one of several columns the column's name in the user's rows.
fn name_columns(spec: Option<&RowSpec>, notices: &mut [Notice]) {
    for notice in notices {
        let field = spec.and_then(|spec| {
            spec.fields.iter().find(|field| Some(field.name) == notice.field.as_deref())
        });
        let name = field.zip(notice.column).and_then(|(field, column)| field.columns.get(column));
        notice.column_name = name.map(|name| (*name).to_owned());
    }
}
