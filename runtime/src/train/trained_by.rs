//! Which models and rows a trainer takes.

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::Trainer;
use crate::{
    callback::Callback,
    cluster::together,
    compute::Compute,
    definition::{Definition, Network},
    fit::LearningRateCurve,
    history::History,
    model::Model,
    objective::encode,
};

/// The definition `M` of a trainer with callbacks `C`, and a model `P` of the definition `N` with samples of the type
/// `R`, as a pair: the two definitions are one. As a single bound it is found to be wrong once, and not where the type of the rows is
/// already reported.
#[diagnostic::on_unimplemented(
    message = "a trainer whose settings or callbacks are of `{M}` cannot train a model of `{N}`",
    label = "name nodes and callbacks of this model; a generic function bounds it by `Network`"
)]
pub trait TrainedBy<M, N, R, C: ?Sized, P> {
    #[doc(hidden)]
    fn fit<O>(trainer: Trainer<M, O, C>, model: &mut P, train: &[R]) -> Result<History>;

    #[doc(hidden)]
    fn find_learning_rate<O>(
        trainer: Trainer<M, O, C>,
        model: &mut P,
        train: &[R],
    ) -> Result<LearningRateCurve>;
}

#[diagnostic::do_not_recommend]
impl<M, N, R, E, D, C> TrainedBy<M, N, R, C, Model<N, E, D>> for (M, Model<N, E, D>)
where
    M: Definition,
    N: Network<E, D, Sample = R> + Is<M>,
    E: Element,
    D: Compute<E>,
    C: Callback<M> + ?Sized,
{
    fn fit<O>(
        trainer: Trainer<M, O, C>,
        model: &mut Model<N, E, D>,
        train: &[R],
    ) -> Result<History> {
        together(trainer.settings.cluster.clone().as_ref(), || {
            let (setup, _) = trainer.setup(N::samples(train));
            let checked = setup.checked(train.len())?;
            let raw = encode::<N>(train, "train on")?;
            D::core().fit(checked, model.untyped_mut(), raw)
        })
    }

    fn find_learning_rate<O>(
        trainer: Trainer<M, O, C>,
        model: &mut Model<N, E, D>,
        train: &[R],
    ) -> Result<LearningRateCurve> {
        let (mut setup, _) = trainer.setup(N::samples(train));
        // Every rank finds the same.
        setup.settings.cluster = None;
        let checked = setup.finding_a_rate().checked(train.len())?;
        let raw = encode::<N>(train, "train on")?;
        D::core().find_learning_rate(checked, model.untyped_mut(), raw)
    }
}

/// The definition `M`.
pub trait Is<M: Definition>: Definition {
    #[doc(hidden)]
    fn samples(samples: &[Self::Sample]) -> &[M::Sample];
}

impl<M: Definition> Is<M> for M {
    fn samples(samples: &[M::Sample]) -> &[M::Sample] {
        samples
    }
}
