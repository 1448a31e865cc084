//! `Frozen`: a module whose tensors are not trained.

use std::marker::PhantomData;

use dfdx::nn::{
    tensor_collection::{ModuleFields, ScalarOptions},
    BuildOnDevice,
};
use num_traits::NumCast;
use ref_cast::RefCast;

use crate::tensor::*;

/// The module `M` with tensors that optimizers do not update: dfdx treats them as running
/// statistics. Gradients flow through the module to its input. The names in saved files are those
/// of `M`.
///
/// Only the gradient steps are omitted. Other effects of training remain: a frozen `BatchNorm`
/// normalises with the batch in `forward_mut`, where Keras would use its running statistics; call
/// `forward` instead.
///
/// `layer.trainable = False` in Keras; `requires_grad_(False)` in PyTorch.
///
/// ```
/// use dfdx::{nn::{modules::Linear, BuildModule, Module, NumParams}, prelude::*};
/// use multi_input::layer::Frozen;
///
/// let device = Cpu::default();
/// let layer: Frozen<Linear<2, 3, f32, Cpu>> = BuildModule::build(&device);
/// assert_eq!(layer.num_trainable_params(), 0);
/// assert_eq!(layer.forward(device.tensor([1.0, 2.0])).shape().concrete(), [3]);
/// ```
#[derive(Clone, Copy, Debug, Default, RefCast)]
// `transparent`, so that a reference to a field can be viewed as frozen.
#[repr(transparent)]
pub struct Frozen<M>(pub M);

impl<Input, M: Module<Input>> Module<Input> for Frozen<M> {
    type Output = M::Output;
    type Error = M::Error;

    fn try_forward(&self, input: Input) -> Result<M::Output, M::Error> {
        self.0.try_forward(input)
    }
}

impl<Input, M: ModuleMut<Input>> ModuleMut<Input> for Frozen<M> {
    type Output = M::Output;
    type Error = M::Error;

    fn try_forward_mut(&mut self, input: Input) -> Result<M::Output, M::Error> {
        self.0.try_forward_mut(input)
    }
}

impl<E: Dtype, D: Device<E>, M: BuildOnDevice<D, E>> BuildOnDevice<D, E> for Frozen<M> {
    type Built = Frozen<M::Built>;
}

impl<E: Dtype, D: Device<E>, M: TensorCollection<E, D>> TensorCollection<E, D> for Frozen<M> {
    type To<E2: Dtype, D2: Device<E2>> = Frozen<M::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let inner = M::iter_tensors(&mut Freeze { visitor, module: PhantomData })?;
        Ok(inner.map(Frozen))
    }
}

/// Visits the module inside a `Frozen<M>` with `visitor`, the visitor of the wrapper, and marks
/// each tensor as not trained. A field that is a module is passed to `visitor` as frozen as well,
/// so that all nested tensors are frozen.
struct Freeze<'a, V, M> {
    visitor: &'a mut V,
    module: PhantomData<M>,
}

