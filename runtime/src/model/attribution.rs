//! Attribution of the predictions of a typed model.

use multi_input_base::{Error, Result, Seed};
use multi_input_data::{preprocess::push_inputs, Table};
use multi_input_kernel::Element;

use super::Model;
use crate::{
    attribution::{
        Attribution, Background, Baseline, Explained, IntegratedGradientsSettings, ShapleySettings,
    },
    compute::Compute,
    definition::{Definition, Differentiable, Network, OutputOf},
    objective::encode,
};

/// Attribution by Shapley values; [`Attribution::shapley`] makes one.
#[must_use]
pub struct Shapley<'a, M: Network<E, D>, E: Element, D: Compute<E>> {
    model: &'a Model<M, E, D>,
    settings: ShapleySettings,
}

/// Attribution by integrated gradients; [`Attribution::integrated_gradients`] makes one.
#[must_use]
pub struct IntegratedGradients<'a, M: Network<E, D>, E: Element, D: Compute<E>> {
    model: &'a Model<M, E, D>,
    settings: IntegratedGradientsSettings,
}

impl Attribution {
    /// Attribution by Shapley values: the share of an input is its mean contribution to the
    /// prediction over all orders in which inputs can become known,
    ///
    /// ```text
    /// v(S)   = mean over background rows b of f(x_S, b_(not S))
    /// phi(i) = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))
    /// ```
    ///
    /// for the row x and n inputs. Outside of S an `Option` is absent, and any other input has the
    /// value of a background row, which [`background`](Shapley::background) or
    /// [`baseline`](Shapley::baseline) provides. The shares sum up to the prediction minus v of no
    /// input.
    ///
    /// All 2^n coalitions are computed if that takes at most 16,384 predictions for a row. Otherwise
    /// the shares are means over random orders, with standard errors, and the background is that of
    /// the orders: one row for each of them, in turn.
    ///
    /// Strumbelj and Kononenko 2014, Castro et al. 2009. Captum's `ShapleyValueSampling` with
    /// `feature_mask` for whole inputs; `shap.PermutationExplainer`.
    #[doc(alias = "shap")]
    pub fn shapley<M: Network<E, D>, E: Element, D: Compute<E>, const OUTPUT: usize>(
        model: &Model<M, E, D>,
        _output: OutputOf<M, OUTPUT>,
    ) -> Shapley<'_, M, E, D> {
        let settings = ShapleySettings {
            explained: Explained { output: OUTPUT, element: None, logit: false },
            background: Background::Absent,
            by_column: false,
            permutations: 100,
            most_enumerated: 1 << 14,
            seed: Seed(0),
            row: M::SAMPLE_ROW,
        };
        Shapley { model, settings }
    }

    /// Attribution by integrated gradients: the share of an input is the integral of the gradient
    /// along the straight line from a baseline b to the row x,
    ///
    /// ```text
    /// share(i) = (x_i - b_i) * integral over alpha from 0 to 1 of df/dx_i (b + alpha (x - b))
    /// ```
    ///
    /// summed over the elements of the input. x and b are encoded, that is after preprocessing. The
    /// baseline is zeros, which for `standardize` is the mean of the training rows, unless
    /// [`background`](IntegratedGradients::background) or
    /// [`baseline`](IntegratedGradients::baseline) gives another; an `Option` is absent in it.
    ///
    /// A category, a text, a padded list and an `Option` that is absent on one side have no values in
    /// between. Each of them switches from the baseline to the row at a random time, uniformly
    /// distributed over the path, and its share is the expected change of the prediction at that
    /// time. (Captum's `LayerIntegratedGradients` moves along the vectors of an embedding instead,
    /// through vectors that belong to no category.) Up to six such inputs are integrated exactly,
    /// more of them by 32 random orders. A derived node has a share of its own.
    ///
    /// The integral is approximated by Gauss-Legendre quadrature, and
    /// [`residual`](Attribution::residual) tells its error. Sundararajan, Taly and Yan 2017; Captum's
    /// `IntegratedGradients`.
    #[rustfmt::skip] // In one line, which the message about a model without gradients quotes.
    pub fn integrated_gradients<M: Differentiable<E, D>, E: Element, D: Compute<E>, const O: usize>(
        model: &Model<M, E, D>,
        _output: OutputOf<M, O>,
    ) -> IntegratedGradients<'_, M, E, D> {
        let settings = IntegratedGradientsSettings {
            explained: Explained { output: O, element: None, logit: false },
            baseline: Baseline::Zeros,
            by_column: false,
            steps: 50,
            row: M::SAMPLE_ROW,
        };
        IntegratedGradients { model, settings }
    }
}

