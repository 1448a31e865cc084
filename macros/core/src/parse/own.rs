//! A thing of the user's own, by its path and with arguments: `my::Winsorize(0.01)`.
//!
//! What is written is read as a constant expression, which the expansion evaluates:
//!
//! | in an attribute | expression |
//! |---|---|
//! | `my::Winsorize` | `my::Winsorize` |
//! | `my::Winsorize(0.01)` | `my::Winsorize(0.01)`, a tuple struct or a `const fn` |
//! | `my::Winsorize(share = 0.01)` | `my::Winsorize { share: 0.01 }` |
//! | `my::Gated(a, b)` of nodes | `my::Gated` |
//! | `my::gated(a, b)` of nodes | `my::gated()`, a `const fn` |
//! | `my::Gated(a, b, at = 0.5)` of nodes | `my::Gated { at: 0.5 }` |

use multi_input_spec::names::Kind;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote_spanned, ToTokens};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    token, Expr, Path, PathArguments, Token,
};

use super::{given::Given, word::Word};
use crate::{diagnostics::Diagnostics, expression, suggest::suggest, text::compact};

/// A value of the user's own.
#[derive(Clone)]
pub(crate) struct Own {
    /// Its path, as an expression has it.
    pub(crate) path: Path,
    /// The constant expression, with the user's spans.
    pub(crate) expression: TokenStream,
    /// The user's token for errors: the path's last segment.
    pub(crate) span: Span,
    /// As the user wrote it, in one line.
    pub(crate) text: String,
    /// The constant that fails if the expression does, where its arguments may fail.
    evaluated: Option<TokenStream>,
}

