//! Images whose pixels are those of another image, or zeros.

use crate::tensor::*;

/// Every pixel is the one of the same channel of `x` at the place that `from` gives for its row and
/// column, or zero.
pub(super) fn pick<S, Out, E, D, T>(
    x: Tensor<S, E, D, T>,
    shape: Out,
    from: impl Fn(usize, usize) -> Option<usize>,
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
    let sizes: Vec<usize> = shape.concrete().into();
    let (before, after) = match (sizes[..].split_at(2), x.shape().num_elements()) {
        ((&[batch, channels], axes), len) => {
            ((len / (batch * channels).max(1)).max(1), axes.iter().product::<usize>().max(1))
        }
        _ => return Err(D::size_error()),
    };
    let columns = sizes.last().copied().unwrap_or(1).max(1);
    let places: Vec<Option<usize>> =
        (0..after).map(|place| from(place / columns, place % columns)).collect();

    let mut y = device.buffer(shape.num_elements())?;
    for (x, y) in D::values(&x).chunks_exact(before).zip(y.chunks_exact_mut(after)) {
        for (y, place) in y.iter_mut().zip(&places) {
            *y = place.map_or_else(E::zero, |place| x[place]);
        }
    }
    let y = device.try_tensor_from_vec(y, shape)?;

    if T::OWNS_TAPE {
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            D::edit_gradient(gradients, &x, |dx| {
                for (dx, slope) in dx.chunks_exact_mut(before).zip(slope.chunks_exact(after)) {
                    for (slope, place) in slope.iter().zip(&places) {
                        if let Some(place) = place {
                            dx[*place] += *slope;
                        }
                    }
                }
            })?;
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}
