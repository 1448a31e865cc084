//! Predictions over HTTP: an [axum](https://docs.rs/axum) router. Needs the feature `serve`.
//!
//! ```no_run
//! # use multi_input::prelude::*;
//! # #[multi_input_model]
//! # struct House { #[input] rooms: f32, #[from(rooms)] #[branch(Dense(1))] #[output(loss = mse)] price: f32 }
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let model = Model::<House>::load("house.safetensors", &Cpu::default())?;
//! let router = multi_input::serve::router(model)?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! multi_input::serve::run(listener, router, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | path | |
//! |---|---|
//! | `POST /predict` | One row or a list of rows as JSON, with the keys of a [`JsonLines`](crate::data::JsonLines) file; the answer is a prediction or a list of them, as the model's outputs are serialized. With the content type `application/x-ndjson` every line is a row and every line of the answer a prediction or `{"error": ..}`. |
//! | `POST /explain` | `{"row": {..}, "output": "price", "element": 2}`: the shares of the inputs in a number of a prediction, by default of the first output and of the predicted class or the first element; only with [`Served::background`]. |
//! | `GET /` | A page with a form of the inputs, which predicts and shows the shares. Without a background it shows the prediction alone. |
//! | `GET /description` | [`Model::description`] as JSON. |
//! | `GET /openapi.json` | All paths and the schemas of rows and predictions. |
//! | `GET /health`, `GET /ready` | Whether the server runs; whether it takes requests: 503 for a model that is not fitted, and at the end. |
//! | `GET /metrics` | Counters and times in the text format of Prometheus. |
//! | `GET /models` | The names of the models, which have the same paths behind `/models/NAME`. |
//!
//! A row that the model does not accept is answered with 422 and names row, field, expected and found; of
//! several rows nothing is predicted then. A body that is no JSON is 400, a slow one 408, a large one 413,
//! another content type 415, and 503 says that too many requests wait. An image is a `data:` URL, and
//! never the path of a file of the server.
//!
//! Predictions are computed by threads of their own. Rows of requests that wait are predicted together
//! ([`Settings::batching`]), so a prediction may differ in the last bits from that of the row alone, as
//! [`Model::predict`] says. [`run`] limits slow clients and ends without a lost request; `axum::serve`
//! works as well, without these limits.
//!
//! Authentication and TLS are layers around the router: `examples/serve` of the repository shows both.

