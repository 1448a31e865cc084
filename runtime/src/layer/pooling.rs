//! What the poolings share: the largest number or the mean under each place of a window, or of a
//! whole channel.

use crate::{
    kernel::{
        pooled::Tiles,
        spread::each,
        windows::{Plane, Windows},
    },
    tensor::*,
};

/// The largest number under each place; of equal ones the first gets the whole gradient.
pub(super) fn largest<S, Out, E, D, T>(
    windows: Windows,
    x: Tensor<S, E, D, T>,
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    S: Shape,
    Out: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let device = x.device().clone();
    let mut y = device.buffer(shape.num_elements())?;
    let (inputs, outputs) = (windows.input.len().max(1), windows.output.len().max(1));
    if let Some(tiles) = Tiles::new(&windows) {
        return largest_of_tiles(tiles, (inputs, outputs), (x.put_tape(tape), shape));
    }
    if u32::try_from(inputs).is_err() {
        return Err(D::size_error());
    }
    // Places within a sample, in half of the memory that `usize` would take.
    let mut chosen = vec![NOTHING; if T::OWNS_TAPE { y.len() } else { 0 }];
    let mut places = chosen.chunks_exact_mut(outputs);
    let values = D::values(&x);
    let samples = values.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs));
    let samples = samples.map(move |(x, y)| (x, y, places.next()));
    let work = 4 * windows.work() * (values.len() / inputs);
    each(work, samples, |(x, y, chosen)| match chosen {
        Some(chosen) => windows.largest(x, |place, at, number| {
            y[place] = number;
            chosen[place] = at as u32;
        }),
        None => windows.largest(x, |place, _, number| y[place] = number),
    });
    drop(values);
    let y = device.try_tensor_from_vec(y, shape)?;

    if T::OWNS_TAPE {
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            D::edit_gradient(gradients, &x, |dx| {
                let samples = slope.chunks_exact(outputs).zip(chosen.chunks_exact(outputs));
                for (dx, (slope, chosen)) in dx.chunks_exact_mut(inputs).zip(samples) {
                    for (slope, &at) in slope.iter().zip(chosen) {
                        if let Some(dx) = dx.get_mut(at as usize) {
                            *dx += *slope;
                        }
                    }
                }
            })?;
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}

/// The same where windows lie side by side.
fn largest_of_tiles<S, Out, E, D, T>(
    tiles: Tiles,
    (inputs, outputs): (usize, usize),
    (x, shape): (Tensor<S, E, D, T>, Out),
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    S: Shape,
    Out: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let (x, mut tape) = x.split_tape();
    let device = x.device().clone();
    let mut y = device.buffer(shape.num_elements())?;
    let mut marks = device.marks(y.len())?;
    let samples = y.chunks_exact_mut(outputs).zip(marks.chunks_exact_mut(outputs));
    let values = D::values(&x);
    each(values.len(), values.chunks_exact(inputs).zip(samples), |(x, (y, marks))| {
        tiles.largest(x, y, marks);
    });
    drop(values);
    let y = device.try_tensor_from_vec(y, shape)?;
    if !T::OWNS_TAPE {
        device.keep_marks(marks);
        return Ok(y.put_tape(tape));
    }
    let output = y.clone();
    tape.add_backward_op(move |gradients| {
        let slope = D::take_gradient(gradients, &output)?;
        D::edit_gradient(gradients, &x, |dx| {
            let samples = slope.chunks_exact(outputs).zip(marks.chunks_exact(outputs));
            let samples = dx.chunks_exact_mut(inputs).zip(samples);
            each(slope.len() * 4, samples, |(dx, (slope, marks))| {
                tiles.add_back(slope, marks, dx);
            });
        })?;
        device.keep_marks(marks);
        D::restore_gradient(gradients, &output, slope)
    });
    Ok(y.put_tape(tape))
}

/// Where a window holds no number at all.
const NOTHING: u32 = u32::MAX;

