//! Slices of the rows in which a model is worse than in the others.
//!
//! For every output, the loss of each row is computed, and the mean loss of the rows in a group is
//! compared with that of all other rows. Groups are made by every input and column: by category (the
//! 50 most frequent ones), number (by value if there are at most eight values, otherwise in ranges
//! between quantiles, and missing ones), date (ranges, months, days of the week), number of items of a
//! list, and whether an optional input is absent. Texts and pictures are no groups.
//!
//! The interval of a difference is Welch's, for means of unequal variances. A search compares many
//! groups, and some differ by chance: the intervals are therefore corrected by Bonferroni, that is
//! with m comparisons each covers with probability 1 - alpha / m, so that with probability of at
//! least 1 - alpha all of them cover at once, and a model that is equally good everywhere has no
//! slice at all. Only groups whose interval is above 0 are slices. Groups are formed without regard
//! to the losses, so that every comparison is counted.

mod groups;
mod welch;

use std::fmt;

use multi_input_base::{Error, Result};
use multi_input_data::{columns::RowSpec, Table};
use multi_input_kernel::{Backend, Element};

use self::{
    groups::Group,
    welch::{Difference, Sample},
};
pub use crate::feature::Feature;
use crate::{
    definition::Graph, objective::Rows, row_losses::row_losses, short::Short, text_table,
    untyped::UntypedModel,
};

/// Upper bound of the number of pairs of groups that are compared.
const MOST_PAIRS: usize = 20_000;

/// The settings of a search for slices.
///
/// ```
/// # use multi_input::{prelude::*, slices::SliceFinder};
/// # #[multi_input_model]
/// # struct House {
/// #     #[input]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse)]
/// #     price: f32,
/// # }
/// # let model = House::build(&Cpu::default(), Seed(7));
/// # let row = |i: usize| HouseSample { rooms: i as f32 / 100.0, price: 1.0 };
/// # let test: Vec<_> = (0..200).map(row).collect();
/// let slices = SliceFinder::default().minimum(50).pairs().find(&model, &test)?;
/// println!("{slices}");
/// # Ok::<(), multi_input::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct SliceFinder {
    minimum: usize,
    ranges: usize,
    most: usize,
    confidence: f64,
    pairs: bool,
}

impl Default for SliceFinder {
    fn default() -> SliceFinder {
        SliceFinder { minimum: 30, ranges: 5, most: 10, confidence: 0.95, pairs: false }
    }
}

impl SliceFinder {
    /// The least number of rows in a group, and in the rest: 30 by default, for the means of fewer
    /// rows are too far from normally distributed.
    pub fn minimum(self, minimum: usize) -> SliceFinder {
        SliceFinder { minimum, ..self }
    }

    /// The number of ranges of a number or date: 5 by default.
    pub fn ranges(self, ranges: usize) -> SliceFinder {
        SliceFinder { ranges, ..self }
    }

    /// The number of slices of an output that are kept: 10 by default, those with the largest
    /// difference.
    pub fn most(self, most: usize) -> SliceFinder {
        SliceFinder { most, ..self }
    }

    /// The probability that all intervals cover at once: 0.95 by default.
    pub fn confidence(self, confidence: f64) -> SliceFinder {
        SliceFinder { confidence, ..self }
    }

    /// Compares the intersections of groups of two inputs or columns as well, unless there are more
    /// than 20,000 pairs of groups. More comparisons make wider intervals. A pair is no slice where
    /// one of its two groups alone is a slice with a difference as large.
    pub fn pairs(self) -> SliceFinder {
        SliceFinder { pairs: true, ..self }
    }

