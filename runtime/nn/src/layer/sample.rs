//! The shape of a batch taken apart into the batch dimension and the shape of one sample.

use crate::tensor::*;

/// The shape of a batch: first the batch dimension, then those of one sample.
pub trait Batched: Shape {
    /// The batch dimension.
    type Batch: Dim;

    /// The batch dimension.
    fn batch(&self) -> Self::Batch;
}

/// The shape of one sample, of one to four dimensions.
pub trait SampleShape: Shape + Default {
    /// The shape of a batch of such samples.
    type Batch<B: Dim>: Shape;

    /// The shape with a batch dimension in front.
    fn batched<B: Dim>(self, batch: B) -> Self::Batch<B>;
}

macro_rules! sample_shapes {
    ($(($($dim:ident $position:tt),*)),+) => {$(
        impl<B: Dim, $($dim: Dim),*> Batched for (B, $($dim,)*) {
            type Batch = B;
            fn batch(&self) -> B {
                self.0
            }
        }

        impl<$($dim: Dim + Default),*> SampleShape for ($($dim,)*) {
            type Batch<B: Dim> = (B, $($dim,)*);
            fn batched<B: Dim>(self, batch: B) -> Self::Batch<B> {
                (batch, $(self.$position,)*)
            }
        }
    )+};
}

sample_shapes!((D1 0), (D1 0, D2 1), (D1 0, D2 1, D3 2), (D1 0, D2 1, D3 2, D4 3));
