//! Takes the memory of dfdx storages without leaving empty entries in the cache of their device.
//!
//! A dropped storage returns its memory to the cache of its device. A storage without memory adds
//! an empty entry to the cache instead, one for every buffer that was taken. Therefore a run
//! forgets (`mem::forget`) its emptied storages. Every forgotten storage leaks a reference to the
//! cache, which would never be freed; the run counts these references and drops them after the
//! cache was disabled.
#![allow(unsafe_code)]

use std::cell::RefCell;

use dfdx::{
    shapes::Unit,
    tensor::{Cpu, CpuError, Storage},
};

/// The storage of `T` on `Cpu`.
type CpuStorage<T> = <Cpu as Storage<T>>::Vec;

thread_local! {
    /// The nested runs of this thread. They are thread-local because the device of a run is dfdx's
    /// `Cpu`, which has no field for them.
    static RUNS: RefCell<Vec<Run>> = const { RefCell::new(Vec::new()) };
}

struct Run {
    /// Address of the cache of the run's device.
    cache: usize,
    /// Number of emptied storages that were forgotten.
    forgotten: u64,
}

/// Takes the memory of a storage. Within a run on its device, the emptied storage is forgotten.
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

/// Address of the cache of an emptied storage's device.
fn cache_of<T: Unit>(emptied: &CpuStorage<T>) -> usize {
    const { assert!(size_of::<CpuStorage<T>>() == size_of::<[usize; 4]>()) };
    // SAFETY: a storage is a vector and a reference-counted pointer: four words without padding.
    let words: [usize; 4] = unsafe { std::mem::transmute_copy(emptied) };
    // An empty vector has capacity 0, length 0 and a dangling pointer equal to its alignment, so
    // the address of the cache is the largest word.
    words.into_iter().max().unwrap_or_default()
}

/// While this guard lives, the emptied storages of a device are forgotten. It must be dropped after
/// the cache of the device was disabled.
#[derive(Debug)]
pub(super) struct ForgetGuard {
    /// A storage without memory; copies of it release the leaked references.
    emptied: CpuStorage<u8>,
}

impl ForgetGuard {
    /// Requires a device whose cache is disabled.
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
            // SAFETY: a storage without memory owns only a reference to the cache. Every forgotten
            // storage has leaked one reference that has no owner; the copy becomes its owner.
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
