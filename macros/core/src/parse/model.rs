//! The annotated struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, ToTokens};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    token, Attribute, Fields, GenericParam, Generics, Item, ItemStruct, LitStr, Path, Token, Type,
    Visibility,
};

use super::{
    attribute,
    branch::{self, Branch},
    budget::Limit,
    cells::CellOptions,
    data_file::DataFile,
    data_type::FieldType,
    derived::{self, Derived},
    flow::OutputRules,
    input::{self, Input},
    item, lock, meant,
    merge::{self, Merge},
    output::{self, Output},
    part::{self, Part, Whole},
    rename::{self, RenameAll},
    renamed,
    serde::{self, Columns, Derives},
    slip,
    stage::Stages,
    tokens,
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

/// The options of `#[multi_input_model(...)]`.
#[derive(Clone)]
pub(crate) struct Options {
    /// How the expansion names `multi_input`: `::multi_input`, or, after `crate = ...`, the name under
    /// which the expansion imports that path, so that a wrong path is one error.
    pub(crate) krate: TokenStream,
    /// The path of `multi_input`, as given by `crate = ...`.
    pub(crate) given_crate: Option<Path>,
    /// The warnings silenced by `allow(...)`.
    pub(crate) allowed: Vec<Lint>,
    /// The file that the model is compared with.
    pub(crate) data: Option<DataFile>,
    /// The path of the file with the saved form of the model.
    pub(crate) lock: Option<LitStr>,
    /// The parts that are definitions of their own.
    pub(crate) parts: Vec<Part>,
    /// The most that a prediction may cost.
    pub(crate) budget: Vec<Limit>,
    /// The order of the times at which inputs are known.
    pub(crate) stages: Option<Stages>,
}

/// A field: a node of the graph.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Ident,
    /// `None` if the type could not be read.
    pub(crate) ty: Option<FieldType>,
    /// The type as the user wrote it.
    pub(crate) written: Type,
    /// The source of the node; `None` if it could not be read.
    pub(crate) source: Option<Source>,
    pub(crate) branch: Option<Branch>,
    /// The target and the loss of an output with a loss.
    pub(crate) output: Option<Output>,
    /// For an output without a loss: the token that makes it one.
    pub(crate) value: Option<Span>,
    /// What an output states about the inputs that reach it.
    pub(crate) rules: OutputRules,
    /// Whether an attribute could not be read, so that the node may be an output or have a source.
    pub(crate) unread: bool,
    /// Attributes outside the DSL, for the row structs.
    pub(crate) attributes: Vec<Attribute>,
    /// The names of its columns in files.
    pub(crate) columns: Columns,
    /// What it was called in saved models, the oldest name first.
    pub(crate) renamed: Vec<Ident>,
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

    /// Whether a step cuts a cell into the elements.
    pub(crate) fn is_split(&self) -> bool {
        match &self.source {
            Some(Source::Input(input)) => input.steps.iter().any(|step| step.spec.name == "split"),
            _ => false,
        }
    }

    /// Whether each element of its value has a column.
    fn has_several_columns(&self) -> bool {
        !self.is_split() && self.ty.as_ref().is_some_and(|ty| ty.list || !ty.dims.is_empty())
    }

    fn cells_mut(&mut self) -> Option<&mut CellOptions> {
        match &mut self.source {
            Some(Source::Input(input)) => Some(&mut input.cells),
            _ => self.output.as_mut().map(|output| &mut output.cells),
        }
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
    let options = read_options(tokens::flat(arguments), errors);
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
    let mut fields: Vec<Field> = Vec::new();
    let mut is_partial = false;
    for mut field in given {
        let Some(name) = field.ident.clone() else { continue };
        // Of a field called `_` rustc has said that it needs a name.
        if name == "_" {
            is_partial = true;
            continue;
        }
        let known = fields.iter().any(|known| known.name == name);
        if known {
            errors.at(name.span(), format!("`{name}` is declared twice"));
            is_partial = true;
            continue;
        }
        let has_another = drop_of_another(&name, &mut field.attrs, errors);
        is_partial |= has_another;
        let read = |errors: &mut Diagnostics| {
            read_field(name.clone(), field.clone(), derives, &rename_all, errors)
        };
        fields.push(match has_another {
            true => errors.quietly(read).0,
            false => read(errors),
        });
    }
    errors.end_reading();
    let unread = is_unread.then_some(tokens);
    let head =
        Head { attributes, derives, is_partial, unread, ..Head::of_type(ident, vis, options) };
    Ok(RawModel { head, fields })
}

fn read_options(tokens: TokenStream, errors: &mut Diagnostics) -> Options {
    let mut options = Options {
        krate: quote!(::multi_input),
        given_crate: None,
        allowed: Vec::new(),
        data: None,
        lock: None,
        parts: Vec::new(),
        budget: Vec::new(),
        stages: None,
    };
    let (mut allowed, mut require) = (Vec::new(), None);
    for tokens in attribute::entries(tokens) {
        match errors.ok(model_option.parse2(tokens)) {
            Some(ModelOption::Crate(path)) => options.given_crate = Some(path),
            Some(ModelOption::Allow(names)) => allowed.extend(names),
            Some(ModelOption::Data(file, at)) => {
                attribute::once(&mut options.data, *file, "data", at, errors);
            }
            Some(ModelOption::Lock(path)) => {
                let at = path.span();
                attribute::once(&mut options.lock, path, "lock", at, errors);
            }
            Some(ModelOption::Parts(parts)) => options.parts.extend(parts),
            Some(ModelOption::Require(at)) => require = Some(at),
            Some(ModelOption::Limit(limit)) => {
                match options.budget.iter().any(|known| known.quantity == limit.quantity) {
                    true => errors.at(limit.span, format!("`{}` is given twice", limit.name())),
                    false => options.budget.push(limit),
                }
            }
            Some(ModelOption::Stages(word, form)) => {
                let stages = Stages::read(&word, form, errors);
                attribute::once(&mut options.stages, stages, "stages", word.span(), errors);
            }
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
    Lock(LitStr),
    Parts(Vec<Part>),
    Require(Span),
    Limit(Limit),
    Stages(Ident, attribute::Form),
}

/// The names of the options.
const OPTIONS: [&str; 10] = [
    "crate",
    "allow",
    "part",
    "data",
    "require",
    "lock",
    "max_parameters",
    "max_flops",
    "max_memory",
    "stages",
];

fn model_option(input: ParseStream<'_>) -> syn::Result<ModelOption> {
    if input.peek(Token![crate]) {
        return crate_path(input).map(ModelOption::Crate);
    }
    let known = "there are `crate = path`, `allow(warning)`, `part(Name = node)`, \
                 `data = \"file.csv\"`, `require`, `lock = \"file.lock\"`, `max_parameters = number`, \
                 `max_flops = number`, `max_memory = \"4 MB\"` and `stages(first, second)`";
    let found: TokenStream = input.fork().parse()?;
    let word = input.call(Ident::parse_any).map_err(|error| {
        syn::Error::new(error.span(), format!("the model has no option `{found}`; {known}"))
    })?;
    if word == "data" {
        return DataFile::read(&word, input)
            .map(|file| ModelOption::Data(Box::new(file), word.span()));
    }
    if word == "lock" {
        return lock::read(&word, input).map(ModelOption::Lock);
    }
    if word == "part" {
        return part::read(&word, input).map(ModelOption::Parts);
    }
    if word == "require" {
        return Ok(ModelOption::Require(word.span()));
    }
    if let Some(quantity) = Limit::named(&word) {
        return Limit::read(&word, quantity, input).map(ModelOption::Limit);
    }
    if word == "stages" {
        let form = attribute::form(&word, input)?;
        return Ok(ModelOption::Stages(word, form));
    }
    if word != "allow" {
        return Err(syn::Error::new(
            word.span(),
            match suggest(&word.to_string(), OPTIONS) {
                near if near.is_empty() => format!("the model has no option `{word}`; {known}"),
                near => format!("the model has no option `{word}`{near}"),
            },
        ));
    }
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), "`allow` is written `allow(warning)`"));
    }
    let names;
    syn::parenthesized!(names in input);
    Punctuated::parse_terminated(&names).map(ModelOption::Allow)
}

