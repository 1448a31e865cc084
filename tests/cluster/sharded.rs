//! Training with sharded tables that are divided among ranks gives what training on one rank gives.

use std::{
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};

use multi_input::{
    callback::{AnyCallback, AnyTraining, Event, Flow, Gradients},
    cluster::Cluster,
    history::{End, History},
    optim::{AdamW, Optimizer, RmsProp, Sgd},
    prelude::*,
    Error, Result,
};

use super::models::{rated, Rated, RatedSample};

/// Trains a model, on a cluster if there is one.
type Fit<'a> = &'a (dyn Fn(&mut Model<Rated, f64>, Option<&Cluster>) -> Result<History> + Sync);

/// The tensors of the whole model, and the history.
type Trained = (Vec<Vec<f64>>, History);

// Six steps in each pass, the last one on five rows.
fn trainer<O: Optimizer>(optimizer: O, cluster: Option<&Cluster>) -> Trainer<Rated, O> {
    let trainer = Trainer::new(optimizer)
        .epochs(3)
        .batch_size(9)
        .validation_split(0.2)
        .drop_input(Rated::friend, 0.2)
        .sample_weight(Rated::stars, |row: &RatedSample| if row.day == 2 { 0.0 } else { 1.5 })
        .seed(Seed(3))
        .progress(Progress::silent());
    match cluster {
        Some(cluster) => trainer.on(cluster),
        None => trainer,
    }
}

fn adam(cluster: Option<&Cluster>) -> Trainer<Rated, Adam> {
    trainer(Adam::new(1e-2), cluster)
}

fn alone(fit: Fit<'_>) -> Trained {
    let mut model = Model::<Rated, f64>::build(&Cpu::default(), Seed(2));
    let history = fit(&mut model, None).unwrap();
    (model.snapshot().unwrap().tensors().to_vec(), history)
}

