//! The annotated struct.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, ToTokens};
use syn::{
    spanned::Spanned, Attribute, Fields, GenericParam, Generics, Item, ItemStruct, Visibility,
};

use super::{
    attribute,
    field::{self, Field},
    item,
    options::{self, Options},
    part::Whole,
    rename::RenameAll,
    serde::{self, Derives},
    tokens,
};
use crate::diagnostics::Diagnostics;

/// The struct with its attributes read.
pub(crate) struct RawModel {
    pub(crate) head: Head,
    pub(crate) fields: Vec<Field>,
}

/// The struct without its fields.
#[derive(Clone)]
pub(crate) struct Head {
    /// Doc comments, derives and other attributes outside the DSL.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    /// The parameters that the user gives it by mistake.
    pub(crate) generics: Generics,
    pub(crate) options: Options,
    pub(crate) derives: Derives,
    /// What it is a part of.
    pub(crate) part_of: Option<Whole>,
    /// Whether a field could not be read at all, so that the nodes are not all known.
    pub(crate) is_partial: bool,
    /// The struct as written, if rustc has reported that a field of it is none; what is wrong with what is
    /// meant follows from that.
    pub(crate) unread: Option<TokenStream>,
}

impl Head {
    /// A type of which no more is known.
    fn of_type(name: Ident, visibility: Visibility, mut options: Options) -> Head {
        if let Some(path) = &options.given_crate {
            let span = path.segments.last().map_or(path.span(), |last| last.ident.span());
            options.krate = format_ident!("__multi_input_of_{name}", span = span).to_token_stream();
        }
        Head {
            attributes: Vec::new(),
            visibility,
            name,
            generics: Generics::default(),
            options,
            derives: Derives::default(),
            part_of: None,
            is_partial: false,
            unread: None,
        }
    }
}

/// An item that is no model.
pub(crate) enum NoModel {
    /// A type, as far as the rest of the crate may name it.
    Type(Box<Head>),
    /// Another item.
    Item(Box<Item>),
    /// A struct that cannot be read, as rustc has reported, and its tokens.
    Unreadable(Box<Head>, TokenStream),
}

/// Reads the attribute's arguments and the item.
pub(crate) fn parse(
    arguments: TokenStream,
    tokens: TokenStream,
    errors: &mut Diagnostics,
) -> Result<RawModel, NoModel> {
    let options = options::read(tokens::flat(arguments), errors);
    let tokens = tokens::flat_item(tokens);
    let item::Meant { item, is_unread } = match item::read(tokens.clone()) {
        Ok(meant) => meant,
        Err(name) => {
            let head = Head::of_type(name, Visibility::Public(Default::default()), options);
            return Err(NoModel::Unreadable(Box::new(head), tokens));
        }
    };
    let ItemStruct { attrs, vis, ident, fields: given, .. } = named_struct(item, &options, errors)?;
    errors.of_model(&ident);
    let (ours, mut attributes) = split(attrs);
    for path in ours.iter().map(Attribute::path) {
        let word = path.to_token_stream();
        errors.at(path.span(), format!("`#[{word}]` goes on a field of the struct"));
    }
    let derives = serde::derives(&attributes);
    if !derives.serialize && !derives.deserialize {
        attributes.retain(|attribute| {
            let path = attribute.path();
            let is_serde = path.is_ident("serde");
            if is_serde {
                errors.at(
                    path.span(),
                    "`#[serde(...)]` on the struct needs serde's `Serialize` or `Deserialize` \
                     derived",
                );
            }
            !is_serde
        });
    }
    attributes.retain(|attribute| {
        let last = attribute.path().segments.last();
        let is_again = last.is_some_and(|last| last.ident == "multi_input_model");
        if is_again {
            let text = "`#[multi_input_model]` is given twice: leave this one out";
            errors.at(attribute.path().span(), text);
        }
        !is_again
    });
    serde::check_struct(&attributes, derives, errors);
    let rename_all = RenameAll::read(&attributes);
    let (fields, is_partial) = field::read_all(given, derives, &rename_all, errors);
    errors.end_reading();
    let unread = is_unread.then_some(tokens);
    let head =
        Head { attributes, derives, is_partial, unread, ..Head::of_type(ident, vis, options) };
    Ok(RawModel { head, fields })
}

/// The struct; an error is reported for another item, and for parameters.
fn named_struct(
    item: Item,
    options: &Options,
    errors: &mut Diagnostics,
) -> Result<ItemStruct, NoModel> {
    let what = "`#[multi_input_model]` describes a model as a struct with named fields";
    let no_model = |name: &Ident, visibility: &Visibility, generics: &Generics| {
        let head = Head::of_type(name.clone(), visibility.clone(), options.clone());
        NoModel::Type(Box::new(Head { generics: generics.clone(), ..head }))
    };
    let item = match item {
        Item::Struct(item) => item,
        Item::Enum(item) => {
            errors.at(item.enum_token.span, format!("{what}; this is an enum"));
            return Err(no_model(&item.ident, &item.vis, &item.generics));
        }
        Item::Union(item) => {
            errors.at(item.union_token.span, format!("{what}; this is a union"));
            return Err(no_model(&item.ident, &item.vis, &item.generics));
        }
        Item::Type(item) => {
            errors.at(item.type_token.span, format!("{what}; this is an alias"));
            return Err(no_model(&item.ident, &item.vis, &item.generics));
        }
        Item::Mod(item) => {
            errors.at(item.mod_token.span, format!("{what}; write it on the struct in the module"));
            return Err(NoModel::Item(Box::new(Item::Mod(item))));
        }
        other => {
            errors.at(other.span(), what);
            return Err(NoModel::Item(Box::new(other)));
        }
    };
    let (name, Generics { params, where_clause, .. }) = (&item.ident, &item.generics);
    let (at, mistake) = match (&item.fields, params.first(), where_clause) {
        (Fields::Unnamed(fields), ..) => {
            (fields.span(), format!("{what}; these fields have no names to call the nodes by"))
        }
        (Fields::Unit, ..) => (name.span(), format!("{what}; this has none")),
        (Fields::Named(_), Some(GenericParam::Lifetime(first)), _) => (
            first.lifetime.span(),
            format!(
                "`{name}` takes no parameters: rows own what they hold, such as `String` in place of \
                 `&str`"
            ),
        ),
        (Fields::Named(_), Some(first), _) => (
            first.span(),
            format!("`{name}` takes no parameters: sizes are literals or constants"),
        ),
        (Fields::Named(_), None, Some(clause)) => {
            (clause.span(), "a model takes no `where` clause".to_owned())
        }
        (Fields::Named(_), None, None) => return Ok(item),
    };
    errors.at(at, mistake);
    Err(no_model(&item.ident, &item.vis, &item.generics))
}

/// The attributes of the DSL, and all others.
fn split(attributes: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attributes.into_iter().partition(attribute::is_ours)
}