/// `crate = path`.
fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    let word = input.parse::<Token![crate]>()?;
    let example = "the path of this library is written without quotes: `crate = ";
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(word.span, "`crate` is written `crate = path`"));
    }
    input.parse::<Token![=]>()?;
    if let Ok(text) = input.fork().parse::<LitStr>() {
        return Err(syn::Error::new(text.span(), format!("{example}{}`", text.value())));
    }
    input
        .call(Path::parse_mod_style)
        .map_err(|error| syn::Error::new(error.span(), "expected a path: `crate = ::multi_input`"))
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

fn read_field(
    name: Ident,
    field: syn::Field,
    derives: Derives,
    rename_all: &RenameAll,
    errors: &mut Diagnostics,
) -> Field {
    let (ours, mut attributes) = errors.of_field(&name, |errors| slip::read(field.attrs, errors));
    let (mut read, mut unread) = (Contents::default(), false);
    // Then another attribute may stand in the place of the source.
    let lacks_source = ours.iter().all(|one| !one.is_reported && !SOURCES.contains(&one.word));
    for attribute in ours {
        errors.of_field(&name, |errors| match attribute.is_reported || lacks_source {
            false if attribute.word == "output" => {
                let before = errors.count();
                read.add(attribute, errors);
                // The options say what an output is.
                if errors.count() > before {
                    errors.doubt(&name);
                }
            }
            false => read.add(attribute, errors),
            true if read.has(attribute.word) => unread = true,
            true => {
                let before = read.clone();
                let ((), is_clean) = errors.quietly(|errors| read.add(attribute, errors));
                // What cannot be read beyond the mistake may be anything.
                if !is_clean {
                    (read, unread) = (before, true);
                }
            }
        });
    }
    let Contents { source, typed, branch, output, renamed } = read;
    let mut is_open = unread && !lacks_source;
    if source.is_none() && !is_open {
        is_open = errors.of_field(&name, |errors| slip::take_unknown(&mut attributes, errors));
    }
    // A conditional attribute may be any.
    is_open |= check_cfg(&name, &attributes, errors);
    unread |= is_open;
    let columns = match derives.deserialize {
        true => rename::columns(&name, &attributes, rename_all),
        false => errors.of_field(&name, |errors| serde::read(&attributes, derives, errors)),
    };
    let columns = Columns { options: rename::options(&attributes), ..columns };
    let of_input = match &source {
        Some(Some(Source::Input(input))) => input.wraps.clone(),
        _ => None,
    };
    if unread && lacks_source {
        errors.doubt(&name);
    }
    let source = match source.is_none() && is_open {
        // The unread attribute may have been the source.
        true => None,
        false => one_source(&name, source, errors),
    };
    let (output, rules) = output.unzip();
    let (output, value) = match output {
        Some(output::Kind::WithLoss(output)) => (Some(*output), None),
        Some(output::Kind::Value(span)) => (None, Some(span)),
        None => (None, None),
    };
    let rules = rules.unwrap_or_default();
    let written = field.ty;
    let ty = errors.of_field(&name, |errors| {
        let of_output = output.as_ref().and_then(|output| output.wraps.as_ref());
        let wraps = of_input.as_ref().or(of_output);
        let ty = wraps::read_type(&written, wraps)
            .map_err(|error| meant::by(&written, branch.as_ref(), error));
        let mut ty = errors.ok(ty)??;
        ty.sizes_mut().for_each(|size| size.require(errors));
        ty.fits_memory(errors);
        Some(ty)
    });
    let mut field = Field {
        name,
        ty,
        written,
        source,
        branch,
        output,
        value,
        rules,
        unread,
        attributes,
        columns,
        renamed,
        typed,
    };
    let are_several = field.has_several_columns();
    if let Some(cells) = field.cells_mut() {
        cells.name_columns(are_several, errors);
    }
    field
}

