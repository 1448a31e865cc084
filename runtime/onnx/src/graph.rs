//! A graph under construction.

mod arithmetic;
mod logic;
mod precise;
mod shapes;

use std::collections::{HashMap, HashSet};

use crate::{
    proto::{AttributeProto, NodeProto, TensorProto},
    tensor::Tensor,
    value::{DataType, Dim, Value},
};

/// The newest opset of `ai.onnx` that every graph may use. Older runtimes read it.
pub(crate) const OPSET: u8 = 17;

/// The opset of graphs that take texts apart.
const OPSET_OF_TEXTS: u8 = 20;

/// A graph of operators. It appends them in order, so each takes only values that are there.
///
/// ```
/// use multi_input_onnx::{DataType, Dim, Graph};
///
/// let mut graph = Graph::new();
/// let x = graph.input("x", DataType::Float, &[Dim::Batch, Dim::Known(3)], "three numbers");
/// let two = graph.float(2.0);
/// let y = graph.mul(&x, &two);
/// graph.output("y", &y, "their doubles");
/// assert_eq!(y.row(), [3]);
/// ```
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) initializers: Vec<(String, Tensor)>,
    pub(crate) inputs: Vec<(Value, String)>,
    pub(crate) outputs: Vec<(Value, String)>,
    /// The constants without a name of their own, by their contents.
    constants: HashMap<(i32, Vec<usize>, Vec<u8>), Value>,
    /// The weights, by [`Tensor::identity`].
    weights: HashMap<(usize, Vec<usize>), Value>,
    names: HashSet<String>,
    scope: String,
    pub(crate) opset: u8,
    pub(crate) uses_ml: bool,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Graph {
        Graph { opset: OPSET, ..Graph::default() }
    }

    /// Allows the operators that take texts apart, which older runtimes lack. It is chosen before any
    /// operator, because reductions are written otherwise in that opset.
    pub fn with_texts(self) -> Graph {
        Graph { opset: OPSET_OF_TEXTS, ..self }
    }

    /// The opset of `ai.onnx`.
    pub fn opset(&self) -> u8 {
        self.opset
    }

    /// The operators that are in use, by name, those of `ai.onnx.ml` as `ai.onnx.ml.NAME`.
    pub fn operators(&self) -> HashSet<String> {
        let name = |node: &NodeProto| match node.domain.is_empty() {
            true => node.op_type.clone(),
            false => format!("{}.{}", node.domain, node.op_type),
        };
        self.nodes.iter().map(name).collect()
    }

    /// The operators that were appended since there were `start` of them and that are not among `allowed`.
    pub(crate) fn operators_outside(&self, start: usize, allowed: &[&str]) -> Vec<&str> {
        let names = self.nodes[start..].iter().map(|node| node.op_type.as_str());
        names.filter(|name| !allowed.contains(name)).collect()
    }

    /// Runs `write` with names of operators that begin with `scope/`.
    pub fn within<T>(&mut self, scope: &str, write: impl FnOnce(&mut Graph) -> T) -> T {
        let before = self.scope.len();
        self.scope.push_str(scope);
        self.scope.push('/');
        let written = write(self);
        self.scope.truncate(before);
        written
    }

    /// Declares an input of the model.
    pub fn input(&mut self, name: &str, dtype: DataType, shape: &[Dim], doc: &str) -> Value {
        let name = self.unique(name.to_owned());
        let value = Value { name, dtype, shape: shape.to_vec() };
        self.inputs.push((value.clone(), doc.to_owned()));
        value
    }

    /// Declares an output of the model. If it is the value of an input, whose name it cannot have, it
    /// is called `NAME.output`.
    pub fn output(&mut self, name: &str, value: &Value, doc: &str) {
        let name = match self.names.contains(name) {
            true => format!("{name}.output"),
            false => name.to_owned(),
        };
        let name = self.unique(name);
        self.push("Identity", &[value], vec![name.clone()], Vec::new(), "");
        self.outputs.push((Value { name, ..value.clone() }, doc.to_owned()));
    }

    /// A constant with a name, such as a weight. Copies of one tensor are one, under its first name:
    /// the weights of a shared branch.
    pub fn weight(&mut self, name: &str, tensor: Tensor) -> Value {
        let identity = tensor.identity();
        if let Some(known) = identity.as_ref().and_then(|identity| self.weights.get(identity)) {
            return known.clone();
        }
        let name = self.scoped(name);
        let value = Value { name: name.clone(), dtype: tensor.dtype, shape: tensor.shape() };
        self.initializers.push((name, tensor));
        self.weights.extend(identity.map(|identity| (identity, value.clone())));
        value
    }

    /// A small constant; equal ones are one.
    pub fn constant(&mut self, tensor: Tensor) -> Value {
        let texts = tensor.texts.iter().flat_map(|text| {
            let length = text.len().to_le_bytes();
            length.into_iter().chain(text.iter().copied())
        });
        let contents = tensor.bytes.iter().copied().chain(texts).collect();
        let key = (tensor.dtype.number(), tensor.dims.clone(), contents);
        if let Some(known) = self.constants.get(&key) {
            return known.clone();
        }
        // No field has a name with a slash.
        let name = self.unique("/constant".to_owned());
        let value = Value { name: name.clone(), dtype: tensor.dtype, shape: tensor.shape() };
        self.initializers.push((name, tensor));
        self.constants.insert(key, value.clone());
        value
    }

    /// A single `float`, without axes.
    pub fn float(&mut self, number: f32) -> Value {
        self.constant(Tensor::floats(&[], [number]))
    }

    /// A single `double`, without axes.
    pub fn double(&mut self, number: f64) -> Value {
        self.constant(Tensor::doubles(&[], [number]))
    }

    /// A single `int64`, without axes.
    pub fn int(&mut self, number: i64) -> Value {
        self.constant(Tensor::ints(&[], [number]))
    }

    /// A vector of `int64`.
    pub fn ints(&mut self, numbers: &[i64]) -> Value {
        self.constant(Tensor::ints(&[numbers.len()], numbers.iter().copied()))
    }

    /// An operator, of which [`Operator::gives`] says what comes out.
    pub fn operator<'g>(&'g mut self, name: &'static str, operands: &[&Value]) -> Operator<'g> {
        let operands = operands.iter().map(|value| (*value).clone()).collect();
        Operator { graph: self, name, domain: "", operands, attributes: Vec::new() }
    }

    fn push(
        &mut self,
        operator: &str,
        operands: &[&Value],
        output: Vec<String>,
        attribute: Vec<AttributeProto>,
        domain: &'static str,
    ) {
        self.uses_ml |= !domain.is_empty();
        let name = output.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
        self.nodes.push(NodeProto {
            input: operands.iter().map(|value| value.name.clone()).collect(),
            output,
            name,
            op_type: operator.to_owned(),
            attribute,
            domain: domain.to_owned(),
        });
    }

    /// A name in the present scope that nothing has.
    fn scoped(&mut self, name: &str) -> String {
        let name = format!("{}{name}", self.scope);
        self.unique(name)
    }

    fn unique(&mut self, name: String) -> String {
        let mut number = 1;
        let mut unique = name.clone();
        while !self.names.insert(unique.clone()) {
            number += 1;
            unique = format!("{name}_{number}");
        }
        unique
    }
}

