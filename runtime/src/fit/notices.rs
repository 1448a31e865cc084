//! Notices about the rows of a run, before its first step.

use std::collections::BTreeSet;

use multi_input_base::{Error, Notice, NoticeKind, Result};
use multi_input_data::{
    columns::RowSpec,
    preprocess::{Counts, Preprocessing},
    Table,
};
use multi_input_spec::{HeadForm, Part};
use serde::{Deserialize, Serialize};

use crate::{
    data::Batch,
    definition::{Graph, Missing, Output},
    metric::{AnyMetric, SavedTargets, Targets},
    objective::{RowBatch, Rows, Scores},
    untyped::{Bits, Coverage, LookUp},
};

/// The number of names that a notice lists.
const NAMED: usize = 5;

/// Statistics of a set of rows.
pub(super) struct RowStatistics {
    graph: &'static Graph,
    look_ups: Vec<LookUp>,
    pub(super) rows: usize,
    /// For each input, the number of rows in which it is absent.
    absent: Vec<usize>,
    /// For each look-up, the indices that occur, and the number of rows with an index that training
    /// rows do not have.
    indices: Vec<Indices>,
    pub(super) targets: Vec<Targets>,
}

/// The category indices of a column.
#[derive(Clone, Default)]
struct Indices {
    /// The indices that occur; `None` if unknown, because streamed rows are not encoded before
    /// training.
    occurring: Option<Bits>,
    rows_with_unknown: usize,
}

/// The saved form of [`RowStatistics`].
#[derive(Serialize, Deserialize)]
pub(super) struct SavedStatistics {
    rows: usize,
    absent: Vec<usize>,
    /// The bytes of [`Indices::occurring`], and [`Indices::rows_with_unknown`].
    indices: Vec<(Option<Vec<u8>>, usize)>,
    targets: Vec<SavedTargets>,
}

/// The statistics of several parts of the rows, before the labels are learned.
impl RowStatistics {
    /// The statistics of the rows so far, for [`merge`](RowStatistics::merge).
    pub(super) fn save(&self) -> SavedStatistics {
        let indices = self.indices.iter().map(|indices| {
            let occurring = indices.occurring.as_ref().map(|bits| bits.bytes().to_vec());
            (occurring, indices.rows_with_unknown)
        });
        SavedStatistics {
            rows: self.rows,
            absent: self.absent.clone(),
            indices: indices.collect(),
            targets: self.targets.iter().map(Targets::save).collect(),
        }
    }

    /// Adds the statistics of the rows that follow, of the same graph.
    pub(super) fn merge(&mut self, later: SavedStatistics) {
        self.rows += later.rows;
        self.absent.iter_mut().zip(later.absent).for_each(|(own, later)| *own += later);
        for (own, (occurring, rows_with_unknown)) in self.indices.iter_mut().zip(later.indices) {
            if let Some(occurring) = occurring {
                own.occurring.get_or_insert_default().extend(&Bits::of_bytes(occurring));
            }
            own.rows_with_unknown += rows_with_unknown;
        }
        self.targets.iter_mut().zip(later.targets).for_each(|(own, later)| own.merge(later));
    }
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

    /// Adds encoded rows. If `training` is given, rows with a category that training rows do not
    /// have are counted.
    pub(super) fn add(&mut self, batch_rows: &RowBatch<'_>, training: Option<&RowStatistics>) {
        let outputs = self.targets.len();
        let counts: Vec<bool> =
            (0..batch_rows.len()).map(|index| batch_rows.counts(outputs, index)).collect();
        let (batch, (raw, rows)) = (batch_rows.batch(), batch_rows.raw_targets());
        for (index, look_up) in self.look_ups.iter().enumerate() {
            let known = training.and_then(|training| training.indices[index].occurring.as_ref());
            let own = &mut self.indices[index];
            let occurring = own.occurring.get_or_insert_default();
            let mut last = None;
            batch.each_category(look_up.column, look_up.with_padding, |row, index| {
                if !counts[row] || !look_up.is_value(index) {
                    return;
                }
                occurring.insert(index);
                if known.is_some_and(|known| !known.contains(index)) && last != Some(row) {
                    own.rows_with_unknown += 1;
                    last = Some(row);
                }
            });
        }
        self.add_known(raw, rows, &|output, row| batch_rows.weights().counts(output, row));
    }