/// What the attributes of a field say.
#[derive(Clone, Default)]
struct Contents {
    /// `None` for one that could not be read.
    source: Option<Option<Source>>,
    typed: Vec<Typed>,
    branch: Option<Branch>,
    output: Option<(output::Kind, OutputRules)>,
    renamed: Vec<Ident>,
}

impl Contents {
    /// Whether an attribute like this is read already.
    fn has(&self, word: &str) -> bool {
        match word {
            "branch" => self.branch.is_some(),
            "output" => self.output.is_some(),
            "renamed" => false,
            _ => self.source.is_some(),
        }
    }

    fn add(&mut self, attribute: slip::Written, errors: &mut Diagnostics) {
        let slip::Written { word, span, tokens, .. } = attribute;
        if word == "renamed" {
            return self.renamed.extend(errors.ok(renamed::read(tokens, span)).unwrap_or_default());
        }
        let tokens = renamed::without(tokens, errors);
        self.typed.extend(typed::names(word, tokens.clone()));
        let source = match word {
            "input" => Some(Source::Input(Box::new(input::read(tokens, errors)))),
            "merge" => merge::read(tokens, span, errors).map(Source::Merge),
            "from" => merge::read_from(tokens, span, errors),
            "derived" => derived::read(tokens, span, errors).map(Source::Derived),
            "branch" => {
                let read = branch::read(tokens, span, errors);
                return attribute::once(&mut self.branch, read, "#[branch]", span, errors);
            }
            _ => {
                let read = output::read(tokens, span, errors);
                return attribute::once(&mut self.output, read, "#[output]", span, errors);
            }
        };
        self.source = Some(source);
    }
}

