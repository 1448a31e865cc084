//! The phases, in order.

use proc_macro2::TokenStream;

use crate::{check, codegen, diagnostics::Diagnostics, graph, parse, plan, print, shape, warn};

/// What `#[multi_input_model(arguments)]` on `item` becomes: the model, or every mistake in it
/// together with stubs that keep the rest of the user's crate free of follow-on errors.
pub fn expand_model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new();
    let Some(raw) = parse::parse(arguments, item.clone(), &mut errors) else {
        return codegen::unreadable(item, errors);
    };
    let stubs = codegen::fallback(&raw);
    let graph = graph::build(raw, &mut errors);
    let shaped = shape::infer(graph, &mut errors);
    print::on_request(&shaped);
    // Beside the model and beside its mistakes; before them, because a language server compares
    // places in the expansion with and without what is being typed, and errors speak of that.
    let (editor, watch) = (codegen::editor(&shaped), print::watch());
    let model = match check::check(shaped, errors) {
        Ok(checked) => codegen::generate(&plan::plan(&checked), &warn::warn(&checked)),
        Err(errors) => {
            let errors = errors.into_compile_error();
            quote::quote!(#stubs #errors)
        }
    };
    quote::quote!(#editor #watch #model)
}
