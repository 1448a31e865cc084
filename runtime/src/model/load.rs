//! What weights are loaded from.

use std::path::Path;

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::UntypedModel;
use crate::{
    checkpoint::Dtypes,
    compute::Compute,
    foreign::{ForeignWeights, Loaded},
    transfer::Weights,
};

/// The argument of [`Model::load_weights`](crate::Model::load_weights): the path of a file of this
/// library, or [`Weights`] of any origin.
#[diagnostic::on_unimplemented(
    message = "weights cannot be loaded from `{Self}`",
    label = "neither a path nor `Weights`",
    note = "a saved model is named by its path, `model.load_weights(\"house.safetensors\")`; files of other \
            libraries are read by `Weights::torch(path)?`, and with the feature `keras` by \
            `Weights::keras(path)?`"
)]
pub trait WeightsSource {
    /// What loading says: which layer of another library became which; nothing for files of our own, in
    /// which everything has to agree.
    type Loaded;

    #[doc(hidden)]
    fn load_into<E: Element, D: Compute<E>>(
        self,
        model: &mut UntypedModel<E, D>,
    ) -> Result<Self::Loaded>;
}

#[diagnostic::do_not_recommend]
impl<P: AsRef<Path>> WeightsSource for P {
    type Loaded = ();

    fn load_into<E: Element, D: Compute<E>>(self, model: &mut UntypedModel<E, D>) -> Result<()> {
        D::core().load(model, self.as_ref(), Dtypes::Same)
    }
}

#[diagnostic::do_not_recommend]
impl WeightsSource for Weights {
    type Loaded = ();

    fn load_into<E: Element, D: Compute<E>>(self, model: &mut UntypedModel<E, D>) -> Result<()> {
        D::core().load_read(model, self)
    }
}

#[diagnostic::do_not_recommend]
impl WeightsSource for ForeignWeights {
    type Loaded = Loaded;

    fn load_into<E: Element, D: Compute<E>>(
        self,
        model: &mut UntypedModel<E, D>,
    ) -> Result<Loaded> {
        D::core().load_foreign(model, &self)
    }
}
