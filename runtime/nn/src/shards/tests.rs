use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use dfdx::{
    nn::BuildModule,
    tensor::{AsArray, Cpu, TensorFrom, TensorFromVec},
};

use super::*;
use crate::{
    check_gradients::Traced,
    layer::{
        activation::Linear,
        shard_tests::{backward, mask, run, values, Results},
        BatchNorm, Dense, Mask, MaskedModuleMut,
    },
    merge::{self, MergeInput},
    missing,
    tensor::*,
};

/// The number of rows of the whole batch.
const ROWS: usize = 7;
/// The numbers of rows of its shards.
const SHARDS: [&[usize]; 8] =
    [&[7], &[3, 4], &[0, 7], &[1, 6], &[6, 1], &[2, 0, 5], &[1, 5, 1], &[0, 0, 7]];

/// Where the shards, each on a thread of its own, add up their numbers.
struct Meeting {
    state: Mutex<State>,
    all_are_there: Condvar,
}

#[derive(Default)]
struct State {
    /// The number of sums so far.
    round: usize,
    /// The numbers of each shard.
    numbers: Vec<Option<Vec<f64>>>,
    sums: Vec<f64>,
}

impl Meeting {
    fn of(shards: usize) -> Arc<Meeting> {
        let state = State { numbers: vec![None; shards], ..State::default() };
        Arc::new(Meeting { state: Mutex::new(state), all_are_there: Condvar::new() })
    }

    fn sum(&self, shard: usize, numbers: &mut [f64]) -> Result<(), String> {
        let mut state = self.state.lock().unwrap();
        state.numbers[shard] = Some(numbers.to_vec());
        let round = state.round;
        if state.numbers.iter().all(Option::is_some) {
            state.sums = vec![0.0; numbers.len()];
            for shard in 0..state.numbers.len() {
                let of_shard = state.numbers[shard].take().unwrap();
                assert_eq!(of_shard.len(), numbers.len(), "the same call in all shards");
                state.sums.iter_mut().zip(of_shard).for_each(|(sum, number)| *sum += number);
            }
            state.round += 1;
            self.all_are_there.notify_all();
        }
        let waits = |state: &mut State| state.round == round;
        let patience = Duration::from_secs(20);
        let (state, waiting) =
            self.all_are_there.wait_timeout_while(state, patience, waits).unwrap();
        if waiting.timed_out() {
            return Err(format!("shard {shard} waits for the others"));
        }
        numbers.copy_from_slice(&state.sums);
        Ok(())
    }
}

/// The results of a pass, the statistics that it leaves, and the number of its sums.
#[derive(Default)]
struct Pass {
    results: Results,
    statistics: Vec<f64>,
    sums: usize,
}

