//! Rows of a source, of which every rank reads its part.

use std::{fs, path::Path};

use multi_input::{
    callback::{Event, Flow, Training},
    cluster::Cluster,
    data::{BadRow, Csv, Source},
    history::History,
    prelude::*,
    train::Shuffle,
};

use super::models::{shops, Shop, ShopSample};

type Trained = (Vec<Vec<f64>>, History, String);
type Kind = Trainer<Shop, Adam>;

/// Trains on a source, and returns the weights, the history and the fitted preprocessing.
fn train<S: Source<Row = ShopSample>>(
    cluster: Option<&Cluster>,
    source: &S,
    with: &(dyn Fn(Kind) -> Kind + Sync),
) -> Trained {
    let mut model = Model::<Shop, f64>::build(&Cpu::default(), Seed(2));
    let trainer = Trainer::new(Adam::new(1e-2)).batch_size(8).epochs(4).seed(Seed(3));
    let trainer = with(trainer.progress(Progress::silent()));
    let trainer = match cluster {
        Some(cluster) => trainer.on(cluster),
        None => trainer,
    };
    let history = trainer.fit_from(&mut model, source).unwrap();
    let fitted = format!("{:?}", model.preprocessing().unwrap());
    (model.snapshot().unwrap().tensors().to_vec(), history, fitted)
}

fn on<S: Source<Row = ShopSample>>(
    ranks: usize,
    source: &(dyn Fn() -> S + Sync),
    with: &(dyn Fn(Kind) -> Kind + Sync),
) -> Trained {
    let all = Cluster::in_threads(ranks, |cluster| train(Some(&cluster), &source(), with));
    assert!(all.iter().all(|of_rank| same_bits(of_rank, &all[0])));
    all.into_iter().next().unwrap()
}

fn same_bits(a: &Trained, b: &Trained) -> bool {
    let bits = |trained: &Trained| -> Vec<u64> {
        trained.0.iter().flatten().map(|number| number.to_bits()).collect()
    };
    bits(a) == bits(b) && format!("{:?}", a.1) == format!("{:?}", b.1) && a.2 == b.2
}

#[track_caller]
fn assert_near(a: &Trained, b: &Trained) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1e-3);
    let mut pairs = a.0.iter().flatten().zip(b.0.iter().flatten());
    let other = pairs.find(|(a, b)| !near(**a, **b));
    assert!(other.is_none(), "{other:?}");
}

fn file(folder: &Path, rows: usize) -> Csv<ShopSample> {
    let path = folder.join("shops.csv");
    fs::write(&path, shops(rows)).unwrap();
    Csv::new(path)
}

#[test]
fn the_rows_of_all_ranks_are_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    // One batch has all rows, so their order does not matter.
    let with = |trainer: Kind| trainer.batch_size(1000).shuffle(Shuffle::Never).epochs(30);
    for rows in [7, 101] {
        let source = file(folder.path(), rows);
        let again = || Csv::new(folder.path().join("shops.csv"));
        let with = |trainer| with(trainer).validation_source(again());
        let alone = train(None, &source, &with);
        for ranks in [1, 2, 3, 4] {
            assert_near(&on(ranks, &again, &with), &alone);
        }
    }
}

#[test]
fn with_virtual_shards_the_bits_are_those_of_one_rank() {
    let folder = tempfile::tempdir().unwrap();
    for rows in [7, 101] {
        let source = file(folder.path(), rows);
        let again = || Csv::new(folder.path().join("shops.csv"));
        let with = |trainer: Kind| trainer.virtual_shards(4).validation_source(again());
        let alone = train(None, &source, &with);
        for ranks in [2, 3, 4] {
            assert!(same_bits(&on(ranks, &again, &with), &alone), "{rows} rows, {ranks} ranks");
        }
    }
}

#[test]
fn one_rank_trains_as_without_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), 50);
    let (found, alone) =
        (on(1, &|| source.clone(), &|trainer| trainer), train(None, &source, &|trainer| trainer));
    assert_near(&found, &alone);
}

#[test]
fn a_part_of_a_source_and_rows_that_are_skipped_are_the_same_on_every_rank() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shops.csv");
    let text = shops(90).replacen("town9,", "town9,surplus,", 5);
    fs::write(&path, text).unwrap();
    let with = |trainer: Kind| trainer.virtual_shards(4);
    // Each rank has a source of its own, as each process would: a source counts what it skips.
    let source = || Csv::new(&path).on_bad_row(BadRow::Skip).into_part(0.0..0.7, Seed(5));
    let alone = train(None, &source(), &with);
    assert!(format!("{:?}", alone.1.notices).contains("were left out"), "{:?}", alone.1.notices);
    for ranks in [2, 4] {
        let found = on(ranks, &source, &with);
        assert!(same_bits(&found, &alone), "{ranks}");
    }
}

#[test]
fn a_run_goes_on_with_its_shards_on_any_number_of_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), 60);
    let source = || source.clone();
    let whole = on(2, &source, &|trainer| trainer);
    for ranks in [1, 3] {
        let checkpoints = folder.path().join(ranks.to_string());
        // The first of two parts ends in the middle of an epoch.
        let pause = |trainer: Kind| {
            let stop = |event: &Event<'_>, training: &mut dyn Training<Shop>| {
                let due = matches!(event, Event::StepEnded { .. });
                match due && training.position().updates == 11 {
                    true => Flow::Pause,
                    false => Flow::Continue,
                }
            };
            trainer.on_event(stop).callback(Checkpoint::in_folder(&checkpoints))
        };
        on(2, &source, &pause);
        let resume = |trainer: Kind| {
            let same = |_: &Event<'_>, _: &mut dyn Training<Shop>| Flow::Continue;
            let trainer = trainer.on_event(same).callback(Checkpoint::in_folder(&checkpoints));
            trainer.resume(&checkpoints)
        };
        let found = on(ranks, &source, &resume);
        let bits = |trained: &Trained| -> Vec<u64> {
            trained.0.iter().flatten().map(|number| number.to_bits()).collect()
        };
        assert_eq!(bits(&found), bits(&whole), "{ranks} ranks");
        let idle = format!("{:?}", found.1.notices).contains("1 of 3 ranks have no work");
        assert_eq!(idle, ranks == 3);
    }
}
