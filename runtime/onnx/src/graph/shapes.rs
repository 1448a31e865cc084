//! Operators that arrange elements otherwise. Axes are counted with the batch.

use super::Graph;
use crate::value::{batch_of, DataType, Dim, Value};

impl Graph {
    /// Rows of other sizes with as many elements; the batch stays.
    pub fn reshape(&mut self, x: &Value, row: &[usize]) -> Value {
        if x.rank() > 1 && x.row() == row {
            return x.clone();
        }
        let sizes: Vec<i64> =
            std::iter::once(-1).chain(row.iter().map(|size| *size as i64)).collect();
        let sizes = self.ints(&sizes);
        self.operator("Reshape", &[x, &sizes]).gives(x.dtype, &batch_of(row))
    }

    /// With the axes in another order.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        let shape: Vec<Dim> = order.iter().map(|axis| x.shape[*axis]).collect();
        let order: Vec<i64> = order.iter().map(|axis| *axis as i64).collect();
        self.operator("Transpose", &[x]).with("perm", order).gives(x.dtype, &shape)
    }

    /// The operands side by side along an axis.
    pub fn concat(&mut self, operands: &[&Value], axis: usize) -> Value {
        let mut shape = operands[0].shape.clone();
        let sizes = operands.iter().map(|operand| match operand.shape[axis] {
            Dim::Known(size) => Some(size),
            Dim::Batch | Dim::Named(_) => None,
        });
        if let Some(sizes) = sizes.collect::<Option<Vec<usize>>>() {
            shape[axis] = Dim::Known(sizes.iter().sum());
        }
        let operator = self.operator("Concat", operands);
        operator.with("axis", axis as i64).gives(operands[0].dtype, &shape)
    }

    /// The elements from `start` to `end` (exclusive) of an axis.
    pub fn slice(&mut self, x: &Value, axis: usize, start: usize, end: usize) -> Value {
        let mut shape = x.shape.clone();
        shape[axis] = Dim::Known(end - start);
        let [starts, ends, axes] = [start, end, axis].map(|number| self.ints(&[number as i64]));
        self.operator("Slice", &[x, &starts, &ends, &axes]).gives(x.dtype, &shape)
    }

    /// An axis of known size in reverse order.
    pub fn reverse(&mut self, x: &Value, axis: usize) -> Value {
        let size = match x.shape[axis] {
            Dim::Known(size) => size as i64,
            Dim::Batch | Dim::Named(_) => 0,
        };
        let backwards: Vec<i64> = (0..size).rev().collect();
        let backwards = self.ints(&backwards);
        self.gather(x, &backwards, axis)
    }

    /// The entries of an axis of `x` at `indices`, whose axes take its place.
    pub fn gather(&mut self, x: &Value, indices: &Value, axis: usize) -> Value {
        let (before, after) = (&x.shape[..axis], &x.shape[axis + 1..]);
        let shape = [before, &indices.shape, after].concat();
        let operator = self.operator("Gather", &[x, indices]);
        operator.with("axis", axis as i64).gives(x.dtype, &shape)
    }

    /// For each element of `indices` the element of `x` at the same place but for `axis`, where it is at
    /// the index.
    pub fn gather_elements(&mut self, x: &Value, indices: &Value, axis: usize) -> Value {
        let operator = self.operator("GatherElements", &[x, indices]);
        operator.with("axis", axis as i64).gives(x.dtype, &indices.shape)
    }

    /// With an axis of size 1 at `axis`.
    pub fn unsqueeze(&mut self, x: &Value, axis: usize) -> Value {
        let mut shape = x.shape.clone();
        shape.insert(axis, Dim::Known(1));
        let axes = self.ints(&[axis as i64]);
        self.operator("Unsqueeze", &[x, &axes]).gives(x.dtype, &shape)
    }

    /// Without an axis of size 1.
    pub fn squeeze(&mut self, x: &Value, axis: usize) -> Value {
        let mut shape = x.shape.clone();
        shape.remove(axis);
        let axes = self.ints(&[axis as i64]);
        self.operator("Squeeze", &[x, &axes]).gives(x.dtype, &shape)
    }

    /// The sizes of a tensor, as a vector of `int64`.
    pub fn shape_of(&mut self, x: &Value) -> Value {
        self.operator("Shape", &[x]).gives(DataType::Int64, &[Dim::Known(x.rank())])
    }

    /// Broadcast to the given sizes of a row, for as many rows as `rows` has.
    pub fn expand_to_rows(&mut self, x: &Value, rows: &Value, row: &[usize]) -> Value {
        let shape = self.shape_of(rows);
        let batch = self.slice(&shape, 0, 0, 1);
        let sizes: Vec<i64> = row.iter().map(|size| *size as i64).collect();
        let sizes = self.ints(&sizes);
        let whole = self.concat(&[&batch, &sizes], 0);
        self.operator("Expand", &[x, &whole]).gives(x.dtype, &batch_of(row))
    }
}
