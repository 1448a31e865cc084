//! Arithmetic of inputs: `#[derived(rooms / households)]`.

use std::fmt;

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

#[cfg(feature = "onnx")]
use super::stage::OnnxSource;
use super::stage::{Derivation, Refusal, SourceRow, Sources};
use crate::{schema::Derived, Values};

/// Arithmetic of the raw numbers of inputs, computed in `f64`. Arrays are computed element by
/// element; a single number is used for each of them.
///
/// A result that is no finite number is missing: that of an absent or missing operand, a quotient by
/// zero, the logarithm of a number that is not above 0.
#[derive(Clone, Copy)]
pub struct Arithmetic(
    /// The operations in postfix order (reverse Polish notation).
    pub &'static [Operation],
);

/// An operation of [`Arithmetic`], on the numbers that earlier operations have left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// The number of the input at this position of the derivation.
    Input(usize),
    /// A constant.
    Constant(f64),
    /// a + b
    Add,
    /// a - b
    Subtract,
    /// a * b
    Multiply,
    /// a / b
    Divide,
    /// -a
    Negate,
    /// |a|
    Abs,
    /// The natural logarithm of a.
    Ln,
    /// ln(1 + a)
    Log1p,
    /// e^a
    Exp,
    /// The square root of a.
    Sqrt,
    /// The smaller of a and b.
    Min,
    /// The larger of a and b.
    Max,
}

impl Derivation for Arithmetic {
    fn derive(&self, derived: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
        let width = derived.raw.elements().get().max(1);
        let widths: Vec<usize> = of.columns().iter().map(|column| column.width).collect();
        let mut stack = Vec::new();
        let rows = of.rows().flat_map(|row| (0..width).map(move |index| (row, index)));
        let numbers = rows.map(|(row, index)| self.compute(row, index, &widths, &mut stack));
        Ok(Values::Doubles(numbers.collect()))
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        derived: &Derived,
        graph: &mut onnx::Graph,
        of: &[OnnxSource],
    ) -> Result<onnx::Value, onnx::Refusal> {
        let (missing, infinity) = (graph.double(f64::NAN), graph.double(f64::INFINITY));
        let mut stack: Vec<onnx::Value> = Vec::new();
        for operation in self.0 {
            let result = match operation {
                Operation::Input(input) => {
                    of.get(*input).map_or(missing.clone(), |source| numbers_of(graph, source))
                }
                Operation::Constant(number) => graph.double(*number),
                operation => {
                    let last = stack.pop().unwrap_or(missing.clone());
                    match operation.of_one_to_onnx(graph, &last) {
                        Some(result) => result,
                        None => {
                            let first = stack.pop().unwrap_or(missing.clone());
                            operation.of_two_to_onnx(graph, &first, &last)
                        }
                    }
                }
            };
            stack.push(result);
        }
        let result = stack.pop().unwrap_or(missing.clone());
        let size = graph.unary("Abs", &result);
        let is_finite = graph.less(&size, &infinity);
        let result = graph.choose(&is_finite, &result, &missing);
        let sizes: Vec<usize> =
            (0..derived.raw.rank()).map(|axis| derived.raw.dim(axis).get()).collect();
        Ok(match sizes.len() {
            0 => graph.squeeze(&result, 1),
            _ => graph.reshape(&result, &sizes),
        })
    }
}

/// The numbers of an input, `[batch, width]` of `double`, where absent ones are NaN.
#[cfg(feature = "onnx")]
fn numbers_of(graph: &mut onnx::Graph, source: &OnnxSource) -> onnx::Value {
    let numbers = graph.cast(&source.value, onnx::DataType::Double);
    let numbers = match numbers.rank() {
        1 => graph.unsqueeze(&numbers, 1),
        _ => graph.reshape(&numbers, &[numbers.elements()]),
    };
    let Some(present) = &source.present else { return numbers };
    let missing = graph.double(f64::NAN);
    graph.choose(present, &numbers, &missing)
}

