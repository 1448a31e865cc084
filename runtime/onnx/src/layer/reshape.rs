//! `Flatten` and `Reshape`: `Reshape`.

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let value = graph.reshape(&flow.value, layer.output);
    Ok(flow.with(value))
}

#[cfg(test)]
mod tests {
    use crate::testing::{size, Case};

    #[test]
    fn a_vector_stays_as_it_is() {
        let case = Case { name: "Flatten", arguments: &[], tensors: &[] };
        assert_eq!(case.on(&[2, 3]), ["Reshape = Reshape(x, [-1, 6])"]);
        assert_eq!(case.on(&[6]), [""; 0]);
        let case = Case { name: "Reshape", arguments: &[("sizes", size(6))], tensors: &[] };
        assert_eq!(case.on(&[3, 2]), ["Reshape = Reshape(x, [-1, 6])"]);
    }

    #[test]
    fn dropout_is_nothing() {
        let rate = ("rate", multi_input_spec::Value::Number(0.5));
        let case = Case { name: "Dropout", arguments: &[rate], tensors: &[] };
        assert_eq!(case.on_masked(&[3, 2]), [""; 0]);
    }
}
