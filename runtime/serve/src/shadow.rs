//! A model that predicts the same rows as another one, and is compared with it.

use std::{
    sync::{
        atomic::Ordering::Relaxed,
        mpsc::{sync_channel, SyncSender},
        Arc,
    },
    thread,
};

use multi_input_data::{description::Description, Table};

use crate::{
    batch::Predicted,
    deployment::Deployment,
    metrics::{Difference, Metrics},
};

/// The batches that may wait for a shadow. Later ones are not compared.
const MOST_WAITING: usize = 16;

/// The way to the thread of a shadow, which ends with it.
pub(crate) struct Shadow(SyncSender<Predictions>);

/// Rows with the model's predictions.
struct Predictions {
    rows: Table,
    predicted: Predicted,
    description: Description,
}

impl Shadow {
    /// Starts the thread of a shadow, which has the same inputs as the model.
    pub(crate) fn start(deployment: Deployment, metrics: Arc<Metrics>) -> std::io::Result<Shadow> {
        let (sender, receiver) = sync_channel::<Predictions>(MOST_WAITING);
        let compare = move || {
            for predictions in receiver {
                compare(&deployment, &predictions, &metrics);
            }
        };
        thread::Builder::new().name("multi-input shadow".to_owned()).spawn(compare)?;
        Ok(Shadow(sender))
    }

    /// Hands over rows that the model has predicted, unless too many wait.
    pub(crate) fn send(
        &self,
        rows: &Table,
        predicted: Predicted,
        description: &Description,
        metrics: &Metrics,
    ) {
        let description = description.clone();
        let predictions = Predictions { rows: rows.clone(), predicted, description };
        if self.0.try_send(predictions).is_err() {
            metrics.shadow_dropped.fetch_add(rows.rows as u64, Relaxed);
        }
    }
}

/// Compares the outputs that both models have, by name and width.
fn compare(shadow: &Deployment, model: &Predictions, metrics: &Metrics) {
    let shadow = shadow.load();
    let predicted = match Predicted::of(&*shadow.predictor, &model.rows) {
        Ok(predicted) => predicted,
        Err(error) => return tracing::warn!(%error, "shadow failed"),
    };
    let own = shadow.description.outputs.iter().zip(&predicted.values);
    for (output, values) in own {
        let of_model = model.description.outputs.iter().zip(&model.predicted.values);
        let mut same = of_model
            .filter(|(other, _)| (&other.name, other.width()) == (&output.name, output.width()));
        let Some((_, others)) = same.next() else { continue };
        let differences = values.iter().zip(others).map(|(own, other)| (own - other).abs());
        let compared = differences.filter(|difference| difference.is_finite());
        let add = |sum: Difference, difference| Difference {
            count: sum.count + 1,
            sum: sum.sum + difference,
        };
        metrics.compared(&output.name, compared.fold(Difference::default(), add));
    }
}
