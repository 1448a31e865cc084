//! What comes out of every node of a forward pass.
//!
//! The generated forward has dfdx's signature, which has no room for an observer; so the observer
//! is a thread-local while one forward pass runs, and costs a look at a flag otherwise. The flag and the
//! values stand apart so that the look is no more than that.

use std::cell::{Cell, RefCell};

use multi_input_kernel::{Backend, Element, Operand};

/// What is taken note of at the end of every node.
#[derive(Clone, Copy, PartialEq)]
enum Observed {
    Nothing,
    /// The first node that is not finite; all so far were.
    Finite,
    /// This one was the first that was not.
    NotFinite(&'static str),
    /// The values of the nodes in `VALUES`.
    Values,
}

thread_local! {
    static OBSERVED: Cell<Observed> = const { Cell::new(Observed::Nothing) };
    /// The nodes whose values are wanted, and the values.
    static VALUES: RefCell<Vec<(&'static str, Vec<f64>)>> = const { RefCell::new(Vec::new()) };
}

/// Runs a forward pass, and names the first node whose output is not finite.
pub(super) fn first_non_finite(forward: impl FnOnce()) -> Option<&'static str> {
    OBSERVED.set(Observed::Finite);
    forward();
    match OBSERVED.replace(Observed::Nothing) {
        Observed::NotFinite(name) => Some(name),
        _ => None,
    }
}

/// Runs a forward pass, and gives the output of each of `nodes`: the rows of the batch one after the
/// other.
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
        note(name, &mut D::elements(value).iter().map(|number| number.as_f64()));
    }
}

/// Takes note of the numbers of a node.
fn note(name: &'static str, mut numbers: &mut dyn Iterator<Item = f64>) {
    match OBSERVED.get() {
        Observed::Values => VALUES.with_borrow_mut(|wanted| {
            let own = wanted.iter_mut().find(|(node, _)| *node == name);
            own.into_iter().for_each(|(_, values)| *values = numbers.collect());
        }),
        _ if (&mut numbers).all(f64::is_finite) => {}
        _ => OBSERVED.set(Observed::NotFinite(name)),
    }
}
