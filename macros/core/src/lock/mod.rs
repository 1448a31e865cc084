//! The saved form of a model, compared with the file that `#[multi_input_model(lock = "...")]` names.
//!
//! A lock has a line for every input, node, tensor and output, in the order of the graph. Two models
//! have the same lines if, and only if, one loads the files of the other: the lines say what
//! `checkpoint::Signature` of the runtime compares. `MULTI_INPUT_UPDATE_LOCK=1 cargo check` writes the
//! file.
//!
//! The macro does not know the values of constants, so that the lock has them (`constants.rs`): with
//! these values the shapes are inferred once more, and rustc compares the values themselves
//! (`codegen/lock.rs`).

mod compare;
mod constants;
mod file;
mod form;
#[cfg(test)]
mod tests;
mod units;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

pub(crate) use self::units::Unit;
use self::{constants::Constants, file::Lock, form::Form};
use crate::{
    check::{self, CheckedGraph},
    diagnostics::Diagnostics,
    graph::{self, Graph},
    parse::{self, absolute, RawModel},
    plan, shape,
};

const VARIABLE: &str = "MULTI_INPUT_UPDATE_LOCK";

/// What is left to rustc.
#[derive(Default)]
pub(crate) struct Locked {
    /// The path of the lock.
    pub(crate) path: String,
    /// The user's token for the path.
    pub(crate) span: Option<Span>,
    pub(crate) constants: Vec<LockedConstant>,
    pub(crate) units: Vec<Unit>,
}

/// A constant whose value is compared with that of the lock.
pub(crate) struct LockedConstant {
    /// The field that names it first.
    pub(crate) field: String,
    pub(crate) text: String,
    /// The expression, with the user's spans.
    pub(crate) tokens: TokenStream,
    pub(crate) span: Span,
    /// Whether it is a size, not a real number.
    pub(crate) is_size: bool,
    /// Its value in the lock, as a literal; `None` if the lock does not have it.
    pub(crate) value: Option<TokenStream>,
    /// Which saved tensors depend on it.
    pub(crate) tensors: String,
}

/// Compares a model with its lock, or writes the lock.
pub(crate) fn compare(checked: &CheckedGraph) -> syn::Result<Locked> {
    let Some(path) = &checked.graph.model.options.lock else { return Ok(Locked::default()) };
    let (name, file) = (path.value(), absolute(&path.value()));
    let (update, text) = (Update::requested(), std::fs::read_to_string(&file));
    let lock = match (&text, &update) {
        (Ok(text), None) => match Lock::read(text) {
            Ok(lock) => lock,
            Err(reason) => {
                let text = format!(
                    "`{name}` is no lock of a model: {reason}; `{VARIABLE}=1 cargo check` writes it \
                     anew"
                );
                return Err(syn::Error::new(path.span(), text));
            }
        },
        // What is written anew may have been anything.
        (Ok(text), Some(_)) => Lock::read(text).unwrap_or_default(),
        (Err(error), None) => {
            let reason = match error.kind() {
                std::io::ErrorKind::NotFound => "is not there".to_owned(),
                _ => format!("cannot be read: {error}"),
            };
            let text = format!(
                "`{name}` {reason}; `{VARIABLE}=1 cargo check` writes it, next to Cargo.toml, and it \
                 is to be committed"
            );
            return Err(syn::Error::new(path.span(), text));
        }
        (Err(_), Some(_)) => Lock::default(),
    };
    let constants = Constants::of(checked, &lock, update.as_ref());
    let units = units::of(&checked.graph, &lock, update.as_ref());
    let (form, fits) = form(checked, &constants);
    let mut errors = Diagnostics::new();
    for (field, span) in constants::lists(checked) {
        errors.at(
            span,
            format!(
                "`{field}`: a lock holds the numbers of a list, which only rustc knows here; write them \
                 out, `[0.0, 1.0]`, or leave `lock` out"
            ),
        );
    }
    match update {
        Some(_) => {
            let written = file::write(&checked.graph, &constants, &units, &form);
            if text.ok().as_ref() != Some(&written) {
                if let Err(error) = std::fs::write(&file, written) {
                    errors.at(path.span(), format!("`{name}` cannot be written: {error}"));
                }
            }
        }
        None if fits => compare::compare(checked, &lock, &form, path, &mut errors),
        None => {}
    }
    errors.finish()?;
    let constants = constants.compared(&form);
    Ok(Locked { path: name, span: Some(path.span()), constants, units })
}

