//! The gradients of a step as callbacks see them, independent of the dtype.

use multi_input_kernel::Element;

use super::Position;

/// The gradients of an optimizer step: one for each tensor that the step changes, in the order of
/// the module's tensors. Tensors of frozen branches are left out.
///
/// They are the gradients of the total loss and of the `l1` and `l2` penalties after the backward
/// pass, or their mean over the batches of an [accumulated](crate::train::Trainer::accumulate)
/// step, before [clipping](crate::train::Trainer::clip). A gradient that is changed to NaN or
/// infinity ends the training like one of the backward pass, and the step is not taken.
///
/// `keras.Model.train_step` between `tape.gradient` and `apply_gradients`; `param.grad` in PyTorch
/// between `backward()` and `step()`; `on_before_optimizer_step` in Lightning.
pub struct Gradients<'a> {
    source: &'a mut dyn GradientSource,
    changed: bool,
}

/// The gradients of a run, of any dtype.
pub(crate) trait GradientSource {
    /// The position of the run.
    fn position(&self) -> Position;

    /// The number of trained tensors.
    fn tensors(&self) -> usize;

    /// The gradient of the trained tensor at an index; `None` if its branch is frozen.
    fn gradient(&mut self, tensor: usize) -> Option<ShownGradient<'_>>;
}

/// The gradient of one tensor, and what it belongs to.
pub(crate) struct ShownGradient<'a> {
    pub(crate) name: &'a str,
    pub(crate) node: Option<&'static str>,
    pub(crate) shape: &'a [usize],
    /// The rows of a sparse table that the step changes.
    pub(crate) rows: Option<Vec<usize>>,
    pub(crate) elements: Box<dyn Elements + 'a>,
}

/// The gradient of one tensor.
///
/// The gradient of a large embedding table is sparse: it has the [`rows`](Gradient::rows) that the
/// batches of the step have looked up, one after the other, and is zero in all other rows. Small
/// tables, and all tables with [`whole_tables`](crate::train::Trainer::whole_tables), have a
/// gradient of the shape of the table.
pub struct Gradient<'a> {
    shown: ShownGradient<'a>,
    changed: &'a mut bool,
}

impl<'a> Gradients<'a> {
    pub(crate) fn new(source: &'a mut dyn GradientSource) -> Gradients<'a> {
        Gradients { source, changed: false }
    }

    /// Whether a gradient has been changed.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    /// The position of the run, before the step.
    pub fn position(&self) -> Position {
        self.source.position()
    }

    /// Calls `use_gradient` with the gradient of every tensor.
    pub fn each(&mut self, mut use_gradient: impl FnMut(&mut Gradient<'_>)) {
        for tensor in 0..self.source.tensors() {
            if let Some(shown) = self.source.gradient(tensor) {
                use_gradient(&mut Gradient { shown, changed: &mut self.changed });
            }
        }
    }

    /// The gradient of the tensor `name`, such as `price.0.weight`; `None` if the module has no
    /// trained tensor of that name, or its branch is frozen.
    pub fn get(&mut self, name: &str) -> Option<Gradient<'_>> {
        let named = |source: &mut dyn GradientSource, tensor: usize| {
            source.gradient(tensor).is_some_and(|shown| shown.name == name)
        };
        let tensor = (0..self.source.tensors()).find(|&tensor| named(self.source, tensor))?;
        let shown = self.source.gradient(tensor)?;
        Some(Gradient { shown, changed: &mut self.changed })
    }

    /// The L2 norm of all gradients together. `tf.linalg.global_norm`; `clip_grad_norm_` returns it
    /// in PyTorch.
    pub fn norm(&mut self) -> f64 {
        let mut sum = 0.0;
        self.each(|gradient| sum += gradient.shown.elements.sum_of_squares());
        sum.sqrt()
    }

    /// Multiplies all gradients by a factor.
    pub fn scale(&mut self, factor: f64) {
        self.each(|gradient| gradient.scale(factor));
    }
}

impl Gradient<'_> {
    /// The name of the tensor in the module, such as `price.0.weight`.
    pub fn name(&self) -> &str {
        self.shown.name
    }

    /// The name of the node whose branch has the tensor, as a handle has it: `House::price.name()`.
    pub fn node(&self) -> &'static str {
        self.shown.node.unwrap_or("")
    }

    /// The dimensions of the tensor.
    pub fn shape(&self) -> &[usize] {
        self.shown.shape
    }

    /// For a sparse gradient, the numbers of the table's rows that it has, in the order of
    /// [`values`](Gradient::values); `None` if it has the shape of the tensor.
    pub fn rows(&self) -> Option<&[usize]> {
        self.shown.rows.as_deref()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shown.elements.len()
    }

    /// Whether the gradient has no elements: a sparse one of batches that look up no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, in row-major order.
    pub fn values(&self) -> Vec<f64> {
        self.shown.elements.values()
    }

    /// The L2 norm.
    pub fn norm(&self) -> f64 {
        self.shown.elements.sum_of_squares().sqrt()
    }

    /// Replaces every element by `change(index, element)`, in row-major order.
    pub fn map(&mut self, mut change: impl FnMut(usize, f64) -> f64) {
        *self.changed = true;
        self.shown.elements.map(&mut change);
    }

    /// Multiplies every element by a factor.
    pub fn scale(&mut self, factor: f64) {
        self.map(|_, element| element * factor);
    }
}

impl std::fmt::Debug for Gradients<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gradients").field("position", &self.position()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Gradient<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the gradient of `{}` of norm {}", self.name(), self.norm())
    }
}

/// The elements of a gradient, of any dtype.
pub(crate) trait Elements {
    fn len(&self) -> usize;
    fn values(&self) -> Vec<f64>;
    fn sum_of_squares(&self) -> f64;
    fn map(&mut self, change: &mut dyn FnMut(usize, f64) -> f64);
}

impl<E: Element> Elements for &mut [E] {
    fn len(&self) -> usize {
        <[E]>::len(self)
    }

    fn values(&self) -> Vec<f64> {
        self.iter().map(|element| element.as_f64()).collect()
    }

    fn sum_of_squares(&self) -> f64 {
        self.iter().map(|element| element.as_f64() * element.as_f64()).sum()
    }

    fn map(&mut self, change: &mut dyn FnMut(usize, f64) -> f64) {
        for (index, element) in self.iter_mut().enumerate() {
            *element = E::of(change(index, element.as_f64()));
        }
    }
}
