//! Splits the shape of a batch into the batch dimension and the shape of one sample.

use crate::tensor::*;

/// The shape of a batch: the batch dimension, then the dimensions of one sample.
pub trait Batched: Shape {
    /// The type of the batch dimension.
    type Batch: Dim;

    /// The batch dimension.
    fn batch(&self) -> Self::Batch;
}

/// The shape of one sample, of one to four dimensions.
pub trait SampleShape: Shape + Default {
    /// The shape of a batch of samples of this shape.
    type Batch<B: Dim>: Shape;

    /// This shape behind a batch dimension.
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
