//! Input importance of a typed model.

use multi_input_base::{Result, Seed};
use multi_input_data::RowSlice;
use multi_input_kernel::Element;
use multi_input_nn::optim::Optimizer;

use super::Trainer;
use crate::{
    callback::Progress,
    compute::Compute,
    definition::{Input, Network, NodeIn},
    feature::Feature,
    fit::LeftOut,
    importance::{Importance, InputImportance, Method},
    model::Model,
    objective::encode,
};

impl Importance {
    /// Permutation importance: permutes each input's values over the rows, `repeats` times, in
    /// orders that depend on `seed`. `sklearn.inspection.permutation_importance`, for whole inputs;
    /// [`by_column`](Importance::by_column) measures the columns of arrays.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    #[doc(alias("permutation_importance", "new"))]
    #[rustfmt::skip] // In one line, which rustc's message about other rows quotes.
    pub fn by_permutation<M: Network<E, D>, E: Element, D: Compute<E>>(model: &Model<M, E, D>, rows: impl RowSlice<M::Sample>, repeats: usize, seed: Seed) -> Result<Importance> {
        let features = Feature::all(&M::GRAPH, M::SAMPLE_ROW, false);
        let raw = encode::<M>(rows.rows(), "measure importance on")?;
        D::core().importance(model.untyped(), (&raw, &features), repeats, seed)
    }

    /// As [`by_permutation`](Importance::by_permutation), for every column of the inputs that are
    /// arrays of numbers, dates or categories, as `sklearn.inspection.permutation_importance` does.
    /// The values of a column of an `Option` are permuted among the rows that have them.
    ///
    /// Every column costs `repeats` evaluations, so an array of more than 100 columns is permuted as
    /// a whole; [`by_column_of`](Importance::by_column_of) measures the columns of one input, however
    /// many they are.
    ///
    /// ```no_run
    /// # use multi_input::prelude::*;
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input(standardize, columns("rooms", "age"))]
    /// #     measurements: [f32; 2],
    /// #     #[from(measurements)]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// # fn main() -> multi_input::Result<()> {
    /// # let test: Vec<HouseSample> = vec![];
    /// # let model = House::build(&Cpu::default(), Seed(7));
    /// let importance = Importance::by_column(&model, &test, 5, Seed(7))?;
    /// println!("{importance}"); // rooms, age
    /// importance.plot("importance.svg")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    #[rustfmt::skip] // In one line, which rustc's message about other rows quotes.
    pub fn by_column<M: Network<E, D>, E: Element, D: Compute<E>>(model: &Model<M, E, D>, rows: impl RowSlice<M::Sample>, repeats: usize, seed: Seed) -> Result<Importance> {
        let features = Feature::all(&M::GRAPH, M::SAMPLE_ROW, true);
        let raw = encode::<M>(rows.rows(), "measure importance on")?;
        D::core().importance(model.untyped(), (&raw, &features), repeats, seed)
    }

    /// As [`by_column`](Importance::by_column), for the columns of one input.
    ///
    /// # Errors
    /// As [`Model::evaluate`], and [`Error::Explanation`](multi_input_base::Error::Explanation) for a
    /// node that is no input, or that has no columns.
    #[rustfmt::skip] // In one line, which rustc's message about other rows quotes.
    pub fn by_column_of<M: Network<E, D>, E: Element, D: Compute<E>>(model: &Model<M, E, D>, input: impl NodeIn<M>, rows: impl RowSlice<M::Sample>, repeats: usize, seed: Seed) -> Result<Importance> {
        let features = Feature::columns_of(&M::GRAPH, M::SAMPLE_ROW, input.node().name())?;
        let raw = encode::<M>(rows.rows(), "measure importance on")?;
        D::core().importance(model.untyped(), (&raw, &features), repeats, seed)
    }

    /// Importance by ablation: trains a model from `build` with a trainer from `trainer`, once with
    /// all inputs and once without each input, and compares the losses on `test`. An input is left
    /// out by being absent from every row if it is optional, and otherwise by having the same value
    /// in all rows.
    ///
    /// # Errors
    /// As [`Trainer::fit`] and [`Model::evaluate`].
    pub fn by_leaving_out<M: Network<E, D>, E: Element, D: Compute<E>, O: Optimizer>(
        build: impl Fn() -> Model<M, E, D>,
        trainer: impl Fn() -> Trainer<M, O>,
        train: &[M::Sample],
        test: &[M::Sample],
    ) -> Result<Importance> {
        let encode = |rows| encode::<M>(rows, "measure importance on");
        let first = encode(train)?.select(&[0]);
        let loss_without = |input: Option<usize>| -> Result<f64> {
            let left_out =
                input.map(|input| LeftOut { input, value: first.columns[input].clone() });
            let (mut model, mut raw) = (build(), encode(test)?);
            if let Some(left_out) = &left_out {
                left_out.apply(&mut raw);
            }
            trainer().leaving_out(left_out).fit(&mut model, train)?;
            Ok(D::core().evaluate(model.untyped(), Ok(raw))?.loss())
        };
        let loss = loss_without(None)?;
        let inputs = M::GRAPH.inputs.iter().enumerate();
        let increase = |(index, input): (usize, &Input)| {
            Ok(InputImportance::new(input.name, &[loss_without(Some(index))? - loss]))
        };
        let inputs = inputs.map(increase).collect::<Result<_>>()?;
        Ok(Importance::new(Method::LeftOut, loss, inputs))
    }
}

impl<M, O, C: ?Sized> Trainer<M, O, C> {
    /// Trains without an input.
    fn leaving_out(mut self, left_out: Option<LeftOut>) -> Self {
        self.left_out = left_out;
        // The first run, with all inputs, has already written all notices.
        if self.left_out.is_some() {
            return self.progress(Progress::mute());
        }
        self
    }
}
