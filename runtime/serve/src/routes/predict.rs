//! `POST /predict`.

use std::{
    sync::{atomic::Ordering::Relaxed, Arc},
    time::Instant,
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Response},
    response::IntoResponse,
};

use super::{
    body::{kind, read, Kind},
    stream::stream,
};
use crate::{
    batch::Body,
    metrics::Metrics,
    mount::Mount,
    refusal::{json_type, Refusal},
};

/// The header with the number of the model that predicted.
pub(super) const GENERATION: &str = "model-generation";

pub(super) async fn predict(
    State(mount): State<Arc<Mount>>,
    request: Request,
) -> Response<axum::body::Body> {
    let started = Instant::now();
    let pending = Pending::new(&mount);
    let response = match kind(request.headers()) {
        Ok(Kind::Lines) => return stream(mount, request.into_body(), pending),
        Ok(Kind::Json) => of_json(&mount, request).await,
        Err(refusal) => Err(refusal),
    };
    let response = response.unwrap_or_else(Refusal::into_response);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    mount.metrics.answered("predict", status, took);
    tracing::debug!(model = mount.name, status, ?took, "predict");
    response
}

async fn of_json(mount: &Mount, request: Request) -> Result<Response<axum::body::Body>, Refusal> {
    let arriving = mount.arriving();
    let (head, body) = request.into_parts();
    let body = read(&head.headers, body, &mount.settings).await?;
    let body = Body::Json(body, mount.settings.row_limit);
    let (answer, generation) = mount.predict(body, Some(arriving)).await?;
    let mut response = (json_type(), answer).into_response();
    response.headers_mut().insert(GENERATION, HeaderValue::from(generation));
    Ok(response)
}

/// A request that has not been answered yet.
pub(super) struct Pending(Arc<Metrics>);

impl Pending {
    pub(super) fn new(mount: &Mount) -> Pending {
        mount.metrics.pending.fetch_add(1, Relaxed);
        Pending(mount.metrics.clone())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Relaxed);
    }
}