impl<V, M, E: Dtype, D: Device<E>> ModuleVisitor<M, E, D> for Freeze<'_, V, M>
where
    V: ModuleVisitor<Frozen<M>, E, D>,
    M: TensorCollection<E, D>,
{
    type Err = V::Err;
    type E2 = V::E2;
    type D2 = V::D2;

    fn visit_module<Field, GetRef, GetMut>(
        &mut self,
        name: &str,
        mut get_refs: GetRef,
        mut get_muts: GetMut,
    ) -> Result<Option<Field::To<V::E2, V::D2>>, V::Err>
    where
        GetRef: FnMut(&M) -> &Field,
        GetMut: FnMut(&mut M) -> &mut Field,
        Field: TensorCollection<E, D>,
    {
        let field = self.visitor.visit_module(
            name,
            |frozen| Frozen::ref_cast(get_refs(&frozen.0)),
            |frozen| Frozen::ref_cast_mut(get_muts(&mut frozen.0)),
        )?;
        Ok(field.map(|field: Frozen<_>| field.0))
    }

    fn visit_tensor<S: Shape, GetRef, GetMut>(
        &mut self,
        name: &str,
        mut get_refs: GetRef,
        mut get_muts: GetMut,
        mut options: TensorOptions<S, E, D>,
    ) -> Result<Option<Tensor<S, V::E2, V::D2>>, V::Err>
    where
        GetRef: FnMut(&M) -> &Tensor<S, E, D>,
        GetMut: FnMut(&mut M) -> &mut Tensor<S, E, D>,
    {
        options.do_gradient_update = false;
        self.visitor.visit_tensor(
            name,
            |frozen| get_refs(&frozen.0),
            |frozen| get_muts(&mut frozen.0),
            options,
        )
    }

    fn visit_scalar<N, GetRef, GetMut>(
        &mut self,
        name: &str,
        mut get_refs: GetRef,
        mut get_muts: GetMut,
        options: ScalarOptions<N>,
    ) -> Result<Option<N>, V::Err>
    where
        N: NumCast,
        GetRef: FnMut(&M) -> &N,
        GetMut: FnMut(&mut M) -> &mut N,
    {
        self.visitor.visit_scalar(
            name,
            |frozen| get_refs(&frozen.0),
            |frozen| get_muts(&mut frozen.0),
            options,
        )
    }

    fn visit_fields<F: ModuleFields<M, E, D>>(
        &mut self,
        fields: F,
        builder: impl FnOnce(F::Output<V::E2, V::D2>) -> M::To<V::E2, V::D2>,
    ) -> Result<Option<M::To<V::E2, V::D2>>, V::Err> {
        let options = fields.visit_fields(self)?;
        Ok(F::handle_options(options).map(builder))
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::{
            modules::Linear,
            tensor_collection::{RecursiveWalker, TensorVisitor, ViewTensorName},
            BuildModule, NumParams, ZeroGrads,
        },
        optim::{Optimizer, Sgd},
        tensor::{AsArray, Cpu, HasErr, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

    use super::*;
    use crate::{
        check_gradients::{check_gradients, Traced},
        layer::{activation::Relu, BatchNorm, Dense},
    };

    struct Names(Vec<(String, bool)>);

    impl TensorVisitor<f64, Cpu> for Names {
        type Viewer = ViewTensorName;
        type Err = <Cpu as HasErr>::Err;
        type E2 = f64;
        type D2 = Cpu;

        fn visit<S: Shape>(
            &mut self,
            options: TensorOptions<S, f64, Cpu>,
            name: String,
        ) -> Result<Option<Tensor<S, f64, Cpu>>, Self::Err> {
            self.0.push((name, options.do_gradient_update));
            Ok(None)
        }
    }

    fn names<M: TensorCollection<f64, Cpu>>() -> Vec<(String, bool)> {
        let mut names = Names(Vec::new());
        M::iter_tensors(&mut RecursiveWalker { m: String::new(), f: &mut names }).unwrap();
        names.0
    }

    type First = Dense<2, 3, Relu, f64, Cpu>;
    type Branch = (Dense<3, 3, Relu, f64, Cpu>, (Relu, Linear<3, 1, f64, Cpu>));

    #[test]
    fn names_stay_and_nothing_below_is_trained() {
        let free = names::<(First, Branch)>();
        let frozen = names::<(First, Frozen<Branch>)>();
        let only = |all: &[(String, bool)]| -> Vec<String> {
            all.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(only(&free), only(&frozen));
        assert_eq!(only(&frozen)[2..], ["1.0.weight", "1.0.bias", "1.1.1.weight", "1.1.1.bias"]);
        let trained: Vec<bool> = frozen.iter().map(|(_, trained)| *trained).collect();
        assert_eq!(trained, [true, true, false, false, false, false]);
        assert_eq!(names::<(Frozen<Frozen<Linear<1, 1, f64, Cpu>>>,)>()[0].0, "0.weight");
    }

    #[test]
    fn nothing_frozen_is_counted() {
        let model: (First, Frozen<(Branch, BatchNorm<1, f64, Cpu>)>) =
            BuildModule::build(&Cpu::default());
        assert_eq!(model.num_trainable_params(), 9);
        assert_eq!(model.1 .0 .1.momentum, 0.99, "scalars are visited as well");
    }

    #[test]
    fn a_device_builds_it_from_a_builder() {
        use dfdx::nn::{builders, DeviceBuildExt};
        let device = Cpu::default();
        let layer = device.build_module::<Frozen<builders::Linear<2, 3>>, f32>();
        assert_eq!(layer.0.weight.as_vec().len(), 6);
    }

    #[test]
    fn an_optimizer_leaves_the_frozen_weights_and_trains_those_before() {
        let device = Cpu::seed_from_u64(5);
        let mut model: (First, Frozen<Branch>) = BuildModule::build(&device);
        model.0.bias.copy_from(&[1.0, 1.0, 1.0]);
        model.1 .0 .0.bias.copy_from(&[1.0, 1.0, 1.0]);
        let before = model.clone();
        let x = device.tensor([[0.5, 1.0], [1.5, -0.5]]);
        let loss = model.forward_mut(x.put_tape(Traced::default())).sum();
        let gradients = loss.backward();
        let mut optimizer: Sgd<(First, Frozen<Branch>), f64, Cpu> =
            Sgd::new(&model, Default::default());
        optimizer.update(&mut model, &gradients).unwrap();
        assert_ne!(model.0.weight.array(), before.0.weight.array());
        assert_eq!(model.1 .0 .0.weight.array(), before.1 .0 .0.weight.array());
        assert_eq!(model.1 .0 .1 .1.bias.array(), before.1 .0 .1 .1.bias.array());
        let _ = model.alloc_grads();
    }

    #[test]
    fn gradients_flow_through() {
        let device = Cpu::seed_from_u64(6);
        let layer: Frozen<First> = BuildModule::build(&device);
        check_gradients(&(device.tensor([[0.5, 1.0]]), layer), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
    }
}
