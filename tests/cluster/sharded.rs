//! Training with sharded tables that are divided among ranks gives what training on one rank gives.

use multi_input::{cluster::Cluster, history::History, prelude::*};

use super::models::{rated, Rated, RatedSample};

type Kind = Trainer<Rated, Adam>;
type With<'a> = &'a (dyn Fn(Kind) -> Kind + Sync);

/// The tensors of the whole model, and the history.
type Trained = (Vec<Vec<f64>>, History);

// 60 steps, the last of each pass on two rows.
fn trainer() -> Kind {
    Trainer::new(Adam::new(1e-2))
        .epochs(10)
        .batch_size(9)
        .validation_split(0.2)
        .clip(Clip::GlobalNorm(0.5))
        .drop_input(Rated::friend, 0.2)
        .sample_weight(Rated::stars, |row: &RatedSample| if row.day == 2 { 0.0 } else { 1.5 })
        .seed(Seed(3))
        .progress(Progress::silent())
}

fn alone(with: With<'_>) -> Trained {
    let mut model = Model::<Rated, f64>::build(&Cpu::default(), Seed(2));
    let history = with(trainer()).fit(&mut model, &rated(62)).unwrap();
    (model.snapshot().unwrap().tensors().to_vec(), history)
}

/// Trains with divided tables.
fn on(ranks: usize, with: With<'_>) -> Trained {
    let all = Cluster::in_threads(ranks, |cluster| {
        let mut model = Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
        let history = with(trainer().on(&cluster)).fit(&mut model, &rated(62)).unwrap();
        (model.snapshot().unwrap().tensors().to_vec(), history)
    });
    let shown = |trained: &Trained| format!("{:?}", trained.1);
    assert!(all.iter().all(|of_rank| shown(of_rank) == shown(&all[0])));
    (whole(&all.iter().map(|trained| &trained.0[..]).collect::<Vec<_>>()), all[0].1.clone())
}

/// The tensors of the whole model: the rows of divided tables from their holders, all others from any.
fn whole(of_ranks: &[&[Vec<f64>]]) -> Vec<Vec<f64>> {
    let sizes: Vec<usize> = Model::<Rated, f64>::build(&Cpu::default(), Seed(2))
        .snapshot()
        .unwrap()
        .tensors()
        .iter()
        .map(Vec::len)
        .collect();
    let widths = [(3001 * 4, 4), (23 * 3, 3), (6000 * 3, 3), (17 * 2, 2)];
    let tensor = |(index, size): (usize, &usize)| {
        let held = |rank: usize| &of_ranks[rank][index];
        let Some((_, width)) = widths.iter().find(|(table, _)| table == size) else {
            assert!((0..of_ranks.len()).all(|rank| held(rank) == held(0)));
            return held(0).clone();
        };
        let ranks = of_ranks.len();
        let row = |row: usize| &held(row % ranks)[row / ranks * width..][..*width];
        (0..size / width).flat_map(row).copied().collect()
    };
    sizes.iter().enumerate().map(tensor).collect()
}

#[track_caller]
fn assert_near(a: &Trained, b: &Trained) {
    let near =
        |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1e-3) || a.is_nan() && b.is_nan();
    for (tensor, (a, b)) in a.0.iter().zip(&b.0).enumerate() {
        let differs = a.iter().zip(b).position(|(a, b)| !near(*a, *b));
        assert!(a.len() == b.len() && differs.is_none(), "tensor {tensor}: {differs:?}");
    }
    for (a, b) in a.1.epochs.iter().zip(&b.1.epochs) {
        a.iter()
            .zip(b.iter())
            .for_each(|((name, a), (_, b))| assert!(near(a, b), "{name}: {a} {b}"));
    }
}

fn same_bits(a: &Trained, b: &Trained) -> bool {
    let bits = |trained: &Trained| -> Vec<u64> {
        trained.0.iter().flatten().map(|number| number.to_bits()).collect()
    };
    bits(a) == bits(b) && format!("{:?}", a.1) == format!("{:?}", b.1)
}

#[test]
fn divided_tables_train_like_whole_ones() {
    let whole = alone(&|trainer| trainer);
    (1..5).for_each(|ranks| assert_near(&on(ranks, &|trainer| trainer), &whole));
}

#[test]
fn with_virtual_shards_the_bits_are_those_of_one_rank() {
    let whole = alone(&|trainer| trainer.virtual_shards(12));
    for ranks in 1..5 {
        let found = on(ranks, &|trainer| trainer.virtual_shards(12));
        assert!(same_bits(&found, &whole), "{ranks} ranks");
    }
}
