//! The annotated struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, ToTokens};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    token, Attribute, Fields, Item, ItemStruct, Path, Token, Visibility,
};

use super::{
    attribute::{self, arguments, OURS},
    branch::{self, Branch},
    cells::CellOptions,
    data_file::DataFile,
    data_type::FieldType,
    derived::{self, Derived},
    input::{self, Input},
    merge::{self, Merge},
    output::{self, Output},
    part::{self, Part, Whole},
    rename::{self, RenameAll},
    serde::{self, Columns, Derives},
    typed::{self, Typed},
    wraps,
};
use crate::{
    diagnostics::Diagnostics,
    lint::Lint,
    suggest::{list, suggest},
    text::plain,
};

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
    pub(crate) options: Options,
    pub(crate) derives: Derives,
    /// What it is a part of.
    pub(crate) part_of: Option<Whole>,
}

/// The options of `#[multi_input_model(...)]`.
#[derive(Clone)]
pub(crate) struct Options {
    /// The path of `multi_input`: `::multi_input`, or the value of `crate = ...`.
    pub(crate) krate: TokenStream,
    /// The warnings silenced by `allow(...)`.
    pub(crate) allowed: Vec<Lint>,
    /// The file that the model is compared with.
    pub(crate) data: Option<DataFile>,
    /// The parts that are definitions of their own.
    pub(crate) parts: Vec<Part>,
}

/// A field: a node of the graph.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Ident,
    /// `None` if the type could not be read.
    pub(crate) ty: Option<FieldType>,
    /// The tokens of the type.
    pub(crate) ty_tokens: TokenStream,
    /// The source of the node; `None` if it could not be read.
    pub(crate) source: Option<Source>,
    pub(crate) branch: Option<Branch>,
    /// The target and the loss of an output with a loss.
    pub(crate) output: Option<Output>,
    /// For an output without a loss: the token that makes it one.
    pub(crate) value: Option<Span>,
    /// Attributes outside the DSL, for the row structs.
    pub(crate) attributes: Vec<Attribute>,
    /// The names of its columns in files.
    pub(crate) columns: Columns,
    /// The names in its attributes, for editors.
    pub(crate) typed: Vec<Typed>,
}

impl Field {
    /// Its keys in a file.
    pub(crate) fn keys(&self) -> Vec<String> {
        let Columns { rename, aliases, .. } = &self.columns;
        let own = rename.as_ref().map_or_else(|| plain(&self.name), syn::LitStr::value);
        let named = self.cells().map_or(&[][..], |cells| cells.named_columns());
        let others = aliases.iter().chain(named).map(syn::LitStr::value);
        std::iter::once(own).chain(others).collect()
    }

    /// How the value of an input or a target is written in files.
    pub(crate) fn cells(&self) -> Option<&CellOptions> {
        match &self.source {
            Some(Source::Input(input)) => Some(&input.cells),
            _ => self.output.as_ref().map(|output| &output.cells),
        }
    }
}

/// The source of a node.
#[derive(Clone)]
pub(crate) enum Source {
    Input(Box<Input>),
    Merge(Merge),
    From(Ident),
    /// Derived from raw values of inputs.
    Derived(Derived),
}

/// Reads the attribute's arguments and the item. `None` if the item is no struct with named fields.
pub(crate) fn parse(
    arguments: TokenStream,
    item: TokenStream,
    errors: &mut Diagnostics,
) -> Option<RawModel> {
    let options = read_options(arguments, errors);
    let item = errors.ok(syn::parse2::<Item>(item))?;
    let item = errors.ok(named_struct(item))?;
    let (ours, mut attributes) = split(item.attrs);
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
    serde::check_struct(&attributes, derives, errors);
    let rename_all = RenameAll::read(&attributes);
    let mut fields: Vec<Field> = Vec::new();
    for field in item.fields {
        let Some(name) = field.ident.clone() else { continue };
        if name == "_" {
            errors.at(name.span(), "a node needs a name, to be spoken of");
            continue;
        }
        let known = fields.iter().any(|known| known.name == name);
        let field = read_field(name, field, derives, &rename_all, errors);
        match known {
            true => errors.at(field.name.span(), format!("`{}` is declared twice", field.name)),
            false => fields.push(field),
        }
    }
    let (visibility, name) = (item.vis, item.ident);
    let head = Head { attributes, visibility, name, options, derives, part_of: None };
    Some(RawModel { head, fields })
}

