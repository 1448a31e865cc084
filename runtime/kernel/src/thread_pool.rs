//! A thread pool for tasks of microseconds.
//!
//! A training step has a dozen operations that are worth several cores, each of which takes less
//! time than waking a thread. Therefore a caller never waits for a worker that has not begun: a
//! worker that comes late finds the task closed. After a task a worker spins for a moment, because
//! the next operation usually follows at once.
#![allow(unsafe_code)]

use std::{
    any::Any,
    collections::VecDeque,
    panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
    },
    thread,
    time::{Duration, Instant},
};

/// How long an idle worker spins before it sleeps.
const SPIN_TIME: Duration = Duration::from_micros(200);

/// The environment variable with the number of threads, including the caller's.
const THREADS: &str = "MULTI_INPUT_THREADS";

/// Number of threads, including the caller's.
pub(super) fn threads() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let configured = std::env::var(THREADS).ok().and_then(|count| count.parse().ok());
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        configured.filter(|count| *count > 0).unwrap_or_else(cores)
    })
}

/// Runs `work` on this thread and concurrently on up to `workers` others, until all of them return.
///
/// # Panics
/// Where `work` panics on any thread.
pub(super) fn run(workers: usize, work: &(dyn Fn() + Sync)) {
    let work: *const (dyn Fn() + Sync) = work;
    // SAFETY: only the lifetime changes. The pointer is dereferenced only by threads that have
    // entered the task, and `CloseGuard` waits for all of them before this function returns or
    // unwinds.
    let work: *const (dyn Fn() + Sync + 'static) = unsafe { std::mem::transmute(work) };
    let task = Arc::new(Task { work, state: AtomicUsize::new(0), panicked: Mutex::new(None) });
    let guard = CloseGuard { task: &task, pool: Pool::get() };
    guard.pool.push(&task, workers);
    // SAFETY: `work` is borrowed while this function runs.
    unsafe { (*work)() };
    drop(guard);
    let panicked = lock(&task.panicked).take();
    if let Some(panicked) = panicked {
        resume_unwind(panicked);
    }
}

/// Work that is offered to the workers.
struct Task {
    work: *const (dyn Fn() + Sync),
    /// Number of workers that are running it, and the flag [`CLOSED`].
    state: AtomicUsize,
    /// The payload of a worker's panic.
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Set when no further worker may begin.
const CLOSED: usize = 1 << (usize::BITS - 1);

// SAFETY: `work` points to a `Sync` closure that is alive while a thread is inside; the rest is
// `Send`.
unsafe impl Send for Task {}
// SAFETY: as above.
unsafe impl Sync for Task {}

impl Task {
    /// Runs the work unless the task is closed.
    fn run_on_worker(&self) {
        let begin = |state: usize| (state & CLOSED == 0).then_some(state + 1);
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, begin).is_err() {
            return;
        }
        // SAFETY: the task was open when this thread entered, and `CloseGuard` waits for entered
        // threads.
        let result = catch_unwind(AssertUnwindSafe(|| unsafe { (*self.work)() }));
        if let Err(panicked) = result {
            lock(&self.panicked).get_or_insert(panicked);
        }
        // Release: the caller, which reads the state, sees all writes of this thread.
        self.state.fetch_sub(1, Ordering::Release);
    }
}

/// Closes a task and waits for the workers that are running it.
struct CloseGuard<'a> {
    task: &'a Arc<Task>,
    pool: &'static Pool,
}

impl Drop for CloseGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.task.state.fetch_or(CLOSED, Ordering::AcqRel) | CLOSED;
        let mut spins = 0;
        while state != CLOSED {
            backoff(&mut spins);
            state = self.task.state.load(Ordering::Acquire);
        }
        self.pool.remove(self.task);
    }
}

/// The queue of tasks, shared by all workers.
struct Pool {
    queue: Mutex<Queue>,
    /// Number of pushes, observed by spinning workers.
    pushed: AtomicUsize,
    /// Wakes sleeping workers.
    condvar: Condvar,
}

#[derive(Default)]
struct Queue {
    open: VecDeque<Arc<Task>>,
    /// Number of sleeping workers.
    sleeping: usize,
}

