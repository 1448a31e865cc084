//! Type erasure of metrics.

use std::borrow::Cow;

use super::{Direction, Labels, Metric, Running, Targets};

/// A [`Metric`] as an object, for the graph of a model.
pub trait AnyMetric: std::fmt::Debug + Sync {
    /// [`Metric::name`].
    fn name(&self) -> Cow<'static, str>;
    /// [`Metric::direction`].
    fn direction(&self) -> Direction;
    /// [`Metric::start`].
    fn start(&self) -> Box<dyn Running>;
    /// [`Metric::start_for`].
    fn start_for(&self, labels: &[String]) -> Result<Box<dyn Running>, String>;
    /// [`Metric::start_labels`].
    fn start_labels(&self, labels: usize) -> Labels;
    /// [`Metric::undefined_for`].
    fn undefined_for(&self, targets: &Targets) -> Option<String>;
}

/// A wrapper that makes a metric an object. A separate type, so that the methods of a metric are
/// unambiguous.
pub struct Erased<M: 'static>(pub &'static M);

impl<M: Metric> std::fmt::Debug for Erased<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<M: Metric> AnyMetric for Erased<M> {
    fn name(&self) -> Cow<'static, str> {
        self.0.name()
    }

    fn direction(&self) -> Direction {
        self.0.direction()
    }

    fn start(&self) -> Box<dyn Running> {
        self.0.start()
    }

    fn start_for(&self, labels: &[String]) -> Result<Box<dyn Running>, String> {
        self.0.start_for(labels)
    }

    fn start_labels(&self, labels: usize) -> Labels {
        self.0.start_labels(labels)
    }

    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        self.0.undefined_for(targets)
    }
}
