//! The memory of a device's storages, taken out of them.
//!
//! A storage gives its memory to the cache of its device when it is dropped, and where it has none any
//! more an entry of no bytes: a further one for every buffer. So a run forgets the storages that it has
//! emptied. With each a reference to the cache is lost, without which the cache would never be
//! freed; the run counts them, and drops them when it has ended and the cache is off.
#![allow(unsafe_code)]

use std::cell::RefCell;

use dfdx::{
    shapes::Unit,
    tensor::{Cpu, CpuError, Storage},
};

/// A storage of `Cpu`.
type CpuStorage<T> = <Cpu as Storage<T>>::Vec;

thread_local! {
    /// The runs of this thread, one within the other. A device of dfdx's is a `Cpu`, which has no room
    /// for them.
    static RUNS: RefCell<Vec<Run>> = const { RefCell::new(Vec::new()) };
}

struct Run {
    /// The address of its device's cache.
    cache: usize,
    /// How many of its storages were emptied and forgotten.
    forgotten: u64,
}

/// The memory of a storage.
pub(super) fn take<T: Unit>(mut storage: CpuStorage<T>) -> Vec<T> {
    let memory = std::mem::take(&mut *storage);
    let cache = cache_of::<T>(&storage);
    let is_of_run = RUNS.with_borrow_mut(|runs| {
        let run = runs.iter_mut().rev().find(|run| run.cache == cache);
        run.map(|run| run.forgotten += 1).is_some()
    });
    if is_of_run {
        std::mem::forget(storage);
    }
    memory
}

/// Where the cache of an emptied storage's device is.
fn cache_of<T: Unit>(emptied: &CpuStorage<T>) -> usize {
    const { assert!(size_of::<CpuStorage<T>>() == size_of::<[usize; 4]>()) };
    // SAFETY: a storage is a vector and a reference-counted pointer, four words without gaps.
    let words: [usize; 4] = unsafe { std::mem::transmute_copy(emptied) };
    // An empty vector has no capacity, no length and no memory: its pointer is its alignment.
    words.into_iter().max().unwrap_or_default()
}

/// As long as this lives, the emptied storages of a device are forgotten. Drop it once the cache of the
/// device is off.
#[derive(Debug)]
pub(super) struct ForgetGuard {
    /// One that was never used.
    emptied: CpuStorage<u8>,
}

impl ForgetGuard {
    /// For a device whose cache is still off.
    pub(super) fn new(device: &Cpu) -> Result<ForgetGuard, CpuError> {
        let emptied = Storage::<u8>::try_alloc_len(device, 0)?;
        let cache = cache_of::<u8>(&emptied);
        RUNS.with_borrow_mut(|runs| runs.push(Run { cache, forgotten: 0 }));
        Ok(ForgetGuard { emptied })
    }
}

impl Drop for ForgetGuard {
    fn drop(&mut self) {
        let cache = cache_of::<u8>(&self.emptied);
        let forgotten = RUNS.with_borrow_mut(|runs| {
            let index = runs.iter().rposition(|run| run.cache == cache)?;
            Some(runs.remove(index).forgotten)
        });
        for _ in 0..forgotten.unwrap_or_default() {
            // SAFETY: a storage without memory owns nothing but a reference to the cache. Each of
            // those that were forgotten has left one that nothing owns; the copy owns it.
            drop(unsafe { std::ptr::read(&self.emptied) });
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::Cache;

    use super::*;

    #[test]
    fn the_memory_is_that_of_the_storage_and_devices_are_told_apart() {
        let (first, second) = (Cpu::default(), Cpu::default());
        let storage = |device: &Cpu| Storage::<f32>::try_alloc_len(device, 0).unwrap();
        assert_eq!(cache_of::<f32>(&storage(&first)), cache_of::<f32>(&storage(&first.clone())));
        assert_ne!(cache_of::<f32>(&storage(&first)), cache_of::<f32>(&storage(&second)));
        let bytes = Storage::<u8>::try_alloc_len(&first, 0).unwrap();
        assert_eq!(cache_of::<f32>(&storage(&first)), cache_of::<u8>(&bytes));
        assert_eq!(take::<f32>(Storage::<f32>::try_alloc_len(&first, 3).unwrap()), [0.0; 3]);
    }

    #[test]
    fn what_a_run_forgets_is_dropped_in_the_end() {
        let device = Cpu::default();
        let forgotten =
            || RUNS.with_borrow(|runs| runs.iter().map(|run| run.forgotten).sum::<u64>());
        let take = |len: usize| take::<f32>(Storage::<f32>::try_alloc_len(&device, len).unwrap());
        let forget_guard = ForgetGuard::new(&device).unwrap();
        device.try_enable_cache().unwrap();
        (0..3).for_each(|len| drop(take(len)));
        assert_eq!(forgotten(), 3);
        device.try_disable_cache().unwrap();
        drop(forget_guard);
        drop(take(4));
        assert_eq!(forgotten(), 0);
    }
}
