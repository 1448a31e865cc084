//! Row weights from sample weights and class weights.

use multi_input_data::{
    preprocess::{FittedFields, Fitting},
    Column, Table, Values,
};
use serde::{Deserialize, Serialize};

use super::{fingerprint::PartSums, settings::ClassWeights};
use crate::{
    checksum::Crc32c,
    definition::{Graph, Output, TargetKind},
    objective::RowWeights,
};

/// The checksum of an output's sample weights, and the first invalid weight.
pub(crate) struct SampleWeightCheck {
    output: &'static str,
    values: Crc32c,
    parts: PartSums,
    /// Whether there are rows after those of the parts.
    has_rows: bool,
    mistake: Option<String>,
}

/// The saved form of a [`SampleWeightCheck`].
#[derive(Serialize, Deserialize)]
pub(super) struct SavedCheck {
    parts: PartSums,
    mistake: Option<String>,
}

impl SampleWeightCheck {
    /// A check before the first row.
    pub(super) fn new(output: &'static str) -> SampleWeightCheck {
        SampleWeightCheck {
            output,
            values: Crc32c::default(),
            parts: PartSums::default(),
            has_rows: false,
            mistake: None,
        }
    }

    /// Adds the weight of a row; `row` is its number in the source or slice.
    pub(super) fn take(&mut self, row: usize, weight: f32) {
        self.has_rows = true;
        self.values.update(&weight.to_bits().to_le_bytes());
        if !(weight >= 0.0 && weight.is_finite()) {
            self.mistake.get_or_insert_with(|| {
                format!(
                    "the sample weight of row {row} for output `{}` must be a number of at least \
                     0, but is {weight}",
                    self.output
                )
            });
        }
    }

    /// The message about the first invalid weight.
    pub(super) fn mistake(&self) -> Option<&str> {
        self.mistake.as_deref()
    }

    /// The name of the output, and the checksum of its weights.
    pub(super) fn fingerprint(&self) -> (&'static str, u32) {
        (self.output, self.parts().value().unwrap_or_default())
    }

    fn parts(&self) -> PartSums {
        self.parts.with(self.has_rows.then(|| self.values.value()))
    }

    /// The check of the rows so far, for [`merge`](SampleWeightCheck::merge).
    pub(super) fn save(&self) -> SavedCheck {
        SavedCheck { parts: self.parts(), mistake: self.mistake.clone() }
    }

    /// Adds the check of the rows that follow.
    pub(super) fn merge(&mut self, later: SavedCheck) {
        self.parts = self.parts();
        self.parts.extend(later.parts);
        (self.values, self.has_rows) = (Crc32c::default(), false);
        self.mistake = self.mistake.take().or(later.mistake);
    }
}

/// How rows are weighted: by a function of the user for each row, and by class.
pub(crate) struct Weighting {
    pub(crate) graph: &'static Graph,
    /// The indices and names of the outputs with a sample-weight function.
    pub(crate) by_row: Vec<(usize, &'static str)>,
    pub(crate) by_class: Vec<ClassWeights>,
}

impl Weighting {
    /// One check per sample-weight function.
    pub(super) fn checks(&self) -> Vec<SampleWeightCheck> {
        self.by_row.iter().map(|(_, output)| SampleWeightCheck::new(output)).collect()
    }

    /// The checks after all rows; `sample_weights` has the weights of each function.
    pub(super) fn checked(&self, sample_weights: &[Vec<f64>]) -> Vec<SampleWeightCheck> {
        let mut checks = self.checks();
        for (check, sample_weights) in checks.iter_mut().zip(sample_weights) {
            let weights = sample_weights.iter().enumerate();
            weights.for_each(|(row, weight)| check.take(row, *weight as f32));
        }
        checks
    }

    /// The row weights from the results of the sample-weight functions.
    pub(super) fn by_sample_weights(
        &self,
        sample_weights: impl IntoIterator<Item = Vec<f64>>,
    ) -> RowWeights {
        let mut weights = RowWeights::default();
        for ((output, _), sample_weights) in self.by_row.iter().zip(sample_weights) {
            weights.scale(*output, sample_weights);
        }
        weights
    }

