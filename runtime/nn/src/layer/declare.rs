//! `layer!`: declares the tensors and settings of a layer and derives the implementations that all
//! layers share.

use dfdx::nn::tensor_collection::ModuleFields;

use crate::tensor::*;

/// Declares a layer:
/// `pub struct Name<const SIZE: usize, ..; TYPE: Bound, ..>: Marker, .. { fields }` with `E` and
/// `D` as the last type arguments. Fields are written as in any struct, followed by their initial
/// value:
///
/// | field | meaning |
/// |---|---|
/// | `trained(INITIALISER(arguments))` | a trainable tensor; the initialiser is called with the tensor and the arguments |
/// | `fixed(INITIALISER(arguments))` | a tensor that optimizers do not update |
/// | `optional(OTHER, SIZE, INITIALISER(arguments))` | a trainable tensor; where `SIZE` is 0, an empty tensor on the device of the preceding field `OTHER` that dfdx's visitors do not see |
/// | `module()` | a layer with its own initial values |
/// | `setting(set_NAME, value)` | a number that dfdx's visitors see, and its setter |
/// | `state(set_NAME, value)` | a value of another type, which dfdx's visitors do not see, and its setter |
/// | `held(value)` | a value that the type determines, such as the activation |
///
/// Saved files use the names and the order of the fields. Tensors draw their random initial values
/// in the order of the fields. `extra<const N: usize = O>` before the markers declares const
/// arguments behind `E` and `D`, with defaults, and `; R: Bound = TYPE` a type argument behind these. The condition behind `where` is asserted at compile
/// time in every program that builds the layer.
///
/// `forward |layer, sizes, mask| operation, [field, ..] on [B, ..] shape, ..` implements `Module`
/// for tensors of these shapes, with an output of the shape of the input: `operation` is applied to
/// the tensor and to these fields. `sizes` are the dimensions of the tensor. With
/// `masked [B, L] shape` behind it, `mask` is the mask of a tensor of that shape, or `None`.
macro_rules! layer {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<
            $(const $size:ident: usize),*
            $(; $($kind:ident: $bound:ident $(= $default:ty)?),+)?
        > $(extra<$(const $extra:ident: usize = $value:tt),+ $(; $dim:ident: $of:ident = $usual:ty)?>)?
        $(: $($marker:ident),+)? $(where $fits:expr, $wrong:literal;)?
        {
            $(
                $(#[$doc:meta])*
                pub $field:ident: $type:ty = $role:ident($($start:tt)*)
            ),* $(,)?
        }
        $(forward $($forward:tt)+)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name<
            $(const $size: usize,)*
            $($($kind: $bound $(= $default)?,)+)?
            E: Dtype = f32,
            D: Storage<E> = dfdx::tensor::Cpu,
            $($(const $extra: usize = $value,)+ $($dim: $of = $usual,)?)?
        > {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl<$(const $size: usize,)* $($($kind: $bound,)+)? E: Dtype, D: Storage<E>$($(, const $extra: usize)+ $(, $dim: $of)?)?>
            $name<$($size,)* $($($kind,)+)? E, D$($(, $extra)+ $(, $dim)?)?>
        {
            $(layer!(@setter $field $type, $role($($start)*));)*
        }

        impl<
            $(const $size: usize,)*
            $($($kind: $bound,)+)?
            E: Element,
            D: Device<E>,
            $($(const $extra: usize,)+ $($dim: $of,)?)?
        > TensorCollection<E, D> for $name<$($size,)* $($($kind,)+)? E, D$($(, $extra)+ $(, $dim)?)?> {
            type To<E2: Dtype, D2: Device<E2>> =
                $name<$($size,)* $($($kind,)+)? E2, D2$($(, $extra)+ $(, $dim)?)?>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                $(const { assert!($fits, $wrong) };)?
                $(let $field = layer!(@visited $field, $role($($start)*));)*
                visitor.visit_fields(layer!(@nested $($field)*), |layer!(@nested $($field)*)| {
                    $(let $field = layer!(@built $field, $role($($start)*));)*
                    $name { $($field),* }
                })
            }
        }

        layer!(
            @markers
            [
                $(const $size: usize,)* $($($kind: $bound,)+)?
                E: Dtype, D: Storage<E>, $($(const $extra: usize,)+ $($dim: $of,)?)?
            ]
            [$name<$($size,)* $($($kind,)+)? E, D$($(, $extra)+ $(, $dim)?)?>]
            $($($marker)+)?
        );
        layer!(
            @forward
            [$(const $size: usize,)* $($($kind: $bound,)+)? $($(const $extra: usize,)+ $($dim: $of,)?)?]
            [$name<$($size,)* $($($kind,)+)? E, D$($(, $extra)+ $(, $dim)?)?>]
            $($($forward)+)?
        );
    };

    (@setter $field:ident $type:ty, setting($set:ident, $start:expr)) => {
        layer!(@setter $field $type, state($set, $start));
    };
    (@setter $field:ident $type:ty, state($set:ident, $start:expr)) => {
        #[doc = concat!("Sets `", stringify!($field), "` from now on.")]
        pub fn $set(&mut self, $field: $type) {
            self.$field = $field;
        }
    };
    (@setter $field:ident $type:ty, $role:ident($($start:tt)*)) => {};

    (@visited $field:ident, trained($($init:ident)::+($($argument:expr),*))) => {
        Self::tensor(
            stringify!($field),
            |layer| &layer.$field,
            |layer| &mut layer.$field,
            TensorOptions::reset_with(|tensor| $($init)::+(tensor $(, $argument)*)),
        )
    };
    (@visited $field:ident, fixed($($init:ident)::+($($argument:expr),*))) => {
        Self::tensor(
            stringify!($field),
            |layer| &layer.$field,
            |layer| &mut layer.$field,
            TensorOptions::detached(|tensor| $($init)::+(tensor $(, $argument)*)),
        )
    };
    (@visited $field:ident, optional($other:ident, $size:ident, $($init:tt)+)) => {
        $crate::layer::declare::Present(
            $size > 0,
            layer!(@visited $field, trained($($init)+)),
        )
    };
    (@visited $field:ident, module()) => {
        Self::module(stringify!($field), |layer| &layer.$field, |layer| &mut layer.$field)
    };
    (@visited $field:ident, setting($set:ident, $start:expr)) => {
        Self::scalar(
            stringify!($field),
            |layer| &layer.$field,
            |layer| &mut layer.$field,
            dfdx::nn::tensor_collection::ScalarOptions::from_default($start),
        )
    };
    (@visited $field:ident, $role:ident($($start:tt)*)) => { () };

    (@built $field:ident, optional($other:ident, $size:ident, $($init:tt)+)) => {
        $field.unwrap_or_else(|| $other.device().zeros())
    };
    (@built $field:ident, state($set:ident, $start:expr)) => {{
        let () = $field;
        $start
    }};
    (@built $field:ident, held($start:expr)) => {{
        let () = $field;
        $start
    }};
    (@built $field:ident, $role:ident($($start:tt)*)) => { $field };

    // Nested pairs, because dfdx implements tuples of at most six fields.
    (@nested) => { () };
    (@nested $first:ident $($rest:ident)*) => { ($first, layer!(@nested $($rest)*)) };

    (@markers $generics:tt $layer:tt $($marker:ident)*) => {
        $(layer!(@marker $generics $layer $marker);)*
    };
    (@marker [$($generics:tt)*] [$($layer:tt)*] $marker:ident) => {
        impl<$($generics)*> $marker for $($layer)* {}
    };

    (@forward $generics:tt $layer:tt) => {};
    (
        @forward $generics:tt $layer:tt
        |$self:ident, $sizes:pat_param, $mask:pat_param| $operation:expr, $inputs:tt
        on $([$($dim:ident),+] $shape:ty),+
        $(, masked [$($masked_dim:ident),+] $masked:ty)?
    ) => {
        $(layer!(
            @module $generics [$($dim: Dim,)+] $layer $shape,
            |$self, $sizes, $mask| $operation, $inputs
        );)+
        $(layer!(
            @masked $generics [$($masked_dim: Dim,)+] $layer $masked,
            |$self, $sizes, $mask| $operation, $inputs
        );)?
    };
    (
        @module [$($generics:tt)*] [$($dims:tt)*] [$($layer:tt)*] $shape:ty,
        |$self:ident, $sizes:pat_param, $mask:pat_param| $operation:expr, [$($input:ident),*]
    ) => {
        impl<$($dims)* $($generics)* E: Element, D: Backend<E>, T: Tape<E, D>>
            Module<Tensor<$shape, E, D, T>> for $($layer)*
        {
            type Output = Tensor<$shape, E, D, T>;
            type Error = D::Err;

            fn try_forward(&self, x: Tensor<$shape, E, D, T>) -> Result<Self::Output, D::Err> {
                let (x, tape) = x.split_tape();
                let sizes = x.shape().concrete();
                let operation = {
                    let $self = self;
                    let ($sizes, $mask) = (&sizes[..], None::<&$crate::layer::Mask>);
                    $operation
                };
                record(&operation, &[&x, $(&self.$input),*], *x.shape(), x.device(), tape)
            }
        }
    };
    (
        @masked [$($generics:tt)*] [$($dims:tt)*] [$($layer:tt)*] $shape:ty,
        |$self:ident, $sizes:pat_param, $mask:pat_param| $operation:expr, [$($input:ident),*]
    ) => {
        impl<$($dims)* $($generics)* E: Element, D: Backend<E>, T: Tape<E, D>>
            $crate::layer::MaskedModule<Tensor<$shape, E, D, T>> for $($layer)*
        {
            fn try_forward_masked(
                &self,
                x: Tensor<$shape, E, D, T>,
                mask: &$crate::mask::Mask,
            ) -> Result<Self::Output, D::Err> {
                let (x, tape) = x.split_tape();
                let sizes = x.shape().concrete();
                if !mask.covers(sizes[0], sizes[1]) {
                    return Err(D::size_error());
                }
                let operation = {
                    let $self = self;
                    let ($sizes, $mask) = (&sizes[..], Some(mask));
                    $operation
                };
                record(&operation, &[&x, $(&self.$input),*], *x.shape(), x.device(), tape)
            }
        }
    };
}
pub(super) use layer;

