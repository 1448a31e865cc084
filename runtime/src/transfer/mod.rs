//! Weights and fitted preprocessing that one model takes from another, and vocabularies that grow.
//!
//! [The page of `multi_input_model`](crate::multi_input_model#transfer) explains them.
//! [`Model::take`](crate::Model::take) takes nodes by name, [`Weights`] reads the file of any model,
//! and [`Model::grow`](crate::Model::grow) adds the words and categories of new rows.

mod branch;
mod choose;
mod grow;
mod take;

use std::fmt;

use multi_input_base::quote::Escaped;
pub use multi_input_data::preprocess::GrownVocabulary;

pub(crate) use self::choose::Which;
pub use self::grow::Grown;
pub use crate::checkpoint::Weights;

/// What a model took from another, and what not. Displayed as lines of text.
#[must_use = "it says what was taken and what was not"]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The other model: the name of its definition in backquotes, or a file.
    pub from: String,
    /// The nodes that were taken, in the order of the graph.
    pub taken: Vec<TakenNode>,
    /// The nodes that were not taken: of the model, then of the other model alone. Nodes without
    /// weights and preprocessing are not listed.
    pub left: Vec<Left>,
}

/// A node that was taken from another model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenNode {
    /// The node.
    pub node: String,
    /// The node that owns its branch, if it is shared.
    pub shares: Option<String>,
    /// The number of its tensors, running statistics included.
    pub tensors: usize,
    /// The number of their elements.
    pub parameters: usize,
    /// The dtype of the tensors in the other model: `f32` or `f64`; empty without tensors.
    pub dtype: String,
    /// The inputs and targets whose fitted preprocessing came with the node, and is kept by later
    /// fits.
    pub fitted: Vec<String>,
    /// The inputs and targets of the node whose preprocessing learns, but is not fitted in the other
    /// model either.
    pub unfitted: Vec<String>,
}

/// A node that was not taken from another model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The node.
    pub node: String,
    /// The reason.
    pub reason: String,
}

impl Taken {
    /// Whether a node was taken.
    pub fn contains(&self, node: &str) -> bool {
        self.taken.iter().any(|taken| taken.node == node)
    }
}

impl Left {
    fn new(node: &str, reason: &str) -> Left {
        Left { node: node.to_owned(), reason: reason.to_owned() }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {}:", Escaped(&self.from))?;
        self.taken.iter().try_for_each(|taken| write!(f, "\n  {taken}"))?;
        self.left.iter().try_for_each(|left| write!(f, "\n  not taken: {left}"))
    }
}

/// `` `numbers`: 2 tensors of f32 (88 parameters), with the fitted preprocessing of `numbers` ``
impl fmt::Display for TakenNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TakenNode { node, shares, tensors, parameters, dtype, fitted, unfitted } = self;
        let mut parts = Vec::new();
        parts.extend(shares.as_ref().map(|owner| format!("the branch of `{owner}`")));
        let tensor = if *tensors == 1 { "tensor" } else { "tensors" };
        if *tensors > 0 {
            parts.push(format!("{tensors} {tensor} of {dtype} ({parameters} parameters)"));
        }
        let names = |fields: &[String]| {
            let names: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            names.join(", ")
        };
        if !fitted.is_empty() {
            parts.push(format!("the fitted preprocessing of {}", names(fitted)));
        }
        if !unfitted.is_empty() {
            let names = names(unfitted);
            parts.push(format!("without preprocessing of {names}, which is not fitted there"));
        }
        write!(f, "`{node}`: {}", parts.join(", "))
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", Escaped(&self.node), Escaped(&self.reason))
    }
}
