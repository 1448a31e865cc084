//! The values between operators.

/// The type of the elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `float`.
    Float,
    /// `uint8`.
    Uint8,
    /// `int64`.
    Int64,
    /// `string`. It is not called `String`, because rustc would then write the standard library's in full.
    Text,
    /// `bool`.
    Bool,
    /// `double`.
    Double,
}

impl DataType {
    /// Its number in `TensorProto.DataType`.
    pub(crate) fn number(self) -> i32 {
        match self {
            DataType::Float => 1,
            DataType::Uint8 => 2,
            DataType::Int64 => 7,
            DataType::Text => 8,
            DataType::Bool => 9,
            DataType::Double => 11,
        }
    }

    /// As onnxruntime calls a tensor of it: `float`, `int64`.
    pub fn name(self) -> &'static str {
        match self {
            DataType::Float => "float",
            DataType::Uint8 => "uint8",
            DataType::Int64 => "int64",
            DataType::Text => "string",
            DataType::Bool => "bool",
            DataType::Double => "double",
        }
    }
}

/// The size of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim {
    /// The number of rows, which every call chooses.
    Batch,
    /// A size that the model determines.
    Known(usize),
    /// A size that every call chooses, by its name: the longest list, the height of pictures. It has no
    /// name where nothing else has that size.
    Named(&'static str),
}

/// A tensor that an operator gives or takes: its name in the graph, its type and its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The name in the graph; empty for an optional operand that is left out.
    pub name: String,
    /// The type of its elements.
    pub dtype: DataType,
    /// The axes; of most values the first is the batch.
    pub shape: Vec<Dim>,
}

impl Value {
    /// An optional operand that is left out.
    pub fn none() -> Value {
        Value { name: String::new(), dtype: DataType::Float, shape: Vec::new() }
    }

    /// The number of axes, with the batch.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The sizes of one row, without the batch; an axis of unknown size is 0.
    pub fn row(&self) -> Vec<usize> {
        let sizes = self.shape.iter().skip(1).map(|dim| match dim {
            Dim::Known(size) => *size,
            Dim::Batch | Dim::Named(_) => 0,
        });
        sizes.collect()
    }

    /// The size of the last axis; 1 without axes.
    pub fn last(&self) -> usize {
        self.row().last().copied().unwrap_or(1)
    }

    /// The number of elements of one row.
    pub fn elements(&self) -> usize {
        self.row().iter().product()
    }
}

/// The shape of a batch of rows of these sizes.
pub(crate) fn batch_of(row: &[usize]) -> Vec<Dim> {
    std::iter::once(Dim::Batch).chain(row.iter().map(|size| Dim::Known(*size))).collect()
}
