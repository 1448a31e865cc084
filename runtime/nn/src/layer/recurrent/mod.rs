//! `Recurrent`: a recurrent layer over the steps of a sequence, generic over its cell.

mod reading;
mod run;
pub(super) mod simple;

pub use self::reading::Reading;
use multi_input_kernel::recurrent::Frame;

use self::run::Run;
use super::{
    cell::Cell,
    declare::layer,
    initialize::{glorot_uniform, orthogonal},
    Mask, ReadsMask, RngKey,
};
use crate::{mask::masked_modules, operation::*, tensor::*};

layer! {
    /// Applies the cell `C` to each step of `[steps, I]`, with a state of `U` numbers that is zero
    /// before the first step. [`LSTM`](super::LSTM), [`GRU`](super::GRU) and
    /// [`SimpleRNN`](super::SimpleRNN) are aliases of this type.
    ///
    /// `G` is the number of gates times `U`. Where `SEQUENCES` is 0 the output is that of the last
    /// step, `[U]`; where it is 1 it is that of all steps, `[steps, U]`: `return_sequences` in
    /// Keras. Where `BACKWARDS` is 1 the layer reads the last step first and returns its output
    /// first: `go_backwards` in Keras.
    pub struct Recurrent<
        const I: usize, const U: usize, const G: usize,
        const SEQUENCES: usize, const BACKWARDS: usize;
        C: Cell
    >
    where G == C::GATES * U, "the sizes of a recurrent layer fit one another";
    {
        /// The weight of the inputs, `[G, I]`: `U` rows for each gate of the cell.
        pub weight: Tensor<Rank2<G, I>, E, D> = trained(glorot_uniform(I, G)),
        /// The weight of the state, `[G, U]`.
        pub recurrent: Tensor<Rank2<G, U>, E, D> = trained(orthogonal()),
        /// The bias of the gates.
        pub bias: Tensor<C::Bias<G>, E, D> = trained(first_bias(C::OPEN, G / C::GATES.max(1))),
        /// The probability that training drops an input.
        pub dropout: f64 = setting(set_dropout, 0.0),
        /// The random key of the next training forward.
        pub key: RngKey = state(set_rng_key, RngKey::default()),
    }
}

/// The steps in the output of a recurrent layer over `L` steps of `B` sequences: the last step
/// where `SEQUENCES` is 0, all steps where it is 1.
#[derive(Clone, Copy, Debug)]
pub struct Steps<const SEQUENCES: usize>;

/// The output shape of a recurrent layer. See [`Steps`].
pub trait StepShape<B: Dim, L: Dim, const U: usize> {
    /// `(B, Const<U>)` or `(B, L, Const<U>)`.
    type Shape: Shape;

    /// The shape for sequences of these sizes.
    fn shape(batch: B, steps: L) -> Self::Shape;
}

impl<B: Dim, L: Dim, const U: usize> StepShape<B, L, U> for Steps<0> {
    type Shape = (B, Const<U>);

    fn shape(batch: B, _: L) -> Self::Shape {
        (batch, Const)
    }
}

impl<B: Dim, L: Dim, const U: usize> StepShape<B, L, U> for Steps<1> {
    type Shape = (B, L, Const<U>);

    fn shape(batch: B, steps: L) -> Self::Shape {
        (batch, steps, Const)
    }
}

/// A recurrent layer on `Input` whose direction, dropout and mask are arguments.
pub trait Read<Input> {
    /// The output tensor.
    type Output;
    /// The error of the device.
    type Error;

    /// The key and the rate of the dropout of a training step, or `None` without dropout. Advances
    /// the random key.
    fn next_dropout(&mut self) -> Option<(RngKey, f64)>;
    /// Runs the layer on the sequences.
    fn try_read(&self, x: Input, reading: Reading) -> Result<Self::Output, Self::Error>;
}

impl<
        const I: usize,
        const U: usize,
        const G: usize,
        const SEQUENCES: usize,
        const BACKWARDS: usize,
        C: Cell,
        E: Dtype,
        D: Storage<E>,
    > Recurrent<I, U, G, SEQUENCES, BACKWARDS, C, E, D>
{
    /// The key and the rate of the dropout of a training step; advances the random key.
    fn advance(&mut self) -> Option<(RngKey, f64)> {
        Some((self.key.advance(), self.dropout)).filter(|_| self.dropout > 0.0)
    }

    fn reading(&self, mask: Option<&Mask>) -> Reading {
        Reading { backwards: BACKWARDS == 1, mask: mask.cloned(), ..Reading::default() }
    }
}

