//! The sink for everything that is wrong.

use std::fmt::Display;

use proc_macro2::Span;

/// Collects errors, so that one run reports all of them. Stages add to it and go on; only
/// [`finish`](Diagnostics::finish) tells whether there were any.
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    asked: bool,
}

impl Diagnostics {
    /// No errors yet.
    pub(crate) fn new() -> Self {
        Diagnostics { errors: Vec::new(), asked: false }
    }

    /// Adds an error at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds an error of syn's.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// The value, or `None` after adding the error.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All errors in one, if there were any.
    pub(crate) fn finish(mut self) -> syn::Result<()> {
        self.asked = true;
        let mut errors = std::mem::take(&mut self.errors).into_iter();
        match errors.next() {
            None => Ok(()),
            Some(first) => Err(errors.fold(first, |mut all, next| {
                all.combine(next);
                all
            })),
        }
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        debug_assert!(self.asked || std::thread::panicking(), "nobody asked for the errors");
    }
}
