//! The seam between training and an engine that connects processes.

use std::{
    sync::{
        mpsc::{channel, Receiver, RecvTimeoutError, Sender},
        Mutex, PoisonError,
    },
    time::Duration,
};

/// Connects the ranks of a cluster. It is all that training needs of an engine:
/// [`Cluster::over`](super::Cluster::over) trains over one of your own.
///
/// `torch.distributed.ProcessGroup`, of which only `send` and `recv` are left: sums have their own
/// fixed order, which an engine's would not have.
pub trait Transport: Send + Sync {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn ranks(&self) -> usize;

    /// Sends a message to another rank, without waiting for the receiver. Messages from one rank to
    /// another arrive in the order in which they were sent.
    ///
    /// # Errors
    /// The reason, if the engine has failed. A rank that has ended is no error; it shows when a
    /// message of that rank is awaited.
    fn send(&self, to: usize, message: Vec<u8>) -> Result<(), String>;

    /// The next message of another rank, for which it waits up to `within`.
    ///
    /// # Errors
    /// [`Lost`], if there is none.
    fn receive(&self, from: usize, within: Duration) -> Result<Vec<u8>, Lost>;

    /// The number of ranks that run on the same cores as this one, itself included.
    fn ranks_on_these_cores(&self) -> usize {
        1
    }

    /// Called once, at the end, after the last message was sent.
    fn leave(&self) {}
}

/// Why there is no message of a rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It sent none in time.
    Late,
    /// It cannot send any more: it has ended, or the engine has failed.
    Gone(String),
}

/// The messages that have arrived, by the rank that sent them.
pub(super) struct Mailbox(Vec<Mutex<Receiver<Vec<u8>>>>);

impl Mailbox {
    /// An empty mailbox for messages of `ranks` ranks, and where to put them.
    pub(super) fn new(ranks: usize) -> (Mailbox, Vec<Sender<Vec<u8>>>) {
        let (to, from): (Vec<_>, Vec<_>) = (0..ranks).map(|_| channel()).unzip();
        (Mailbox(from.into_iter().map(Mutex::new).collect()), to)
    }

    pub(super) fn receive(&self, from: usize, within: Duration) -> Result<Vec<u8>, Lost> {
        let messages = self.0[from].lock().unwrap_or_else(PoisonError::into_inner);
        messages.recv_timeout(within).map_err(|error| match error {
            RecvTimeoutError::Timeout => Lost::Late,
            RecvTimeoutError::Disconnected => Lost::Gone("it has ended".to_owned()),
        })
    }

    /// The next message of a rank, if there is one already.
    #[cfg(feature = "mpi")]
    pub(super) fn take(&self, from: usize) -> Option<Vec<u8>> {
        self.0[from].lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok()
    }
}
