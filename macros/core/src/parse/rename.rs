//! The field names of serde's derived `Deserialize`. The expansion leaves them to serde; they are
//! read to find a column that fills two fields.

use syn::{meta::ParseNestedMeta, Attribute, LitStr};

use super::serde::Columns;

/// The `#[serde(rename_all = "...")]` of the struct.
#[derive(Clone, Default)]
pub(super) struct RenameAll(Option<String>);

impl RenameAll {
    /// Reads the struct's attributes; serde reports unreadable ones.
    pub(super) fn read(attributes: &[Attribute]) -> RenameAll {
        let mut rule = None;
        each_option(attributes, |option| {
            if option.path.is_ident("rename_all") {
                rule = for_reading(option)?.map(|name| name.value());
                return Ok(());
            }
            skip(option)
        });
        RenameAll(rule)
    }

    /// The name of a field after serde's `RenameRule::apply_to_field`.
    fn apply(&self, name: &str) -> String {
        let pascal = || -> String { name.split('_').map(capitalized).collect() };
        match self.0.as_deref() {
            Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => name.to_ascii_uppercase(),
            Some("PascalCase") => pascal(),
            Some("camelCase") => {
                let pascal = pascal();
                let first = pascal.chars().next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(pascal.chars().skip(1)).collect()
            }
            Some("kebab-case") => name.replace('_', "-"),
            Some("SCREAMING-KEBAB-CASE") => name.to_ascii_uppercase().replace('_', "-"),
            _ => name.to_owned(),
        }
    }
}

/// The names of a field.
pub(super) fn columns(name: &syn::Ident, attributes: &[Attribute], all: &RenameAll) -> Columns {
    let mut columns = Columns::default();
    each_option(attributes, |option| {
        match () {
            () if option.path.is_ident("rename") => columns.rename = for_reading(option)?,
            () if option.path.is_ident("alias") => columns.aliases.push(option.value()?.parse()?),
            () => skip(option)?,
        }
        Ok(())
    });
    if columns.rename.is_none() && all.0.is_some() {
        let spelled = all.apply(&crate::text::plain(name));
        columns.rename = Some(LitStr::new(&spelled, name.span()));
    }
    columns
}

/// Reads the options of `#[serde(...)]` up to an unreadable one, which serde reports.
fn each_option(
    attributes: &[Attribute],
    mut read: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|option| read(&option));
    }
}

/// The names of the options in `#[serde(...)]`.
pub(super) fn options(attributes: &[Attribute]) -> Vec<String> {
    let mut names = Vec::new();
    each_option(attributes, |option| {
        names.extend(option.path.get_ident().map(ToString::to_string));
        skip(option)
    });
    names
}

/// `= "name"`, or the `deserialize` name of `(serialize = "one", deserialize = "other")`.
fn for_reading(option: &ParseNestedMeta<'_>) -> syn::Result<Option<LitStr>> {
    if !option.input.peek(syn::token::Paren) {
        return option.value()?.parse().map(Some);
    }
    let mut name = None;
    option.parse_nested_meta(|direction| {
        let given: LitStr = direction.value()?.parse()?;
        if direction.path.is_ident("deserialize") {
            name = Some(given);
        }
        Ok(())
    })?;
    Ok(name)
}

/// Skips the value of an option.
fn skip(option: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if option.input.peek(syn::Token![=]) {
        option.value()?.parse::<syn::Expr>()?;
    } else if option.input.peek(syn::token::Paren) {
        option.parse_nested_meta(|inner| skip(&inner))?;
    }
    Ok(())
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn fields_are_spelled_as_serde_spells_them() {
        let spelled = |rule: &str| RenameAll(Some(rule.to_owned())).apply("sale_price");
        assert_eq!(spelled("lowercase"), "sale_price");
        assert_eq!(spelled("UPPERCASE"), "SALE_PRICE");
        assert_eq!(spelled("PascalCase"), "SalePrice");
        assert_eq!(spelled("camelCase"), "salePrice");
        assert_eq!(spelled("snake_case"), "sale_price");
        assert_eq!(spelled("SCREAMING_SNAKE_CASE"), "SALE_PRICE");
        assert_eq!(spelled("kebab-case"), "sale-price");
        assert_eq!(spelled("SCREAMING-KEBAB-CASE"), "SALE-PRICE");
    }

    #[test]
    fn the_names_of_a_field_are_those_that_are_read() {
        let field: syn::Field = parse_quote! {
            #[serde(default = "zero", bound(serialize = "T: Copy"), alias = "cost")]
            #[serde(rename(serialize = "out", deserialize = "in"))]
            sale_price: f32
        };
        let all = RenameAll::read(&[
            parse_quote!(#[serde(deny_unknown_fields)]),
            parse_quote!(#[serde(rename_all(serialize = "UPPERCASE", deserialize = "camelCase"))]),
        ]);
        let name = field.ident.as_ref().unwrap();
        let named = columns(name, &field.attrs, &all);
        assert_eq!(named.rename.unwrap().value(), "in");
        assert_eq!(named.aliases.iter().map(LitStr::value).collect::<Vec<_>>(), ["cost"]);
        assert_eq!(columns(name, &[], &all).rename.unwrap().value(), "salePrice");
        assert!(columns(name, &[], &RenameAll::default()).rename.is_none());
    }
}
