//! What the global poolings of masked sequences share: one number of the steps that count.

use super::Mask;
use crate::tensor::*;

/// The mean of every feature over the steps that count.
pub(super) fn mean_of_steps<B: Dim, L: Dim, C: Dim, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<(B, L, C), E, D, T>,
    mask: &Mask,
) -> Result<Tensor<(B, C), E, D, T>, D::Err> {
    let share = |numbers: &[E]| E::one() / E::of(numbers.len() as f64);
    let mean = move |numbers: &[E]| numbers.iter().copied().sum::<E>() * share(numbers);
    of_steps(x, mask, mean, move |numbers, slopes| slopes.fill(share(numbers)))
}

/// The largest number of every feature over the steps that count; equal ones share the gradient.
pub(super) fn largest_of_steps<B: Dim, L: Dim, C: Dim, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<(B, L, C), E, D, T>,
    mask: &Mask,
) -> Result<Tensor<(B, C), E, D, T>, D::Err> {
    of_steps(x, mask, largest, |numbers, slopes| {
        let largest = largest(numbers);
        let equal = numbers.iter().filter(|x| **x == largest).count();
        let share = E::one() / E::of(equal.max(1) as f64);
        for (slope, x) in slopes.iter_mut().zip(numbers) {
            *slope = if *x == largest { share } else { E::zero() };
        }
    })
}

/// A NaN is the largest of all.
fn largest<E: Element>(numbers: &[E]) -> E {
    let larger = |a: E, b: E| if b > a || b.is_nan() { b } else { a };
    numbers.iter().copied().reduce(larger).unwrap_or_else(E::zero)
}

/// `forward` of the counting steps of each feature, 0 where no step counts; `backward` writes how
/// much each of them adds to it.
fn of_steps<B: Dim, L: Dim, C: Dim, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<(B, L, C), E, D, T>,
    mask: &Mask,
    forward: impl Fn(&[E]) -> E,
    backward: impl Fn(&[E], &mut [E]) + 'static,
) -> Result<Tensor<(B, C), E, D, T>, D::Err> {
    let (batch, steps, features) = *x.shape();
    if !mask.covers(batch.size(), steps.size()) {
        return Err(D::size_error());
    }
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let device = x.device().clone();
    let places = Places { mask: mask.clone(), features: features.size() };
    let mut y = device.buffer(batch.size() * places.features)?;
    let (values, mut numbers) = (D::values(&x), Vec::new());
    for (feature, y) in y.iter_mut().enumerate() {
        numbers.clear();
        numbers.extend(places.of(feature).map(|place| values[place]));
        if !numbers.is_empty() {
            *y = forward(&numbers);
        }
    }
    drop(values);
    let y = device.try_tensor_from_vec(y, (batch, features))?;

    if T::OWNS_TAPE {
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            let values = D::values(&x);
            D::edit_gradient(gradients, &x, |dx| {
                for (feature, slope) in slope.iter().enumerate() {
                    let numbers: Vec<E> = places.of(feature).map(|place| values[place]).collect();
                    let mut shares = vec![E::zero(); numbers.len()];
                    backward(&numbers, &mut shares);
                    let shares = places.of(feature).zip(&shares);
                    shares.for_each(|(place, share)| dx[place] += *slope * *share);
                }
            })?;
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}

/// Where the numbers of a feature lie.
struct Places {
    mask: Mask,
    features: usize,
}

impl Places {
    /// Those of the steps that count, for the features of one sequence after the other.
    fn of(&self, feature: usize) -> impl Iterator<Item = usize> + '_ {
        let (sequence, feature) = (feature / self.features, feature % self.features);
        let counts = self.mask.sequence(sequence);
        let first = sequence * counts.len();
        let steps = counts.iter().enumerate().filter(|(_, counts)| **counts);
        steps.map(move |(step, _)| (first + step) * self.features + feature)
    }
}
