//! Stride, padding and dilation of a window, as a type.

/// Stride, padding and dilation of a convolution or pooling window.
///
/// `DOWN` and `ACROSS` are the strides, `ABOVE` and `LEFT` the padding before the first row and
/// column. The padding after the last row and column follows from the size of the output. A window
/// over a sequence moves across.
///
/// `Slide` alone has stride 1, no padding and no dilation; `Slide<2, 2>` has stride 2.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slide<
    const DOWN: usize = 1,
    const ACROSS: usize = 1,
    const ABOVE: usize = 0,
    const LEFT: usize = 0,
    const DILATION_DOWN: usize = 1,
    const DILATION_ACROSS: usize = 1,
>;

/// The constants of a [`Slide`].
pub trait Sliding: Clone + std::fmt::Debug + Default + 'static {
    /// Strides `[down, across]`.
    const STRIDE: [usize; 2];
    /// Padding `[above, left]`.
    const BEFORE: [usize; 2];
    /// Dilation `[down, across]`.
    const DILATION: [usize; 2];
}

impl<
        const DOWN: usize,
        const ACROSS: usize,
        const ABOVE: usize,
        const LEFT: usize,
        const DILATION_DOWN: usize,
        const DILATION_ACROSS: usize,
    > Sliding for Slide<DOWN, ACROSS, ABOVE, LEFT, DILATION_DOWN, DILATION_ACROSS>
{
    const STRIDE: [usize; 2] = [DOWN, ACROSS];
    const BEFORE: [usize; 2] = [ABOVE, LEFT];
    const DILATION: [usize; 2] = [DILATION_DOWN, DILATION_ACROSS];
}
