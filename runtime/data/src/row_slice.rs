//! Rows in memory, as the functions of a model take them.

use std::{
    borrow::Cow,
    cell::Ref,
    rc::Rc,
    sync::{Arc, MutexGuard, RwLockReadGuard},
};

/// A slice of rows of the type `R`: `&rows` of a `Vec`, an array or another container, `&rows[..9]`, `&[row]` of one
/// row.
///
/// ```
/// use std::sync::Arc;
///
/// use multi_input::data::RowSlice;
///
/// fn count(rows: impl RowSlice<u8>) -> usize {
///     rows.rows().len()
/// }
///
/// let shared = Arc::new(vec![1, 2, 3]);
/// assert_eq!((count(&shared), count(&shared[..2]), count(&[7])), (3, 2, 1));
/// ```
#[diagnostic::on_unimplemented(
    message = "expected `&[{R}]`, found `{Self}`",
    label = "pass `&rows` of a vector, `&[row]` of one row; `..Sample` are rows with targets, `..Inputs` rows to predict from"
)]
pub trait RowSlice<R> {
    /// The rows.
    fn rows(&self) -> &[R];
}

#[diagnostic::do_not_recommend]
impl<R, S: Borrowed<R>> RowSlice<R> for S {
    fn rows(&self) -> &[R] {
        self.borrowed()
    }
}

/// A reference to what holds rows.
pub trait Borrowed<R> {
    #[doc(hidden)]
    fn borrowed(&self) -> &[R];
}

#[diagnostic::do_not_recommend]
impl<R, T: Holds<R> + ?Sized> Borrowed<R> for &T {
    fn borrowed(&self) -> &[R] {
        T::held(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R, T: Holds<R> + ?Sized> Borrowed<R> for &mut T {
    fn borrowed(&self) -> &[R] {
        T::held(self)
    }
}

/// What holds rows. The types that a reference to them is coerced from, where a function takes `&[R]`.
pub trait Holds<R> {
    #[doc(hidden)]
    fn held(&self) -> &[R];
}

impl<R> Holds<R> for [R] {
    fn held(&self) -> &[R] {
        self
    }
}

macro_rules! holders {
    ($([$($generics:tt)*] $holder:ty,)*) => {$(
        impl<R, $($generics)*> Holds<R> for $holder {
            fn held(&self) -> &[R] {
                (**self).held()
            }
        }
    )*};
}

holders! {
    [] Vec<R>,
    [T: Holds<R> + ?Sized] &T,
    [T: Holds<R> + ?Sized] &mut T,
    [T: Holds<R> + ?Sized] Box<T>,
    [T: Holds<R> + ?Sized] Rc<T>,
    [T: Holds<R> + ?Sized] Arc<T>,
    [T: Holds<R> + ?Sized] Ref<'_, T>,
    [T: Holds<R> + ?Sized] MutexGuard<'_, T>,
    [T: Holds<R> + ?Sized] RwLockReadGuard<'_, T>,
    [T: Holds<R> + ToOwned + ?Sized] Cow<'_, T>,
}

impl<R, const ROWS: usize> Holds<R> for [R; ROWS] {
    fn held(&self) -> &[R] {
        self
    }
}