/// The mean of the numbers under each place, without those beyond the edge.
pub(super) fn mean<S, Out, E, D, T>(
    windows: Windows,
    x: Tensor<S, E, D, T>,
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    S: Shape,
    Out: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let device = x.device().clone();
    let mut y = device.buffer(shape.num_elements())?;
    let (inputs, outputs) = (windows.input.len().max(1), windows.output.len().max(1));
    let values = D::values(&x);
    let work = 4 * windows.work() * (values.len() / inputs);
    each(work, values.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)), |(x, y)| {
        windows.shares(|place, at, share: E| y[place] += share * x[at]);
    });
    drop(values);
    let y = device.try_tensor_from_vec(y, shape)?;

    if T::OWNS_TAPE {
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            D::edit_gradient(gradients, &x, |dx| {
                let samples = dx.chunks_exact_mut(inputs).zip(slope.chunks_exact(outputs));
                each(work, samples, |(dx, slope)| {
                    windows.shares(|place, at, share: E| dx[at] += share * slope[place]);
                });
            })?;
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}

/// The mean of each channel.
pub(super) fn mean_of_all<S, Out, E, D, T>(
    plane: Plane,
    x: Tensor<S, E, D, T>,
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    S: Shape,
    Out: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let share = E::of(1.0 / plane.places().max(1) as f64);
    let mean = move |channel: &mut dyn Iterator<Item = E>| channel.sum::<E>() * share;
    let slope = move |slope: E, _: &[E]| vec![slope * share; plane.places()];
    of_channels(plane, x, shape, mean, slope)
}

/// The largest number of each channel; equal ones share the gradient.
pub(super) fn largest_of_all<S, Out, E, D, T>(
    plane: Plane,
    x: Tensor<S, E, D, T>,
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    S: Shape,
    Out: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let larger = |a: E, b: E| if b > a || b.is_nan() { b } else { a };
    let largest =
        move |channel: &mut dyn Iterator<Item = E>| channel.reduce(larger).unwrap_or_else(E::zero);
    let slope = move |slope: E, channel: &[E]| {
        let largest = channel.iter().copied().reduce(larger).unwrap_or_else(E::zero);
        let equal = channel.iter().filter(|x| **x == largest).count();
        let share = slope / E::of(equal.max(1) as f64);
        channel.iter().map(|x| if *x == largest { share } else { E::zero() }).collect()
    };
    of_channels(plane, x, shape, largest, slope)
}

/// One number for each channel, and the gradient of the channel from that of the number.
fn of_channels<S, Out, E, D, T>(
    plane: Plane,
    x: Tensor<S, E, D, T>,
    shape: Out,
    forward: impl Fn(&mut dyn Iterator<Item = E>) -> E,
    backward: impl Fn(E, &[E]) -> Vec<E> + 'static,
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    S: Shape,
    Out: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let device = x.device().clone();
    let mut y = device.buffer(shape.num_elements())?;
    let (inputs, channels) = (plane.len().max(1), plane.channels.max(1));
    for (x, y) in D::values(&x).chunks_exact(inputs).zip(y.chunks_exact_mut(channels)) {
        for (channel, y) in y.iter_mut().enumerate() {
            *y = forward(&mut plane.of_channel(channel).map(|at| x[at]));
        }
    }
    let y = device.try_tensor_from_vec(y, shape)?;

    if T::OWNS_TAPE {
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            let values = D::values(&x);
            D::edit_gradient(gradients, &x, |dx| {
                let samples = values.chunks_exact(inputs).zip(slope.chunks_exact(channels));
                for (dx, (x, slope)) in dx.chunks_exact_mut(inputs).zip(samples) {
                    for (channel, slope) in slope.iter().enumerate() {
                        let numbers: Vec<E> = plane.of_channel(channel).map(|at| x[at]).collect();
                        let back = backward(*slope, &numbers);
                        plane.of_channel(channel).zip(back).for_each(|(at, back)| dx[at] += back);
                    }
                }
            })?;
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}