    /// Adds raw rows: absence, targets, and indices that are looked up unchanged. Indices that come
    /// from steps or derived inputs are only known after encoding.
    pub(super) fn add_raw(&mut self, raw: &Table, rows: &[usize], counts: Counts<'_>) {
        let rows = self.add_known(raw, rows, counts);
        for (look_up, indices) in self.look_ups.iter().zip(&mut self.indices) {
            let input = self.graph.inputs.get(look_up.column);
            if input.is_none_or(|input| !input.steps.is_empty()) {
                continue;
            }
            let occurring = indices.occurring.get_or_insert_default();
            Batch::new(raw, &rows).each_category(
                look_up.column,
                look_up.with_padding,
                |_, index| occurring.insert(index),
            );
        }
    }

    /// Adds absence and targets of raw rows, and returns the rows that count for at least one
    /// output; the other rows are ignored.
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
        for (index, ((output, column), targets)) in outputs.enumerate() {
            let known = rows.iter().filter(|&&row| knows(index, row));
            known.for_each(|&row| targets.add(output, column, row));
        }
        rows
    }

    /// Converts the counts by label into counts by class.
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

    /// # Errors
    /// [`Error::NoTargets`] if no row counts for any output.
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

    /// Marks all entries of a vocabulary as present in the training rows, and the unknown index if
    /// some values are not in the vocabulary.
    pub(super) fn add_vocabularies(&mut self, fitted: &Preprocessing) {
        for (look_up, indices) in self.look_ups.iter().zip(&mut self.indices) {
            let name = column_name(self.graph, look_up.column);
            let Some(size) = fitted.vocabulary_of(name).filter(|_| look_up.reserved > 0) else {
                continue;
            };
            let occurring = indices.occurring.get_or_insert_default();
            let first = if size.with_unknown { 1 } else { look_up.reserved };
            (first..look_up.reserved + size.entries).for_each(|index| occurring.insert(index));
        }
    }

    /// The statistics of rows in memory.
    pub(super) fn of(
        graph: &'static Graph,
        rows: &Rows,
        numbers: &[usize],
        training: Option<&RowStatistics>,
    ) -> RowStatistics {
        let mut statistics = RowStatistics::new(graph);
        statistics.add(&rows.take(numbers), training);
        statistics
    }

    /// The notices about the training rows alone.
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
        let outputs = self.graph.outputs.iter().zip(&self.targets);
        let constant = outputs.filter_map(|(output, targets)| constant_labels(output, targets));
        absence.chain(tables).chain(unknown).chain(constant).collect()
    }

    /// The look-ups of a table, which several inputs may share, and their indices.
    fn of_table(&self, owner: &str) -> Vec<(&LookUp, Option<&Bits>)> {
        let all = self.look_ups.iter().zip(&self.indices);
        let own = all.filter(|(look_up, _)| look_up.owner == owner);
        own.map(|(look_up, indices)| (look_up, indices.occurring.as_ref())).collect()
    }

    /// The notices from comparing the validation rows with the training rows.
    pub(super) fn validation_notices(
        &self,
        training: &RowStatistics,
        fitted: &Preprocessing,
        split_off: SplitOff,
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
        for (index, output) in outputs {
            let name = |class: usize| match fitted.labels_of(output.name) {
                Some(labels) => labels.names().get(class).cloned().unwrap_or_default(),
                None => class.to_string(),
            };
            let (own, trained) = (&self.targets[index], &training.targets[index]);
            if own.known == 0 {
                let notice = Notice::new(NoticeKind::UndefinedMetric, NEVER_VALIDATED);
                notices.push(notice.about(output.name));
                continue;
            }
            notices.extend(one_sided(output, own, trained, &name, split_off));
            notices.extend(one_sided_labels(output, own, trained, split_off));
            let names = fitted.labels_of(output.name).map(|labels| labels.names().to_vec());
            let named = Targets { names: names.unwrap_or_default(), ..own.clone() };
            for metric in output.metrics.iter().chain(output.weighted_metrics) {
                let undefined = match output.figures_by_label(*metric) {
                    0 => metric.undefined_for(&named).map(|reason| (String::new(), reason)),
                    _ => undefined_labels(*metric, own),
                };
                notices.extend(undefined.map(|(of_labels, reason)| {
                    let message = format!(
                        "`{}`{of_labels} is not defined on the validation rows: {reason}",
                        metric.name()
                    );
                    Notice::new(NoticeKind::UndefinedMetric, message).about(output.name)
                }));
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

/// The notice about an optional input that is never absent.
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

/// The notice about the table of node `owner`, if training reaches only part of its rows.
fn unreached(
    owner: &'static str,
    look_ups: &[(&LookUp, Option<&Bits>)],
    trained: Option<&Bits>,
    fills: bool,
) -> Option<Notice> {
    // A vocabulary has its own notice, in terms of its counts; and the indices of streamed rows may
    // be unknown.
    let &(first, _) = look_ups.first()?;
    if look_ups.iter().any(|(look_up, occurring)| look_up.reserved > 0 || occurring.is_none()) {
        return None;
    }
    let all: Vec<&Bits> =
        look_ups.iter().filter_map(|(_, occurring)| *occurring).chain(trained).collect();
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

/// The advice about rows that differ because validation rows are the last ones.
fn split_off_mend(split_off: SplitOff) -> &'static str {
    match split_off {
        SplitOff::Yes => {
            "; `validation_split` cuts off the last rows: shuffle rows that are sorted"
        }
        SplitOff::No => "",
    }
}

/// The numbers of some labels in words: `label 3`, `labels 0, 1, 2, 5, 7 and 4 more`.
fn labels_in_words(labels: &[usize]) -> String {
    let named: Vec<String> = labels.iter().take(NAMED).map(ToString::to_string).collect();
    let noun = if labels.len() == 1 { "label" } else { "labels" };
    let more = match labels.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{noun} {}{more}", named.join(", "))
}

/// The notice about labels that are equal in all training rows.
fn constant_labels(output: &Output, targets: &Targets) -> Option<Notice> {
    let constant: Vec<usize> = targets
        .flags
        .iter()
        .enumerate()
        .filter(|(_, counts)| counts.contains(&0))
        .map(|(label, _)| label)
        .collect();
    let is = if constant.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} {is} the same in all {} training rows, which therefore say nothing of when it holds",
        labels_in_words(&constant),
        targets.known
    );
    let notice = Notice::new(NoticeKind::ConstantColumn, message).about(output.name);
    (!constant.is_empty() && targets.known > 0).then_some(notice)
}

/// The labels for which a metric is undefined on the validation rows, in words, and the reason of
/// the first; `None` if there are none.
fn undefined_labels(metric: &dyn AnyMetric, own: &Targets) -> Option<(String, String)> {
    let undefined = own.by_label().enumerate();
    let undefined: Vec<(usize, String)> = undefined
        .filter_map(|(label, targets)| Some((label, metric.undefined_for(&targets)?)))
        .collect();
    let reason = undefined.first()?.1.clone();
    let labels: Vec<usize> = undefined.iter().map(|(label, _)| *label).collect();
    Some((format!(" of {}", labels_in_words(&labels)), reason))
}

/// The notices about labels that hold only in training rows or only in validation rows.
fn one_sided_labels(
    output: &Output,
    own: &Targets,
    trained: &Targets,
    split_off: SplitOff,
) -> Vec<Notice> {
    let holds_only_in = |one: &Targets, other: &Targets| -> Vec<usize> {
        let both = one.flags.iter().zip(&other.flags).enumerate();
        both.filter(|(_, (one, other))| one[1] > 0 && other[1] == 0).map(|(l, _)| l).collect()
    };
    let describe = |labels: Vec<usize>, which: &str, other: &str| {
        let (words, mend) = (labels_in_words(&labels), split_off_mend(split_off));
        let holds = if labels.len() == 1 { "holds" } else { "hold" };
        let message = format!("{words} {holds} in {which} rows, but in no {other} row{mend}");
        (!labels.is_empty())
            .then(|| Notice::new(NoticeKind::ClassUnseen, message).about(output.name))
    };
    let only_own = describe(holds_only_in(own, trained), "validation", "training");
    let only_trained = describe(holds_only_in(trained, own), "training", "validation");
    only_own.into_iter().chain(only_trained).collect()
}

/// The notice about classes that occur only in the training rows or only in the validation rows.
fn one_sided(
    output: &Output,
    own: &Targets,
    trained: &Targets,
    name: &dyn Fn(usize) -> String,
    split_off: SplitOff,
) -> Vec<Notice> {
    let mend = split_off_mend(split_off);
    let (in_own, in_trained) = (own.present(), trained.present());
    if in_own.is_empty() || in_trained.is_empty() {
        return Vec::new();
    }
    let describe = |classes: Vec<usize>, counts: &Targets, which: &str, other: &str| {
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
    let first = describe(only_own, own, "validation", "training");
    let second = describe(only_trained, trained, "training", "validation");
    first.into_iter().chain(second).collect()
}

/// The coverage of the model before the run, and whether untrained vectors are filled with means.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) coverage: Option<&'a Coverage>,
    /// `Trainer::keep_untrained`.
    pub(super) keep_untrained: bool,
}

impl Before<'_> {
    fn fills(self) -> bool {
        self.coverage.is_some() && !self.keep_untrained
    }
}

