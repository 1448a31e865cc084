//! Parallel loops whose results have the same bits for any number of threads.
//!
//! An operation splits its work into shards that depend only on shapes, never on the number of
//! threads. Sums over shards are added up in the order of the shards. So neither the number of
//! threads nor the assignment of shards to threads matters.

use std::{cell::Cell, sync::Mutex};

use super::thread_pool;

/// Minimum of work, in multiplications, for a second thread: about ten microseconds of one core.
const MIN_WORK: usize = 1 << 19;

thread_local! {
    /// Maximum of threads. It is thread-local because dfdx's modules take only a tensor, so it
    /// cannot be passed to an operation.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Runs `work` with at most `threads` threads, including the calling one. The results have the same
/// bits for any number.
///
/// By default there is one thread per core, or the number in the environment variable
/// `MULTI_INPUT_THREADS`. The threads are shared by all runs of a process.
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
    /// Restores the previous limit, also after a panic.
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(LIMIT.replace(threads.max(1)));
    work()
}

/// The limit that [`with_threads`] has set on this thread.
pub fn thread_limit() -> usize {
    LIMIT.get()
}

/// Calls `run` for every shard. Several threads are used where `work`, the number of
/// multiplications of all shards, is large enough.
pub fn for_each<S>(work: usize, shards: S, run: impl Fn(S::Item) + Sync)
where
    S: Iterator + Send,
{
    let limit = LIMIT.get();
    if work < MIN_WORK || limit == 1 {
        return shards.for_each(run);
    }
    let max_shards = shards.size_hint().1.unwrap_or(usize::MAX);
    let threads = thread_pool::threads().min(limit).min(max_shards);
    if threads < 2 {
        return shards.for_each(run);
    }
    let shards = Mutex::new(shards);
    let next = || shards.lock().map_or(None, |mut shards| shards.next());
    let work_loop = || {
        // A shard runs on one thread: all cores are busy with shards.
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

/// Splits off the first `len` elements.
pub fn cut<'a, E>(numbers: &mut &'a mut [E], len: usize) -> &'a mut [E] {
    let (first, rest) = std::mem::take(numbers).split_at_mut(len);
    *numbers = rest;
    first
}

/// Number of samples per shard where every shard has a partial sum of `sum` elements: at most
/// sixteen shards, and fewer for large sums.
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