/// Reports a second source, and drops the attributes before it: they may belong to a field that is
/// missing. Returns whether there is one.
fn drop_of_another(
    name: &Ident,
    attributes: &mut Vec<Attribute>,
    errors: &mut Diagnostics,
) -> bool {
    let is_source =
        |attribute: &Attribute| SOURCES.iter().any(|one| attribute.path().is_ident(one));
    let mut sources = attributes.iter().enumerate().filter(|(_, attribute)| is_source(attribute));
    let (_, Some((second, attribute))) = (sources.next(), sources.next()) else { return false };
    errors.at(
        attribute.path().span(),
        format!(
            "`{name}` is already fed: a node has one of `#[input]`, `#[merge]`, `#[from]` and \
             `#[derived]`"
        ),
    );
    errors.doubt(name);
    attributes.drain(..second);
    // More of them are the same mistake.
    let mut is_first = true;
    attributes.retain(|attribute| !is_source(attribute) || std::mem::take(&mut is_first));
    true
}

/// The attributes that feed a node.
const SOURCES: [&str; 4] = ["input", "merge", "from", "derived"];

/// The source; a node without one is reported.
fn one_source(
    name: &Ident,
    source: Option<Option<Source>>,
    errors: &mut Diagnostics,
) -> Option<Source> {
    if source.is_none() {
        errors.at(
            name.span(),
            format!(
                "`{name}` is fed by nothing: give it `#[input]`, `#[merge(...)]`, `#[from(...)]` or \
                 `#[derived(...)]`"
            ),
        );
    }
    source.flatten()
}

/// Reports attributes that would change the struct, and returns whether there are any.
fn check_cfg(name: &Ident, attributes: &[Attribute], errors: &mut Diagnostics) -> bool {
    let is_cfg = |path: &&Path| path.is_ident("cfg") || path.is_ident("cfg_attr");
    let first = attributes.iter().map(Attribute::path).find(is_cfg);
    if let Some(path) = first {
        errors.at(
            path.span(),
            format!(
                "`{name}` cannot depend on `cfg`: the graph is read before cfg is known; write two \
                 structs, each below a `#[cfg(...)]`"
            ),
        );
    }
    first.is_some()
}

/// The attributes of the DSL, and all others.
fn split(attributes: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attributes.into_iter().partition(attribute::is_ours)
}
