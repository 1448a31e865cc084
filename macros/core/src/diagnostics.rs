//! The collector of errors, and of expressions and requirements that are left to rustc.

use std::{collections::HashSet, fmt::Display};

use proc_macro2::{Ident, Span, TokenStream};

use crate::{
    expression::{Expressions, Kind},
    requirement::{Condition, Requirement},
    syntax,
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
    /// The tokens that stand for something else; what is wrong with that is no mistake of the user's.
    guessed: Vec<String>,
    /// The fields with such tokens.
    guessed_fields: Vec<String>,
    /// The number of guesses.
    guesses: usize,
    /// Whether the messages of guesses are left out.
    guesses_are_known: bool,
    /// Whether all attributes are read, so that errors are about what is meant by them.
    is_read: bool,
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
            guessed: Vec::new(),
            guessed_fields: Vec::new(),
            guesses: 0,
            guesses_are_known: false,
            is_read: false,
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

    /// Adds an error at a token, after which the model goes on with what is meant by it. What later
    /// stages find wrong with that is not reported: a guess may be wrong.
    pub(crate) fn guess(&mut self, span: Span, message: impl Display) {
        if !self.guesses_are_known {
            self.at(span, message);
        }
        self.guesses += 1;
        self.guessed.extend(key(span));
        self.doubt_field();
    }

    /// What later stages find wrong with `field` is not reported: a mistake leaves open what it is.
    pub(crate) fn doubt(&mut self, field: &Ident) {
        self.guessed_fields.push(format!("`{field}`"));
    }

    /// [`doubt`](Self::doubt) for the field whose attributes are being read.
    pub(crate) fn doubt_field(&mut self) {
        self.guessed_fields.extend(self.field.as_ref().map(|field| format!("`{field}`")));
    }

    /// All attributes are read.
    pub(crate) fn end_reading(&mut self) {
        self.is_read = true;
    }

    /// Adds an error at a token; a guess, if something is `meant` by it.
    pub(crate) fn guess_if(&mut self, is_meant: bool, span: Span, message: impl Display) {
        match is_meant {
            true => self.guess(span, message),
            false => self.at(span, message),
        }
    }

    /// The number of guesses.
    pub(crate) fn guesses(&self) -> usize {
        self.guesses
    }

    /// Runs `read`, without the messages of its guesses if there have been more guesses than `before`:
    /// in one list the same mistake is reported once.
    pub(crate) fn guess_once<T>(
        &mut self,
        before: usize,
        read: impl FnOnce(&mut Diagnostics) -> T,
    ) -> T {
        let outer = self.guesses_are_known;
        self.guesses_are_known |= self.guesses() > before;
        let result = read(self);
        self.guesses_are_known = outer;
        result
    }

    /// Runs `read`, without its messages if there have been more guesses than `before`: what follows
    /// from a guess in the same call is not reported.
    pub(crate) fn unless_guessed<T>(
        &mut self,
        before: usize,
        read: impl FnOnce(&mut Diagnostics) -> T,
    ) -> T {
        match self.guesses() > before {
            true => self.quietly(read).0,
            false => read(self),
        }
    }

    /// Adds an error at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        let message = match &self.field {
            Some(field) => format!("`{field}`: {message}"),
            None => message.to_string(),
        };
        let is_guessed = key(span).is_some_and(|key| self.guessed.contains(&key));
        let is_later = self.is_read || self.field.is_none();
        let mut fields = self.guessed_fields.iter();
        let is_of_guessed = is_later && fields.any(|field| message.starts_with(field.as_str()));
        if !is_guessed && !is_of_guessed {
            self.errors.push(syn::Error::new(span, message));
        }
    }

    /// Adds an error of syn's.
    pub(crate) fn push(&mut self, error: syn::Error) {
        for error in error {
            self.at(error.span(), syntax::in_words(&error.to_string()));
        }
    }

    /// Runs `read` without its messages, where a mistake has been reported already; returns whether
    /// there were none.
    pub(crate) fn quietly<T>(&mut self, read: impl FnOnce(&mut Diagnostics) -> T) -> (T, bool) {
        let before = self.errors.len();
        let result = read(self);
        let is_clean = self.errors.len() == before;
        self.errors.truncate(before);
        (result, is_clean)
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

/// What tells a token from all others; `None` of a token that has no place in a file, as those that a
/// macro makes.
fn key(span: Span) -> Option<String> {
    let place = |span: Span| format!("{span:?}");
    (place(span) != place(Span::call_site())).then(|| place(span))
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        debug_assert!(self.finished || std::thread::panicking(), "`finish` was not called");
    }
}
