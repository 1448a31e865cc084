//! How a window slides, as a type.

/// How the window of a convolution or a pooling slides: its stride down and across, how many zeros
/// (or nothings) lie above and to the left of the image, and how far apart the numbers under the
/// window are, down and across.
///
/// What is added below and to the right shows in the size of the output. Over a sequence a window
/// slides across.
///
/// `Slide` alone moves by one, inside the image, without gaps; `Slide<2, 2>` moves by two.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slide<
    const DOWN: usize = 1,
    const ACROSS: usize = 1,
    const ABOVE: usize = 0,
    const LEFT: usize = 0,
    const DILATION_DOWN: usize = 1,
    const DILATION_ACROSS: usize = 1,
>;

/// A [`Slide`] of any numbers.
pub trait Sliding: Clone + std::fmt::Debug + Default + 'static {
    /// From one place to the next, down and across.
    const STRIDE: [usize; 2];
    /// How far the first window reaches over the edge, above and to the left.
    const BEFORE: [usize; 2];
    /// The distance of neighbours under the window, down and across.
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
