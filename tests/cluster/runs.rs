//! Runs on several ranks give what a run on one gives.

use multi_input::{
    cluster::{Cluster, Wire},
    history::History,
    prelude::*,
};

use super::models::{mixed, trips, Mixed, MixedSample, Trip};

type Trained = (Vec<Vec<f64>>, History);

/// Trains a model of one kind on some ranks, of which `with` changes the trainer.
macro_rules! kind {
    ($name:ident: $model:ident on $rows:expr, $trainer:expr) => {
        mod $name {
            use super::*;

            pub(super) type With<'a> = &'a (dyn Fn(Kind) -> Kind + Sync);
            pub(super) type Kind = Trainer<$model, Adam>;

            fn train(cluster: Option<&Cluster>, with: With<'_>) -> Trained {
                let mut model = Model::<$model, f64>::build(&Cpu::default(), Seed(2));
                let trainer: Kind = $trainer;
                let trainer = with(trainer.progress(Progress::silent()).seed(Seed(3)));
                let trainer = match cluster {
                    Some(cluster) => trainer.on(cluster),
                    None => trainer,
                };
                let history = trainer.fit(&mut model, &$rows).unwrap();
                (model.snapshot().unwrap().tensors().to_vec(), history)
            }

            pub(super) fn alone(with: With<'_>) -> Trained {
                train(None, with)
            }

            /// Trains on so many ranks, all of which end with the same bits.
            pub(super) fn on(ranks: usize, with: With<'_>) -> Trained {
                let all = Cluster::in_threads(ranks, |cluster| train(Some(&cluster), with));
                assert!(all.iter().all(|of_rank| same_bits(of_rank, &all[0])));
                all.into_iter().next().unwrap()
            }
        }
    };
}

// 204 steps, the last of each pass on one row.
kind!(of_mixed: Mixed on mixed(70), Trainer::new(Adam::new(1e-2))
    .epochs(34)
    .batch_size(11)
    .validation_split(0.2)
    .clip(Clip::GlobalNorm(2.0))
    .sample_weight(Mixed::price, |row: &MixedSample| if row.day == 2 { 0.0 } else { 1.5 })
    .class_weight(Mixed::kind, [(1, 2.0)])
    .callback(ReduceOnPlateau::on(Monitor::val_loss()).patience(9))
    .callback(EarlyStopping::on(Monitor::val_loss()).min_delta(1e-3).patience(30).restore_best()));

kind!(of_trips: Trip on trips(56), Trainer::new(Adam::new(1e-2))
    .epochs(33)
    .batch_size(9)
    .validation_split(0.03)
    .moving_average(MovingAverage::new(0.9))
    .drop_input(Trip::traffic, 0.25)
    .learning_rate_of(Trip::stops, 0.5)
    .callback(Freeze::until_epoch(Trip::weather, 2)));

fn same_bits(a: &Trained, b: &Trained) -> bool {
    let bits = |trained: &Trained| -> Vec<u64> {
        trained.0.iter().flatten().map(|number| number.to_bits()).collect()
    };
    bits(a) == bits(b) && format!("{:?}", a.1) == format!("{:?}", b.1)
}

#[track_caller]
fn assert_near(a: &Trained, b: &Trained) {
    let near =
        |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1e-3) || a.is_nan() && b.is_nan();
    let pairs = || a.0.iter().flatten().zip(b.0.iter().flatten());
    assert!(pairs().all(|(a, b)| near(*a, *b)), "{:?}", pairs().find(|(a, b)| !near(**a, **b)));
    assert_eq!(a.1.epochs.len(), b.1.epochs.len());
    for (a, b) in a.1.epochs.iter().zip(&b.1.epochs) {
        a.iter()
            .zip(b.iter())
            .for_each(|((name, a), (_, b))| assert!(near(a, b), "{name}: {a} {b}"));
    }
}

#[test]
fn any_number_of_ranks_gives_the_run_of_one() {
    let alone = of_mixed::alone(&|trainer| trainer);
    (1..5).for_each(|ranks| assert_near(&of_mixed::on(ranks, &|trainer| trainer), &alone));
}

#[test]
fn statistics_over_the_batch_and_random_numbers_are_those_of_one_rank() {
    let alone = of_trips::alone(&|trainer| trainer);
    (2..5).for_each(|ranks| assert_near(&of_trips::on(ranks, &|trainer| trainer), &alone));
}

#[test]
fn with_virtual_shards_the_bits_are_those_of_one_rank() {
    let alone = of_mixed::alone(&|trainer| trainer.virtual_shards(8).epochs(8));
    assert_near(&alone, &of_mixed::alone(&|trainer| trainer.epochs(8)));
    for ranks in [2, 3, 8] {
        let found = of_mixed::on(ranks, &|trainer| trainer.virtual_shards(8).epochs(8));
        assert!(same_bits(&found, &alone), "{ranks} ranks");
    }
}

#[test]
fn so_they_are_where_shards_meet() {
    let alone = of_trips::alone(&|trainer| trainer.virtual_shards(4).epochs(5));
    assert_near(&alone, &of_trips::alone(&|trainer| trainer.epochs(5)));
    for ranks in [2, 3, 4] {
        let found = of_trips::on(ranks, &|trainer| trainer.virtual_shards(4).epochs(5));
        assert!(same_bits(&found, &alone), "{ranks} ranks");
    }
}

#[test]
fn accumulated_steps_are_those_of_one_rank() {
    let alone = of_mixed::alone(&|trainer| trainer.accumulate(3).epochs(10));
    assert_near(&of_mixed::on(3, &|trainer| trainer.accumulate(3).epochs(10)), &alone);
}

#[test]
fn short_gradients_train_nearly_alike() {
    let last = |trained: &Trained| trained.1.epochs.last().unwrap().get("loss").unwrap();
    let full = last(&of_mixed::on(2, &|trainer| trainer.epochs(8)));
    for wire in [Wire::Bf16, Wire::F16] {
        let short = last(&of_mixed::on(2, &|trainer| trainer.wire(wire).epochs(8)));
        assert!((short - full).abs() < 0.05 * full.abs(), "{wire:?}: {short} {full}");
        assert_ne!(short, full);
    }
}
