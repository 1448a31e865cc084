//! Mentions of what users import for the fields of a model alone, so that rustc does not call the
//! imports unused.

use proc_macro2::TokenStream;
use quote::{quote, ToTokens};
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, PathSegment, Type,
};

use crate::{
    parse::{DerivedBy, Field, Head, LossCall, OutputMetric, Own, Source, Step},
    source,
};

/// The data types that are not Rust's own.
const IMPORTED: [&str; 5] = ["Class", "Image", "NaiveDate", "NaiveDateTime", "DateTime"];

/// The mention of types, which the expansion names by absolute paths. A user may not have imported
/// them, or in a function; then ours are found.
pub(super) fn types<'a>(head: &Head, fields: impl Iterator<Item = &'a Field>) -> TokenStream {
    let types: Vec<TokenStream> = fields.filter_map(|field| imported(&field.written)).collect();
    let options = &head.options;
    let krate = options.given_crate.as_ref().map_or(options.krate.clone(), Path::to_token_stream);
    if types.is_empty() || options.given_crate.as_ref().is_some_and(|path| !is_absolute(path)) {
        return TokenStream::new();
    }
    quote! {
        const _: () = {
            mod types {
                #[allow(unused_imports)]
                use #krate::private::types::*;
                const _: () = {
                    #[allow(unused_imports)]
                    use super::*;
                    #[allow(dead_code)]
                    fn used(#(_: #types),*) {}
                };
            }
        };
    }
}

/// Whether a path means the same in every module.
fn is_absolute(path: &Path) -> bool {
    path.leading_colon.is_some() || path.segments.first().is_some_and(|one| one.ident == "crate")
}

/// The innermost type, if it may be imported.
fn imported(ty: &Type) -> Option<TokenStream> {
    match ty {
        Type::Group(group) => imported(&group.elem),
        Type::Paren(paren) => imported(&paren.elem),
        Type::Array(array) => imported(&array.elem),
        Type::Path(path) => {
            let (first, last) = (path.path.segments.first()?, path.path.segments.last()?);
            if let Some(inner) = inner(last) {
                return imported(inner);
            }
            let is_relative = ["self", "super"].iter().any(|module| first.ident == module);
            let is_imported = IMPORTED.iter().any(|name| last.ident == name);
            // In a function, the first segment may be an import of the function.
            let is_found = match path.path.segments.len() {
                1 => !is_imported || !source::has_own(&last.ident.to_string()),
                _ => source::is_in_module(),
            };
            (is_imported && !is_relative && is_found).then(|| written(&path.path, last))
        }
        _ => None,
    }
}

/// The type with arguments of the right number, whatever the user wrote.
fn written(path: &Path, last: &PathSegment) -> TokenStream {
    let (colon, names) = (path.leading_colon, path.segments.iter().map(|one| &one.ident));
    let name = quote!(#colon #(#names)::*);
    match (last.ident.to_string().as_str(), &last.arguments) {
        ("Class" | "Image", _) => quote!(#name<1>),
        ("DateTime", PathArguments::AngleBracketed(zone)) if is_utc(zone) => quote!(#name #zone),
        ("DateTime", _) => quote!(#name<Utc>),
        _ => name,
    }
}

fn is_utc(arguments: &AngleBracketedGenericArguments) -> bool {
    let mut last = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(Type::Path(path)) => path.path.segments.last(),
        _ => None,
    });
    arguments.args.len() == 1 && last.any(|last| last.ident == "Utc")
}

/// The `T` of `Option<T>`.
fn inner(segment: &PathSegment) -> Option<&Type> {
    let wraps = ["Option", "Vec", "Masked"].iter().any(|wrapper| segment.ident == wrapper);
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) if wraps => match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

/// The mention of modules, steps, merges, derivations, losses and metrics of the user's own, of a
/// model that is not emitted.
pub(super) fn own<'a>(fields: impl Iterator<Item = &'a Field> + Clone) -> TokenStream {
    let branches = fields.clone().filter_map(|field| field.branch.as_ref());
    let modules: Vec<_> = branches.flat_map(|branch| &branch.modules).collect();
    let paths: Vec<TokenStream> =
        fields.flat_map(owned).filter(|own| may_be_declared(own)).map(path).collect();
    if modules.is_empty() && paths.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: () = {
            #(#[allow(unused_imports)] use #paths as _;)*
            #[allow(dead_code)]
            fn used(#(_: ::core::marker::PhantomData<#modules>),*) {}
        };
    }
}

/// Whether a name without a path may be that of something in the file. An import of another one would
/// be a second error, for a word that is none of the user's own.
fn may_be_declared(own: &Own) -> bool {
    own.path.get_ident().is_none_or(|name| source::declares(&name.to_string()) != Some(false))
}

/// What a field names of the user's own, besides modules.
fn owned(field: &Field) -> Vec<&Own> {
    let mut found: Vec<&Own> = Vec::new();
    match &field.source {
        Some(Source::Input(input)) => found.extend(own_steps(&input.steps)),
        Some(Source::Merge(merge)) => found.extend(merge.own.as_ref().map(|(own, _)| own)),
        Some(Source::Derived(derived)) => {
            if let DerivedBy::Own(own) = &derived.by {
                found.push(own);
            }
            found.extend(own_steps(&derived.steps));
        }
        _ => {}
    }
    if let Some(output) = &field.output {
        if let Some(LossCall::Own(own)) = &output.loss {
            found.push(own);
        }
        found.extend(output.all_metrics().filter_map(OutputMetric::own));
        found.extend(own_steps(&output.steps));
    }
    found
}

fn own_steps(steps: &[Step]) -> impl Iterator<Item = &Own> {
    steps.iter().filter_map(|step| step.own.as_ref().map(|(own, _)| own))
}

/// The path without generic arguments.
fn path(own: &Own) -> TokenStream {
    let (colon, names) = (own.path.leading_colon, own.path.segments.iter().map(|one| &one.ident));
    quote!(#colon #(#names)::*)
}
