//! Split conformal prediction.

use std::marker::PhantomData;

use multi_input_base::Result;
use multi_input_data::schema::TargetKind;
use multi_input_spec::HeadForm;
use serde::{Deserialize, Serialize};

use super::{
    interval::{IntervalPrediction, Residual},
    prediction_set::{probabilities_of, ClassPrediction},
    unsuitable, Interval, Observed, ObservedModel,
};
use crate::{
    definition::{ClassOutput, Definition, Graph, Output, OutputOf},
    lossless,
    short::Short,
};

/// Intervals and sets that contain the truth with a given probability, for every output of the
/// model `M`: split conformal prediction.
///
/// On calibration rows, each prediction gets a score, which is larger for a worse prediction:
///
/// | output | score | for a new row |
/// |---|---|---|
/// | a number | \|y - f\| | the interval f -+ q |
/// | `gaussian`, `negative_binomial` | \|y - mean\| / std | the interval mean -+ q std, wider where the model is less sure |
/// | `quantile(a, .., b)` | max(q_a - y, y - q_b) | the interval from q_a - q to q_b + q (conformalized quantile regression) |
/// | `Class<N>` | 1 - p of the true class | all classes with 1 - p of at most q (LAC) |
/// | `bool` | as a class of two | the values with 1 - p of at most q |
///
/// q is the ceil((n + 1) * coverage)-th smallest of the n scores. `[f32; N]` and `[bool; N]` have a q
/// for each element.
///
/// **The guarantee.** If the calibration rows and the new row are exchangeable, such as drawn
/// independently from one distribution, and the model was not trained on them, then the interval or
/// set of the new row contains its truth with a probability of at least `coverage`, and at most
/// `coverage` + 1 / (n + 1) where scores do not tie. This holds for any model and any distribution.
/// It is *marginal*: it holds on average over all rows and over the choice of calibration rows, but
/// not for every group of rows. A model that is worse for some of them covers them less often. For
/// `[f32; N]` it holds for each element by itself, not for all of them at once. Rows of another time
/// or place than the calibration rows have no guarantee.
///
/// A set may be empty, where every class is less likely than the true classes of the calibration
/// rows were, and all sets of a model that is almost always right are small.
///
/// MAPIE's `SplitConformalRegressor` (score `absolute`), `ConformalizedQuantileRegressor` and
/// `SplitConformalClassifier` (score `lac`); Vovk et al. (2005), Lei et al. (2018), Romano et al.
/// (2019), Sadinle et al. (2019).
///
/// ```
/// use multi_input::{prelude::*, uncertainty::Conformal};
///
/// #[multi_input_model]
/// struct House {
///     #[input(standardize)]
///     rooms: f32,
///     #[from(rooms)]
///     #[branch(Dense(1))]
///     #[output(loss = mse, standardize)]
///     price: f32,
///     #[from(rooms)]
///     #[branch(Dense(1))]
///     #[output(loss = binary_cross_entropy)]
///     sold: bool,
/// }
///
/// let row = |n: u8| HouseSample { rooms: n.into(), price: (3 * n + n % 3).into(), sold: n % 2 == 0 };
/// let rows: Vec<HouseSample> = (0..64).map(row).collect();
/// let mut model = House::build(&Cpu::default(), Seed(7));
/// Trainer::new(Adam::new(0.05)).epochs(20).fit(&mut model, &rows[..32])?;
///
/// let conformal = Conformal::fit(&model, &rows[32..], 0.9)?;
/// let predicted = &model.predict(&[HouseInputs { rooms: 5.0 }])?[0];
/// let price = conformal.interval(House::price, &predicted.price)?;
/// assert!(price.contains(predicted.price) && price.width() > 0.0);
/// assert!(conformal.set(House::sold, &predicted.sold)?.len() <= 2);
///
/// // Kept with the model, in its file as well.
/// model.set_conformal(&conformal)?;
/// assert_eq!(model.conformal(), Some(conformal));
/// # Ok::<(), multi_input::Error>(())
/// ```
pub struct Conformal<M> {
    fitted: Fitted,
    model: PhantomData<fn() -> M>,
}

/// The numbers of a [`Conformal`], as the file of a model has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fitted {
    /// The checksum of the weights whose predictions were compared.
    pub(crate) weights: u32,
    coverage: f64,
    /// One for each output of the model.
    outputs: Vec<FittedOutput>,
}

/// The bounds of the scores of one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FittedOutput {
    output: String,
    /// How numbers are compared; `None` for classes, flags and parts of a loss of one's own.
    residual: Option<Residual>,
    /// The number of calibration rows with a known target.
    rows: usize,
    /// One bound for each element of the target.
    #[serde(with = "lossless::list")]
    bounds: Vec<f64>,
}

const FIT: &str = "Conformal::fit";
const SET: &str = "Conformal::set";

impl<M: Definition> Conformal<M> {
    pub(crate) fn of(fitted: Fitted) -> Conformal<M> {
        Conformal { fitted, model: PhantomData }
    }