use std::{
    marker::PhantomData,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use dfdx::tensor::Cpu;
use multi_input_base::{Error, Result};
use multi_input_data::{
    columns::RowSpec,
    json_row::{self, RowMistake},
    preprocess::push_inputs,
    Labels, Table,
};
use multi_input_kernel::Element;
use multi_input_serve::{axum::Router, Deployment, Explanation, Predictor, Share, TakeNumbers};
use multi_input_spec::HeadForm;
use serde::de::DeserializeOwned;

pub use multi_input_serve::{axum, run, Connections, Settings};

use crate::{
    attribution::{self, Attribution, FeatureAttribution, ShapleySettings},
    compute::Compute,
    definition::{Graph, Network, RowTypes, TargetKind},
    description::Description,
    model::Model,
    objective::encode,
};

/// A router that serves a model, under the name of its struct: [`Server`] with one model.
///
/// # Errors
/// As [`Server::router`].
pub fn router<M, E, D>(model: Model<M, E, D>) -> Result<Router>
where
    M: Network<E, D, Inputs: DeserializeOwned>,
    E: Element,
    D: Compute<E>,
{
    Server::new().model(M::GRAPH.name, &Served::new(model)).router()
}

/// A model that is served, and may be replaced while it is. Clones are the same.
///
/// ```no_run
/// # use multi_input::{prelude::*, serve::{Served, Server}};
/// # #[multi_input_model]
/// # struct House { #[input] rooms: f32, #[from(rooms)] #[branch(Dense(1))] #[output(loss = mse)] price: f32 }
/// # fn serve(model: Model<House>, train: Vec<HouseSample>) -> multi_input::Result<()> {
/// let house = Served::new(model).background(&train)?;
/// let router = Server::new().model("house", &house).router()?;
/// // Later, on any thread:
/// house.swap_file("house.safetensors")?;
/// # Ok(())
/// # }
/// ```
pub struct Served<M, E = f32, D = Cpu> {
    deployment: Deployment,
    device: D,
    background: Background,
    model: PhantomData<fn() -> (M, E)>,
}

/// Rows to compare with in explanations, which a model and those that replace it share.
type Background = Arc<RwLock<Option<Arc<Table>>>>;

impl<M, E, D: Clone> Clone for Served<M, E, D> {
    fn clone(&self) -> Self {
        Served {
            deployment: self.deployment.clone(),
            device: self.device.clone(),
            background: self.background.clone(),
            model: PhantomData,
        }
    }
}

impl<M, E, D> Served<M, E, D>
where
    M: Network<E, D, Inputs: DeserializeOwned>,
    E: Element,
    D: Compute<E>,
{
    /// Serves a model.
    pub fn new(model: Model<M, E, D>) -> Self {
        let (device, background) = (model.device().clone(), Background::default());
        let deployment = Deployment::new(Fitted { model, background: background.clone() });
        Served { deployment, device, background, model: PhantomData }
    }

    /// Rows to compare with in explanations by Shapley values, such as the training rows, of which 16
    /// are taken evenly. `/explain` exists if there are such rows before [`Server::router`], or if every
    /// input is an `Option`.
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, and [`Error::Value`]
    /// for invalid ones.
    pub fn background(self, rows: &[M::Sample]) -> Result<Self> {
        let mut table = encode::<M>(rows, "compare with")?;
        table.columns.truncate(M::GRAPH.inputs.len());
        let mut background = self.background.write().unwrap_or_else(PoisonError::into_inner);
        *background = Some(Arc::new(table));
        drop(background);
        Ok(self)
    }

    /// Replaces the model. Requests that are being predicted are answered by the model before, no request
    /// waits, and none is lost. Returns the number of the new generation, which answers name in the
    /// header `model-generation`; the first model has 1.
    pub fn swap(&self, model: Model<M, E, D>) -> u64 {
        self.deployment.swap(Fitted { model, background: self.background.clone() })
    }

    /// Replaces the model by that of a file, which is loaded before. After an error the model before goes
    /// on. Write the file elsewhere and rename it, as [`Model::save`] does, so that it is complete. A file in
    /// another precision is an error; [`swap`](Served::swap) with [`Model::load_converted`] takes it.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn swap_file(&self, path: impl AsRef<Path>) -> Result<u64> {
        Ok(self.swap(Model::load(path, &self.device)?))
    }

    /// The description of the current model.
    pub fn description(&self) -> Description {
        self.deployment.description()
    }
}

/// The models of a server by name, and its limits.
///
/// ```no_run
/// # use multi_input::{prelude::*, serve::{Served, Server, Settings}};
/// # #[multi_input_model]
/// # struct House { #[input] rooms: f32, #[from(rooms)] #[branch(Dense(1))] #[output(loss = mse)] price: f32 }
/// # fn serve(old: Model<House>, new: Model<House>, next: Model<House>) -> multi_input::Result<()> {
/// let [old, new, next] = [old, new, next].map(Served::new);
/// let router = Server::new()
///     .model("house", &old) // `/predict` and `/models/house/predict`
///     .shadow(&next) // predicts the same rows, and is compared in `/metrics`
///     .version("house", "2", &new) // `/models/house/versions/2/predict`
///     .settings(Settings::default().body_limit(64 << 10))
///     .router()?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use]
pub struct Server {
    server: multi_input_serve::Server,
    /// The name of the struct of the model mounted last.
    last: Option<&'static str>,
    mistake: Option<String>,
}

impl Server {
    /// A server without models.
    pub fn new() -> Server {
        Server::default()
    }

    /// Sets limits and batching.
    pub fn settings(self, settings: Settings) -> Server {
        Server { server: self.server.settings(settings), ..self }
    }

    /// Serves a model at `/models/NAME/predict`; the first one at `/predict` as well.
    pub fn model<M: RowTypes, E, D>(self, name: &str, model: &Served<M, E, D>) -> Server {
        let server = self.server.model(name, &model.deployment);
        Server { server, last: Some(M::SCHEMA.name), ..self }
    }

    /// Serves a version of a model at `/models/NAME/versions/VERSION/predict`.
    pub fn version<M: RowTypes, E, D>(
        self,
        name: &str,
        version: &str,
        model: &Served<M, E, D>,
    ) -> Server {
        let server = self.server.version(name, version, &model.deployment);
        Server { server, last: Some(M::SCHEMA.name), ..self }
    }

