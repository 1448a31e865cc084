//! Windows that slide over an image or a sequence: the effect of kernels, strides, dilations and
//! paddings on sizes.

use super::Sizes;
use crate::{Padding, Shape, Size, Text};

const ONE: Size = Size::Known(1);

/// A window over the two axes of an image. Over a sequence it slides along the second axis, and the
/// first has size 1.
#[derive(Clone, Copy, Debug)]
pub struct Sliding {
    axes: usize,
    kernel: [Size; 2],
    stride: [Size; 2],
    dilation: [Size; 2],
    padding: [Padding; 2],
}

impl Sliding {
    /// A window over an image.
    pub const fn image(
        kernel: [Size; 2],
        stride: [Size; 2],
        dilation: [Size; 2],
        padding: Padding,
    ) -> Sliding {
        Sliding { axes: 2, kernel, stride, dilation, padding: [padding; 2] }
    }

    /// A window over the steps of a sequence.
    pub const fn steps(kernel: Size, stride: Size, dilation: Size, padding: Padding) -> Sliding {
        Sliding {
            axes: 1,
            kernel: [ONE, kernel],
            stride: [ONE, stride],
            dilation: [ONE, dilation],
            padding: [Padding::Valid, padding],
        }
    }

    /// The number of window positions along each axis.
    pub const fn output(&self, input: [Size; 2]) -> [Size; 2] {
        [self.along(0, input[0]).positions, self.along(1, input[1]).positions]
    }

    /// The const arguments of `Slide`: stride, leading zeros, dilation, each for both axes.
    pub const fn slide(&self, input: [Size; 2]) -> Sizes {
        let before = [self.along(0, input[0]).before, self.along(1, input[1]).before];
        let ([stride_y, stride_x], [dilation_y, dilation_x]) = (self.stride, self.dilation);
        Sizes::of(&[stride_y, stride_x, before[0], before[1], dilation_y, dilation_x])
    }

    /// An error for an invalid convolution with this window over `sizes`, the axes of `input`.
    pub const fn check_kernel(&self, layer: &str, input: &Shape, sizes: [Size; 2]) -> Option<Text> {
        if !self.fits(sizes) {
            let text = self.too_large(Text::new("the kernel of `").str(layer), input, sizes);
            return Some(text.str("; take a smaller kernel or `padding = same`"));
        }
        None
    }

    /// An error for an invalid pooling with this window over `sizes`, the axes of `input`.
    pub const fn check_pool(&self, layer: &str, input: &Shape, sizes: [Size; 2]) -> Option<Text> {
        if let Some(text) = self.check_pool_padding(layer) {
            return Some(text);
        }
        if !self.fits(sizes) {
            let text = self.too_large(Text::new("the pool of `").str(layer), input, sizes);
            return Some(text.str(", so nothing is left; take a smaller pool or `padding = same`"));
        }
        None
    }

    /// A window entirely in the padding has no maximum and no mean.
    const fn check_pool_padding(&self, layer: &str) -> Option<Text> {
        let mut axis = 0;
        while axis < 2 {
            if let (Padding::Zeros(Size::Known(zeros)), Size::Known(kernel)) =
                (self.padding[axis], self.kernel[axis])
            {
                if zeros >= kernel {
                    return Some(
                        Text::new("the padding of `")
                            .str(layer)
                            .str("` is ")
                            .number(zeros)
                            .str(", but its pool covers ")
                            .shape(&self.named(self.kernel))
                            .str("; pad less than the pool, so that it always holds a number"),
                    );
                }
            }
            axis += 1;
        }
        None
    }

    const fn too_large(&self, start: Text, input: &Shape, sizes: [Size; 2]) -> Text {
        let along = [self.along(0, sizes[0]), self.along(1, sizes[1])];
        let text = start
            .str("` covers ")
            .shape(&self.named([along[0].extent, along[1].extent]))
            .str(", but what flows in is ")
            .shape(input);
        match self.padding[1] {
            Padding::Zeros(_) => {
                text.str(", padded to ").shape(&self.named([along[0].padded, along[1].padded]))
            }
            _ => text,
        }
    }

    const fn fits(&self, sizes: [Size; 2]) -> bool {
        let positions = self.output(sizes);
        !positions[0].is(0) && !positions[1].is(0)
    }

    /// The sizes of the axes that the user knows.
    const fn named(&self, sizes: [Size; 2]) -> Shape {
        match self.axes {
            1 => Shape::numbers(&[sizes[1]]),
            _ => Shape::numbers(&sizes),
        }
    }

