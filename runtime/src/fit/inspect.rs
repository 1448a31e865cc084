//! Inspects the output of every node during a forward pass.
//!
//! The signature of dfdx's `forward` has no parameter for an observer, so the observer is a
//! thread-local that is set for the duration of one forward pass. Otherwise the cost is one read of
//! a flag; the flag is stored apart from the values to keep that read cheap.

use std::cell::{Cell, RefCell};

use multi_input_kernel::{Backend, Element, Operand};

/// What is recorded at the end of every node.
#[derive(Clone, Copy, PartialEq)]
enum Observed {
    Nothing,
    /// The first node with a non-finite output; all outputs so far were finite.
    Finite,
    /// This node was the first with a non-finite output.
    NotFinite(&'static str),
    /// The values of the nodes in `VALUES`.
    Values,
}

thread_local! {
    static OBSERVED: Cell<Observed> = const { Cell::new(Observed::Nothing) };
    /// The requested nodes and their values.
    static VALUES: RefCell<Vec<(&'static str, Vec<f64>)>> = const { RefCell::new(Vec::new()) };
}

/// Runs a forward pass and returns the first node whose output is not finite.
pub(super) fn first_non_finite(forward: impl FnOnce()) -> Option<&'static str> {
    OBSERVED.set(Observed::Finite);
    forward();
    match OBSERVED.replace(Observed::Nothing) {
        Observed::NotFinite(name) => Some(name),
        _ => None,
    }
}

/// Runs a forward pass and returns the outputs of `nodes`, each as the rows of the batch one after
/// the other.
pub(super) fn outputs(
    nodes: &[&'static str],
    forward: impl FnOnce(),
) -> Vec<(&'static str, Vec<f64>)> {
    VALUES.set(nodes.iter().map(|node| (*node, Vec::new())).collect());
    OBSERVED.set(Observed::Values);
    forward();
    OBSERVED.set(Observed::Nothing);
    VALUES.take()
}

/// Called at the end of every node.
pub(crate) fn inspect<E: Element, D: Backend<E>>(name: &'static str, value: &dyn Operand<E, D>) {
    if matches!(OBSERVED.get(), Observed::Finite | Observed::Values) {
        record(name, &mut D::elements(value).iter().map(|number| number.as_f64()));
    }
}

/// Records the elements of a node's output.
fn record(name: &'static str, mut numbers: &mut dyn Iterator<Item = f64>) {
    match OBSERVED.get() {
        Observed::Values => VALUES.with_borrow_mut(|requested| {
            let own = requested.iter_mut().find(|(node, _)| *node == name);
            own.into_iter().for_each(|(_, values)| *values = numbers.collect());
        }),
        _ if (&mut numbers).all(f64::is_finite) => {}
        _ => OBSERVED.set(Observed::NotFinite(name)),
    }
}
