//! What goes wrong on one rank ends the run on all of them, with its message, and nothing is lost.

use std::{
    fs,
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
    sync::{atomic::AtomicBool, Arc, Mutex},
};

use multi_input::{
    callback::{AnyCallback, AnyTraining, Event, Flow, Gradients},
    cluster::Cluster,
    data::Csv,
    history::{End, History},
    prelude::*,
    Error, Result,
};

use super::models::{fault, mixed, shops, trips, Mixed, Shop, Trip, TripSample};

type Trained = Result<(Vec<Vec<f64>>, History)>;

type Fault = fn(&mut dyn AnyTraining) -> Result<Flow>;

/// Calls a function after step 7 of the run.
struct AfterStep7(Fault);

impl AnyCallback for AfterStep7 {
    fn name(&self) -> &'static str {
        "AfterStep7"
    }
    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match matches!(event, Event::StepEnded { .. }) && training.position().updates == 7 {
            true => (self.0)(training),
            false => Ok(Flow::Continue),
        }
    }
}

fn trainer() -> Trainer<Trip, Adam> {
    Trainer::new(Adam::new(1e-2))
        .epochs(4)
        .batch_size(9)
        .validation_split(0.1)
        .seed(Seed(3))
        .progress(Progress::silent())
}

fn fit(trainer: Trainer<Trip, Adam>, rows: &[TripSample]) -> Trained {
    let mut model = Model::<Trip, f64>::build(&Cpu::default(), Seed(2));
    let history = trainer.fit(&mut model, rows)?;
    Ok((model.snapshot()?.tensors().to_vec(), history))
}

/// Trains on three ranks, on one of which `fault` is called.
fn with_fault(fault: Fault) -> Vec<std::result::Result<Trained, String>> {
    with_fault_on(trainer, fault)
}

fn with_fault_on(
    trainer: fn() -> Trainer<Trip, Adam>,
    fault: Fault,
) -> Vec<std::result::Result<Trained, String>> {
    let ended = Mutex::new(Vec::from([(); 3].map(|()| Err("a panic".to_owned()))));
    let all = catch_unwind(AssertUnwindSafe(|| {
        Cluster::in_threads(3, |cluster| {
            let rank = cluster.rank();
            // Every rank has the callback.
            let fault: Fault = if rank == 2 { fault } else { |_| Ok(Flow::Continue) };
            let trainer = trainer().callback(AfterStep7(fault)).on(&cluster);
            let result = fit(trainer, &trips(60));
            ended.lock().unwrap()[rank] = Ok(result);
        })
    }));
    drop(all);
    ended.into_inner().unwrap()
}

fn text(ended: &std::result::Result<Trained, String>) -> String {
    match ended {
        Ok(Ok(_)) => "trained".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(text) => text.clone(),
    }
}

#[test]
fn an_error_of_one_rank_ends_all_with_its_message() {
    let ended = with_fault(|_| {
        let (field, expected, found) = ("height".into(), "a number".into(), "`tall`".into());
        Err(Error::Value { row: 1234, field, expected, found })
    });
    let own = "row 1234, field `height`: expected a number, found `tall`";
    let other = format!("rank 2 ended the run: {own}");
    assert_eq!([text(&ended[0]), text(&ended[1])], [other.clone(), other]);
    assert_eq!(text(&ended[2]), own);
}

#[test]
fn a_panic_of_one_rank_ends_all_with_its_text() {
    let ended = with_fault(|_| panic!("no bread"));
    let expected = "rank 2 ended the run: it panicked: no bread";
    assert_eq!(
        [text(&ended[0]), text(&ended[1]), text(&ended[2])],
        [expected, expected, "a panic"]
    );
}

#[test]
fn a_loss_that_is_no_number_on_one_rank_ends_all() {
    let ended = with_fault(|_| {
        fault::SPOILS.set(true);
        Ok(Flow::Continue)
    });
    for ended in &ended {
        assert!(text(ended).contains("became NaN in epoch 2, step 2"), "{}", text(ended));
    }
}

#[test]
fn a_learning_rate_that_is_no_number_on_one_rank_ends_all() {
    let ended = with_fault(|training| {
        training.set_learning_rate(f64::NAN);
        Ok(Flow::Continue)
    });
    let own = "the callback `AfterStep7` sets the learning rate to NaN; it must be a number of at \
               least 0";
    let other = format!("rank 2 ended the run: {own}");
    assert_eq!([text(&ended[0]), text(&ended[1])], [other.clone(), other]);
    assert_eq!(text(&ended[2]), own);
}

