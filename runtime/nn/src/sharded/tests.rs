//! Layers on sharded tables compute and learn what they do on whole tables.

use std::collections::BTreeSet;

use dfdx::{
    nn::BuildModule,
    tensor::{AsArray, Cpu, TensorFrom, TensorFromVec},
    tensor_ops::Backward,
};

use super::{id_of, scope, FetchedTable, FetchedTables, ShardedRows, TableDim, TableShare};
use crate::{
    check_gradients::{weighted_sum, Traced},
    layer::{
        embedding_bag::{MAX, MEAN, SUM},
        Embedding, EmbeddingBag,
    },
    mask::{Mask, MaskedModule},
    tensor::*,
};

type Whole<const N: usize, const M: usize> = Tensor<Rank2<N, M>, f64, Cpu>;
type Share<const N: usize, const M: usize> = Tensor<(ShardedRows<N>, Const<M>), f64, Cpu>;
type Output<S> = Tensor<S, f64, Cpu, Traced>;

/// The rows that a machine holds of a table.
fn held<const N: usize, const M: usize>(share: TableShare, table: &[f64]) -> Share<N, M> {
    let rows = (0..share.rows(N)).flat_map(|held| &table[share.row(held) * M..][..M]);
    let shape = (ShardedRows::from_size(share.rows(N)).unwrap(), Const);
    Cpu::default().tensor_from_vec(rows.copied().collect(), shape)
}

/// Rows that were fetched of the table of `share`.
fn fetched<const N: usize, const M: usize>(
    share: &Share<N, M>,
    rows: &[usize],
    table: &[f64],
) -> FetchedTables<f64> {
    let weights = rows.iter().flat_map(|row| &table[row * M..][..M]).copied().collect();
    vec![(id_of(share), FetchedTable::new(rows.to_vec(), weights))]
}

/// The elements of an output. dfdx's `as_vec` panics without any.
fn elements<S: Shape>(output: &Output<S>) -> Vec<f64> {
    <Cpu as Backend<f64>>::values(output).to_vec()
}

/// Numbers of which no two are equal.
fn table<const N: usize, const M: usize>() -> Vec<f64> {
    (0..N * M).map(|i| (i as f64 * 0.7).sin()).collect()
}

/// Compares a layer on the rows that were fetched with the same layer on the whole table, for machines
/// that hold some of the rows: the output and the gradient have the same bits, pass after pass, and
/// the gradient is that of central differences.
fn check<S: Shape, const N: usize, const M: usize>(
    looked_up: &[usize],
    on_whole: impl Fn(Whole<N, M>, Traced) -> Output<S>,
    on_share: impl Fn(Share<N, M>, Traced) -> Output<S>,
) {
    let numbers = table::<N, M>();
    let whole = Cpu::default().tensor_from_vec(numbers.clone(), (Const, Const));
    let output = on_whole(whole.clone(), Traced::default());
    let expected = elements(&output);
    let (sum, tape) = weighted_sum(output);
    let gradient = sum.put_tape(tape).backward().get(&whole).as_vec();
    let rows: Vec<usize> = BTreeSet::from_iter(looked_up.iter().copied()).into_iter().collect();
    let of_rows = |all: &[f64]| -> Vec<f64> {
        rows.iter().flat_map(|row| &all[row * M..][..M]).copied().collect()
    };

    for share in [(0, 2), (1, 2), (2, 3)].map(|(machine, all)| TableShare::of(machine, all)) {
        let held = held::<N, M>(share, &numbers);
        let mut all = fetched(&held, &rows, &numbers);
        for _ in 0..3 {
            scope(&mut all, || {
                let output = on_share(held.clone(), Traced::default());
                assert_eq!(elements(&output), expected);
                let (sum, tape) = weighted_sum(output);
                drop(sum.put_tape(tape).backward());
            });
            assert_eq!(all[0].1.take_gradient(), (rows.clone(), of_rows(&gradient)));
        }
        let value = |at: usize, step: f64| {
            let mut numbers = numbers.clone();
            numbers[at] += step;
            let run = || weighted_sum(on_share(held.clone(), Traced::default())).0.as_vec()[0];
            scope(&mut fetched(&held, &rows, &numbers), run)
        };
        for (at, gradient) in gradient.iter().enumerate() {
            let numeric = (value(at, 1e-5) - value(at, -1e-5)) / 2e-5;
            assert!((numeric - gradient).abs() < 1e-7, "{at}: {numeric} {gradient}");
        }
    }
}

/// An embedding of a table, whole or sharded.
fn embed<const N: usize, const M: usize, R: TableDim, S: Shape, Out>(
    x: &Tensor<S, usize, Cpu>,
    weight: Tensor<(R, Const<M>), f64, Cpu>,
    tape: Traced,
) -> Out
where
    Embedding<N, M, f64, Cpu, 0, R>: Module<Tensor<S, usize, Cpu, Traced>, Output = Out>,
{
    let layer: Embedding<N, M, f64, Cpu, 0, R> = Embedding { weight };
    layer.forward(x.clone().put_tape(tape))
}

