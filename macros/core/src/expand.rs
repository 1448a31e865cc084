//! The phases, in order.

use proc_macro2::TokenStream;

use crate::{
    beside,
    check::{self, CheckedGraph},
    codegen,
    compare::{self, Comparison},
    diagnostics::Diagnostics,
    graph,
    lock::{self, Locked},
    parse::{self, RawModel},
    part, plan, print, shape, source, warn,
};

/// The expansion of `#[multi_input_model(arguments)]` on `item`: the model, or all mistakes with
/// erroneous types in its place, which prevent follow-on errors in the user's crate.
pub fn expand_model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new();
    let mut reported = None;
    let arguments = match source::is_key_value() {
        true => TokenStream::new(),
        false => parse::without_quotes(arguments, &mut reported),
    };
    let item = parse::without_quotes(item, &mut reported);
    let raw = match parse::parse(arguments, item, &mut errors) {
        Ok(raw) => raw,
        Err(no_model) => return codegen::unreadable(no_model, errors),
    };
    let taken = beside::check(&raw.head, &mut errors);
    let graph = graph::build(raw, &mut errors);
    let parts = part::derive(&graph, &mut errors);
    let shaped = shape::infer(graph, &mut errors);
    print::on_request(&shaped);
    // Emitted with the model and with its errors. It comes first, because a language server
    // compares positions in the expansion with and without the text being typed, and error messages
    // contain that text.
    let (editor, track) = (codegen::editor(&shaped), print::track_variable());
    let track_file = compare::track_file(&shaped.graph);
    let head = shaped.graph.model.clone();
    let fallback = codegen::Fallback::of(&shaped.graph, taken);
    let lock = shaped.graph.model.options.lock.clone();
    let model = match check::check(shaped, errors).and_then(compared) {
        Ok(model) => {
            let parts = parts.into_iter().map(expand_part);
            quote::quote!(#model #(#parts)*)
        }
        Err(errors) => match (reported, head.unread.clone()) {
            // The literal is erroneous in itself.
            (Some(literal), _) => fallback.because_of(&quote::quote!(0 + #literal)),
            (None, Some(tokens)) => fallback.because_of(&codegen::unread(&head.name, tokens)),
            (None, None) => fallback.with(errors),
        },
    };
    // It may have been written just now.
    let track_lock = lock.as_ref().map(lock::track);
    codegen::by_way_of_the_crate(
        &head,
        quote::quote!(#editor #track #track_file #track_lock #model),
    )
}

/// The expansion of a part of a model without mistakes. Warnings are the model's.
fn expand_part(raw: RawModel) -> TokenStream {
    let mut errors = Diagnostics::new();
    let shaped = shape::infer(graph::build(raw, &mut errors), &mut errors);
    print::on_request(&shaped);
    let fallback = codegen::Fallback::of(&shaped.graph, Vec::new());
    match check::check(shaped, errors) {
        Ok(checked) => codegen::generate(&plan::plan(&checked), &[], &Locked::default()),
        Err(errors) => fallback.with(errors),
    }
}

/// The model, compared with its data file and its lock.
fn compared(checked: CheckedGraph) -> syn::Result<TokenStream> {
    let plan = plan::plan(&checked);
    let Comparison { errors, warnings } = compare::compare(&plan);
    let locked = match (errors, lock::compare(&checked)) {
        (None, locked) => locked?,
        (Some(mut errors), Err(others)) => {
            errors.combine(others);
            return Err(errors);
        }
        (Some(errors), Ok(_)) => return Err(errors),
    };
    let warnings: Vec<_> = warn::warn(&checked).into_iter().chain(warnings).collect();
    Ok(codegen::generate(&plan, &warnings, &locked))
}
