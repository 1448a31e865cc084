//! `POST /predict` with a row on each line, and a prediction on each line of the answer.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    http::{header, Response},
    response::IntoResponse,
};
use bytes::{Bytes, BytesMut};
use http_body_util::{
    channel::{Channel, Sender},
    BodyExt,
};
use tokio::time::timeout;

use super::{body::too_slow, predict::Pending};
use crate::{batch, mount::Mount, refusal::Refusal};

/// The pieces of an answer that a client may leave unread.
const UNREAD: usize = 4;

/// Answers lines as they arrive. A line that is refused is a line `{"error": ..}`; after one that is too
/// long or too slow the answer ends.
pub(super) fn stream(mount: Arc<Mount>, body: Body, pending: Pending) -> Response<Body> {
    let (to, answer) = Channel::<Bytes, axum::Error>::new(UNREAD);
    tokio::spawn(async move {
        let started = Instant::now();
        let mut stream = Stream { mount, to, lines: BytesMut::new(), rows: 0 };
        if let Err(refusal) = stream.answer(body).await {
            stream.refuse(&refusal).await;
        }
        let Stream { mount, rows, .. } = &stream;
        mount.metrics.answered("stream", 200, started.elapsed());
        tracing::debug!(model = mount.name, rows, "stream");
        drop(pending);
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::new(answer)).into_response()
}

struct Stream {
    mount: Arc<Mount>,
    to: Sender<Bytes, axum::Error>,
    /// What has arrived and is not predicted yet.
    lines: BytesMut,
    /// The rows that are answered.
    rows: usize,
}

impl Stream {
    async fn answer(&mut self, mut body: Body) -> Result<(), Refusal> {
        let (wait, longest) = (self.mount.settings.body_timeout, self.mount.settings.body_limit);
        loop {
            let frame = timeout(wait, body.frame()).await;
            match frame.map_err(|_| too_slow(&self.mount.settings))? {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.lines.extend_from_slice(&data);
                    }
                }
                Some(Err(_)) => return Err(Refusal::malformed("the body ended early")),
                None => break,
            }
            while let Some(lines) = complete(&mut self.lines, self.mount.settings.batch_rows) {
                self.predict(lines).await?;
            }
            if self.lines.len() > longest {
                let message = format!("a line has more than {longest} bytes");
                return Err(Refusal::too_large(message));
            }
        }
        // The last line may end without a line feed.
        let last = self.lines.split().freeze();
        self.predict(last).await
    }

    async fn predict(&mut self, lines: Bytes) -> Result<(), Refusal> {
        let body = batch::Body::Lines(lines, self.rows);
        let (answer, _) = self.mount.predict(body, None).await?;
        self.rows += answer.iter().filter(|byte| **byte == b'\n').count();
        self.send(answer).await
    }

    /// Sends a piece of the answer, for which the client must have read most of those before.
    async fn send(&mut self, piece: Vec<u8>) -> Result<(), Refusal> {
        if piece.is_empty() {
            return Ok(());
        }
        let wait = self.mount.settings.body_timeout;
        match timeout(wait, self.to.send_data(piece.into())).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Refusal::unavailable("the client does not read the answer")),
        }
    }

    async fn refuse(&mut self, refusal: &Refusal) {
        let mut line = b"{\"error\":".to_vec();
        line.extend(refusal.to_json());
        line.extend(b"}\n");
        // A client that has gone needs no answer.
        _ = self.send(line).await;
    }
}

/// Takes at most `most` complete lines.
fn complete(lines: &mut BytesMut, most: usize) -> Option<Bytes> {
    let ends = lines.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let (end, _) = ends.take(most).last()?;
    Some(lines.split_to(end + 1).freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_lines_are_taken_a_few_at_a_time() {
        let mut lines = BytesMut::from("a\nb\n\nc");
        assert_eq!(complete(&mut lines, 2).unwrap(), "a\nb\n");
        assert_eq!(complete(&mut lines, 2).unwrap(), "\n");
        assert_eq!(complete(&mut lines, 2), None);
        assert_eq!(lines, "c");
    }
}
