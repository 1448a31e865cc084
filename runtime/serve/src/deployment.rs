//! A model that is served, and may be replaced while it is.

use std::sync::{
    atomic::{AtomicU64, Ordering::Relaxed},
    Arc,
};

use arc_swap::ArcSwap;
use multi_input_data::description::Description;

use crate::predictor::Predictor;

/// A model that is served, and may be replaced while it is. Clones are the same deployment.
#[derive(Clone)]
pub struct Deployment(Arc<Shared>);

struct Shared {
    current: ArcSwap<Loaded>,
    generations: AtomicU64,
}

/// A model with its description.
pub(crate) struct Loaded {
    pub(crate) predictor: Box<dyn Predictor>,
    pub(crate) description: Description,
    /// 1 for the first model of the deployment, 2 for the one that replaced it.
    pub(crate) generation: u64,
}

impl Loaded {
    fn new(predictor: Box<dyn Predictor>, generation: u64) -> Loaded {
        let description = predictor.description();
        Loaded { predictor, description, generation }
    }
}

impl Deployment {
    /// Serves a model.
    pub fn new(predictor: impl Predictor) -> Deployment {
        let current = ArcSwap::from_pointee(Loaded::new(Box::new(predictor), 1));
        Deployment(Arc::new(Shared { current, generations: AtomicU64::new(1) }))
    }

    /// Replaces the model. Requests that are being predicted are answered by the model before, and no
    /// request waits. Returns the number of the new generation, which answers name in the header
    /// `model-generation`; the first model has 1.
    pub fn swap(&self, predictor: impl Predictor) -> u64 {
        let generation = self.0.generations.fetch_add(1, Relaxed) + 1;
        let loaded = Loaded::new(Box::new(predictor), generation);
        tracing::info!(model = loaded.description.model, generation, "model replaced");
        self.0.current.store(Arc::new(loaded));
        generation
    }

    /// The description of the current model.
    pub fn description(&self) -> Description {
        self.0.current.load().description.clone()
    }

    /// The current model.
    pub(crate) fn load(&self) -> Arc<Loaded> {
        self.0.current.load_full()
    }

    /// How often the model was replaced.
    pub(crate) fn swaps(&self) -> u64 {
        self.0.generations.load(Relaxed) - 1
    }
}