impl Own {
    /// Whether tokens begin with a path, which is what things of the user's own are written with: it
    /// has several segments, or its only one is in capitals as a type or a constant is, and is no
    /// slip for one of `ours`.
    pub(super) fn is_written<'a>(
        tokens: &TokenStream,
        ours: impl IntoIterator<Item = &'a str>,
        kind: Kind,
    ) -> bool {
        if Word::begins(tokens).is_some_and(|(word, _)| word.is_ours(kind)) {
            return false;
        }
        let mut trees = tokens.clone().into_iter();
        match (trees.next(), trees.next()) {
            (Some(TokenTree::Punct(first)), Some(TokenTree::Punct(_))) => first.as_char() == ':',
            (Some(TokenTree::Ident(_)), Some(TokenTree::Punct(next))) if next.as_char() == ':' => {
                true
            }
            (Some(TokenTree::Ident(only)), _) => {
                let name = only.to_string();
                name.starts_with(char::is_uppercase) && suggest(&name, ours).is_empty()
            }
            _ => false,
        }
    }

    /// Reads a path, with or without arguments.
    pub(super) fn read(tokens: TokenStream) -> syn::Result<Own> {
        let parser = |input: ParseStream<'_>| {
            let own = Own::parse(input)?;
            end(input)?;
            Ok(own)
        };
        parser.parse2(tokens)
    }

    /// Reads the beginning of `input`.
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Own> {
        let (path, text) = path(input)?;
        let span = last_segment(&path);
        let Some(Arguments { given, text: arguments }) = Arguments::parse(input)? else {
            let expression = path.to_token_stream();
            return Ok(Own { path, expression, span, text, evaluated: None });
        };
        let expression = match given.iter().all(|given| given.name.is_none()) {
            true => {
                let values = given.iter().map(|given| &given.value);
                quote_spanned!(span=> #path(#(#values),*))
            }
            false => construct(&path, span, given)?,
        };
        Ok(Own { path, expression, span, text: format!("{text}{arguments}"), evaluated: None })
    }

    /// Reads a path with nodes, before arguments that have names; the nodes are returned as they are
    /// written.
    pub(super) fn parse_of_nodes(input: ParseStream<'_>) -> syn::Result<(Own, Vec<Expr>)> {
        let (path, text) = path(input)?;
        let span = last_segment(&path);
        let Some(Arguments { given, text: arguments }) = Arguments::parse(input)? else {
            let message = format!("`{text}` of which nodes? Write `{text}(first, second)`");
            return Err(syn::Error::new(span, message));
        };
        let (named, nodes): (Vec<_>, Vec<_>) =
            given.into_iter().partition(|given| given.name.is_some());
        let nodes = nodes.into_iter().map(|given| given.value).collect();
        let is_function = path.segments.last().is_some_and(|last| {
            last.ident.unraw().to_string().starts_with(|letter: char| letter.is_lowercase())
        });
        let expression = match (named.is_empty(), is_function) {
            (true, true) => quote_spanned!(span=> #path()),
            (true, false) => path.to_token_stream(),
            (false, true) => {
                let message = format!(
                    "`{text}` is a function by its name, which has no named arguments; name a \
                     struct, whose fields they are"
                );
                return Err(syn::Error::new(span, message));
            }
            (false, false) => construct(&path, span, named)?,
        };
        let text = format!("{text}{arguments}");
        Ok((Own { path, expression, span, text, evaluated: None }, nodes))
    }

    /// Leaves arguments that may fail to rustc once: a type that depends on the value, which every use of
    /// it names, fails with it and says nothing.
    pub(super) fn leave_to_rustc(&mut self, errors: &mut Diagnostics) {
        if self.may_fail() {
            self.evaluated = Some(errors.name(&self.expression, expression::Kind::Own));
        }
    }

    /// Whether an argument is computed.
    fn may_fail(&self) -> bool {
        let is_computed = |value: &Expr| !matches!(value, Expr::Lit(_) | Expr::Path(_));
        match syn::parse2::<Expr>(self.expression.clone()) {
            Ok(Expr::Call(call)) => call.args.iter().any(is_computed),
            Ok(Expr::Struct(given)) => given.fields.iter().any(|field| is_computed(&field.expr)),
            _ => false,
        }
    }

    /// The value as a `&'static`, of whatever type it is.
    pub(crate) fn value(&self) -> TokenStream {
        let expression = &self.expression;
        match &self.evaluated {
            Some(evaluated) => quote_spanned! {self.span=>
                const {
                    let _: [(); #evaluated] = [];
                    &#expression
                }
            },
            None => quote_spanned!(self.span=> const { &#expression }),
        }
    }

    /// The name of its path's last segment.
    pub(crate) fn name(&self) -> String {
        self.path.segments.last().map(|last| last.ident.unraw().to_string()).unwrap_or_default()
    }
}

/// The arguments in parentheses.
struct Arguments {
    given: Vec<Given>,
    text: String,
}

impl Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Option<Arguments>> {
        if !input.peek(token::Paren) {
            return Ok(None);
        }
        let content;
        syn::parenthesized!(content in input);
        let text = format!("({})", compact(&content.fork().parse()?));
        let given = Punctuated::<Given, Token![,]>::parse_terminated(&content)?;
        Ok(Some(Arguments { given: given.into_iter().collect(), text }))
    }
}

/// A path in the form of an expression, `my::Bins::<3>`, and as it is written, maybe `my::Bins<3>`.
fn path(input: ParseStream<'_>) -> syn::Result<(Path, String)> {
    let mut path: Path = input.parse()?;
    let text = compact(&path.to_token_stream());
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            arguments.colon2_token.get_or_insert_with(<Token![::]>::default);
        }
    }
    Ok((path, text))
}

fn last_segment(path: &Path) -> Span {
    path.segments.last().map_or_else(|| path.span(), |last| last.ident.span())
}

/// `my::Winsorize { share: 0.01 }`.
fn construct(path: &Path, span: Span, given: Vec<Given>) -> syn::Result<TokenStream> {
    let fields = given.into_iter().map(|Given { name, value }| match name {
        Some(name) => Ok(quote_spanned!(name.span()=> #name: #value)),
        None => {
            let written = compact(&value.to_token_stream());
            let text = format!("all arguments have names, or none: which field is `{written}`?");
            Err(syn::Error::new(value.span(), text))
        }
    });
    let fields = fields.collect::<syn::Result<Vec<_>>>()?;
    Ok(quote_spanned!(span=> #path { #(#fields),* }))
}

/// An error for tokens behind the last one that is expected.
pub(super) fn end(input: ParseStream<'_>) -> syn::Result<()> {
    match input.is_empty() {
        true => Ok(()),
        false => {
            let rest: TokenStream = input.fork().parse()?;
            let found = compact(&rest);
            Err(input.error(format!("expected a comma or nothing here; found `{found}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        text.parse().unwrap()
    }

    fn spelt(expression: &TokenStream) -> String {
        expression.to_string().replace(' ', "")
    }

    #[test]
    fn a_path_with_arguments_is_a_constant_expression() {
        for (text, expression) in [
            ("my::Winsorize", "my::Winsorize"),
            ("my::Winsorize(0.01, -1)", "my::Winsorize(0.01, -1)"),
            ("::my::Winsorize(SHARE)", "::my::Winsorize(SHARE)"),
            ("my::Winsorize(share = 0.01)", "my::Winsorize { share: 0.01 }"),
            ("my::new(low = [0.0, 1.0], high = N)", "my::new { low: [0.0, 1.0], high: N }"),
            ("my::Bins<3>(2)", "my::Bins::<3>(2)"),
            ("my::Bins::<{ N }, u8>", "my::Bins::<{ N }, u8>"),
        ] {
            let own = Own::read(tokens(text)).unwrap();
            assert_eq!(spelt(&own.expression), spelt(&tokens(expression)));
            assert_eq!(own.text, compact(&tokens(text)));
            syn::parse2::<Expr>(own.expression).unwrap();
        }
        let own = Own::read(tokens("my::steps::Winsorize(0.01)")).unwrap();
        assert_eq!(own.name(), "Winsorize");
    }

    #[test]
    fn nodes_are_no_arguments() {
        for (text, expression, count) in [
            ("my::Gated(a, present(b))", "my::Gated", 2),
            ("my::gated(a, b)", "my::gated()", 2),
            ("my::Gated(a, b, at = 0.5)", "my::Gated { at: 0.5 }", 2),
            ("my::Gated()", "my::Gated", 0),
        ] {
            let (own, nodes) = Own::parse_of_nodes.parse2(tokens(text)).unwrap();
            assert_eq!(spelt(&own.expression), spelt(&tokens(expression)));
            assert_eq!(nodes.len(), count);
            assert_eq!(own.text, text);
        }
        let refused =
            |text: &str| Own::parse_of_nodes.parse2(tokens(text)).err().unwrap().to_string();
        assert_eq!(
            refused("my::Gated"),
            "`my::Gated` of which nodes? Write `my::Gated(first, second)`"
        );
        assert!(
            refused("my::gated(a, at = 1)").starts_with("`my::gated` is a function by its name")
        );
    }

    #[test]
    fn mistakes_are_at_their_tokens() {
        let refused = |text: &str| Own::read(tokens(text)).err().unwrap().to_string();
        let said = "all arguments have names, or none: which field is `0.5`?";
        assert_eq!(refused("my::Winsorize(share = 0.01, 0.5)"), said);
        let said = "expected a comma or nothing here; found `relu`";
        assert_eq!(refused("my::Winsorize(0.01) relu"), said);
    }

    #[test]
    fn a_path_is_told_from_a_word_of_ours() {
        let is_own =
            |text: &str| Own::is_written(&tokens(text), ["standardize", "mse"], Kind::Loss);
        for own in ["my::Winsorize(1)", "::my::x", "crate::x", "Winsorize", "Winsorize(1)", "TRIM"]
        {
            assert!(is_own(own), "{own}");
        }
        for ours in ["standardize", "Standardize", "winsorize(1)", "MSE", "missing = zeros", "(1)"]
        {
            assert!(!is_own(ours), "{ours}");
        }
    }
}
