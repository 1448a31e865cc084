//! Tensors of any shape as rows of elements, and back.
//!
//! What is generic over the shape is a change of types alone; whatever moves or looks at elements is
//! compiled here.

use std::{any::Any, borrow::Cow, rc::Rc};

use dfdx::{
    shapes::{HasShape, Shape, Unit},
    tensor::{
        Cpu, CpuError, Gradients, HasErr, PutTape, SplitTape, Storage, Tape, Tensor, ZerosTensor,
    },
    tensor_ops::{RealizeTo, ReshapeTo},
};

use super::{
    operation::OperationError,
    sizes::{Concrete, Sizes},
    view, Backend, Element,
};

/// A contiguous tensor without the type of its shape: the same elements and the same gradient.
pub type Flat<E, D> = Tensor<(usize,), E, D>;

/// A tensor that comes out of functions that know no shapes: it has [`Sizes`].
pub(super) type Erased<S, E, D> = Option<Tensor<Sizes<<S as Shape>::Concrete>, E, D>>;

/// Writes the elements of an output.
pub(super) type Write<'a, E> = dyn FnMut(&mut [E]) -> Result<(), OperationError> + 'a;

/// Looks at a tensor that has [`Sizes`] of a rank.
pub(super) type Look<'a> = dyn FnMut(usize, &dyn Any) + 'a;

mod sealed {
    /// Nothing else is an operand, so what is shown has the elements of what shows it.
    pub trait IsTensor {}
    impl<S: super::Shape, E, D: super::Storage<E>> IsTensor for super::Tensor<S, E, D> {}
}

/// A tensor that flows into an operation, whatever its shape.
pub trait Operand<E: Element, D: Backend<E>>: sealed::IsTensor {
    /// Shows it to `look`.
    fn show(&self, look: &mut Look<'_>);
}

impl<S: Shape, E: Element, D: Backend<E>> Operand<E, D> for Tensor<S, E, D> {
    fn show(&self, look: &mut Look<'_>) {
        view::erase(self, look);
    }
}

/// What a backward pass keeps of a tensor that flowed in.
pub struct Input<E: Element, D: Backend<E>> {
    /// Its elements in order.
    flat: Flat<E, D>,
    /// Where the tensor was out of order, so that the row is a copy.
    original: Option<Original<E, D>>,
}

/// Adds the gradient by the row to that by a tensor out of order.
type Original<E, D> = Box<dyn Fn(&mut Gradients<E, D>, &[E]) -> Result<(), <D as HasErr>::Err>>;

impl<E: Element, D: Backend<E>> Input<E, D> {
    /// The elements.
    pub(super) fn values(&self) -> Cow<'_, [E]> {
        D::values(&self.flat)
    }

    /// The row; an error where the tensor was out of order.
    pub fn in_order(self) -> Result<Flat<E, D>, D::Err> {
        match self.original {
            None => Ok(self.flat),
            Some(_) => Err(D::size_error()),
        }
    }

    /// Lets `change` add to the gradient by the tensor, in the order of the row.
    pub(super) fn edit_gradient(
        &self,
        gradients: &mut Gradients<E, D>,
        change: &mut dyn FnMut(&mut [E]),
    ) -> Result<(), D::Err> {
        let Some(original) = &self.original else {
            return D::edit_gradient(gradients, &self.flat, change);
        };
        let mut changes = vec![E::zero(); self.flat.shape().0];
        change(&mut changes);
        original(gradients, &changes)
    }
}

/// A tensor of a module, whatever its shape.
pub trait AnyTensor<E: Element, D: Backend<E>>: Operand<E, D> {
    /// Changes its elements in place.
    fn edit(&mut self, change: &mut dyn FnMut(&mut [E]));
}

impl<S: Shape, E: Element, D: Backend<E>> AnyTensor<E, D> for Tensor<S, E, D> {
    fn edit(&mut self, change: &mut dyn FnMut(&mut [E])) {
        view::erase_mut(self, &mut |rank, tensor| D::edit_erased(rank, tensor, change));
    }
}

