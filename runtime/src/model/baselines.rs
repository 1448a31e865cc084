//! Baselines of a typed model.

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::Model;
use crate::{
    baselines::{BaselineFigures, FittedBaselines},
    compute::Compute,
    definition::Network,
    objective::encode,
};

/// Simple predictors that are fitted on the training rows of a model, to compare it with:
/// [`baselines`](crate::baselines) describes them.
///
/// ```
/// # use multi_input::{baselines::Method, prelude::*};
/// # #[multi_input_model]
/// # struct House {
/// #     #[input(standardize)]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse)]
/// #     price: f32,
/// # }
/// # let row = |i: usize| HouseSample { rooms: i as f32, price: 2.0 * i as f32 };
/// # let (train, test): (Vec<_>, Vec<_>) = ((0..40).map(row).collect(), (5..15).map(row).collect());
/// # let mut model = House::build(&Cpu::default(), Seed(7));
/// # Trainer::new(Adam::new(1e-3)).progress(Progress::silent()).fit(&mut model, &train)?;
/// let figures = Baselines::fit(&model, &train)?.evaluate(&test)?;
/// println!("{figures}");
/// let rmse = |method| figures.get("price", method, "rmse").unwrap();
/// assert!(rmse(Method::Linear) < rmse(Method::Mean));
/// # Ok::<(), multi_input::Error>(())
/// ```
pub struct Baselines<'a, M: Network<E, D>, E: Element, D: Compute<E>> {
    model: &'a Model<M, E, D>,
    fitted: FittedBaselines,
}

impl<'a, M: Network<E, D>, E: Element, D: Compute<E>> Baselines<'a, M, E, D> {
    /// Fits the baselines on the rows that the model was trained on, with its preprocessing.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn fit(model: &'a Model<M, E, D>, rows: &[M::Sample]) -> Result<Self> {
        let raw = encode::<M>(rows, "fit baselines on")?;
        let fitted = D::core().fit_baselines(model.untyped(), raw)?;
        Ok(Baselines { model, fitted })
    }

    /// The figures of the model and of the baselines on some rows.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn evaluate(&self, rows: &[M::Sample]) -> Result<BaselineFigures> {
        let raw = encode::<M>(rows, "evaluate")?;
        D::core().baselines(self.model.untyped(), &self.fitted, raw)
    }
}