/// An operator under construction.
#[derive(Debug)]
#[must_use = "an operator is appended by `gives`"]
pub struct Operator<'g> {
    graph: &'g mut Graph,
    name: &'static str,
    domain: &'static str,
    operands: Vec<Value>,
    attributes: Vec<AttributeProto>,
}

impl Operator<'_> {
    /// With an attribute.
    pub fn with(mut self, name: &str, attribute: impl Into<Attribute>) -> Self {
        self.attributes.push(attribute.into().message(name));
        self
    }

    /// Of the domain `ai.onnx.ml`.
    pub fn of_ml(self) -> Self {
        Operator { domain: "ai.onnx.ml", ..self }
    }

    /// Appends the operator, whose output has this type and shape.
    pub fn gives(self, dtype: DataType, shape: &[Dim]) -> Value {
        let [value] = self.gives_all([Some((dtype, shape))]);
        value
    }

    /// Appends an operator with several outputs, of which `None` is left out.
    pub fn gives_all<const N: usize>(self, outputs: [Option<(DataType, &[Dim])>; N]) -> [Value; N] {
        let values = outputs.map(|output| match output {
            Some((dtype, shape)) => {
                Value { name: self.graph.scoped(self.name), dtype, shape: shape.to_vec() }
            }
            None => Value::none(),
        });
        let operands: Vec<&Value> = self.operands.iter().collect();
        let mut names: Vec<String> = values.iter().map(|value| value.name.clone()).collect();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        self.graph.push(self.name, &operands, names, self.attributes, self.domain);
        values
    }
}

/// The value of an attribute of an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// `FLOAT`.
    Float(f32),
    /// `INT`.
    Int(i64),
    /// `STRING`.
    Text(String),
    /// `TENSOR`.
    Tensor(Tensor),
    /// `FLOATS`.
    Floats(Vec<f32>),
    /// `INTS`.
    Ints(Vec<i64>),
    /// `STRINGS`.
    Texts(Vec<String>),
}

impl Attribute {
    fn message(self, name: &str) -> AttributeProto {
        let empty = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
        match self {
            Attribute::Float(number) => AttributeProto { f: Some(number), kind: 1, ..empty },
            Attribute::Int(number) => AttributeProto { i: Some(number), kind: 2, ..empty },
            Attribute::Text(text) => {
                AttributeProto { s: Some(text.into_bytes()), kind: 3, ..empty }
            }
            Attribute::Tensor(tensor) => {
                let tensor: TensorProto = tensor.message(String::new());
                AttributeProto { t: Some(tensor), kind: 4, ..empty }
            }
            Attribute::Floats(floats) => AttributeProto { floats, kind: 6, ..empty },
            Attribute::Ints(ints) => AttributeProto { ints, kind: 7, ..empty },
            Attribute::Texts(texts) => {
                let strings = texts.into_iter().map(String::into_bytes).collect();
                AttributeProto { strings, kind: 8, ..empty }
            }
        }
    }
}

impl From<f32> for Attribute {
    fn from(number: f32) -> Attribute {
        Attribute::Float(number)
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Attribute {
        Attribute::Int(number)
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Attribute {
        Attribute::Text(text.to_owned())
    }
}

impl From<Vec<i64>> for Attribute {
    fn from(numbers: Vec<i64>) -> Attribute {
        Attribute::Ints(numbers)
    }
}

impl From<Vec<String>> for Attribute {
    fn from(texts: Vec<String>) -> Attribute {
        Attribute::Texts(texts)
    }
}

impl From<Vec<f32>> for Attribute {
    fn from(numbers: Vec<f32>) -> Attribute {
        Attribute::Floats(numbers)
    }
}
