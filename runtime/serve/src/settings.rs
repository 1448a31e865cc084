//! The limits of a server, and how it batches.

use std::{num::NonZeroUsize, time::Duration};

/// The limits of a server, and how it batches.
///
/// ```
/// use std::time::Duration;
/// use multi_input_serve::Settings;
///
/// let settings = Settings::default().body_limit(64 << 10).timeout(Duration::from_secs(2));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Settings {
    pub(crate) body_limit: usize,
    pub(crate) row_limit: usize,
    pub(crate) timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) concurrency: usize,
    pub(crate) batch_rows: usize,
    pub(crate) batch_wait: Duration,
    pub(crate) workers: usize,
}

impl Default for Settings {
    /// 2 MiB and 10,000 rows for a request, 10 seconds for its body and 10 for its prediction, 1024
    /// requests at once; batches of 256 rows, for which a request waits at most 0.2 ms; a thread for
    /// each core, at most 8.
    fn default() -> Settings {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Settings {
            body_limit: 2 << 20,
            row_limit: 10_000,
            timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            concurrency: 1024,
            batch_rows: 256,
            batch_wait: Duration::from_micros(200),
            workers: cores.min(8),
        }
    }
}

impl Settings {
    /// The longest wait for a batch.
    pub const LONGEST_WAIT: Duration = Duration::from_millis(1);

    /// The most bytes of a request's body, and of a line of a stream. A larger one is answered with
    /// 413.
    pub fn body_limit(self, bytes: usize) -> Settings {
        Settings { body_limit: bytes, ..self }
    }

    /// The most rows of a request that is no stream. More are answered with 413.
    pub fn row_limit(self, rows: usize) -> Settings {
        Settings { row_limit: rows, ..self }
    }

    /// The most time from the end of a request's body to its answer. A later one is 503.
    pub fn timeout(self, time: Duration) -> Settings {
        Settings { timeout: time, ..self }
    }

    /// The most time that a request's body may take to arrive, and the next line of a stream. A later
    /// one is answered with 408.
    pub fn body_timeout(self, time: Duration) -> Settings {
        Settings { body_timeout: time, ..self }
    }

    /// The most requests that are predicted or wait for it at once. Further ones are answered with 503
    /// at once; those whose bodies are still arriving do not count.
    pub fn concurrency(self, requests: usize) -> Settings {
        Settings { concurrency: requests, ..self }
    }

    /// Rows of requests that wait are predicted together, up to `rows` of them. A request waits for
    /// others at most for `wait`, and only if others are arriving or came together the last time; a
    /// longer wait than [`LONGEST_WAIT`](Settings::LONGEST_WAIT), 1 ms, is that.
    pub fn batching(self, rows: usize, wait: Duration) -> Settings {
        let batch_wait = wait.min(Settings::LONGEST_WAIT);
        Settings { batch_rows: rows.max(1), batch_wait, ..self }
    }

    /// The number of threads that predict, at least 1.
    pub fn workers(self, threads: usize) -> Settings {
        Settings { workers: threads.max(1), ..self }
    }
}