#[test]
fn embeddings_of_any_batch_learn_as_on_a_whole_table() {
    fn of_batch<const B: usize>(x: [usize; B]) {
        let tensor = Cpu::default().tensor(x);
        check::<_, 7, 5>(
            &x,
            |weight, tape| embed::<7, 5, _, _, _>(&tensor, weight, tape),
            |weight, tape| embed::<7, 5, _, _, _>(&tensor, weight, tape),
        );
    }
    of_batch([4]);
    of_batch([0, 6, 6, 3, 6]);
    of_batch([]);
}

#[test]
fn embeddings_of_steps_learn_as_on_a_whole_table() {
    let x = [[6, 1, 1], [0, 2, 1], [5, 5, 5]];
    let tensor = Cpu::default().tensor(x);
    check::<_, 9, 3>(
        x.as_flattened(),
        |weight, tape| embed::<9, 3, _, _, _>(&tensor, weight, tape),
        |weight, tape| embed::<9, 3, _, _, _>(&tensor, weight, tape),
    );
}

/// Lists with the lengths 2, 0 and 3.
const LISTS: [[usize; 3]; 3] = [[6, 1, 8], [3, 8, 8], [5, 0, 5]];
const LENGTHS: [usize; 3] = [2, 0, 3];
const VALUES: [usize; 5] = [6, 1, 5, 0, 5];

/// The bags of some lists on a table, whole or sharded.
fn bags<const MODE: usize, const B: usize, R: TableDim>(
    lists: [[usize; 3]; B],
    lengths: [usize; B],
    weight: Tensor<(R, Const<5>), f64, Cpu>,
    tape: Traced,
) -> Output<Rank2<B, 5>> {
    let layer: EmbeddingBag<9, 5, MODE, f64, Cpu, 0, R> = EmbeddingBag { weight };
    let x = Cpu::default().tensor(lists).put_tape(tape);
    layer.try_forward_masked(x, &Mask::of_lengths(lengths.into_iter(), 3, false)).unwrap()
}

#[test]
fn bags_of_every_mode_learn_as_on_a_whole_table() {
    fn of_mode<const MODE: usize>() {
        check::<_, 9, 5>(
            &VALUES,
            |weight, tape| bags::<MODE, 3, _>(LISTS, LENGTHS, weight, tape),
            |weight, tape| bags::<MODE, 3, _>(LISTS, LENGTHS, weight, tape),
        );
        check::<_, 9, 5>(
            &[2],
            |weight, tape| bags::<MODE, 1, _>([[2, 7, 7]], [1], weight, tape),
            |weight, tape| bags::<MODE, 1, _>([[2, 7, 7]], [1], weight, tape),
        );
    }
    of_mode::<MEAN>();
    of_mode::<SUM>();
    of_mode::<MAX>();
}

/// Bags whose values have weights.
fn weighted_bags<R: TableDim>(
    weight: Tensor<(R, Const<5>), f64, Cpu>,
    tape: Traced,
) -> Output<Rank2<3, 5>> {
    let layer: EmbeddingBag<9, 5, SUM, f64, Cpu, 0, R> = EmbeddingBag { weight };
    let x = Cpu::default().tensor(LISTS).put_tape(tape);
    let weights = Cpu::default().tensor([[2.0, 0.5, 9.0], [9.0; 3], [1.0, 0.0, -1.5]]);
    let mask = Mask::of_lengths(LENGTHS.into_iter(), 3, false);
    layer.try_forward_weighted(x, &weights, Some(&mask)).unwrap()
}

#[test]
fn weighted_bags_learn_as_on_a_whole_table() {
    check::<_, 9, 5>(&VALUES, weighted_bags::<Const<9>>, weighted_bags::<ShardedRows<9>>);
}

#[test]
fn the_weights_of_values_get_the_products_of_their_rows() {
    let share = held::<4, 2>(TableShare::of(1, 2), &[1.0, 2.0, 3.0, -4.0, 5.0, 6.0, -7.0, 8.0]);
    let mut all = fetched(&share, &[1, 2], &[0.0, 0.0, 3.0, -4.0, 5.0, 6.0, f64::NAN, f64::NAN]);
    let layer: EmbeddingBag<4, 2, SUM, f64, Cpu, 0, _> = EmbeddingBag { weight: share };
    let weights = Cpu::default().tensor([[2.0, 0.5]]);
    scope(&mut all, || {
        let x = Cpu::default().tensor([[2, 1]]).put_tape(Traced::default());
        let y = layer.try_forward_weighted(x, &weights, None).unwrap();
        assert_eq!(y.array(), [[11.5, 10.0]]);
        // d(sum of c y)/d(weight of a value) = c . row.
        let coefficients = [0.3_f64.sin(), 1.0_f64.sin()];
        let (sum, tape) = weighted_sum(y);
        let found = sum.put_tape(tape).backward().get(&weights).array();
        let product = |row: [f64; 2]| row[0] * coefficients[0] + row[1] * coefficients[1];
        let expected = [[product([5.0, 6.0]), product([3.0, -4.0])]];
        for (found, expected) in found[0].iter().zip(expected[0]) {
            assert!((found - expected).abs() < 1e-12);
        }
    });
}

