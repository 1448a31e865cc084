//! `max_parameters = 1_000_000`, `max_flops = 50_000_000` and `max_memory = "4 MB"`: the most that a
//! prediction of one row may cost.

use multi_input_spec::{cost::Quantity, Size};
use proc_macro2::{Ident, Span};
use syn::{parse::ParseStream, spanned::Spanned, Expr, Lit, Token};

use super::number::SizeExpr;
use crate::suggest::{list, suggest};

/// A budget.
#[derive(Clone)]
pub(crate) struct Limit {
    pub(crate) quantity: Quantity,
    /// The most, in bytes for memory.
    pub(crate) most: SizeExpr,
    /// The option's name.
    pub(crate) span: Span,
}

/// The options, each with what it is an example of.
const OPTIONS: [(&str, Quantity, &str); 3] = [
    ("max_parameters", Quantity::Parameters, "max_parameters = 1_000_000"),
    ("max_flops", Quantity::Flops, "max_flops = 50_000_000"),
    ("max_memory", Quantity::Memory, "max_memory = \"4 MB\""),
];

/// The units of memory.
const UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl Limit {
    /// The option's name.
    pub(crate) fn name(&self) -> &'static str {
        OPTIONS[self.quantity as usize].0
    }

    /// The most, if the macro knows it.
    pub(crate) fn known(&self) -> Option<usize> {
        match self.most.value {
            Size::Known(most) => Some(most),
            Size::Unknown => None,
        }
    }

    /// The quantity that the option `word` limits.
    pub(super) fn named(word: &Ident) -> Option<Quantity> {
        OPTIONS.iter().find(|(name, ..)| word == name).map(|(_, quantity, _)| *quantity)
    }

    /// Reads what follows the option's name.
    pub(super) fn read(
        word: &Ident,
        quantity: Quantity,
        input: ParseStream<'_>,
    ) -> syn::Result<Limit> {
        let wrong = |span| syn::Error::new(span, form(quantity));
        if !input.peek(Token![=]) {
            return Err(wrong(word.span()));
        }
        input.parse::<Token![=]>()?;
        let value: Expr = input.parse().map_err(|error| wrong(error.span()))?;
        if !input.is_empty() {
            return Err(wrong(input.span()));
        }
        let most = amount(quantity, &value)?;
        Ok(Limit { quantity, most, span: word.span() })
    }
}

fn form(quantity: Quantity) -> String {
    let (name, _, example) = OPTIONS[quantity as usize];
    match quantity {
        Quantity::Memory => format!(
            "`{name}` is an amount in quotes with its unit, `{example}`, or a number of bytes"
        ),
        _ => format!("`{name}` is a whole number or a constant, `{example}`"),
    }
}

fn amount(quantity: Quantity, value: &Expr) -> syn::Result<SizeExpr> {
    match literal(value) {
        Some(Lit::Str(text)) if quantity == Quantity::Memory => {
            bytes(&text.value(), text.span()).map(|bytes| SizeExpr::literal(bytes, text.span()))
        }
        // `4MB` without quotes.
        Some(Lit::Int(number)) if UNITS.iter().any(|(unit, _)| number.suffix() == *unit) => {
            Err(syn::Error::new(number.span(), form(quantity)))
        }
        Some(Lit::Float(number)) => match number.base10_parse::<f64>() {
            // As `5e7`.
            Ok(float) if number.suffix().is_empty() && float.fract() == 0.0 && float < 1e15 => {
                Ok(SizeExpr::literal(float as usize, number.span()))
            }
            _ => Err(syn::Error::new(number.span(), form(quantity))),
        },
        Some(Lit::Int(_)) | None => {
            SizeExpr::at_least(1, &format!("`{}`", OPTIONS[quantity as usize].0), value)
        }
        // A number in quotes.
        Some(Lit::Str(_)) => {
            let text = format!("{}, without quotes", form(quantity));
            Err(syn::Error::new(value.span(), text))
        }
        Some(_) => Err(syn::Error::new(value.span(), form(quantity))),
    }
}

/// The literal, which a macro may have put into a group.
fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(literal) => Some(&literal.lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// `4 MB`, `1.5 GiB`.
fn bytes(text: &str, span: Span) -> syn::Result<usize> {
    let wrong = |why: String| syn::Error::new(span, why);
    let start = text.trim_start();
    let end = start.find(|letter: char| !(letter.is_ascii_digit() || "._".contains(letter)));
    let (number, unit) = start.split_at(end.unwrap_or(start.len()));
    let unit = unit.trim();
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let names = UNITS.iter().map(|(name, _)| *name);
        let near = match unit.is_empty() {
            true => String::new(),
            false => suggest(unit, names.clone()),
        };
        let units = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
        let what = match unit.is_empty() {
            true => format!("`{text}` has no unit"),
            false => format!("`{unit}` is no unit of memory"),
        };
        return Err(wrong(format!("{what}{units}")));
    };
    match number.replace('_', "").parse::<f64>() {
        Ok(number) if number > 0.0 && number * (*factor as f64) < 1e15 => {
            Ok((number * *factor as f64) as usize)
        }
        _ => Err(wrong(form(Quantity::Memory))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_decimal_and_binary_units() {
        let bytes = |text| bytes(text, Span::call_site()).map_err(|error| error.to_string());
        assert_eq!(bytes("4 MB"), Ok(4_000_000));
        assert_eq!(bytes("1.5KiB"), Ok(1536));
        assert_eq!(bytes(" 64_000 B "), Ok(64_000));
        assert_eq!(bytes("2 mb").unwrap_err(), "`mb` is no unit of memory; did you mean `MB`?");
        assert!(bytes("2").unwrap_err().starts_with("`2` has no unit; there are `B`, `kB`"));
        for wrong in ["MB", "0 MB", "-1 MB", "1.2.3 kB", "999999999999 GB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
