//! An average over classes or labels: `macro`, `micro`, `weighted`, `binary(2)`, `binary("cat")`.

use multi_input_spec::{names::WORDS, AVERAGES};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{spanned::Spanned, Expr, ExprLit, Lit, LitStr};

use super::{number::SizeExpr, word::Word};
use crate::{diagnostics::Diagnostics, meaning, text::compact};

/// An average as the user wrote it.
#[derive(Clone)]
pub(crate) struct AverageExpr {
    /// One of [`AVERAGES`].
    pub(crate) word: &'static str,
    /// The class that counts as true, of `binary`.
    pub(crate) label: Option<LabelExpr>,
    /// The user's token.
    pub(crate) span: Span,
}

/// A class as the user wrote it.
#[derive(Clone)]
pub(crate) enum LabelExpr {
    /// Its number, from 0.
    Index(SizeExpr),
    /// Its label in the training rows, or the column of a label of `[bool; N]`.
    Text(LitStr),
}

impl AverageExpr {
    /// `None` after reporting mistakes.
    pub(super) fn read(value: &Expr, errors: &mut Diagnostics) -> Option<AverageExpr> {
        let Some(word) = Word::of(value) else {
            let found = compact(&value.to_token_stream());
            errors.at(value.span(), unknown(&found));
            return None;
        };
        let names = meaning::with_others(AVERAGES.iter().copied(), WORDS);
        if meaning::among(&word.text, &names).is_none() {
            word.refuse(unknown(&word.text), errors);
            return None;
        }
        let average = word.choose(&names, unknown, errors)?;
        let label = word.arguments.map(|label| label_of(average, word.span, label, errors));
        match (average, label) {
            ("binary", Some(label)) => {
                Some(AverageExpr { word: average, label: Some(label?), span: word.span })
            }
            ("binary", None) => {
                errors.at(word.span, NEEDS_CLASS);
                None
            }
            (_, Some(_)) => {
                errors.at(word.span, format!("the average `{average}` takes no class"));
                None
            }
            (_, None) => Some(AverageExpr { word: average, label: None, span: word.span }),
        }
    }

    /// Leaves a class that the macro does not know to rustc.
    pub(super) fn name_expressions(&mut self, errors: &mut Diagnostics) {
        if let Some(LabelExpr::Index(class)) = &mut self.label {
            class.name(errors);
        }
    }

    /// What distinguishes its figure from those of other averages.
    pub(super) fn key(&self) -> String {
        match &self.label {
            None => self.word.to_owned(),
            Some(LabelExpr::Index(class)) => format!("{} {}", self.word, class.written),
            Some(LabelExpr::Text(label)) => format!("{} {}", self.word, label.to_token_stream()),
        }
    }
}

impl LabelExpr {
    fn read(value: &Expr) -> syn::Result<LabelExpr> {
        match value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(LabelExpr::Text(text.clone())),
            _ => SizeExpr::at_least(0, "a class", value).map(LabelExpr::Index),
        }
    }
}

const NEEDS_CLASS: &str = "`binary` needs the class that counts as true: write `binary(1)`, or \
                           `binary(\"label\")` where the classes have labels";

/// The class in the parentheses of `binary`.
fn label_of(
    average: &str,
    span: Span,
    label: TokenStream,
    errors: &mut Diagnostics,
) -> Option<LabelExpr> {
    if average != "binary" {
        return None;
    }
    match syn::parse2::<Expr>(label) {
        Ok(label) => errors.ok(LabelExpr::read(&label)),
        Err(_) => {
            errors.at(span, NEEDS_CLASS);
            None
        }
    }
}

fn unknown(found: &str) -> String {
    format!("`average` is one of `macro`, `micro`, `weighted` and `binary(class)`, not `{found}`")
}
