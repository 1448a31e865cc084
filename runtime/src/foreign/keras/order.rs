//! The order of the layers of a functional model, by which Keras numbers the groups of its files.

use std::collections::{HashMap, HashSet};

use crate::{
    definition::{Graph, Node},
    foreign::kind::at_commas,
};

/// A layer: a node and the index in its branch.
type Layer = (&'static str, usize);

/// The layers of a model in the order of `keras.Model.layers`: of a model that is written line by line, a
/// layer for each input, merge and layer. Layers that are farther from the outputs come first, and of
/// those equally far the one that is met first on the way back from the outputs.
pub(crate) fn order(graph: &'static Graph) -> Vec<Layer> {
    let mut calls = Calls::default();
    for node in graph.nodes {
        let value = calls.of_node(graph, node);
        calls.values.insert(node.name, value);
    }
    let outputs = graph.outputs.iter().map(|output| output.name);
    let outputs: Vec<usize> = outputs
        .chain(graph.values.iter().map(|value| value.name))
        .filter_map(|name| calls.values.get(name).copied())
        .collect();
    calls.sorted(&outputs)
}

/// What is called in a model: an input, a merge, or a layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Layer(&'static str, usize),
    /// An input, or whether it is present.
    Input(String),
    /// A merge, by its call.
    Merge(usize),
}

/// The calls of operations, each with the calls whose results it takes.
#[derive(Default)]
struct Calls {
    all: Vec<(Operation, Vec<usize>)>,
    /// The calls that give the values of nodes.
    values: HashMap<&'static str, usize>,
}

impl Calls {
    fn of_node(&mut self, graph: &'static Graph, node: &'static Node) -> usize {
        let is_input = graph.inputs.iter().any(|input| input.name == node.name)
            || graph.derived.iter().any(|derived| derived.name == node.name);
        let mut value = match is_input {
            true => self.call(Operation::Input(node.name.to_owned()), vec![]),
            false => self.operand(node.source),
        };
        let owner = node.shared.and_then(|owner| graph.node(owner)).unwrap_or(node);
        for index in 0..owner.layers.len() {
            value = self.call(Operation::Layer(owner.name, index), vec![value]);
        }
        value
    }

    fn call(&mut self, operation: Operation, of: Vec<usize>) -> usize {
        self.all.push((operation, of));
        self.all.len() - 1
    }

    /// An operand of a merge: a node, `present(node)`, or a merge.
    fn operand(&mut self, text: &str) -> usize {
        let Some((called, rest)) = text.split_once('(') else {
            let known = self.values.get(text.trim()).copied();
            return known.unwrap_or_else(|| self.call(Operation::Input(text.to_owned()), vec![]));
        };
        let operands = at_commas(rest.strip_suffix(')').unwrap_or(rest)).into_iter();
        let operands = operands.filter(|text| text.contains('(') || !text.contains(" = "));
        match called.trim() {
            "present" => self.call(Operation::Input(text.to_owned()), vec![]),
            "from" => operands.map(|text| self.operand(text)).last().unwrap_or_default(),
            _ => {
                let operands = operands.map(|text| self.operand(text)).collect();
                self.call(Operation::Merge(self.all.len()), operands)
            }
        }
    }

    /// The layers that the outputs need.
    fn sorted(&self, outputs: &[usize]) -> Vec<Layer> {
        let mut visit = Visit { calls: self, finished: HashSet::new(), order: vec![], met: vec![] };
        outputs.iter().for_each(|&output| visit.call(output));
        let Visit { order, met, .. } = visit;
        let mut depths: HashMap<usize, usize> = HashMap::new();
        let mut of_operations: HashMap<&Operation, usize> = HashMap::new();
        for &call in order.iter().rev() {
            let (operation, of) = &self.all[call];
            let before = of_operations.get(operation).copied().unwrap_or(0);
            let depth = depths.get(&call).copied().unwrap_or(0).max(before);
            of_operations.insert(operation, depth);
            depths.insert(call, depth);
            for &of in of {
                let farther = depths.entry(of).or_insert(0);
                *farther = (*farther).max(depth + 1);
            }
        }
        let mut sorted: Vec<(usize, Layer)> = met
            .into_iter()
            .filter_map(|operation| match operation {
                Operation::Layer(node, index) => Some((of_operations[operation], (*node, *index))),
                _ => None,
            })
            .collect();
        // Stable: those of the same depth stay in the order in which they were met.
        sorted.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
        sorted.into_iter().map(|(_, layer)| layer).collect()
    }
}

/// A walk from the outputs to the inputs.
struct Visit<'a> {
    calls: &'a Calls,
    finished: HashSet<usize>,
    /// Calls behind those whose results they take.
    order: Vec<usize>,
    /// Operations as they were met.
    met: Vec<&'a Operation>,
}

impl Visit<'_> {
    fn call(&mut self, call: usize) {
        if self.finished.contains(&call) {
            return;
        }
        let (operation, of) = &self.calls.all[call];
        if !self.met.contains(&operation) {
            self.met.push(operation);
        }
        of.iter().for_each(|&of| self.call(of));
        self.finished.insert(call);
        self.order.push(call);
    }
}
