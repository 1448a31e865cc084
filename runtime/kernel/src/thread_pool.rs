//! Threads that help with what another thread has begun.
//!
//! A step of training has a dozen operations that are worth several cores, each over in less time
//! than a sleeping thread takes to wake. So nobody waits for a helper that has not begun: whoever
//! comes late finds the work closed. And a helper stays awake for a moment, since the next operation
//! is seldom far.
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

/// How long a helper looks out for more before it sleeps.
const SPIN_TIME: Duration = Duration::from_micros(200);

/// The variable that says how many threads there are, the caller's included.
const THREADS: &str = "MULTI_INPUT_THREADS";

/// How many threads there are, the caller's included.
pub(super) fn threads() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let wanted = std::env::var(THREADS).ok().and_then(|count| count.parse().ok());
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        wanted.filter(|count| *count > 0).unwrap_or_else(cores)
    })
}

/// Runs `work` on this thread, and meanwhile on up to `others` more, until all of them return.
///
/// # Panics
/// Where `work` does, on whichever thread.
pub(super) fn run(workers: usize, work: &(dyn Fn() + Sync)) {
    let work: *const (dyn Fn() + Sync) = work;
    // SAFETY: the lifetime alone changes. The pointer is followed by those who have entered the
    // call, and `Closing` waits for all of them before this function is left, by a panic too.
    let work: *const (dyn Fn() + Sync + 'static) = unsafe { std::mem::transmute(work) };
    let task = Arc::new(Task { work, state: AtomicUsize::new(0), panicked: Mutex::new(None) });
    let guard = CloseGuard { task: &task, pool: Pool::get() };
    guard.pool.push(&task, workers);
    // SAFETY: `work` is borrowed for as long as this function runs.
    unsafe { (*work)() };
    drop(guard);
    let panicked = lock(&task.panicked).take();
    if let Some(panicked) = panicked {
        resume_unwind(panicked);
    }
}

/// What helpers are asked for.
struct Task {
    work: *const (dyn Fn() + Sync),
    /// How many helpers are at it, and whether no more may begin.
    state: AtomicUsize,
    /// What a helper's panic said.
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

/// No helper may begin any more.
const CLOSED: usize = 1 << (usize::BITS - 1);

// SAFETY: what `work` points to is `Sync`, and alive while anybody is inside; the rest is `Send`.
unsafe impl Send for Task {}
// SAFETY: as above.
unsafe impl Sync for Task {}

impl Task {
    /// A helper's share of the work, unless the call is closed.
    fn run_on_worker(&self) {
        let begin = |state: usize| (state & CLOSED == 0).then_some(state + 1);
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, begin).is_err() {
            return;
        }
        // SAFETY: the call was open a moment ago and waits for whoever entered.
        let result = catch_unwind(AssertUnwindSafe(|| unsafe { (*self.work)() }));
        if let Err(panicked) = result {
            lock(&self.panicked).get_or_insert(panicked);
        }
        // What was written becomes visible to the caller, who reads the state.
        self.state.fetch_sub(1, Ordering::Release);
    }
}

/// Closes a call and waits for those who are at it.
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

/// Where calls hang until a helper takes them.
struct Pool {
    queue: Mutex<Queue>,
    /// How often something was hung up, for those who are awake to see.
    pushed: AtomicUsize,
    /// Wakes those who are not.
    condvar: Condvar,
}

#[derive(Default)]
struct Queue {
    open: VecDeque<Arc<Task>>,
    /// How many helpers are asleep.
    sleeping: usize,
}

impl Pool {
    /// The board, with its helpers on the way.
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
                // Without a helper the caller does all the work.
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

    /// Takes down what nobody came for.
    fn remove(&self, task: &Arc<Task>) {
        lock(&self.queue).open.retain(|other| !Arc::ptr_eq(other, task));
    }

    fn worker_loop(&self) {
        loop {
            let seen = self.pushed.load(Ordering::Acquire);
            let mut queue = lock(&self.queue);
            let Some(task) = queue.open.pop_front() else {
                drop(queue);
                if !self.spin(seen) {
                    self.sleep();
                }
                continue;
            };
            drop(queue);
            task.run_on_worker();
        }
    }

    /// Whether something was hung up before the time was over.
    fn spin(&self, seen: usize) -> bool {
        let (start, mut spins) = (Instant::now(), 0);
        while self.pushed.load(Ordering::Acquire) == seen {
            if start.elapsed() > SPIN_TIME {
                return false;
            }
            backoff(&mut spins);
        }
        true
    }

    /// Until something hangs there.
    fn sleep(&self) {
        let mut queue = lock(&self.queue);
        queue.sleeping += 1;
        let woken = self.condvar.wait_while(queue, |queue| queue.open.is_empty());
        woken.unwrap_or_else(PoisonError::into_inner).sleeping -= 1;
    }
}

/// Between two looks: for a short while nothing, then whatever else wants this core.
fn backoff(spins: &mut u32) {
    *spins += 1;
    match *spins < 100 {
        true => std::hint::spin_loop(),
        false => thread::yield_now(),
    }
}

/// No lock here is held while anything panics that could leave it half done.
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
                // Long enough for a helper to come, where there is one.
                thread::sleep(Duration::from_millis(50));
            });
        }));
        assert_eq!(mine.into_inner(), 1);
        assert_eq!(others_panic.is_err(), theirs.into_inner() > 0);
        run(3, &|| ());
    }
}