    /// The row weights multiplied by the class weights; `raw` holds the targets.
    pub(super) fn with_classes(&self, mut weights: RowWeights, raw: &Table) -> RowWeights {
        for by_class in &self.by_class {
            let output = self.graph.outputs.get(by_class.index);
            let column = raw.columns.get(self.graph.inputs.len() + by_class.index);
            match (output.map(|output| output.target.kind), column) {
                (Some(TargetKind::Flags), Some(column)) => {
                    let of_flags = [0, 1].map(|class| weight_of(class, &by_class.weights));
                    weights.scale_flags(by_class.index, of_flags);
                    // A row without an element that counts does not count.
                    weights.scale(by_class.index, has_weight(column, of_flags));
                }
                (_, Some(column)) => {
                    weights.scale(by_class.index, of_classes(column, &by_class.weights));
                }
                _ => {}
            }
        }
        weights
    }

    /// [`with_classes`](Self::with_classes) while preprocessing is being fitted, which may have
    /// learned the class of each label.
    pub(super) fn while_fitting(
        &self,
        by_row: RowWeights,
        raw: &Table,
        fitting: &Fitting,
    ) -> RowWeights {
        match self.by_class.is_empty() {
            true => by_row,
            false => self.with_classes(by_row, &fitting.classes(raw)),
        }
    }

    /// Preprocessing for rows with these weights, unfitted except for the fields that are `kept`. If the class of a label may have weight
    /// 0, labels are collected in a pass of their own, because class weights need them.
    pub(super) fn fitting(&self, kept: &FittedFields) -> Fitting {
        let leaves_out = |by_class: &ClassWeights| {
            let labels = self.graph.outputs.get(by_class.index).is_some_and(|output| output.labels);
            labels && by_class.weights.iter().any(|(_, weight)| *weight == 0.0)
        };
        match self.by_class.iter().any(leaves_out) {
            true => Fitting::keeping(self.graph, kept).with_labels_first(),
            false => Fitting::keeping(self.graph, kept),
        }
    }
}

/// The weight of a class, which is the last one given; 1 without one.
fn weight_of(class: usize, weights: &[(usize, f64)]) -> f64 {
    weights.iter().rev().find(|(own, _)| *own == class).map_or(1.0, |(_, weight)| *weight)
}

/// 1 for rows of labels of which some element has a weight above 0, and 0 for others.
fn has_weight(column: &Column, [of_false, of_true]: [f64; 2]) -> Vec<f64> {
    let counts = |flag: &f32| if *flag > 0.5 { of_true > 0.0 } else { of_false > 0.0 };
    match &*column.values {
        Values::Numbers(flags) => {
            let rows = flags.chunks_exact(column.width.max(1));
            rows.map(|row| f64::from(u8::from(row.iter().any(counts)))).collect()
        }
        // The flags of a target are numbers.
        _ => vec![1.0; column.values.len() / column.width.max(1)],
    }
}

/// The weight of every row by its target class; 1 for classes without a weight.
fn of_classes(column: &Column, weights: &[(usize, f64)]) -> Vec<f64> {
    let of = |class: usize| weight_of(class, weights);
    match &*column.values {
        Values::Categories(classes) => classes.iter().map(|&class| of(class as usize)).collect(),
        Values::Numbers(flags) => flags.iter().map(|&flag| of(usize::from(flag > 0.5))).collect(),
        // Labels without learned classes; targets have no other type.
        _ => vec![1.0; column.values.len()],
    }
}

/// Mistakes in the class weights of an output.
pub(super) fn class_mistakes(output: &Output, weights: &[(usize, f64)]) -> Vec<String> {
    let name = output.name;
    let classes = match output.target.kind {
        TargetKind::Class => output.width,
        TargetKind::Flag | TargetKind::Flags => 2,
        TargetKind::Numbers | TargetKind::Doubles => {
            return vec![format!("output `{name}` has class weights, but its target is no class")]
        }
    };
    let mut mistakes = Vec::new();
    for &(class, weight) in weights {
        if class >= classes {
            let last = classes.saturating_sub(1);
            mistakes.push(format!(
                "output `{name}` has a weight for class {class}, but its classes are 0 to {last}"
            ));
        }
        if !(weight >= 0.0 && weight.is_finite()) {
            mistakes.push(format!(
                "output `{name}`: the weight of class {class} must be a number of at least 0, \
                 but is {weight}"
            ));
        }
    }
    mistakes
}
