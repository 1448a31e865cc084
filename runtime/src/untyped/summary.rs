//! The table of a model's layers.

use std::fmt;

use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{parameters, UntypedModel};
use crate::definition::{Cost, Graph, Network, Node, Text};

/// Nodes, layers, output shapes and parameter counts. `keras.Model.summary`.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    pub(super) graph: Graph,
    pub(super) trainable: usize,
    pub(super) fixed: usize,
}

impl Summary {
    /// The summary of a definition.
    pub fn of<M: Network<E, D>, E: Element, D: Backend<E>>() -> Summary {
        let (trainable, fixed) = multi_input_nn::parameters::count::<E, D, M::Built>();
        Summary { graph: M::GRAPH, trainable, fixed }
    }

    /// The summary of a built model.
    pub(crate) fn of_model<E: Element, D: Backend<E>>(model: &UntypedModel<E, D>) -> Summary {
        let tensors = parameters::list(&model.module);
        let count = |trainable| {
            let own = tensors.iter().filter(|tensor| tensor.trainable == trainable);
            own.map(ParameterInfo::elements).sum()
        };
        Summary { graph: *model.graph(), trainable: count(true), fixed: count(false) }
    }

    /// The number of trainable parameters.
    pub fn trainable(&self) -> usize {
        self.trainable
    }

    /// What a prediction of one row costs.
    pub fn cost(&self) -> Cost {
        self.graph.cost
    }

    /// The number of non-trainable parameters.
    pub fn non_trainable(&self) -> usize {
        self.fixed
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["node", "layer", "output shape", "parameters"].map(str::to_owned);
        let mut rows = vec![header];
        for node in self.graph.nodes {
            rows.extend(node_rows(node));
            if self.graph.learns_weight_of(node.name) {
                let [name, one] = [String::new(), "[1]".to_owned()];
                rows.push([name, "weight of its loss".to_owned(), one, "1".to_owned()]);
            }
        }
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths = [0, 1, 2, 3].map(|column| width(column).unwrap_or(0));

        writeln!(f, "{}", self.graph.name)?;
        for [node, layer, shape, parameters] in &rows {
            let [a, b, c, d] = widths;
            writeln!(f, "{node:a$}  {layer:b$}  {shape:c$}  {parameters:>d$}")?;
        }
        writeln!(f, "trainable parameters: {}", self.trainable)?;
        writeln!(f, "non-trainable parameters: {}", self.fixed)?;
        let (cost, text) = (self.graph.cost, Text::new(""));
        let (flops, memory) = (text.number(cost.flops), text.amount(cost.memory));
        let own = match self.graph.nodes.iter().any(is_partly_own) {
            true => ", without modules and merges of your own",
            false => "",
        };
        write!(f, "a prediction: {} FLOPs, {}{own}", flops.as_str(), memory.as_str())
    }
}

/// Whether a layer or the merge of a node is of the user's own.
fn is_partly_own(node: &Node) -> bool {
    node.own.is_some() || node.layers.iter().any(|layer| layer.parameters.is_none())
}

fn node_rows(node: &Node) -> Vec<[String; 4]> {
    let none = String::new;
    let shape = |shape: &[usize], masked| match masked {
        true => format!("{shape:?} masked"),
        false => format!("{shape:?}"),
    };
    let input = shape(node.input_shape, node.input_masked);
    let mut rows = vec![[node.name.to_owned(), node.source.to_owned(), input, none()]];
    for layer in node.layers {
        let parameters = match (node.shared, layer.parameters) {
            (Some(other), _) => format!("as {other}"),
            (None, Some(count)) => count.to_string(),
            (None, None) => "?".to_owned(),
        };
        rows.push([none(), layer.text.to_owned(), shape(layer.shape, layer.masked), parameters]);
    }
    if node.stand_in > 0 {
        let stand_in = node.stand_in.to_string();
        rows.push([none(), "stand-in".to_owned(), shape(node.shape, node.masked), stand_in]);
    }
    rows
}
