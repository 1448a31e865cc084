//! Values that layers find in a thread-local variable, because dfdx's `forward` has no argument for
//! them.

use std::{any::Any, cell::RefCell, thread::LocalKey};

/// A thread-local variable for a value of any type; `()` where there is none.
pub(crate) type Current = RefCell<Box<dyn Any>>;

/// Calls `work` while `value` is in the variable.
pub(crate) fn scope<T: Any + Default, R>(
    current: &'static LocalKey<Current>,
    value: &mut T,
    work: impl FnOnce() -> R,
) -> R {
    /// Restores the value, also after a panic.
    struct Restore<'a, T: Any>(&'static LocalKey<Current>, &'a mut T);
    impl<T: Any> Drop for Restore<'_, T> {
        fn drop(&mut self) {
            if let Ok(value) = self.0.replace(Box::new(())).downcast() {
                *self.1 = *value;
            }
        }
    }
    current.replace(Box::new(std::mem::take(value)));
    let _restore = Restore(current, value);
    work()
}

/// The result of `work` on the value in the variable; `None` if it holds none of this type.
pub(crate) fn with<T: Any, R>(
    current: &'static LocalKey<Current>,
    work: impl FnOnce(&mut T) -> R,
) -> Option<R> {
    current.with_borrow_mut(|current| current.downcast_mut().map(work))
}