/// Category indices as a row. dfdx cannot bring indices into order, so those of a permuted tensor are an
/// error.
pub fn indices<S: Shape, E: Element, D: Backend<E> + Storage<usize>>(
    tensor: &Tensor<S, usize, D>,
) -> Result<Rc<[usize]>, D::Err> {
    let mut found = None;
    view::erase(tensor, &mut |rank, tensor| found = D::index_row(rank, tensor));
    found.ok_or_else(D::size_error)
}

/// The tensor with the type of its shape.
pub(super) fn typed<S: Shape, E: Element, D: Backend<E>>(
    tensor: Erased<S, E, D>,
) -> Result<Tensor<S, E, D>, D::Err> {
    match tensor.map(Tensor::try_realize) {
        Some(Ok(tensor)) => Ok(tensor),
        _ => Err(D::size_error()),
    }
}

/// The same elements in the same order under another shape; an error where their counts differ.
pub fn reshape<S: Shape, Out: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<S, E, D, T>,
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err> {
    let (x, mut tape) = x.split_tape();
    let mut output = Erased::<Out, E, D>::None;
    if let Some(copied) = D::reshape(&x, shape.concrete().as_ref(), &mut output)? {
        tape.add_backward_op(move |gradients| D::reshape_back(copied, gradients));
    }
    Ok(typed(output)?.put_tape(tape))
}

/// [`Backend::reshape_back`].
pub(super) fn reshape_back<E: Element, D: Backend<E>>(
    input: Input<E, D>,
    gradients: &mut Gradients<E, D>,
) -> Result<(), D::Err> {
    let grads = D::take_gradient(gradients, &input.flat)?;
    input.edit_gradient(gradients, &mut |gradient| gradient.copy_from_slice(&grads))?;
    D::restore_gradient(gradients, &input.flat, grads)
}

/// Calls a function for the array that holds the sizes of a rank. dfdx has no more axes.
macro_rules! of_rank {
    ($rank:expr, $function:ident::<$element:ident>($($argument:expr),*)) => {
        match $rank {
            0 => $function::<$element, [usize; 0]>($($argument),*),
            1 => $function::<$element, [usize; 1]>($($argument),*),
            2 => $function::<$element, [usize; 2]>($($argument),*),
            3 => $function::<$element, [usize; 3]>($($argument),*),
            4 => $function::<$element, [usize; 4]>($($argument),*),
            5 => $function::<$element, [usize; 5]>($($argument),*),
            6 => $function::<$element, [usize; 6]>($($argument),*),
            _ => None,
        }
    };
}

/// [`Backend::elements`].
pub(super) fn elements<'a, E: Element>(operand: &'a dyn Operand<E, Cpu>) -> Cow<'a, [E]>
where
    Cpu: Backend<E>,
{
    fn in_order<E: Element, C: Concrete>(tensor: &dyn Any) -> Option<*const [E]>
    where
        Cpu: Backend<E>,
    {
        let tensor = tensor.downcast_ref::<Tensor<Sizes<C>, E, Cpu>>()?;
        view::in_order(tensor).map(std::ptr::from_ref)
    }
    match view::shown(operand, |rank, tensor| of_rank!(rank, in_order::<E>(tensor))) {
        Some(elements) => Cow::Borrowed(elements),
        None => Cow::Owned(copied(operand)),
    }
}

/// The elements of an operand out of order.
#[cold]
fn copied<E: Element>(operand: &dyn Operand<E, Cpu>) -> Vec<E>
where
    Cpu: Backend<E>,
{
    fn copy<E: Element, C: Concrete>(tensor: &dyn Any) -> Option<Vec<E>>
    where
        Cpu: Backend<E>,
    {
        Some(tensor.downcast_ref::<Tensor<Sizes<C>, E, Cpu>>()?.as_vec())
    }
    let mut copied = None;
    operand.show(&mut |rank, tensor| copied = of_rank!(rank, copy::<E>(tensor)));
    copied.unwrap_or_default()
}

