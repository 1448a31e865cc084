//! The options of `#[input(...)]` and `#[output(...)]` about the cells of files: `columns(...)`,
//! `missing("NA")`, `decimal = ","` and the like. They say how a value is written, and are no part
//! of the model.

use chrono::format::{Item, StrftimeItems};
use multi_input_cells::{CellFormat, DateFormat};
use multi_input_spec::names::WORDS;
use proc_macro2::{Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{spanned::Spanned, Expr, ExprLit, Ident, Lit, LitStr};

use super::{
    attribute::{once, Entry},
    column_names::{self, ColumnNames},
    given::{self, Given},
    quoted,
    word::Word,
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
                let names = column_names::read(at, tokens, errors)?;
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
                let sign = errors.ok(quoted::required(&value))?;
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
    let texts =
        given.iter().map(|given| quoted::required(&given.value)).collect::<syn::Result<Vec<_>>>();
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
    let pattern = quoted::required(value)?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
