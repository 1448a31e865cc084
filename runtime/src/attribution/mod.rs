//! Attribution: the share of every input in one prediction.
//!
//! An attribution splits the difference between a prediction and a baseline prediction among the
//! inputs, so that the shares sum up to the difference (completeness). There are two methods:
//!
//! | method | formula | needs | Captum | SHAP |
//! |---|---|---|---|---|
//! | [`Attribution::shapley`] | mean marginal contribution over all orders of the inputs | predictions | `ShapleyValueSampling`, `ShapleyValues` | `PermutationExplainer`, `ExactExplainer` |
//! | [`Attribution::integrated_gradients`] | integral of the gradient along the line from the baseline | gradients | `IntegratedGradients` | |
//!
//! Shapley values hold for raw rows and for any model, at the cost of hundreds of predictions for a
//! row. Integrated gradients cost about fifty forward and backward passes and resolve the columns of
//! wide arrays and pictures, but depend on the path through encoded rows that may never occur.
//!
//! ```
//! # use multi_input::{attribution::Attribution, prelude::*};
//! # #[multi_input_model]
//! # #[derive(Clone, Debug)]
//! # pub struct HousePrice {
//! #     #[input(standardize, columns("rooms", "age"))]
//! #     measurements: [f32; 2],
//! #     #[input]
//! #     #[branch(Embedding(3, 2))]
//! #     district: u32,
//! #     #[merge(concat(measurements, district))]
//! #     #[branch(Dense(4, tanh), Dense(1))]
//! #     #[output(loss = mse)]
//! #     price: f32,
//! # }
//! # fn main() -> multi_input::Result<()> {
//! # let train: Vec<HousePriceSample> = (0..40u8)
//! #     .map(|i| HousePriceSample {
//! #         measurements: [f32::from(i % 7), f32::from(i % 11)],
//! #         district: u32::from(i % 3),
//! #         price: f32::from(i % 7) + f32::from(i % 3),
//! #     })
//! #     .collect();
//! # let mut model = HousePrice::build(&Cpu::default(), Seed(7));
//! # Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &train)?;
//! let row = HousePriceInputs { measurements: [5.0, 2.0], district: 1 };
//! let why = Attribution::shapley(&model, HousePrice::price)
//!     .background(&train)?
//!     .by_column()
//!     .explain_row(&row)?;
//! println!("{why}"); // rooms, age, district: their values and their shares in the price
//! assert!((why.baseline + why.sum() - why.prediction).abs() < 1e-6);
//!
//! let why = Attribution::integrated_gradients(&model, HousePrice::price).explain_row(&row)?;
//! assert!(why.residual().abs() < 1e-3);
//! # Ok(())
//! # }
//! ```

mod explained;
mod integrated_gradients;
mod path;
mod quadrature;
mod shapley;

use std::{fmt, path::Path};

use multi_input_base::Result;

pub(crate) use self::{
    explained::Explained,
    integrated_gradients::{integrated_gradients, Baseline, IntegratedGradientsSettings},
    shapley::{shapley, Background, ShapleySettings},
};
pub use crate::feature::Feature;
use crate::{plot, short::Short};

/// The shares of the inputs in one number of the prediction for one row. `Display` prints a table,
/// the largest share first.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The name of the output.
    pub output: &'static str,
    /// The index of the explained class, label or element; `None` for an output of one number.
    pub element: Option<usize>,
    /// Whether the head before the link function is explained.
    pub logit: bool,
    /// The explained number of the row, in the user's unit unless [`logit`](Attribution::logit).
    pub prediction: f64,
    /// The number for the baseline: the mean prediction over the background rows, or that for the
    /// baseline row.
    pub baseline: f64,
    /// The share of every input or column, in the order of the fields.
    pub features: Vec<FeatureAttribution>,
}

/// The share of one input or column.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureAttribution {
    /// The input or column.
    pub feature: Feature,
    /// Its raw value in the row, as text.
    pub value: String,
    /// Its share in the prediction, in the prediction's unit.
    pub attribution: f64,
    /// The standard error of a share that is estimated from random orders of the inputs; 0 for
    /// exact ones.
    pub error: f64,
}

