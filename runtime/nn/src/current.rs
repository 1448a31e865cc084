//! Values that layers find in a thread-local variable, because dfdx's `forward` has no argument for
//! them.

use std::{any::Any, cell::RefCell, thread::LocalKey};

/// A thread-local variable for a value of any type; `()` where there is none.
pub(crate) type Current = RefCell<Box<dyn Any>>;

/// Calls `work` while `value` is in the variable. What a scope around it has there is back
/// afterwards.
pub(crate) fn scope<T: Any + Default, R>(
    current: &'static LocalKey<Current>,
    value: &mut T,
    work: impl FnOnce() -> R,
) -> R {
    /// Restores both values, also after a panic.
    struct Restore<'a, T: Any> {
        current: &'static LocalKey<Current>,
        value: &'a mut T,
        outer: Box<dyn Any>,
    }
    impl<T: Any> Drop for Restore<'_, T> {
        fn drop(&mut self) {
            let outer = std::mem::replace(&mut self.outer, Box::new(()));
            if let Ok(value) = self.current.replace(outer).downcast() {
                *self.value = *value;
            }
        }
    }
    let outer = current.replace(Box::new(std::mem::take(value)));
    let _restore = Restore { current, value, outer };
    work()
}

/// The result of `work` on the value in the variable; `None` if it holds none of this type.
pub(crate) fn with<T: Any, R>(
    current: &'static LocalKey<Current>,
    work: impl FnOnce(&mut T) -> R,
) -> Option<R> {
    current.with_borrow_mut(|current| current.downcast_mut().map(work))
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, AssertUnwindSafe};

    use super::*;

    thread_local! {
        static CURRENT: Current = RefCell::new(Box::new(()));
    }

    fn add(number: i32) -> Option<i32> {
        with(&CURRENT, |sum: &mut i32| {
            *sum += number;
            *sum
        })
    }

    #[test]
    fn a_scope_within_a_scope_leaves_the_outer_value_as_it_was() {
        let (mut outer, mut inner) = (1, 10);
        scope(&CURRENT, &mut outer, || {
            assert_eq!(add(1), Some(2));
            assert_eq!(scope(&CURRENT, &mut inner, || add(5)), Some(15));
            assert_eq!(add(1), Some(3));
        });
        assert_eq!((outer, inner, add(1)), (3, 15, None));
    }

    #[test]
    fn a_value_of_another_type_is_none() {
        scope(&CURRENT, &mut 1.0_f32, || assert_eq!(add(1), None));
    }

    #[test]
    fn a_panic_restores_both_values() {
        let (mut outer, mut inner) = (1, 10);
        scope(&CURRENT, &mut outer, || {
            let panics = || scope(&CURRENT, &mut inner, || -> () { panic!("{:?}", add(1)) });
            assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
            assert_eq!(add(1), Some(2));
        });
        assert_eq!((outer, inner), (2, 11));
    }
}
