//! `wraps = f32`: what the newtype of an input or a target wraps. The macro sees only the newtype's
//! name; the expansion compares the two (`codegen/newtypes.rs`).

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Type, TypePath};

use super::{
    attribute::{once, point, Entry},
    data_type::{self, Element, FieldType},
};
use crate::{diagnostics::Diagnostics, text::compact};

/// The option's name.
pub(super) const NAME: &str = "wraps";

/// The option `wraps`.
#[derive(Clone)]
pub(crate) struct Wraps {
    /// `None` if it could not be read.
    ty: Option<Type>,
    /// The span of its name.
    span: Span,
}

impl Wraps {
    /// Reads the option into `slot`; `None` after reporting mistakes.
    pub(super) fn read(
        entry: Entry,
        slot: &mut Option<Wraps>,
        errors: &mut Diagnostics,
    ) -> Option<()> {
        let at = entry.name.span();
        let ty = entry.value("wraps = f32", errors).and_then(|tokens| {
            let span = tokens.clone().into_iter().next().map_or(at, |first| first.span());
            let ty = syn::parse2(tokens);
            errors
                .ok(ty.map_err(|_| syn::Error::new(span, "a newtype wraps a type: `wraps = f32`")))
        });
        slot.take_if(|unread| unread.ty.is_none());
        once(slot, Wraps { ty, span: at }, NAME, at, errors);
        Some(())
    }

    /// For an option that could not be read: it may have been this one, so that the type is not
    /// reported as unknown.
    pub(super) fn may_be_meant(at: Span, slot: &mut Option<Wraps>) {
        slot.get_or_insert(Wraps { ty: None, span: at });
    }
}

/// A newtype of the user's own, the innermost element of a field's type.
#[derive(Clone)]
pub(crate) struct Newtype {
    /// The type, as tokens.
    pub(crate) path: TokenStream,
    /// As the user wrote it.
    pub(crate) text: String,
    /// The span of its name.
    pub(crate) span: Span,
    /// What it wraps.
    pub(crate) inner: Box<FieldType>,
}

/// Reads the type of a field, which is a newtype, or contains one, if there is `wraps`. `None` where
/// `wraps` could not be read, and the type is of no use without it.
pub(super) fn read_type(ty: &Type, wraps: Option<&Wraps>) -> syn::Result<Option<FieldType>> {
    let Some(wraps) = wraps else { return data_type::read(ty, None).map(Some) };
    let Some(inner) = &wraps.ty else { return Ok(data_type::read(ty, None).ok()) };
    let read = data_type::read(ty, Some(&wrapped(inner)?))?;
    if read.newtype.is_none() {
        let text = format!("`{}` is no newtype and wraps nothing; leave `wraps` out", read.text);
        return Err(syn::Error::new(wraps.span, text));
    }
    Ok(Some(read))
}

/// What a newtype wraps: a type that a row holds in any case.
pub(crate) fn wrapped(ty: &Type) -> syn::Result<FieldType> {
    let read = data_type::read(ty, None)?;
    let text = match read.element {
        _ if read.optional => "`Option` stands around the newtype, in the type of the field",
        _ if read.masked => "a row holds no mask",
        Element::Class(_) => "a class is no number; the target is `Class<N>` itself",
        Element::Inferred => "`_` says nothing: write what the newtype wraps",
        _ => return Ok(read),
    };
    Err(syn::Error::new(read.span, text))
}

/// The newtype that a path names; `None` for the names of types that are not of the user.
pub(super) fn newtype(path: &TypePath, inner: &FieldType) -> Option<Newtype> {
    const OURS: [&str; 9] = [
        "Class",
        "DateTime",
        "Image",
        "Masked",
        "NaiveDate",
        "NaiveDateTime",
        "Option",
        "String",
        "Vec",
    ];
    let name = path.path.segments.last()?.ident.to_string();
    let is_of_the_user = name.starts_with(char::is_uppercase) && !OURS.contains(&name.as_str());
    let tokens = path.to_token_stream();
    is_of_the_user.then(|| Newtype {
        text: compact(&tokens),
        path: tokens,
        span: point(&Type::Path(path.clone())),
        inner: Box::new(inner.clone()),
    })
}
