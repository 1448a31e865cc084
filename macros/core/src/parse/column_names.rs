//! `columns("first", "second")`: the columns of a field.

use multi_input_cells::numbered;
use proc_macro2::{Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{spanned::Spanned, Expr, ExprLit, ExprRange, Lit, LitStr, RangeLimits};

use super::{
    arithmetic,
    given::{self, Given},
    quoted,
    word::plain,
};
use crate::{diagnostics::Diagnostics, expression::Kind};

/// The columns of a field.
#[derive(Clone)]
pub(crate) enum ColumnNames {
    /// These, in order.
    Named(Vec<LitStr>),
    /// Those in a constant, whose names only rustc knows.
    Constant {
        /// The name of the constant.
        tokens: TokenStream,
        /// The tokens of the user.
        written: TokenStream,
        /// A text or texts. A single constant is texts where the field has several columns.
        kind: Kind,
    },
    /// All that begin with a text.
    Prefix(LitStr),
    /// All that no other field uses.
    AllOthers,
}

impl ColumnNames {
    fn constant(written: TokenStream, kind: Kind) -> ColumnNames {
        ColumnNames::Constant { tokens: written.clone(), written, kind }
    }
}

/// The most columns of a range, so that a typo is no endless expansion.
const MAX_COLUMNS: u64 = 1 << 20;

/// The contents of `columns(...)`: names and ranges of names, `prefix = "s"` or `all_others`; `None`
/// after reporting mistakes.
pub(super) fn read(at: Span, tokens: TokenStream, errors: &mut Diagnostics) -> Option<ColumnNames> {
    let given = given::read(tokens, errors)?;
    if given.is_empty() {
        let text = "`columns` takes the names of columns: `columns(\"first\", \"second\")`, \
                    `columns(\"p0\"..=\"p9\")`, `columns(prefix = \"p\")` or `columns(all_others)`";
        errors.at(at, text);
        return None;
    }
    let Some(names) = given.iter().map(word_in_quotes).collect::<Option<Vec<LitStr>>>() else {
        return errors.ok(column_names(given));
    };
    let written: Vec<String> = names.iter().map(|name| format!("{:?}", name.value())).collect();
    let text = format!("write the names of columns in quotes: `columns({})`", written.join(", "));
    errors.guess(names[0].span(), text);
    Some(ColumnNames::Named(names))
}

/// The word as a text, if it stands there without quotes; a constant and `all_others` are none.
fn word_in_quotes(given: &Given) -> Option<LitStr> {
    let name = plain(&given.value).filter(|_| given.name.is_none())?;
    let text = name.to_string();
    let is_word = text != "all_others" && text.contains(char::is_lowercase);
    is_word.then(|| LitStr::new(&text, name.span()))
}

fn column_names(given: Vec<Given>) -> syn::Result<ColumnNames> {
    let alone = given.len() == 1;
    let (mut names, mut constants) = (Vec::new(), Vec::new());
    for Given { name, value } in given {
        match (name, &value) {
            (Some(name), value) if name == "prefix" => match alone {
                true => return quoted::required(value).map(ColumnNames::Prefix),
                false => return Err(syn::Error::new(name.span(), "`prefix` stands alone")),
            },
            (Some(name), _) => {
                let text = format!("`columns` has no argument `{name}`; it takes `prefix`");
                return Err(syn::Error::new(name.span(), text));
            }
            (None, Expr::Path(path)) if path.path.is_ident("all_others") => match alone {
                true => return Ok(ColumnNames::AllOthers),
                false => return Err(syn::Error::new(path.span(), "`all_others` stands alone")),
            },
            (None, Expr::Range(range)) => {
                for name in names_of_range(range)? {
                    push(
                        &Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Str(name) }),
                        &mut names,
                        &mut constants,
                    )?;
                }
            }
            (None, Expr::Array(list)) => {
                for name in &list.elems {
                    push(name, &mut names, &mut constants)?;
                }
            }
            (None, other) => push(other, &mut names, &mut constants)?,
        }
    }
    match &constants[..] {
        [] => Ok(ColumnNames::Named(names)),
        [only] if alone => Ok(ColumnNames::constant(only.clone(), Kind::Text)),
        _ => Ok(ColumnNames::constant(quote!([#(#constants),*]), Kind::Texts)),
    }
}

/// Adds a name in quotes to `names`, and any name to `constants` from the first one on that only rustc
/// knows.
fn push(
    value: &Expr,
    names: &mut Vec<LitStr>,
    constants: &mut Vec<TokenStream>,
) -> syn::Result<()> {
    if let Some(name) = quoted::text(value) {
        if !constants.is_empty() {
            constants.push(name.to_token_stream());
        }
        names.push(name);
        return Ok(());
    }
    // A name in small letters lacks its quotes.
    let is_constant = match value {
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.contains(char::is_uppercase) && !name.contains(char::is_lowercase)
        }),
        Expr::Lit(_) => false,
        other => arithmetic::constant("a name", other).is_ok(),
    };
    if !is_constant {
        let text = "a column is named in quotes or by a constant: `columns(\"first\", SECOND)`";
        return Err(syn::Error::new(value.span(), text));
    }
    if constants.is_empty() {
        constants.extend(names.iter().map(ToTokens::to_token_stream));
    }
    constants.push(value.to_token_stream());
    Ok(())
}

/// `"pixel0"..="pixel783"`: a common text and all numbers from one to the other. Both ends with as
/// many digits keep that number of digits: `"s001"..="s128"`.
fn names_of_range(range: &ExprRange) -> syn::Result<Vec<LitStr>> {
    let wrong = |text: &str| syn::Error::new(range.span(), text);
    let (Some(first), Some(last)) = (&range.start, &range.end) else {
        return Err(wrong("a range of columns has both ends: `\"p0\"..=\"p9\"`"));
    };
    if matches!(range.limits, RangeLimits::HalfOpen(_)) {
        return Err(wrong("a range of columns includes its last one: `\"p0\"..=\"p9\"`"));
    }
    let (first, last) = (quoted::required(first)?.value(), quoted::required(last)?.value());
    let ((text, from), (other, to)) = (numbered(&first), numbered(&last));
    let numbers = from.parse::<u64>().ok().zip(to.parse::<u64>().ok()).filter(|_| text == other);
    let Some((low, high)) = numbers else {
        return Err(wrong("the ends of a range are the same text and a number: `\"p0\"..=\"p9\"`"));
    };
    if low > high || high - low >= MAX_COLUMNS {
        return Err(wrong("a range of columns counts up, to at most a million"));
    }
    if from.len() != to.len() && from.len() > 1 && from.starts_with('0') {
        return Err(wrong("the ends of a range have as many digits: `\"s008\"..=\"s101\"`"));
    }
    let digits = if from.len() == to.len() { from.len() } else { 0 };
    let name = |number: u64| LitStr::new(&format!("{text}{number:0digits$}"), range.span());
    Ok((low..=high).map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tokens: TokenStream) -> Result<Vec<String>, String> {
        let mut errors = Diagnostics::new();
        let names = read(Span::call_site(), tokens, &mut errors);
        errors.finish().map_err(|error| error.to_string())?;
        match names {
            Some(ColumnNames::Named(names)) => Ok(names.iter().map(LitStr::value).collect()),
            Some(ColumnNames::Constant { written, .. }) => Ok(vec![written.to_string()]),
            Some(ColumnNames::Prefix(prefix)) => Ok(vec![format!("{}*", prefix.value())]),
            Some(ColumnNames::AllOthers) => Ok(vec!["*".to_owned()]),
            None => Err("nothing is reported".to_owned()),
        }
    }

    #[test]
    fn ranges_are_all_names_from_one_to_the_other() {
        let of = |tokens| names(tokens).unwrap();
        assert_eq!(of(quote!("p8"..="p11")), ["p8", "p9", "p10", "p11"]);
        assert_eq!(of(quote!("s098"..="s101", "end")), ["s098", "s099", "s100", "s101", "end"]);
        assert_eq!(of(quote!("0"..="2")), ["0", "1", "2"]);
        assert_eq!(of(quote!(prefix = "s")), ["s*"]);
        assert_eq!(of(quote!(all_others)), ["*"]);
        assert_eq!(of(quote!(["a", concat!("b", 1)])), ["a", "b1"]);
        assert_eq!(of(quote!(cfg::NAMES)), ["cfg :: NAMES"]);
        assert_eq!(of(quote!("a", NAME, "b")), ["[\"a\" , NAME , \"b\"]"]);
        for (tokens, known) in [
            (quote!("p1".."p9"), "includes its last one"),
            (quote!("p1"..="q9"), "the same text and a number"),
            (quote!("p"..="q"), "the same text and a number"),
            (quote!("p9"..="p1"), "counts up"),
            (quote!("p0"..="p99999999"), "at most a million"),
            (quote!("p0"..), "both ends"),
            (quote!("s08"..="s101"), "as many digits"),
            (quote!("a", all_others), "stands alone"),
            (quote!(prefix = "s", "a"), "stands alone"),
            (quote!(suffix = "s"), "no argument `suffix`"),
            (quote!(first), "in quotes"),
            (quote!(), "takes the names"),
        ] {
            let error = names(tokens).unwrap_err();
            assert!(error.contains(known), "{error}");
        }
    }
}