/// Adds to a notice about a vocabulary how unknown values are embedded after training.
fn explain_unknown(graph: &Graph, notice: &mut Notice, fills: bool) {
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

/// All notices before the first step.
///
/// # Errors
/// What makes the rows unfit for the run.
pub(super) fn before_the_first_step(
    row: Option<&RowSpec>,
    fitted: &Preprocessing,
    training: &RowStatistics,
    before: Before<'_>,
    validation: impl FnOnce() -> Result<Option<(RowStatistics, SplitOff)>>,
) -> Result<Vec<Notice>> {
    // Refuses a metric of a label that no training row has.
    Scores::new(training.graph, Some(fitted))?;
    check_order(training.graph, fitted)?;
    let mut notices = fitted.notices();
    let outputs = training.graph.outputs.iter().zip(fitted.units());
    notices.extend(outputs.filter_map(|(output, units)| short_length(output, &units)));
    notices.iter_mut().for_each(|notice| explain_unknown(training.graph, notice, before.fills()));
    notices.extend(training.notices(before));
    if let Some((validation, split_off)) = validation()? {
        validation.check_known("validate with")?;
        notices.extend(validation.validation_notices(training, fitted, split_off));
    }
    name_columns(row, &mut notices);
    Ok(notices)
}

/// # Errors
/// [`Error::Settings`] for an output of quantiles whose target's steps turn the order around, so that
/// a quantile of one level would be one of another.
fn check_order(graph: &Graph, fitted: &Preprocessing) -> Result<()> {
    let outputs = graph.outputs.iter().zip(fitted.descends());
    let turned = outputs.filter(|(output, descends)| {
        let form = output.loss.form().head;
        *descends && matches!(form, HeadForm::Parts([Part::Value, Part::Value, ..]))
    });
    let mistakes: Vec<String> = turned
        .map(|(output, _)| {
            let (name, loss) = (output.name, output.loss.name());
            format!(
                "the steps of `{name}` turn the order of its values around, which changes the levels \
                 of `{loss}`: use a positive scale"
            )
        })
        .collect();
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(Error::Settings(mistakes)),
    }
}

/// The minimum threshold of a loss, as a fraction of its target's scale, that gives no notice.
const SHORTEST: f64 = 1e-3;

/// The notice about a loss that becomes linear far below the target's scale.
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

/// Whether the validation rows were split off the end of the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SplitOff {
    Yes,
    No,
}

/// Adds the column's name in the user's rows to notices about one of several columns.
fn name_columns(spec: Option<&RowSpec>, notices: &mut [Notice]) {
    for notice in notices {
        let field = spec.and_then(|spec| {
            spec.fields.iter().find(|field| Some(field.names.name) == notice.field.as_deref())
        });
        let name = field
            .zip(notice.column)
            .and_then(|(field, column)| field.names.columns.named().get(column));
        notice.column_name = name.map(|name| (*name).to_owned());
    }
}