fn read_options(tokens: TokenStream, errors: &mut Diagnostics) -> Options {
    let mut options = Options {
        krate: quote!(::multi_input),
        allowed: Vec::new(),
        data: None,
        parts: Vec::new(),
    };
    let (mut allowed, mut require) = (Vec::new(), None);
    for tokens in attribute::entries(tokens) {
        match errors.ok(model_option.parse2(tokens)) {
            Some(ModelOption::Crate(path)) => options.krate = path.to_token_stream(),
            Some(ModelOption::Allow(names)) => allowed.extend(names),
            Some(ModelOption::Data(file, at)) => {
                attribute::once(&mut options.data, *file, "data", at, errors);
            }
            Some(ModelOption::Parts(parts)) => options.parts.extend(parts),
            Some(ModelOption::Require(at)) => require = Some(at),
            None => {}
        }
    }
    match (&mut options.data, require) {
        (Some(file), Some(_)) => file.require = true,
        (None, Some(at)) => {
            errors.at(at, "`require` is about a data file: `data = \"data/houses.csv\", require`");
        }
        (_, None) => {}
    }
    options.allowed = allowed.iter().filter_map(|name| errors.ok(lint(name))).collect();
    options
}

/// The warning called `name`.
fn lint(name: &Ident) -> syn::Result<Lint> {
    Lint::ALL.into_iter().find(|lint| name == lint.name()).ok_or_else(|| {
        let near = suggest(&name.to_string(), Lint::names());
        let all = match near.is_empty() {
            true => format!("; there are {}", list(Lint::names())),
            false => near,
        };
        syn::Error::new(name.span(), format!("there is no warning `{name}`{all}"))
    })
}

enum ModelOption {
    Crate(Path),
    Allow(Punctuated<Ident, Token![,]>),
    /// With the span of the word.
    Data(Box<DataFile>, Span),
    Parts(Vec<Part>),
    Require(Span),
}

fn model_option(input: ParseStream<'_>) -> syn::Result<ModelOption> {
    if input.peek(Token![crate]) {
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        return input.call(Path::parse_mod_style).map(ModelOption::Crate);
    }
    let known = "there are `crate = path`, `allow(warning)`, `part(Name = node)`, \
                 `data = \"file.csv\"` and `require`";
    let found: TokenStream = input.fork().parse()?;
    let word = input.call(Ident::parse_any).map_err(|error| {
        syn::Error::new(error.span(), format!("the model has no option `{found}`; {known}"))
    })?;
    if word == "data" {
        return DataFile::read(&word, input)
            .map(|file| ModelOption::Data(Box::new(file), word.span()));
    }
    if word == "part" {
        return part::read(&word, input).map(ModelOption::Parts);
    }
    if word == "require" {
        return Ok(ModelOption::Require(word.span()));
    }
    if word != "allow" {
        return Err(syn::Error::new(
            word.span(),
            format!("the model has no option `{word}`; {known}"),
        ));
    }
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), "`allow` is written `allow(warning)`"));
    }
    let names;
    syn::parenthesized!(names in input);
    Punctuated::parse_terminated(&names).map(ModelOption::Allow)
}

/// The struct, or an error for another item.
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

