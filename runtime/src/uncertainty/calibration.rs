//! Calibration of predicted probabilities.

use std::marker::PhantomData;

use multi_input_base::Result;
use multi_input_data::schema::TargetKind;
use serde::{Deserialize, Serialize};

use super::{
    isotonic::Isotonic,
    prediction_set::{probabilities_of, ClassPrediction},
    reliability, temperature, unsuitable, Observed, ObservedModel,
};
use crate::{
    definition::{ClassOutput, Definition, Graph, Output},
    lossless,
    short::Short,
};

/// Functions that make the probabilities of the model `M` agree with frequencies, for every output
/// of classes or flags: of the rows predicted with 0.8, eight in ten should be right.
///
/// They are fitted on rows that the model was not trained on, and applied to predictions.
/// `sklearn.calibration.CalibratedClassifierCV(cv="prefit")`.
///
/// ```
/// use multi_input::{prelude::*, uncertainty::{Calibration, CalibrationMethod}};
///
/// #[multi_input_model]
/// struct House {
///     #[input(standardize)]
///     rooms: f32,
///     #[from(rooms)]
///     #[branch(Dense(1))]
///     #[output(loss = binary_cross_entropy)]
///     sold: bool,
/// }
///
/// let row = |n: u8| HouseSample { rooms: n.into(), sold: n % 3 == 0 };
/// let rows: Vec<HouseSample> = (0..64).map(row).collect();
/// let mut model = House::build(&Cpu::default(), Seed(7));
/// Trainer::new(Adam::new(0.05)).epochs(20).fit(&mut model, &rows[..32])?;
///
/// let calibration = Calibration::fit(&model, &rows[32..], CalibrationMethod::Temperature)?;
/// let predicted = &model.predict(&[HouseInputs { rooms: 5.0 }])?[0];
/// let sold = calibration.apply(House::sold, &predicted.sold)?;
/// assert!((0.0..=1.0).contains(&sold));
/// println!("{}", calibration.change(House::sold)?);
/// model.set_calibration(&calibration)?;
/// # Ok::<(), multi_input::Error>(())
/// ```
pub struct Calibration<M> {
    fitted: Fitted,
    model: PhantomData<fn() -> M>,
}

/// The form of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalibrationMethod {
    /// The logits are divided by one number, from 0.01 to 100, with the least cross-entropy. A logit
    /// is computed from the predicted `f32`, of which 1 is taken for 1 - 2^-25. It does
    /// not change which class is the most likely, and suits few rows. Guo et al. (2017).
    Temperature,
    /// A non-decreasing function with the least squared error, by pooling adjacent violators, and
    /// linear between its points. For classes there is one function for each class against all
    /// others, and the results are divided by their sum; if all are 0, the classes are equally
    /// likely. It can mend any monotone error and needs about a thousand rows.
    /// `sklearn.isotonic.IsotonicRegression`; Zadrozny and Elkan (2002).
    Isotonic,
}

/// The calibration error of an output before and after calibration, on the rows that it was fitted
/// on. See [`Reliability::error`](super::Reliability::error).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationChange {
    /// The error of the model's own probabilities.
    #[serde(with = "lossless::number")]
    pub before: f64,
    /// The error of the calibrated probabilities. On other rows it is usually larger.
    #[serde(with = "lossless::number")]
    pub after: f64,
}

