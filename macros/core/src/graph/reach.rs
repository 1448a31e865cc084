//! The ways of values through the graph: which nodes an input reaches, and by which path.
//!
//! A value flows from an input to what takes its value, its raw value or its presence. A shared branch
//! or vocabulary is no way: rows of one node train what another computes with, and no prediction reads
//! them.

use std::collections::VecDeque;

use proc_macro2::Ident;

use super::{Edge, Graph};

/// One step on the way of a value.
#[derive(Clone, Copy)]
pub(crate) struct Hop<'a> {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether it is the presence of `from` that flows.
    present: bool,
    /// The user's token.
    pub(crate) name: &'a Ident,
}

/// All steps of a graph.
pub(crate) struct Flows<'a> {
    graph: &'a Graph,
    /// The steps from each node.
    hops: Vec<Vec<Hop<'a>>>,
}

/// The nodes that the value of one node reaches.
pub(crate) struct Reached<'a> {
    graph: &'a Graph,
    /// The step by which each node is reached first.
    by: Vec<Option<Hop<'a>>>,
    pub(crate) start: usize,
}

impl Graph {
    /// The ways of values.
    pub(crate) fn flows(&self) -> Flows<'_> {
        let mut hops: Vec<Vec<Hop<'_>>> = self.nodes.iter().map(|_| Vec::new()).collect();
        for (to, node) in self.nodes.iter().enumerate() {
            for edge in node.feeds.iter().chain(&node.made_of) {
                let Edge { present, name, .. } = edge;
                let asked = self.input_of_presence(edge).filter(|_| *present);
                let from = asked.unwrap_or(edge.node);
                hops[from].push(Hop { from, to, present: *present, name });
            }
        }
        Flows { graph: self, hops }
    }
}

impl<'a> Flows<'a> {
    /// The nodes that the value of `start` reaches, by the shortest ways.
    pub(crate) fn from(&self, start: usize) -> Reached<'a> {
        let mut by = vec![None; self.hops.len()];
        let mut open = VecDeque::from([start]);
        while let Some(node) = open.pop_front() {
            for hop in &self.hops[node] {
                if by[hop.to].is_none() && hop.to != start {
                    by[hop.to] = Some(*hop);
                    open.push_back(hop.to);
                }
            }
        }
        Reached { graph: self.graph, by, start }
    }
}

impl<'a> Reached<'a> {
    /// Whether the value reaches a node. Every node reaches itself.
    pub(crate) fn reaches(&self, node: usize) -> bool {
        node == self.start || self.by[node].is_some()
    }

    /// The way to a node.
    pub(crate) fn path(&self, node: usize) -> Vec<Hop<'a>> {
        let mut path = Vec::new();
        let mut last = self.by[node];
        while let Some(hop) = last {
            path.push(hop);
            last = self.by[hop.from];
        }
        path.reverse();
        path
    }

    /// The way to a node in words: `` `age` -> `joined` -> `price` ``.
    pub(crate) fn in_words(&self, node: usize) -> String {
        let mut text = String::new();
        for hop in self.path(node) {
            let from = self.graph.nodes[hop.from].name();
            text += &match hop.present {
                true => format!("`present({from})` -> "),
                false => format!("`{from}` -> "),
            };
        }
        format!("{text}`{}`", self.graph.nodes[node].name())
    }
}
