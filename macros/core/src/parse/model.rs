//! The annotated struct as a whole.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{
    parse::Parser, spanned::Spanned, Attribute, Fields, Item, ItemStruct, Path, Token, Visibility,
};

use super::{
    attribute::{self, arguments, OURS},
    branch::{self, Branch},
    data_type::{self, FieldType},
    input::{self, Input},
    merge::{self, Merge},
    output::{self, Output},
    serde::{self, Columns, Derives},
};
use crate::{diagnostics::Diagnostics, suggest::suggest};

/// The struct with its attributes read.
pub(crate) struct RawModel {
    /// Doc comments, derives and whatever else is not ours.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Field>,
    pub(crate) options: Options,
    pub(crate) derives: Derives,
}

/// What `#[multi_input_model(...)]` says of the whole.
pub(crate) struct Options {
    /// The path of our crate, `::multi_input` unless `crate = ...` says otherwise.
    pub(crate) krate: TokenStream,
}

/// One field: a node of the graph.
pub(crate) struct Field {
    pub(crate) name: Ident,
    /// `None` where the type could not be read.
    pub(crate) ty: Option<FieldType>,
    /// The type as it stands in the struct.
    pub(crate) ty_tokens: TokenStream,
    /// What feeds the node; `None` where that could not be read.
    pub(crate) source: Option<Source>,
    pub(crate) branch: Option<Branch>,
    pub(crate) output: Option<Output>,
    /// Attributes that are not ours, for the rows.
    pub(crate) attributes: Vec<Attribute>,
    /// How the value is called in files.
    pub(crate) columns: Columns,
}

/// What feeds a node.
pub(crate) enum Source {
    Input(Input),
    Merge(Merge),
    From(Ident),
}

/// Reads the attribute's arguments and the item. `None` where the item is no struct with named
/// fields, so that there is nothing to go on with.
pub(crate) fn parse(
    arguments: TokenStream,
    item: TokenStream,
    errors: &mut Diagnostics,
) -> Option<RawModel> {
    let options = read_options(arguments, errors);
    let item = errors.ok(syn::parse2::<Item>(item))?;
    let item = errors.ok(named_struct(item))?;
    let (ours, attributes) = split(item.attrs);
    for attribute in ours {
        errors.at(attribute.span(), "this attribute goes on a field of the struct");
    }
    let derives = serde::derives(&attributes);
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        if !derives.serialize && !derives.deserialize {
            errors.at(
                attribute.span(),
                "`#[serde(...)]` on the struct needs serde's `Serialize` or `Deserialize` derived",
            );
        }
    }
    let fields = item.fields.into_iter().filter_map(|field| {
        let name = field.ident.clone()?;
        Some(read_field(name, field, derives, errors))
    });
    let fields = fields.collect();
    Some(RawModel { attributes, visibility: item.vis, name: item.ident, fields, options, derives })
}

fn read_options(tokens: TokenStream, errors: &mut Diagnostics) -> Options {
    let mut krate = quote!(::multi_input);
    for tokens in attribute::entries(tokens) {
        let parser = |input: syn::parse::ParseStream<'_>| {
            if !input.peek(Token![crate]) {
                let found: TokenStream = input.parse()?;
                return Err(syn::Error::new(
                    found.span(),
                    format!("the model has no option `{found}`; there is `crate = path`"),
                ));
            }
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style)
        };
        if let Some(path) = errors.ok(parser.parse2(tokens)) {
            krate = path.to_token_stream();
        }
    }
    Options { krate }
}