    fn check(&self) -> Result<()> {
        let mistakes = [
            (
                self.minimum < 2,
                format!("a slice needs at least 2 rows, found minimum({})", self.minimum),
            ),
            (self.ranges < 2, format!("expected at least 2 ranges, found ranges({})", self.ranges)),
            (
                !(self.confidence > 0.0 && self.confidence < 1.0),
                format!("a confidence is between 0 and 1, found {}", self.confidence),
            ),
        ];
        let mistakes: Vec<String> =
            mistakes.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, text)| text).collect();
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(Error::Settings(mistakes)),
        }
    }

    /// Searches raw rows.
    pub(crate) fn find_in<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        raw: Table,
        row: Option<&RowSpec>,
    ) -> Result<Slices> {
        self.check()?;
        self.find_in_rows(model, &model.rows(raw)?, row)
    }

    /// Searches encoded rows, with valid settings.
    pub(crate) fn find_in_rows<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        rows: &Rows,
        row: Option<&RowSpec>,
    ) -> Result<Slices> {
        let losses = row_losses(model, rows)?;
        Ok(self.compare((model.graph(), row), &rows.raw, &losses))
    }

    /// Compares the losses of groups of rows.
    fn compare(
        &self,
        (graph, row): (&Graph, Option<&RowSpec>),
        raw: &Table,
        losses: &[Vec<(usize, f64)>],
    ) -> Slices {
        let mut groups = groups::groups((graph, row), raw, (self.minimum, self.ranges));
        let pairs = match self.pairs {
            true => groups::pairs(&groups, self.minimum, MOST_PAIRS),
            false => Some(Vec::new()),
        };
        let pairs_left_out = pairs.is_none();
        groups.extend(pairs.into_iter().flatten());
        let not_finite = losses.iter().flatten().filter(|(_, loss)| !loss.is_finite()).count();
        let outputs = graph.outputs.iter().zip(losses);
        let compared: Vec<(&'static str, Vec<Compared<'_>>)> = outputs
            .map(|(output, losses)| (output.name, self.differences(&groups, losses, raw.rows)))
            .collect();
        let comparisons = compared.iter().map(|(_, compared)| compared.len()).sum::<usize>();
        let alpha = (1.0 - self.confidence) / comparisons.max(1) as f64;
        let slices = compared.into_iter().flat_map(|(output, compared)| {
            let mut slices: Vec<Slice> =
                compared.into_iter().filter_map(|compared| compared.slice(output, alpha)).collect();
            slices.sort_by(|a, b| b.difference.total_cmp(&a.difference));
            let mut kept = without_implied(slices);
            kept.truncate(self.most);
            kept
        });
        let (slices, confidence) = (slices.collect(), self.confidence);
        Slices { slices, comparisons, confidence, pairs_left_out, not_finite }
    }

    /// The comparisons of an output: the groups with enough rows with a known target, in and
    /// outside of the group.
    fn differences<'g>(
        &self,
        groups: &'g [Group],
        losses: &[(usize, f64)],
        rows: usize,
    ) -> Vec<Compared<'g>> {
        let mut by_row = vec![f64::NAN; rows];
        let finite = losses.iter().filter(|(_, loss)| loss.is_finite());
        finite.for_each(|(row, loss)| by_row[*row] = *loss);
        let compared = groups.iter().filter_map(|group| {
            let (mut inside, mut outside) = (Sample::default(), Sample::default());
            let mut members = group.rows.iter().peekable();
            for (row, loss) in by_row.iter().enumerate() {
                let is_member = members.next_if_eq(&&row).is_some();
                match (loss.is_nan(), is_member) {
                    (true, _) => {}
                    (false, true) => inside.add(*loss),
                    (false, false) => outside.add(*loss),
                }
            }
            let enough = self.minimum as f64;
            if inside.count < enough || outside.count < enough {
                return None;
            }
            let difference = Difference::of(&inside, &outside)?;
            Some(Compared { group, inside, outside, difference })
        });
        compared.collect()
    }
}

/// A group compared with the other rows.
struct Compared<'g> {
    group: &'g Group,
    inside: Sample,
    outside: Sample,
    difference: Difference,
}

impl Compared<'_> {
    /// The slice, if its interval is above 0.
    fn slice(self, output: &'static str, alpha: f64) -> Option<Slice> {
        let Compared { group, inside, outside, difference } = self;
        if difference.difference <= 0.0 || difference.p_value() >= alpha {
            return None;
        }
        Some(Slice {
            output,
            conditions: group.conditions.clone(),
            rows: inside.count as usize,
            other_rows: outside.count as usize,
            loss: inside.mean,
            other_loss: outside.mean,
            difference: difference.difference,
            interval: difference.interval(alpha),
        })
    }
}