/// [`Backend::flatten`].
pub(super) fn flatten<E: Element>(operand: &dyn Operand<E, Cpu>) -> Result<Input<E, Cpu>, CpuError>
where
    Cpu: Backend<E>,
{
    let mut input = None;
    operand.show(&mut |rank, tensor| input = of_rank!(rank, row::<E>(tensor)));
    input.unwrap_or(Err(CpuError::WrongNumElements))
}

fn row<E: Element, C: Concrete>(tensor: &dyn Any) -> Option<Result<Input<E, Cpu>, CpuError>>
where
    Cpu: Backend<E>,
{
    let tensor = tensor.downcast_ref::<Tensor<Sizes<C>, E, Cpu>>()?;
    let flat = match tensor.clone().try_reshape_like(&(tensor.shape().num_elements(),)) {
        Ok(flat) => flat,
        Err(error) => return Some(Err(error)),
    };
    // What is out of order has been copied.
    let original = (!view::share(tensor, &flat)).then(|| add_to(tensor.clone()));
    Some(Ok(Input { flat, original }))
}

/// Adds to the gradient by a tensor out of order.
fn add_to<E: Element, C: Concrete>(tensor: Tensor<Sizes<C>, E, Cpu>) -> Original<E, Cpu>
where
    Cpu: Backend<E>,
{
    let places = view::places(&tensor);
    Box::new(move |gradients, changes| {
        Cpu::edit_gradient(gradients, &tensor, |gradient| {
            places.iter().zip(changes).for_each(|(place, change)| gradient[*place] += *change);
        })
    })
}

/// [`Backend::unflatten`].
pub(super) fn unflatten<E: Element>(
    flat: Flat<E, Cpu>,
    sizes: &[usize],
    to: &mut dyn Any,
) -> Result<(), CpuError>
where
    Cpu: Backend<E>,
{
    fn put<E: Element, C: Concrete>(
        flat: Flat<E, Cpu>,
        sizes: &[usize],
        to: &mut dyn Any,
    ) -> Option<Result<(), CpuError>>
    where
        Cpu: Backend<E>,
    {
        let to = to.downcast_mut::<Option<Tensor<Sizes<C>, E, Cpu>>>()?;
        Some(flat.try_reshape_like(&Sizes::of(sizes)).map(|tensor| *to = Some(tensor)))
    }
    if sizes.iter().product::<usize>() != flat.shape().0 {
        return Err(CpuError::WrongNumElements);
    }
    let placed = of_rank!(sizes.len(), put::<E>(flat, sizes, to));
    placed.unwrap_or(Err(CpuError::WrongNumElements))
}

/// [`Backend::write`].
pub(super) fn write<E: Element>(
    device: &Cpu,
    write: &mut Write<'_, E>,
    sizes: &[usize],
    to: &mut dyn Any,
) -> Result<(), CpuError>
where
    Cpu: Backend<E>,
{
    fn put<E: Element, C: Concrete>(
        device: &Cpu,
        write: &mut Write<'_, E>,
        sizes: &[usize],
        to: &mut dyn Any,
    ) -> Option<Result<(), CpuError>>
    where
        Cpu: Backend<E>,
    {
        let to = to.downcast_mut::<Option<Tensor<Sizes<C>, E, Cpu>>>()?;
        let mut zeros = match device.try_zeros_like(&Sizes::<C>::of(sizes)) {
            Ok(zeros) => zeros,
            Err(error) => return Some(Err(error)),
        };
        let written = write(view::slice_mut(&mut zeros)).map_err(Cpu::operation_error);
        Some(written.map(|()| *to = Some(zeros)))
    }
    let written = of_rank!(sizes.len(), put::<E>(device, write, sizes, to));
    written.unwrap_or(Err(CpuError::WrongNumElements))
}

