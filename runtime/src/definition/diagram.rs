//! A model's graph as an SVG diagram: one box per node, with its layers, shapes and parameters.

use crate::{
    definition::{Graph, Node},
    plot::svg::{Anchor, Svg, INK, LETTER},
};

const LINE: f64 = 17.0;
const PADDING: f64 = 10.0;
const BETWEEN_COLUMNS: f64 = 56.0;
const BETWEEN_BOXES: f64 = 20.0;
const MARGIN: f64 = 16.0;

/// The box of a node, with its text and position.
struct Block<'a> {
    node: &'a Node,
    /// The left and right text of each line; the first line is the name.
    lines: Vec<(String, String)>,
    column: usize,
    at: (f64, f64),
    size: (f64, f64),
}

/// Inputs are on the left, outputs on the right.
pub(crate) fn diagram(graph: &Graph) -> String {
    let mut boxes = boxes(graph);
    let (width, height) = arrange(&mut boxes);
    let mut svg = Svg::new(width, height + 24.0);
    let total: usize = graph.nodes.iter().map(|node| parameters(graph, node)).sum();
    let title = format!("{}: {total} parameters", graph.name);
    svg.bold((MARGIN, 22.0), Anchor::Start, &title);
    let mut picture = Svg::new(width, height);
    for to in &boxes {
        let from = |name: &&str| boxes.iter().find(|from| from.node.name == *name);
        let sources: Vec<_> = to.node.fed_by.iter().filter_map(from).collect();
        for (index, from) in sources.iter().enumerate() {
            let entry = (index + 1) as f64 / (sources.len() + 1) as f64 * to.size.1;
            let start = (from.at.0 + from.size.0, from.at.1 + from.size.1 / 2.0);
            picture.arrow(start, (to.at.0, to.at.1 + entry));
        }
    }
    boxes.iter().for_each(|block| draw(&mut picture, graph, block));
    svg.insert((0.0, 24.0), picture);
    svg.finish()
}

fn boxes(graph: &Graph) -> Vec<Block<'_>> {
    let mut boxes: Vec<Block<'_>> = Vec::new();
    for node in graph.nodes {
        let columns = node.fed_by.iter().filter_map(|name| {
            boxes.iter().find(|block| block.node.name == *name).map(|block| block.column + 1)
        });
        let column = columns.max().unwrap_or(0);
        let lines = lines(graph, node);
        let letters = lines.iter().map(|(l, r)| l.chars().count() + r.chars().count() + 3);
        let width = letters.max().unwrap_or(0) as f64 * LETTER + 2.0 * PADDING;
        let size = (width, lines.len() as f64 * LINE + 2.0 * PADDING - 4.0);
        boxes.push(Block { node, lines, column, at: (0.0, 0.0), size });
    }
    boxes
}

/// The lines of a box: the name and its source, the input shape, every layer, the loss.
fn lines(graph: &Graph, node: &Node) -> Vec<(String, String)> {
    let mut lines = vec![(node.name.to_owned(), String::new())];
    lines.push((node.source.to_owned(), format!("{:?}", node.input_shape)));
    if let Some(owner) = node.shared {
        lines.push((format!("the branch of {owner}"), format!("{:?}", node.shape)));
    } else {
        for layer in node.layers {
            let count = match layer.parameters {
                Some(0) => String::new(),
                Some(count) => format!(" {count}"),
                None => " ?".to_owned(),
            };
            lines.push((layer.text.to_owned(), format!("{:?}{count}", layer.shape)));
        }
    }
    if node.frozen {
        lines.push(("frozen".to_owned(), String::new()));
    }
    if node.stand_in > 0 {
        lines.push(("where absent: learned".to_owned(), node.stand_in.to_string()));
    }
    if let Some(output) = graph.outputs.iter().find(|output| output.name == node.name) {
        let weight = match (output.learned_weight, output.weight == 1.0) {
            (true, _) => " times a learned weight".to_owned(),
            (false, true) => String::new(),
            (false, false) => format!(" times {}", output.weight),
        };
        lines.push((format!("loss {}{weight}", output.loss.name()), String::new()));
    }
    if graph.values.iter().any(|value| value.name == node.name) {
        lines.push(("output".to_owned(), String::new()));
    }
    lines
}

/// Sets the position of every box and returns the size of the diagram. Boxes in a column are
/// ordered by their sources, so that few arrows cross.
fn arrange(boxes: &mut [Block<'_>]) -> (f64, f64) {
    let columns = boxes.iter().map(|block| block.column + 1).max().unwrap_or(0);
    let height_of = |boxes: &[Block<'_>], column: usize| -> f64 {
        let own = boxes.iter().filter(|block| block.column == column);
        own.map(|block| block.size.1 + BETWEEN_BOXES).sum::<f64>() - BETWEEN_BOXES
    };
    let tallest = (0..columns).map(|column| height_of(boxes, column)).fold(0.0, f64::max);
    let mut x = MARGIN;
    for column in 0..columns {
        let mut own: Vec<usize> =
            (0..boxes.len()).filter(|index| boxes[*index].column == column).collect();
        let middle = |index: &usize| middle_of_sources(boxes, *index);
        own.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
        let mut y = MARGIN + (tallest - height_of(boxes, column)) / 2.0;
        let mut widest: f64 = 0.0;
        for index in own {
            boxes[index].at = (x, y);
            y += boxes[index].size.1 + BETWEEN_BOXES;
            widest = widest.max(boxes[index].size.0);
        }
        x += widest + BETWEEN_COLUMNS;
    }
    (x - BETWEEN_COLUMNS + MARGIN, tallest + 2.0 * MARGIN)
}

/// The mean vertical centre of a box's sources.
fn middle_of_sources(boxes: &[Block<'_>], index: usize) -> f64 {
    let names = boxes[index].node.fed_by;
    let sources = boxes.iter().filter(|block| names.contains(&block.node.name));
    let middles: Vec<f64> = sources.map(|block| block.at.1 + block.size.1 / 2.0).collect();
    middles.iter().sum::<f64>() / middles.len().max(1) as f64
}

fn draw(svg: &mut Svg, graph: &Graph, block: &Block<'_>) {
    let mut outputs = graph.outputs.iter().map(|output| output.name);
    let mut values = graph.values.iter().map(|value| value.name);
    let is_output =
        outputs.any(|name| name == block.node.name) || values.any(|name| name == block.node.name);
    let fill = match (block.node.fed_by.is_empty(), is_output) {
        (true, _) => "#e8f1f8",
        (_, true) => "#fdf1e7",
        _ => "#f6f6f6",
    };
    svg.rect(block.at, block.size, fill, INK);
    for (index, (left, right)) in block.lines.iter().enumerate() {
        let y = block.at.1 + PADDING + 8.0 + index as f64 * LINE;
        match index {
            0 => svg.bold((block.at.0 + PADDING, y), Anchor::Start, left),
            _ => svg.text((block.at.0 + PADDING, y), Anchor::Start, INK, left),
        }
        svg.text((block.at.0 + block.size.0 - PADDING, y), Anchor::End, INK, right);
    }
}

/// The number of parameters of a node; a shared branch counts at its owner.
fn parameters(graph: &Graph, node: &Node) -> usize {
    let layers = node.layers.iter().filter_map(|layer| layer.parameters).sum::<usize>();
    let own = if node.shared.is_some() { 0 } else { layers };
    own + node.stand_in + usize::from(graph.learns_weight_of(node.name))
}
