//! Requests that wait for a prediction.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// A queue between the tasks that receive requests and the threads that predict.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

struct State<T> {
    jobs: VecDeque<T>,
    is_closed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        let state = State { jobs: VecDeque::new(), is_closed: false };
        Queue { state: Mutex::new(state), ready: Condvar::new() }
    }
}

impl<T> Queue<T> {
    /// Appends a job.
    pub(crate) fn push(&self, job: T) {
        self.lock().jobs.push_back(job);
        self.ready.notify_one();
    }

    /// Lets the threads end once the jobs that wait are done.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.ready.notify_all();
    }

    /// The next job, as soon as there is one; `None` once the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            match state.jobs.pop_front() {
                Some(job) => return Some(job),
                None if state.is_closed => return None,
                None => state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The next job, if there is one before the deadline.
    pub(crate) fn next_before(&self, deadline: Instant) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.is_closed {
                return None;
            }
            let waited = self.ready.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The next job, if there is one.
    pub(crate) fn next_now(&self) -> Option<T> {
        self.lock().jobs.pop_front()
    }

    /// A thread that panics does so outside of the lock.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn jobs_that_wait_are_done_after_closing() {
        let queue = Queue::default();
        (0..3).for_each(|job| queue.push(job));
        queue.close();
        assert_eq!((queue.next(), queue.next_now(), queue.next()), (Some(0), Some(1), Some(2)));
        assert_eq!((queue.next(), queue.next_now()), (None, None));
    }

    #[test]
    fn a_wait_ends_with_a_job_or_at_the_deadline() {
        let queue = Queue::default();
        let deadline = Instant::now() + Duration::from_millis(5);
        assert_eq!(queue.next_before(deadline), None);
        assert!(Instant::now() >= deadline);
        std::thread::scope(|scope| {
            scope.spawn(|| queue.push(7));
            assert_eq!(queue.next_before(Instant::now() + Duration::from_secs(60)), Some(7));
        });
    }
}
