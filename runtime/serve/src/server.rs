//! The models of a server by name.

use std::sync::Arc;

use axum::Router;
use multi_input_base::{Error, Result};
use tokio::sync::Semaphore;

use crate::{
    deployment::Deployment,
    mount::Mount,
    routes::{router, App, Mounted},
    settings::Settings,
};

/// The models of a server by name, and its limits.
#[derive(Default)]
#[must_use]
pub struct Server {
    models: Vec<Model>,
    settings: Settings,
}

struct Model {
    name: String,
    version: Option<String>,
    deployment: Deployment,
    shadow: Option<Deployment>,
}

impl Server {
    /// A server without models.
    pub fn new() -> Server {
        Server::default()
    }

    /// Sets limits and batching.
    pub fn settings(self, settings: Settings) -> Server {
        Server { settings, ..self }
    }

    /// Serves a model at `/models/NAME/predict`; the first one at `/predict` as well.
    pub fn model(mut self, name: &str, deployment: &Deployment) -> Server {
        self.push(name, None, deployment);
        self
    }

    /// Serves a version of a model at `/models/NAME/versions/VERSION/predict`.
    pub fn version(mut self, name: &str, version: &str, deployment: &Deployment) -> Server {
        self.push(name, Some(version), deployment);
        self
    }

    fn push(&mut self, name: &str, version: Option<&str>, deployment: &Deployment) {
        let (name, version) = (name.to_owned(), version.map(str::to_owned));
        self.models.push(Model { name, version, deployment: deployment.clone(), shadow: None });
    }

    /// Lets another model predict the rows of the model mounted last, without answering. `/metrics` has
    /// the difference between both. The two must read the same rows.
    pub fn shadow(mut self, deployment: &Deployment) -> Server {
        if let Some(last) = self.models.last_mut() {
            last.shadow = Some(deployment.clone());
        }
        self
    }

    /// The paths of the server, with threads that predict until the router is dropped.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] for a name that is used twice or has other characters than letters, digits,
    /// `.`, `-` and `_`, for a server without models, and if no thread can be started.
    pub fn router(self) -> Result<Router> {
        let Server { models, settings } = self;
        if models.is_empty() {
            return Err(unsuitable("it has no models".to_owned()));
        }
        let permits = Arc::new(Semaphore::new(settings.concurrency.min(Semaphore::MAX_PERMITS)));
        let mut mounts: Vec<Mounted> = Vec::new();
        for Model { name, version, deployment, shadow } in models {
            for part in [Some(&name), version.as_ref()].into_iter().flatten() {
                check_name(part)?;
            }
            let (path, name) = match version {
                None => (format!("/models/{name}"), name),
                Some(version) => {
                    (format!("/models/{name}/versions/{version}"), format!("{name}.{version}"))
                }
            };
            if mounts.iter().any(|other| other.mount.name == name) {
                return Err(unsuitable(format!("two models have the name `{name}`")));
            }
            // The first model is the one of the root as well.
            let mut paths = if mounts.is_empty() { vec![String::new()] } else { vec![] };
            paths.push(path);
            let mount = Mount::start(name, deployment, shadow, &settings, &permits);
            let mount = mount.map_err(|error| unsuitable(format!("no thread: {error}")))?;
            mounts.push(Mounted { paths, mount: Arc::new(mount) });
        }
        let explaining = Semaphore::new(settings.workers);
        Ok(router(App { mounts, settings, explaining }))
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    match !name.is_empty() && name.chars().all(is_valid) && !name.chars().all(|c| c == '.') {
        true => Ok(()),
        false => Err(unsuitable(format!(
            "`{name}` is no name for a path: it has letters, digits, `.`, `-` and `_`"
        ))),
    }
}

fn unsuitable(reason: String) -> Error {
    Error::Unsuitable { operation: "Server::router", reason }
}