/// A layer that reads backwards returns the last step first, and reverses the mask accordingly.
/// (Keras returns the mask unchanged, which no longer matches the output.)
impl<
        const I: usize,
        const U: usize,
        const G: usize,
        const SEQUENCES: usize,
        const BACKWARDS: usize,
        C: Cell,
        E: Dtype,
        D: Storage<E>,
    > ReadsMask for Recurrent<I, U, G, SEQUENCES, BACKWARDS, C, E, D>
{
    fn mask_after(&self, mask: Mask) -> Mask {
        match BACKWARDS {
            1 => mask.reversed(),
            _ => mask,
        }
    }
}

/// Initialises the bias of gate `open` to 1, and of the other gates to 0.
fn first_bias<S: Shape, E: Element, D: Device<E>>(
    bias: &mut Tensor<S, E, D>,
    open: Option<usize>,
    units: usize,
) -> Result<(), D::Err> {
    let start = |k: usize| if open == Some(k / units.max(1)) { E::one() } else { E::zero() };
    let values: Vec<E> = (0..bias.shape().num_elements()).map(start).collect();
    bias.copy_from(&values);
    Ok(())
}

impl<
        B: Dim,
        L: Dim,
        const I: usize,
        const U: usize,
        const G: usize,
        const SEQUENCES: usize,
        const BACKWARDS: usize,
        C: Cell,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Read<Tensor<(B, L, Const<I>), E, D, T>> for Recurrent<I, U, G, SEQUENCES, BACKWARDS, C, E, D>
where
    Steps<SEQUENCES>: StepShape<B, L, U>,
{
    type Output = Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>;
    type Error = D::Err;

    fn next_dropout(&mut self) -> Option<(RngKey, f64)> {
        self.advance()
    }

    fn try_read(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        reading: Reading,
    ) -> Result<Self::Output, D::Err> {
        let (x, tape) = x.split_tape();
        let (batch, steps, _) = *x.shape();
        let run = Run {
            recurrence: C::RECURRENCE,
            frame: Frame { batch: batch.size(), steps: steps.size(), units: U },
            widths: [I, G],
            every: SEQUENCES == 1,
            reading,
        };
        let inputs: [&dyn Operand<E, D>; 4] = [&x, &self.weight, &self.recurrent, &self.bias];
        record(&run, &inputs, Steps::<SEQUENCES>::shape(batch, steps), x.device(), tape)
    }
}

