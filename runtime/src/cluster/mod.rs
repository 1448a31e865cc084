//! Training on several processes or machines: a [`Cluster`] of ranks, each of which computes a part
//! of every batch.
//!
//! The program is the same on all ranks. It trains `on` the cluster (`Trainer::on`), and
//! the result is that of one process:
//!
//! ```
//! use multi_input::{cluster::Cluster, prelude::*};
//!
//! #[multi_input_model]
//! struct House {
//!     #[input(standardize)]
//!     rooms: f32,
//!     #[from(rooms)]
//!     #[branch(Dense(1))]
//!     #[output(loss = mse)]
//!     price: f32,
//! }
//!
//! # fn main() -> multi_input::Result<()> {
//! // `Cluster::mpi()?`, started by `mpirun -n 4 target/release/train`.
//! let world = Cluster::alone();
//! let rows: Vec<HouseSample> =
//!     (0..64u8).map(|n| HouseSample { rooms: n.into(), price: (2 * n).into() }).collect();
//! let mut model = House::build(&Cpu::default(), Seed(7));
//! Trainer::new(Adam::new(1e-2)).epochs(5).on(&world).fit(&mut model, &rows)?;
//! if world.is_main() {
//!     println!("trained on {} ranks", world.ranks());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The page [scale.md](https://docs.rs/crate/multi-input/latest/source/docs/scale.md) says how to start
//! programs on one machine, on several, with Slurm and on Kubernetes, and what to expect.

mod bytes;
#[cfg(feature = "mpi")]
mod mpi;
mod shards;
mod threads;
mod transport;
mod tree;
mod wire;

use std::{
    any::Any,
    panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use multi_input_base::{Error, Result};
use multi_input_kernel::{thread_limit, with_threads};

pub use self::transport::{Lost, Transport};
pub use self::wire::Wire;
pub(crate) use self::{
    bytes::{damaged, Reader, Writer},
    shards::Shards,
    tree::{add_numbers, TreeSum},
};

/// The ranks that train together, as one of them sees them.
///
/// All ranks run the same program, and all of them call `fit` with the same settings. Each rank
/// returns the same history and holds the same weights. `torch.distributed`'s default process
/// group; `MPI_COMM_WORLD`.
///
/// The ranks do one thing at a time: a second run, or with
/// [divided tables](crate::Model::build_on) a second prediction, at the same time is an
/// [`Error::Cluster`]. After a run that has failed the cluster is of no more use: the ranks have left it at
/// different places, so a program starts again.
///
/// A clone is the same rank. When the last clone is dropped the rank leaves the cluster; ranks that
/// still wait for it then end with an error.
#[derive(Clone)]
pub struct Cluster(Arc<Rank>);

/// One rank.
struct Rank {
    transport: Box<dyn Transport>,
    timeout: Mutex<Duration>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of exchanges so far, by which a message finds the exchange that it belongs to.
    exchanges: u32,
    /// The number of calls so far that go on in turns.
    calls: u64,
    /// Whether this rank is at work with the others: it trains, predicts, saves, ...
    busy: bool,
    /// The failure that has ended the work of the ranks.
    failure: Option<Failure>,
    traffic: Traffic,
}

/// The failure of a rank.
#[derive(Clone)]
struct Failure {
    rank: usize,
    message: String,
}

/// What a rank has sent, and how long it has waited.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// The bytes of all messages to other ranks.
    pub bytes: u64,
    /// The number of messages to other ranks.
    pub messages: u64,
    /// The time in exchanges, most of which is waiting for slower ranks and for the network.
    pub waited: Duration,
}

/// How long a rank waits for a message, unless [`Cluster::timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// What a message is.
mod kind {
    /// A part of an exchange.
    pub(super) const PART: u8 = 0;
    /// The rank, or one it has heard of, has failed.
    pub(super) const FAILED: u8 = 1;
    /// The rank has left.
    pub(super) const LEFT: u8 = 2;
}

impl Cluster {
    /// A cluster of one rank, which sends nothing.
    pub fn alone() -> Cluster {
        struct Alone;
        impl Transport for Alone {
            fn rank(&self) -> usize {
                0
            }
            fn ranks(&self) -> usize {
                1
            }
            fn send(&self, _: usize, _: Vec<u8>) -> std::result::Result<(), String> {
                Ok(())
            }
            fn receive(&self, _: usize, _: Duration) -> std::result::Result<Vec<u8>, Lost> {
                Err(Lost::Gone("there is one rank".to_owned()))
            }
        }
        Cluster::over(Alone)
    }

    /// A cluster over an engine of your own.
    pub fn over(transport: impl Transport + 'static) -> Cluster {
        Cluster(Arc::new(Rank {
            transport: Box::new(transport),
            timeout: Mutex::new(TIMEOUT),
            state: Mutex::default(),
        }))
    }