fn read_field(
    name: Ident,
    field: syn::Field,
    derives: Derives,
    rename_all: &RenameAll,
    errors: &mut Diagnostics,
) -> Field {
    let (ours, attributes) = split(field.attrs);
    let (slips, attributes) = slips(attributes);
    let (mut sources, mut typed) = (Vec::new(), Vec::new());
    let (mut branch, mut output) = (None, None);
    for attribute in &ours {
        let span = attribute.path().span();
        let word = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        errors.of_field(&name, |errors| {
            let Some(tokens) = errors.ok(arguments(attribute)) else {
                // Even an unreadable source attribute is a source; the field is not reported as
                // lacking one.
                if ["input", "merge", "from", "derived"].contains(&word.as_str()) {
                    sources.push((span, None));
                }
                return;
            };
            typed.extend(typed::names(&word, tokens.clone()));
            match word.as_str() {
                "input" => {
                    sources.push((span, Some(Source::Input(Box::new(input::read(tokens, errors))))))
                }
                "merge" => {
                    sources.push((span, merge::read(tokens, span, errors).map(Source::Merge)));
                }
                "from" => {
                    sources.push((span, merge::read_from(tokens, span, errors).map(Source::From)));
                }
                "derived" => {
                    sources.push((span, derived::read(tokens, span, errors).map(Source::Derived)));
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
        });
    }
    for (slip, near) in &slips {
        let word = slip.to_token_stream();
        errors.at(slip.span(), format!("`{name}`: a node has no attribute `{word}`{near}"));
    }
    check_cfg(&name, &attributes, errors);
    let columns = match derives.deserialize {
        true => rename::columns(&name, &attributes, rename_all),
        false => errors.of_field(&name, |errors| serde::read(&attributes, derives, errors)),
    };
    let columns = Columns { options: rename::options(&attributes), ..columns };
    let of_input = sources.iter().find_map(|(_, source)| match source {
        Some(Source::Input(input)) => input.wraps.clone(),
        _ => None,
    });
    let source = match sources.is_empty() && !slips.is_empty() {
        // The misspelt attribute may have been the source.
        true => None,
        false => one_source(&name, sources, errors),
    };
    let (output, value) = match output {
        Some(output::Kind::WithLoss(output)) => (Some(*output), None),
        Some(output::Kind::Value(span)) => (None, Some(span)),
        None => (None, None),
    };
    let ty_tokens = field.ty.to_token_stream();
    let ty = errors.of_field(&name, |errors| {
        let of_output = output.as_ref().and_then(|output| output.wraps.as_ref());
        let ty = wraps::read_type(&field.ty, of_input.as_ref().or(of_output), errors)?;
        ty.sizes().for_each(|size| size.require(errors));
        Some(ty)
    });
    Field { name, ty, ty_tokens, source, branch, output, value, attributes, columns, typed }
}

/// A node has exactly one source.
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
                "`{name}` is fed by nothing: give it `#[input]`, `#[merge(...)]`, `#[from(...)]` or \
                 `#[derived(...)]`"
            ),
        );
        return None;
    };
    let mut only = first;
    for (span, _) in sources {
        only = None;
        errors.at(
            span,
            format!(
                "`{name}` is already fed: a node has one of `#[input]`, `#[merge]`, `#[from]` and \
                 `#[derived]`"
            ),
        );
    }
    only
}

/// Reports attributes that would change the struct.
fn check_cfg(name: &Ident, attributes: &[Attribute], errors: &mut Diagnostics) {
    for path in attributes.iter().map(Attribute::path) {
        if path.is_ident("cfg") || path.is_ident("cfg_attr") {
            errors.at(
                path.span(),
                format!("`{name}` cannot depend on `cfg`: the graph is read before cfg is known"),
            );
        }
    }
}

/// Attributes whose names are close to those of the DSL, each with the intended name, and all other
/// attributes.
fn slips(attributes: Vec<Attribute>) -> (Vec<(Path, String)>, Vec<Attribute>) {
    const KNOWN: [&str; 8] =
        ["doc", "serde", "allow", "expect", "warn", "deprecated", "cfg", "cfg_attr"];
    let (mut slips, mut others) = (Vec::new(), Vec::new());
    for attribute in attributes {
        let word = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        let near = suggest(&word, OURS);
        match near.is_empty() || KNOWN.contains(&word.as_str()) {
            true => others.push(attribute),
            false => slips.push((attribute.path().clone(), near)),
        }
    }
    (slips, others)
}

/// The attributes of the DSL, and all others.
fn split(attributes: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attributes.into_iter().partition(attribute::is_ours)
}
