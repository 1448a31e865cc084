//! A model's definition, dtype and device as its type, which asks for no bounds.

use std::path::Path;

use multi_input_base::{Error, Result, Seed, Stream};
use multi_input_kernel::Element;

use super::Model;
use crate::{
    checkpoint::Dtypes,
    cluster::Cluster,
    compute::Compute,
    definition::Network,
    untyped::{share_of, Divided, Typed, UntypedModel},
};

/// What a [`Model`] holds. The functions ask for what the type `Model<M, E, D>` does not, so that rustc reports
/// a type that is no definition where the model is built, and not wherever its type stands.
pub(super) trait Inner<M, E, D> {
    fn typed(&self) -> &UntypedModel<E, D, Typed<M, E, D>>
    where
        M: Network<E, D>,
        E: Element,
        D: Compute<E>;

    fn typed_mut(&mut self) -> &mut UntypedModel<E, D, Typed<M, E, D>>
    where
        M: Network<E, D>,
        E: Element,
        D: Compute<E>;
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Inner<M, E, D>
    for UntypedModel<E, D, Typed<M, E, D>>
{
    fn typed(&self) -> &Self {
        self
    }

    fn typed_mut(&mut self) -> &mut Self {
        self
    }
}

/// A [`Model`] whose definition, dtype and device go together.
#[diagnostic::on_unimplemented(
    message = "there is no `{Self}`: its definition is a struct with `#[multi_input_model]`, its dtype `f32` or `f64`",
    label = "a generic function bounds the definition by `Network`"
)]
pub trait Build: Sized {
    #[doc(hidden)]
    type Device;

    #[doc(hidden)]
    fn with_fresh_weights(device: &Self::Device, seed: Seed, on: &Cluster) -> Result<Self>;

    #[doc(hidden)]
    fn of_file(path: &Path, device: &Self::Device, dtypes: Dtypes, on: &Cluster) -> Result<Self>;
}

#[diagnostic::do_not_recommend]
impl<M: BuildWith<E, D>, E, D> Build for Model<M, E, D> {
    type Device = D;

    fn with_fresh_weights(device: &D, seed: Seed, on: &Cluster) -> Result<Self> {
        M::with_fresh_weights(device, seed, on)
    }

    fn of_file(path: &Path, device: &D, dtypes: Dtypes, on: &Cluster) -> Result<Self> {
        M::of_file(path, device, dtypes, on)
    }
}

/// A definition with a dtype and a device: one bound, so that a model whose type is not inferred is one error.
pub trait BuildWith<E, D>: Sized {
    #[doc(hidden)]
    fn with_fresh_weights(device: &D, seed: Seed, on: &Cluster) -> Result<Model<Self, E, D>>;

    #[doc(hidden)]
    fn of_file(path: &Path, device: &D, dtypes: Dtypes, on: &Cluster) -> Result<Model<Self, E, D>>;
}

#[diagnostic::do_not_recommend]
impl<M: Network<E, D>, E: Element, D: Compute<E>> BuildWith<E, D> for M {
    fn with_fresh_weights(device: &D, seed: Seed, on: &Cluster) -> Result<Model<M, E, D>> {
        let seeded = device.seeded(seed.stream(Stream::Initialisation));
        let build = || multi_input_nn::parameters::build(&seeded).map_err(Error::device);
        let module = share_of(on).while_building(build)?;
        let mut inner = Box::new(UntypedModel::new(Typed(module), device.clone()));
        inner.divided = Divided::of(&inner.module, on)?;
        Ok(Model { inner })
    }

    fn of_file(path: &Path, device: &D, dtypes: Dtypes, on: &Cluster) -> Result<Model<M, E, D>> {
        let mut model = <M as BuildWith<E, D>>::with_fresh_weights(device, Seed(0), on)?;
        D::core().load(model.untyped_mut(), path, dtypes)?;
        Ok(model)
    }
}
