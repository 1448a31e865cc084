//! Images whose pixels are those of another image, or zeros.

use std::rc::Rc;

use crate::{operation::*, tensor::Element};

/// Every pixel is one of the same channel of the input, or zero.
#[derive(Clone)]
pub(super) struct Pick {
    /// For each pixel of a channel of the output, that of the input.
    places: Rc<[Option<usize>]>,
    /// How many pixels a channel of the input has.
    input: usize,
}

compiled!(Pick);

impl Pick {
    /// An image of the sizes `to` with one of the sizes `from` in it, so far from its upper left
    /// corner, and zeros around that.
    pub(super) fn padded(from: [usize; 2], to: [usize; 2], before: [usize; 2]) -> Pick {
        Pick::new(from, to, |[row, column]| {
            Some([row.checked_sub(before[0])?, column.checked_sub(before[1])?])
        })
    }

    /// Every pixel so many times, down and across.
    pub(super) fn repeated(from: [usize; 2], times: [usize; 2]) -> Pick {
        let to = [from[0] * times[0], from[1] * times[1]];
        Pick::new(from, to, |[row, column]| Some([row / times[0], column / times[1]]))
    }

    fn new(
        [height, width]: [usize; 2],
        [rows, columns]: [usize; 2],
        from: impl Fn([usize; 2]) -> Option<[usize; 2]>,
    ) -> Pick {
        let place = |place: usize| {
            let [row, column] = from([place / columns, place % columns])?;
            (row < height && column < width).then_some(row * width + column)
        };
        Pick { places: (0..rows * columns).map(place).collect(), input: height * width }
    }
}

impl Operation for Pick {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let channels = pass.inputs[0].chunks_exact(self.input.max(1));
        for (x, y) in channels.zip(pass.output.chunks_exact_mut(self.places.len().max(1))) {
            for (y, place) in y.iter_mut().zip(&*self.places) {
                *y = place.map_or_else(E::zero, |place| x[place]);
            }
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        gradients.edit(0, |dx| {
            let grads = pass.gradient.chunks_exact(self.places.len().max(1));
            for (dx, grad) in dx.chunks_exact_mut(self.input.max(1)).zip(grads) {
                for (grad, place) in grad.iter().zip(&*self.places) {
                    if let Some(place) = place {
                        dx[*place] += *grad;
                    }
                }
            }
        })
    }
}