impl Arithmetic {
    /// Element `index` of the result for a row.
    fn compute(
        &self,
        row: SourceRow<'_>,
        index: usize,
        widths: &[usize],
        stack: &mut Vec<f64>,
    ) -> f64 {
        stack.clear();
        for operation in self.0 {
            let result = match operation {
                Operation::Input(input) => {
                    let index = if widths.get(*input) == Some(&1) { 0 } else { index };
                    row.element(*input, index).unwrap_or(f64::NAN)
                }
                Operation::Constant(number) => *number,
                operation => {
                    let last = stack.pop().unwrap_or(f64::NAN);
                    match operation.of_one(last) {
                        Some(result) => result,
                        None => operation.of_two(stack.pop().unwrap_or(f64::NAN), last),
                    }
                }
            };
            stack.push(result);
        }
        stack.pop().filter(|result| result.is_finite()).unwrap_or(f64::NAN)
    }
}

impl Operation {
    /// The result of an operation on one number.
    fn of_one(self, a: f64) -> Option<f64> {
        Some(match self {
            Operation::Negate => -a,
            Operation::Abs => a.abs(),
            Operation::Ln => a.ln(),
            Operation::Log1p => a.ln_1p(),
            Operation::Exp => a.exp(),
            Operation::Sqrt => a.sqrt(),
            _ => return None,
        })
    }

    /// The result of an operation on two numbers. A missing one makes the result missing.
    fn of_two(self, a: f64, b: f64) -> f64 {
        match self {
            Operation::Add => a + b,
            Operation::Subtract => a - b,
            Operation::Multiply => a * b,
            Operation::Divide => a / b,
            Operation::Min if a <= b => a,
            Operation::Min if b < a => b,
            Operation::Max if a >= b => a,
            Operation::Max if b > a => b,
            _ => f64::NAN,
        }
    }

    /// [`of_one`](Operation::of_one) in a graph.
    #[cfg(feature = "onnx")]
    fn of_one_to_onnx(self, graph: &mut onnx::Graph, a: &onnx::Value) -> Option<onnx::Value> {
        Some(match self {
            Operation::Negate => graph.unary("Neg", a),
            Operation::Abs => graph.unary("Abs", a),
            Operation::Ln => graph.unary("Log", a),
            Operation::Log1p => graph.log1p(a),
            Operation::Exp => graph.unary("Exp", a),
            Operation::Sqrt => graph.unary("Sqrt", a),
            _ => return None,
        })
    }

    /// [`of_two`](Operation::of_two) in a graph.
    #[cfg(feature = "onnx")]
    fn of_two_to_onnx(
        self,
        graph: &mut onnx::Graph,
        a: &onnx::Value,
        b: &onnx::Value,
    ) -> onnx::Value {
        // Not `Min` and `Max`, whose treatment of NaN depends on the runtime.
        let chosen = |takes_a: onnx::Value, takes_b: onnx::Value, graph: &mut onnx::Graph| {
            let missing = graph.double(f64::NAN);
            let b_or_missing = graph.choose(&takes_b, b, &missing);
            graph.choose(&takes_a, a, &b_or_missing)
        };
        match self {
            Operation::Min => {
                let (takes_a, takes_b) = (graph.greater_or_equal(b, a), graph.less(b, a));
                chosen(takes_a, takes_b, graph)
            }
            Operation::Max => {
                let (takes_a, takes_b) = (graph.greater_or_equal(a, b), graph.greater(b, a));
                chosen(takes_a, takes_b, graph)
            }
            Operation::Subtract => graph.sub(a, b),
            Operation::Multiply => graph.mul(a, b),
            Operation::Divide => graph.div(a, b),
            _ => graph.add(a, b),
        }
    }

    /// The name of a function, or the sign of an operator.
    fn name(self) -> &'static str {
        match self {
            Operation::Input(_) | Operation::Constant(_) => "",
            Operation::Add => "+",
            Operation::Subtract | Operation::Negate => "-",
            Operation::Multiply => "*",
            Operation::Divide => "/",
            Operation::Abs => "abs",
            Operation::Ln => "ln",
            Operation::Log1p => "log1p",
            Operation::Exp => "exp",
            Operation::Sqrt => "sqrt",
            Operation::Min => "min",
            Operation::Max => "max",
        }
    }
}