impl Pool {
    /// The pool. The first call starts its workers.
    fn get() -> &'static Pool {
        static POOL: OnceLock<Pool> = OnceLock::new();
        static STARTED: OnceLock<()> = OnceLock::new();
        let pool = POOL.get_or_init(|| Pool {
            queue: Mutex::default(),
            pushed: AtomicUsize::new(0),
            condvar: Condvar::new(),
        });
        STARTED.get_or_init(|| {
            for worker in 1..threads() {
                let name = format!("multi-input-{worker}");
                // If a worker cannot be started, the caller does its part.
                let _ = thread::Builder::new().name(name).spawn(|| pool.worker_loop());
            }
        });
        pool
    }

    fn push(&self, task: &Arc<Task>, workers: usize) {
        let mut queue = lock(&self.queue);
        queue.open.extend(std::iter::repeat_n(task, workers).cloned());
        self.pushed.fetch_add(1, Ordering::Release);
        let sleeping = queue.sleeping;
        drop(queue);
        (0..workers.min(sleeping)).for_each(|_| self.condvar.notify_one());
    }

    /// Removes the queued entries of a task that no worker has taken.
    fn remove(&self, task: &Arc<Task>) {
        lock(&self.queue).open.retain(|other| !Arc::ptr_eq(other, task));
    }

    fn worker_loop(&self) {
        loop {
            let last_push = self.pushed.load(Ordering::Acquire);
            let mut queue = lock(&self.queue);
            let Some(task) = queue.open.pop_front() else {
                drop(queue);
                if !self.spin(last_push) {
                    self.sleep();
                }
                continue;
            };
            drop(queue);
            task.run_on_worker();
        }
    }

    /// Spins until a task is pushed; `false` after [`SPIN_TIME`].
    fn spin(&self, last_push: usize) -> bool {
        let (start, mut spins) = (Instant::now(), 0);
        while self.pushed.load(Ordering::Acquire) == last_push {
            if start.elapsed() > SPIN_TIME {
                return false;
            }
            backoff(&mut spins);
        }
        true
    }

    /// Sleeps until the queue has a task.
    fn sleep(&self) {
        let mut queue = lock(&self.queue);
        queue.sleeping += 1;
        let woken = self.condvar.wait_while(queue, |queue| queue.open.is_empty());
        woken.unwrap_or_else(PoisonError::into_inner).sleeping -= 1;
    }
}

/// Spins at first, then yields the core to other threads.
fn backoff(spins: &mut u32) {
    *spins += 1;
    match *spins < 100 {
        true => std::hint::spin_loop(),
        false => thread::yield_now(),
    }
}

/// A poisoned lock is consistent: no code that holds one can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_never_waits_for_those_who_have_not_begun() {
        for workers in 0..5 {
            let count = AtomicUsize::new(0);
            run(workers, &|| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert!((1..=workers + 1).contains(&count.into_inner()));
        }
        assert!(lock(&Pool::get().queue).open.len() < 100, "what is over is taken down");
    }

    #[test]
    fn callers_on_many_threads_get_their_own_results() {
        thread::scope(|scope| {
            for caller in 0..4usize {
                scope.spawn(move || {
                    for round in 0..500 {
                        let next = AtomicUsize::new(0);
                        let sum = AtomicUsize::new(0);
                        run(2, &|| {
                            while next.fetch_add(1, Ordering::Relaxed) < 20 {
                                sum.fetch_add(caller + round, Ordering::Relaxed);
                            }
                        });
                        assert_eq!(sum.into_inner(), 20 * (caller + round));
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        for _ in 0..100 {
            let panicked = catch_unwind(|| run(3, &|| panic!("on purpose")));
            assert!(panicked.is_err());
        }
        let me = thread::current().id();
        let (mine, theirs) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let others_panic = catch_unwind(AssertUnwindSafe(|| {
            run(3, &|| {
                if thread::current().id() != me {
                    theirs.fetch_add(1, Ordering::SeqCst);
                    panic!("on purpose");
                }
                mine.fetch_add(1, Ordering::SeqCst);
                // Long enough for a worker to begin, if there is one.
                thread::sleep(Duration::from_millis(50));
            });
        }));
        assert_eq!(mine.into_inner(), 1);
        assert_eq!(others_panic.is_err(), theirs.into_inner() > 0);
        run(3, &|| ());
    }
}