    /// How long this rank waits for another one before it ends the run with an error; 30 minutes
    /// unless set. Ranks wait for the slowest one in every step, and while rows are counted before
    /// the first. `timeout` of `torch.distributed.init_process_group`.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Cluster {
        *locked(&self.0.timeout) = timeout;
        self
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.0.transport.rank()
    }

    /// The number of ranks. `torch.distributed.get_world_size`.
    #[doc(alias("size", "world_size"))]
    pub fn ranks(&self) -> usize {
        self.0.transport.ranks()
    }

    /// Whether this is rank 0, which writes logs and files.
    pub fn is_main(&self) -> bool {
        self.rank() == 0
    }

    /// What this rank has sent so far.
    pub fn traffic(&self) -> Traffic {
        self.0.state().traffic
    }

    /// The number of threads for the operations of this rank: its part of the cores it may use.
    pub(crate) fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (cores / self.0.transport.ranks_on_these_cores().max(1)).max(1)
    }

    /// Sends `parts[r]` to rank r, and returns the parts that all ranks have sent to this one, its
    /// own included. All ranks take part; `at` names the exchange, and is the same on all of them.
    pub(crate) fn exchange(&self, at: &'static str, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let rank = &*self.0;
        let started = Instant::now();
        let number = rank.next_exchange()?;
        let own = self.rank();
        let mut received = vec![Vec::new(); parts.len()];
        for (to, part) in parts.into_iter().enumerate() {
            match to == own {
                true => received[own] = part,
                false => rank.send(to, part_message(number, at, &part))?,
            }
        }
        for (from, received) in received.iter_mut().enumerate().filter(|(from, _)| *from != own) {
            *received = rank.receive(from, number, at)?;
        }
        rank.state().traffic.waited += started.elapsed();
        Ok(received)
    }

    /// Sends `part` to all ranks, and returns the parts of all of them.
    pub(crate) fn gather(&self, at: &'static str, part: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        self.exchange(at, vec![part; self.ranks()])
    }

    /// What this rank has found out, with a text that has to be the same on all ranks. Where one rank
    /// has an error, all of them get one, and the cluster stays of use.
    ///
    /// # Errors
    /// The rank's own, [`Error::Rank`] with that of another one, or [`Error::Cluster`] with both texts.
    pub(crate) fn agree<R>(&self, at: &'static str, found: Result<(R, String)>) -> Result<R> {
        let mut part = Writer(vec![u8::from(found.is_ok())]);
        match &found {
            Ok((_, text)) => part.bytes(text.as_bytes()),
            Err(error) => part.bytes(error.to_string().as_bytes()),
        }
        let parts = self.gather(at, part.0);
        let (found, own) = found?;
        for (rank, part) in parts?.iter().enumerate() {
            let mut reader = Reader(part);
            let (is_found, text) = (reader.take(1)? == [1], reader.text()?);
            if !is_found {
                return Err(Error::Rank { rank, message: text });
            }
            if text != own {
                let own_rank = self.rank();
                return Err(Error::Cluster(format!(
                    "{at} is not the same on all ranks: {own} on rank {own_rank}, {text} on rank {rank}"
                )));
            }
        }
        Ok(found)
    }

    /// The number of a call that goes on in turns, one after another on all ranks.
    pub(crate) fn next_call(&self) -> u64 {
        let mut state = self.0.state();
        state.calls += 1;
        state.calls
    }

    /// Whether any rank goes on with a call in turns; this one does if `own` is true.
    ///
    /// # Errors
    /// [`Error::Cluster`], if ranks are at other calls.
    pub(crate) fn any_goes_on(&self, call: u64, own: bool) -> Result<bool> {
        let mut part = call.to_le_bytes().to_vec();
        part.push(u8::from(own));
        let of_ranks = self.gather("the rows of a source", part)?;
        let mut any = false;
        for (rank, part) in of_ranks.iter().enumerate() {
            let mut reader = Reader(part);
            let other = reader.number()? as u64;
            if other != call {
                return Err(Error::Cluster(format!(
                    "rank {rank} predicts the rows of source {other}, and rank {} those of source {call}: \
                     one after another, all in the same order",
                    self.rank()
                )));
            }
            any |= reader.take(1)? == [1];
        }
        Ok(any)
    }

    /// Calls `work`, in which all ranks take part. They end together: where it fails or panics on
    /// one rank, it fails on all of them, with the message of that rank.
    pub(crate) fn together<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        if std::mem::replace(&mut self.0.state().busy, true) {
            let text = "a run, prediction, evaluation or save on these ranks has not ended yet: \
                        they do one after another, all in the same order";
            return Err(Error::Cluster(text.to_owned()));
        }
        let ended = self.end_together(work);
        self.0.state().busy = false;
        ended
    }

    /// Tells the other ranks of an error that ends the work of all, before anything else is done.
    pub(crate) fn announce(&self, error: &Error) {
        self.0.fail(match error {
            Error::Rank { rank, message } => Failure { rank: *rank, message: message.clone() },
            error => Failure { rank: self.rank(), message: error.to_string() },
        });
    }

    /// Whether two clusters are the same.
    pub(crate) fn is(&self, other: &Cluster) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn end_together<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        let agreed = || {
            let done = with_threads(self.threads().min(thread_limit()), work)?;
            self.gather("the end", Vec::new())?;
            Ok(done)
        };
        match catch_unwind(AssertUnwindSafe(agreed)) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                self.announce(&error);
                Err(error)
            }
            Err(panic) => {
                let message = format!("it panicked: {}", panic_text(&*panic));
                self.0.fail(Failure { rank: self.rank(), message });
                resume_unwind(panic)
            }
        }
    }
}

