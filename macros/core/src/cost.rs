//! What a prediction of one row costs, as the shares of inputs, merges and layers. The formulas are
//! those of the spec ([`multi_input_spec::cost`] has the conventions), so a size that the macro does
//! not know is left to rustc, by the tokens of `codegen/cost.rs`.

use multi_input_spec::{
    cost::{self, Quantity},
    Activation, Size,
};

use crate::{
    graph::{Graph, Node},
    parse::{Merge, Source},
    shape::{self, Flow, Formula, Module, ShapedLayer, Shapes},
    text::plain,
};

/// The cost of a model.
pub(crate) struct Cost<'a> {
    pub(crate) shares: Vec<Share<'a>>,
    /// The numbers that come and go, in the order of the computation.
    pub(crate) moves: Vec<Move<'a>>,
    /// The modules and merges of the user's own, whose cost nothing says, each with its node.
    pub(crate) uncounted: Vec<(&'a Node, String)>,
}

/// The share of an input, a merge or a layer.
pub(crate) struct Share<'a> {
    pub(crate) node: String,
    pub(crate) layer: String,
    parameters: Term<'a>,
    /// The running statistics.
    statistics: Term<'a>,
    flops: Term<'a>,
    output: Term<'a>,
    held: Term<'a>,
}

/// A [`cost::Move`].
pub(crate) struct Move<'a> {
    pub(crate) output: Term<'a>,
    pub(crate) held: Term<'a>,
    pub(crate) freed: Vec<Term<'a>>,
}

/// A number, or the formula that gives it.
#[derive(Clone)]
pub(crate) enum Term<'a> {
    Known(usize),
    /// The elements of a shape.
    Elements(&'a Flow),
    /// The formulas of a layer of the spec.
    Count(&'a ShapedLayer),
    Flops(&'a ShapedLayer),
    Held(&'a ShapedLayer),
    /// The operations of a merge.
    Merge(Box<Formula>),
}

impl Term<'_> {
    /// The number, if the macro knows it.
    pub(crate) fn size(&self) -> Size {
        match self {
            Term::Known(number) => Size::Known(*number),
            Term::Elements(flow) => flow.shape.elements(),
            Term::Count(layer) => layer.count.unwrap_or(Size::Known(0)),
            Term::Flops(layer) => layer.flops(),
            Term::Held(layer) => layer.held(),
            Term::Merge(formula) => formula.flops(),
        }
    }
}

impl<'a> Share<'a> {
    /// The terms of its share of a quantity; for memory they are numbers of 4 bytes.
    pub(crate) fn terms(&self, quantity: Quantity) -> Vec<&Term<'a>> {
        let Share { parameters, statistics, flops, output, held, .. } = self;
        match quantity {
            Quantity::Parameters => vec![parameters],
            Quantity::Flops => vec![flops],
            Quantity::Memory => vec![parameters, statistics, output, held],
        }
    }

    /// Its share of a quantity, if the macro knows it.
    pub(crate) fn size(&self, quantity: Quantity) -> Size {
        let terms = self.terms(quantity).into_iter().map(Term::size);
        let sum = terms.fold(Size::Known(0), Size::plus);
        match quantity {
            Quantity::Memory => cost::bytes(sum),
            Quantity::Parameters | Quantity::Flops => sum,
        }
    }
}

impl<'a> Cost<'a> {
    /// The terms whose sum are the numbers that exist all the time.
    pub(crate) fn lasting(&self) -> impl Iterator<Item = &Term<'a>> {
        self.shares.iter().flat_map(|share| [&share.parameters, &share.statistics])
    }

    /// What the macro knows of the memory: the numbers that exist all the time, and the moves.
    pub(crate) fn memory(&self) -> (Size, Vec<cost::Move>) {
        let moves = self.moves.iter().map(|Move { output, held, freed }| cost::Move {
            output: output.size(),
            held: held.size(),
            freed: freed.iter().map(Term::size).fold(Size::Known(0), Size::plus),
        });
        (self.lasting().map(Term::size).fold(Size::Known(0), Size::plus), moves.collect())
    }

    /// The shares of a quantity, one for each layer, as far as the macro knows them.
    pub(crate) fn items(&self, quantity: Quantity) -> Vec<(&str, &str, Size)> {
        let item = |share: &Share<'a>| share.size(quantity);
        self.shares.iter().map(|share| (&*share.node, &*share.layer, item(share))).collect()
    }

    /// Whether the macro knows all of a quantity.
    pub(crate) fn is_known(&self, quantity: Quantity) -> bool {
        self.total(quantity) != Size::Unknown
    }

    /// All of a quantity, if the macro knows it.
    pub(crate) fn total(&self, quantity: Quantity) -> Size {
        match quantity {
            Quantity::Memory => {
                let (lasting, moves) = self.memory();
                cost::memory(lasting, &moves)
            }
            Quantity::Parameters | Quantity::Flops => self
                .shares
                .iter()
                .map(|share| share.size(quantity))
                .fold(Size::Known(0), Size::plus),
        }
    }
}