/// Runs `pass`, of the first row and the values of a shard, for all shards at once.
fn in_shards(
    (rows, width): (&[usize], usize),
    values: &[f64],
    pass: &(impl Fn(usize, &[f64]) -> Pass + Sync),
) -> Vec<Pass> {
    let meeting = Meeting::of(rows.len());
    std::thread::scope(|threads| {
        let mut first = 0;
        let mut running = Vec::new();
        for (shard, rows) in rows.iter().enumerate() {
            let values = &values[first * width..(first + rows) * width];
            let (start, at) = (first, Arc::clone(&meeting));
            running.push(threads.spawn(move || {
                let calls = std::rc::Rc::new(std::cell::Cell::new(0));
                let counter = std::rc::Rc::clone(&calls);
                let sum = move |numbers: &mut [f64]| {
                    counter.set(counter.get() + 1);
                    at.sum(shard, numbers)
                };
                let pass = scope(sum, || pass(start, values)).unwrap();
                Pass { sums: calls.get(), ..pass }
            }));
            first += rows;
        }
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[track_caller]
fn assert_near(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let near = (found - expected).abs() <= 1e-12 * (1.0 + expected.abs());
        assert!(near, "{what}: {found} is not {expected}");
    }
}

/// The results of all shards as those of one batch.
fn joined(shards: &[Pass]) -> Results {
    let all = |of: fn(&Pass) -> &Vec<f64>| shards.iter().flat_map(of).copied().collect::<Vec<_>>();
    let mut by_weights = vec![0.0; shards[0].results.by_weights.len()];
    for shard in shards {
        let sums = by_weights.iter_mut().zip(&shard.results.by_weights);
        sums.for_each(|(sum, of_shard)| *sum += of_shard);
    }
    let (output, by_input) = (all(|pass| &pass.results.output), all(|pass| &pass.results.by_input));
    Results { output, by_input, by_weights }
}

/// Compares a pass over the whole batch outside of a scope with the passes over its shards, each of
/// which needs a number of sums.
#[track_caller]
fn check(width: usize, values: &[f64], sums: usize, pass: impl Fn(usize, &[f64]) -> Pass + Sync) {
    let whole = pass(0, values);
    for rows in SHARDS {
        let shards = in_shards((rows, width), values, &pass);
        let joined = joined(&shards);
        assert_near("outputs", &joined.output, &whole.results.output);
        assert_near("by inputs", &joined.by_input, &whole.results.by_input);
        assert_near("by gamma and beta", &joined.by_weights, &whole.results.by_weights);
        for shard in &shards {
            assert_near("running statistics", &shard.statistics, &whole.statistics);
            assert_eq!(shard.sums, sums);
        }
    }
}

type Layer = BatchNorm<2, f64, Cpu>;

fn layer() -> Layer {
    let mut layer: Layer = BuildModule::build(&Cpu::default());
    layer.gamma.copy_from(&[1.5, -0.5]);
    layer.beta.copy_from(&[0.25, 1.0]);
    layer.running_mean.copy_from(&[0.1, -0.3]);
    layer.running_var.copy_from(&[2.0, 0.5]);
    layer
}

fn statistics(layers: &[&Layer]) -> Vec<f64> {
    let of_layer = |layer: &&Layer| [layer.running_mean.array(), layer.running_var.array()];
    layers.iter().flat_map(of_layer).flatten().collect()
}

/// A pass of one layer over samples of a shape.
fn pass_of<S: Shape, O: Shape>(
    mut layer: Layer,
    values: &[f64],
    shape: S,
    forward: impl FnOnce(&mut Layer, Tensor<S, f64, Cpu, Traced>) -> Tensor<O, f64, Cpu, Traced>,
) -> Pass {
    let x = Cpu::default().tensor_from_vec(values.to_vec(), shape);
    let results = run(&mut layer, x, forward);
    Pass { results, statistics: statistics(&[&layer]), sums: 0 }
}

/// The flags of the rows from `first` on.
fn present(all: [bool; ROWS], first: usize, rows: usize) -> Tensor<(usize, Const<1>), f64, Cpu> {
    let flags = all[first..first + rows].iter().map(|present| f64::from(*present));
    Cpu::default().tensor_from_vec(flags.collect(), (rows, Const))
}

/// A pass over rows some of which are absent, as a model runs it.
fn pass_with_absent(all: [bool; ROWS], first: usize, values: &[f64]) -> Pass {
    let shape = (values.len() / 2, Const::<2>);
    pass_of(layer(), values, shape, |layer, x| {
        let present = present(all, first, shape.0);
        let y = layer.try_forward_present(x, &present).unwrap();
        missing::select(y, &present).unwrap()
    })
}

#[test]
fn features_of_all_shards_are_normalised_together() {
    // A mean that is large beside the deviations.
    let values: Vec<f64> = values(2).into_iter().map(|x| 1000.0 + x).collect();
    check(2, &values, 3, |_, values| {
        let shape = (values.len() / 2, Const::<2>);
        pass_of(layer(), values, shape, |layer, x| layer.forward_mut(x))
    });
}

#[test]
fn unmasked_steps_of_all_shards_count() {
    // The last sequence has only padding, so that the last shard may have no step that counts.
    check(8, &values(8), 3, |first, values| {
        let shape = (values.len() / 8, Const::<4>, Const::<2>);
        pass_of(layer(), values, shape, |layer, x| {
            layer.try_forward_mut_masked(x, &mask(first, shape.0)).unwrap()
        })
    });
    let unmasked = |_, values: &[f64]| {
        let shape = (values.len() / 8, Const::<4>, Const::<2>);
        pass_of(layer(), values, shape, |layer, x| layer.forward_mut(x))
    };
    check(8, &values(8), 3, unmasked);
}

#[test]
fn pixels_of_all_shards_count() {
    check(12, &values(12), 3, |_, values| {
        let shape = (values.len() / 12, Const::<2>, Const::<2>, Const::<3>);
        pass_of(layer(), values, shape, |layer, x| layer.forward_mut(x))
    });
    let flags = [false, true, true, false, true, true, false];
    check(12, &values(12), 3, |first, values| {
        let shape = (values.len() / 12, Const::<2>, Const::<2>, Const::<3>);
        pass_of(layer(), values, shape, |layer, x| {
            let present = present(flags, first, shape.0);
            let y = layer.try_forward_present(x, &present).unwrap();
            missing::select(y, &present).unwrap()
        })
    });
}

#[test]
fn absent_rows_of_all_shards_do_not_count() {
    // The first and the last shard may have absent rows only, whose values may be anything.
    let flags = [false, true, true, false, true, true, false];
    let mut values = values(2);
    for row in [0, 3, 6] {
        values[row * 2..][..2].copy_from_slice(&[f64::NAN, 1e300]);
    }
    check(2, &values, 3, |first, values| pass_with_absent(flags, first, values));
}

#[test]
fn one_value_in_all_shards_has_no_variance() {
    let one = [false, false, true, false, false, false, false];
    for flags in [one, [false; ROWS]] {
        check(2, &values(2), 1, |first, values| {
            let pass = pass_with_absent(flags, first, values);
            assert_eq!(pass.statistics, statistics(&[&layer()]));
            pass
        });
    }
    // One row in each of two shards is enough.
    let two = [true, false, false, false, false, false, true];
    check(2, &values(2), 3, |first, values| {
        let pass = pass_with_absent(two, first, values);
        assert_ne!(pass.statistics, statistics(&[&layer()]));
        pass
    });
}

#[test]
fn a_frozen_layer_needs_no_sums() {
    check(2, &values(2), 0, |_, values| {
        let mut layer = layer();
        layer.set_frozen(true);
        let shape = (values.len() / 2, Const::<2>);
        pass_of(layer, values, shape, |layer, x| layer.forward_mut(x))
    });
}

/// Two branches of one tensor, one of which runs twice, and a branch that leads nowhere.
#[test]
fn the_sums_of_branches_are_in_the_same_order_in_all_shards() {
    type Branches = (Layer, Layer, Dense<2, 2, Linear, f64, Cpu>, BatchNorm<2, f64, Cpu>);
    let layers = || -> Branches {
        let dense = BuildModule::build(&Cpu::seed_from_u64(3));
        let mut unused = layer();
        unused.set_momentum(0.5);
        (layer(), layer(), dense, unused)
    };
    // Two sums of each forward pass of a layer, and one of each backward pass.
    check(2, &values(2), 4 * 3, |_, values| {
        let mut layers = layers();
        let shape = (values.len() / 2, Const::<2>);
        let x = Cpu::default().tensor_from_vec(values.to_vec(), shape);
        let results = run(&mut layers, x, |(shared, other, dense, unused), x| {
            let (x, tape) = x.split_tape();
            let (_, tape) = unused.forward_mut(x.clone().put_tape(tape)).split_tape();
            let (a, tape) = shared.forward_mut(x.clone().put_tape(tape)).split_tape();
            let (b, tape) = other.forward_mut(dense.forward(x.put_tape(tape))).split_tape();
            let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
            shared.forward_mut(merge::multiply(parts, shape, tape).unwrap())
        });
        let (shared, other, _, unused) = &layers;
        Pass { results, statistics: statistics(&[shared, other, unused]), sums: 0 }
    });
}

#[test]
fn gradients_of_shards_are_those_of_central_differences() {
    const STEP: f64 = 1e-5;
    let sum_of_sines = |shards: &[Pass]| -> f64 {
        shards.iter().flat_map(|shard| &shard.results.output).map(|y| y.sin()).sum()
    };
    let flags = [true, true, false, true, true, false, true];
    for rows in [&[3, 4][..], &[1, 0, 6]] {
        let pass = |first: usize, values: &[f64]| pass_with_absent(flags, first, values);
        let analytic = joined(&in_shards((rows, 2), &values(2), &pass)).by_input;
        for (position, analytic) in analytic.into_iter().enumerate() {
            let value = |step: f64| {
                let mut moved = values(2);
                moved[position] += step;
                sum_of_sines(&in_shards((rows, 2), &moved, &pass))
            };
            let numeric = (value(STEP) - value(-STEP)) / (2.0 * STEP);
            assert!((numeric - analytic).abs() < 1e-7, "{position}: {analytic} is not {numeric}");
        }
    }
}

#[test]
fn single_precision_is_summed_in_double_precision() {
    let device = Cpu::default();
    let mut layer: BatchNorm<1, f32, Cpu> = BuildModule::build(&device);
    layer.set_momentum(0.0);
    let own = |_: &mut [f64]| Ok(());
    let x: Vec<f32> = (0..100_000).map(|k| 1000.0 + (k % 2) as f32).collect();
    let x: Tensor<(usize, Const<1>), f32, Cpu> = device.tensor_from_vec(x, (100_000, Const));
    let x = x.put_tape(OwnedTape::<f32, Cpu>::default());
    scope(own, || layer.forward_mut(x)).unwrap();
    assert_eq!((layer.running_mean.array(), layer.running_var.array()), ([1000.5], [0.25]));
}

#[test]
fn an_error_ends_the_pass_wherever_it_occurs() {
    let x = Cpu::default().tensor([[0.3, -0.8], [1.2, 0.4], [0.9, 2.0]]);
    for failing in 0..3 {
        let mut layer = layer();
        let calls = std::rc::Rc::new(std::cell::Cell::new(0));
        let counter = std::rc::Rc::clone(&calls);
        let sum = move |_: &mut [f64]| {
            counter.set(counter.get() + 1);
            match counter.get() > failing {
                true => Err(format!("sum {failing} was stopped")),
                false => Ok(()),
            }
        };
        let result = scope(sum, || {
            let y = layer.try_forward_mut(x.clone().put_tape(Traced::default()));
            match (failing, y) {
                (2, y) => assert!(backward(y.unwrap()).is_err()),
                (_, y) => {
                    assert!(y.is_err());
                    let again = x.clone().put_tape(Traced::default());
                    assert!(layer.try_forward_mut(again).is_err(), "no sums after an error");
                }
            }
        });
        assert_eq!(result, Err(format!("sum {failing} was stopped")));
        assert_eq!(calls.get(), failing + 1);
        let changed = statistics(&[&layer]) != statistics(&[&self::layer()]);
        assert_eq!(changed, failing == 2, "they change once both sums are known");
    }
}

#[test]
fn without_a_scope_a_batch_is_whole_and_a_backward_pass_of_shards_is_an_error() {
    assert!(!are_current());
    let x = Cpu::default().tensor([[0.3, -0.8], [1.2, 0.4], [0.9, 2.0]]);
    let forward = || layer().forward_mut(x.clone().put_tape(Traced::default()));
    let y = scope(|_: &mut [f64]| Ok(()), forward).unwrap();
    assert!(!are_current());
    assert!(backward(y).is_err());
    assert!(backward(forward()).is_ok());
}

#[test]
fn scopes_nest() {
    let count = |result: f64| {
        move |numbers: &mut [f64]| {
            numbers.fill(result);
            Ok(())
        }
    };
    let summed = || {
        let mut numbers = [0.0];
        sum(&mut numbers).map(|()| numbers[0])
    };
    let outer = scope(count(1.0), || {
        let inner = scope(count(2.0), summed).unwrap();
        let failed = scope(|_: &mut [f64]| Err("no".to_owned()), summed);
        assert_eq!(failed, Err("no".to_owned()));
        // A sum with a pass of its own.
        let nested = scope(
            move |numbers: &mut [f64]| {
                numbers[0] = scope(count(3.0), summed)?.unwrap();
                Ok(())
            },
            summed,
        );
        (inner, nested.unwrap(), summed())
    });
    assert_eq!(outer, Ok((Ok(2.0), Ok(3.0), Ok(1.0))));
    assert_eq!(summed(), Err(OperationError::Shards));
    let panicked = std::panic::catch_unwind(|| scope(count(1.0), || panic!("within")));
    assert!(panicked.is_err() && !are_current());
}

#[test]
fn a_mask_of_other_sizes_is_an_error_before_the_sums() {
    let x: Tensor<(usize, Const<2>, Const<2>), f64, Cpu> =
        Cpu::default().tensor_from_vec(vec![0.0; 8], (2, Const, Const));
    let sum = |_: &mut [f64]| Err("no sum is due".to_owned());
    let y = scope(sum, || layer().try_forward_mut_masked(x, &Mask::all(1, 2)).is_err());
    assert_eq!(y, Ok(true));
}
