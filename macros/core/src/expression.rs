//! Constant expressions of the user that only rustc evaluates. Each is emitted once, as a constant
//! beside the definition, which the rest of the expansion names: so a mistake in an expression is
//! reported once, at its tokens, where no type parameter of the expansion hides a name of the user.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, ToTokens};
use syn::spanned::Spanned;

use crate::text::plain;

/// What an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A `usize`.
    Size,
    /// A number of any type that is cast to `f64`.
    Number,
    /// A list of `f64`.
    Numbers,
    /// A `bool`.
    Flag,
    /// An `isize`.
    Axis,
    /// The name of a column.
    Text,
    /// The names of columns.
    Texts,
    /// A value of the user's own, of whatever type it is. Its constant is 0, for a type that depends on it.
    Own,
}

/// An expression, with the name of its constant.
#[derive(Clone)]
pub(crate) struct Expression {
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
    /// As the user wrote it.
    pub(crate) written: TokenStream,
    /// The same as text.
    text: String,
}

impl Expression {
    /// The user's token.
    pub(crate) fn span(&self) -> Span {
        self.written.span()
    }
}

/// The expressions of one model.
#[derive(Clone, Default)]
pub(crate) struct Expressions {
    /// The model's name, with which the names of the constants begin.
    pub(crate) model: Option<Ident>,
    all: Vec<Expression>,
}

impl Expressions {
    /// The name of the constant for an expression. Equal expressions have one constant.
    pub(crate) fn name(&mut self, written: &TokenStream, kind: Kind) -> TokenStream {
        let text = written.to_string();
        let is_same = |known: &&Expression| known.kind == kind && known.text == text;
        if let Some(known) = self.all.iter().find(is_same) {
            return known.name.to_token_stream();
        }
        let model = self.model.as_ref().map_or_else(|| "Model".to_owned(), plain);
        let kind_name = format!("{kind:?}").to_uppercase();
        // At the user's token, where rustc also speaks of the constant.
        let span = written.span().resolved_at(Span::call_site());
        let name = format_ident!("{model}_{kind_name}_{}", self.all.len(), span = span);
        self.all.push(Expression { name: name.clone(), kind, written: written.clone(), text });
        name.to_token_stream()
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Expression] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn equal_expressions_have_one_constant() {
        let model = Some(format_ident!("House"));
        let mut expressions = Expressions { model, ..Expressions::default() };
        let mut name = |tokens: TokenStream, kind| expressions.name(&tokens, kind).to_string();
        assert_eq!(name(quote!(CFG.width), Kind::Size), "House_SIZE_0");
        assert_eq!(name(quote!(RATE), Kind::Number), "House_NUMBER_1");
        assert_eq!(name(quote!(CFG.width), Kind::Size), "House_SIZE_0");
        assert_eq!(name(quote!(CFG.width), Kind::Number), "House_NUMBER_2");
        assert_eq!(expressions.all().len(), 3);
    }
}
