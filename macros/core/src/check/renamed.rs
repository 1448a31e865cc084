//! Rules about `#[renamed(old_name)]`.

use crate::{diagnostics::Diagnostics, graph::Graph, text::plain};

/// A former name is no name of a node, and that of one node alone.
pub(super) fn former_names_are_free(position: usize, graph: &Graph, errors: &mut Diagnostics) {
    let field = &graph.nodes[position].field;
    let former = |node: usize| graph.nodes[node].field.renamed.iter();
    for (index, old) in field.renamed.iter().enumerate() {
        let (name, same) = (&field.name, |other: &proc_macro2::Ident| plain(other) == plain(old));
        let taken = graph.nodes.iter().find(|node| same(node.name()));
        let earlier = (0..position).find(|&node| former(node).any(same));
        let mistake = match (taken, earlier) {
            (Some(node), _) if node.name() == name => "is its name now".to_owned(),
            (Some(_), _) => {
                "is another node, whose weights a saved model has under this name; leave \
                             it out, or give that node another name"
                    .to_owned()
            }
            (None, Some(other)) => {
                format!("is a former name of `{}` already", graph.nodes[other].name())
            }
            (None, None) if field.renamed[..index].iter().any(same) => "is named twice".to_owned(),
            (None, None) => continue,
        };
        errors.at(old.span(), format!("`{name}`: `{old}` {mistake}"));
    }
}
