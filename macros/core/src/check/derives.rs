//! Derives that the types of rows lack. A derive stands on the inputs, the samples and the predictions,
//! so a type of any of them decides.

use multi_input_spec::{Predicted, Size};
use proc_macro2::{Ident, Span};
use syn::Attribute;

use crate::{
    diagnostics::Diagnostics,
    graph::Graph,
    parse::{Element, Field, FieldType, LossCall, Source},
    suggest::list,
};

/// The derives that are compared, each with those that it needs beside it.
const DERIVES: [(&str, &[&str]); 8] = [
    ("Clone", &[]),
    ("Copy", &["Clone"]),
    ("Default", &[]),
    ("PartialEq", &[]),
    ("Eq", &["PartialEq"]),
    ("PartialOrd", &["PartialEq"]),
    ("Ord", &["Eq", "PartialOrd"]),
    ("Hash", &[]),
];

/// The number of elements up to which arrays have `Default`.
const LARGEST_DEFAULT: usize = 32;

/// Reports derives that fields lack, once for each type that lacks them, and derives that need others.
pub(super) fn fit(graph: &Graph, errors: &mut Diagnostics) {
    let derived = derived(&graph.model.attributes, errors);
    let mut lacking: Vec<(Lack, Vec<(&str, Span)>)> = Vec::new();
    for (name, span) in &derived {
        let Some(lack) = first_without(name, graph) else { continue };
        match lacking.iter_mut().find(|(known, _)| *known == lack) {
            Some((_, names)) => names.push((name, *span)),
            None => lacking.push((lack, vec![(name, *span)])),
        }
    }
    for (lack, names) in &lacking {
        let (all, first) = (list(names.iter().map(|(name, _)| *name)), names[0].1);
        let has_no = all.replace(" and ", " and no ").replace(", ", ", no ");
        let Lack { field, ty, of, is_predicted } = lack;
        let is = if *is_predicted { "is predicted as" } else { "is" };
        let which = match of == ty {
            true => format!("which has no {has_no}"),
            false => format!("and `{of}` has no {has_no}"),
        };
        errors.at(first, format!("`{field}` {is} `{ty}`, {which}; remove {all}"));
    }
    for (name, span) in derived.iter().filter(|_| lacking.is_empty()) {
        let needs = DERIVES.iter().find(|(known, _)| known == name).map_or(&[][..], |one| one.1);
        let missing: Vec<&str> = needs
            .iter()
            .copied()
            .filter(|need| !derived.iter().any(|(one, _)| one == need))
            .collect();
        if let [first, ..] = missing[..] {
            let all = list(missing.iter().copied());
            errors.at(*span, format!("`{name}` needs {all}: write `#[derive({first}, {name})]`"));
            return;
        }
    }
}

/// The derives of the standard library and of serde, by which a slip is found.
const KNOWN: [&str; 11] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "PartialEq",
    "Eq",
    "PartialOrd",
    "Ord",
    "Hash",
    "Serialize",
    "Deserialize",
];

/// The compared derives on the struct; a misspelt and a doubled one are reported.
fn derived(attributes: &[Attribute], errors: &mut Diagnostics) -> Vec<(&'static str, Span)> {
    let (mut all, mut found): (Vec<Ident>, Vec<(&str, Span)>) = (Vec::new(), Vec::new());
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        // rustc reports an unreadable derive.
        let _ = attribute.parse_nested_meta(|meta| {
            let Some(last) = meta.path.segments.last() else { return Ok(()) };
            let name = last.ident.clone();
            if all.contains(&name) {
                errors.at(name.span(), format!("`{name}` is derived twice"));
                return Ok(());
            }
            if let Some(near) = meta.path.get_ident().and_then(slip) {
                errors.at(
                    name.span(),
                    format!("there is no derive `{name}`; did you mean `{near}`?"),
                );
            }
            let known = DERIVES.iter().find(|(known, _)| name == known);
            found.extend(known.map(|(known, _)| (*known, name.span())));
            all.push(name);
            Ok(())
        });
    }
    found
}

