//! The page with a form for a row. Its script makes the form of the model's description.

use axum::{http::header, response::IntoResponse};

/// Nothing but the server's own script runs, whatever names and categories a model has.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src \
                      'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, include_str!("../page/page.html"))
}

pub(super) async fn script() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (headers, include_str!("../page/page.js"))
}