    pub(crate) fn fitted(&self) -> &Fitted {
        &self.fitted
    }

    /// The coverage that was asked for.
    pub fn coverage(&self) -> f64 {
        self.fitted.coverage()
    }

    /// The number of calibration rows with a known target of an output.
    pub fn rows<const OUTPUT: usize>(&self, output: OutputOf<M, OUTPUT>) -> usize {
        let _ = output;
        self.fitted.outputs.get(OUTPUT).map_or(0, |output| output.rows)
    }

    /// The bounds q of the scores of an output, one for each element of its target.
    pub fn bounds<const OUTPUT: usize>(&self, output: OutputOf<M, OUTPUT>) -> &[f64] {
        let _ = output;
        self.fitted.outputs.get(OUTPUT).map_or(&[], |output| &output.bounds)
    }

    /// The interval of a predicted number; of `[f32; N]` one for each element, each with the coverage
    /// by itself.
    ///
    /// # Errors
    /// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) if the output is no number.
    pub fn interval<P: IntervalPrediction, const OUTPUT: usize>(
        &self,
        output: OutputOf<M, OUTPUT>,
        prediction: &P,
    ) -> Result<P::Intervals> {
        let numbers = prediction.numbers();
        let intervals = self.fitted.intervals((OUTPUT, output.name()), &numbers)?;
        Ok(P::read(&mut intervals.into_iter()))
    }

    /// The set of classes, labels or values of a flag; of `[bool; N]` one for each label, each with
    /// the coverage by itself.
    ///
    /// # Errors
    /// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) if the prediction is not one of this
    /// output.
    #[rustfmt::skip]
    pub fn set<P: ClassPrediction>(&self, output: impl ClassOutput<M>, prediction: &P) -> Result<P::Set> {
        let index = output.index();
        let probabilities = probabilities_of(SET, &M::GRAPH.outputs[index], prediction)?;
        let members = self.fitted.members(index, &probabilities, P::OF_CLASSES)?;
        Ok(prediction.read_set(&mut members.into_iter()))
    }
}

impl Fitted {
    /// Fits the bounds on calibration rows.
    ///
    /// # Errors
    /// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) for a coverage that is no
    /// probability, or for fewer rows than it needs.
    pub(crate) fn new(coverage: f64, of: &ObservedModel) -> Result<Fitted> {
        if !(coverage > 0.0 && coverage < 1.0) {
            let reason = format!("the coverage must be above 0 and below 1, but is {coverage}");
            return Err(unsuitable(FIT, reason));
        }
        let outputs = of.outputs.iter().map(|observed| FittedOutput::new(coverage, observed));
        Ok(Fitted { weights: of.weights, coverage, outputs: outputs.collect::<Result<_>>()? })
    }

    /// For each output its name, its number of calibration rows, and its bounds, as cells of a table.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let cells = self.outputs.iter().map(|own| {
            let bounds: Vec<String> =
                own.bounds.iter().map(|bound| Short(*bound).to_string()).collect();
            vec![own.output.clone(), own.rows.to_string(), bounds.join(", ")]
        });
        cells.collect()
    }

    pub(crate) fn coverage(&self) -> f64 {
        self.coverage
    }

    /// Why this cannot have been fitted on a model of this graph.
    pub(super) fn mistake(&self, graph: &Graph) -> Option<String> {
        let Fitted { coverage, outputs, .. } = self;
        if !(*coverage > 0.0 && *coverage < 1.0) {
            return Some(format!("a coverage of {coverage}"));
        }
        let fits = |(own, output): (&FittedOutput, &Output)| {
            own.output == output.name
                && own.residual == residual(output)
                && own.bounds.len() == elements(output)
                && own.bounds.iter().all(|bound| !bound.is_nan())
        };
        let same = outputs.len() == graph.outputs.len();
        let unfit = outputs.iter().zip(graph.outputs).find(|(own, output)| !fits((own, output)));
        match unfit {
            Some((own, _)) => Some(format!("the bounds of `{}`", own.output)),
            None => (!same).then(|| format!("{} outputs", outputs.len())),
        }
    }

    fn intervals(&self, (index, name): (usize, &str), numbers: &[f64]) -> Result<Vec<Interval>> {
        const OPERATION: &str = "Conformal::interval";
        let output = self.outputs.get(index);
        let Some((output, residual)) = output.and_then(|own| Some((own, own.residual?))) else {
            let own = self.outputs.get(index).is_some_and(|own| own.bounds.is_empty());
            let reason = match own {
                true => format!("`{name}` predicts the parts of a loss of your own"),
                false => {
                    format!("`{name}` has classes, not numbers: `Conformal::set` has their set")
                }
            };
            return Err(unsuitable(OPERATION, reason));
        };
        let width = residual.width();
        if numbers.len() != width * output.bounds.len() {
            let (expected, found) = (width * output.bounds.len(), numbers.len());
            let reason = format!(
                "a prediction of `{name}` has {expected} numbers, but this one has {found}"
            );
            return Err(unsuitable(OPERATION, reason));
        }
        let of_elements = numbers.chunks_exact(width).zip(&output.bounds);
        Ok(of_elements.map(|(numbers, bound)| residual.interval(numbers, *bound)).collect())
    }

    fn members(&self, index: usize, probabilities: &[f64], classes: bool) -> Result<Vec<bool>> {
        let Some(output) = self.outputs.get(index).filter(|own| own.residual.is_none()) else {
            return Err(unsuitable(SET, "the output has no classes".to_owned()));
        };
        let within = |probability: f64, bound: f64| 1.0 - probability <= bound;
        // Classes have one bound, flags one each.
        let bounds = output.bounds.iter().cycle();
        let of_each = probabilities.iter().zip(bounds);
        let members = of_each.flat_map(|(probability, bound)| match classes {
            true => vec![within(*probability, *bound)],
            false => vec![within(1.0 - probability, *bound), within(*probability, *bound)],
        });
        Ok(members.collect())
    }
}