#[test]
fn a_row_that_was_not_fetched_is_an_error() {
    let numbers = table::<5, 2>();
    let share = held::<5, 2>(TableShare::of(0, 2), &numbers);
    let layer: Embedding<5, 2, f64, Cpu, 0, _> = Embedding { weight: share.clone() };
    let bag: EmbeddingBag<5, 2, MAX, f64, Cpu, 0, _> = EmbeddingBag { weight: share.clone() };
    let device = Cpu::default();
    let runs = |row: usize| {
        (
            layer.try_forward(device.tensor([1, row])).is_ok(),
            bag.try_forward(device.tensor([[row, 1]])).is_ok(),
        )
    };
    // Row 0 is held here, but only fetched rows are up to date.
    assert_eq!([runs(0), runs(3)], [(false, false); 2]);
    scope(&mut fetched(&share, &[1, 3], &numbers), || {
        assert_eq!(
            [0, 1, 3, 4, 5].map(runs).map(|(row, _)| row),
            [false, true, true, false, false]
        );
        assert_eq!(
            [0, 1, 3, 4, 5].map(runs).map(|(_, bag)| bag),
            [false, true, true, false, false]
        );
    });
    assert_eq!(runs(3), (false, false));
    // Of another dtype, and of another table.
    let of_f32 = FetchedTable::new(vec![1], vec![1.0_f32, 2.0]);
    scope(&mut vec![(id_of(&share), of_f32)], || assert_eq!(runs(1), (false, false)));
    let other = held::<5, 2>(TableShare::of(0, 2), &numbers);
    scope(&mut fetched(&other, &[1], &numbers), || assert_eq!(runs(1), (false, false)));
}

#[test]
fn a_pass_within_another_has_rows_of_its_own() {
    let share = held::<5, 1>(TableShare::of(0, 2), &[0.0; 5]);
    let layer: Embedding<5, 1, f64, Cpu, 0, _> = Embedding { weight: share.clone() };
    let row = || layer.forward(Cpu::default().tensor([3])).array()[0][0];
    let mut outer = fetched(&share, &[3], &[0.0, 0.0, 0.0, 7.0, 0.0]);
    let mut inner = fetched(&share, &[3], &[0.0, 0.0, 0.0, 8.0, 0.0]);
    scope(&mut outer, || {
        assert_eq!(row(), 7.0);
        assert_eq!(scope(&mut inner, row), 8.0);
        assert_eq!(row(), 7.0);
    });
    assert_eq!(outer[0].1.take_gradient().0, [3]);
    assert_eq!(inner[0].1.take_gradient().0, [3]);
}

#[test]
fn a_machine_may_hold_no_rows() {
    type Table = Embedding<1, 3, f32, Cpu, 0, ShardedRows<1>>;
    let build = || -> Table { BuildModule::build(&Cpu::seed_from_u64(1)) };
    let [first, second] = [0, 1].map(|machine| TableShare::of(machine, 2).while_building(build));
    assert_eq!(first.weight.as_vec(), build().weight.as_vec());
    assert_eq!(second.weight.shape().concrete(), [0, 3]);
    assert!(second.try_forward(Cpu::default().tensor([0])).is_err());
    let rows = FetchedTable::new(vec![0], first.weight.as_vec());
    let y = scope(&mut vec![(id_of(&second.weight), rows)], || {
        second.forward(Cpu::default().tensor([0, 0]))
    });
    assert_eq!(y.as_vec(), first.weight.as_vec().repeat(2));
    // A batch without look-ups needs no rows.
    assert!(second.try_forward(Cpu::default().tensor([0; 0])).is_err(), "nothing was fetched");
}

#[test]
fn shares_start_as_the_rows_of_the_whole_table() {
    type Table = EmbeddingBag<11, 3, SUM, f32, Cpu, 0, ShardedRows<11>>;
    let build = |machine, machines| -> Vec<f32> {
        let table: Table = TableShare::of(machine, machines)
            .while_building(|| BuildModule::build(&Cpu::seed_from_u64(5)));
        table.weight.as_vec()
    };
    let whole = build(0, 1);
    assert!(whole.iter().all(|number| number.abs() <= 0.05));
    for machines in 2..12 {
        for machine in 0..machines {
            let rows = (machine..11).step_by(machines).flat_map(|row| &whole[row * 3..][..3]);
            assert_eq!(build(machine, machines), rows.copied().collect::<Vec<_>>());
        }
    }
}