/// [`Cluster::together`], if there is a cluster.
pub(crate) fn together<R>(
    cluster: Option<&Cluster>,
    work: impl FnOnce() -> Result<R>,
) -> Result<R> {
    match cluster {
        Some(cluster) => cluster.together(work),
        None => work(),
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank(), self.ranks())
    }
}

impl Rank {
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// The number of the next exchange.
    fn next_exchange(&self) -> Result<u32> {
        let mut state = self.state();
        if let Some(Failure { rank, message }) = state.failure.clone() {
            return Err(Error::Rank { rank, message });
        }
        state.exchanges = state.exchanges.wrapping_add(1);
        Ok(state.exchanges)
    }

    fn send(&self, to: usize, message: Vec<u8>) -> Result<()> {
        let mut state = self.state();
        state.traffic.bytes += message.len() as u64;
        state.traffic.messages += 1;
        drop(state);
        self.transport.send(to, message).map_err(Error::Cluster)
    }

    /// The part of exchange `number` that rank `from` has sent to this one.
    fn receive(&self, from: usize, number: u32, at: &'static str) -> Result<Vec<u8>> {
        let timeout = *locked(&self.timeout);
        let failed = |message: String| Error::Rank { rank: from, message };
        let message = self.transport.receive(from, timeout).map_err(|lost| match lost {
            Lost::Late => failed(format!(
                "it sent nothing within {} s, while rank {} waited at {at}",
                timeout.as_secs_f64(),
                self.transport.rank()
            )),
            Lost::Gone(reason) => failed(format!("{reason}, while others were at {at}")),
        })?;
        let mut reader = Reader(&message);
        match reader.take(1)? {
            [kind::FAILED] => {
                let rank = reader.number()?;
                Err(Error::Rank { rank, message: reader.text()? })
            }
            [kind::LEFT] => Err(failed(format!(
                "it has left the cluster, while others were at {at}: either it has ended with an \
                 error, or its program does not do the same (train, predict, save)"
            ))),
            _ => {
                let (theirs, name) = (reader.number()?, reader.text()?);
                if theirs != number as usize || name != at {
                    return Err(failed(format!(
                        "it is at {name}, and rank {} at {at}: all ranks must do the same in the \
                         same order, also in callbacks",
                        self.transport.rank()
                    )));
                }
                Ok(reader.0.to_vec())
            }
        }
    }

    /// Tells the other ranks of a failure, once.
    fn fail(&self, failure: Failure) {
        let mut state = self.state();
        if state.failure.is_some() {
            return;
        }
        state.failure = Some(failure.clone());
        drop(state);
        let mut message = Writer(vec![kind::FAILED]);
        message.number(failure.rank);
        message.bytes(failure.message.as_bytes());
        self.tell(&message.0);
    }

    /// Sends a message to all other ranks, which may have ended.
    fn tell(&self, message: &[u8]) {
        let others = (0..self.transport.ranks()).filter(|to| *to != self.transport.rank());
        others.for_each(|to| drop(self.transport.send(to, message.to_vec())));
    }
}

impl Drop for Rank {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let message = "it panicked".to_owned();
            self.fail(Failure { rank: self.transport.rank(), message });
        }
        self.tell(&[kind::LEFT]);
        self.transport.leave();
    }
}