/// Declares a layer without tensors, which computes the same in training and in inference:
/// `pub struct Name<const SIZE: usize, ..; S = Slide<..>>`, where `S` gives strides and padding
/// of a window, and
/// `forward |layer, mask| operation on [const C: usize, ..] (Const<C>, ..) => (..)` with the shapes
/// of one sample of the input and of the output. `masked` behind it implements `MaskedModule`, for
/// layers that read the mask of their input.
macro_rules! stateless {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<$(const $size:ident: usize),*>
        forward $($forward:tt)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name<$(const $size: usize),*>;

        stateless!(@all [$(const $size: usize,)*] [$name<$($size),*>] $($forward)+);
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident<$(const $size:ident: usize),+; S = $slide:ty>
        forward $($forward:tt)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name<$(const $size: usize,)+ S = $slide> {
            /// The strides and the padding of the window.
            pub slide: S,
        }

        stateless!(@all [$(const $size: usize,)+ S: Sliding,] [$name<$($size,)+ S>] $($forward)+);
    };

    (
        @all [$($generics:tt)*] [$($layer:tt)*]
        |$self:pat_param, $mask:pat_param| $operation:expr,
        on [$($dims:tt)*] ($($x:ty),+) => ($($y:ty),+) $(, $masked:ident)?
    ) => {
        impl<$($generics)*> dfdx::nn::ZeroSizedModule for $($layer)* {}
        impl<$($generics)*> NonMutableModule for $($layer)* {}

        impl<B: Dim, $($dims)*, $($generics)* E: Element, D: Backend<E>, T: Tape<E, D>>
            Module<Tensor<(B, $($x),+), E, D, T>> for $($layer)*
        {
            type Output = Tensor<(B, $($y),+), E, D, T>;
            type Error = D::Err;

            fn try_forward(
                &self,
                x: Tensor<(B, $($x),+), E, D, T>,
            ) -> Result<Self::Output, D::Err> {
                let ($self, $mask) = (self, None::<&$crate::layer::Mask>);
                let shape = (x.shape().0, $(<$y>::default()),+);
                let (x, tape) = x.split_tape();
                record(&$operation, &[&x], shape, x.device(), tape)
            }
        }

        stateless!(
            @masked [$($dims)*, $($generics)*] [$($layer)*]
            |$self, $mask| $operation,
            ($($x),+) => ($($y),+) $(, $masked)?
        );
    };
    (
        @masked $generics:tt $layer:tt
        |$self:pat_param, $mask:pat_param| $operation:expr,
        $x:tt => $y:tt
    ) => {};
    (
        @masked [$($generics:tt)*] [$($layer:tt)*]
        |$self:pat_param, $mask:pat_param| $operation:expr,
        ($($x:ty),+) => ($($y:ty),+), masked
    ) => {
        impl<B: Dim, $($generics)* E: Element, D: Backend<E>, T: Tape<E, D>>
            $crate::layer::MaskedModule<Tensor<(B, $($x),+), E, D, T>> for $($layer)*
        {
            fn try_forward_masked(
                &self,
                x: Tensor<(B, $($x),+), E, D, T>,
                mask: &$crate::mask::Mask,
            ) -> Result<Self::Output, D::Err> {
                let sizes = x.shape().concrete();
                if !mask.covers(sizes[0], sizes[1]) {
                    return Err(D::size_error());
                }
                let ($self, $mask) = (self, Some(mask));
                let shape = (x.shape().0, $(<$y>::default()),+);
                let (x, tape) = x.split_tape();
                record(&$operation, &[&x], shape, x.device(), tape)
            }
        }
    };
}
pub(super) use stateless;

/// A tensor that dfdx's visitors see only where the flag is true. dfdx cannot read a file with an
/// empty tensor.
pub(super) struct Present<F>(pub(super) bool, pub(super) F);

impl<M: TensorCollection<E, D>, E: Dtype, D: Device<E>, F: ModuleFields<M, E, D>>
    ModuleFields<M, E, D> for Present<F>
{
    type Options<E2: Dtype, D2: Device<E2>> = Option<F::Options<E2, D2>>;
    type Output<E2: Dtype, D2: Device<E2>> = Option<F::Output<E2, D2>>;

    fn visit_fields<V: ModuleVisitor<M, E, D>>(
        self,
        visitor: &mut V,
    ) -> Result<Self::Options<V::E2, V::D2>, V::Err> {
        match self.0 {
            true => self.1.visit_fields(visitor).map(Some),
            false => Ok(None),
        }
    }

    fn handle_options<E2: Dtype, D2: Device<E2>>(
        options: Self::Options<E2, D2>,
    ) -> Option<Self::Output<E2, D2>> {
        match options {
            Some(options) => F::handle_options(options).map(Some),
            None => Some(None),
        }
    }
}
