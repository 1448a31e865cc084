//! The text of a lock.
//!
//! ```text
//! multi-input lock 1: House
//! # Comments
//! const WIDTH = 64
//! input rooms: numbers [10], standardize
//! node rooms: input [10] [Dense(units = _, activation = relu) -> [64]]
//! tensor rooms.0.weight: [64, 10]
//! unit rooms: Metres
//! ```

use multi_input_spec::rename;

use super::{constants::Constants, form::Form, units::Unit};
use crate::{graph::Graph, text::plain};

const HEAD: &str = "multi-input lock ";
const VERSION: &str = "1";

/// A lock that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Lock {
    /// The values of constants, by their expressions.
    pub(super) constants: Vec<(String, String)>,
    pub(super) lines: Vec<Line>,
    /// The names of newtypes, by their fields.
    pub(super) units: Vec<(String, String)>,
}

/// A line about a part of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) what: What,
    /// The name of a node, or of a tensor.
    pub(super) name: String,
    pub(super) is: String,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Input,
    Derived,
    Node,
    Tensor,
    Output,
}

impl What {
    const ALL: [(What, &'static str); 5] = [
        (What::Input, "input"),
        (What::Derived, "derived"),
        (What::Node, "node"),
        (What::Tensor, "tensor"),
        (What::Output, "output"),
    ];

    pub(super) fn word(self) -> &'static str {
        What::ALL[self as usize].1
    }
}

impl Line {
    /// The node that it is about.
    pub(super) fn node(&self) -> &str {
        let name = self.name.split('.').next().unwrap_or(&self.name);
        match self.what {
            What::Tensor if !self.name.contains('.') => ["_missing", "_log_variance"]
                .iter()
                .find_map(|ending| name.strip_suffix(ending))
                .unwrap_or(name),
            _ => name,
        }
    }

    /// Whether it is a node without layers and without tensors of its own. Only what takes its value
    /// depends on it, so that it may be in one of two models alone.
    pub(super) fn is_bare(&self) -> bool {
        self.what == What::Node && self.is.ends_with(rename::BARE)
    }

    fn read(text: &str) -> Option<Line> {
        let (word, rest) = text.split_once(' ')?;
        let (what, _) = What::ALL.into_iter().find(|(_, known)| *known == word)?;
        let (name, is) = rest.split_once(": ")?;
        Some(Line { what, name: name.to_owned(), is: is.to_owned() })
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.what.word(), self.name, self.is)
    }
}

impl Lock {
    /// # Errors
    /// The reason why a text is no lock.
    pub(super) fn read(text: &str) -> Result<Lock, String> {
        let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        let (_, head) = lines.next().unwrap_or_default();
        let version = head.strip_prefix(HEAD).and_then(|rest| rest.split(':').next());
        match version {
            Some(VERSION) => {}
            Some(other) => return Err(format!("its form is {other}, and not {VERSION}")),
            None => return Err(format!("its first line is not `{HEAD}{VERSION}: NAME`")),
        }
        let mut lock = Lock::default();
        for (index, line) in lines {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || format!("line {} is no part of a model: `{line}`", index + 1);
            if let Some(constant) = line.strip_prefix("const ") {
                let (name, value) = constant.rsplit_once(" = ").ok_or_else(wrong)?;
                lock.constants.push((name.to_owned(), value.to_owned()));
            } else if let Some(unit) = line.strip_prefix("unit ") {
                let (field, name) = unit.split_once(": ").ok_or_else(wrong)?;
                lock.units.push((field.to_owned(), name.to_owned()));
            } else {
                lock.lines.push(Line::read(line).ok_or_else(wrong)?);
            }
        }
        Ok(lock)
    }
}

/// The lock of a model.
pub(super) fn write(graph: &Graph, constants: &Constants, units: &[Unit], form: &Form) -> String {
    let head = [
        format!("{HEAD}{VERSION}: {}", plain(&graph.model.name)),
        "# The form of saved models: see `lock` in the documentation of `multi_input_model`."
            .into(),
    ];
    let constants = constants.written().map(|(name, value)| format!("const {name} = {value}"));
    let lines = form.lines().map(ToString::to_string);
    let units = units.iter().map(|unit| format!("unit {}: {}", unit.field, unit.written()));
    let all = head.into_iter().chain(constants).chain(lines).chain(units);
    all.map(|line| line + "\n").collect()
}
