//! Files of models whose fields had other names: `#[renamed(old_name)]`.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use multi_input_nn::sparse::TABLE;

use super::{
    coverage,
    file::Contents,
    key,
    model::in_json,
    names,
    parts::Opened,
    run::{NUMBERS, TENSORS},
    CheckpointError, SavedRun, Signature, COVERAGE, TRAINING,
};
use crate::{definition::Graph, untyped::WholeTables};

/// The nodes that a file has under former names, with their names now. A former name is none of a
/// node, so that renamings do not meet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renames(BTreeMap<String, &'static str>);

impl Renames {
    /// Those of a file for a model with this graph.
    pub(super) fn of(graph: &Graph, file: &Signature) -> Renames {
        let has = |name: &str| file.nodes().any(|node| node == name);
        let renamed = graph.nodes.iter().filter(|node| !has(node.name)).filter_map(|node| {
            let former = node.renamed.iter().rev().find(|former| has(former))?;
            Some(((*former).to_owned(), node.name))
        });
        Renames(renamed.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a node now.
    pub(super) fn node<'a>(&self, name: &'a str) -> &'a str {
        self.0.get(name).copied().unwrap_or(name)
    }

    /// The name of a tensor now: of a branch, `rooms.0.weight`, or one of the node itself,
    /// `rooms_missing`.
    fn tensor(&self, name: &str) -> String {
        if let Some((node, rest)) = name.split_once('.') {
            return format!("{}.{rest}", self.node(node));
        }
        for ending in ["_missing", "_log_variance"] {
            if let Some(node) = name.strip_suffix(ending) {
                return format!("{}{ending}", self.node(node));
            }
        }
        name.to_owned()
    }

    /// The name of a tensor of a file now.
    pub(super) fn key(&self, key: &str) -> String {
        let after = |start: &str| {
            let rest = key.strip_prefix(start)?;
            Some((&key[..key.len() - rest.len()], rest))
        };
        let of_state = || {
            let (_, name) = after(&format!("{TRAINING}{TENSORS}"))?;
            let (_, tensor) = names::parsed(name)?;
            Some((&key[..key.len() - tensor.len()], tensor))
        };
        let of_tensor = [
            format!("{COVERAGE}{}", coverage::STAND_IN),
            format!("{TRAINING}{TENSORS}{TABLE}"),
            format!("{TRAINING}{NUMBERS}{TABLE}"),
        ];
        let found = of_tensor.iter().find_map(|start| after(start));
        if let Some((start, tensor)) = found.or_else(of_state) {
            return format!("{start}{}", self.tensor(tensor));
        }
        match (after(COVERAGE), after(TRAINING)) {
            (Some((start, owner)), _) => format!("{start}{}", self.node(owner)),
            (None, Some(_)) => key.to_owned(),
            (None, None) => self.tensor(key),
        }
    }

    /// JSON in which the values of `key` that are former names are the names now.
    fn values(&self, json: &str, key: &str) -> String {
        self.replace(json, key, |(former, now)| (former.as_str(), now))
    }

    /// Preprocessing in JSON, with the names that the file has.
    pub(super) fn as_in_file<'a>(&self, steps: &'a str) -> Cow<'a, str> {
        match self.is_empty() {
            true => Cow::Borrowed(steps),
            false => self.replace(steps, FIELD, |(former, now)| (now, former.as_str())).into(),
        }
    }

    fn replace<'a>(
        &'a self,
        json: &str,
        key: &str,
        pair: impl Fn((&'a String, &'static str)) -> (&'a str, &'a str),
    ) -> String {
        // Within a text of JSON, quotes are escaped.
        self.0.iter().fold(json.to_owned(), |json, (former, now)| {
            let (from, to) = pair((former, now));
            json.replace(&format!("\"{key}\":\"{from}\""), &format!("\"{key}\":\"{to}\""))
        })
    }

    /// Words of a setting, in which names are in quotes of either kind.
    fn setting(&self, name: &str, words: &str) -> String {
        let words = self.0.iter().fold(words.to_owned(), |words, (former, now)| {
            let quoted = |quote: char, name: &str| format!("{quote}{name}{quote}");
            let words = words.replace(&quoted('`', former), &quoted('`', now));
            words.replace(&quoted('"', former), &quoted('"', now))
        });
        match name {
            // In the order of their names.
            "`freeze`" | "`refit`" => {
                let mut names: Vec<&str> = words.split(", ").collect();
                names.sort_unstable();
                names.join(", ")
            }
            _ => words,
        }
    }

    /// A run with the names of the nodes now. Its tensors have them already.
    pub(super) fn run<E>(&self, mut run: SavedRun<E>) -> SavedRun<E> {
        for (name, words) in &mut run.settings {
            *words = self.setting(name, words);
        }
        run.frozen.iter_mut().for_each(|node| *node = self.node(node).to_owned());
        run.history.rename_nodes(|node| self.node(node).to_owned());
        run
    }
}

