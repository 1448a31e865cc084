//! Rows that are read ahead.

use std::sync::mpsc::{sync_channel, SyncSender};

use super::Source;
use crate::Result;

/// How many rows are handed over together at most: handing over each by itself would cost more than
/// reading it.
const MOST_TOGETHER: usize = 128;

/// How often rows wait to be taken.
const WAITING: usize = 2;

/// Lets `take` have the rows of a pass while a thread of its own reads those that come next, about
/// `together` of them. The reading ends when `take` does.
pub(crate) fn read_ahead<S: Source<Row: Send>, T>(
    source: &S,
    together: usize,
    take: impl FnOnce(&mut dyn Iterator<Item = Result<S::Row>>) -> T,
) -> T {
    let together = together.clamp(1, MOST_TOGETHER);
    std::thread::scope(|threads| {
        let (to, from) = sync_channel(WAITING);
        threads.spawn(move || read(source, together, &to));
        take(&mut from.into_iter().flatten())
    })
}

/// Reads until the rows end or nobody takes them any more.
fn read<S: Source>(source: &S, together: usize, to: &SyncSender<Vec<Result<S::Row>>>) {
    let mut rows = match source.rows() {
        Ok(rows) => rows,
        Err(error) => return to.send(vec![Err(error)]).unwrap_or_default(),
    };
    loop {
        let some: Vec<_> = rows.by_ref().take(together).collect();
        if some.is_empty() || to.send(some).is_err() {
            return;
        }
    }
}
