//! Operators on numbers.

use super::{Graph, Operator};
use crate::value::{DataType, Dim, Value};

impl Graph {
    /// `a + b`, broadcast.
    pub fn add(&mut self, a: &Value, b: &Value) -> Value {
        self.broadcast("Add", a, b)
    }

    /// `a - b`, broadcast.
    pub fn sub(&mut self, a: &Value, b: &Value) -> Value {
        self.broadcast("Sub", a, b)
    }

    /// `a * b`, broadcast.
    pub fn mul(&mut self, a: &Value, b: &Value) -> Value {
        self.broadcast("Mul", a, b)
    }

    /// `a / b`, broadcast; of whole numbers rounded towards zero.
    pub fn div(&mut self, a: &Value, b: &Value) -> Value {
        self.broadcast("Div", a, b)
    }

    /// The larger of two numbers, broadcast.
    pub fn max(&mut self, a: &Value, b: &Value) -> Value {
        self.broadcast("Max", a, b)
    }

    /// The smaller of two numbers, broadcast.
    pub fn min(&mut self, a: &Value, b: &Value) -> Value {
        self.broadcast("Min", a, b)
    }

    /// An operator on two operands of one type, whose shapes are broadcast.
    pub fn broadcast(&mut self, operator: &'static str, a: &Value, b: &Value) -> Value {
        let shape = broadcast(&a.shape, &b.shape);
        self.operator(operator, &[a, b]).gives(a.dtype, &shape)
    }

    /// An operator on each element: `Exp`, `Neg`, `Sqrt`.
    pub fn unary(&mut self, operator: &'static str, x: &Value) -> Value {
        self.operator(operator, &[x]).gives(x.dtype, &x.shape)
    }

    /// The matrix product of the last two axes; the other axes are broadcast.
    pub fn matmul(&mut self, a: &Value, b: &Value) -> Value {
        let (a_outer, a_inner) = a.shape.split_at(a.rank().saturating_sub(2));
        let (b_outer, b_inner) = b.shape.split_at(b.rank().saturating_sub(2));
        let mut shape = broadcast(a_outer, b_outer);
        shape.extend(a_inner.first());
        shape.extend(b_inner.last());
        self.operator("MatMul", &[a, b]).gives(a.dtype, &shape)
    }

    /// `softmax` along an axis, counted with the batch.
    pub fn softmax(&mut self, x: &Value, axis: i64) -> Value {
        self.operator("Softmax", &[x]).with("axis", axis).gives(x.dtype, &x.shape)
    }

    /// The sum over axes, counted with the batch, which stay as axes of size 1 if `keeps`.
    pub fn reduce_sum(&mut self, x: &Value, axes: &[usize], keeps: bool) -> Value {
        let given = self.ints(&as_ints(axes));
        let shape = reduced(&x.shape, axes, keeps);
        let operator = self.operator("ReduceSum", &[x, &given]);
        operator.with("keepdims", i64::from(keeps)).gives(x.dtype, &shape)
    }

    /// The mean over axes, as [`reduce_sum`](Graph::reduce_sum).
    pub fn reduce_mean(&mut self, x: &Value, axes: &[usize], keeps: bool) -> Value {
        self.reduce("ReduceMean", x, axes, keeps)
    }

    /// The maximum over axes, as [`reduce_sum`](Graph::reduce_sum).
    pub fn reduce_max(&mut self, x: &Value, axes: &[usize], keeps: bool) -> Value {
        self.reduce("ReduceMax", x, axes, keeps)
    }

    /// The minimum over axes, as [`reduce_sum`](Graph::reduce_sum).
    pub fn reduce_min(&mut self, x: &Value, axes: &[usize], keeps: bool) -> Value {
        self.reduce("ReduceMin", x, axes, keeps)
    }

    /// A reduction whose axes are an attribute up to opset 17, and an operand from 18 on.
    pub fn reduce(
        &mut self,
        operator: &'static str,
        x: &Value,
        axes: &[usize],
        keeps: bool,
    ) -> Value {
        let shape = reduced(&x.shape, axes, keeps);
        let (given, keepdims) = (as_ints(axes), i64::from(keeps));
        match self.opset >= 18 {
            true => {
                let given = self.ints(&given);
                self.operator(operator, &[x, &given])
            }
            false => self.operator(operator, &[x]).with("axes", given),
        }
        .with("keepdims", keepdims)
        .gives(x.dtype, &shape)
    }

    /// The running sum along an axis, counted with the batch.
    pub fn cumulative_sum(&mut self, x: &Value, axis: usize) -> Value {
        let axis = self.int(axis as i64);
        self.operator("CumSum", &[x, &axis]).gives(x.dtype, &x.shape)
    }

    /// The index of the largest element of the last axis.
    pub fn arg_max(&mut self, x: &Value) -> Value {
        let shape = &x.shape[..x.rank().saturating_sub(1)];
        let operator = self.operator("ArgMax", &[x]);
        operator.with("axis", -1_i64).with("keepdims", 0_i64).gives(DataType::Int64, shape)
    }

    /// Converts the elements to another type. Numbers with a fraction are cut towards zero.
    pub fn cast(&mut self, x: &Value, dtype: DataType) -> Value {
        if x.dtype == dtype {
            return x.clone();
        }
        let operator = self.operator("Cast", &[x]);
        operator.with("to", i64::from(dtype.number())).gives(dtype, &x.shape)
    }

    /// Whether each element is NaN.
    pub fn is_nan(&mut self, x: &Value) -> Value {
        // Only NaN is not equal to itself; tract has no `IsNaN` of `double`.
        let is_number = self.equal(x, x);
        self.not(&is_number)
    }

    /// `x * weight^T + bias` of the last axis; `weight` is `[units, inputs]`, and there may be no bias.
    pub fn dense(&mut self, x: &Value, weight: &Value, bias: Option<&Value>) -> Value {
        let units = weight.shape[0];
        let mut shape = x.shape.clone();
        if let Some(last) = shape.last_mut() {
            *last = units;
        }
        if x.rank() == 2 {
            let mut operands = vec![x, weight];
            operands.extend(bias);
            return gemm(self.operator("Gemm", &operands)).gives(x.dtype, &shape);
        }
        let transposed = self.transpose(weight, &[1, 0]);
        let product = self.matmul(x, &transposed);
        match bias {
            Some(bias) => self.add(&product, bias),
            None => product,
        }
    }
}

fn gemm(operator: Operator<'_>) -> Operator<'_> {
    operator.with("transB", 1_i64)
}

fn as_ints(axes: &[usize]) -> Vec<i64> {
    axes.iter().map(|axis| *axis as i64).collect()
}

fn reduced(shape: &[Dim], axes: &[usize], keeps: bool) -> Vec<Dim> {
    let sizes = shape.iter().enumerate().filter_map(|(axis, dim)| match axes.contains(&axis) {
        true => keeps.then_some(Dim::Known(1)),
        false => Some(*dim),
    });
    sizes.collect()
}

/// The shape of two broadcast operands: axes are aligned at the end, and one of size 1 gives way.
pub(super) fn broadcast(a: &[Dim], b: &[Dim]) -> Vec<Dim> {
    let rank = a.len().max(b.len());
    let at = |shape: &[Dim], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(own) => shape[own],
        None => Dim::Known(1),
    };
    let axes = (0..rank).map(|axis| match (at(a, axis), at(b, axis)) {
        (Dim::Known(1), other) => other,
        (own, _) => own,
    });
    axes.collect()
}