/// Trains with divided tables.
fn on(ranks: usize, fit: Fit<'_>) -> Trained {
    let all = Cluster::in_threads(ranks, |cluster| {
        let mut model = Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
        let history = fit(&mut model, Some(&cluster)).unwrap();
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

/// The bits on some ranks are those on one rank, where all have the same shards.
#[track_caller]
fn assert_same(fit: Fit<'_>) {
    let whole = alone(fit);
    for ranks in [2, 3] {
        assert!(same_bits(&on(ranks, fit), &whole), "{ranks} ranks");
    }
}

#[test]
fn divided_tables_train_like_whole_ones() {
    let fit: Fit<'_> = &|model, cluster| adam(cluster).fit(model, &rated(62));
    let whole = alone(fit);
    (1..5).for_each(|ranks| assert_near(&on(ranks, fit), &whole));
    assert_same(&|model, cluster| adam(cluster).virtual_shards(4).fit(model, &rated(62)));
}

#[test]
fn norms_of_gradients_are_those_over_all_ranks() {
    for clip in [Clip::GlobalNorm(0.05), Clip::Norm(0.01), Clip::Value(1e-3)] {
        let rows = rated(40);
        assert_same(&|model, cluster| {
            adam(cluster).clip(clip).virtual_shards(3).epochs(2).fit(model, &rows)
        });
    }
}

#[test]
fn deferred_updates_and_accumulated_steps_are_those_of_one_rank() {
    let rows = rated(40);
    assert_same(&|model, cluster| {
        let decaying = AdamW::new(1e-2).decay(0.1);
        trainer(decaying, cluster).virtual_shards(3).accumulate(3).fit(model, &rows)
    });
    assert_same(&|model, cluster| {
        let momentum = Sgd::new(1e-2).momentum(0.9);
        trainer(momentum, cluster).virtual_shards(6).fit(model, &rows)
    });
    assert_same(&|model, cluster| {
        trainer(RmsProp::new(1e-2), cluster).virtual_shards(3).fit(model, &rows)
    });
}

#[test]
fn callbacks_restore_and_freeze_what_each_rank_holds() {
    let rows = rated(62);
    assert_same(&|model, cluster| {
        adam(cluster)
            .virtual_shards(3)
            .epochs(6)
            .learning_rate_of(Rated::tags, 30.0)
            .callback(Freeze::until_epoch(Rated::user, 2))
            .callback(EarlyStopping::on(Monitor::val_loss()).patience(1).restore_best())
            .fit(model, &rows)
    });
}

#[test]
fn the_rows_of_a_source_train_alike() {
    let rows = rated(50);
    assert_same(&|model, cluster| {
        // A source has no split.
        let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).batch_size(9).seed(Seed(3));
        let trainer = trainer.progress(Progress::silent()).virtual_shards(3);
        let trainer = trainer.validation_source(rated(17));
        match cluster {
            Some(cluster) => trainer.on(cluster).fit_from(model, &rows),
            None => trainer.fit_from(model, &rows),
        }
    });
}

/// A run that saves in a folder after every fourth batch, in the midst of accumulated steps too, and goes
/// on from there. It ends after `batches` batches.
fn saving(
    (folder, batches): (&Path, usize),
    model: &mut Model<Rated, f64>,
    cluster: Option<&Cluster>,
) -> Result<History> {
    let flag = Arc::new(AtomicBool::new(false));
    let (set, mut ended) = (Arc::clone(&flag), 0);
    trainer(AdamW::new(1e-2).decay(0.1), cluster)
        .epochs(7)
        .accumulate(3)
        .virtual_shards(3)
        .learning_rate_of(Rated::tags, 30.0)
        .callback(Interrupt::by(flag))
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(2).restore_best())
        .callback(Checkpoint::in_folder(folder).every_steps(4).best(Monitor::val_loss()))
        .resume(folder)
        .on_event(move |event, _| {
            ended += usize::from(matches!(event, Event::StepEnded { .. }));
            set.fetch_or(ended >= batches, Ordering::Relaxed);
            Flow::Continue
        })
        .fit(model, &rated(62))
}

#[test]
fn an_interrupted_run_goes_on_with_its_tables_divided_otherwise() {
    let whole = |ranks: usize, batches: usize, folder: &Path| match ranks {
        0 => alone(&|model, cluster| saving((folder, batches), model, cluster)),
        ranks => on(ranks, &|model, cluster| saving((folder, batches), model, cluster)),
    };
    let uninterrupted = {
        let folder = tempfile::tempdir().unwrap();
        whole(0, usize::MAX, folder.path())
    };
    // Early stopping has something to restore: the run ends after its best epoch.
    assert!(uninterrupted.1.epochs.len() > 2);
    for (batches, ranks, then) in [(14, 3, 2), (9, 3, 0), (20, 0, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let paused = whole(ranks, batches, folder.path());
        assert_eq!(paused.1.end, End::Paused);
        let found = whole(then, usize::MAX, folder.path());
        assert!(same_bits(&found, &uninterrupted), "after {batches} on {ranks}, then {then}");
    }
}

/// Statistics over the batch behind a sharded table.
#[multi_input_model]
struct Normed {
    #[input]
    #[branch(Embedding(50, 4, sharded), Dense(3), BatchNorm)]
    item: u32,

    #[from(item)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn passes_that_wait_for_statistics_look_up_the_same_rows_again() {
    let rows: Vec<NormedSample> =
        (0..40).map(|i| NormedSample { item: i * 7 % 50, stars: i as f32 * 0.1 }).collect();
    let fit = |cluster: Cluster| {
        let mut model = Model::<Normed>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
        let trainer = Trainer::new(Adam::new(1e-2)).epochs(3).progress(Progress::silent());
        let history = trainer.virtual_shards(4).on(&cluster).fit(&mut model, &rows).unwrap();
        format!("{:?}", history.epochs)
    };
    let alone = fit(Cluster::alone());
    for ranks in [2, 3] {
        assert!(Cluster::in_threads(ranks, fit).iter().all(|found| *found == alone), "{ranks}");
    }
}

/// Looks at the rows of the gradients of a table, and spoils one on request.
struct Rows {
    spoils: bool,
    share: (usize, usize),
}

impl AnyCallback for Rows {
    fn name(&self) -> &'static str {
        "Rows"
    }
    fn on(&mut self, _: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        Ok(Flow::Continue)
    }
    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        gradients.each(|gradient| {
            if gradient.name() != "user.0.weight" {
                return;
            }
            assert_eq!(gradient.shape(), [3001, 4]);
            let (rank, ranks) = self.share;
            let rows = gradient.rows().unwrap();
            assert!(rows.iter().all(|row| row % ranks == rank), "{rows:?} on {rank} of {ranks}");
            if self.spoils && !rows.is_empty() {
                gradient.scale(f64::NAN);
            }
        });
    }
}

