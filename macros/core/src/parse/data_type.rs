//! The types of fields. The built-in data types are recognised by their names.

use multi_input_spec::{agree, Size};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned, ToTokens};
use syn::{spanned::Spanned, Expr, ExprMacro, ExprPath, GenericArgument, PathArguments, Type};

use super::{
    attribute::point,
    number::SizeExpr,
    wraps::{self, Newtype},
};
use crate::{diagnostics::Diagnostics, requirement::Condition, text::compact};

/// The type of a field: the value of one sample.
#[derive(Clone)]
pub(crate) struct FieldType {
    /// `Option<...>`: an input may be absent, or a target unknown.
    pub(crate) optional: bool,
    /// `Masked<...>`: the steps have a mask.
    pub(crate) masked: bool,
    /// `Vec<...>`: a list of any length.
    pub(crate) list: bool,
    /// The innermost element.
    pub(crate) element: Element,
    /// The elements of an array or a list are `Option`s: some numbers of a value may be missing.
    pub(crate) optional_items: bool,
    /// The lengths of the arrays around it, outermost first; in a `Vec`, those of an item.
    pub(crate) dims: Vec<SizeExpr>,
    /// The newtype that wraps the element, with some of the arrays around it.
    pub(crate) newtype: Option<Newtype>,
    /// The span of the whole type.
    pub(crate) span: Span,
    /// As the user wrote it.
    pub(crate) text: String,
}

/// The innermost element of a type.
#[derive(Clone)]
pub(crate) enum Element {
    /// A number.
    F32,
    /// A double-precision number.
    F64,
    /// An integer, stored as `f64`.
    I64,
    /// A non-negative integer, stored as `f64`.
    U64,
    /// A flag, 0 or 1.
    Bool,
    /// A category index.
    U32,
    /// A class, as a target.
    Class(SizeExpr),
    /// A text.
    Text,
    /// A picture with this number of channels.
    Image(SizeExpr),
    /// One of chrono's types.
    Date(Date),
    /// `_`, the inferred shape.
    Inferred,
}

/// A date type of `chrono`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Date {
    /// `NaiveDate`
    Day,
    /// `NaiveDateTime`
    Time,
    /// `DateTime<Utc>`
    Utc,
}

impl Element {
    /// Whether rows hold it as `f64` until the last step.
    pub(crate) fn is_double(&self) -> bool {
        matches!(self, Element::F64 | Element::I64 | Element::U64)
    }
}

