//! Operators on conditions.

use super::{arithmetic::broadcast, Graph};
use crate::value::{DataType, Value};

impl Graph {
    /// `a == b`, broadcast.
    pub fn equal(&mut self, a: &Value, b: &Value) -> Value {
        self.compare("Equal", a, b)
    }

    /// `a < b`, broadcast.
    pub fn less(&mut self, a: &Value, b: &Value) -> Value {
        self.compare("Less", a, b)
    }

    /// `a > b`, broadcast.
    pub fn greater(&mut self, a: &Value, b: &Value) -> Value {
        self.compare("Greater", a, b)
    }

    /// `a >= b`, broadcast.
    pub fn greater_or_equal(&mut self, a: &Value, b: &Value) -> Value {
        self.compare("GreaterOrEqual", a, b)
    }

    /// `a and b`, broadcast.
    pub fn and(&mut self, a: &Value, b: &Value) -> Value {
        self.compare("And", a, b)
    }

    /// `a or b`, broadcast.
    pub fn or(&mut self, a: &Value, b: &Value) -> Value {
        self.compare("Or", a, b)
    }

    /// `not a`.
    pub fn not(&mut self, a: &Value) -> Value {
        self.unary("Not", a)
    }

    /// `a` where the condition holds, else `b`; all are broadcast.
    pub fn choose(&mut self, condition: &Value, a: &Value, b: &Value) -> Value {
        let shape = broadcast(&broadcast(&condition.shape, &a.shape), &b.shape);
        self.operator("Where", &[condition, a, b]).gives(a.dtype, &shape)
    }

    fn compare(&mut self, operator: &'static str, a: &Value, b: &Value) -> Value {
        let shape = broadcast(&a.shape, &b.shape);
        self.operator(operator, &[a, b]).gives(DataType::Bool, &shape)
    }
}