/// [`Backend::exchange_gradient`].
pub(super) fn exchange_gradient<E: Element>(
    gradients: &mut Gradients<E, Cpu>,
    operand: &dyn Operand<E, Cpu>,
    other: &mut Vec<E>,
) -> Result<(), CpuError>
where
    Cpu: Backend<E>,
{
    fn exchange<E: Element, C: Concrete>(
        tensor: &dyn Any,
        gradients: &mut Gradients<E, Cpu>,
        other: &mut Vec<E>,
    ) -> Option<Result<(), CpuError>>
    where
        Cpu: Backend<E>,
    {
        let tensor = tensor.downcast_ref::<Tensor<Sizes<C>, E, Cpu>>()?;
        if !view::is_contiguous(tensor) {
            return None;
        }
        let gradient = Cpu::gradient(gradients, tensor);
        Some(gradient.map(|gradient| std::mem::swap(gradient, other)))
    }
    let mut done = None;
    operand.show(&mut |rank, tensor| {
        done = of_rank!(rank, exchange::<E>(tensor, gradients, other));
    });
    done.unwrap_or(Err(CpuError::WrongNumElements))
}

/// [`Backend::reshape`].
pub(super) fn reshape_to<E: Element>(
    operand: &dyn Operand<E, Cpu>,
    sizes: &[usize],
    to: &mut dyn Any,
) -> Result<Option<Input<E, Cpu>>, CpuError>
where
    Cpu: Backend<E>,
{
    let input = flatten(operand)?;
    if input.original.is_none() {
        return unflatten(input.flat, sizes, to).map(|()| None);
    }
    unflatten(input.flat.clone(), sizes, to)?;
    Ok(Some(input))
}

/// [`Backend::edit_erased`].
pub(super) fn edit_erased<E: Element>(
    rank: usize,
    tensor: &mut dyn Any,
    change: &mut dyn FnMut(&mut [E]),
) where
    Cpu: Backend<E>,
{
    fn edit<E: Element, C: Concrete>(
        tensor: &mut dyn Any,
        change: &mut dyn FnMut(&mut [E]),
    ) -> Option<()>
    where
        Cpu: Backend<E>,
    {
        change(view::slice_mut(tensor.downcast_mut::<Tensor<Sizes<C>, E, Cpu>>()?));
        Some(())
    }
    of_rank!(rank, edit::<E>(tensor, change)).expect("dfdx has no other tensors");
}

