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
const AWAKE: Duration = Duration::from_micros(200);

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
pub(super) fn run(others: usize, work: &(dyn Fn() + Sync)) {
    let work: *const (dyn Fn() + Sync) = work;
    // SAFETY: the lifetime alone changes. The pointer is followed by those who have entered the
    // call, and `Closing` waits for all of them before this function is left, by a panic too.
    let work: *const (dyn Fn() + Sync + 'static) = unsafe { std::mem::transmute(work) };
    let call = Arc::new(Call { work, state: AtomicUsize::new(0), panicked: Mutex::new(None) });
    let closing = Closing { call: &call, board: Board::get() };
    closing.board.ask(&call, others);
    // SAFETY: `work` is borrowed for as long as this function runs.
    unsafe { (*work)() };
    drop(closing);
    let panicked = lock(&call.panicked).take();
    if let Some(panicked) = panicked {
        resume_unwind(panicked);
    }
}

/// What helpers are asked for.
struct Call {
    work: *const (dyn Fn() + Sync),
    /// How many helpers are at it, and whether no more may begin.
    state: AtomicUsize,
    /// What a helper's panic said.
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

/// No helper may begin any more.
const CLOSED: usize = 1 << (usize::BITS - 1);

// SAFETY: what `work` points to is `Sync`, and alive while anybody is inside; the rest is `Send`.
unsafe impl Send for Call {}
// SAFETY: as above.
unsafe impl Sync for Call {}

impl Call {
    /// A helper's share of the work, unless the call is closed.
    fn help(&self) {
        let enter = |state: usize| (state & CLOSED == 0).then_some(state + 1);
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).is_err() {
            return;
        }
        // SAFETY: the call was open a moment ago and waits for whoever entered.
        let shared = catch_unwind(AssertUnwindSafe(|| unsafe { (*self.work)() }));
        if let Err(panicked) = shared {
            lock(&self.panicked).get_or_insert(panicked);
        }
        // What was written becomes visible to the caller, who reads the state.
        self.state.fetch_sub(1, Ordering::Release);
    }
}

/// Closes a call and waits for those who are at it.
struct Closing<'a> {
    call: &'a Arc<Call>,
    board: &'static Board,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let mut state = self.call.state.fetch_or(CLOSED, Ordering::AcqRel) | CLOSED;
        let mut looks = 0;
        while state != CLOSED {
            pause(&mut looks);
            state = self.call.state.load(Ordering::Acquire);
        }
        self.board.withdraw(self.call);
    }
}

/// Where calls hang until a helper takes them.
struct Board {
    calls: Mutex<Calls>,
    /// How often something was hung up, for those who are awake to see.
    asked: AtomicUsize,
    /// Wakes those who are not.
    bell: Condvar,
}

#[derive(Default)]
struct Calls {
    open: VecDeque<Arc<Call>>,
    /// How many helpers are asleep.
    asleep: usize,
}

impl Board {
    /// The board, with its helpers on the way.
    fn get() -> &'static Board {
        static BOARD: OnceLock<Board> = OnceLock::new();
        static STARTED: OnceLock<()> = OnceLock::new();
        let board = BOARD.get_or_init(|| Board {
            calls: Mutex::default(),
            asked: AtomicUsize::new(0),
            bell: Condvar::new(),
        });
        STARTED.get_or_init(|| {
            for helper in 1..threads() {
                let name = format!("multi-input-{helper}");
                // Without a helper the caller does all the work.
                let _ = thread::Builder::new().name(name).spawn(|| board.help_forever());
            }
        });
        board
    }

    fn ask(&self, call: &Arc<Call>, helpers: usize) {
        let mut calls = lock(&self.calls);
        calls.open.extend(std::iter::repeat_n(call, helpers).cloned());
        self.asked.fetch_add(1, Ordering::Release);
        let asleep = calls.asleep;
        drop(calls);
        (0..helpers.min(asleep)).for_each(|_| self.bell.notify_one());
    }

    /// Takes down what nobody came for.
    fn withdraw(&self, call: &Arc<Call>) {
        lock(&self.calls).open.retain(|other| !Arc::ptr_eq(other, call));
    }

    fn help_forever(&self) {
        loop {
            let seen = self.asked.load(Ordering::Acquire);
            let mut calls = lock(&self.calls);
            let Some(call) = calls.open.pop_front() else {
                drop(calls);
                if !self.look_out(seen) {
                    self.sleep();
                }
                continue;
            };
            drop(calls);
            call.help();
        }
    }

    /// Whether something was hung up before the time was over.
    fn look_out(&self, seen: usize) -> bool {
        let (start, mut looks) = (Instant::now(), 0);
        while self.asked.load(Ordering::Acquire) == seen {
            if start.elapsed() > AWAKE {
                return false;
            }
            pause(&mut looks);
        }
        true
    }

    /// Until something hangs there.
    fn sleep(&self) {
        let mut calls = lock(&self.calls);
        calls.asleep += 1;
        let woken = self.bell.wait_while(calls, |calls| calls.open.is_empty());
        woken.unwrap_or_else(PoisonError::into_inner).asleep -= 1;
    }
}

/// Between two looks: for a short while nothing, then whatever else wants this core.
fn pause(looks: &mut u32) {
    *looks += 1;
    match *looks < 100 {
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
        for helpers in 0..5 {
            let count = AtomicUsize::new(0);
            run(helpers, &|| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert!((1..=helpers + 1).contains(&count.into_inner()));
        }
        assert!(lock(&Board::get().calls).open.len() < 100, "what is over is taken down");
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
