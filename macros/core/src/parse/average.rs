//! An average over classes or labels: `macro`, `micro`, `weighted`, `binary(2)`, `binary("cat")`.

use multi_input_spec::AVERAGES;
use proc_macro2::Span;
use quote::ToTokens;
use syn::{ext::IdentExt, spanned::Spanned, Expr, ExprLit, Ident, Lit, LitStr};

use super::number::SizeExpr;
use crate::{diagnostics::Diagnostics, suggest::suggest, text::compact};

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
    pub(super) fn read(value: &Expr) -> syn::Result<AverageExpr> {
        let (word, label) = match value {
            Expr::Call(call) => {
                (ident(&call.func), call.args.first().filter(|_| call.args.len() == 1))
            }
            _ => (ident(value), None),
        };
        let span = word.map_or_else(|| value.span(), Ident::span);
        let name = word.map(|word| word.unraw().to_string()).unwrap_or_default();
        let Some(word) = AVERAGES.iter().find(|word| **word == name) else {
            return Err(syn::Error::new(span, unknown(&name, value)));
        };
        let label = match (*word, value, label) {
            ("binary", _, Some(label)) => Some(LabelExpr::read(label)?),
            ("binary", ..) => {
                let text = "`binary` needs the class that counts as true: write `binary(1)`, or \
                            `binary(\"label\")` where the classes have labels";
                return Err(syn::Error::new(span, text));
            }
            (_, Expr::Call(_), _) => {
                return Err(syn::Error::new(span, format!("the average `{word}` takes no class")));
            }
            _ => None,
        };
        Ok(AverageExpr { word, label, span })
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

fn ident(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

fn unknown(name: &str, value: &Expr) -> String {
    let found = match name.is_empty() {
        true => compact(&value.to_token_stream()),
        false => name.to_owned(),
    };
    let near = suggest(name, AVERAGES.iter().copied());
    format!(
        "`average` is one of `macro`, `micro`, `weighted` and `binary(class)`, not `{found}`{near}"
    )
}