/// The struct, or what is wrong with the item.
fn named_struct(item: Item) -> syn::Result<ItemStruct> {
    let what = "`#[multi_input_model]` describes a model as a struct with named fields";
    let item = match item {
        Item::Struct(item) => item,
        Item::Enum(item) => {
            return Err(syn::Error::new(item.enum_token.span, format!("{what}; this is an enum")));
        }
        Item::Union(item) => {
            return Err(syn::Error::new(item.union_token.span, format!("{what}; this is a union")));
        }
        other => return Err(syn::Error::new(other.span(), what)),
    };
    if let Some(parameter) = item.generics.params.first() {
        return Err(syn::Error::new(
            parameter.span(),
            format!("`{}` takes no parameters: sizes are literals or constants", item.ident),
        ));
    }
    if let Some(clause) = &item.generics.where_clause {
        return Err(syn::Error::new(clause.span(), "a model takes no `where` clause"));
    }
    match &item.fields {
        Fields::Named(_) => Ok(item),
        Fields::Unnamed(fields) => Err(syn::Error::new(
            fields.span(),
            format!("{what}; these fields have no names to call the nodes by"),
        )),
        Fields::Unit => Err(syn::Error::new(item.ident.span(), format!("{what}; this has none"))),
    }
}

fn read_field(name: Ident, field: syn::Field, derives: Derives, errors: &mut Diagnostics) -> Field {
    let (ours, attributes) = split(field.attrs);
    let mut sources = Vec::new();
    let (mut branch, mut output) = (None, None);
    for attribute in &ours {
        let span = attribute.path().span();
        let word = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        let Some(tokens) = errors.ok(arguments(attribute)) else { continue };
        match word.as_str() {
            "input" => sources.push((span, Some(Source::Input(input::read(tokens, errors))))),
            "merge" => {
                sources.push((span, merge::read(tokens, span, errors).map(Source::Merge)));
            }
            "from" => {
                sources.push((span, merge::read_from(tokens, span, errors).map(Source::From)));
            }
            "branch" => {
                let read = branch::read(tokens, span, errors);
                attribute::once(&mut branch, read, "#[branch]", span, errors);
            }
            _ => {
                let read = output::read(tokens, span, errors);
                attribute::once(&mut output, read, "#[output]", span, errors);
            }
        }
    }
    check_foreign(&name, &attributes, errors);
    let columns = serde::read(&attributes, derives, errors);
    let source = one_source(&name, sources, errors);
    let ty_tokens = field.ty.to_token_stream();
    let ty = errors.ok(data_type::read(&field.ty));
    Field { name, ty, ty_tokens, source, branch, output, attributes, columns }
}

/// A node is fed in exactly one way.
fn one_source(
    name: &Ident,
    sources: Vec<(Span, Option<Source>)>,
    errors: &mut Diagnostics,
) -> Option<Source> {
    let mut sources = sources.into_iter();
    let Some((_, first)) = sources.next() else {
        errors.at(
            name.span(),
            format!(
                "`{name}` is fed by nothing: give it `#[input]`, `#[merge(...)]` or `#[from(...)]`"
            ),
        );
        return None;
    };
    for (span, _) in sources {
        errors.at(
            span,
            format!(
                "`{name}` is already fed: a node has one of `#[input]`, `#[merge]` and `#[from]`"
            ),
        );
    }
    first
}

/// Attributes that would change what the struct is, and slips of our own.
fn check_foreign(name: &Ident, attributes: &[Attribute], errors: &mut Diagnostics) {
    for attribute in attributes {
        let path = attribute.path();
        if path.is_ident("cfg") || path.is_ident("cfg_attr") {
            errors.at(
                attribute.span(),
                format!("`{name}` cannot depend on `cfg`: the graph is read before cfg is known"),
            );
        }
        let word = path.get_ident().map(Ident::to_string).unwrap_or_default();
        let near = suggest(&word, OURS);
        let known = ["doc", "serde", "allow", "expect", "warn", "deprecated", "cfg", "cfg_attr"];
        if !near.is_empty() && !known.contains(&word.as_str()) {
            errors.at(path.span(), format!("there is no attribute `{word}` for a node{near}"));
        }
    }
}

/// Our attributes, and all others.
fn split(attributes: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attributes
        .into_iter()
        .partition(|attribute| OURS.iter().any(|ours| attribute.path().is_ident(ours)))
}