/// Without the pairs of which one condition alone makes as large a difference. The slices are in
/// descending order of their difference.
fn without_implied(slices: Vec<Slice>) -> Vec<Slice> {
    let mut kept: Vec<Slice> = Vec::new();
    for slice in slices {
        let is_implied = kept.iter().any(|other| {
            other.conditions.len() < slice.conditions.len()
                && other.conditions.iter().all(|condition| slice.conditions.contains(condition))
        });
        if !is_implied {
            kept.push(slice);
        }
    }
    kept
}

/// A condition on one input or column.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The input or column.
    pub feature: Feature,
    /// The values: `= Ulm`, `from 3 to 5`, `absent`.
    pub words: String,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.feature.name, self.words)
    }
}

/// Rows in which the loss of an output is larger than in the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The output.
    pub output: &'static str,
    /// The conditions that all rows of the slice meet: one or two.
    pub conditions: Vec<Condition>,
    /// The number of rows of the slice with a known target.
    pub rows: usize,
    /// The number of other rows with a known target.
    pub other_rows: usize,
    /// The mean loss of the rows of the slice.
    pub loss: f64,
    /// The mean loss of the other rows.
    pub other_loss: f64,
    /// `loss - other_loss`.
    pub difference: f64,
    /// The interval of the difference, corrected for the number of comparisons.
    pub interval: [f64; 2],
}

impl Slice {
    /// The conditions in words.
    pub fn description(&self) -> String {
        let conditions: Vec<String> = self.conditions.iter().map(ToString::to_string).collect();
        conditions.join(" and ")
    }
}

/// The slices of some rows in which a model is worse than in the others. `Display` prints a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// The slices by output, in the order of declaration, and by decreasing difference.
    pub slices: Vec<Slice>,
    /// The number of comparisons, of all outputs.
    pub comparisons: usize,
    /// The probability that all intervals cover at once.
    pub confidence: f64,
    /// Whether pairs of groups were to be compared and are too many.
    pub pairs_left_out: bool,
    /// The number of losses, of all outputs, that are infinite or NaN: they are in no comparison.
    pub not_finite: usize,
}

impl Slices {
    /// The head of the table.
    pub(crate) const HEAD: [&'static str; 7] =
        ["output", "slice", "rows", "loss", "loss of the others", "difference", "interval"];

    /// The cells of the table, row by row.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let cells = self.slices.iter().map(|slice| {
            let [low, high] = slice.interval;
            vec![
                slice.output.to_owned(),
                slice.description(),
                slice.rows.to_string(),
                Short(slice.loss).to_string(),
                Short(slice.other_loss).to_string(),
                Short(slice.difference).to_string(),
                format!("{} to {}", Short(low), Short(high)),
            ]
        });
        cells.collect()
    }

    /// The number of comparisons and the kind of the intervals, in words.
    pub(crate) fn method(&self) -> String {
        let pairs = match self.pairs_left_out {
            true => " Pairs of groups are too many to be compared.",
            false => "",
        };
        let not_finite = match self.not_finite {
            0 => String::new(),
            1 => " One row has a loss that is not finite and is left out.".to_owned(),
            count => format!(" {count} losses are not finite; their rows are left out."),
        };
        format!(
            "{} comparisons of a group with the other rows. The intervals of the differences (Welch, \
             corrected by Bonferroni) hold together with {} %.{pairs}{not_finite}",
            self.comparisons,
            Short(100.0 * self.confidence)
        )
    }
}

impl fmt::Display for Slices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.method())?;
        if self.slices.is_empty() {
            return write!(f, "In no group is the loss larger than in the others.");
        }
        text_table::write(f, 2, &Slices::HEAD, &self.cells())
    }
}

#[cfg(test)]
mod tests;
