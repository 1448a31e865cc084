//! Large buffers that the operations of a run hand on as they are. What a tensor holds goes back to its
//! device, which clears it for the next who asks; what is written over anyway need not be cleared.

use std::{
    cell::{Cell, RefCell},
    marker::PhantomData,
};

use super::Element;

/// The buffers of a thread that wait for the next who asks.
#[allow(unreachable_pub)] // A trait that everybody may name speaks of it.
pub type BufferPool<E> = RefCell<Vec<Vec<E>>>;

/// From how many numbers on clearing costs more than to look for one here: dfdx's own cache, which is
/// asked otherwise, takes longer than that for any number.
const LARGE: usize = 1 << 8;

thread_local! {
    /// How many runs there are on this thread, one within the other. A device of dfdx's is a `Cpu`,
    /// which has no room for buffers of ours, nor for whether they are kept.
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

/// As long as this lives, buffers of its thread are kept.
#[derive(Debug)]
pub(crate) struct Keeping(PhantomData<*const ()>);

impl Keeping {
    pub(crate) fn new() -> Keeping {
        RUNS.set(RUNS.get() + 1);
        Keeping(PhantomData)
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        RUNS.set(RUNS.get() - 1);
        if RUNS.get() == 0 {
            f32::buffer_pool().take();
            f64::buffer_pool().take();
        }
    }
}

/// A buffer of so many numbers, which are anything: one that was kept, or else a `new` one.
pub(crate) fn take<E: Element, Error>(
    len: usize,
    new: impl FnOnce(usize) -> Result<Vec<E>, Error>,
) -> Result<Vec<E>, Error> {
    let mut buffer = kept(len).map_or_else(|| new(len), Ok)?;
    if cfg!(debug_assertions) {
        // Who takes them for zeros shall see it in the tests.
        buffer.fill(E::nan());
    }
    Ok(buffer)
}

/// A buffer of so many numbers that was kept.
pub(crate) fn kept<E: Element>(len: usize) -> Option<Vec<E>> {
    if len < LARGE {
        return None;
    }
    E::buffer_pool().with_borrow_mut(|pool| {
        let index = pool.iter().rposition(|buffer| buffer.len() == len)?;
        Some(pool.swap_remove(index))
    })
}

/// Keeps a buffer, or gives it back where that is not worth it.
pub(crate) fn put<E: Element>(buffer: Vec<E>) -> Result<(), Vec<E>> {
    if buffer.len() < LARGE || RUNS.get() == 0 {
        return Err(buffer);
    }
    E::buffer_pool().with_borrow_mut(|buffer_pool| buffer_pool.push(buffer));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_handed_on_while_there_is_a_run() {
        let put = |len: usize| put(vec![1f32; len]).is_ok();
        // Whether one was kept.
        let take = |len: usize| take::<f32, ()>(len, |_| Err(())).is_ok();
        assert!(!put(LARGE), "there is no run");
        let outer = Keeping::new();
        drop(Keeping::new());
        assert!(put(LARGE) && put(LARGE + 1));
        assert!(!put(LARGE - 1), "it is small");
        assert!(!take(LARGE - 1) && take(LARGE) && !take(LARGE));
        drop(outer);
        assert!(!take(LARGE + 1), "a run leaves nothing behind");
        assert_eq!(super::take::<f64, ()>(3, |len| Ok(vec![0.0; len])).map(|new| new.len()), Ok(3));
    }
}