/// [`Backend::index_row`].
pub(super) fn index_row(rank: usize, tensor: &dyn Any) -> Option<Rc<[usize]>> {
    fn row<X: Unit, C: Concrete>(tensor: &dyn Any) -> Option<Rc<[X]>> {
        let tensor = tensor.downcast_ref::<Tensor<Sizes<C>, X, Cpu>>()?;
        view::in_order(tensor).map(Into::into)
    }
    of_rank!(rank, row::<usize>(tensor))
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::{Axis, Const, Rank1, Rank2, Rank3},
        tensor::{AsArray, OwnedTape, TensorFrom, Trace},
        tensor_ops::{Backward, BroadcastTo, PermuteTo, SumTo},
    };

    use super::*;

    #[test]
    fn a_tensor_in_order_keeps_its_elements_and_its_gradient() {
        let device = Cpu::default();
        let x = device.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let y: Tensor<Rank3<3, 1, 2>, _, _, _> =
            reshape(x.leaky_trace(), Rank3::<3, 1, 2>::default()).unwrap();
        assert_eq!(y.array(), [[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]]);
        let gradients = (y.square()).sum().backward();
        assert_eq!(gradients.get(&x).array(), [[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]);
        assert!(reshape(x.clone(), (5,)).is_err());
        let one: Tensor<(), f32, _> = reshape(device.tensor([7.0f32]), ()).unwrap();
        assert_eq!(one.array(), 7.0);
        let empty: Tensor<(usize, Const<3>), f32, _> = reshape(x.clone(), (2, Const)).unwrap();
        assert_eq!(empty.as_vec(), x.as_vec());
    }

    #[test]
    fn gradients_come_back_to_tensors_out_of_order() {
        let device = Cpu::default();
        let weights = device.tensor([1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let x = device.tensor([[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let turned = x.leaky_trace().permute::<Rank2<3, 2>, _>();
        let y: Tensor<Rank1<6>, _, _, _> = reshape(turned, Rank1::<6>::default()).unwrap();
        assert_eq!(y.array(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let gradients = (y * weights.clone()).sum().backward();
        assert_eq!(gradients.get(&x).array(), [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]);
        let x = device.tensor([1.0f64, 2.0, 3.0]);
        let repeated = x.leaky_trace().broadcast::<Rank2<2, 3>, Axis<0>>();
        let y: Tensor<Rank1<6>, _, _, OwnedTape<f64, Cpu>> =
            reshape(repeated, Rank1::<6>::default()).unwrap();
        assert_eq!((y * weights).sum().backward().get(&x).array(), [5.0, 7.0, 9.0]);
    }

    #[test]
    fn a_tensor_that_is_edited_keeps_its_gradient_and_leaves_others_as_they_were() {
        fn double<S: Shape>(mut tensor: Tensor<S, f64, Cpu>) -> [Vec<f64>; 3] {
            let other = tensor.clone();
            let y = tensor.leaky_trace().square().sum::<(), _>();
            AnyTensor::edit(&mut tensor, &mut |all| all.iter_mut().for_each(|x| *x *= 2.0));
            // The second time its storage is its own.
            AnyTensor::edit(&mut tensor, &mut |all| all.iter_mut().for_each(|x| *x += 1.0));
            let gradient = y.backward().get(&tensor).as_vec();
            [tensor.as_vec(), other.as_vec(), gradient]
        }
        let device = Cpu::default();
        assert_eq!(double(device.tensor(3.0)), [[7.0], [3.0], [6.0]]);
        let expected = [[3.0, 5.0], [1.0, 2.0], [2.0, 4.0]];
        assert_eq!(double(device.tensor([1.0, 2.0])), expected);
        assert_eq!(double(device.tensor([[[[1.0], [2.0]]]])), expected);
        let mut none: Tensor<(usize, Const<3>), f64, _> = device.zeros_like(&(0, Const));
        AnyTensor::edit(&mut none, &mut |all| assert!(all.is_empty()));
    }

    #[test]
    fn a_gradient_is_exchanged_and_zeros_where_there_is_none() {
        let x = Cpu::default().tensor([[1.0f64, 2.0], [3.0, 4.0]]);
        let mut gradients = x.leaky_trace().square().sum::<(), _>().backward();
        let mut own = vec![1.0; 4];
        Cpu::exchange_gradient(&mut gradients, &x, &mut own).unwrap();
        assert_eq!(own, [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(gradients.get(&x).array(), [[1.0; 2]; 2]);
        let other = Cpu::default().tensor([5.0f64, 6.0]);
        Cpu::exchange_gradient(&mut gradients, &other, &mut own).unwrap();
        assert_eq!(own, [0.0; 2]);
        let turned = x.permute::<Rank2<2, 2>, _>();
        assert!(Cpu::exchange_gradient(&mut gradients, &turned, &mut own).is_err());
    }

    #[test]
    fn a_tensor_outlives_a_panic_while_it_is_edited() {
        use std::panic::{catch_unwind, AssertUnwindSafe};
        let device = Cpu::default();
        let mut tensor = device.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
        let other = tensor.clone();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            AnyTensor::edit(&mut tensor, &mut |all| {
                all[0] = 5.0;
                panic!("on purpose");
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(tensor.array(), [[5.0, 2.0], [3.0, 4.0]]);
        assert_eq!(other.array(), [[1.0, 2.0], [3.0, 4.0]]);
        let mut turned = other.permute::<Rank2<2, 2>, _>();
        let refused = catch_unwind(AssertUnwindSafe(|| {
            AnyTensor::edit(&mut turned, &mut |_| unreachable!("it is out of order"));
        }));
        assert!(refused.is_err());
        assert_eq!(turned.array(), [[1.0, 3.0], [2.0, 4.0]]);
    }

    #[test]
    fn a_single_row_or_column_keeps_its_gradient_however_it_is_turned() {
        let x = Cpu::default().tensor([[1.0f64], [2.0]]);
        let turned = x.leaky_trace().permute::<Rank2<1, 2>, _>();
        let y: Tensor<Rank1<2>, _, _, _> = reshape(turned, Rank1::<2>::default()).unwrap();
        assert_eq!(y.square().sum().backward().get(&x).array(), [[2.0], [4.0]]);
    }
}
