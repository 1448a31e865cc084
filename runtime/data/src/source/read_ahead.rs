//! Reading ahead in a separate thread.

use std::sync::mpsc::{sync_channel, SyncSender};

use multi_input_base::Result;

/// Capacity of the queue.
const QUEUE_CAPACITY: usize = 2;

/// Runs the iterator of `start` in a separate thread, up to a bounded number of items ahead of
/// `take`, which consumes them. The thread ends when `take` returns.
pub fn read_ahead<T: Send, I: Iterator<Item = Result<T>>, U>(
    start: impl FnOnce() -> Result<I> + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = Result<T>>) -> U,
) -> U {
    std::thread::scope(|threads| {
        let (to, from) = sync_channel(QUEUE_CAPACITY);
        threads.spawn(move || send_all(start, &to));
        take(&mut from.into_iter())
    })
}

/// Sends all items until the receiver is dropped.
fn send_all<T, I: Iterator<Item = Result<T>>>(
    start: impl FnOnce() -> Result<I>,
    to: &SyncSender<Result<T>>,
) {
    match start() {
        Ok(all) => {
            for item in all {
                if to.send(item).is_err() {
                    return;
                }
            }
        }
        // The receiver may have been dropped.
        Err(error) => to.send(Err(error)).unwrap_or_default(),
    }
}