    const fn along(&self, axis: usize, size: Size) -> Along {
        let (Size::Known(kernel), Size::Known(dilation)) = (self.kernel[axis], self.dilation[axis])
        else {
            return Along::UNKNOWN;
        };
        let extent = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
        let (Size::Known(size), Size::Known(stride)) = (size, self.stride[axis]) else {
            return Along { extent: Size::Known(extent), ..Along::UNKNOWN };
        };
        // Sizes given by the user are not 0, but this code must never divide by 0.
        let stride = if stride == 0 { 1 } else { stride };
        let (before, padded) = match self.padding[axis] {
            Padding::Valid => (0, size),
            Padding::Zeros(Size::Known(zeros)) => {
                (zeros, size.saturating_add(zeros.saturating_mul(2)))
            }
            Padding::Zeros(Size::Unknown) => {
                return Along { extent: Size::Known(extent), ..Along::UNKNOWN };
            }
            Padding::Same => {
                let steps = size.div_ceil(stride).saturating_sub(1);
                let needed = steps.saturating_mul(stride).saturating_add(extent);
                let zeros = needed.saturating_sub(size);
                (zeros / 2, size.saturating_add(zeros))
            }
        };
        let positions = if padded < extent { 0 } else { (padded - extent) / stride + 1 };
        Along {
            extent: Size::Known(extent),
            padded: Size::Known(padded),
            before: Size::Known(before),
            positions: Size::Known(positions),
        }
    }
}

/// A window along one axis.
struct Along {
    /// The extent of the dilated kernel, gaps included.
    extent: Size,
    /// The size of the axis with its padding.
    padded: Size,
    /// The leading zeros.
    before: Size,
    /// The number of window positions.
    positions: Size,
}

impl Along {
    const UNKNOWN: Along = Along {
        extent: Size::Unknown,
        padded: Size::Unknown,
        before: Size::Unknown,
        positions: Size::Unknown,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn known(sizes: [usize; 2]) -> [Size; 2] {
        [Size::Known(sizes[0]), Size::Known(sizes[1])]
    }

    #[track_caller]
    fn assert_slides(sliding: Sliding, input: [usize; 2], output: [usize; 2], before: [usize; 2]) {
        assert_eq!(sliding.output(known(input)), known(output));
        let slide = sliding.slide(known(input));
        assert_eq!([slide.at(2), slide.at(3)], known(before));
    }

    #[test]
    fn places_are_counted_as_tensorflow_counts_them() {
        let (kernel, stride, one) = (known([3, 2]), known([2, 3]), known([1, 1]));
        assert_slides(Sliding::image(kernel, one, one, Padding::Valid), [7, 9], [5, 8], [0, 0]);
        assert_slides(Sliding::image(kernel, stride, one, Padding::Valid), [7, 9], [3, 3], [0, 0]);
        assert_slides(Sliding::image(kernel, one, one, Padding::Same), [7, 9], [7, 9], [1, 0]);
        assert_slides(Sliding::image(kernel, stride, one, Padding::Same), [8, 9], [4, 3], [0, 0]);
        let two = Padding::Zeros(Size::Known(2));
        assert_slides(Sliding::image(kernel, stride, one, two), [7, 9], [5, 4], [2, 2]);
        // With dilation 3, a kernel of 3 covers 7.
        let dilated = Sliding::image(known([3, 3]), one, known([3, 3]), Padding::Valid);
        assert_slides(dilated, [7, 9], [1, 3], [0, 0]);
        let steps = Sliding::steps(Size::Known(4), ONE, ONE, Padding::Same);
        assert_slides(steps, [1, 6], [1, 6], [0, 1]);
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        let one = known([1, 1]);
        let sliding = Sliding::image([Size::Unknown, Size::Known(3)], one, one, Padding::Valid);
        assert_eq!(sliding.output(known([7, 9])), [Size::Unknown, Size::Known(7)]);
        let padding = Padding::Zeros(Size::Unknown);
        let sliding = Sliding::image(one, one, one, padding);
        assert_eq!(sliding.output(known([7, 9])), [Size::Unknown; 2]);
        let input = Shape::numbers(&[ONE, Size::Unknown, Size::Known(2)]);
        assert!(sliding.check_pool("MaxPool2D", &input, [Size::Unknown, Size::Known(2)]).is_none());
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let huge = known([usize::MAX, usize::MAX]);
        for padding in [Padding::Valid, Padding::Same, Padding::Zeros(Size::Known(usize::MAX))] {
            let _ = Sliding::image(huge, huge, huge, padding).output(huge);
            let _ = Sliding::image(known([0, 0]), known([0, 0]), huge, padding).output(huge);
        }
    }
}
