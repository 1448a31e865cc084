//! What is read ahead.

use std::sync::mpsc::{sync_channel, SyncSender};

use multi_input_base::Result;

/// How often something waits to be taken.
const WAITING: usize = 2;

/// Lets `take` have what comes of `start` while a thread of its own makes what comes next. The thread
/// ends when `take` does.
pub fn read_ahead<T: Send, I: Iterator<Item = Result<T>>, U>(
    start: impl FnOnce() -> Result<I> + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = Result<T>>) -> U,
) -> U {
    std::thread::scope(|threads| {
        let (to, from) = sync_channel(WAITING);
        threads.spawn(move || read(start, &to));
        take(&mut from.into_iter())
    })
}

/// Reads until nothing is left or nobody takes it any more.
fn read<T, I: Iterator<Item = Result<T>>>(
    start: impl FnOnce() -> Result<I>,
    to: &SyncSender<Result<T>>,
) {
    match start() {
        Ok(all) => {
            for some in all {
                if to.send(some).is_err() {
                    return;
                }
            }
        }
        // Nobody may be left to hear it.
        Err(error) => to.send(Err(error)).unwrap_or_default(),
    }
}
