//! Constant tensors.

use prost::bytes::Bytes;

use crate::{
    proto::TensorProto,
    value::{DataType, Dim},
};

/// A constant tensor, in the order of C. A copy shares the elements, which may be many.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub(crate) dtype: DataType,
    pub(crate) dims: Vec<usize>,
    /// The elements in little-endian order; empty for texts.
    pub(crate) bytes: Bytes,
    pub(crate) texts: Vec<Vec<u8>>,
}

impl Tensor {
    /// A tensor of `float`.
    pub fn floats(dims: &[usize], numbers: impl IntoIterator<Item = f32>) -> Tensor {
        let numbers = numbers.into_iter().map(f32::to_le_bytes);
        Tensor::of_numbers(DataType::Float, dims, numbers)
    }

    /// A tensor of `double`.
    pub fn doubles(dims: &[usize], numbers: impl IntoIterator<Item = f64>) -> Tensor {
        let numbers = numbers.into_iter().map(f64::to_le_bytes);
        Tensor::of_numbers(DataType::Double, dims, numbers)
    }

    /// A tensor of `int64`.
    pub fn ints(dims: &[usize], numbers: impl IntoIterator<Item = i64>) -> Tensor {
        let numbers = numbers.into_iter().map(i64::to_le_bytes);
        Tensor::of_numbers(DataType::Int64, dims, numbers)
    }

    /// A tensor of `bool`.
    pub fn bools(dims: &[usize], flags: impl IntoIterator<Item = bool>) -> Tensor {
        Tensor::of_numbers(DataType::Bool, dims, flags.into_iter().map(|flag| [u8::from(flag)]))
    }

    /// A tensor of `string`.
    pub fn texts<T: AsRef<str>>(dims: &[usize], texts: impl IntoIterator<Item = T>) -> Tensor {
        let texts = texts.into_iter().map(|text| text.as_ref().as_bytes().to_vec()).collect();
        Tensor { dtype: DataType::Text, dims: dims.to_vec(), bytes: Bytes::new(), texts }
    }

    fn of_numbers<const N: usize>(
        dtype: DataType,
        dims: &[usize],
        numbers: impl Iterator<Item = [u8; N]>,
    ) -> Tensor {
        let mut bytes = Vec::with_capacity(dims.iter().product::<usize>() * N);
        numbers.for_each(|number| bytes.extend_from_slice(&number));
        Tensor { dtype, dims: dims.to_vec(), bytes: bytes.into(), texts: Vec::new() }
    }

    /// The same elements with axes of other sizes.
    #[must_use]
    pub fn with_dims(self, dims: &[usize]) -> Tensor {
        Tensor { dims: dims.to_vec(), ..self }
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

    /// What distinguishes it from other tensors in memory; `None` without elements.
    pub(crate) fn identity(&self) -> Option<(usize, Vec<usize>)> {
        (!self.bytes.is_empty()).then(|| (self.bytes.as_ptr() as usize, self.dims.clone()))
    }

    /// The number of bytes of its elements.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.texts.iter().map(Vec::len).sum::<usize>()
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
