//! Work spread over the cores, with the same bits whatever their number.
//!
//! An operation cuts its work into shards by its shapes alone, never by the number of threads;
//! what shards compute together is added up in the order of the shards. So it does not matter
//! which thread takes which shard, or how many there are.

use std::{cell::Cell, sync::Mutex};

use super::thread_pool;

/// The least work, in multiplications, for which another thread is woken: what one core does
/// in about ten microseconds.
const MIN_WORK: usize = 1 << 19;

thread_local! {
    /// How many threads may work. A module of dfdx's takes a tensor and nothing else, so there is no room to
    /// pass it to an operation.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Runs `work` with at most `threads` threads, this one included; the results have the same bits
/// for any number.
///
/// Without it there is one for each core, or as many as the environment variable
/// `MULTI_INPUT_THREADS` says. They are shared by all runs of a process.
///
/// `tf.config.threading.set_intra_op_parallelism_threads`; `torch.set_num_threads`.
///
/// ```
/// use multi_input_kernel::with_threads;
///
/// let sum = with_threads(1, || 1 + 1);
/// assert_eq!(sum, 2);
/// ```
pub fn with_threads<R>(threads: usize, work: impl FnOnce() -> R) -> R {
    /// Puts the old limit back, after a panic too.
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(LIMIT.replace(threads.max(1)));
    work()
}

/// Runs `run` on every shard, on several threads where `work`, the number of multiplications in
/// all of them, is worth it.
pub fn for_each<S>(work: usize, shards: S, run: impl Fn(S::Item) + Sync)
where
    S: Iterator + Send,
{
    let limit = LIMIT.get();
    if work < MIN_WORK || limit == 1 {
        return shards.for_each(run);
    }
    let most = shards.size_hint().1.unwrap_or(usize::MAX);
    let threads = thread_pool::threads().min(limit).min(most);
    if threads < 2 {
        return shards.for_each(run);
    }
    let shards = Mutex::new(shards);
    let next = || shards.lock().map_or(None, |mut shards| shards.next());
    let work_loop = || {
        // A shard does not spread its own work: all cores are busy with shards.
        with_threads(1, || {
            while let Some(shard) = next() {
                run(shard);
            }
        });
    };
    let portable = super::element::simd_dispatch::is_portable();
    thread_pool::run(threads - 1, &|| {
        super::element::simd_dispatch::set_portable(portable, work_loop)
    });
}

/// Cuts the first `len` numbers off, for a shard.
pub fn cut<'a, E>(numbers: &mut &'a mut [E], len: usize) -> &'a mut [E] {
    let (first, rest) = std::mem::take(numbers).split_at_mut(len);
    *numbers = rest;
    first
}

/// How many samples make a shard where every shard adds up a `sum` of its own, as numbers: as few
/// as leave at most sixteen shards, and more where the sums are large.
pub fn samples_in_shard(samples: usize, sum: usize) -> usize {
    let shards = ((1 << 22) / sum.max(1)).clamp(2, 16);
    samples.div_ceil(shards).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_shard_runs_once() {
        for (threads, work) in [(1, usize::MAX), (2, usize::MAX), (7, usize::MAX), (7, 1)] {
            let mut numbers = vec![0; 100];
            let count = AtomicUsize::new(0);
            with_threads(threads, || {
                for_each(work, numbers.chunks_mut(3).enumerate(), |(shard, chunk)| {
                    chunk.fill(shard);
                    count.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert_eq!(count.into_inner(), 34);
            assert!(numbers.iter().enumerate().all(|(i, shard)| *shard == i / 3));
        }
    }

    #[test]
    fn the_limit_ends_with_its_scope() {
        assert_eq!(with_threads(3, || with_threads(0, || LIMIT.get())), 1);
        let panicked = std::panic::catch_unwind(|| with_threads(3, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(LIMIT.get(), usize::MAX);
    }

    #[test]
    fn shards_are_at_most_sixteen_and_fewer_for_large_sums() {
        assert_eq!(samples_in_shard(32, 1000), 2);
        assert_eq!(samples_in_shard(1, 1000), 1);
        assert_eq!(samples_in_shard(0, 0), 1);
        assert_eq!(samples_in_shard(33, 1 << 21), 17);
    }
}
