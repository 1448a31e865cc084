//! Which numbers a layer leaves out at random.

use multi_input_base::RngKey;

use crate::tensor::Element;

/// What the element at each position is multiplied by where the share `rate` is left out: nothing
/// where it is left out itself.
pub(super) fn keep_scale<E: Element>(key: RngKey, rate: f64) -> impl Fn(usize) -> Option<E> {
    // Numbers below this share of all 64-bit numbers are the ones left out.
    let limit = (rate * 2f64.powi(64)) as u64;
    let scale = E::of(1.0 / (1.0 - rate));
    let numbers = key.numbers();
    move |position| (numbers(position as u64) >= limit).then_some(scale)
}
