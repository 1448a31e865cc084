//! Every merge gives what Keras gives, outputs and gradients, on batches of three and of one.

use crate::support::fixture::{Comparison, Fixture};
use dfdx::prelude::*;
use multi_input::merge::{self, MergeInput};

type Tape64 = OwnedTape<f64, Cpu>;

/// Keras's `Dot` also takes a pair of different axes, `Dot(axes=(2, 1))`, which is a matrix product.
/// Our `dot` has one axis for both operands.
const PAIRS_OF_AXES: [&str; 4] =
    ["dot.product.b3", "dot.product.b1", "dot.matrix_vector.b3", "dot.matrix_vector.b1"];

#[test]
fn every_merge_computes_what_keras_computes() {
    let mut merges = Comparison::with("merges", 1e-12);
    let mut cases = merges.fixture().cases(3);
    cases.retain(|case| !PAIRS_OF_AXES.contains(&case.as_str()));
    assert_eq!(cases.len(), 112);
    for case in cases {
        match merges.fixture().shape(&format!("{case}.out"))[..] {
            [batch, columns] => compare(&mut merges, &case, (batch, columns)),
            [batch, rows, columns] => compare(&mut merges, &case, (batch, rows, columns)),
            ref sizes => panic!("{case} has the output {sizes:?}"),
        }
    }
    merges.finish(&PAIRS_OF_AXES);
}

/// Compares the output, whose shape is given, and the gradients of all operands.
fn compare<S: Shape>(merges: &mut Comparison, case: &str, shape: S) {
    let names = (0..).map(|i| format!("{case}.in{i}"));
    let names = names.take_while(|name| merges.fixture().has(name));
    let operands: Vec<_> = names.map(|name| Operand::read(merges.fixture(), &name)).collect();
    let parts = operands.iter().map(Operand::part).collect();

    let y = join(case, parts, shape, Tape64::default());
    merges.same(&format!("{case}.out"), &y.as_vec());
    let dy = merges.fixture().f64s(&format!("{case}.dout"));
    let dy = y.device().tensor_from_vec(dy, shape);
    let gradients = (y * dy).sum::<Rank0, S::AllAxes>().backward();
    for (i, operand) in operands.iter().enumerate() {
        merges.same(&format!("{case}.din{i}"), &operand.gradient(&gradients));
    }
}

/// The merge that a case such as `concat.steps.b3` is named after.
fn join<S: Shape>(
    case: &str,
    parts: Vec<MergeInput<f64, Cpu>>,
    shape: S,
    tape: Tape64,
) -> Tensor<S, f64, Cpu, Tape64> {
    // Of operands [rows, columns] that say `steps`, the rows are joined or multiplied.
    let axis = if case.contains(".steps") { 0 } else { -1 };
    let joined = match case.split('.').next() {
        Some("concat") => merge::concat(parts, axis, shape, tape),
        Some("dot") => merge::dot(parts, axis, case.contains("_normalize"), shape, tape),
        Some("add") => merge::add(parts, shape, tape),
        Some("subtract") => merge::subtract(parts, shape, tape),
        Some("multiply") => merge::multiply(parts, shape, tape),
        Some("average") => merge::average(parts, shape, tape),
        Some("maximum") => merge::maximum(parts, shape, tape),
        Some("minimum") => merge::minimum(parts, shape, tape),
        _ => panic!("{case} is no merge of ours"),
    };
    joined.unwrap_or_else(|e| panic!("{case}: {e:?}"))
}

/// An operand whose rank the file says.
enum Operand {
    Vectors(Tensor<(usize, usize), f64, Cpu>),
    Matrices(Tensor<(usize, usize, usize), f64, Cpu>),
}

impl Operand {
    fn read(fixture: &Fixture, name: &str) -> Operand {
        let (device, values) = (Cpu::default(), fixture.f64s(name));
        match fixture.shape(name)[..] {
            [b, n] => Operand::Vectors(device.tensor_from_vec(values, (b, n))),
            [b, n, m] => Operand::Matrices(device.tensor_from_vec(values, (b, n, m))),
            ref sizes => panic!("{name} has the sizes {sizes:?}"),
        }
    }

    fn part(&self) -> MergeInput<f64, Cpu> {
        match self {
            Operand::Vectors(x) => MergeInput::new(x),
            Operand::Matrices(x) => MergeInput::new(x),
        }
        .unwrap()
    }

    fn gradient(&self, gradients: &Gradients<f64, Cpu>) -> Vec<f64> {
        match self {
            Operand::Vectors(x) => gradients.get(x).as_vec(),
            Operand::Matrices(x) => gradients.get(x).as_vec(),
        }
    }
}