/// The methods that both ways of explaining share; `$columns` says which arrays have columns.
macro_rules! explained_number {
    ($columns:literal) => {
        /// Explains the class, label or element with this index. Without it, a class output is
        /// explained for the class that is predicted for the row; other outputs must have one number.
        pub fn element(mut self, index: usize) -> Self {
            self.settings.explained.element = Some(index);
            self
        }

        /// Explains the head before the link function: the logit of a probability or class, and of a
        /// number with preprocessing the encoded number. Shares of logits add up without saturation.
        /// The head of ordered classes (`ordinal`) has one number for each threshold between them,
        /// which `element` then chooses.
        pub fn logit(mut self) -> Self {
            self.settings.explained.logit = true;
            self
        }

        /// Gives every column of an array a share of its own.
        #[doc = $columns]
        pub fn by_column(mut self) -> Self {
            self.settings.by_column = true;
            self
        }

        /// Explains the prediction for one row.
        ///
        /// # Errors
        /// As [`explain`](Self::explain).
        pub fn explain_row(&self, row: &M::Inputs) -> Result<Attribution> {
            let explained = self.explain_table(&inputs::<M>([row])?)?;
            explained.into_iter().next().ok_or(Error::NoRows("explain"))
        }

        /// Explains the predictions for rows, each on its own.
        ///
        /// # Errors
        /// As [`Model::predict`]; [`Error::NoRows`] without rows;
        /// [`Error::Explanation`](multi_input_base::Error::Explanation) for an element that does not
        /// exist, or must be chosen, and for settings that do not fit the model.
        pub fn explain(&self, rows: &[M::Inputs]) -> Result<Vec<Attribution>> {
            self.explain_table(&inputs::<M>(rows)?)
        }

        /// Explains the predictions for samples.
        ///
        /// # Errors
        /// As [`explain`](Self::explain).
        pub fn explain_samples(&self, rows: &[M::Sample]) -> Result<Vec<Attribution>> {
            self.explain_table(&encode::<M>(rows, "explain")?)
        }
    };
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Shapley<'_, M, E, D> {
    explained_number!(
        "An array of more than 100 columns has one share, because every column takes predictions of \
         its own, and so has an `Option`, which is absent as a whole."
    );

    /// The rows to compare with, such as the training rows or a sample of them. An `Option` outside
    /// of a coalition is absent, whatever these rows hold.
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, and [`Error::Value`] for invalid ones.
    pub fn background(mut self, rows: &[M::Sample]) -> Result<Self> {
        self.settings.background = Background::Rows(encode::<M>(rows, "compare with")?);
        Ok(self)
    }

    /// One row to compare with, in which an `Option` may be present or absent.
    ///
    /// # Errors
    /// [`Error::Value`] for an invalid row.
    pub fn baseline(mut self, row: &M::Inputs) -> Result<Self> {
        self.settings.background = Background::Row(inputs::<M>([row])?);
        Ok(self)
    }

    /// The number of random orders, 100 by default and at least 2. Each is walked forwards and
    /// backwards, which takes two predictions for every input or column. It is rounded up to a
    /// multiple of the number of background rows, of which there are at most as many as orders, so
    /// that every one of them counts equally.
    pub fn permutations(mut self, permutations: usize) -> Self {
        self.settings.permutations = permutations;
        self
    }

    /// The most predictions for a row up to which all coalitions are computed; 0 for random orders in
    /// any case. n inputs and m background rows take m 2^n of them.
    pub fn exact_up_to(mut self, predictions: usize) -> Self {
        self.settings.most_enumerated = predictions;
        self
    }

    /// The seed of the random orders.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.settings.seed = seed;
        self
    }

    fn explain_table(&self, rows: &Table) -> Result<Vec<Attribution>> {
        D::core().shapley(self.model.untyped(), &self.settings, rows)
    }
}

impl<M: Differentiable<E, D>, E: Element, D: Compute<E>> IntegratedGradients<'_, M, E, D> {
    explained_number!(
        "It must be an array of numbers that preprocessing leaves as many. An `Option` has one share, \
         because it is absent as a whole."
    );

    /// Starts the path at the mean of the encoded numbers of rows and their most frequent categories.
    /// Texts and lists start empty.
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, and [`Error::Value`] for invalid ones.
    pub fn background(mut self, rows: &[M::Sample]) -> Result<Self> {
        self.settings.baseline = Baseline::Mean(encode::<M>(rows, "compare with")?);
        Ok(self)
    }

    /// Starts the path at a row.
    ///
    /// # Errors
    /// [`Error::Value`] for an invalid row.
    pub fn baseline(mut self, row: &M::Inputs) -> Result<Self> {
        self.settings.baseline = Baseline::Row(inputs::<M>([row])?);
        Ok(self)
    }

    /// The number of points of the quadrature, 50 by default.
    pub fn steps(mut self, steps: usize) -> Self {
        self.settings.steps = steps;
        self
    }

    fn explain_table(&self, rows: &Table) -> Result<Vec<Attribution>> {
        let (model, module) = (self.model.untyped(), &self.model.inner().module);
        D::core().integrated_gradients((model, module), &self.settings, rows)
    }
}

/// Rows of inputs as a table of raw values.
fn inputs<'r, M: Definition>(rows: impl IntoIterator<Item = &'r M::Inputs>) -> Result<Table> {
    let mut raw = Table::of_inputs(&M::GRAPH);
    rows.into_iter().try_for_each(|row| push_inputs::<M>(&mut raw, row))?;
    Ok(raw)
}
