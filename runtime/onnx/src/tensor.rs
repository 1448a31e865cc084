//! Constant tensors.

use crate::{
    proto::TensorProto,
    value::{DataType, Dim},
};

/// A constant tensor, in the order of C.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub(crate) dtype: DataType,
    pub(crate) dims: Vec<usize>,
    /// The elements in little-endian order; empty for texts.
    pub(crate) bytes: Vec<u8>,
    pub(crate) texts: Vec<Vec<u8>>,
}

impl Tensor {
    /// A tensor of `float`.
    pub fn floats(dims: &[usize], numbers: impl IntoIterator<Item = f32>) -> Tensor {
        Tensor::of_bytes(DataType::Float, dims, numbers.into_iter().flat_map(f32::to_le_bytes))
    }

    /// A tensor of `double`.
    pub fn doubles(dims: &[usize], numbers: impl IntoIterator<Item = f64>) -> Tensor {
        Tensor::of_bytes(DataType::Double, dims, numbers.into_iter().flat_map(f64::to_le_bytes))
    }

    /// A tensor of `int64`.
    pub fn ints(dims: &[usize], numbers: impl IntoIterator<Item = i64>) -> Tensor {
        Tensor::of_bytes(DataType::Int64, dims, numbers.into_iter().flat_map(i64::to_le_bytes))
    }

    /// A tensor of `bool`.
    pub fn bools(dims: &[usize], flags: impl IntoIterator<Item = bool>) -> Tensor {
        Tensor::of_bytes(DataType::Bool, dims, flags.into_iter().map(u8::from))
    }

    /// A tensor of `string`.
    pub fn texts<T: AsRef<str>>(dims: &[usize], texts: impl IntoIterator<Item = T>) -> Tensor {
        let texts = texts.into_iter().map(|text| text.as_ref().as_bytes().to_vec()).collect();
        Tensor { dtype: DataType::String, dims: dims.to_vec(), bytes: Vec::new(), texts }
    }

    fn of_bytes(dtype: DataType, dims: &[usize], bytes: impl IntoIterator<Item = u8>) -> Tensor {
        let bytes = bytes.into_iter().collect();
        Tensor { dtype, dims: dims.to_vec(), bytes, texts: Vec::new() }
    }

    /// The sizes of the axes.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The elements of a tensor of `float`; empty for another type.
    pub fn as_floats(&self) -> Vec<f32> {
        if self.dtype != DataType::Float {
            return Vec::new();
        }
        let numbers = self.bytes.chunks_exact(4);
        numbers.map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()
    }

    pub(crate) fn shape(&self) -> Vec<Dim> {
        self.dims.iter().map(|size| Dim::Known(*size)).collect()
    }

    /// The message, with the elements in it.
    pub(crate) fn message(self, name: String) -> TensorProto {
        TensorProto {
            dims: self.dims.iter().map(|size| *size as i64).collect(),
            data_type: self.dtype.number(),
            string_data: self.texts,
            name,
            raw_data: self.bytes,
            ..TensorProto::default()
        }
    }
}
