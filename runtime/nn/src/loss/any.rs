//! A loss of any type.

use std::fmt;

use multi_input_spec::{HeadForm, LossForm};

use super::{Loss, TargetRow, Units};

/// A [`Loss`] of any type. Each loss implements it by itself.
pub trait AnyLoss: fmt::Debug + Sync {
    /// [`Loss::FORM`].
    fn form(&self) -> &'static LossForm;

    /// [`Loss::mistake`].
    fn mistake(&self) -> Option<String>;

    /// [`Loss::turns_at`].
    fn turns_at(&self) -> Option<f64>;

    /// [`Loss::target_range`].
    fn target_range(&self) -> Option<(f32, f32)>;

    /// [`Loss::sample_in_units`].
    fn sample_in_units(
        &self,
        head: &[f64],
        target: TargetRow<'_>,
        units: Units<'_>,
        gradient: &mut [f64],
    ) -> f64;

    /// [`Loss::predict`] for every row: from heads of `from` numbers to predictions of `to` numbers.
    fn predict(&self, heads: Vec<f64>, from: usize, to: usize) -> Vec<f64>;

    /// [`Loss::point`].
    fn point(&self) -> usize;

    /// [`Loss::identity`].
    fn identity(&self) -> String;

    /// The name in logs and messages.
    fn name(&self) -> &'static str {
        self.form().name
    }

    /// [`sample_in_units`](AnyLoss::sample_in_units) for a target without preprocessing.
    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        self.sample_in_units(head, target, Units::OWN, gradient)
    }

    /// Whether a head of `from` numbers becomes a prediction of `to` by the form alone, as
    /// [`Loss::predict`] does unless a loss replaces it. It is found out with some heads.
    fn predicts_by_form(&self, from: usize, to: usize) -> bool {
        const NUMBERS: [f64; 7] = [-0.3, 1.7, 0.0, 12.5, -40.0, 0.6, -2.2];
        (0..NUMBERS.len()).all(|start| {
            let head: Vec<f64> = NUMBERS.iter().cycle().skip(start).take(from).copied().collect();
            let mut by_form = vec![0.0; to];
            super::predict(self.form(), &head, &mut by_form);
            let predicted = self.predict(head, from, to);
            by_form.iter().map(|number| number.to_bits()).eq(predicted.iter().map(|n| n.to_bits()))
        })
    }

    /// The number of parts of a prediction for each number of a target of `width` numbers, which
    /// has a head of `head` numbers.
    fn parts(&self, head: usize, width: usize) -> usize {
        match self.form().head {
            HeadForm::Parts(_) => head / width.max(1),
            HeadForm::Target | HeadForm::Pair | HeadForm::Cumulative => 1,
        }
    }
}

impl<L: Loss> AnyLoss for L {
    fn form(&self) -> &'static LossForm {
        &L::FORM
    }

    fn mistake(&self) -> Option<String> {
        Loss::mistake(self)
    }

    fn turns_at(&self) -> Option<f64> {
        Loss::turns_at(self)
    }

    fn target_range(&self) -> Option<(f32, f32)> {
        Loss::target_range(self)
    }

    fn sample_in_units(
        &self,
        head: &[f64],
        target: TargetRow<'_>,
        units: Units<'_>,
        gradient: &mut [f64],
    ) -> f64 {
        Loss::sample_in_units(self, head, target, units, gradient)
    }

    fn predict(&self, heads: Vec<f64>, from: usize, to: usize) -> Vec<f64> {
        let (from, to) = (from.max(1), to.max(1));
        let rows = heads.len() / from;
        let mut predictions = vec![0.0; rows * to];
        let rows = heads.chunks_exact(from).zip(predictions.chunks_exact_mut(to));
        rows.for_each(|(head, prediction)| Loss::predict(self, head, prediction));
        predictions
    }

    fn point(&self) -> usize {
        Loss::point(self)
    }

    fn identity(&self) -> String {
        Loss::identity(self)
    }
}
