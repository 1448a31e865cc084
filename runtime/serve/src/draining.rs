//! Whether the server is about to end.

use std::sync::{
    atomic::{AtomicBool, Ordering::Relaxed},
    Arc,
};

/// Whether the server is about to end, so that `/ready` says no.
#[derive(Clone, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    pub(crate) fn begin(&self) {
        self.0.store(true, Relaxed);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Relaxed)
    }
}
