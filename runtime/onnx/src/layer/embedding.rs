//! `Embedding`: `Gather` of the rows of its table.

use super::{mask::of_categories, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let table = layer.needed(graph, "weight")?;
    let value = graph.gather(&table, &flow.value, 0);
    // A list that is padded already keeps its mask: in it 0 is a category as any other.
    let mask = match (flow.mask, layer.argument("mask").flag_or(false)) {
        (None, true) => Some(of_categories(graph, &flow.value)),
        (given, _) => given,
    };
    Ok(Flow { value, mask, weights: None })
}

#[cfg(test)]
mod tests {
    use multi_input_spec::Value as Argument;

    use crate::{
        testing::{size, Case},
        DataType,
    };

    #[test]
    fn category_0_is_padding_unless_the_list_is_padded_already() {
        let table: &[(&str, &[usize])] = &[("weight", &[9, 4])];
        let arguments =
            &[("categories", size(9)), ("width", size(4)), ("mask", Argument::Flag(true))];
        let case = Case { name: "Embedding", arguments, tensors: table };
        let gather = "Gather = Gather(weight, x) axis=0";
        assert_eq!(
            case.written(DataType::Int64, &[5], false),
            [gather, "Equal = Equal(x, [0])", "Not = Not(Equal)"]
        );
        assert_eq!(case.written(DataType::Int64, &[5], true), [gather]);
        let case = Case { arguments: &arguments[..2], ..case };
        assert_eq!(case.written(DataType::Int64, &[], false), [gather]);
        assert_eq!(case.written(DataType::Int64, &[5], true), [gather]);
    }
}