/// The key of a field's name in preprocessing.
const FIELD: &str = "of";

/// A file with the names that the nodes have in a model.
pub(super) struct Renamed {
    pub(super) contents: Contents,
    pub(super) renames: Renames,
    pub(super) whole: WholeTables,
}

impl Renamed {
    /// # Errors
    /// [`CheckpointError::Damaged`].
    pub(super) fn of(
        graph: &Graph,
        path: &Path,
        Opened { contents, whole }: Opened,
    ) -> std::result::Result<Renamed, CheckpointError> {
        let damaged = |reason: String| CheckpointError::Damaged { path: path.into(), reason };
        let signature = Signature::in_file(path, contents.text(path, key::SIGNATURE)?)?;
        let renames = Renames::of(graph, &signature);
        let contents = contents.renamed(&renames, signature).map_err(damaged)?;
        Ok(Renamed { contents, renames, whole })
    }
}

impl Contents {
    /// # Errors
    /// A description of invalid contents.
    pub(super) fn renamed(
        mut self,
        renames: &Renames,
        signature: Signature,
    ) -> std::result::Result<Contents, String> {
        if renames.is_empty() {
            return Ok(self);
        }
        let tensors = std::mem::take(&mut self.tensors).into_iter();
        self.tensors = tensors.map(|(name, stored)| (renames.key(&name), stored)).collect();
        let signature = in_json(&signature.renamed(renames)).map_err(|error| error.to_string())?;
        self.texts.insert(key::SIGNATURE.to_owned(), signature);
        for (text, of) in
            [(key::PREPROCESSING, FIELD), (key::TAKEN, FIELD), (key::UNCERTAINTY, "output")]
        {
            if let Some(text) = self.texts.get_mut(text) {
                *text = renames.values(text, of);
            }
        }
        coverage::rename(renames, &mut self)?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_where_a_node_is_meant() {
        let renames = Renames([("rooms".to_owned(), "area"), ("sum".to_owned(), "all")].into());
        for (key, now) in [
            ("rooms.0.weight", "area.0.weight"),
            ("rooms_missing", "area_missing"),
            ("rooms_log_variance", "area_log_variance"),
            ("bedrooms.0.weight", "bedrooms.0.weight"),
            ("x.rooms.weight", "x.rooms.weight"),
            ("coverage/rooms", "coverage/area"),
            ("coverage/stand_in.rooms_missing", "coverage/stand_in.area_missing"),
            ("training/model/optimizer.0.rooms.0.bias", "training/model/optimizer.0.area.0.bias"),
            ("training/model/sum.rooms.0.bias", "training/model/sum.area.0.bias"),
            ("training/model/sum.sum.0.bias", "training/model/sum.all.0.bias"),
            ("training/model/average.rooms_missing", "training/model/average.area_missing"),
            (
                "training/double/table.rooms.0.weight.rows",
                "training/double/table.area.0.weight.rows",
            ),
            ("training/double/callback.0.rooms.best", "training/double/callback.0.rooms.best"),
            ("training/double/scores", "training/double/scores"),
        ] {
            assert_eq!(renames.key(key), now);
        }
        let json = r#"{"of":"rooms","steps":[{"words":["\"of\":\"rooms\"","rooms"]}]}"#;
        let now = r#"{"of":"area","steps":[{"words":["\"of\":\"rooms\"","rooms"]}]}"#;
        assert_eq!(renames.values(json, FIELD), now);
        assert_eq!(renames.as_in_file(now), json);
        assert_eq!(renames.setting("`freeze`", "`kind`, `rooms`"), "`area`, `kind`");
        assert_eq!(renames.setting("`drop_input`", "[(\"rooms\", 0.5)]"), "[(\"area\", 0.5)]");
    }
}
