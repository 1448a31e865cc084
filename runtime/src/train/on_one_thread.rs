//! Trainers that stay on their thread.

use multi_input_nn::optim::AnyOptimizer;

use super::{trainer::TakesOptimizer, Trainer};
use crate::callback::{
    Borrowed, Callback, Event, Gradients, IntoFlow, OnEvent, OnGradients, TakesCallback, Training,
};

impl<'c, M, O> Trainer<M, O, dyn Callback<M> + 'c> {
    /// As [`new`](Trainer::new), with callbacks that need not be `Send` and `Sync`, such as closures with an
    /// `Rc`. The trainer stays on its thread.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// use multi_input::prelude::*;
    ///
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input(standardize)]
    /// #     rooms: f32,
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// # let rows: Vec<HouseSample> =
    /// #     (0..8u8).map(|n| HouseSample { rooms: n.into(), price: n.into() }).collect();
    /// let events = Rc::new(Cell::new(0));
    /// let counted = Rc::clone(&events);
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// Trainer::on_one_thread(Adam::new(1e-3))
    ///     .on_event(move |_, _| counted.set(counted.get() + 1))
    ///     .fit(&mut model, &rows)?;
    /// assert!(events.get() > 1);
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    #[rustfmt::skip]
    pub fn on_one_thread(optimizer: O) -> Self where dyn AnyOptimizer: TakesOptimizer<O> {
        Trainer::with(optimizer)
    }

    /// Adds a callback.
    #[must_use]
    #[rustfmt::skip]
    pub fn callback<K>(mut self, callback: K) -> Self where dyn Callback<M> + 'c: TakesCallback<K> {
        self.callbacks.push(TakesCallback::boxed(callback));
        self
    }

    /// Adds a callback that the run borrows.
    #[must_use]
    #[rustfmt::skip]
    pub fn callback_mut<'b, K: ?Sized>(self, callback: &'b mut K) -> Self where dyn Callback<M> + 'c: TakesCallback<Borrowed<'b, K>> {
        self.callback(Borrowed(callback))
    }

    /// Adds a closure that is called on every event.
    #[must_use]
    pub fn on_event<R: IntoFlow, F>(self, closure: F) -> Self
    where
        F: FnMut(&Event<'_>, &mut dyn Training<M>) -> R,
        dyn Callback<M> + 'c: TakesCallback<OnEvent<F, R>>,
    {
        self.callback(OnEvent(closure, IntoFlow::into_flow))
    }

    /// Adds a closure that is called with the gradients of every optimizer step.
    #[must_use]
    pub fn on_gradients<F>(self, closure: F) -> Self
    where
        F: FnMut(&mut Gradients<'_>),
        dyn Callback<M> + 'c: TakesCallback<OnGradients<F>>,
    {
        self.callback(OnGradients(closure))
    }
}
