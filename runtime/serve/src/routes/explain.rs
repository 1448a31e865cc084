//! `POST /explain`.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{Request, State},
    http::Response,
    response::IntoResponse,
};
use bytes::Bytes;
use multi_input_base::Error;
use multi_input_data::description::Predicts;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    body::{kind, read, Kind},
    App,
};
use crate::{
    batch::failed,
    deployment::Loaded,
    mount::Mount,
    predictor::Explanation,
    refusal::{json_type, BadRow, Refusal},
};

/// The body of a request.
#[derive(Deserialize)]
struct Question<'a> {
    #[serde(borrow)]
    row: &'a RawValue,
    output: Option<String>,
    element: Option<usize>,
}

pub(super) async fn explain(
    State((mount, app)): State<(Arc<Mount>, Arc<App>)>,
    request: Request,
) -> Response<Body> {
    let started = Instant::now();
    let response = answer(&mount, &app, request).await;
    let response = response.unwrap_or_else(Refusal::into_response);
    mount.metrics.answered("explain", response.status().as_u16(), started.elapsed());
    response
}

async fn answer(mount: &Mount, app: &App, request: Request) -> Result<Response<Body>, Refusal> {
    let (head, body) = request.into_parts();
    if kind(&head.headers)? == Kind::Lines {
        return Err(Refusal::unprocessable("an explanation is of one row: send JSON"));
    }
    let body = read(&head.headers, body, &mount.settings).await?;
    let loaded = mount.deployment.load();
    let Ok(_permit) = app.explaining.try_acquire() else {
        return Err(Refusal::unavailable("other explanations are being computed"));
    };
    // Its work is not interrupted by a client that goes.
    let explained = tokio::task::spawn_blocking(move || explanation(&loaded, &body)).await;
    let explanation = explained.map_err(|_| Refusal::internal())??;
    let json = serde_json::to_vec(&explanation).map_err(|_| Refusal::internal())?;
    Ok((json_type(), json).into_response())
}

fn explanation(loaded: &Loaded, body: &Bytes) -> Result<Explanation, Refusal> {
    let refused = |error: serde_json::Error| match error.is_data() {
        true => Refusal::unprocessable(error.to_string()),
        false => Refusal::malformed(format!("the body is no JSON: {error}")),
    };
    // serde reads a struct from a list as well.
    let body: &RawValue = serde_json::from_slice(body).map_err(refused)?;
    if !body.get().starts_with('{') {
        return Err(Refusal::unprocessable("expected an object with a `row`"));
    }
    let question: Question<'_> = serde_json::from_str(body.get()).map_err(refused)?;
    let outputs = loaded.description.outputs.iter();
    let mut explained = outputs.filter(|output| output.predicts != Predicts::Values);
    let output = match &question.output {
        None => explained.next(),
        Some(name) => explained.find(|output| output.name == *name),
    };
    let Some(output) = output else {
        let message = match question.output {
            Some(name) => format!("there is no output `{name}` that can be explained"),
            None => "there is no output that can be explained".to_owned(),
        };
        return Err(Refusal::unprocessable(message));
    };
    let refused = |mistake| Refusal::of_rows(vec![BadRow::new(0, mistake)]);
    let mut table = loaded.predictor.table();
    loaded.predictor.read(question.row.get(), &mut table).map_err(refused)?;
    let explained = loaded.predictor.explain(&table, &output.name, question.element);
    explained.map_err(|error| match error {
        Error::Value { .. } => refused(error.into()),
        Error::Explanation(_) => Refusal::unprocessable(error.to_string()),
        error => failed(&error),
    })
}
