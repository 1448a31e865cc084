//! Parts of a model.

use super::Definition;

/// A definition over some nodes of the model `M`: the nodes that the outputs named in
/// `part(...)` need. The expansion of `#[multi_input_model]` implements it for every part.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no part of `{M}`",
    label = "no part of that model",
    note = "declare it at the model: `#[multi_input_model(part(ItemTower = item_vector))]`"
)]
pub trait PartOf<M>: Definition {
    /// The nodes that own a branch here and share it in `M`, each with the owner there.
    #[doc(hidden)]
    const OWNERS: &'static [(&'static str, &'static str)];
}
