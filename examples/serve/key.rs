//! Authentication by a key, as a layer around the router.

use multi_input::serve::axum::{
    extract::{Request, State},
    http::{header, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// What clients have to send as `authorization: Bearer KEY`; `None` for nothing.
#[derive(Clone)]
pub struct Key(pub Option<String>);

/// Lets a request through that has the key.
pub async fn check(State(Key(key)): State<Key>, request: Request, next: Next) -> Response {
    let is_open = ["/health", "/ready"].contains(&request.uri().path());
    let sent = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let sent = sent.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
    match key {
        Some(key) if !is_open && !is_same(sent, key.as_bytes()) => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            let message = r#"{"message":"send `authorization: Bearer KEY`"}"#;
            (StatusCode::UNAUTHORIZED, challenge, message).into_response()
        }
        _ => next.run(request).await,
    }
}

/// Compares in a time that does not depend on where the first difference is.
fn is_same(sent: &[u8], key: &[u8]) -> bool {
    let differences = sent.iter().zip(key).fold(0, |all, (a, b)| all | (a ^ b));
    sent.len() == key.len() && differences == 0
}