/// The numbers of a [`Calibration`], as the file of a model has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fitted {
    /// The checksum of the weights whose predictions were compared.
    pub(crate) weights: u32,
    /// One for each output of classes or flags.
    outputs: Vec<FittedOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FittedOutput {
    output: String,
    /// The index among the model's outputs.
    index: usize,
    functions: Functions,
    change: CalibrationChange,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Functions {
    /// One temperature for a class or flag, one for each of several labels.
    Temperature(Vec<f64>),
    /// One function for a flag, one for each class or label.
    Isotonic(Vec<Isotonic>),
}

const FIT: &str = "Calibration::fit";

impl<M: Definition> Calibration<M> {
    pub(crate) fn of(fitted: Fitted) -> Calibration<M> {
        Calibration { fitted, model: PhantomData }
    }

    pub(crate) fn fitted(&self) -> &Fitted {
        &self.fitted
    }

    /// The calibrated prediction of an output.
    ///
    /// # Errors
    /// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) if the prediction is not one of this
    /// output.
    pub fn apply<P: ClassPrediction>(
        &self,
        output: impl ClassOutput<M>,
        prediction: &P,
    ) -> Result<P> {
        let (own, of_classes) = self.fitted.output(output.index(), &M::GRAPH)?;
        let output = &M::GRAPH.outputs[own.index];
        let probabilities = probabilities_of("Calibration::apply", output, prediction)?;
        let calibrated = own.functions.apply(&probabilities, of_classes);
        Ok(prediction.with_probabilities(&mut calibrated.into_iter()))
    }

    /// The calibration error of an output before and after calibration.
    ///
    /// # Errors
    /// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) if the output is not calibrated.
    pub fn change(&self, output: impl ClassOutput<M>) -> Result<CalibrationChange> {
        Ok(self.fitted.output(output.index(), &M::GRAPH)?.0.change)
    }

    /// The temperatures of an output: one for a class or flag, one for each of several labels; empty
    /// for isotonic functions.
    pub fn temperatures(&self, output: impl ClassOutput<M>) -> &[f64] {
        match self.fitted.output(output.index(), &M::GRAPH) {
            Ok((FittedOutput { functions: Functions::Temperature(own), .. }, _)) => own,
            _ => &[],
        }
    }
}

impl Fitted {
    /// Fits the functions of every output of classes or flags.
    ///
    /// # Errors
    /// [`Error::NoTargets`](multi_input_base::Error::NoTargets) without known targets,
    /// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) without an output of classes.
    pub(crate) fn new(method: CalibrationMethod, of: &ObservedModel) -> Result<Fitted> {
        let of_classes = of.outputs.iter().enumerate();
        let of_classes =
            of_classes.filter(|(_, observed)| !observed.output.target.kind.is_numbers());
        let fit = |(index, observed): (usize, &Observed)| {
            observed.check(FIT, "calibrate on")?;
            Ok(FittedOutput::new(method, index, observed))
        };
        let outputs: Vec<FittedOutput> = of_classes.map(fit).collect::<Result<_>>()?;
        match outputs.is_empty() {
            true => Err(unsuitable(FIT, "no output of the model has classes or flags".to_owned())),
            false => Ok(Fitted { weights: of.weights, outputs }),
        }
    }

    /// The calibrated probabilities of a class output.
    #[cfg(test)]
    pub(super) fn calibrated(&self, index: usize, row: &[f64]) -> Vec<f64> {
        self.outputs[index].functions.apply(row, true)
    }

    /// The functions of an output, and whether it is a class.
    fn output(&self, index: usize, graph: &Graph) -> Result<(&FittedOutput, bool)> {
        let own = self.outputs.iter().find(|own| own.index == index);
        let output = graph.outputs.get(index);
        own.zip(output).map(|(own, output)| (own, is_class(output))).ok_or_else(|| {
            unsuitable("Calibration", "the output has no classes or flags".to_owned())
        })
    }

    /// For each output its name and its calibration error before and after, as cells of a table.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let cells = self.outputs.iter().map(|own| {
            let CalibrationChange { before, after } = own.change;
            vec![own.output.clone(), Short(before).to_string(), Short(after).to_string()]
        });
        cells.collect()
    }

    /// Why this cannot have been fitted on a model of this graph.
    pub(super) fn mistake(&self, graph: &Graph) -> Option<String> {
        let fits = |own: &&FittedOutput| {
            let output = graph.outputs.get(own.index);
            output.is_some_and(|output| output.name == own.output && own.functions.fit_to(output))
        };
        let unfit = self.outputs.iter().find(|own| !fits(own))?;
        Some(format!("the calibration of `{}`", unfit.output))
    }
}

