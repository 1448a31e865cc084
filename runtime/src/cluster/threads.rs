//! Ranks that are threads of one process.

use std::{
    sync::{mpsc::Sender, Mutex, PoisonError},
    time::Duration,
};

use super::{
    transport::{Lost, Mailbox, Transport},
    Cluster,
};

/// One rank of [`Cluster::in_threads`].
struct Threads {
    rank: usize,
    to: Vec<Mutex<Sender<Vec<u8>>>>,
    mailbox: Mailbox,
}

impl Transport for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.to.len()
    }

    fn send(&self, to: usize, message: Vec<u8>) -> Result<(), String> {
        // A rank that has ended receives nothing.
        let _ = self.to[to].lock().unwrap_or_else(PoisonError::into_inner).send(message);
        Ok(())
    }

    fn receive(&self, from: usize, within: Duration) -> Result<Vec<u8>, Lost> {
        self.mailbox.receive(from, within)
    }

    fn ranks_on_these_cores(&self) -> usize {
        self.to.len()
    }
}

impl Cluster {
    /// Calls `work` on `ranks` threads, each of which is a rank of one cluster, and returns their
    /// results by rank. It computes what the same program computes on as many processes, so that a
    /// test needs no MPI; it makes nothing faster, because a run uses all cores by itself.
    ///
    /// # Panics
    /// If `work` panics on a rank, after all ranks have ended.
    ///
    /// ```
    /// use multi_input::cluster::Cluster;
    ///
    /// let ranks = Cluster::in_threads(3, |cluster| (cluster.rank(), cluster.ranks()));
    /// assert_eq!(ranks, [(0, 3), (1, 3), (2, 3)]);
    /// ```
    pub fn in_threads<R: Send>(ranks: usize, work: impl Fn(Cluster) -> R + Sync) -> Vec<R> {
        let (mailboxes, senders): (Vec<_>, Vec<Vec<Sender<Vec<u8>>>>) =
            (0..ranks).map(|_| Mailbox::new(ranks)).unzip();
        std::thread::scope(|scope| {
            let of_rank = |(rank, mailbox): (usize, Mailbox)| {
                let to = senders.iter().map(|to| Mutex::new(to[rank].clone()));
                let (to, work) = (to.collect(), &work);
                scope.spawn(move || work(Cluster::over(Threads { rank, to, mailbox })))
            };
            let running: Vec<_> = mailboxes.into_iter().enumerate().map(of_rank).collect();
            let ended: Vec<_> = running.into_iter().map(|thread| thread.join()).collect();
            let resume = |panic| std::panic::resume_unwind(panic);
            ended.into_iter().map(|ended| ended.unwrap_or_else(resume)).collect()
        })
    }
}