/// The saved form of a model, with the values that the lock has for constants, and whether these values
/// fit the model. If not, they are not those of the constants any more, which rustc reports.
fn form(checked: &CheckedGraph, constants: &Constants) -> (Form, bool) {
    match constants.are_needed().then(|| with_values(&checked.graph, constants)) {
        Some(Some(known)) => (Form::of(&known, checked, constants), true),
        Some(None) => (Form::of(checked, checked, constants), false),
        None => (Form::of(checked, checked, constants), true),
    }
}

/// The model with the values of constants. A budget is rustc's to check.
fn with_values(graph: &Graph, constants: &Constants) -> Option<CheckedGraph> {
    let fields = graph.nodes.iter().map(|node| constants.insert(node.field.clone()));
    let mut raw = RawModel { head: graph.model.clone(), fields: fields.collect() };
    raw.head.options.budget.clear();
    let mut errors = Diagnostics::new();
    let shaped = shape::infer(graph::build(raw, &mut errors), &mut errors);
    check::check(shaped, errors).ok()
}

/// What the user wants written.
struct Update {
    /// The values of constants, after their expressions.
    text: String,
}

impl Update {
    /// `MULTI_INPUT_UPDATE_LOCK=1`, or `MULTI_INPUT_UPDATE_LOCK="WIDTH = 64; DEPTH = 3"`.
    fn requested() -> Option<Update> {
        let text = std::env::var(VARIABLE).ok()?;
        let is_set = !matches!(text.trim(), "" | "0");
        is_set.then_some(Update { text })
    }

    /// The values after an expression, which may hold a `;` or a `=` of its own.
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let start = format!("{name} = ");
        let found = self.text.match_indices(&start).map(|(at, _)| at).collect::<Vec<_>>();
        let length = start.len();
        found.into_iter().filter_map(move |at| {
            let (before, rest) = (self.text[..at].trim_end(), &self.text[at + length..]);
            let is_whole = before.is_empty() || before.ends_with(';');
            is_whole.then(|| rest.split(';').next().unwrap_or_default().trim())
        })
    }
}

/// Makes cargo recompile the user's crate when the lock at `path` or the variable changes.
pub(crate) fn track(path: &LitStr) -> TokenStream {
    let bytes = absolute(&path.value()).is_file().then(|| parse::track(path));
    quote! {
        const _: ::core::option::Option<&::core::primitive::str> = ::core::option_env!(#VARIABLE);
        // In a function, so that the bytes are no constant that rustc evaluates.
        const _: fn() = || {
            #bytes;
        };
    }
}

/// The lock of a model, for tests.
///
/// # Errors
/// The mistakes of the model.
pub fn lock_of(item: TokenStream) -> syn::Result<String> {
    let checked = checked(item)?;
    let constants = Constants::of(&checked, &Lock::default(), None);
    let units = units::of(&checked.graph, &Lock::default(), None);
    Ok(file::write(&checked.graph, &constants, &units, &form(&checked, &constants).0))
}

/// The mistakes of a model that a lock finds, for tests.
///
/// # Errors
/// The mistakes of the model.
pub fn compare_with_lock(item: TokenStream, lock: &str) -> syn::Result<Vec<String>> {
    let checked = checked(item)?;
    let lock = Lock::read(lock).map_err(|reason| syn::Error::new(Span::call_site(), reason))?;
    let constants = Constants::of(&checked, &lock, None);
    let ((form, fits), mut errors) = (form(&checked, &constants), Diagnostics::new());
    let path = LitStr::new("model.lock", Span::call_site());
    if fits {
        compare::compare(&checked, &lock, &form, &path, &mut errors);
    }
    let mistakes = errors.finish().err();
    Ok(mistakes.into_iter().flatten().map(|error| error.to_string()).collect())
}

fn checked(item: TokenStream) -> syn::Result<CheckedGraph> {
    let mut errors = Diagnostics::new();
    let Ok(raw) = parse::parse(TokenStream::new(), item, &mut errors) else {
        errors.finish()?;
        return Err(syn::Error::new(Span::call_site(), "no model"));
    };
    let shaped = shape::infer(graph::build(raw, &mut errors), &mut errors);
    check::check(shaped, errors)
}

/// The plan decides which layers the module holds.
fn planned(checked: &CheckedGraph) -> plan::Plan<'_> {
    plan::plan(checked)
}
