//! The predictions in the user's unit.

use multi_input_base::Result;
use multi_input_data::preprocess::Preprocessing;
use multi_input_onnx::{activation, Flow, Graph};

use crate::definition;

/// Writes the predictions of the heads, which are those of the outputs with a loss and then those
/// without.
pub(super) fn write(
    graph: &mut Graph,
    definition: &definition::Graph,
    _fitted: &Preprocessing,
    heads: &[Flow],
) -> Result<()> {
    for (output, head) in definition.outputs.iter().zip(heads) {
        let link = output.loss.form().link;
        let value = graph.within(output.name, |graph| match link {
            Some(link) => activation::write(graph, link, &head.value),
            None => head.value.clone(),
        });
        graph.output(output.name, &value, output.doc);
    }
    for (output, head) in definition.values.iter().zip(&heads[definition.outputs.len()..]) {
        graph.output(output.name, &head.value, output.doc);
    }
    Ok(())
}
