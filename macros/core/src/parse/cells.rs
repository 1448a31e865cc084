//! The options of `#[input(...)]` and `#[output(...)]` about the cells of files: `columns(...)`,
//! `missing("NA")`, `decimal = ","` and the like. They say how a value is written, and are no part
//! of the model.

use chrono::format::{Item, StrftimeItems};
use multi_input_cells::{numbered, CellFormat, DateFormat};
use multi_input_spec::names::WORDS;
use proc_macro2::{Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{spanned::Spanned, Expr, ExprLit, ExprRange, Ident, Lit, LitStr, RangeLimits};

use super::{
    arithmetic,
    attribute::{once, Entry},
    given::{self, Given},
    quoted,
    word::{plain, Word},
};
use crate::{diagnostics::Diagnostics, expression::Kind, meaning, text::compact};

/// The options of a field about its cells.
#[derive(Clone, Default)]
pub(crate) struct CellOptions {
    /// The columns of the value.
    pub(crate) columns: Option<(ColumnNames, Span)>,
    /// Texts that denote a missing value.
    pub(crate) missing: Option<(Vec<LitStr>, Span)>,
    pub(crate) decimal: Option<(char, Span)>,
    pub(crate) thousands: Option<(char, Span)>,
    pub(crate) percent: Option<Span>,
    pub(crate) currency: Option<(LitStr, Span)>,
    pub(crate) truthy: Option<(Vec<LitStr>, Span)>,
    pub(crate) falsy: Option<(Vec<LitStr>, Span)>,
    /// Texts are the bytes of image files in base64.
    pub(crate) base64: Option<Span>,
    /// The `format` or `unit` of `calendar`.
    pub(crate) date: Option<(Dates, Span)>,
}

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

/// How dates are written.
#[derive(Clone)]
pub(crate) enum Dates {
    /// A pattern of `strftime`.
    Pattern(LitStr),
    Seconds,
    Milliseconds,
}

/// The names of the options.
pub(crate) const NAMES: [&str; 9] = [
    "columns",
    "missing",
    "decimal",
    "thousands",
    "percent",
    "currency",
    "truthy",
    "falsy",
    "base64",
];

/// The most columns of a range, so that a typo is no endless expansion.
const MAX_COLUMNS: u64 = 1 << 20;

impl CellOptions {
    /// The names in `columns(...)`.
    pub(crate) fn named_columns(&self) -> &[LitStr] {
        match &self.columns {
            Some((ColumnNames::Named(names), _)) => names,
            _ => &[],
        }
    }

    /// Leaves names that the macro does not know to rustc. `are_several` says whether the field has
    /// several columns.
    pub(super) fn name_columns(&mut self, are_several: bool, errors: &mut Diagnostics) {
        if let Some((ColumnNames::Constant { tokens, written, kind }, _)) = &mut self.columns {
            if are_several {
                *kind = Kind::Texts;
            }
            *tokens = errors.name(written, *kind);
        }
    }

    /// Whether only rustc knows the names in `columns(...)`.
    pub(crate) fn are_in_a_constant(&self) -> bool {
        matches!(self.columns, Some((ColumnNames::Constant { .. }, _)))
    }

    /// The names in `columns(...)` as an expression of type `&[&str]`.
    pub(crate) fn column_texts(&self) -> TokenStream {
        match &self.columns {
            Some((ColumnNames::Constant { tokens, .. }, _)) => tokens.clone(),
            _ => {
                let names = self.named_columns();
                quote!(&[#(#names),*])
            }
        }
    }

    /// Reads an option by its name, one of [`NAMES`]; `None` after reporting mistakes.
    pub(super) fn read(&mut self, entry: Entry, errors: &mut Diagnostics) -> Option<()> {
        let (name, at) = (entry.name.clone(), entry.name.span());
        match name.to_string().as_str() {
            "columns" => {
                let tokens = entry.call("columns(\"first\", \"second\")", errors)?;
                let names = columns(at, tokens, errors)?;
                once(&mut self.columns, (names, at), "columns", at, errors);
            }
            "missing" => read_texts(&mut self.missing, entry, "NA", errors)?,
            "truthy" => read_texts(&mut self.truthy, entry, "Y", errors)?,
            "falsy" => read_texts(&mut self.falsy, entry, "N", errors)?,
            "decimal" => {
                let letter = separator(entry.value("decimal = \",\"", errors)?, &name, errors)?;
                once(&mut self.decimal, (letter, at), "decimal", at, errors);
            }
            "thousands" => {
                let letter = separator(entry.value("thousands = \".\"", errors)?, &name, errors)?;
                once(&mut self.thousands, (letter, at), "thousands", at, errors);
            }
            "percent" => {
                entry.word(errors)?;
                once(&mut self.percent, at, "percent", at, errors);
            }
            "base64" => {
                entry.word(errors)?;
                once(&mut self.base64, at, "base64", at, errors);
            }
            _ => {
                let example = "currency = \"$\"";
                let value = value(entry.value(example, errors)?, example, errors)?;
                let sign = errors.ok(quoted(&value))?;
                once(&mut self.currency, (sign, at), "currency", at, errors);
            }
        }
        Some(())
    }

    /// Takes the arguments of `calendar` that say how its dates are written, and returns the others.
    pub(super) fn take_date(&mut self, given: Vec<Given>, errors: &mut Diagnostics) -> Vec<Given> {
        let mut others = Vec::new();
        for argument in given {
            let Some(name) = argument.name.clone() else {
                others.push(argument);
                continue;
            };
            let read = match name.to_string().as_str() {
                "format" => errors.ok(pattern(&argument.value)),
                "unit" => unit(&argument.value, errors),
                _ => {
                    others.push(argument);
                    continue;
                }
            };
            let at = name.span();
            match read {
                Some(dates) if self.date.is_none() => self.date = Some((dates, at)),
                Some(_) => errors.at(at, "`calendar` takes one of `format` and `unit`, once"),
                None => {}
            }
        }
        others
    }

    /// The format that the options declare, borrowed from `texts`.
    pub(crate) fn with_format<T>(&self, read: impl FnOnce(CellFormat<'_>) -> T) -> T {
        let texts = |option: &Option<(Vec<LitStr>, Span)>| -> Vec<String> {
            option.iter().flat_map(|(texts, _)| texts).map(LitStr::value).collect()
        };
        let (missing, truthy) = (texts(&self.missing), texts(&self.truthy));
        let falsy = texts(&self.falsy);
        fn borrowed(texts: &[String]) -> Vec<&str> {
            texts.iter().map(String::as_str).collect()
        }
        let currency = self.currency.as_ref().map(|(sign, _)| sign.value());
        let pattern = match &self.date {
            Some((Dates::Pattern(pattern), _)) => pattern.value(),
            _ => String::new(),
        };
        read(CellFormat {
            missing: &borrowed(&missing),
            decimal: self.decimal.map_or('.', |(letter, _)| letter),
            thousands: self.thousands.map(|(letter, _)| letter),
            percent: self.percent.is_some(),
            currency: currency.as_deref(),
            date: match &self.date {
                None => DateFormat::Iso,
                Some((Dates::Pattern(_), _)) => DateFormat::Pattern(&pattern),
                Some((Dates::Seconds, _)) => DateFormat::Seconds,
                Some((Dates::Milliseconds, _)) => DateFormat::Milliseconds,
            },
            truthy: &borrowed(&truthy),
            falsy: &borrowed(&falsy),
            split: None,
            base64: self.base64.is_some(),
        })
    }

    /// The options about numbers that are given, with their names.
    pub(crate) fn of_numbers(&self) -> impl Iterator<Item = (&'static str, Span)> + '_ {
        let options = [
            ("decimal", self.decimal.map(|(_, at)| at)),
            ("thousands", self.thousands.map(|(_, at)| at)),
            ("percent", self.percent),
            ("currency", self.currency.as_ref().map(|(_, at)| *at)),
        ];
        options.into_iter().filter_map(|(name, at)| Some((name, at?)))
    }

    /// The options about flags that are given, with their names.
    pub(crate) fn of_flags(&self) -> impl Iterator<Item = (&'static str, Span)> + '_ {
        let options = [("truthy", &self.truthy), ("falsy", &self.falsy)];
        options.into_iter().filter_map(|(name, given)| Some((name, given.as_ref()?.1)))
    }

    /// All given options, with their names.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, Span)> + '_ {
        let others = [
            ("columns", self.columns.as_ref().map(|(_, at)| *at)),
            ("missing", self.missing.as_ref().map(|(_, at)| *at)),
            ("format", self.date.as_ref().map(|(_, at)| *at)),
            ("base64", self.base64),
        ];
        let others = others.into_iter().filter_map(|(name, at)| Some((name, at?)));
        others.chain(self.of_numbers()).chain(self.of_flags())
    }
}

/// A text in quotes.
fn quoted(value: &Expr) -> syn::Result<LitStr> {
    match quoted::text(value) {
        Some(text) if !text.value().trim().is_empty() => Ok(text),
        Some(text) => {
            Err(syn::Error::new(text.span(), "a text that is not blank is expected here"))
        }
        None => {
            let found = value.to_token_stream();
            Err(syn::Error::new(value.span(), format!("write it in quotes: `\"{found}\"`")))
        }
    }
}

/// `missing("NA", "-200")`; `None` after reporting mistakes.
fn read_texts(
    slot: &mut Option<(Vec<LitStr>, Span)>,
    entry: Entry,
    text: &str,
    errors: &mut Diagnostics,
) -> Option<()> {
    let (name, at) = (entry.name.to_string(), entry.name.span());
    let example = format!("{name}({text:?})");
    let given = given::read(entry.call(&example, errors)?, errors)?;
    let texts = given.iter().map(|given| quoted(&given.value)).collect::<syn::Result<Vec<_>>>();
    let texts = errors.ok(texts)?;
    if texts.is_empty() {
        errors.at(at, format!("`{name}` takes texts in parentheses: `{example}`"));
        return None;
    }
    once(slot, (texts, at), &name, at, errors);
    Some(())
}

/// A value such as that of `example`; `None` after reporting that it is none.
fn value(tokens: TokenStream, example: &str, errors: &mut Diagnostics) -> Option<Expr> {
    let (at, found) = (tokens.span(), compact(&tokens));
    let value = syn::parse2(tokens).ok();
    if value.is_none() {
        errors.at(at, format!("expected a text in quotes, `{example}`; found `{found}`"));
    }
    value
}

/// One character that is no part of a number otherwise.
fn separator(tokens: TokenStream, name: &Ident, errors: &mut Diagnostics) -> Option<char> {
    let value = value(tokens, &format!("{name} = \",\""), errors)?;
    let text = match &value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        Expr::Lit(ExprLit { lit: Lit::Char(letter), .. }) => letter.value().to_string(),
        _ => String::new(),
    };
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if !letter.is_alphanumeric() && !"+-".contains(letter) => Some(letter),
        _ => {
            let text = format!("`{name}` is one character, no letter, digit or sign: `\",\"`");
            errors.at(value.span(), text);
            None
        }
    }
}

fn pattern(value: &Expr) -> syn::Result<Dates> {
    let pattern = quoted(value)?;
    let text = pattern.value();
    let items: Vec<Item<'_>> = StrftimeItems::new(&text).collect();
    let is_literal = |item: &Item<'_>| matches!(item, Item::Literal(_) | Item::Space(_));
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let wrong = match () {
        () if has(&["%I", "%l"]) && !has(&["%p", "%P"]) => {
            "an hour of twelve needs `%p`, which says which half of the day it is"
        }
        () if has(&["%H", "%k", "%I", "%l"]) && !has(&["%M", "%R", "%T", "%c", "%X", "%r"]) => {
            "an hour needs the minutes, `%M`"
        }
        () if items.contains(&Item::Error) => "it has a `%` that `strftime` does not know",
        () if items.iter().all(is_literal) => "it has no field such as `%d`",
        () => return Ok(Dates::Pattern(pattern)),
    };
    let text = format!("`{text}` is no pattern of dates: {wrong}; `%d/%m/%Y` reads 31/12/2024");
    Err(syn::Error::new(pattern.span(), text))
}

fn unit(value: &Expr, errors: &mut Diagnostics) -> Option<Dates> {
    let names = meaning::with_others(["seconds", "milliseconds"], WORDS);
    let unknown =
        |given: &str| format!("`unit` is `seconds` or `milliseconds` since 1970, not `{given}`");
    let word = Word::of(value).filter(|word| meaning::among(&word.text, &names).is_some());
    let Some(word) = word else {
        errors.at(value.span(), unknown(&compact(&value.to_token_stream())));
        return None;
    };
    Some(match word.choose(&names, unknown, errors)? {
        "seconds" => Dates::Seconds,
        _ => Dates::Milliseconds,
    })
}

/// The contents of `columns(...)`: names and ranges of names, `prefix = "s"` or `all_others`; `None`
/// after reporting mistakes.
fn columns(at: Span, tokens: TokenStream, errors: &mut Diagnostics) -> Option<ColumnNames> {
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
                true => return quoted(value).map(ColumnNames::Prefix),
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
    let (first, last) = (quoted(first)?.value(), quoted(last)?.value());
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
        let read = columns(Span::call_site(), tokens, &mut errors);
        errors.finish().map_err(|error| error.to_string())?;
        match read {
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

    #[test]
    fn patterns_are_checked() {
        let error = |value: Expr| pattern(&value).err().map(|error| error.to_string());
        assert_eq!(error(syn::parse_quote!("%d/%m/%Y")), None);
        assert!(error(syn::parse_quote!("%d/%Q")).unwrap().contains("does not know"));
        assert!(error(syn::parse_quote!("dd/mm/yyyy")).unwrap().contains("no field such as `%d`"));
        assert!(error(syn::parse_quote!(d)).unwrap().contains("in quotes"));
        assert!(error(syn::parse_quote!("%d/%m/%Y %H")).unwrap().contains("needs the minutes"));
        assert!(error(syn::parse_quote!("%d/%m/%Y %I:%M")).unwrap().contains("which half"));
    }
}
