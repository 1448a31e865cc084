//! Partial dependence of a typed model.

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::Model;
use crate::{
    attribution::Explained,
    compute::Compute,
    definition::{Network, NodeOf, OptionalInputOf, OutputOf, SharedName},
    objective::encode,
    partial_dependence::{PartialDependence, PartialDependenceSettings},
};

/// The settings of a partial dependence; [`PartialDependence::of`] makes them.
#[must_use]
pub struct Dependence<'a, M: Network<E, D>, E: Element, D: Compute<E>> {
    model: &'a Model<M, E, D>,
    explained: Explained,
    points: Option<usize>,
    individual: bool,
}

/// An input of the model `M`, or a column of one: `HousePrice::district` or
/// `(HousePrice::measurements, 3)`.
pub struct InputOf<M> {
    node: NodeOf<M>,
    column: Option<usize>,
}

impl<M> From<NodeOf<M>> for InputOf<M> {
    fn from(node: NodeOf<M>) -> InputOf<M> {
        InputOf { node, column: None }
    }
}

impl<M> From<OptionalInputOf<M>> for InputOf<M> {
    fn from(input: OptionalInputOf<M>) -> InputOf<M> {
        InputOf { node: input.into(), column: None }
    }
}

impl<M, H: Into<NodeOf<M>>, T> From<SharedName<H, T>> for InputOf<M> {
    fn from(input: SharedName<H, T>) -> InputOf<M> {
        InputOf { node: input.into(), column: None }
    }
}

impl<M, N: Into<NodeOf<M>>> From<(N, usize)> for InputOf<M> {
    fn from((node, column): (N, usize)) -> InputOf<M> {
        InputOf { node: node.into(), column: Some(column) }
    }
}

impl PartialDependence {
    /// The mean prediction of an output as a function of one or two inputs.
    ///
    /// ```
    /// # use multi_input::{partial_dependence::PartialDependence, prelude::*};
    /// # #[multi_input_model]
    /// # #[derive(Clone, Debug)]
    /// # pub struct HousePrice {
    /// #     #[input(standardize, columns("rooms", "age"))]
    /// #     measurements: [f32; 2],
    /// #     #[input]
    /// #     #[branch(Embedding(3, 2))]
    /// #     district: u32,
    /// #     #[merge(concat(measurements, district))]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// # fn main() -> multi_input::Result<()> {
    /// # let test: Vec<HousePriceSample> = (0..40u8)
    /// #     .map(|i| HousePriceSample {
    /// #         measurements: [f32::from(i % 7), f32::from(i % 11)],
    /// #         district: u32::from(i % 3),
    /// #         price: f32::from(i % 7) + f32::from(i % 3),
    /// #     })
    /// #     .collect();
    /// # let mut model = HousePrice::build(&Cpu::default(), Seed(7));
    /// # Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &test)?;
    /// let by_rooms =
    ///     PartialDependence::of(&model, HousePrice::price).on((HousePrice::measurements, 0), &test)?;
    /// assert_eq!(by_rooms.axes[0].feature.name, "rooms");
    /// let by_both = PartialDependence::of(&model, HousePrice::price).on_both(
    ///     (HousePrice::measurements, 0),
    ///     HousePrice::district,
    ///     &test,
    /// )?;
    /// assert_eq!(by_both.average.len(), 7 * 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of<M: Network<E, D>, E: Element, D: Compute<E>, const OUTPUT: usize>(
        model: &Model<M, E, D>,
        _output: OutputOf<M, OUTPUT>,
    ) -> Dependence<'_, M, E, D> {
        let explained = Explained { output: OUTPUT, element: None, logit: false };
        Dependence { model, explained, points: None, individual: false }
    }
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Dependence<'_, M, E, D> {
    /// Averages the class, label or element with this index. Without it, the output must have one
    /// number, or be a class; then the class that is predicted for the first row is averaged.
    pub fn element(mut self, index: usize) -> Self {
        self.explained.element = Some(index);
        self
    }

    /// Averages the head before the link function: `response_method="decision_function"`. The head of
    /// ordered classes (`ordinal`) has one number for each threshold between them, which `element`
    /// then chooses.
    pub fn logit(mut self) -> Self {
        self.explained.logit = true;
        self
    }

    /// The most points of an axis: by default 20 for one input and 10 for each of two.
    pub fn points(mut self, points: usize) -> Self {
        self.points = Some(points);
        self
    }

    /// Keeps the curve of every row: `kind="both"`.
    pub fn individual(mut self) -> Self {
        self.individual = true;
        self
    }

    /// The mean prediction over `rows` at values of one input, which takes points times rows
    /// predictions.
    ///
    /// # Errors
    /// As [`Model::predict`]; [`Error::NoRows`](multi_input_base::Error::NoRows) without rows;
    /// [`Error::Explanation`](multi_input_base::Error::Explanation) for a node that is no input, an
    /// array without a column, a picture or a list, and an element that does not exist or must be
    /// chosen.
    pub fn on(
        &self,
        input: impl Into<InputOf<M>>,
        rows: &[M::Sample],
    ) -> Result<PartialDependence> {
        self.over(&[input.into()], 20, rows)
    }

    /// The mean prediction over `rows` at all pairs of values of two inputs.
    ///
    /// # Errors
    /// As [`on`](Dependence::on), and if both are the same.
    pub fn on_both(
        &self,
        first: impl Into<InputOf<M>>,
        second: impl Into<InputOf<M>>,
        rows: &[M::Sample],
    ) -> Result<PartialDependence> {
        self.over(&[first.into(), second.into()], 10, rows)
    }

    fn over(
        &self,
        inputs: &[InputOf<M>],
        points: usize,
        rows: &[M::Sample],
    ) -> Result<PartialDependence> {
        let settings = PartialDependenceSettings {
            explained: self.explained,
            features: inputs.iter().map(|input| (input.node.name(), input.column)).collect(),
            points: self.points.unwrap_or(points),
            individual: self.individual,
            row: M::SAMPLE_ROW,
        };
        let raw = encode::<M>(rows, "average over")?;
        D::core().partial_dependence(self.model.untyped(), &settings, &raw)
    }
}
