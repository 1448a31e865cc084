//! The arguments of `#[multi_input_model(...)]`.

use multi_input_spec::names::{find, EXPORT_FORMATS, MODEL_OPTIONS};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    token, LitStr, Path, Token,
};

use super::{
    attribute,
    budget::Limit,
    data_file::DataFile,
    export::Export,
    lock,
    part::{self, Part},
    stage::Stages,
};
use crate::{
    diagnostics::Diagnostics,
    lint::Lint,
    meaning,
    suggest::{list, suggest},
};

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
    /// The format in which the model has to be expressible.
    pub(crate) export: Option<Export>,
}

/// Reads the arguments of the attribute.
pub(super) fn read(tokens: TokenStream, errors: &mut Diagnostics) -> Options {
    let mut options = Options {
        krate: quote!(::multi_input),
        given_crate: None,
        allowed: Vec::new(),
        data: None,
        lock: None,
        parts: Vec::new(),
        budget: Vec::new(),
        stages: None,
        export: None,
    };
    let (mut allowed, mut require, mut unread) = (Vec::new(), None, false);
    let mut export = None;
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
            Some(ModelOption::Export(word, form)) => {
                let read = Export::read(&word, form, errors);
                attribute::once(&mut export, read, "export", word.span(), errors);
            }
            None => unread = true,
        }
    }
    options.export = export.flatten();
    if unread {
        // The option that could not be read may have listed the stages.
        options.stages.get_or_insert(Stages::unread());
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
    Export(Ident, attribute::Form),
}

/// The names of the options.
const OPTIONS: [&str; 11] = [
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
    "export",
];

fn model_option(input: ParseStream<'_>) -> syn::Result<ModelOption> {
    if input.peek(Token![crate]) {
        return crate_path(input).map(ModelOption::Crate);
    }
    let known = "there are `crate = path`, `allow(warning)`, `part(Name = node)`, \
                 `data = \"file.csv\"`, `require`, `lock = \"file.lock\"`, `max_parameters = number`, \
                 `max_flops = number`, `max_memory = \"4 MB\"`, `stages(first, second)` and `export = onnx`";
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
    if word == "export" {
        let form = attribute::form(&word, input)?;
        return Ok(ModelOption::Export(word, form));
    }
    if word != "allow" {
        let names = meaning::with_others(OPTIONS, MODEL_OPTIONS);
        let hint = match find(EXPORT_FORMATS, &word.to_string()) {
            Some(format) => format!("; write `export = {format}`"),
            None => meaning::among(&word.to_string(), &names)
                .map_or_else(|| format!("; {known}"), |meaning| meaning.hint),
        };
        let text = format!("the model has no option `{word}`{hint}");
        return Err(syn::Error::new(word.span(), text));
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
