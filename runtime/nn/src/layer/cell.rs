//! The cells of recurrent layers, as types.

use std::marker::PhantomData;

use dfdx::shapes::ConstShape;
use multi_input_kernel::{gru, recurrent};

use super::{
    activation::{Activation, Function},
    recurrent::simple::Simple as SimpleCell,
};
use crate::tensor::*;

/// The cell of a [`Recurrent`](super::Recurrent) layer: its function of the input of a step and of
/// the state.
pub trait Cell: Clone + std::fmt::Debug + 'static {
    /// The number of gates of a unit.
    const GATES: usize;
    /// The gate whose bias is initialised to 1 instead of 0.
    const OPEN: Option<usize> = None;
    /// The cell as a value.
    const RECURRENCE: Recurrence;
    /// The shape of the bias for `G` pre-activations.
    type Bias<const G: usize>: ConstShape;
}

/// The cell of [`LSTM`](super::LSTM).
#[derive(Clone, Copy, Debug)]
pub struct Lstm;

impl Cell for Lstm {
    const GATES: usize = 4;
    /// The forget gate, so that an untrained layer keeps its state. `unit_forget_bias=True` in
    /// Keras.
    const OPEN: Option<usize> = Some(1);
    const RECURRENCE: Recurrence = Recurrence::Lstm;
    type Bias<const G: usize> = Rank1<G>;
}

/// The cell of [`GRU`](super::GRU).
#[derive(Clone, Copy, Debug)]
pub struct Gru<const BIASES: usize>;

impl<const BIASES: usize> Cell for Gru<BIASES> {
    const GATES: usize = 3;
    const RECURRENCE: Recurrence = match BIASES {
        1 => Recurrence::ResetBefore,
        2 => Recurrence::ResetAfter,
        _ => panic!("a GRU has one bias or two"),
    };
    type Bias<const G: usize> = Rank2<BIASES, G>;
}

/// The cell of [`SimpleRNN`](super::SimpleRNN).
#[derive(Clone, Copy, Debug)]
pub struct Simple<A>(PhantomData<A>);

impl<A: Activation> Cell for Simple<A> {
    const GATES: usize = 1;
    const RECURRENCE: Recurrence = Recurrence::Simple(A::FUNCTION);
    type Bias<const G: usize> = Rank1<G>;
}

/// The cell of a recurrent layer, as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// [`Lstm`].
    Lstm,
    /// [`Gru`] with two biases: `reset_after=True` in Keras.
    ResetAfter,
    /// [`Gru`] with one bias: `reset_after=False` in Keras.
    ResetBefore,
    /// [`Simple`] with this activation.
    Simple(Function),
}

impl Recurrence {
    /// The kernel that loops over the steps.
    pub(super) fn cell<E: Element>(self) -> Box<dyn recurrent::Cell<E>> {
        match self {
            Recurrence::Lstm => Box::new(recurrent::Lstm),
            Recurrence::ResetAfter => Box::new(gru::ResetAfter),
            Recurrence::ResetBefore => Box::new(gru::ResetBefore),
            Recurrence::Simple(function) => Box::new(SimpleCell { function }),
        }
    }
}