impl FittedOutput {
    fn new(method: CalibrationMethod, index: usize, observed: &Observed) -> FittedOutput {
        let of_classes = is_class(observed.output);
        let functions = Functions::fit(method, observed, of_classes);
        let mut calibrated = observed.clone();
        let rows = calibrated.predictions.chunks_exact_mut(observed.width().max(1));
        rows.for_each(|row| row.copy_from_slice(&functions.apply(row, of_classes)));
        let change = CalibrationChange {
            before: reliability::error_of(observed),
            after: reliability::error_of(&calibrated),
        };
        FittedOutput { output: observed.output.name.to_owned(), index, functions, change }
    }
}

impl Functions {
    fn fit(method: CalibrationMethod, observed: &Observed, of_classes: bool) -> Functions {
        let number = |flag: bool| f64::from(u8::from(flag));
        match (method, of_classes) {
            (CalibrationMethod::Temperature, true) => {
                let rows = observed.iter().map(|(row, class)| (row, class[0] as usize));
                Functions::Temperature(vec![temperature::fit(rows)])
            }
            (CalibrationMethod::Temperature, false) => {
                let fit = |label| {
                    let rows: Vec<([f64; 2], usize)> = observed
                        .label(label)
                        .map(|(p, flag)| (temperature::of_flag(p), flag.into()))
                        .collect();
                    temperature::fit(rows.iter().map(|(row, class)| (&row[..], *class)))
                };
                Functions::Temperature((0..observed.width()).map(fit).collect())
            }
            (CalibrationMethod::Isotonic, true) => {
                let fit = |class| {
                    Isotonic::fit(observed.class(class).map(|(p, is_it)| (p, number(is_it))))
                };
                Functions::Isotonic((0..observed.width()).map(fit).collect())
            }
            (CalibrationMethod::Isotonic, false) => {
                let fit =
                    |label| Isotonic::fit(observed.label(label).map(|(p, flag)| (p, number(flag))));
                Functions::Isotonic((0..observed.width()).map(fit).collect())
            }
        }
    }

    fn apply(&self, probabilities: &[f64], of_classes: bool) -> Vec<f64> {
        match self {
            Functions::Temperature(temperatures) if of_classes => {
                temperature::scaled(probabilities, temperatures[0])
            }
            Functions::Temperature(temperatures) => {
                let of_labels = probabilities.iter().zip(temperatures);
                of_labels
                    .map(|(p, own)| temperature::scaled(&temperature::of_flag(*p), *own)[1])
                    .collect()
            }
            Functions::Isotonic(functions) => {
                let each = probabilities.iter().zip(functions).map(|(p, own)| own.at(*p));
                let each: Vec<f64> = each.collect();
                match of_classes {
                    true => of_sum_one(&each),
                    false => each,
                }
            }
        }
    }

    /// Whether they can be those of an output.
    fn fit_to(&self, output: &Output) -> bool {
        let classes = output.target.width.max(1);
        match self {
            Functions::Temperature(own) => {
                let count = if is_class(output) { 1 } else { classes };
                own.len() == count && own.iter().all(|own| own.is_finite() && *own > 0.0)
            }
            Functions::Isotonic(own) => own.len() == classes && own.iter().all(Isotonic::is_sound),
        }
    }
}

/// Probabilities divided by their sum; equal ones if all are 0.
fn of_sum_one(probabilities: &[f64]) -> Vec<f64> {
    let sum: f64 = probabilities.iter().sum();
    match sum > 0.0 {
        true => probabilities.iter().map(|p| p / sum).collect(),
        false => vec![1.0 / probabilities.len() as f64; probabilities.len()],
    }
}

fn is_class(output: &Output) -> bool {
    output.target.kind == TargetKind::Class
}

impl<M> Clone for Calibration<M> {
    fn clone(&self) -> Self {
        Calibration { fitted: self.fitted.clone(), model: PhantomData }
    }
}

impl<M> PartialEq for Calibration<M> {
    fn eq(&self, other: &Self) -> bool {
        self.fitted == other.fitted
    }
}

impl<M> std::fmt::Debug for Calibration<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fitted.fmt(f)
    }
}

/// `calibration error 0.1200 before, 0.03000 after`.
impl std::fmt::Display for CalibrationChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CalibrationChange { before, after } = *self;
        write!(f, "calibration error {} before, {} after", Short(before), Short(after))
    }
}