impl FieldType {
    /// Reports arrays that no memory holds, or leaves constant lengths to rustc.
    pub(super) fn fits_memory(&self, errors: &mut Diagnostics) {
        let lengths: Vec<_> = self.dims.iter().map(|dim| dim.value.get()).collect();
        if self.dims.iter().all(SizeExpr::is_known) {
            if let Err(text) = agree::elements(&lengths) {
                errors.at(self.span, text.as_str());
            }
        } else if self.dims.len() > 1 {
            let lengths = self.dims.iter().map(|dim| &dim.tokens);
            errors.require(self.span, &quote!(#(#lengths),*), Condition::Elements);
        }
    }

    /// Every size in the type.
    pub(super) fn sizes_mut(&mut self) -> impl Iterator<Item = &mut SizeExpr> {
        let argument = match &mut self.element {
            Element::Class(size) | Element::Image(size) => Some(size),
            _ => None,
        };
        self.dims.iter_mut().chain(argument)
    }

    /// The number of elements of the arrays.
    pub(crate) fn elements(&self) -> Size {
        self.dims.iter().fold(Size::Known(1), |size, dim| size.times(dim.value))
    }

    /// The type with absolute paths; `krate` is the path of `multi_input`. The tokens are of the user's
    /// edition, of which each has `::std`, and the first has no `::core`.
    pub(crate) fn absolute(&self, krate: &TokenStream) -> TokenStream {
        let (span, present) = (self.span, self.absolute_present(krate));
        match self.optional {
            true => quote_spanned!(span=> ::std::option::Option<#present>),
            false => present,
        }
    }

    /// [`absolute`](Self::absolute) without the `Option`.
    pub(crate) fn absolute_present(&self, krate: &TokenStream) -> TokenStream {
        match &self.newtype {
            None => {
                let element = self.absolute_element(krate);
                self.around(element, self.optional_items, &self.dims, self.list)
            }
            Some(Newtype { path, inner, .. }) => {
                let dims = &self.dims[..self.dims.len() - inner.dims.len()];
                let optional_items = self.optional_items && !inner.optional_items;
                self.around(path.clone(), optional_items, dims, self.list && !inner.list)
            }
        }
    }

    /// `element` in `Option`, arrays and `Vec`.
    fn around(
        &self,
        element: TokenStream,
        optional_items: bool,
        dims: &[SizeExpr],
        list: bool,
    ) -> TokenStream {
        let (span, mut tokens) = (self.span, element);
        if optional_items {
            tokens = quote_spanned!(span=> ::std::option::Option<#tokens>);
        }
        for dim in dims.iter().rev() {
            let size = &dim.tokens;
            tokens = quote_spanned!(span=> [#tokens; #size]);
        }
        if list {
            tokens = quote_spanned!(span=> ::std::vec::Vec<#tokens>);
        }
        tokens
    }

    /// The path of the element.
    fn absolute_element(&self, krate: &TokenStream) -> TokenStream {
        let span = self.span;
        match &self.element {
            Element::F32 => quote_spanned!(span=> ::std::primitive::f32),
            Element::F64 => quote_spanned!(span=> ::std::primitive::f64),
            Element::I64 => quote_spanned!(span=> ::std::primitive::i64),
            Element::U64 => quote_spanned!(span=> ::std::primitive::u64),
            Element::Bool => quote_spanned!(span=> ::std::primitive::bool),
            Element::U32 => quote_spanned!(span=> ::std::primitive::u32),
            Element::Class(classes) => {
                let classes = classes.argument();
                quote_spanned!(span=> #krate::Class<#classes>)
            }
            Element::Text => quote_spanned!(span=> ::std::string::String),
            Element::Image(channels) => {
                let channels = channels.argument();
                quote_spanned!(span=> #krate::Image<#channels>)
            }
            Element::Date(Date::Day) => quote_spanned!(span=> #krate::data::chrono::NaiveDate),
            Element::Date(Date::Time) => quote_spanned!(span=> #krate::data::chrono::NaiveDateTime),
            Element::Date(Date::Utc) => quote_spanned! {span=>
                #krate::data::chrono::DateTime<#krate::data::chrono::Utc>
            },
            Element::Inferred => quote_spanned!(span=> _),
        }
    }
}

/// Reads a field's type; `wrapped` is what its newtype wraps, where it says so.
pub(super) fn read(ty: &Type, wrapped: Option<&FieldType>) -> syn::Result<FieldType> {
    let (optional, inner) = match inside("Option", ty) {
        Some(inner) => (true, inner),
        None => (false, ty),
    };
    let (masked, inner) = match inside("Masked", inner) {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let (list, inner) = match inside("Vec", inner) {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let mut dims = Vec::new();
    let mut reader = Reader { in_list: list, wrapped, newtype: None };
    let Item { element, optional: optional_items } = reader.element(inner, &mut dims)?;
    let newtype = reader.newtype;
    let list = list || newtype.as_ref().is_some_and(|newtype| newtype.inner.list);
    if optional && matches!(element, Element::Inferred) {
        return Err(syn::Error::new(
            ty.span(),
            "`Option<_>` says too little: write the inner type",
        ));
    }
    let text = compact(&ty.to_token_stream());
    let span = point(ty);
    Ok(FieldType { optional, masked, list, element, optional_items, dims, newtype, span, text })
}

/// The innermost element, and whether it is an `Option`.
struct Item {
    element: Element,
    optional: bool,
}

/// Reads the type inside `Option`, `Masked` and `Vec`.
struct Reader<'a> {
    in_list: bool,
    /// What a newtype wraps.
    wrapped: Option<&'a FieldType>,
    newtype: Option<Newtype>,
}

impl Reader<'_> {
    fn element(&mut self, ty: &Type, dims: &mut Vec<SizeExpr>) -> syn::Result<Item> {
        if let Some(inner) = inside("Option", ty).filter(|_| self.in_list || !dims.is_empty()) {
            self.in_list = false;
            let mut inner_dims = Vec::new();
            return match self.element(inner, &mut inner_dims)? {
                Item { element: element @ (Element::F32 | Element::F64), optional: false }
                    if inner_dims.is_empty() =>
                {
                    Ok(Item { element, optional: true })
                }
                _ => Err(optional_item(ty)),
            };
        }
        let element = match ty {
            Type::Array(array) => {
                dims.push(SizeExpr::read(&array.len)?);
                return self.element(&array.elem, dims);
            }
            Type::Group(group) => return self.element(&group.elem, dims),
            Type::Paren(paren) => return self.element(&paren.elem, dims),
            Type::Infer(_) if dims.is_empty() => Element::Inferred,
            Type::Path(path) if path.qself.is_none() => {
                if let Some(inner) = self.wrapped {
                    if let Some(newtype) = wraps::newtype(path, inner) {
                        return self.inside_newtype(newtype, dims);
                    }
                }
                named(ty, &path.path)?
            }
            _ => return Err(unknown(ty)),
        };
        Ok(Item { element, optional: false })
    }

    /// The element that a newtype wraps.
    fn inside_newtype(&mut self, newtype: Newtype, dims: &mut Vec<SizeExpr>) -> syn::Result<Item> {
        let inner = &newtype.inner;
        if inner.list && (self.in_list || !dims.is_empty()) {
            let text = "a row holds one list of any length, not a list or an array of them";
            return Err(syn::Error::new(newtype.span, text));
        }
        dims.extend_from_slice(&inner.dims);
        let item = Item { element: inner.element.clone(), optional: inner.optional_items };
        self.newtype = Some(newtype);
        Ok(item)
    }
}

fn optional_item(ty: &Type) -> syn::Error {
    syn::Error::new(
        point(ty),
        "among the elements of an array or a list only numbers, `f32` or `f64`, may be missing; otherwise \
         `Option` stands around the whole type: a row holds all of a value, or nothing of it",
    )
}

fn named(ty: &Type, path: &syn::Path) -> syn::Result<Element> {
    let Some(last) = path.segments.last() else { return Err(unknown(ty)) };
    if let PathArguments::AngleBracketed(arguments) = &last.arguments {
        let argument = arguments.args.first().filter(|_| arguments.args.len() == 1);
        match (last.ident.to_string().as_str(), argument) {
            ("Class", Some(argument)) => {
                return size(argument, "classes: `Class<10>`").map(Element::Class)
            }
            ("Image", Some(argument)) => {
                return size(argument, "channels: `Image<3>`").map(Element::Image)
            }
            ("DateTime", Some(GenericArgument::Type(Type::Path(zone))))
                if zone.path.segments.last().is_some_and(|zone| zone.ident == "Utc") =>
            {
                return Ok(Element::Date(Date::Utc));
            }
            ("Vec", _) => {
                return Err(syn::Error::new(
                    point(ty),
                    "`Vec` stands around the whole type: a row holds one list of any length, of \
                     items of one size; an inner list is an array, such as `Vec<[f32; 3]>`",
                ));
            }
            ("Option", _) => return Err(optional_item(ty)),
            ("DateTime", Some(zone)) => {
                return Err(syn::Error::new(
                    zone.span(),
                    "a date with a time zone is `DateTime<Utc>`; one without is `NaiveDateTime`",
                ));
            }
            _ => {}
        }
    }
    if last.arguments.is_none() {
        match last.ident.to_string().as_str() {
            "String" => return Ok(Element::Text),
            "NaiveDate" => return Ok(Element::Date(Date::Day)),
            "NaiveDateTime" => return Ok(Element::Date(Date::Time)),
            _ => {}
        }
    }
    match path.get_ident().map(ToString::to_string).as_deref() {
        Some("f32") => Ok(Element::F32),
        Some("f64") => Ok(Element::F64),
        Some("i64") => Ok(Element::I64),
        Some("u64") => Ok(Element::U64),
        Some("bool") => Ok(Element::Bool),
        Some("u32") => Ok(Element::U32),
        Some("usize" | "u16" | "u8" | "i32" | "i16" | "i8" | "isize") => Err(syn::Error::new(
            ty.span(),
            "a category index is `u32` and a number is `f32` (`f64`, `i64` or `u64` where it has many \
             digits); write the one that is meant",
        )),
        _ => Err(unknown(ty)),
    }
}

/// The size between `<` and `>`.
fn size(argument: &GenericArgument, of: &str) -> syn::Result<SizeExpr> {
    match argument {
        GenericArgument::Const(size) => SizeExpr::read(size),
        // syn parses a path to a constant as a type.
        GenericArgument::Type(Type::Path(path)) => {
            let (qself, path) = (path.qself.clone(), path.path.clone());
            SizeExpr::read(&Expr::Path(ExprPath { attrs: Vec::new(), qself, path }))
        }
        GenericArgument::Type(Type::Group(group)) => {
            size(&GenericArgument::Type((*group.elem).clone()), of)
        }
        GenericArgument::Type(Type::Macro(call)) => {
            let (attrs, mac) = (Vec::new(), call.mac.clone());
            SizeExpr::read(&Expr::Macro(ExprMacro { attrs, mac }))
        }
        other => Err(syn::Error::new(other.span(), format!("expected the number of {of}"))),
    }
}

/// The `T` of `wrapper<T>`, such as `Option<T>`.
fn inside<'a>(wrapper: &str, ty: &'a Type) -> Option<&'a Type> {
    let path = match ty {
        Type::Path(path) => path,
        // A type passed in by a `macro_rules!` macro.
        Type::Group(group) => return inside(wrapper, &group.elem),
        _ => return None,
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (last.ident == wrapper, arguments.args.first()) {
        (true, Some(GenericArgument::Type(inner))) if arguments.args.len() == 1 => Some(inner),
        _ => None,
    }
}

fn unknown(ty: &Type) -> syn::Error {
    let found = compact(&quote!(#ty));
    syn::Error::new(
        point(ty),
        format!(
            "`{found}` is no data type of a model: use `f32`, `f64`, `i64`, `u64`, `bool`, `u32`, \
             arrays of them, `String`, `Image<C>`, chrono's dates, `Class<N>`, `Vec` of an input's, \
             or `Option` of an input's or a target's; an alias is not seen through, so write the type \
             itself; a newtype of your own stands with what it wraps: `#[input(wraps = f32)]`"
        ),
    )
}