/// The cost of a graph whose nodes have `shapes`; `None` after a mistake in them.
pub(crate) fn of<'a>(graph: &'a Graph, shapes: impl Fn(usize) -> Shapes<'a>) -> Option<Cost<'a>> {
    let mut uses = vec![0; graph.nodes.len()];
    let edges = graph.nodes.iter().flat_map(|node| &node.feeds).filter(|edge| !edge.present);
    edges.map(|edge| edge.node).chain(graph.heads()).for_each(|node| uses[node] += 1);
    let mut walk = Walk {
        graph,
        shapes,
        uses,
        tensors: Vec::new(),
        tensor_of: vec![0; graph.nodes.len()],
        cost: Cost { shares: Vec::new(), moves: Vec::new(), uncounted: Vec::new() },
    };
    let flows_on: Vec<bool> = (0..graph.nodes.len()).map(|node| !graph.stays_raw(node)).collect();
    for node in graph.inputs().chain(graph.derived()).filter(|node| flows_on[*node]) {
        walk.enter(node)?;
    }
    for &node in graph.order.iter().filter(|node| flows_on[**node]) {
        walk.compute(node)?;
    }
    Some(walk.cost)
}

/// The computation of a prediction, which knows the tensors that are alive.
struct Walk<'a, S> {
    graph: &'a Graph,
    shapes: S,
    /// How many operands, branches and predictions take the output of each node.
    uses: Vec<usize>,
    tensors: Vec<Tensor<'a>>,
    /// The tensor of each node's output; before its branch, of an input's encoded value.
    tensor_of: Vec<usize>,
    cost: Cost<'a>,
}

/// Numbers that are alive as long as something takes them.
struct Tensor<'a> {
    elements: Term<'a>,
    uses: usize,
}