impl<
        const I: usize,
        const U: usize,
        const G: usize,
        const SEQUENCES: usize,
        const BACKWARDS: usize,
        C: Cell,
        E: Element,
        D: Backend<E>,
    > Recurrent<I, U, G, SEQUENCES, BACKWARDS, C, E, D>
{
    fn infer<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>, D::Err>
    where
        Steps<SEQUENCES>: StepShape<B, L, U>,
    {
        self.try_read(x, self.reading(mask))
    }

    fn train<B: Dim, L: Dim, T: Tape<E, D>>(
        &mut self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>, D::Err>
    where
        Steps<SEQUENCES>: StepShape<B, L, U>,
    {
        let dropout = if T::OWNS_TAPE { self.advance() } else { None };
        self.try_read(x, Reading { dropout, ..self.reading(mask) })
    }
}

masked_modules! {
    impl[
        B: Dim, L: Dim,
        const I: usize, const U: usize, const G: usize, const SEQUENCES: usize,
        const BACKWARDS: usize, C: Cell, E: Element, D: Backend<E>, T: Tape<E, D>
    ]
    Recurrent<I, U, G, SEQUENCES, BACKWARDS, C, E, D>,
    Tensor<(B, L, Const<I>), E, D, T>
        => Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>,
    where [Steps<SEQUENCES>: StepShape<B, L, U>]
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };

    use crate::{
        check_gradients::check_gradients,
        layer::{
            activation::{Gelu, Tanh},
            Mask, MaskedModule, MaskedModuleMut, SimpleRNN, GRU, LSTM,
        },
        tensor::*,
    };

    type X = Tensor<(Const<3>, Const<4>, Const<2>), f64, Cpu>;

    /// A gap, padding in front, and a sequence of only padding.
    fn mask() -> Mask {
        let counts =
            [true, false, true, true, false, false, true, true, false, false, false, false];
        Mask::new(4, counts.to_vec())
    }

    fn x() -> X {
        Cpu::seed_from_u64(2).sample_normal()
    }

    fn build<M: BuildModule<Cpu, f64>>() -> M {
        BuildModule::build(&Cpu::seed_from_u64(3))
    }

    #[test]
    fn masked_steps_are_as_if_they_were_not_there() {
        fn check<M>()
        where
            M: BuildModule<Cpu, f64> + MaskedModule<X, Output = Tensor<Rank2<3, 5>, f64, Cpu>>,
            M: Module<
                Tensor<(Const<1>, Const<3>, Const<2>), f64, Cpu>,
                Output = Tensor<Rank2<1, 5>, f64, Cpu>,
            >,
            <M as Module<X>>::Error: std::fmt::Debug,
        {
            let (layer, mut values) = (build::<M>(), x().array());
            // The values of masked steps have no effect on the output.
            values[0][1] = [f64::NAN; 2];
            let device = Cpu::default();
            let y = layer.try_forward_masked(device.tensor(values), &mask()).unwrap().array();
            let [first, _, third, fourth] = values[0];
            let short = layer.forward(device.tensor([[first, third, fourth]])).array();
            for (y, short) in y[0].iter().zip(short[0]) {
                assert!((y - short).abs() < 1e-14, "{y} is not {short}");
            }
            assert_eq!(y[2], [0.0; 5], "what was never read leaves the state at its start");
        }
        check::<LSTM<2, 5, 20, 0, 0, f64, Cpu>>();
        check::<GRU<2, 5, 15, 2, 0, 0, f64, Cpu>>();
        check::<GRU<2, 5, 15, 1, 0, 0, f64, Cpu>>();
        check::<SimpleRNN<2, 5, 0, 0, Tanh, f64, Cpu>>();
    }

    #[test]
    fn a_masked_step_repeats_what_the_one_before_it_gave() {
        let y = build::<LSTM<2, 5, 20, 1, 0, f64, Cpu>>().try_forward_masked(x(), &mask());
        let y = y.unwrap().array();
        assert_eq!(y[0][1], y[0][0]);
        assert_eq!((y[1][0], y[1][1]), ([0.0; 5], [0.0; 5]));
        assert_ne!(y[0][2], y[0][1]);
        // A layer that reads backwards returns the last step first.
        let y = build::<GRU<2, 5, 15, 2, 1, 1, f64, Cpu>>().try_forward_masked(x(), &mask());
        let y = y.unwrap().array();
        assert_eq!((y[0][2], y[1][2], y[1][3]), (y[0][1], y[1][1], y[1][1]));
    }

    #[test]
    fn a_mask_of_other_sizes_is_an_error() {
        let layer = build::<LSTM<2, 5, 20, 0, 0, f64, Cpu>>();
        assert!(layer.try_forward_masked(x(), &Mask::all(3, 5)).is_err());
        assert!(layer.try_forward_masked(x(), &Mask::all(2, 4)).is_err());
    }

    #[test]
    fn gradients_with_masks_are_right() {
        macro_rules! check {
            ($($layer:ty),+ $(,)?) => {$(
                let mut layer = build::<$layer>();
                layer.set_dropout(0.3);
                check_gradients(&(x(), layer), |(x, layer), tape| {
                    layer.try_forward_mut_masked(x.clone().put_tape(tape), &mask()).unwrap()
                });
            )+};
        }
        check!(
            LSTM<2, 3, 12, 0, 0, f64, Cpu>,
            LSTM<2, 1, 4, 1, 1, f64, Cpu>,
            GRU<2, 3, 9, 2, 0, 1, f64, Cpu>,
            GRU<2, 3, 9, 2, 1, 0, f64, Cpu>,
            GRU<2, 3, 9, 1, 0, 0, f64, Cpu>,
            GRU<2, 3, 9, 1, 1, 1, f64, Cpu>,
            SimpleRNN<2, 3, 0, 0, Tanh, f64, Cpu>,
            SimpleRNN<2, 3, 1, 1, Gelu, f64, Cpu>,
        );
    }
}