#[test]
fn a_row_that_is_refused_ends_all_with_its_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shops.csv");
    fs::write(&path, shops(60).replacen("town6,", "town6,surplus,", 1)).unwrap();
    let ended = Cluster::in_threads(3, |cluster| {
        let mut model = Shop::build(&Cpu::default(), Seed(2));
        let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).on(&cluster);
        trainer.fit_from(&mut model, &Csv::new(&path)).unwrap_err().to_string()
    });
    let own = ended.iter().find(|text| !text.starts_with("rank")).unwrap();
    assert!(own.contains("shops.csv, line 6: expected 7 cells"), "{own}");
    let others: Vec<_> = ended.iter().filter(|text| *text != own).collect();
    assert!(
        others.len() == 2 && others.iter().all(|text| text.ends_with(own.as_str())),
        "{ended:?}"
    );
}

#[test]
fn ranks_that_do_not_train_alike_are_refused_before_the_first_step() {
    let ended = |with: &(dyn Fn(usize, Trainer<Trip, Adam>) -> Trainer<Trip, Adam> + Sync)| {
        let ended = Cluster::in_threads(2, |cluster| {
            let trainer = with(cluster.rank(), trainer());
            fit(trainer.on(&cluster), &trips(30 + cluster.rank() / 9)).unwrap_err().to_string()
        });
        ended[0].clone()
    };
    let other = ended(&|rank, trainer| trainer.batch_size(8 + rank));
    let expected = "have to train alike, but differ in `batch_size`: 8 on rank 0, 9 on rank 1";
    assert!(other.contains(expected), "{other}");
    let other = ended(&|rank, trainer| match rank {
        0 => trainer.callback(EarlyStopping::on(Monitor::val_loss())),
        _ => trainer,
    });
    assert!(other.contains("differ in its callbacks: [\"EarlyStopping\"]"), "{other}");
    let other = ended(&|_, trainer| trainer.virtual_shards(1));
    assert!(
        other.contains("`virtual_shards(1)` leaves ranks without work: there are 2"),
        "{other}"
    );
    let rows = Cluster::in_threads(2, |cluster| {
        fit(trainer().on(&cluster), &trips(40 + 5 * cluster.rank())).unwrap_err().to_string()
    });
    assert!(
        rows[0].contains("differ in the number of training rows: 36 on rank 0, 40 on rank 1"),
        "{rows:?}"
    );
}

#[test]
fn ranks_whose_callbacks_do_different_things_are_found_out() {
    let rate: Fault = |training| {
        training.set_learning_rate(0.5);
        Ok(Flow::Continue)
    };
    let frozen: Fault = |training| {
        training.freeze_node("joined", true);
        Ok(Flow::Continue)
    };
    let rates = "in this step the learning rate is 0.01 on rank 0, 0.5 on rank 2";
    let branches = "in this step frozen is nothing on rank 0, `joined` on rank 2";
    for (fault, differ) in [(rate, rates), (frozen, branches)] {
        let expected = format!(
            "the cluster: the ranks have to train alike, but {differ}: a callback does not do the same on all ranks"
        );
        for ended in &with_fault(fault) {
            assert_eq!(text(ended), expected);
        }
    }
    // Where a branch has statistics over the batch, the ranks already differ in the pass.
    let fault: Fault = |training| {
        training.freeze_node("traffic", true);
        Ok(Flow::Continue)
    };
    for ended in [with_fault(fault), with_fault_on(|| trainer().virtual_shards(6), fault)] {
        let all = ended.iter().all(|ended| text(ended).contains("may have frozen a branch"));
        assert!(all, "{ended:?}");
    }
    let ended = Cluster::in_threads(3, |cluster| {
        let trainer = trainer().callback(Halves(cluster.rank() == 2));
        fit(trainer.on(&cluster), &trips(60)).unwrap_err().to_string()
    });
    assert!(ended[0].contains("the ranks hold different weights"), "{}", ended[0]);
}

/// Halves the gradients.
struct Halves(bool);

impl AnyCallback for Halves {
    fn name(&self) -> &'static str {
        "Halves"
    }
    fn on(&mut self, _: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        Ok(Flow::Continue)
    }
    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        if self.0 {
            gradients.scale(0.5);
        }
    }
}

/// A trainer that saves in `folder`, and goes on from there.
fn saving(folder: &Path, interrupt: Interrupt) -> Trainer<Trip, Adam> {
    trainer()
        .accumulate(2)
        .moving_average(MovingAverage::new(0.9))
        .callback(interrupt)
        .callback(Checkpoint::in_folder(folder).every_steps(4).best(Monitor::val_loss()))
        .callback(CsvLog::to(folder.join("log.csv")))
        .resume(folder)
}