/// The formula, in which `#0` is the first input, whatever its name: `(#0 / #1)`.
impl fmt::Debug for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stack: Vec<String> = Vec::new();
        for operation in self.0 {
            let name = operation.name();
            let text = match operation {
                Operation::Input(input) => format!("#{input}"),
                Operation::Constant(number) => number.to_string(),
                _ => {
                    let last = stack.pop().unwrap_or_default();
                    match operation {
                        Operation::Negate => format!("-{last}"),
                        Operation::Min | Operation::Max => {
                            format!("{name}({}, {last})", stack.pop().unwrap_or_default())
                        }
                        operation if operation.of_one(0.0).is_some() => format!("{name}({last})"),
                        _ => format!("({} {name} {last})", stack.pop().unwrap_or_default()),
                    }
                }
            };
            stack.push(text);
        }
        f.write_str(&stack.pop().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use multi_input_spec::{derived::arithmetic::DERIVATION, Shape, Size};

    use super::{Operation::*, *};
    use crate::{Column, Content};

    fn column(numbers: &[f64], width: usize) -> Column {
        let (content, values) = (Content::Doubles { blanks: true }, numbers.to_vec());
        let values = Arc::new(Values::Doubles(values));
        Column { name: "x", content, width, values, present: None, lengths: None }
    }

    fn computed(operations: &'static [Operation], of: &[Column], width: usize) -> Vec<f64> {
        let raw = Shape::numbers(&[Size::Known(width)]);
        let derived = Derived {
            name: "y",
            spec: &DERIVATION,
            inputs: &[],
            arguments: &[],
            own: None,
            raw,
            steps: &[],
            output: raw,
            encoded_in_onnx: false,
            derivation: Box::leak(Box::new(Arithmetic(operations))),
        };
        let rows = of[0].values.len() / of[0].width;
        let values = derived.derivation.derive(&derived, &Sources::new(of, rows)).unwrap();
        let Values::Doubles(numbers) = values else { panic!() };
        numbers
    }

    #[test]
    fn operations_are_computed_element_by_element() {
        let of = [column(&[6.0, 8.0, 1.0, 3.0], 2), column(&[2.0, 4.0], 1)];
        let quotient = computed(&[Input(0), Input(1), Divide], &of, 2);
        assert_eq!(quotient, [3.0, 4.0, 0.25, 0.75]);
        let formula: &[Operation] = &[Input(0), Constant(1.0), Subtract, Negate, Abs, Sqrt, Exp];
        assert_eq!(computed(formula, &of, 2)[2], 1.0);
        assert_eq!(computed(&[Input(0), Input(1), Min], &of, 2), [2.0, 2.0, 1.0, 3.0]);
        assert_eq!(computed(&[Input(0), Input(1), Max], &of, 2), [6.0, 8.0, 4.0, 4.0]);
        assert_eq!(computed(&[Input(1), Ln], &of, 1), [2f64.ln(), 4f64.ln()]);
        assert_eq!(computed(&[Input(1), Log1p], &of, 1), [2f64.ln_1p(), 4f64.ln_1p()]);
        assert_eq!(computed(&[Input(1), Input(1), Add, Input(1), Multiply], &of, 1), [8.0, 32.0]);
    }

    #[test]
    fn what_is_not_finite_is_missing() {
        let of = [column(&[1.0, 0.0, -1.0, f64::NAN], 1), column(&[0.0; 4], 1)];
        let is_missing = |operations| -> Vec<bool> {
            computed(operations, &of, 1).iter().map(|number| number.is_nan()).collect()
        };
        assert_eq!(is_missing(&[Input(0), Input(1), Divide]), [true; 4]);
        assert_eq!(is_missing(&[Input(0), Ln]), [false, true, true, true]);
        assert_eq!(is_missing(&[Input(0), Input(1), Max]), [false, false, false, true]);
        assert_eq!(is_missing(&[Input(1), Input(0), Min]), [false, false, false, true]);
    }

    #[test]
    fn a_formula_is_written_without_the_names_of_inputs() {
        let text = |operations| format!("{:?}", Arithmetic(operations));
        assert_eq!(text(&[Input(0), Input(1), Divide]), "(#0 / #1)");
        let formula = &[Input(0), Constant(2.5), Subtract, Negate, Abs, Input(1), Max, Ln];
        assert_eq!(text(formula), "ln(max(abs(-(#0 - 2.5)), #1))");
    }
}
