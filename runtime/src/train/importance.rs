//! Input importance of a typed model.

use multi_input_base::{Result, Seed};
use multi_input_kernel::Element;
use multi_input_nn::optim::Optimizer;

use super::Trainer;
use crate::{
    callback::Progress,
    compute::Compute,
    definition::{Definition, Input, Network},
    fit::LeftOut,
    importance::{Importance, InputImportance, Method},
    model::Model,
    objective::encode,
};

impl Importance {
    /// Permutation importance: permutes each input's values over the rows, `repeats` times, in
    /// orders that depend on `seed`. `sklearn.inspection.permutation_importance`, for whole inputs.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn by_permutation<M: Network<E, D>, E: Element, D: Compute<E>>(
        model: &Model<M, E, D>,
        rows: &[M::Sample],
        repeats: usize,
        seed: Seed,
    ) -> Result<Importance> {
        let raw = encode::<M>(rows, "measure importance on")?;
        D::core().importance(model.untyped(), &raw, repeats, seed)
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
            Ok(D::core().evaluate(model.untyped(), raw)?.loss())
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

impl<M: Definition, O: Optimizer> Trainer<M, O> {
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
