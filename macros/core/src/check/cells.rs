//! Rules about how the cells of fields are written.

use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    parse::{CellOptions, ColumnNames, Date, Dates, Element, FieldType, Source},
};

/// The options fit the type of the field, and each other.
pub(super) fn fit(node: &Node, errors: &mut Diagnostics) {
    let (Some(cells), Some(ty)) = (node.field.cells(), &node.field.ty) else { return };
    let name = node.name();
    missing_elements_are_imputed(node, ty, errors);
    errors.of_field(name, |errors| {
        are_of_their_type(cells, ty, errors);
        separators_differ(cells, errors);
        are_read_by_the_field(node, cells, errors);
        missing_is_taken(node, cells, ty, errors);
        dates_have_their_zone(cells, ty, errors);
        open_columns_are_several(cells, ty, errors);
    });
}

/// A function of the user reads the cells itself.
fn are_read_by_the_field(node: &Node, cells: &CellOptions, errors: &mut Diagnostics) {
    if node.field.columns.read_with.is_none() {
        return;
    }
    for (option, span) in cells.given().filter(|(option, _)| *option != "columns") {
        let text =
            "has no effect beside serde's `with` or `deserialize_with`, which reads the cell";
        errors.at(span, format!("`{option}` {text}"));
    }
}

fn is_number(ty: &FieldType) -> bool {
    matches!(ty.element, Element::F32 | Element::F64 | Element::I64 | Element::U64 | Element::U32)
}

/// Options about numbers are for numbers, those about flags for flags.
fn are_of_their_type(cells: &CellOptions, ty: &FieldType, errors: &mut Diagnostics) {
    if !is_number(ty) {
        for (option, span) in cells.of_numbers() {
            errors.at(span, format!("`{option}` is about numbers, this is `{}`", ty.text));
        }
    }
    if !matches!(ty.element, Element::Bool) {
        for (option, span) in cells.of_flags() {
            errors.at(span, format!("`{option}` is about `bool`, this is `{}`", ty.text));
        }
    }
    if let Some(span) = cells.base64.filter(|_| !matches!(ty.element, Element::Image(_))) {
        errors.at(span, format!("`base64` is about `Image<C>`, this is `{}`", ty.text));
    }
}

/// A character cannot separate both groups and decimals.
fn separators_differ(cells: &CellOptions, errors: &mut Diagnostics) {
    let decimal = cells.decimal.map_or('.', |(letter, _)| letter);
    if let Some((thousands, span)) = cells.thousands.filter(|(letter, _)| *letter == decimal) {
        errors.at(
            span,
            format!(
                "`{thousands}` cannot stand before the decimals and between groups of digits; \
                 declare the other one too: `decimal = \",\", thousands = \".\"`"
            ),
        );
    }
}

/// Missing numbers of an array are filled by a step.
fn missing_elements_are_imputed(node: &Node, ty: &FieldType, errors: &mut Diagnostics) {
    if ty.optional_items && !fills(node) {
        let instead = match node.is_input() {
            true => "fill them with `impute(mean)`, or with another of its values",
            false => "`Option` around the whole target leaves its row out",
        };
        let name = node.name();
        errors.at(ty.span, format!("`{name}`: numbers of `{}` may be missing; {instead}", ty.text));
    }
}

/// Whether missing numbers of an input are filled.
fn fills(node: &Node) -> bool {
    match &node.field.source {
        Some(Source::Input(input)) => input.fills(),
        _ => false,
    }
}

/// A field that declares missing values takes them.
fn missing_is_taken(node: &Node, cells: &CellOptions, ty: &FieldType, errors: &mut Diagnostics) {
    let Some((_, span)) = &cells.missing else { return };
    let takes = match &node.field.source {
        Some(Source::Input(input)) => input.fills() || input.reads_within(false) && !is_number(ty),
        _ => false,
    };
    // A missing cell of a list is the empty list, and missing columns end one.
    if !ty.optional && !ty.list && !takes {
        let instead = match (is_number(ty), node.is_input()) {
            (true, true) => format!("write `Option<{}>`, or `impute(mean)`", ty.text),
            _ => format!("write `Option<{}>`", ty.text),
        };
        errors.at(*span, format!("a missing value has no place in `{}`; {instead}", ty.text));
    }
}

/// A pattern for `DateTime<Utc>` reads the zone.
fn dates_have_their_zone(cells: &CellOptions, ty: &FieldType, errors: &mut Diagnostics) {
    let Some((Dates::Pattern(pattern), _)) = &cells.date else { return };
    let text = pattern.value();
    let reads = |specifiers: &[&str]| specifiers.iter().any(|specifier| text.contains(specifier));
    let wrong = match ty.element {
        Element::Date(Date::Utc) if !reads(&["%z", "%:z", "%::z", "%#z", "%s", "%+"]) => {
            "it has no zone such as `%z`; declare the field `NaiveDateTime`"
        }
        Element::Date(Date::Day | Date::Time)
            if reads(&["%z", "%:z", "%::z", "%#z", "%+", "%Z"]) =>
        {
            "its zone would be lost; declare the field `DateTime<Utc>`"
        }
        _ => return,
    };
    errors.at(pattern.span(), format!("`{text}`: {wrong}"));
}

/// All columns with a prefix, or all others, fill an array, a list or a text.
fn open_columns_are_several(cells: &CellOptions, ty: &FieldType, errors: &mut Diagnostics) {
    let Some((columns, span)) = &cells.columns else { return };
    let option = match columns {
        ColumnNames::Named(_) | ColumnNames::Constant { .. } => return,
        ColumnNames::Prefix(_) => "columns(prefix = ...)",
        ColumnNames::AllOthers => "columns(all_others)",
    };
    let is_one = ty.dims.is_empty() && !ty.list;
    if is_one && !matches!(ty.element, Element::Text | Element::Inferred) {
        errors.at(
            *span,
            format!("`{option}` fills an array, such as `[{}; 100]`, this is one value", ty.text),
        );
    }
}