impl FittedOutput {
    fn new(coverage: f64, observed: &Observed) -> Result<FittedOutput> {
        let output = observed.output;
        observed.check(FIT, "fit conformal prediction on")?;
        let (rows, residual) = (observed.rows, residual(output));
        let rank = rank(coverage, rows);
        if rank > rows {
            let name = output.name;
            let least =
                (1..).find(|&rows| self::rank(coverage, rows) <= rows).unwrap_or(usize::MAX);
            let reason = format!(
                "`{name}` has {rows} calibration rows with a known target; a coverage of {coverage} \
                 needs at least {least}"
            );
            return Err(unsuitable(FIT, reason));
        }
        let bound = |element: usize| {
            let mut scores: Vec<f64> = match (output.target.kind, residual) {
                (_, Some(residual)) => {
                    let range = element * residual.width()..(element + 1) * residual.width();
                    let score = |(prediction, target): (&[f64], &[f64])| {
                        residual.score(&prediction[range.clone()], target[element])
                    };
                    observed.iter().map(score).collect()
                }
                (TargetKind::Class, None) => {
                    let of_class = |(prediction, target): (&[f64], &[f64])| {
                        1.0 - prediction.get(target[0] as usize).copied().unwrap_or(0.0)
                    };
                    observed.iter().map(of_class).collect()
                }
                _ => {
                    let of_flag = |(probability, flag): (f64, bool)| match flag {
                        true => 1.0 - probability,
                        // The same rounding as in a set.
                        false => 1.0 - (1.0 - probability),
                    };
                    observed.label(element).map(of_flag).collect()
                }
            };
            let (_, bound, _) = scores.select_nth_unstable_by(rank - 1, f64::total_cmp);
            *bound
        };
        let bounds = (0..elements(output)).map(bound).collect();
        Ok(FittedOutput { output: output.name.to_owned(), residual, rows, bounds })
    }
}

/// How the predicted numbers of an output are compared with its targets; `None` for classes and
/// flags, and for the parts of a loss of the user's own.
fn residual(output: &Output) -> Option<Residual> {
    if !output.target.kind.is_numbers() {
        return None;
    }
    match (output.loss.form().head, output.loss.name()) {
        (HeadForm::Parts(parts), "quantile") if parts.len() > 1 => {
            Some(Residual::Quantiles(parts.len()))
        }
        (HeadForm::Parts(_), "gaussian") => Some(Residual::Scaled),
        (HeadForm::Parts(_), "negative_binomial") => Some(Residual::Counts),
        (HeadForm::Parts([_, _, ..]), _) => None,
        _ => Some(Residual::Absolute),
    }
}

/// The number of bounds of an output.
fn elements(output: &Output) -> usize {
    match output.target.kind {
        TargetKind::Class => 1,
        kind if kind.is_numbers() && residual(output).is_none() => 0,
        _ => output.target.width.max(1),
    }
}

/// The rank, from 1, of the score that bounds new scores with the given coverage:
/// ceil((n + 1) * coverage). Above `rows` if there are too few rows.
fn rank(coverage: f64, rows: usize) -> usize {
    let rank = (rows as f64 + 1.0) * coverage;
    // 20 * 0.55 is 11.000000000000002.
    (rank * (1.0 - 1e-12)).ceil().max(1.0) as usize
}

impl<M> Clone for Conformal<M> {
    fn clone(&self) -> Self {
        Conformal { fitted: self.fitted.clone(), model: PhantomData }
    }
}

impl<M> PartialEq for Conformal<M> {
    fn eq(&self, other: &Self) -> bool {
        self.fitted == other.fitted
    }
}

impl<M> std::fmt::Debug for Conformal<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fitted.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_that_of_the_finite_sample_quantile() {
        assert_eq!([9, 10, 19, 99].map(|rows| rank(0.9, rows)), [9, 10, 18, 90]);
        assert_eq!(rank(0.9, 8), 9);
        assert_eq!(rank(0.55, 19), 11);
        assert_eq!(rank(0.95, 19), 19);
        assert_eq!(rank(1e-9, 10), 1);
    }
}