    /// Lets another model of the same struct predict the rows of the model mounted last, without
    /// answering. `/metrics` has the mean absolute difference of each output.
    pub fn shadow<M: RowTypes, E, D>(mut self, model: &Served<M, E, D>) -> Server {
        if self.last != Some(M::SCHEMA.name) {
            let of = self.last.map_or_else(|| "no model".to_owned(), |name| format!("`{name}`"));
            self.mistake = Some(format!("a shadow of {of} cannot be `{}`", M::SCHEMA.name));
            return self;
        }
        Server { server: self.server.shadow(&model.deployment), ..self }
    }

    /// The router, with threads that predict until it is dropped.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] for a name that is used twice or has other
    /// characters than letters, digits, `.`, `-` and `_`, for a shadow of another struct than its model,
    /// for a server without models, and if no thread can be started.
    pub fn router(self) -> Result<Router> {
        match self.mistake {
            Some(reason) => Err(Error::Unsuitable { operation: "Server::shadow", reason }),
            None => self.server.router(),
        }
    }
}

/// A model as the server uses it.
struct Fitted<M, E, D> {
    model: Model<M, E, D>,
    background: Background,
}

impl<M, E, D> Predictor for Fitted<M, E, D>
where
    M: Network<E, D, Inputs: DeserializeOwned>,
    E: Element,
    D: Compute<E>,
{
    fn description(&self) -> Description {
        self.model.description()
    }

    fn ready(&self) -> Result<()> {
        let model = self.model.untyped();
        model.check_whole("a server")?;
        model.fitted().map(drop)
    }

    fn table(&self) -> Table {
        Table::of_inputs(&M::GRAPH)
    }

    fn read(&self, row: &str, table: &mut Table) -> std::result::Result<(), RowMistake> {
        let inputs = json_row::read::<M::Inputs>(row)?;
        push_inputs::<M>(table, &inputs).map_err(RowMistake::from)
    }

    fn predict(&self, rows: &Table, take: &mut TakeNumbers<'_>) -> Result<()> {
        let model = self.model.untyped();
        model.check_whole("a server")?;
        let mut take = |values: &[Vec<f64>], _: &[Labels], count| take(values, count);
        D::core().predict(model, &*model.fitted()?, (Ok(rows), 0), &mut take)
    }

    fn explains(&self) -> bool {
        let rows = self.background.read().unwrap_or_else(PoisonError::into_inner);
        rows.is_some() || M::GRAPH.inputs.iter().all(|input| input.missing.is_some())
    }

    fn explain(&self, row: &Table, output: &str, element: Option<usize>) -> Result<Explanation> {
        let rows = self.background.read().unwrap_or_else(PoisonError::into_inner).clone();
        let spec = M::INPUTS_ROW;
        let settings =
            shapley_settings(&M::GRAPH, (output, element), (row, rows.as_deref()), spec)?;
        let explained = D::core().shapley(self.model.untyped(), &settings, row)?;
        explained.into_iter().next().map(explanation).ok_or(Error::NoRows("explain"))
    }
}

/// About a thousand predictions for a row, as in a report.
#[inline(never)]
fn shapley_settings(
    graph: &Graph,
    (output, element): (&str, Option<usize>),
    (row, background): (&Table, Option<&Table>),
    spec: Option<&'static RowSpec>,
) -> Result<ShapleySettings> {
    let index = graph.outputs.iter().position(|own| own.name == output);
    let Some(index) = index else {
        return Err(Error::Explanation(vec![format!("`{output}` is no output with a loss")]));
    };
    let own = &graph.outputs[index];
    let first = match own.loss.form().head {
        // Of several numbers for each number of a target, the one that stands for it.
        HeadForm::Parts(_) => Some(own.loss.point()),
        // The predicted class.
        _ if own.target.kind == TargetKind::Class => None,
        _ => (own.predicted() > 1).then_some(0),
    };
    let element = element.or(first);
    let explained = (index, element);
    let settings = ShapleySettings::for_report(graph, explained, background.unwrap_or(row), spec);
    Ok(match background {
        Some(_) => settings,
        None => ShapleySettings { background: attribution::Background::Absent, ..settings },
    })
}

#[inline(never)]
fn explanation(attribution: Attribution) -> Explanation {
    let share = |own: FeatureAttribution| Share {
        name: own.feature.name,
        value: own.value,
        share: own.attribution,
        error: own.error,
    };
    Explanation {
        output: attribution.output.to_owned(),
        element: attribution.element,
        prediction: attribution.prediction,
        baseline: attribution.baseline,
        shares: attribution.features.into_iter().map(share).collect(),
    }
}
