//! The fields of the annotated struct.

use proc_macro2::{Ident, Span};
use syn::{spanned::Spanned, Attribute, Fields, Path, Type};

use super::{
    attribute,
    branch::{self, Branch},
    cells::CellOptions,
    data_type::FieldType,
    derived::{self, Derived},
    flow::OutputRules,
    input::{self, Input},
    meant,
    merge::{self, Merge},
    output::{self, Output},
    rename::{self, RenameAll},
    renamed,
    serde::{self, Columns, Derives},
    slip,
    typed::{self, Typed},
    wraps,
};
use crate::{diagnostics::Diagnostics, text::plain};

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

/// Reads the fields, and whether one of them could not be read at all.
pub(super) fn read_all(
    given: Fields,
    derives: Derives,
    rename_all: &RenameAll,
    errors: &mut Diagnostics,
) -> (Vec<Field>, bool) {
    let mut fields: Vec<Field> = Vec::new();
    let mut is_partial = false;
    for mut field in given {
        let Some(name) = field.ident.clone() else { continue };
        // Of a field called `_` rustc has said that it needs a name.
        if name == "_" {
            is_partial = true;
            continue;
        }
        if fields.iter().any(|known| known.name == name) {
            errors.at(name.span(), format!("`{name}` is declared twice"));
            is_partial = true;
            continue;
        }
        let has_another = drop_of_another(&name, &mut field.attrs, errors);
        is_partial |= has_another;
        let read = |errors: &mut Diagnostics| read(name, field, derives, rename_all, errors);
        fields.push(match has_another {
            true => errors.quietly(read).0,
            false => read(errors),
        });
    }
    (fields, is_partial)
}

fn read(
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
