//! The phases, in order.

use proc_macro2::TokenStream;

use crate::{check, codegen, diagnostics::Diagnostics, graph, parse, plan, print, shape, warn};

/// The expansion of `#[multi_input_model(arguments)]` on `item`: the model, or all mistakes with
/// stubs that prevent follow-on errors in the user's crate.
pub fn expand_model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new();
    let Some(raw) = parse::parse(arguments, item.clone(), &mut errors) else {
        return codegen::unreadable(item, errors);
    };
    let stubs = codegen::fallback(&raw);
    let graph = graph::build(raw, &mut errors);
    let shaped = shape::infer(graph, &mut errors);
    print::on_request(&shaped);
    // Emitted with the model and with its errors. It comes first, because a language server
    // compares positions in the expansion with and without the text being typed, and error messages
    // contain that text.
    let (editor, track) = (codegen::editor(&shaped), print::track_variable());
    let model = match check::check(shaped, errors) {
        Ok(checked) => codegen::generate(&plan::plan(&checked), &warn::warn(&checked)),
        Err(errors) => {
            let errors = errors.into_compile_error();
            quote::quote!(#stubs #errors)
        }
    };
    quote::quote!(#editor #track #model)
}