/// Interrupts rank 1 after step 7, and goes on with another number of ranks.
fn interrupted(
    folder: &Path,
    ranks: usize,
    shards: Option<usize>,
    then: usize,
) -> (Vec<Vec<f64>>, History) {
    let sharded = |trainer: Trainer<Trip, Adam>| match shards {
        Some(shards) => trainer.virtual_shards(shards),
        None => trainer,
    };
    let paused = Cluster::in_threads(ranks, |cluster| {
        let flag = Arc::new(AtomicBool::new(false));
        let own = cluster.rank() == ranks - 1;
        let set = Arc::clone(&flag);
        let interrupt = Interrupt::by(flag);
        let trainer = sharded(saving(folder, interrupt)).on_event(move |event, training| {
            let due = matches!(event, Event::StepEnded { .. }) && training.position().step == 5;
            set.fetch_or(own && due, std::sync::atomic::Ordering::Relaxed);
            Flow::Continue
        });
        fit(trainer.on(&cluster), &trips(60)).unwrap().1
    });
    for history in &paused {
        assert_eq!(history.end, End::Paused);
        assert_eq!(history.end_reason.as_deref(), Some("Interrupt: the flag was set"));
    }
    let on = Cluster::in_threads(then, |cluster| {
        let trainer = saving(folder, Interrupt::default()).on_event(|_, _| Flow::Continue);
        fit(trainer.on(&cluster), &trips(60)).unwrap()
    });
    on.into_iter().next().unwrap()
}

#[test]
fn an_interrupted_run_goes_on_also_on_another_number_of_ranks() {
    let bits = |weights: &[Vec<f64>]| -> Vec<u64> {
        weights.iter().flatten().map(|weight| weight.to_bits()).collect()
    };
    let whole = |ranks: usize, shards: Option<usize>| {
        let folder = tempfile::tempdir().unwrap();
        let all = Cluster::in_threads(ranks, |cluster| {
            let trainer = saving(folder.path(), Interrupt::default());
            let trainer = trainer.on_event(|_, _| Flow::Continue);
            let trainer = match shards {
                Some(shards) => trainer.virtual_shards(shards),
                None => trainer,
            };
            fit(trainer.on(&cluster), &trips(60)).unwrap()
        });
        all.into_iter().next().unwrap()
    };
    for (ranks, shards, then, same) in [
        (2, None, 2, true),
        (3, None, 1, true),
        (2, Some(4), 4, true),
        (4, Some(4), 3, true),
        (2, None, 3, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (found, history) = interrupted(folder.path(), ranks, shards, then);
        let (expected, uninterrupted) = whole(ranks, shards);
        assert_eq!(history.end, End::Completed);
        assert_eq!(history.epochs.len(), uninterrupted.epochs.len());
        match same {
            true => assert_eq!(bits(&found), bits(&expected), "{ranks} {shards:?} {then}"),
            false => {
                let pairs = found.iter().flatten().zip(expected.iter().flatten());
                for (found, expected) in pairs {
                    assert!((found - expected).abs() < 1e-6 * expected.abs().max(1e-3));
                }
            }
        }
        // One rank has written one log.
        let log = fs::read_to_string(folder.path().join("log.csv")).unwrap();
        assert_eq!(log.lines().count(), 1 + 4, "{log}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a file");
    fs::write(&path, "").unwrap();
    let ended = Cluster::in_threads(2, |cluster| {
        let trainer = trainer().callback(Checkpoint::in_folder(path.join("below")));
        fit(trainer.on(&cluster), &trips(60)).unwrap_err().to_string()
    });
    assert!(ended[0].contains("cannot write"), "{ended:?}");
    assert_eq!(ended[1], format!("rank 0 ended the run: {}", ended[0]));
}

#[test]
fn every_rank_has_work_in_its_speed() {
    let speeds = Mutex::new(Vec::new());
    Cluster::in_threads(2, |cluster| {
        let mut model = Model::<Mixed, f64>::build(&Cpu::default(), Seed(2));
        let trainer = Trainer::new(Adam::new(1e-2)).batch_size(16).progress(Progress::silent());
        let trainer = trainer.on_event(|event, training| {
            if matches!(event, Event::EpochEnded { .. }) && training.rank() == 0 {
                *speeds.lock().unwrap() = training.rank_speeds().to_vec();
            }
            Flow::Continue
        });
        trainer.on(&cluster).fit(&mut model, &mixed(64)).unwrap();
    });
    let speeds = speeds.into_inner().unwrap();
    assert_eq!(speeds.iter().map(|speed| speed.rows).collect::<Vec<_>>(), [32, 32]);
    assert!(speeds.iter().all(|speed| speed.busy > 0.0 && speed.busy <= speed.seconds));
}
