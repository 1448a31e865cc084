//! Newtypes of the user's own. The expansion uses them through `private::RowValue`, which takes any
//! type, so that a type that is no newtype, or wraps something else, is reported once, by a constant.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::Expansion;
use crate::{
    parse::{Derives, Field, Newtype},
    text::plain,
};

/// `RowValue::<Metres>::UNIT`: a constant or a call of the type of a row's value.
pub(super) fn row_value(ty: &TokenStream, item: TokenStream, krate: &TokenStream) -> TokenStream {
    let private = quote!(#krate::private);
    quote! {{
        #[allow(unused_imports)]
        use #private::NoRowValue as _;
        #private::RowValue::<#ty>::#item
    }}
}

/// The name of a field's newtype in the files of models, as an `Option`.
pub(super) fn unit(field: &Field, krate: &TokenStream) -> TokenStream {
    match newtype(field) {
        Some(newtype) => row_value(&newtype.path, quote!(UNIT), krate),
        None => quote!(::core::option::Option::None),
    }
}

/// The newtype of a field.
pub(super) fn newtype(field: &Field) -> Option<&Newtype> {
    field.ty.as_ref()?.newtype.as_ref()
}

/// How serde's derives on a row write and read a field with newtypes: by functions of the row, as what
/// the newtypes wrap.
pub(super) struct SerdeOfNewtype<'a> {
    row: &'a Ident,
    field: &'a Field,
    ty: &'a TokenStream,
    derives: Derives,
}

impl<'a> SerdeOfNewtype<'a> {
    /// `None` where nothing is derived, or the user's attributes say it.
    pub(super) fn new(
        row: &'a Ident,
        field: &'a Field,
        ty: &'a TokenStream,
        derives: Derives,
    ) -> Option<SerdeOfNewtype<'a>> {
        let says = |options: &[&str]| field.columns.options.iter().any(|o| options.contains(&&**o));
        let serialize = derives.serialize
            && !says(&["with", "serialize_with", "skip", "skip_serializing", "flatten"]);
        let deserialize = derives.deserialize
            && !says(&["with", "deserialize_with", "skip", "skip_deserializing", "flatten"]);
        let derives = Derives { serialize, deserialize };
        (serialize || deserialize).then_some(SerdeOfNewtype { row, field, ty, derives })
    }

    fn names(&self) -> [Ident; 2] {
        let name = plain(&self.field.name);
        [format_ident!("serialize_{name}"), format_ident!("deserialize_{name}")]
    }

    /// The attribute of the field.
    pub(super) fn attribute(&self) -> TokenStream {
        let [serialize, deserialize] = self.names().map(|name| format!("{}::{name}", self.row));
        let serialize = self.derives.serialize.then(|| quote!(serialize_with = #serialize,));
        let deserialize =
            self.derives.deserialize.then(|| quote!(deserialize_with = #deserialize,));
        // As serde takes a key that is missing, if it reads an `Option` itself.
        let is_optional = self.field.ty.as_ref().is_some_and(|ty| ty.optional);
        let has_default = self.field.columns.options.iter().any(|option| option == "default");
        let default =
            (deserialize.is_some() && is_optional && !has_default).then(|| quote!(default,));
        quote!(#[serde(#serialize #deserialize #default)])
    }

    /// The functions that the attribute names.
    pub(super) fn functions(&self, krate: &TokenStream) -> TokenStream {
        let ([serialize, deserialize], ty) = (self.names(), self.ty);
        let (serde, result) = (quote!(#krate::private::serde), quote!(::core::result::Result));
        let serialize = self.derives.serialize.then(|| {
            let call = row_value(ty, quote!(serialize(value_, serializer_)), krate);
            quote! {
                fn #serialize<Se: #serde::Serializer>(
                    value_: &#ty,
                    serializer_: Se,
                ) -> #result<Se::Ok, Se::Error> {
                    #call
                }
            }
        });
        let deserialize = self.derives.deserialize.then(|| {
            let call = row_value(ty, quote!(deserialize(deserializer_)), krate);
            quote! {
                fn #deserialize<'de, De: #serde::Deserializer<'de>>(
                    deserializer_: De,
                ) -> #result<#ty, De::Error> {
                    #call
                }
            }
        });
        quote!(#serialize #deserialize)
    }
}

/// Compares newtypes with what the fields say that they wrap, each pair once. A local trait gives the
/// message for a type that is none.
pub(super) fn checks(expansion: &Expansion<'_>) -> TokenStream {
    let mut seen = BTreeSet::new();
    let fields = expansion.checked.graph.nodes.iter().map(|node| &node.field);
    let pairs = fields.filter_map(|field| Some((field, newtype(field)?)));
    let distinct = pairs.filter(|(_, newtype)| seen.insert((&newtype.text, &newtype.inner.text)));
    let checks = distinct.map(|(field, newtype)| check(expansion, field, newtype));
    quote!(#(#checks)*)
}

fn check(expansion: &Expansion<'_>, field: &Field, newtype: &Newtype) -> TokenStream {
    let (krate, private) = (&expansion.paths.krate, &expansion.paths.private);
    let Newtype { path, text, inner, .. } = newtype;
    let (name, claimed, spec) = (plain(&field.name), inner.absolute(krate), &expansion.paths.spec);
    let lacking = format!("`{name}`: `{text}` is no newtype of a row's value");
    let (wraps, stated) =
        (format!("`{name}`: `{text}` wraps "), format!(", but `wraps` says `{}`", inner.text));
    let [unit, found] = [quote!(UNIT), quote!(WRAPS)].map(|item| row_value(path, item, krate));
    let check = quote_spanned! {newtype.span=>
        if #unit.is_some() && !AsStated::<#path>::HOLDS {
            ::std::panic!("{}", #spec::Text::new(#wraps).str(#found).str(#stated).as_str());
        }
        <#path as Newtype>::IS_ONE
    };
    quote! {
        #[allow(dead_code)]
        const _: () = {
            #[diagnostic::on_unimplemented(
                message = #lacking,
                label = "derive `multi_input::Newtype` on it"
            )]
            trait Newtype {
                const IS_ONE: () = ();
            }
            #[diagnostic::do_not_recommend]
            impl<T: #krate::Newtype> Newtype for T {}
            trait Stated {}
            impl Stated for #claimed {}
            impl Stated for #private::NotRead {}
            struct AsStated<T>(::core::marker::PhantomData<T>);
            impl<T: #krate::Newtype<Inner: Stated>> AsStated<T> {
                const HOLDS: ::core::primitive::bool = true;
            }
            trait NotAsStated {
                const HOLDS: ::core::primitive::bool = false;
            }
            impl<T> NotAsStated for AsStated<T> {}
            #check
        };
    }
}
