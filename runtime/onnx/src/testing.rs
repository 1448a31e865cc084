//! What the tests of translations share: a layer or merge on inputs of given sizes, and the operators
//! that it appends, as text.

use multi_input_spec::{layer, merge, Kind, MaskRule, Parameter, Shape, Size, Value as Argument};

use crate::{
    graph::Graph,
    layer::{shape_of, Flow, LayerCall},
    merge::{MergeCall, Operand},
    tensor::Tensor,
    value::{batch_of, DataType},
};

/// A layer, by its name and the arguments that are given.
pub(crate) struct Case<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: &'a [(&'a str, Argument)],
    /// Its tensors, with their sizes; the numbers are 0.5, 1.5, ..
    pub(crate) tensors: &'a [(&'a str, &'a [usize])],
}

impl Case<'_> {
    /// The operators on numbers of these sizes.
    pub(crate) fn on(&self, row: &[usize]) -> Vec<String> {
        self.written(DataType::Float, row, false)
    }

    /// The operators on a masked sequence.
    pub(crate) fn on_masked(&self, row: &[usize]) -> Vec<String> {
        self.written(DataType::Float, row, true)
    }

    pub(crate) fn written(&self, dtype: DataType, row: &[usize], masked: bool) -> Vec<String> {
        let mut graph = Graph::new();
        let flow = input(&mut graph, "x", dtype, row, masked);
        let spec = layer::named(self.name).unwrap();
        let arguments = arguments(spec.parameters, self.arguments);
        let shape =
            layer::through(spec, &shape_of(&flow), (spec.output)(&shape_of(&flow), &arguments));
        let shape = shape.map_err(|text| text.as_str().to_owned()).unwrap();
        let output = sizes(&shape);
        let tensors = self.tensors.iter().map(|(name, dims)| {
            let numbers = (0..dims.iter().product()).map(|index| index as f32 + 0.5);
            ((*name).to_owned(), Tensor::floats(dims, numbers))
        });
        let activation = arguments.iter().find_map(|argument| match argument {
            Argument::Activation(activation) => Some(*activation),
            _ => None,
        });
        let call = LayerCall {
            spec,
            arguments: &arguments,
            activation: activation.unwrap_or(spec.form.default_activation),
            tensors: tensors.collect(),
            output: &output,
            masked: shape.is_masked(),
            inner: None,
        };
        let flow = crate::layer::write(&mut graph, &call, flow).unwrap();
        assert_eq!(flow.value.row(), output, "{}", self.name);
        assert_eq!(flow.mask.is_some(), shape.is_masked(), "{}", self.name);
        if spec.form.mask == MaskRule::Keeps && masked {
            assert_eq!(flow.mask.unwrap().name, "x.mask");
        }
        shown(&graph)
    }
}

/// The operators of a merge of operands by their sizes, whether they are masked, and whether rows may
/// lack them.
pub(crate) fn merged(
    name: &str,
    given: &[(&str, Argument)],
    operands: &[(&[usize], bool, bool)],
) -> Vec<String> {
    let mut graph = Graph::new();
    let names = ["a", "b", "c", "d"];
    let operands = operands.iter().zip(names).map(|((row, masked, optional), name)| {
        let flow = input(&mut graph, name, DataType::Float, row, *masked);
        let present = optional
            .then(|| graph.input(&format!("{name}.present"), DataType::Bool, &batch_of(&[1]), ""));
        Operand { flow, present }
    });
    let operands: Vec<Operand> = operands.collect();
    let spec = merge::named(name).unwrap();
    let arguments = arguments(spec.parameters, given);
    let shapes = operands
        .iter()
        .zip(names)
        .map(|(operand, name)| merge::Operand { name, shape: shape_of(&operand.flow) });
    let shape = (spec.output)(&shapes.collect::<Vec<_>>(), &arguments);
    let shape = shape.map_err(|text| text.as_str().to_owned()).unwrap();
    let output = sizes(&shape);
    let call = MergeCall {
        spec,
        arguments: &arguments,
        operands,
        output: &output,
        masked: shape.is_masked(),
    };
    let flow = crate::merge::write(&mut graph, &call).unwrap();
    assert_eq!(flow.value.row(), output, "{name}");
    assert_eq!(flow.mask.as_ref().map(|mask| mask.row()), call.masked.then(|| vec![output[0]]));
    shown(&graph)
}

fn input(graph: &mut Graph, name: &str, dtype: DataType, row: &[usize], masked: bool) -> Flow {
    let value = graph.input(name, dtype, &batch_of(row), "");
    let mask = masked
        .then(|| graph.input(&format!("{name}.mask"), DataType::Bool, &batch_of(&row[..1]), ""));
    Flow { value, mask, weights: None }
}

fn arguments(parameters: &[Parameter], given: &[(&str, Argument)]) -> Vec<Argument> {
    let of = |parameter: &Parameter| {
        let own = given.iter().find(|(name, _)| *name == parameter.name);
        own.map_or(Argument::Absent, |(_, argument)| *argument)
    };
    parameters.iter().map(of).collect()
}

fn sizes(shape: &Shape) -> Vec<usize> {
    assert_eq!(shape.kind, Kind::Numbers);
    (0..shape.rank()).map(|axis| shape.dim(axis).get()).collect()
}

/// A size that is given.
pub(crate) fn size(number: usize) -> Argument {
    Argument::Size(Size::Known(number))
}

/// A pair of sizes.
pub(crate) fn pair(down: usize, across: usize) -> Argument {
    Argument::Pair([Size::Known(down), Size::Known(across)])
}

/// The operators in order: `Conv(x, weight) group=2 = Conv`. Small constants are shown by their numbers.
fn shown(graph: &Graph) -> Vec<String> {
    let operand = |name: &String| {
        let constant = graph.initializers.iter().find(|(own, _)| own == name);
        match constant {
            Some((name, tensor)) if name.starts_with("/constant") => tensor.shown(),
            _ => name.clone(),
        }
    };
    let nodes = graph.nodes.iter().map(|node| {
        let operands: Vec<String> = node.input.iter().map(operand).collect();
        let attributes = node.attribute.iter().map(|attribute| {
            let text =
                attribute.s.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
            let number = attribute.i.map(|number| number.to_string());
            let number = number.or_else(|| attribute.f.map(|number| number.to_string()));
            let value = text.or(number).unwrap_or_else(|| format!("{:?}", attribute.ints));
            format!(" {}={value}", attribute.name)
        });
        let attributes: String = attributes.collect();
        format!("{} = {}({}){attributes}", node.output[0], node.op_type, operands.join(", "))
    });
    nodes.collect()
}

impl Tensor {
    /// The numbers, as text.
    fn shown(&self) -> String {
        match self.dtype {
            DataType::Float => format!("{:?}", self.as_floats()),
            DataType::Int64 => {
                let numbers = self
                    .bytes
                    .chunks_exact(8)
                    .map(|bytes| bytes.try_into().map_or(0, i64::from_le_bytes));
                format!("{:?}", numbers.collect::<Vec<_>>())
            }
            _ => format!("{:?}", &self.bytes[..]),
        }
    }
}
