//! Which models a trainer trains.

use multi_input_kernel::Element;

use crate::{
    compute::Compute,
    definition::{Definition, Network},
    model::Model,
};

/// The definition `M` of a trainer and a model of the definition `N`, as a pair: the two are one. As a bound it
/// is found to be wrong only where both are known, so that the message names both.
#[diagnostic::on_unimplemented(
    message = "a trainer whose settings or callbacks are of `{M}` cannot train a model of `{N}`",
    label = "not a model of `{M}`"
)]
pub trait TrainedBy<M: Definition, N: Definition> {
    /// The samples as those of the trainer.
    #[doc(hidden)]
    fn samples(samples: &[N::Sample]) -> &[M::Sample];
}

#[diagnostic::do_not_recommend]
impl<M: Definition, N, E: Element, D: Compute<E>> TrainedBy<M, N> for (M, Model<N, E, D>)
where
    N: Network<E, D> + Is<M>,
{
    fn samples(samples: &[N::Sample]) -> &[M::Sample] {
        N::samples(samples)
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
