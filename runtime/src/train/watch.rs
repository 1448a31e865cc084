//! Which node's output is the first that is not finite.
//!
//! The generated forward has dfdx's signature, which has no room for an observer; so the observer
//! stands beside the thread while one forward runs, and costs a look at a flag else.

use std::cell::Cell;

use crate::tensor::*;

#[derive(Clone, Copy)]
enum Watched {
    Nothing,
    /// All nodes so far were finite.
    Finite,
    /// This one was the first that was not.
    NotFinite(&'static str),
}

thread_local! {
    static WATCHED: Cell<Watched> = const { Cell::new(Watched::Nothing) };
}

/// Runs a forward, and names the first node whose output is not finite.
pub(super) fn first_not_finite(forward: impl FnOnce()) -> Option<&'static str> {
    WATCHED.set(Watched::Finite);
    forward();
    match WATCHED.replace(Watched::Nothing) {
        Watched::NotFinite(name) => Some(name),
        Watched::Nothing | Watched::Finite => None,
    }
}

/// Called at the end of every node.
pub(crate) fn look<S: Shape, E: Element, D: Backend<E>>(
    name: &'static str,
    value: &Tensor<S, E, D>,
) {
    if !matches!(WATCHED.get(), Watched::Finite) {
        return;
    }
    // What cannot be copied is not looked at: the run fails anyway.
    let Ok(value) = value.clone().try_contiguous() else { return };
    if !D::values(&value).iter().all(|number| number.is_finite()) {
        WATCHED.set(Watched::NotFinite(name));
    }
}
