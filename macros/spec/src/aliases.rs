//! Searching the documentation for `Linear` finds `Dense`: the items of the runtime have the other names
//! of this crate's tables as `#[doc(alias = "..")]`. The test reports differences; `just bless` writes
//! them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    derived::DERIVATIONS, layer::LAYERS, merge::MERGES, step::STEPS, tables::BLESS, Doc,
    ACTIVATIONS, LOSSES, METRICS,
};

/// An item with its other names.
struct Item {
    /// From the folder of the runtime.
    folder: &'static str,
    name: &'static str,
    aliases: Vec<String>,
}

#[test]
fn the_documentation_is_searched_by_the_names_of_other_libraries() {
    let mut differing = Vec::new();
    for Item { folder, name, aliases } in items() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime").join(folder);
        let (path, text, line) = definition(&folder, name)
            .unwrap_or_else(|| panic!("`{name}` is not defined in {}", folder.display()));
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let first = (0..line).rev().take_while(|&above| is_alias(&lines[above])).last();
        let indent: String = lines[line].chars().take_while(|c| c.is_whitespace()).collect();
        let wanted: Vec<String> =
            aliases.iter().map(|alias| format!("{indent}#[doc(alias = {alias:?})]")).collect();
        let present = first.unwrap_or(line)..line;
        if lines[present.clone()] == wanted[..] {
            continue;
        }
        differing.push(name);
        lines.splice(present, wanted);
        if std::env::var_os(BLESS).is_some() {
            fs::write(path, lines.join("\n") + "\n").unwrap();
        }
    }
    let is_blessed = std::env::var_os(BLESS).is_some();
    assert!(is_blessed || differing.is_empty(), "run `just bless`: {differing:?}");
}

fn items() -> Vec<Item> {
    let item = |folder, name, doc: &Doc| Item { folder, name, aliases: aliases(name, doc) };
    let mut items = Vec::new();
    items.extend(LAYERS.iter().map(|row| item("nn/src/layer", row.name, &row.doc)));
    items.extend(ACTIVATIONS.iter().map(|(activation, _, type_name)| Item {
        folder: "nn/src/layer",
        name: type_name,
        aliases: activation.also().iter().map(|&also| also.to_owned()).collect(),
    }));
    // The layer after `weighted` computes it.
    let merges = MERGES.iter().filter(|row| row.name != "weighted");
    items.extend(merges.map(|row| item("nn/src/merge", row.name, &row.doc)));
    items.extend(LOSSES.iter().map(|row| item("nn/src/loss", row.type_name, &row.doc)));
    items.extend(METRICS.iter().map(|row| item("src/metric/builtin", row.type_name, &row.doc)));
    items.extend(STEPS.iter().map(|row| item("data/src/preprocess", row.type_name, &row.doc)));
    let derivations = DERIVATIONS.iter();
    items.extend(derivations.map(|row| item("data/src/preprocess", row.type_name, &row.doc)));
    items
}

/// The names in the columns of Keras and PyTorch, and the other names, but for the item's own.
fn aliases(own: &str, doc: &Doc) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    let code =
        [doc.keras, doc.torch].into_iter().flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names = code.map(|code| code.split('(').next().unwrap_or_default());
    let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    for name in names.filter(is_name).chain(doc.also.iter().copied()) {
        if !name.is_empty() && name != own && !aliases.iter().any(|known| known == name) {
            aliases.push(name.to_owned());
        }
    }
    aliases
}

fn is_alias(line: &str) -> bool {
    line.trim_start().starts_with("#[doc(alias")
}

/// The file that defines `name`, its text, and the line of the definition.
fn definition(folder: &Path, name: &str) -> Option<(PathBuf, String, usize)> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")).find_map(
        |path| {
            let text = fs::read_to_string(&path).unwrap();
            let line = text.lines().position(|line| defines(line, name))?;
            Some((path, text, line))
        },
    )
}

/// Whether `line` begins the definition of `name`.
fn defines(line: &str, name: &str) -> bool {
    let kinds = ["pub struct ", "pub type ", "pub fn "];
    let item = kinds.iter().find_map(|kind| line.trim_start().strip_prefix(kind));
    let rest = item.and_then(|item| item.strip_prefix(name));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}