impl<'a, S: Fn(usize) -> Shapes<'a>> Walk<'a, S> {
    /// An encoded input, which is there before anything is computed.
    fn enter(&mut self, index: usize) -> Option<()> {
        let (node, elements) =
            (&self.graph.nodes[index], Term::Elements((self.shapes)(index).input?));
        self.tensor_of[index] = self.add(elements.clone(), Term::Known(0), Vec::new());
        self.share(node, node.source_text(), |share| share.output = elements);
        Some(())
    }

    /// A node: its merge, its branch, and what is learned for it.
    fn compute(&mut self, index: usize) -> Option<()> {
        let (node, shapes) = (&self.graph.nodes[index], (self.shapes)(index));
        let (input, output) = (shapes.input?, shapes.output?);
        let mut current = match &node.field.source {
            Some(Source::Merge(merge)) => self.merge(node, merge, input)?,
            Some(Source::From(_)) => self.tensor_of[node.feeds.first()?.node],
            _ => self.tensor_of[index],
        };
        for layer in shapes.layers {
            current = self.layer(node, layer, current);
        }
        // All that take the node use it, and the branch no longer does.
        let tensor = &mut self.tensors[current];
        tensor.uses = (tensor.uses + self.uses[index]).saturating_sub(1);
        self.tensor_of[index] = current;
        if node.learns_a_stand_in() {
            let parameters = Term::Elements(output);
            self.share(node, "stand-in".to_owned(), |share| share.parameters = parameters);
        }
        if node.learns_its_weight() {
            let layer = "weight of its loss".to_owned();
            self.share(node, layer, |share| share.parameters = Term::Known(1));
        }
        Some(())
    }

    fn merge(&mut self, node: &'a Node, merge: &'a Merge, input: &'a Flow) -> Option<usize> {
        let flops = match &merge.own {
            None => {
                let operands =
                    shape::operands(node, self.graph, |node| (self.shapes)(node).output)?;
                let (rule, arguments) = (merge.rule, merge.arguments.clone());
                Term::Merge(Box::new(Formula::Merge { rule, operands, arguments }))
            }
            Some((own, _)) => {
                self.cost.uncounted.push((node, own.text.clone()));
                Term::Known(0)
            }
        };
        let operands = node.feeds.iter().filter(|edge| !edge.present);
        let operands: Vec<usize> = operands.map(|edge| self.tensor_of[edge.node]).collect();
        let freed = operands.into_iter().filter_map(|operand| self.release(operand)).collect();
        let output = Term::Elements(input);
        self.share(node, merge.text.clone(), |share| {
            (share.flops, share.output) = (flops, output.clone());
        });
        Some(self.add(output, Term::Known(0), freed))
    }

    /// A layer that takes the tensor `current`; returns that of its output.
    fn layer(&mut self, node: &'a Node, layer: &'a ShapedLayer, current: usize) -> usize {
        let [mut count, mut flops, mut held] = [Term::Known(0), Term::Known(0), Term::Known(0)];
        let mut statistics = Term::Known(0);
        match &layer.module {
            Module::Named(named) => {
                (flops, held) = (Term::Flops(layer), Term::Held(layer));
                if node.shared.is_none() {
                    count = Term::Count(layer);
                    if named.call.spec.form.batch_statistics {
                        statistics = count.clone();
                    }
                }
            }
            Module::Activation { activation: Activation::Linear, .. } => {}
            Module::Activation { .. } => flops = Term::Elements(&layer.input),
            Module::Custom { .. } => self.cost.uncounted.push((node, layer.text.clone())),
        }
        let freed = self.release(current).into_iter().collect();
        let output = Term::Elements(&layer.output);
        let next = self.add(output.clone(), held.clone(), freed);
        self.share(node, layer.text.clone(), |share| {
            (share.parameters, share.statistics) = (count, statistics);
            (share.flops, share.output, share.held) = (flops, output, held);
        });
        next
    }

    /// A tensor that its maker uses.
    fn add(&mut self, elements: Term<'a>, held: Term<'a>, freed: Vec<Term<'a>>) -> usize {
        self.cost.moves.push(Move { output: elements.clone(), held, freed });
        self.tensors.push(Tensor { elements, uses: 1 });
        self.tensors.len() - 1
    }

    /// Ends one use of a tensor; returns its elements if it was the last.
    fn release(&mut self, tensor: usize) -> Option<Term<'a>> {
        let tensor = &mut self.tensors[tensor];
        tensor.uses = tensor.uses.saturating_sub(1);
        (tensor.uses == 0).then(|| tensor.elements.clone())
    }

    fn share(&mut self, node: &Node, layer: String, set: impl FnOnce(&mut Share<'a>)) {
        let nothing = || Term::Known(0);
        let mut share = Share {
            node: plain(node.name()),
            layer,
            parameters: nothing(),
            statistics: nothing(),
            flops: nothing(),
            output: nothing(),
            held: nothing(),
        };
        set(&mut share);
        self.cost.shares.push(share);
    }
}

#[cfg(test)]
mod tests;
