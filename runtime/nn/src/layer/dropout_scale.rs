//! The random mask of dropout.

use multi_input_base::RngKey;

use crate::tensor::Element;

/// The factor of the element at each position of rows of `width` elements, for dropout with
/// probability `rate`: `Some(1 / (1 - rate))` where the element is kept, `None` where it is dropped.
pub(super) fn dropout_scale<E: Element>(
    (key, rate): (RngKey, f64),
    width: usize,
) -> impl Fn(usize) -> Option<E> {
    // A random 64-bit number below `rate` 2^64 drops its element.
    let limit = (rate * 2f64.powi(64)) as u64;
    let scale = E::of(1.0 / (1.0 - rate));
    let numbers = key.numbers_of_rows(width as u64);
    move |position| (numbers(position as u64) >= limit).then_some(scale)
}
