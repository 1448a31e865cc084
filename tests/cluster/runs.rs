//! Runs on several ranks give what a run on one gives.

use multi_input::{cluster::Cluster, history::History, prelude::*};

use super::models::{mixed, Mixed, MixedSample};

/// A trainer of `Mixed` in 204 steps, the last of each pass on one row.
fn trainer() -> Trainer<Mixed, Adam> {
    Trainer::new(Adam::new(1e-2))
        .epochs(34)
        .batch_size(11)
        .validation_split(0.2)
        .seed(Seed(3))
        .clip(Clip::GlobalNorm(2.0))
        .sample_weight(Mixed::price, |row: &MixedSample| if row.day == 2 { 0.0 } else { 1.5 })
        .class_weight(Mixed::kind, [(1, 2.0)])
        .callback(ReduceOnPlateau::on(Monitor::val_loss()).patience(2))
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(30).restore_best())
        .progress(Progress::silent())
}

type Trained = (Vec<Vec<f64>>, History);

fn train(
    cluster: Option<&Cluster>,
    with: impl Fn(Trainer<Mixed, Adam>) -> Trainer<Mixed, Adam>,
) -> Trained {
    let mut model = Model::<Mixed, f64>::build(&Cpu::default(), Seed(2));
    let trainer = with(trainer());
    let trainer = match cluster {
        Some(cluster) => trainer.on(cluster),
        None => trainer,
    };
    let history = trainer.fit(&mut model, &mixed(70)).unwrap();
    (model.snapshot().unwrap().tensors().to_vec(), history)
}

/// Trains on each number of ranks; all ranks end with the same bits.
fn on_ranks(
    ranks: usize,
    with: impl Fn(Trainer<Mixed, Adam>) -> Trainer<Mixed, Adam> + Sync,
) -> Trained {
    let all = Cluster::in_threads(ranks, |cluster| train(Some(&cluster), &with));
    assert!(all.iter().all(|of_rank| same_bits(of_rank, &all[0])));
    all.into_iter().next().unwrap()
}

fn same_bits(a: &Trained, b: &Trained) -> bool {
    let bits = |trained: &Trained| -> Vec<u64> {
        trained.0.iter().flatten().map(|number| number.to_bits()).collect()
    };
    bits(a) == bits(b) && format!("{:?}", a.1) == format!("{:?}", b.1)
}

#[track_caller]
fn assert_near(a: &Trained, b: &Trained) {
    for (a, b) in a.0.iter().flatten().zip(b.0.iter().flatten()) {
        assert!((a - b).abs() <= 1e-6 * a.abs().max(1e-3), "{a} {b}");
    }
    assert_eq!(a.1.epochs.len(), b.1.epochs.len());
    for (a, b) in a.1.epochs.iter().zip(&b.1.epochs) {
        for ((name, a), (_, b)) in a.iter().zip(b.iter()) {
            assert!((a - b).abs() <= 1e-6 * a.abs().max(1e-3), "{name}: {a} {b}");
        }
    }
}

#[test]
fn any_number_of_ranks_gives_the_run_of_one() {
    let alone = train(None, |trainer| trainer);
    for ranks in 1..5 {
        assert_near(&on_ranks(ranks, |trainer| trainer), &alone);
    }
}

#[test]
fn with_virtual_shards_the_bits_are_those_of_one_rank() {
    let alone = train(None, |trainer| trainer.virtual_shards(8));
    assert_near(&alone, &train(None, |trainer| trainer));
    for ranks in [1, 2, 3, 4, 8] {
        let found = on_ranks(ranks, |trainer| trainer.virtual_shards(8));
        assert!(same_bits(&found, &alone), "{ranks} ranks");
    }
}

#[test]
fn accumulated_steps_are_those_of_one_rank() {
    let alone = train(None, |trainer| trainer.accumulate(3));
    assert_near(&on_ranks(3, |trainer| trainer.accumulate(3)), &alone);
}
