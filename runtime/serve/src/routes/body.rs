//! The body of a request, within the limits of a server.

use axum::{
    body::Body,
    http::{header, HeaderMap, StatusCode},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::{refusal::Refusal, settings::Settings};

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    /// A JSON value on each line.
    Lines,
}

/// What a body holds by its head; without a content type it is JSON.
pub(super) fn kind(headers: &HeaderMap) -> Result<Kind, Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Kind::Json) };
    let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    match text.split(';').next().unwrap_or_default().trim() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl"
        | "application/x-jsonlines" => Ok(Kind::Lines),
        "application/json" => Ok(Kind::Json),
        found if found.starts_with("application/") && found.ends_with("+json") => Ok(Kind::Json),
        found => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "expected the content type `application/json`, or `application/x-ndjson` for a row on \
                 each line, found `{found}`"
            ),
        )),
    }
}

/// All of a body.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    settings: &Settings,
) -> Result<Bytes, Refusal> {
    let most = settings.body_limit;
    let too_large =
        || Refusal::too_large(format!("the body has more than {most} bytes: send fewer rows"));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if declared.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > most) {
        return Err(too_large());
    }
    match timeout(settings.body_timeout, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::malformed("the body ended early")),
        Err(_) => Err(too_slow(settings)),
    }
}

/// The answer to a body that takes too long.
pub(super) fn too_slow(settings: &Settings) -> Refusal {
    let seconds = settings.body_timeout.as_secs_f64();
    Refusal::new(StatusCode::REQUEST_TIMEOUT, format!("nothing more came within {seconds} s"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_content_type_says_what_a_body_holds() {
        let kind = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            kind(&headers).map_err(|refusal| refusal.status)
        };
        assert_eq!(super::kind(&HeaderMap::new()), Ok(Kind::Json));
        assert_eq!(kind("application/json"), Ok(Kind::Json));
        assert_eq!(kind("Application/JSON; charset=utf-8"), Ok(Kind::Json));
        assert_eq!(kind("application/vnd.house+json"), Ok(Kind::Json));
        assert_eq!(kind("application/x-ndjson"), Ok(Kind::Lines));
        assert_eq!(kind("text/html"), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        assert_eq!(kind(""), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
}