fn part_message(number: u32, at: &str, part: &[u8]) -> Vec<u8> {
    let mut message = Writer(Vec::with_capacity(part.len() + at.len() + 17));
    message.0.push(kind::PART);
    message.number(number as usize);
    message.bytes(at.as_bytes());
    message.0.extend_from_slice(part);
    message.0
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The text of a panic.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_reach_their_ranks() {
        for ranks in 1..5u8 {
            let received = Cluster::in_threads(ranks.into(), |cluster| {
                let own = cluster.rank() as u8;
                let parts = (0..ranks).map(|to| vec![own; usize::from(to)]).collect();
                cluster.exchange("a test", parts).unwrap()
            });
            for (rank, received) in received.iter().enumerate() {
                let expected: Vec<Vec<u8>> = (0..ranks).map(|from| vec![from; rank]).collect();
                assert_eq!(*received, expected);
            }
        }
    }

    #[test]
    fn all_ranks_end_with_the_message_of_the_one_that_fails() {
        let ended = Cluster::in_threads(3, |cluster| {
            let work = || match cluster.rank() {
                1 => Err(Error::NoRows("train on")),
                _ => cluster.gather("a test", Vec::new()).map(drop),
            };
            let first = cluster.together(work).unwrap_err().to_string();
            // The cluster is of no use any more, and says why.
            (first, cluster.gather("another", Vec::new()).unwrap_err().to_string())
        });
        let own = "no rows to train on: hand over at least one";
        let others = format!("rank 1 ended the run: {own}");
        let expected = [&others, own, &others].map(|text| (text.to_owned(), others.clone()));
        assert_eq!(ended, expected);
    }

    #[test]
    fn ranks_agree_or_all_have_an_error_and_go_on() {
        let ended = Cluster::in_threads(3, |cluster| {
            let rank = cluster.rank();
            let failing = match rank {
                1 => Err(Error::NoRows("train on")),
                _ => Ok(((), "a".to_owned())),
            };
            let failed = cluster.agree("a test", failing).unwrap_err().to_string();
            let text = if rank == 2 { "b" } else { "a" };
            let differs = cluster.agree("a test", Ok(((), text.to_owned()))).unwrap_err();
            let agreed = cluster.agree("a test", Ok((rank, "a".to_owned()))).unwrap();
            assert_eq!(agreed, rank);
            (failed, differs.to_string())
        });
        let own = "no rows to train on: hand over at least one";
        let others = format!("rank 1 ended the run: {own}");
        for (rank, (failed, differs)) in ended.iter().enumerate() {
            assert_eq!(failed, if rank == 1 { own } else { &others });
            assert!(differs.contains("a test is not the same on all ranks"), "{differs}");
        }
    }

    #[test]
    fn a_failure_at_the_end_is_one_of_all_ranks() {
        let ended = Cluster::in_threads(2, |cluster| {
            cluster.together(|| match cluster.rank() {
                0 => Err(Error::Cluster("the disk is full".to_owned())),
                _ => Ok(()),
            })
        });
        assert_eq!(
            ended[1].as_ref().unwrap_err().to_string(),
            "rank 0 ended the run: the cluster: the disk is full"
        );
    }

    #[test]
    fn a_panic_ends_all_ranks_with_its_text() {
        let others = Mutex::new(Vec::new());
        let all = catch_unwind(AssertUnwindSafe(|| {
            Cluster::in_threads(3, |cluster| {
                let ended = cluster.together(|| match cluster.rank() {
                    2 => panic!("no bread"),
                    _ => cluster.gather("a test", Vec::new()).map(drop),
                });
                others.lock().unwrap().push(ended.unwrap_err().to_string());
            })
        }));
        assert!(all.is_err());
        assert_eq!(
            *others.lock().unwrap(),
            ["rank 2 ended the run: it panicked: no bread"; 2].map(str::to_owned)
        );
    }

    #[test]
    fn ranks_that_do_not_do_the_same_are_told_so() {
        let ended = Cluster::in_threads(2, |cluster| match cluster.rank() {
            0 => cluster.gather("step 3", Vec::new()).unwrap_err().to_string(),
            _ => cluster.gather("a checkpoint", Vec::new()).unwrap_err().to_string(),
        });
        assert!(
            ended[0].contains("rank 1 ended the run: it is at a checkpoint, and rank 0 at step 3")
        );
        let ended = Cluster::in_threads(2, |cluster| match cluster.rank() {
            0 => cluster.gather("step 3", Vec::new()).unwrap_err().to_string(),
            _ => String::new(),
        });
        assert!(
            ended[0].contains("it has left the cluster, while others were at step 3"),
            "{ended:?}"
        );
    }

    #[test]
    fn a_rank_waits_only_so_long() {
        let ended = Cluster::in_threads(2, |cluster| {
            let cluster = cluster.timeout(Duration::from_millis(20));
            if cluster.rank() == 1 {
                std::thread::sleep(Duration::from_millis(200));
                return String::new();
            }
            cluster.gather("step 3", Vec::new()).unwrap_err().to_string()
        });
        assert!(ended[0].contains("it sent nothing within 0.02 s, while rank 0 waited at step 3"));
    }

    #[test]
    fn traffic_is_counted() {
        let sent = Cluster::in_threads(2, |cluster| {
            cluster.gather("x", vec![0; 1000]).unwrap();
            cluster.traffic()
        });
        assert!(sent.iter().all(|sent| sent.messages == 1 && (1000..1050).contains(&sent.bytes)));
    }
}
