//! A pool of large uninitialised buffers, for the operations of a run.
//!
//! A tensor's buffer returns to its device, which clears it before the next use. A buffer that is
//! overwritten completely need not be cleared, so it goes to this pool.

use std::{
    cell::{Cell, RefCell},
    marker::PhantomData,
};

use super::Element;

/// The free buffers of a thread.
#[allow(unreachable_pub)] // It appears in a public trait.
pub type BufferPool<E> = RefCell<Vec<Vec<E>>>;

/// The least length for which clearing costs more than a search of the pool. dfdx's own cache,
/// which serves shorter buffers, takes longer than a search for any length.
const MIN_LEN: usize = 1 << 8;

thread_local! {
    /// Number of nested runs on this thread. It is thread-local because the device of a run is
    /// dfdx's `Cpu`, which has no field for it.
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

/// While this guard lives, released buffers of its thread stay in the pool.
#[derive(Debug)]
pub(crate) struct PoolGuard(PhantomData<*const ()>);

impl PoolGuard {
    pub(crate) fn new() -> PoolGuard {
        RUNS.set(RUNS.get() + 1);
        PoolGuard(PhantomData)
    }
}

impl Drop for PoolGuard {
    fn drop(&mut self) {
        RUNS.set(RUNS.get() - 1);
        if RUNS.get() == 0 {
            f32::buffer_pool().take();
            f64::buffer_pool().take();
        }
    }
}

/// A buffer of `len` elements with arbitrary content: from the pool, or else from `new`.
pub(crate) fn take<E: Element, Error>(
    len: usize,
    new: impl FnOnce(usize) -> Result<Vec<E>, Error>,
) -> Result<Vec<E>, Error> {
    let mut buffer = try_take(len).map_or_else(|| new(len), Ok)?;
    if cfg!(debug_assertions) {
        // NaN makes tests fail for code that relies on zeros.
        buffer.fill(E::nan());
    }
    Ok(buffer)
}

/// A buffer of `len` elements from the pool.
pub(crate) fn try_take<E: Element>(len: usize) -> Option<Vec<E>> {
    if len < MIN_LEN {
        return None;
    }
    E::buffer_pool().with_borrow_mut(|pool| {
        let index = pool.iter().rposition(|buffer| buffer.len() == len)?;
        Some(pool.swap_remove(index))
    })
}

/// Puts a buffer into the pool. Returns it as an error where it is short or no run is active.
pub(crate) fn put<E: Element>(buffer: Vec<E>) -> Result<(), Vec<E>> {
    if buffer.len() < MIN_LEN || RUNS.get() == 0 {
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
        // Whether the pool had a buffer.
        let take = |len: usize| take::<f32, ()>(len, |_| Err(())).is_ok();
        assert!(!put(MIN_LEN), "there is no run");
        let outer = PoolGuard::new();
        drop(PoolGuard::new());
        assert!(put(MIN_LEN) && put(MIN_LEN + 1));
        assert!(!put(MIN_LEN - 1), "it is small");
        assert!(!take(MIN_LEN - 1) && take(MIN_LEN) && !take(MIN_LEN));
        drop(outer);
        assert!(!take(MIN_LEN + 1), "a run leaves nothing behind");
        assert_eq!(super::take::<f64, ()>(3, |len| Ok(vec![0.0; len])).map(|new| new.len()), Ok(3));
    }
}
