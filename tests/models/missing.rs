//! What correct means where an input is absent.

use crate::support::{frozen, gradients, parameters, set};
use dfdx::{
    nn::{DeviceBuildExt, Module, ModuleMut, ZeroGrads},
    prelude::*,
};
use multi_input::{missing::Optional, multi_input_model};

#[multi_input_model]
pub struct WithZeros {
    #[input]
    vitals: [f32; 2],
    #[input(missing = zeros)]
    #[branch(Dense(4, sigmoid), BatchNorm, Dense(3, softplus))]
    serum: Option<[f32; 3]>,
    #[input(missing = zeros)]
    #[branch(Embedding(4, 3))]
    ward: Option<u32>,
    #[from(serum)]
    #[branch(Dense(3, tanh))]
    deeper: _,
    #[merge(concat(vitals, serum, deeper, ward))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

#[multi_input_model]
pub struct WithLearned {
    #[input]
    vitals: [f32; 2],
    #[input(missing = learned)]
    #[branch(Dense(4, sigmoid), BatchNorm, Dense(3, softplus))]
    serum: Option<[f32; 3]>,
    #[input(missing = learned)]
    #[branch(Embedding(4, 3))]
    ward: Option<u32>,
    #[from(serum)]
    #[branch(Dense(3, tanh))]
    deeper: _,
    #[merge(concat(vitals, serum, deeper, ward))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

/// The same without anything optional.
#[multi_input_model]
pub struct Complete {
    #[input]
    vitals: [f32; 2],
    #[input]
    #[branch(Dense(4, sigmoid), BatchNorm, Dense(3, softplus))]
    serum: [f32; 3],
    #[input]
    #[branch(Embedding(4, 3))]
    ward: u32,
    #[from(serum)]
    #[branch(Dense(3, tanh))]
    deeper: _,
    #[merge(concat(vitals, serum, deeper, ward))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

#[multi_input_model(allow(nothing_to_train))]
pub struct Averaged {
    #[input]
    first: [f32; 2],
    #[input(missing = zeros)]
    second: Option<[f32; 2]>,
    #[input(missing = zeros)]
    third: Option<[f32; 2]>,
    #[merge(average(first, second, third))]
    #[output(loss = mse)]
    mean: [f32; 2],
}

const PRESENT: [f64; 4] = [1.0, 0.0, 1.0, 0.0];

fn numbers(width: usize, phase: f64) -> Vec<f64> {
    (0..4 * width).map(|i| (i as f64 * 1.7 + phase).sin()).collect()
}

fn flags(device: &Cpu, present: [f64; 4]) -> Tensor<(usize, Const<1>), f64, Cpu> {
    device.tensor_from_vec(present.to_vec(), (4, Const))
}

/// The serum panel with `hidden` in every absent row.
fn serum(device: &Cpu, hidden: f64, present: [f64; 4]) -> Tensor<(usize, Const<3>), f64, Cpu> {
    let mut values = numbers(3, 0.4);
    for (row, values) in values.chunks_mut(3).enumerate() {
        if present[row] == 0.0 {
            values.fill(hidden);
        }
    }
    device.tensor_from_vec(values, (4, Const))
}

macro_rules! batch {
    ($batch:ident, $hidden:expr, $hidden_ward:expr, $present:expr) => {{
        let device = Cpu::default();
        let wards: Vec<usize> = [1, 2, 3, 1]
            .into_iter()
            .zip($present)
            .map(|(ward, present)| if present == 1.0 { ward } else { $hidden_ward })
            .collect();
        $batch {
            vitals: device.tensor_from_vec(numbers(2, 0.0), (4, Const)),
            serum: Optional {
                values: serum(&device, $hidden, $present),
                present: flags(&device, $present),
            },
            ward: Optional {
                values: device.tensor_from_vec(wards, (4,)),
                present: flags(&device, $present),
            },
            tape: NoneTape,
        }
    }};
}

/// One training step's output, gradients and running statistics, with `hidden` where absent.
macro_rules! run {
    ($definition:ident, $batch:ident, $hidden:expr, $ward:expr) => {{
        let mut module = Cpu::seed_from_u64(5).build_module::<$definition, f64>();
        let empty = module.alloc_grads();
        let heads = module.forward_mut(batch!($batch, $hidden, $ward, PRESENT).traced(empty));
        let output = heads.score.as_vec();
        let found = heads.score.put_tape(heads.tape).square().sum::<Rank0, _>().backward();
        (output, gradients(&module, &found), frozen(&module))
    }};
}

#[test]
fn what_an_absent_value_holds_changes_nothing() {
    for hidden in [1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(
            run!(WithZeros, WithZerosBatch, 0.0, 0),
            run!(WithZeros, WithZerosBatch, hidden, 3),
        );
        assert_eq!(
            run!(WithLearned, WithLearnedBatch, 0.0, 0),
            run!(WithLearned, WithLearnedBatch, hidden, 3),
        );
    }
}

/// With only absent rows, the branches behind the optional inputs get nothing, biases included.
#[test]
fn absent_rows_give_no_gradient_to_what_only_they_reach() {
    const NONE: [f64; 4] = [0.0; 4];
    macro_rules! gradients_of_absent_rows {
        ($definition:ident, $batch:ident) => {{
            let mut module = Cpu::seed_from_u64(5).build_module::<$definition, f64>();
            let empty = module.alloc_grads();
            let heads = module.forward_mut(batch!($batch, f64::NAN, 0, NONE).traced(empty));
            let found = heads.score.put_tape(heads.tape).square().sum::<Rank0, _>().backward();
            gradients(&module, &found)
        }};
    }
    let of_zeros = gradients_of_absent_rows!(WithZeros, WithZerosBatch);
    let of_learned = gradients_of_absent_rows!(WithLearned, WithLearnedBatch);
    for (name, gradient) in of_zeros.iter().chain(&of_learned) {
        let zero = gradient.iter().all(|g| *g == 0.0);
        let reached = name.starts_with("score") || name.ends_with("_missing");
        assert_eq!(zero, !reached, "{name}: {gradient:?}");
    }
    let stand_ins = of_learned.iter().filter(|(name, _)| name.ends_with("_missing")).count();
    assert_eq!(stand_ins, 3, "serum, ward and deeper each have a vector of their own");
}

#[test]
fn an_absent_category_is_not_category_zero() {
    let (_, found, _) = run!(WithZeros, WithZerosBatch, 0.0, 0);
    let (_, table) = found.iter().find(|(name, _)| name == "ward.0.weight").unwrap();
    assert!(table[..3].iter().all(|g| *g == 0.0), "row 0 got {table:?}");
    assert!(table[3..6].iter().any(|g| *g != 0.0), "row 1 is present");
}

#[test]
fn with_everything_present_the_model_equals_the_one_without_options() {
    const ALL: [f64; 4] = [1.0; 4];
    let device = Cpu::seed_from_u64(5);
    let complete = device.build_module::<Complete, f64>();
    let mut optional = device.build_module::<WithZeros, f64>();
    set(&mut optional, &parameters(&complete));
    let batch = batch!(WithZerosBatch, 0.0, 0, ALL);
    let same = CompleteBatch {
        vitals: batch.vitals.clone(),
        serum: batch.serum.values.clone(),
        ward: batch.ward.values.clone(),
        tape: NoneTape,
    };
    let mut complete = complete;
    let (left, right) = (complete.forward(same.clone()), optional.forward(batch.clone()));
    assert_eq!(left.score.as_vec(), right.score.as_vec());

    let empty = complete.alloc_grads();
    let left = complete.forward_mut(same.traced(empty));
    let left = left.score.put_tape(left.tape).square().sum::<Rank0, _>().backward();
    let empty = optional.alloc_grads();
    let right = optional.forward_mut(batch.traced(empty));
    let right = right.score.put_tape(right.tape).square().sum::<Rank0, _>().backward();
    assert_eq!(gradients(&complete, &left), gradients(&optional, &right));
    assert_eq!(frozen(&complete), frozen(&optional));
}

/// The running statistics after one step are those of the present rows alone.
#[test]
fn batch_statistics_are_taken_on_present_rows() {
    let (_, _, statistics) = run!(WithZeros, WithZerosBatch, 0.0, 0);
    let mut module = Cpu::seed_from_u64(5).build_module::<Complete, f64>();
    let same_weights = Cpu::seed_from_u64(5).build_module::<WithZeros, f64>();
    set(&mut module, &parameters(&same_weights));
    let device = Cpu::default();
    let rows =
        |values: Vec<f64>, width: usize| [&values[..width], &values[2 * width..3 * width]].concat();
    let batch = CompleteBatch {
        vitals: device.tensor_from_vec(rows(numbers(2, 0.0), 2), (2, Const)),
        serum: device.tensor_from_vec(rows(numbers(3, 0.4), 3), (2, Const)),
        ward: device.tensor_from_vec(vec![1, 3], (2,)),
        tape: NoneTape,
    };
    let empty = module.alloc_grads();
    let _ = module.forward_mut(batch.traced(empty));
    for ((name, expected), (_, found)) in frozen(&module).iter().zip(&statistics) {
        for (expected, found) in expected.iter().zip(found) {
            assert!((expected - found).abs() < 1e-12, "{name}: {expected} and {found}");
        }
    }
}

#[test]
fn an_average_counts_the_branches_that_are_present() {
    let device = Cpu::default();
    let module = device.build_module::<Averaged, f64>();
    let column = |value: f64| device.tensor_from_vec(vec![value; 8], (4, Const));
    let heads = module.forward(AveragedBatch {
        first: column(3.0),
        second: Optional { values: column(5.0), present: flags(&device, [1.0, 0.0, 1.0, 0.0]) },
        third: Optional { values: column(10.0), present: flags(&device, [1.0, 1.0, 0.0, 0.0]) },
        tape: NoneTape,
    });
    assert_eq!(heads.mean.as_vec(), [6.0, 6.0, 6.5, 6.5, 4.0, 4.0, 3.0, 3.0]);
}
