//! The model as a table: the input of every node, its layers, their output shapes and parameter
//! counts. It is shown in the documentation and printed by `MULTI_INPUT_PRINT=shapes`.

use multi_input_spec::{cost::Quantity, Shape, Size, Text};

use crate::{
    cost,
    graph::{Graph, Node},
    shape::{Flow, Shapes},
    text::plain,
};

/// A line of the table.
pub(crate) struct Row {
    /// The node's name in its first line, empty in the lines of its layers.
    pub(crate) node: String,
    pub(crate) layer: String,
    pub(crate) shape: String,
    pub(crate) parameters: String,
}

/// The table, in topological order.
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    /// The number of all parameters, if the macro knows it.
    pub(crate) total: Option<usize>,
    /// The operations and the bytes of a prediction, if the macro knows them.
    pub(crate) prediction: Option<[usize; 2]>,
}

/// The table of a graph whose nodes have `shapes`.
pub(crate) fn of<'a>(graph: &'a Graph, shapes: impl Fn(usize) -> Shapes<'a>) -> Table {
    let cost = cost::of(graph, &shapes).filter(|cost| cost.uncounted.is_empty());
    let total = |quantity| match cost.as_ref()?.total(quantity) {
        Size::Known(number) => Some(number),
        Size::Unknown => None,
    };
    let prediction = [total(Quantity::Flops), total(Quantity::Memory)];
    let prediction = match prediction {
        [Some(flops), Some(memory)] => Some([flops, memory]),
        _ => None,
    };
    let mut table = Table { rows: Vec::new(), total: Some(0), prediction };
    for &position in &graph.order {
        table.add_node(&graph.nodes[position], shapes(position));
    }
    table
}

/// The operations and bytes of a prediction, as a reader wants them.
pub(crate) fn cost_in_words([flops, memory]: [usize; 2]) -> [String; 2] {
    let text = Text::new("");
    [text.number(flops).as_str().to_owned(), text.amount(memory).as_str().to_owned()]
}

impl Table {
    fn add_node(&mut self, node: &Node, shapes: Shapes<'_>) {
        self.add(plain(node.name()), node.source_text(), shapes.input, String::new());
        for layer in shapes.layers {
            let count = match (node.shared, layer.count) {
                (Some(_), _) => "shared".to_owned(),
                (None, Some(count)) => self.count(count),
                (None, None) => {
                    self.total = None;
                    "its own".to_owned()
                }
            };
            self.add(String::new(), layer.text.clone(), Some(&layer.output), count);
        }
        if node.learns_a_stand_in() {
            let size = shapes.output.map_or(Size::Unknown, |output| output.shape.elements());
            let count = self.count(size);
            self.add(String::new(), "stand-in where absent".to_owned(), shapes.output, count);
        }
        if node.learns_its_weight() {
            let count = self.count(Size::Known(1));
            let one = Flow::known(Shape::numbers(&[Size::Known(1)]));
            self.add(String::new(), "weight of its loss".to_owned(), Some(&one), count);
        }
        if shapes.output.is_none() {
            self.total = None;
        }
    }

    fn add(&mut self, node: String, layer: String, shape: Option<&Flow>, parameters: String) {
        let shape = shape.map_or_else(|| "?".to_owned(), Flow::text);
        self.rows.push(Row { node, layer, shape, parameters });
    }

    fn count(&mut self, size: Size) -> String {
        match size {
            Size::Known(number) => {
                self.total = self.total.map(|total| total.saturating_add(number));
                number.to_string()
            }
            Size::Unknown => {
                self.total = None;
                "see `summary()`".to_owned()
            }
        }
    }
}
