//! Answers to requests that are refused.

use axum::{
    http::{header, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use multi_input_data::json_row::RowMistake;
use serde::Serialize;

/// The most rows whose mistakes an answer lists.
const MOST_ROWS: usize = 20;

/// A request that is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    message: String,
    rows: Vec<BadRow>,
}

/// A row that is refused, with its index in the request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct BadRow {
    row: usize,
    #[serde(flatten)]
    mistake: RowMistake,
}

impl BadRow {
    pub(crate) fn new(row: usize, mistake: RowMistake) -> BadRow {
        let message = format!("row {row}, {}", mistake.message);
        BadRow { row, mistake: RowMistake { message, ..mistake } }
    }
}

/// The body of an answer to a refused request, and a refused line of a stream.
#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "<[BadRow]>::is_empty")]
    rows: &'a [BadRow],
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into(), rows: Vec::new() }
    }

    /// The body is not JSON.
    pub(crate) fn malformed(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    /// More than a limit permits.
    pub(crate) fn too_large(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// The server cannot answer at present.
    pub(crate) fn unavailable(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// A mistake of the server, which its log describes.
    pub(crate) fn internal() -> Refusal {
        let message = "the prediction failed; the server's log says why";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// JSON that is no rows.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// Rows that the model does not accept.
    pub(crate) fn of_rows(mut rows: Vec<BadRow>) -> Refusal {
        let count = rows.len();
        rows.truncate(MOST_ROWS);
        let message = match (count, rows.first()) {
            (1, Some(first)) => first.mistake.message.clone(),
            (_, Some(first)) => {
                format!("{count} rows are refused; the first: {}", first.mistake.message)
            }
            (_, None) => String::new(),
        };
        Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, message, rows }
    }

    /// The body as JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let body = Body { message: &self.message, rows: &self.rows };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, json_type(), self.to_json()).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The header of a body in JSON.
pub(crate) fn json_type() -> [(header::HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, "application/json")]
}
