//! [`Plan`] and a data file to mistakes: the model is compared with the first rows of the file that
//! `#[multi_input_model(data = "...")]` names.
//!
//! `field.rs` has the rules about one field; this file has those about the file as a whole. The
//! rules of cells are those of the runtime (`multi-input-cells`).

mod field;

use multi_input_cells::{
    missing_column, sample, FieldColumns, FieldNames, RowNames, Sample, SampleError, SampleOptions,
};
use multi_input_spec::Size;
use proc_macro2::TokenStream;
use quote::quote;

use self::field::{ComparedField, Names};
use crate::{
    diagnostics::Diagnostics,
    graph::Graph,
    lint::Lint,
    parse::{absolute, track, CellOptions, DataFile, Field},
    plan::Plan,
    text::plain,
    warn::Warning,
};

/// The largest file that is tracked for changes, in bytes: rustc reads a tracked file as a whole.
const MAX_TRACKED: u64 = 256 << 20;

/// What the comparison found.
#[derive(Default)]
pub(crate) struct Comparison {
    pub(crate) errors: Option<syn::Error>,
    pub(crate) warnings: Vec<Warning>,
}

/// The rows that a model is compared with.
struct Data<'a> {
    /// The path as the user wrote it.
    path: String,
    sample: &'a Sample,
}

/// Compares a model with its data file, if it names one.
pub(crate) fn compare(plan: &Plan<'_>) -> Comparison {
    let graph = &plan.checked.graph;
    let Some(file) = &graph.model.options.data else { return Comparison::default() };
    let mut errors = Diagnostics::new();
    let mut warnings = Vec::new();
    let wanted = wanted_columns(graph);
    let options = SampleOptions { wanted, ..file.options.clone() };
    match sample(&absolute(&file.path.value()), &options, &file.limits) {
        Ok(sample) => {
            let data = Data { path: file.path.value(), sample: &sample };
            compare_rows(plan, &data, &mut errors, &mut warnings);
        }
        Err(error) => unread(file, error, &mut errors, &mut warnings),
    }
    warnings.retain(|warning| !graph.model.options.allowed.contains(&warning.lint));
    Comparison { errors: errors.finish().err(), warnings }
}

/// The names of columns that the fields have, of which one for each field is in the file.
fn wanted_columns(graph: &Graph) -> Vec<String> {
    graph.nodes.iter().flat_map(|node| node.field.keys()).collect()
}

/// Makes cargo recompile the user's crate when the file changes.
pub(crate) fn track_file(graph: &Graph) -> TokenStream {
    let Some(file) = &graph.model.options.data else { return TokenStream::new() };
    let length = std::fs::metadata(absolute(&file.path.value())).map(|metadata| metadata.len());
    match length {
        Ok(length) if length <= MAX_TRACKED => {
            let bytes = track(&file.path);
            // In a function, so that the bytes are no constant that rustc evaluates.
            quote! {
                const _: fn() = || {
                    #bytes;
                };
            }
        }
        _ => TokenStream::new(),
    }
}

/// Reports a file without a sample.
fn unread(
    file: &DataFile,
    error: SampleError,
    errors: &mut Diagnostics,
    warnings: &mut Vec<Warning>,
) {
    let (path, span) = (file.path.value(), file.path.span());
    match error {
        SampleError::Absent if !file.require => warnings.push(Warning {
            lint: Lint::AbsentData,
            text: format!("`{path}` is not there, so the model is not compared with it"),
            span,
        }),
        SampleError::Absent => {
            let text =
                format!("`{path}` is not there; a path counts from the folder of Cargo.toml");
            errors.at(span, text);
        }
        SampleError::Format(message) => errors.at(span, format!("{path}: {message}")),
        SampleError::Unreadable(error) => {
            errors.at(span, format!("`{path}` cannot be read: {error}"));
        }
        SampleError::Line(line, message) => {
            errors.at(span, format!("{path}, line {line}: {message}"))
        }
    }
}

