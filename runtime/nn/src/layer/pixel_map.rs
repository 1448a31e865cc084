//! Images whose pixels are copied from another image or are zero.

use std::rc::Rc;

use crate::{operation::*, tensor::Element};

/// Copies pixels by index: every output pixel is an input pixel of the same channel, or zero.
#[derive(Clone)]
pub(super) struct PixelMap {
    /// For each pixel of an output channel, the index of its input pixel, or `None` for zero.
    sources: Rc<[Option<usize>]>,
    /// The number of pixels of an input channel.
    input: usize,
}

compiled!(PixelMap);

impl PixelMap {
    /// Zero padding: an image of `to` pixels, height and width, that has the image of `from` pixels
    /// `before` pixels from its upper left corner.
    pub(super) fn padded(from: [usize; 2], to: [usize; 2], before: [usize; 2]) -> PixelMap {
        PixelMap::new(from, to, |[row, column]| {
            Some([row.checked_sub(before[0])?, column.checked_sub(before[1])?])
        })
    }

    /// Nearest-neighbour upsampling: every pixel is repeated `times` down and across.
    pub(super) fn repeated(from: [usize; 2], times: [usize; 2]) -> PixelMap {
        let to = [from[0] * times[0], from[1] * times[1]];
        PixelMap::new(from, to, |[row, column]| Some([row / times[0], column / times[1]]))
    }

    fn new(
        [height, width]: [usize; 2],
        [rows, columns]: [usize; 2],
        from: impl Fn([usize; 2]) -> Option<[usize; 2]>,
    ) -> PixelMap {
        let source = |pixel: usize| {
            let [row, column] = from([pixel / columns, pixel % columns])?;
            (row < height && column < width).then_some(row * width + column)
        };
        PixelMap { sources: (0..rows * columns).map(source).collect(), input: height * width }
    }
}

impl Operation for PixelMap {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let channels = pass.inputs[0].chunks_exact(self.input.max(1));
        for (x, y) in channels.zip(pass.output.chunks_exact_mut(self.sources.len().max(1))) {
            for (y, source) in y.iter_mut().zip(&*self.sources) {
                *y = source.map_or_else(E::zero, |source| x[source]);
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
            let grads = pass.gradient.chunks_exact(self.sources.len().max(1));
            for (dx, grad) in dx.chunks_exact_mut(self.input.max(1)).zip(grads) {
                for (grad, source) in grad.iter().zip(&*self.sources) {
                    if let Some(source) = source {
                        dx[*source] += *grad;
                    }
                }
            }
        })
    }
}
