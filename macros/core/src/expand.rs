//! The phases, in order.

use proc_macro2::TokenStream;

use crate::{
    check::{self, CheckedGraph},
    codegen,
    compare::{self, Comparison},
    diagnostics::Diagnostics,
    graph,
    lock::{self, Locked},
    parse::{self, RawModel},
    part, plan, print, shape, warn,
};

/// The expansion of `#[multi_input_model(arguments)]` on `item`: the model, or all mistakes with
/// stubs that prevent follow-on errors in the user's crate.
pub fn expand_model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new();
    let Some(raw) = parse::parse(arguments, item.clone(), &mut errors) else {
        return codegen::unreadable(item, errors);
    };
    let graph = graph::build(raw, &mut errors);
    let parts = part::derive(&graph, &mut errors);
    let shaped = shape::infer(graph, &mut errors);
    print::on_request(&shaped);
    // Emitted with the model and with its errors. It comes first, because a language server
    // compares positions in the expansion with and without the text being typed, and error messages
    // contain that text.
    let (editor, track) = (codegen::editor(&shaped), print::track_variable());
    let track_file = compare::track_file(&shaped.graph);
    let stubs = codegen::fallback(&shaped);
    let lock = shaped.graph.model.options.lock.clone();
    let model = match check::check(shaped, errors).and_then(compared) {
        Ok(model) => {
            let parts = parts.into_iter().map(expand_part);
            quote::quote!(#model #(#parts)*)
        }
        Err(errors) => {
            let parts = parts.into_iter().map(stubs_of_part);
            let errors = errors.into_compile_error();
            quote::quote!(#stubs #(#parts)* #errors)
        }
    };
    // It may have been written just now.
    let track_lock = lock.as_ref().map(lock::track);
    quote::quote!(#editor #track #track_file #track_lock #model)
}

/// The expansion of a part of a model without mistakes. Warnings are the model's.
fn expand_part(raw: RawModel) -> TokenStream {
    let mut errors = Diagnostics::new();
    let shaped = shape::infer(graph::build(raw, &mut errors), &mut errors);
    print::on_request(&shaped);
    let stubs = codegen::fallback(&shaped);
    match check::check(shaped, errors) {
        Ok(checked) => codegen::generate(&plan::plan(&checked), &[], &Locked::default()),
        Err(errors) => {
            let errors = errors.into_compile_error();
            quote::quote!(#stubs #errors)
        }
    }
}

/// The stubs of a part of a model with mistakes. All of them are the model's.
fn stubs_of_part(raw: RawModel) -> TokenStream {
    let mut errors = Diagnostics::new();
    let shaped = shape::infer(graph::build(raw, &mut errors), &mut errors);
    // The model has reported what is wrong.
    drop(errors.finish());
    codegen::fallback(&shaped)
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