fn compare_rows(
    plan: &Plan<'_>,
    data: &Data<'_>,
    errors: &mut Diagnostics,
    warnings: &mut Vec<Warning>,
) {
    let graph = &plan.checked.graph;
    let nodes = graph.inputs().chain(graph.outputs().filter(|&node| !graph.nodes[node].is_input()));
    let nodes: Vec<usize> = nodes.collect();
    let owned: Vec<Names> = nodes.iter().map(|&node| Names::of(&graph.nodes[node].field)).collect();
    let borrowed: Vec<_> = owned.iter().map(Names::borrowed).collect();
    let fields: Vec<FieldNames<'_>> = borrowed.iter().map(|names| names.as_names()).collect();
    let row = RowNames { fields: &fields, others: &[] };
    let keys = || data.sample.columns.iter().map(String::as_str);
    let mut compared: Vec<ComparedField<'_>> = Vec::new();
    // The macro does not know the names in a constant, nor then which columns are the others.
    let in_a_constant =
        |node: usize| graph.nodes[node].field.cells().is_some_and(CellOptions::are_in_a_constant);
    let some_in_a_constant = nodes.iter().any(|&node| in_a_constant(node));
    for (&node, names) in nodes.iter().zip(&fields) {
        if in_a_constant(node) || some_in_a_constant && names.columns.is_open() {
            continue;
        }
        let columns = row.columns_of(names, keys());
        if let Some(columns) = found_columns(graph, node, names, columns, data, errors) {
            let field = ComparedField::new(plan, node, columns, data);
            field.compare(errors, warnings);
            compared.push(field);
        }
    }
    hold_no_target(graph, &compared, errors);
    if some_in_a_constant {
        return;
    }
    let unused: Vec<&str> =
        keys().filter(|key| !fields.iter().any(|field| row.uses(field, key))).collect();
    note_unused(graph, &unused, data);
}

/// The columns of a field in the order of its elements; `None` after reporting missing ones.
fn found_columns(
    graph: &Graph,
    node: usize,
    names: &FieldNames<'_>,
    found: FieldColumns,
    data: &Data<'_>,
    errors: &mut Diagnostics,
) -> Option<Vec<usize>> {
    let field = &graph.nodes[node].field;
    let (name, span) = (&field.name, field.name.span());
    let keys = data.sample.columns.iter().map(String::as_str);
    if let Some(twice) = found.duplicate {
        let column = &data.sample.columns[twice];
        errors.at(span, format!("`{name}`: {} has the column `{column}` twice", data.path));
        return None;
    }
    let parts: Option<Vec<usize>> = found.parts.iter().copied().collect();
    match (found.own, parts) {
        (_, Some(parts)) if !parts.is_empty() => {
            return has_width(field, names, &parts, data, errors).then_some(parts)
        }
        // The runtime takes the field's own name for a whole list, or where no column is there.
        (Some(own), _) if data.sample.has_objects() || found.parts.iter().all(Option::is_none) => {
            return Some(vec![own]);
        }
        _ => {}
    }
    let is_optional = field.ty.as_ref().is_some_and(|ty| ty.optional);
    if field.columns.default.is_some() || data.sample.has_objects() && is_optional {
        return None;
    }
    let lacking = found.parts.iter().position(Option::is_none).unwrap_or_default();
    let wanted = names.columns.named().get(lacking).copied().unwrap_or(names.name);
    let message = match names.columns.is_open() {
        true => format!("no column of {} is left for `columns(...)`", data.path),
        false => format!("in {} {}", data.path, missing_column(wanted, keys.clone(), keys)),
    };
    errors.at(span, format!("`{name}`: {message}"));
    None
}

/// Whether a field takes the number of columns that the file decides; reports where it does not.
fn has_width(
    field: &Field,
    names: &FieldNames<'_>,
    parts: &[usize],
    data: &Data<'_>,
    errors: &mut Diagnostics,
) -> bool {
    let Some(ty) = field.ty.as_ref().filter(|ty| names.columns.is_open() && !ty.dims.is_empty())
    else {
        return true;
    };
    let Size::Known(width) = ty.elements() else { return true };
    let fits = match ty.list {
        true => width > 0 && parts.len().is_multiple_of(width),
        false => parts.len() == width,
    };
    if !fits {
        errors.at(
            field.name.span(),
            format!(
                "`{}`: `columns(...)` finds {} columns in {}, and `{}` takes {width}",
                field.name,
                parts.len(),
                data.path,
                ty.text
            ),
        );
    }
    fits
}

/// An input that equals a target in every row is target leakage.
fn hold_no_target(graph: &Graph, compared: &[ComparedField<'_>], errors: &mut Diagnostics) {
    let (inputs, targets): (Vec<_>, Vec<_>) =
        compared.iter().partition(|field| graph.nodes[field.node].is_input());
    for input in inputs {
        if let Some(target) = targets.iter().find(|target| input.equals(target)) {
            let (name, target) = (graph.nodes[input.node].name(), graph.nodes[target.node].name());
            errors.at(
                name.span(),
                format!(
                    "`{name}` equals the target `{target}` in {}, so the model would read what it is \
                     to predict; leave it out",
                    input.all_rows()
                ),
            );
        }
    }
}

/// Prints the columns that no field takes: a note, because a model need not take all of them.
fn note_unused(graph: &Graph, unused: &[&str], data: &Data<'_>) {
    if !unused.is_empty() && !graph.model.options.allowed.contains(&Lint::UnusedColumns) {
        let unused: Vec<String> = unused.iter().map(|name| format!("`{name}`")).collect();
        eprintln!(
            "note: {} has columns that no field of `{}` takes: {}",
            data.path,
            plain(&graph.model.name),
            unused.join(", ")
        );
    }
}