#[test]
fn callbacks_see_the_gradients_of_the_rows_that_are_held() {
    for spoils in [false, true] {
        let ended = Cluster::in_threads(3, |cluster| {
            let mut model =
                Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
            let share = (cluster.rank(), cluster.ranks());
            let rows = Rows { spoils: spoils && cluster.rank() == 1, share };
            adam(Some(&cluster))
                .callback(rows)
                .fit(&mut model, &rated(40))
                .err()
                .map(|e| e.to_string())
        });
        match spoils {
            false => assert_eq!(ended, [None, None, None]),
            true => {
                let text = "the gradient of `user.0.weight` is not finite in epoch 1, step 1";
                let all = ended.iter().flatten().filter(|found| found.contains(text));
                assert_eq!(all.count(), 3, "{ended:?}");
            }
        }
    }
}

/// Every mistake for which a run is refused.
pub(super) fn mistakes(refused: Result<History>) -> Vec<String> {
    match refused {
        Err(Error::Settings(mistakes)) => mistakes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ranks_among_which_tables_cannot_be_divided_are_refused() {
    let refused = |on: fn(Trainer<Rated, Adam>) -> Trainer<Rated, Adam>, found: &str| {
        let all = Cluster::in_threads(2, |cluster| {
            let mut model =
                Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
            mistakes(on(adam(None)).fit(&mut model, &rated(30)))
        });
        for (rank, refused) in all.iter().enumerate() {
            let text = format!(
                "the model was built on a cluster, as rank {rank} of 2, and trains on {found}: give the \
                 trainer the same cluster with `on`"
            );
            assert_eq!(*refused, [text]);
        }
    };
    refused(|trainer| trainer, "no cluster");
    refused(|trainer| trainer.on(&Cluster::alone()), "rank 0 of 1");
    let built = Cluster::in_threads(8, |cluster| {
        Model::<Normed>::build_on(&cluster, &Cpu::default(), Seed(2)).is_ok()
            && matches!(
                Model::<Small>::build_on(&cluster, &Cpu::default(), Seed(2)),
                Err(Error::Settings(mistakes))
                    if mistakes == ["the table of `item` has 7 rows, which cannot be divided among 8 \
                                     ranks: leave `sharded` out"]
            )
    });
    assert!(built.iter().all(|built| *built));
}

/// A table with fewer rows than there are ranks.
#[multi_input_model]
struct Small {
    #[input]
    #[branch(Embedding(7, 4, sharded))]
    item: u32,

    #[from(item)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn a_sharded_table_that_every_rank_holds_whole_is_noticed() {
    let said = Cluster::in_threads(2, |cluster| {
        let mut model = Model::<Rated, f64>::build(&Cpu::default(), Seed(2));
        let history = adam(Some(&cluster)).epochs(1).fit(&mut model, &rated(30)).unwrap();
        let texts: Vec<String> = history.notices.iter().map(ToString::to_string).collect();
        texts.into_iter().filter(|text| text.contains("`sharded`")).collect::<Vec<_>>()
    });
    let text =
        "every rank holds the whole table of `user`, which is `sharded`: `Model::build_on` and \
                `load_on` divide its rows among the ranks";
    assert_eq!(said, [[text], [text]]);
}

/// Makes the gradients of the users that this rank holds so large that a step overflows.
struct Inflates(bool);

impl AnyCallback for Inflates {
    fn name(&self) -> &'static str {
        "Inflates"
    }
    fn on(&mut self, _: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        Ok(Flow::Continue)
    }
    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        let users = gradients.get("user.0.weight").filter(|_| self.0);
        users.into_iter().for_each(|mut users| users.scale(1e300));
    }
}

#[test]
fn a_step_that_spoils_the_rows_of_one_rank_ends_all() {
    let ended = Cluster::in_threads(3, |cluster| {
        let mut model = Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
        let trainer =
            trainer(Sgd::new(1e12), Some(&cluster)).callback(Inflates(cluster.rank() == 1));
        trainer.fit(&mut model, &rated(80)).unwrap_err()
    });
    let own = "the weights `user.0.weight` are not finite after epoch 1, step 1 (both from 1)";
    for (rank, error) in ended.iter().enumerate() {
        match error {
            Error::Weights { .. } => assert_eq!(rank, 1),
            Error::Rank { rank: of, .. } => assert!(rank != 1 && *of == 1),
            other => panic!("{other}"),
        }
        assert!(error.to_string().contains(own), "{error}");
    }
}
