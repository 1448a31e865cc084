//! `#[derive(Newtype)] struct Metres(f32);`.

use proc_macro2::TokenStream;
use quote::{quote, ToTokens};
use syn::{spanned::Spanned, Data, DeriveInput, Fields, LitStr, Path, Type};

use crate::{
    diagnostics::Diagnostics,
    parse,
    suggest::{list, suggest},
    text::{compact, plain},
};

/// The expansion of `#[derive(Newtype)]`: the impl of the trait, or all mistakes with an impl that
/// never runs, so that models with the type have no follow-on errors.
pub fn expand_newtype(item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new();
    let Some(item) = errors.ok(syn::parse2::<DeriveInput>(item)) else {
        return errors
            .finish()
            .map_or_else(syn::Error::into_compile_error, |()| TokenStream::new());
    };
    let options = Options::read(&item, &mut errors);
    let inner = errors.ok(wrapped(&item)).and_then(|ty| {
        errors.of_field(&item.ident, |errors| errors.ok(parse::wrapped(ty)))?;
        Some(ty.to_token_stream())
    });
    let inner = match errors.finish() {
        Ok(()) => inner,
        Err(mistakes) => {
            let (stub, mistakes) =
                (implement(&item, &options, None), mistakes.into_compile_error());
            return quote!(#stub #mistakes);
        }
    };
    implement(&item, &options, inner)
}

/// The type in `struct Metres(f32);`.
fn wrapped(item: &DeriveInput) -> syn::Result<&Type> {
    let what = "`Newtype` is derived for a struct around one value, such as `struct Metres(f32);`";
    let refuse = |span, found: &str| Err(syn::Error::new(span, format!("{what}; {found}")));
    if let Some(parameter) = item.generics.params.first() {
        return refuse(parameter.span(), "it has no parameters");
    }
    let data = match &item.data {
        Data::Struct(data) => data,
        Data::Enum(data) => return refuse(data.enum_token.span, "this is an enum"),
        Data::Union(data) => return refuse(data.union_token.span, "this is a union"),
    };
    let fields = match &data.fields {
        Fields::Unnamed(fields) => &fields.unnamed,
        Fields::Named(fields) => {
            let first = fields.named.first().and_then(|field| field.ident.as_ref());
            let name = first.unwrap_or(&item.ident);
            return refuse(name.span(), &format!("this one names it `{name}`"));
        }
        Fields::Unit => return refuse(item.ident.span(), "this wraps nothing"),
    };
    match (fields.first(), fields.get(1)) {
        (Some(only), None) => Ok(&only.ty),
        (_, Some(second)) => {
            refuse(second.span(), "this has several; several numbers are an array, `[f32; 2]`")
        }
        (None, None) => refuse(item.ident.span(), "this wraps nothing"),
    }
}

/// The options of `#[newtype(name = "Metres", crate = path)]`.
struct Options {
    name: String,
    krate: TokenStream,
}

impl Options {
    fn read(item: &DeriveInput, errors: &mut Diagnostics) -> Options {
        let mut options = Options { name: plain(&item.ident), krate: quote!(::multi_input) };
        for attribute in item.attrs.iter().filter(|a| a.path().is_ident("newtype")) {
            let read = attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("name") {
                    options.name = meta.value()?.parse::<LitStr>()?.value();
                    return Ok(());
                }
                if meta.path.is_ident("crate") {
                    let path = meta.value()?.call(Path::parse_mod_style)?;
                    options.krate = path.to_token_stream();
                    return Ok(());
                }
                let (word, names) = (meta.path.to_token_stream().to_string(), ["name", "crate"]);
                let near = suggest(&word, names);
                let all = match near.is_empty() {
                    true => format!("; there are {}", list(names.into_iter())),
                    false => near,
                };
                Err(meta.error(format!("`#[newtype]` has no option `{word}`{all}")))
            });
            errors.ok(read);
        }
        options
    }
}

/// The impl; `inner` is what is wrapped, `None` after a mistake.
fn implement(item: &DeriveInput, options: &Options, inner: Option<TokenStream>) -> TokenStream {
    let (ident, Options { name, krate }) = (&item.ident, options);
    let (impl_generics, ty_generics, bounds) = item.generics.split_for_impl();
    let wraps = inner.as_ref().map(|inner| {
        let text = format!("`{}`", compact(inner));
        quote!(const WRAPS: &'static ::core::primitive::str = #text;)
    });
    let (inner, wrap, value) = match inner {
        Some(inner) => (inner, quote!(Self(inner)), quote!(&self.0)),
        None => {
            let unreachable = quote!(::core::unreachable!());
            (quote!(#krate::private::NotRead), unreachable.clone(), unreachable)
        }
    };
    quote! {
        #[automatically_derived]
        #[allow(unused_variables)]
        #[diagnostic::do_not_recommend] // A list of all newtypes helps with none.
        impl #impl_generics #krate::Newtype for #ident #ty_generics #bounds {
            type Inner = #inner;

            const NAME: &'static ::core::primitive::str = #name;
            #wraps

            fn wrap(inner: Self::Inner) -> Self {
                #wrap
            }

            fn inner(&self) -> &Self::Inner {
                #value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expansion(item: &str) -> String {
        let tokens = expand_newtype(item.parse().unwrap());
        let file: syn::File = syn::parse2(tokens).unwrap();
        quote!(#file).to_string()
    }

    #[test]
    fn a_newtype_implements_the_trait() {
        let text = expansion("pub struct Rgb(pub [f32; 3]);");
        assert!(text.contains("impl :: multi_input :: Newtype for Rgb"), "{text}");
        assert!(text.contains("type Inner = [f32 ; 3]") && text.contains("\"Rgb\""), "{text}");
        let text = expansion("#[newtype(name = \"m\", crate = my::path)] struct Metres(f32);");
        assert!(text.contains("impl my :: path :: Newtype") && text.contains("\"m\""), "{text}");
    }

    #[test]
    fn a_mistake_is_one_error_beside_an_impl() {
        for item in [
            "enum A { B(f32) }",
            "union A { b: f32 }",
            "struct A;",
            "struct A();",
            "struct A(f32, f32);",
            "struct A { b: f32 }",
            "struct A<T>(T);",
            "struct A<'a>(&'a f32);",
            "struct A(str);",
            "struct A(Option<f32>);",
            "struct A(Class<3>);",
            "struct A(_);",
            "#[newtype(nam = 1)] struct A(f32);",
            "#[newtype(name = 1)] struct A(f32);",
            "#[newtype = 1] struct A(f32);",
        ] {
            let text = expansion(item);
            assert_eq!(text.matches("compile_error").count(), 1, "{item}: {text}");
            assert!(text.contains(":: Newtype for A"), "{item}: {text}");
        }
    }
}