impl Attribution {
    /// The sum of the shares.
    pub fn sum(&self) -> f64 {
        self.features.iter().map(|feature| feature.attribution).sum()
    }

    /// The part of the difference between prediction and baseline that no share accounts for:
    /// rounding for Shapley values, the error of the integration for integrated gradients, which
    /// more steps reduce. Captum's `convergence_delta`, with the opposite sign.
    pub fn residual(&self) -> f64 {
        self.prediction - self.baseline - self.sum()
    }

    /// The sum of the shares of an input: of all its columns, if there are several.
    pub fn of_input(&self, input: &str) -> Option<f64> {
        let mut own = self.features.iter().filter(|share| share.feature.input == input).peekable();
        own.peek()?;
        Some(own.map(|share| share.attribution).sum())
    }

    /// The mean absolute share of every input or column over several rows, the largest first:
    /// `shap.plots.bar`. All attributions must be of the same explanation.
    pub fn mean_absolute(attributions: &[Attribution]) -> Vec<(Feature, f64)> {
        let Some(first) = attributions.first() else { return Vec::new() };
        let mean = |(index, share): (usize, &FeatureAttribution)| {
            let own = attributions.iter().filter_map(|row| row.features.get(index));
            let sum: f64 = own.map(|share| share.attribution.abs()).sum();
            (share.feature.clone(), sum / attributions.len() as f64)
        };
        let mut means: Vec<_> = first.features.iter().enumerate().map(mean).collect();
        means.sort_by(|a, b| b.1.total_cmp(&a.1));
        means
    }

    /// Draws the way from the baseline to the prediction, one bar for each input or column:
    /// `shap.plots.waterfall`. Beyond twelve, the smallest are one bar.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn waterfall(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(path.as_ref(), &self.picture())
    }

    pub(crate) fn picture(&self) -> String {
        let step = |share: &FeatureAttribution| plot::Step {
            name: format!("{} = {}", share.feature.name, shortened(&share.value)),
            value: share.attribution,
            deviation: share.error,
        };
        let mut steps: Vec<_> = self.largest_first().into_iter().map(step).collect();
        if steps.len() > MOST_STEPS {
            let rest = steps.split_off(MOST_STEPS - 1);
            let name = format!("{} others", rest.len());
            let value = rest.iter().map(|step| step.value).sum();
            steps.push(plot::Step { name, value, deviation: 0.0 });
        }
        let title = format!("{} = {}", self.explained(), Short(self.prediction));
        plot::waterfall(&title, self.baseline, &steps)
    }

    fn explained(&self) -> String {
        Explained::in_words(self.output, self.element, self.logit)
    }

    fn largest_first(&self) -> Vec<&FeatureAttribution> {
        let mut sorted: Vec<_> = self.features.iter().collect();
        sorted.sort_by(|a, b| b.attribution.abs().total_cmp(&a.attribution.abs()));
        sorted
    }
}

/// The most bars of a waterfall.
const MOST_STEPS: usize = 12;

/// The beginning of a text.
fn shortened(text: &str) -> String {
    const MOST: usize = 24;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |text: &str| text.chars().count();
        let names = self.features.iter().map(|share| length(&share.feature.name));
        let values = self.features.iter().map(|share| length(&shortened(&share.value)));
        let (name, value) = (names.max().unwrap_or(0).max(5), values.max().unwrap_or(0).max(5));
        let errors = self.features.iter().any(|share| share.error != 0.0);
        write!(f, "{:<name$}  {:<value$}  {:>12}", "input", "value", "attribution")?;
        if errors {
            write!(f, "  {:>12}", "error")?;
        }
        for share in self.largest_first() {
            let attribution = Short(share.attribution).to_string();
            let text = shortened(&share.value);
            write!(f, "\n{:<name$}  {text:<value$}  {attribution:>12}", share.feature.name)?;
            if errors {
                write!(f, "  {:>12}", Short(share.error).to_string())?;
            }
        }
        let (baseline, prediction) = (Short(self.baseline), Short(self.prediction));
        write!(f, "\n{}: {prediction}, from {baseline} for the baseline", self.explained())
    }
}
