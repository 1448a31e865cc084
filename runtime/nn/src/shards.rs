//! Batches that are divided into shards: contiguous ranges of rows, each of which goes through the
//! forward and the backward pass by itself, on a thread or a machine of its own.
//!
//! Nearly all layers compute each row by itself, so that the shards give the rows of the whole
//! batch, and the sums of their gradients are its gradients. Two things depend on the other rows:
//!
//! - Random numbers are those of a row's index in the whole batch, once
//!   `RngKey::first_row` says which the first row is.
//! - `BatchNorm` takes its statistics over the batch. Within a [`scope`]
//!   they are taken over all shards.
//!
//! dfdx's `forward` and `backward` have no argument for the other shards. During the two passes
//! [`SumOverShards`] is in a thread-local variable, where the layers find it.
//!
//! The shards have to call [`sum`](SumOverShards::sum) equally often and in the same order, which
//! holds where all run the same model on the same kinds of input: the calls depend neither on the
//! values of the rows nor on their number, which may be 0. The calls of a backward pass are in the
//! reverse order of those of the forward pass, because dfdx runs the operations of a tape in the
//! reverse order of their creation, also those that the loss does not depend on.
//!
//! ```
//! use dfdx::{nn::{BuildModule, ModuleMut}, prelude::*};
//! use multi_input_nn::{layer::BatchNorm, shards};
//!
//! let device = Cpu::default();
//! let mut layer: BatchNorm<1, f64, Cpu> = BuildModule::build(&device);
//! let x = device.tensor([[1.0], [3.0]]);
//! // A second shard whose rows are those of this one.
//! let twice = |numbers: &mut [f64]| {
//!     numbers.iter_mut().for_each(|number| *number *= 2.0);
//!     Ok(())
//! };
//! let y = shards::scope(twice, || layer.forward_mut(x.leaky_trace())).unwrap();
//! assert!((y.array()[1][0] - 0.9995).abs() < 1e-4);
//! let stopped = |_: &mut [f64]| Err("the run was stopped".to_owned());
//! let result = shards::scope(stopped, || layer.try_forward_mut(x.leaky_trace()).is_err());
//! assert_eq!(result, Err("the run was stopped".to_owned()));
//! ```

use std::cell::RefCell;

use multi_input_kernel::operation::OperationError;

/// Sums over the shards of a batch. A closure of the same arguments is one.
pub trait SumOverShards {
    /// Replaces each number by the sum of the numbers at its index in all shards, with the same
    /// bits in all shards. There are as many numbers in all shards.
    ///
    /// # Errors
    /// If the sums cannot be had, or to stop the pass: the layer's `try_forward` or `try_backward`
    /// ends with an error, and the [`scope`] with this text.
    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), String>;
}

impl<F: FnMut(&mut [f64]) -> Result<(), String>> SumOverShards for F {
    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), String> {
        self(numbers)
    }
}

/// The shards of the current pass.
struct Current {
    shards: Box<dyn SumOverShards>,
    /// The first error of a sum.
    error: Option<String>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Calls `work`, the forward and the backward pass of a shard, with `shards` as those of the
/// thread's current batch, and returns its result.
///
/// A pass that was stopped may be repeated. It has advanced the random keys of the layers that it
/// reached, and updated the running statistics of every `BatchNorm` whose sums it got.
///
/// # Errors
/// The first error of a [`sum`](SumOverShards::sum), in place of the result of `work`.
pub fn scope<R>(
    shards: impl SumOverShards + 'static,
    work: impl FnOnce() -> R,
) -> Result<R, String> {
    /// Restores the shards of the scope around this one, also after a panic.
    struct Restore(Option<Current>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore =
        Restore(CURRENT.replace(Some(Current { shards: Box::new(shards), error: None })));
    let result = work();
    match CURRENT.take().and_then(|current| current.error) {
        Some(error) => Err(error),
        None => Ok(result),
    }
}

/// Whether the thread is within a [`scope`].
pub(crate) fn are_current() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// Replaces each number by its sum over the shards of the current batch. After an error there are
/// no further calls of [`SumOverShards::sum`], but errors.
///
/// # Errors
/// [`OperationError::Shards`] after an error of a sum, and without a scope: a backward pass outside
/// of the scope of its forward pass.
pub(crate) fn sum(numbers: &mut [f64]) -> Result<(), OperationError> {
    // Taken out for the call, which may have a scope of its own.
    let Some(mut current) = CURRENT.take() else { return Err(OperationError::Shards) };
    if current.error.is_none() {
        current.error = current.shards.sum(numbers).err();
    }
    let failed = current.error.is_some();
    CURRENT.set(Some(current));
    if failed {
        Err(OperationError::Shards)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
