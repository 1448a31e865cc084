//! Functions that keep the precision of Rust's, of which ONNX has no operators or inexact ones.

use super::Graph;
use crate::value::{DataType, Value};

impl Graph {
    /// ln(1 + x), without the rounding of 1 + x where x is small. Rust: `ln_1p`.
    pub fn log1p(&mut self, x: &Value) -> Value {
        let (one, half) = (self.number(x.dtype, 1.0), self.number(x.dtype, 0.5));
        let sum = self.add(x, &one);
        let log = self.unary("Log", &sum);
        // log(u) / (u - 1) is as exact as log(u), so that x times it has no error of u.
        let rounded = self.sub(&sum, &one);
        let ratio = self.div(x, &rounded);
        let corrected = self.mul(&log, &ratio);
        let is_one = self.equal(&sum, &one);
        let of_small = self.choose(&is_one, x, &corrected);
        let size = self.unary("Abs", x);
        let is_small = self.less(&size, &half);
        self.choose(&is_small, &of_small, &log)
    }

    /// exp(x) - 1, without the rounding of exp(x) where x is small. Rust: `exp_m1`.
    pub fn expm1(&mut self, x: &Value) -> Value {
        let (one, half) = (self.number(x.dtype, 1.0), self.number(x.dtype, 0.5));
        let exp = self.unary("Exp", x);
        let plain = self.sub(&exp, &one);
        // (u - 1) / log(u) is as exact as log(u), so that x times it has no error of u.
        let log = self.unary("Log", &exp);
        let ratio = self.div(x, &log);
        let corrected = self.mul(&plain, &ratio);
        let is_one = self.equal(&exp, &one);
        let of_small = self.choose(&is_one, x, &corrected);
        let size = self.unary("Abs", x);
        let is_small = self.less(&size, &half);
        self.choose(&is_small, &of_small, &plain)
    }

    /// 1 / (1 + exp(-x)), which is exact for a very negative x as well.
    pub fn precise_sigmoid(&mut self, x: &Value) -> Value {
        let (zero, one) = (self.number(x.dtype, 0.0), self.number(x.dtype, 1.0));
        let decayed = self.decayed(x);
        let is_negative = self.less(x, &zero);
        let numerator = self.choose(&is_negative, &decayed, &one);
        let denominator = self.add(&decayed, &one);
        self.div(&numerator, &denominator)
    }

    /// ln(1 + exp(x)), which is exact for a very negative x as well.
    pub fn precise_softplus(&mut self, x: &Value) -> Value {
        let decayed = self.decayed(x);
        let log = self.log1p(&decayed);
        let zero = self.number(x.dtype, 0.0);
        let positive = self.max(x, &zero);
        self.add(&positive, &log)
    }

    /// `softmax` along the last axis, with exponentials of differences from its maximum.
    pub fn precise_softmax(&mut self, x: &Value) -> Value {
        let axis = x.rank().saturating_sub(1);
        let largest = self.reduce_max(x, &[axis], true);
        let shifted = self.sub(x, &largest);
        let exp = self.unary("Exp", &shifted);
        let sum = self.reduce_sum(&exp, &[axis], true);
        self.div(&exp, &sum)
    }

    /// `a / b` of whole numbers rounded down, for a `b` above 0.
    pub fn floor_div(&mut self, a: &Value, b: i64) -> Value {
        let (b, zero, one) = (self.int(b), self.int(0), self.int(1));
        let cut = self.div(a, &b);
        let whole = self.mul(&cut, &b);
        let rest = self.sub(a, &whole);
        let is_below = self.less(&rest, &zero);
        let before = self.sub(&cut, &one);
        self.choose(&is_below, &before, &cut)
    }

    /// A single number of a type of numbers, without axes.
    pub fn number(&mut self, dtype: DataType, number: f64) -> Value {
        match dtype {
            DataType::Double => self.double(number),
            DataType::Int64 => self.int(number as i64),
            _ => self.float(number as f32),
        }
    }

    /// exp(-|x|).
    fn decayed(&mut self, x: &Value) -> Value {
        let size = self.unary("Abs", x);
        let negative = self.unary("Neg", &size);
        self.unary("Exp", &negative)
    }
}
