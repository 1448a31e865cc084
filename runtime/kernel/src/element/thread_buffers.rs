//! Thread-local buffers for temporary values within operations.

use std::{cell::RefCell, thread::LocalKey};

use super::Element;

/// The free buffers of a thread.
#[allow(unreachable_pub)] // It appears in a public trait.
pub type ThreadBuffers<E> = RefCell<Vec<Vec<E>>>;

/// Alignment in bytes: a cache line, so that no SIMD load crosses two lines.
const ALIGNMENT: usize = 64;

/// Runs `work` with a buffer of `len` elements with arbitrary content.
pub(crate) fn with_buffer<E: Element, R>(len: usize, work: impl FnOnce(&mut [E]) -> R) -> R {
    let thread_buffers: &'static LocalKey<ThreadBuffers<E>> = E::thread_buffers();
    let mut buffer = thread_buffers.with_borrow_mut(Vec::pop).unwrap_or_default();
    let padded = len + ALIGNMENT / std::mem::size_of::<E>();
    if buffer.len() < padded {
        buffer.resize(padded, E::zero());
    }
    let start = buffer.as_ptr().align_offset(ALIGNMENT).min(padded - len);
    let result = work(&mut buffer[start..start + len]);
    thread_buffers.with_borrow_mut(|thread_buffers| thread_buffers.push(buffer));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_used_again() {
        let address = |len: usize| with_buffer::<f32, _>(len, |buffer| buffer.as_ptr() as usize);
        let first = address(1000);
        assert_eq!(first % ALIGNMENT, 0);
        assert_eq!(address(10), first);
        with_buffer::<f32, _>(10, |outer| {
            with_buffer::<f32, _>(10, |inner| assert_ne!(outer.as_ptr(), inner.as_ptr()));
        });
        assert_eq!(with_buffer::<f64, _>(0, |buffer| buffer.len()), 0);
    }
}
