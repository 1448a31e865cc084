//! The paths of a server.

mod body;
mod explain;
mod page;
mod predict;
mod status;
mod stream;

use std::sync::Arc;

use axum::{
    http::StatusCode,
    routing::{get, post},
    Router,
};
use tokio::sync::Semaphore;

use crate::{mount::Mount, refusal::Refusal, settings::Settings};

/// What a server holds.
pub(crate) struct App {
    pub(crate) mounts: Vec<Mounted>,
    pub(crate) settings: Settings,
    /// The explanations that may be computed at once.
    pub(crate) explaining: Semaphore,
}

/// A mount with its paths: what stands before `/predict`.
pub(crate) struct Mounted {
    pub(crate) paths: Vec<String>,
    pub(crate) mount: Arc<Mount>,
}

/// The router of a server.
pub(crate) fn router(app: App) -> Router {
    let app = Arc::new(app);
    let mut router = Router::new()
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/models", get(status::models))
        .route("/openapi.json", get(status::openapi))
        .route("/page.js", get(page::script))
        .with_state(app.clone());
    for Mounted { paths, mount } in &app.mounts {
        for path in paths {
            router = router.merge(of_mount(path, mount, &app));
        }
    }
    router.fallback(no_path).method_not_allowed_fallback(no_method)
}

fn of_mount(path: &str, mount: &Arc<Mount>, app: &Arc<App>) -> Router {
    let page = if path.is_empty() { "/" } else { path };
    let own = Router::new()
        .route(page, get(page::page))
        .route(&format!("{path}/predict"), post(predict::predict))
        .route(&format!("{path}/description"), get(status::description))
        .with_state(mount.clone());
    if !mount.deployment.load().predictor.explains() {
        return own;
    }
    let state = (mount.clone(), app.clone());
    let explain = post(explain::explain).with_state(state);
    own.route(&format!("{path}/explain"), explain)
}

async fn no_path() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such path; `/openapi.json` lists all")
}

async fn no_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "the path takes another method: see `Allow`")
}
