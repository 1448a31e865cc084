//! What a server says of itself.

use std::sync::{atomic::Ordering::Relaxed, Arc};

use axum::{
    extract::State,
    http::{header, StatusCode},
    response::IntoResponse,
    Extension,
};
use serde_json::{json, Value};

use super::{App, Mounted};
use crate::{
    draining::Draining,
    metrics::text,
    mount::Mount,
    openapi::{document, Documented},
    refusal::json_type,
};

pub(super) async fn health() -> impl IntoResponse {
    (json_type(), json!({ "status": "ok" }).to_string())
}

pub(super) async fn ready(
    State(app): State<Arc<App>>,
    draining: Option<Extension<Draining>>,
) -> impl IntoResponse {
    let ends = draining.is_some_and(|draining| draining.has_begun());
    let unready = app.mounts.iter().find_map(|Mounted { mount, .. }| {
        mount.deployment.load().predictor.ready().err().map(|error| error.to_string())
    });
    let reason = ends.then(|| "the server is about to end".to_owned()).or(unready);
    let (status, answer) = match reason {
        Some(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "reason": reason }))
        }
        None => (StatusCode::OK, json!({ "status": "ready" })),
    };
    (status, json_type(), answer.to_string())
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let of_mount = |Mounted { mount, .. }: &Mounted| {
        mount.metrics.swaps.store(mount.deployment.swaps(), Relaxed);
        (mount.name.clone(), mount.metrics.clone())
    };
    let all: Vec<_> = app.mounts.iter().map(of_mount).collect();
    let all: Vec<_> = all.iter().map(|(name, metrics)| (name.clone(), &**metrics)).collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text(&all))
}

pub(super) async fn models(State(app): State<Arc<App>>) -> impl IntoResponse {
    let of_mount = |Mounted { paths, mount }: &Mounted| {
        json!({
            "name": mount.name,
            "path": paths.last(),
            "generation": mount.deployment.swaps() + 1,
        })
    };
    let models: Vec<Value> = app.mounts.iter().map(of_mount).collect();
    (json_type(), Value::from(models).to_string())
}

pub(super) async fn openapi(State(app): State<Arc<App>>) -> impl IntoResponse {
    let loaded: Vec<_> = app.mounts.iter().map(|own| own.mount.deployment.load()).collect();
    let documented =
        app.mounts.iter().zip(&loaded).map(|(Mounted { paths, mount }, loaded)| Documented {
            paths: paths.clone(),
            name: &mount.name,
            description: &loaded.description,
            explains: loaded.predictor.explains(),
        });
    let document = document(&documented.collect::<Vec<_>>(), &app.settings);
    (json_type(), document.to_string())
}

pub(super) async fn description(State(mount): State<Arc<Mount>>) -> impl IntoResponse {
    let loaded = mount.deployment.load();
    (json_type(), serde_json::to_string(&loaded.description).unwrap_or_default())
}