/// The derive that is misspelt by one letter, or by its capitals.
fn slip(name: &Ident) -> Option<&'static str> {
    let text = name.to_string();
    if KNOWN.contains(&text.as_str()) {
        return None;
    }
    let is_near = |known: &&&str| {
        let others = known.chars().zip(text.chars()).filter(|(one, other)| one != other).count();
        text.eq_ignore_ascii_case(known)
            || (text.len() > 3 && text.len() == known.len() && others == 1)
    };
    KNOWN.iter().find(is_near).copied()
}

/// A field that lacks a derive.
#[derive(PartialEq)]
struct Lack {
    field: String,
    /// Its type.
    ty: String,
    /// The type in it that lacks the derive.
    of: String,
    is_predicted: bool,
}

/// The first field that lacks a derive.
fn first_without(derive: &str, graph: &Graph) -> Option<Lack> {
    let fields = || graph.nodes.iter().map(|node| &node.field);
    let is_held =
        |field: &&Field| matches!(field.source, Some(Source::Input(_))) || field.output.is_some();
    let raw = fields().filter(is_held).find_map(|field| {
        let ty = field.ty.as_ref()?;
        let of = without(derive, ty, is_label(field))?;
        Some(Lack { field: field.name.to_string(), ty: ty.text.clone(), of, is_predicted: false })
    });
    raw.or_else(|| {
        fields().find_map(|field| {
            let (ty, of) = predicted_without(derive, field)?;
            Some(Lack { field: field.name.to_string(), ty, of, is_predicted: true })
        })
    })
}

/// The type in a row's type that lacks a derive.
fn without(derive: &str, ty: &FieldType, is_label: bool) -> Option<String> {
    // Both have a default whatever they hold.
    if derive == "Default" && (ty.optional || ty.list) {
        return None;
    }
    if derive == "Copy" && ty.list {
        return Some("Vec".to_owned());
    }
    if derive == "Default" && ty.dims.iter().any(|dim| is_large(dim.value)) {
        return Some(ty.text.clone());
    }
    let (name, has): (&str, &[&str]) = match &ty.element {
        _ if is_label => ("String", ALL_BUT_COPY),
        Element::F32 => ("f32", FLOAT),
        Element::F64 => ("f64", FLOAT),
        Element::Text => ("String", ALL_BUT_COPY),
        Element::Image(_) => ("Image", &["Clone", "PartialEq", "Eq"]),
        Element::Class(_) => {
            ("Class", &["Clone", "Copy", "PartialEq", "Eq", "Hash", "PartialOrd", "Ord"])
        }
        Element::I64
        | Element::U64
        | Element::Bool
        | Element::U32
        | Element::Date(_)
        | Element::Inferred => return None,
    };
    (!has.contains(&derive)).then(|| match &ty.element {
        // With its number.
        Element::Class(_) | Element::Image(_) if !ty.optional && ty.dims.is_empty() => {
            ty.text.clone()
        }
        _ => name.to_owned(),
    })
}

const FLOAT: &[&str] = &["Clone", "Copy", "Default", "PartialEq", "PartialOrd"];
const ALL_BUT_COPY: &[&str] = &["Clone", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"];

fn is_large(length: Size) -> bool {
    matches!(length, Size::Known(length) if length > LARGEST_DEFAULT)
}

/// The type that is predicted of an output, and the one in it that lacks a derive.
fn predicted_without(derive: &str, field: &Field) -> Option<(String, String)> {
    let loss = field.output.as_ref()?.loss.as_ref()?;
    let LossCall::Named(loss) = loss else { return None };
    let ty = field.ty.as_ref()?;
    let (name, has): (String, &[&str]) = match (&ty.element, loss.spec.prediction) {
        (Element::Class(_), _) if is_label(field) => {
            ("LabelProbabilities".to_owned(), &["Clone", "PartialEq"])
        }
        (Element::Class(classes), _) => (
            format!("Probabilities<{}>", crate::text::compact(&classes.tokens)),
            &["Clone", "Copy", "PartialEq", "PartialOrd"],
        ),
        (_, Predicted::Named(name) | Predicted::Listed(name)) => {
            (name.to_owned(), &["Clone", "Copy", "PartialEq"])
        }
        (Element::Bool, _) => ("f32".to_owned(), FLOAT),
        _ => return None,
    };
    (!has.contains(&derive)).then(|| (name.clone(), name))
}

/// Whether rows hold the label of a class.
fn is_label(field: &Field) -> bool {
    field.output.as_ref().is_some_and(|output| output.categories.is_some())
}
