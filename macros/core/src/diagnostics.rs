//! The collector of errors, and of expressions and requirements that are left to rustc.

use std::{collections::HashSet, fmt::Display};

use proc_macro2::{Ident, Span, TokenStream};

use crate::{
    expression::{Expressions, Kind},
    requirement::{Condition, Requirement},
};

/// Collects errors, so that one run reports all of them. Stages add errors and continue; only
/// [`finish`](Diagnostics::finish) returns whether there were any.
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    /// The expressions that only rustc evaluates.
    expressions: Expressions,
    /// Requirements on constants.
    requirements: Vec<Requirement>,
    /// The requirements as text, each of which is checked once.
    required: HashSet<String>,
    /// The field whose attributes are being read; it prefixes every message.
    field: Option<String>,
    finished: bool,
}

impl Diagnostics {
    /// An empty collector.
    pub(crate) fn new() -> Self {
        Diagnostics {
            errors: Vec::new(),
            expressions: Expressions::default(),
            requirements: Vec::new(),
            required: HashSet::new(),
            field: None,
            finished: false,
        }
    }

    /// Runs `read` with the name of `field` prefixed to every message.
    pub(crate) fn of_field<T>(
        &mut self,
        field: &Ident,
        read: impl FnOnce(&mut Diagnostics) -> T,
    ) -> T {
        let outer = self.field.replace(field.to_string());
        let result = read(self);
        self.field = outer;
        result
    }

    /// Adds an error at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        let error = match &self.field {
            Some(field) => syn::Error::new(span, format!("`{field}`: {message}")),
            None => syn::Error::new(span, message),
        };
        self.errors.push(error);
    }

    /// Adds an error of syn's.
    pub(crate) fn push(&mut self, error: syn::Error) {
        for error in error {
            self.at(error.span(), error);
        }
    }

    /// The value, or `None` after adding the error.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Says which model is read.
    pub(crate) fn of_model(&mut self, model: &Ident) {
        self.expressions.model = Some(model.clone());
    }

    /// The name of the constant for an expression that only rustc evaluates.
    pub(crate) fn name(&mut self, written: &TokenStream, kind: Kind) -> TokenStream {
        self.expressions.name(written, kind)
    }

    /// The expressions for rustc.
    pub(crate) fn take_expressions(&mut self) -> Expressions {
        std::mem::take(&mut self.expressions)
    }

    /// Adds a requirement on a constant, for rustc to check; a constant that is used twice is checked
    /// once.
    pub(crate) fn require(&mut self, span: Span, value: &TokenStream, condition: Condition) {
        let field = self.field.clone().unwrap_or_default();
        if self.required.insert(format!("{condition:?} {value}")) {
            self.requirements.push(Requirement { field, span, value: value.clone(), condition });
        }
    }

    /// The requirements for rustc.
    pub(crate) fn take_requirements(&mut self) -> Vec<Requirement> {
        std::mem::take(&mut self.requirements)
    }

    /// All errors as one, if there were any.
    pub(crate) fn finish(mut self) -> syn::Result<()> {
        self.finished = true;
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
        debug_assert!(self.finished || std::thread::panicking(), "`finish` was not called");
    }
}
