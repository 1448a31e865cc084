//! The connections of a server: limits, slow clients, and an end without a lost request.

use std::{
    future::{poll_fn, Future},
    io,
    pin::{pin, Pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::{
    extract::Request,
    http::{header, HeaderValue},
    middleware::{from_fn, Next},
    response::Response,
    Extension, Router,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use crate::{draining::Draining, patience::Patient};

/// The limits of a server's connections. `axum::serve` has none.
///
/// ```no_run
/// use std::time::Duration;
/// use multi_input_serve::Connections;
///
/// # async fn serve(listener: tokio::net::TcpListener, router: axum::Router) -> std::io::Result<()> {
/// let connections = Connections::default().header_timeout(Duration::from_secs(5)).limit(10_000);
/// connections.run(listener, router, std::future::pending()).await
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Connections {
    limit: usize,
    header_timeout: Duration,
    write_timeout: Duration,
    drain: Duration,
    grace: Duration,
}

impl Default for Connections {
    /// 4096 connections; 30 seconds for the head of a request, which is as long as a connection may rest,
    /// and 30 without progress of a client that does not read; an end announced for half a second, and
    /// 30 seconds for what is left then.
    fn default() -> Connections {
        Connections {
            limit: 4096,
            header_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            drain: Duration::from_millis(500),
            grace: Duration::from_secs(30),
        }
    }
}

impl Connections {
    /// The most connections at once. Further ones wait until one ends.
    pub fn limit(self, connections: usize) -> Connections {
        Connections { limit: connections, ..self }
    }

    /// The most time for the head of a request. A connection that rests longer is closed as well.
    pub fn header_timeout(self, time: Duration) -> Connections {
        Connections { header_timeout: time, ..self }
    }

    /// The most time for which a client may leave an answer unread.
    pub fn write_timeout(self, time: Duration) -> Connections {
        Connections { write_timeout: time, ..self }
    }

    /// For how long the server announces its end: `/ready` answers 503, and answers tell clients to close
    /// their connections. A balancer and clients that wait as long lose no request.
    pub fn drain(self, time: Duration) -> Connections {
        Connections { drain: time, ..self }
    }

    /// The most time for requests that are not answered at the end.
    pub fn grace(self, time: Duration) -> Connections {
        Connections { grace: time, ..self }
    }

    /// Serves HTTP/1.1 until `shutdown` is ready, and then answers what has arrived.
    ///
    /// # Errors
    /// None at present: a connection that fails concerns no other one.
    pub async fn run(
        self,
        listener: TcpListener,
        router: Router,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let draining = Draining::default();
        let router = router.layer(from_fn(announced)).layer(Extension(draining.clone()));
        let open = Open {
            router,
            permits: Arc::new(Semaphore::new(self.limit.clamp(1, Semaphore::MAX_PERMITS))),
            graceful: GracefulShutdown::new(),
            connections: &self,
        };
        tracing::info!(address = ?listener.local_addr().ok(), "serving");
        open.accept(&listener, pin!(shutdown)).await;
        tracing::info!("ending");
        draining.begin();
        open.accept(&listener, pin!(sleep(self.drain))).await;
        open.accept_waiting(&listener).await;
        drop(listener);
        if timeout(self.grace, open.graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were left unanswered");
        }
        Ok(())
    }
}

/// Serves HTTP/1.1 with the default limits: [`Connections::run`].
///
/// # Errors
/// As [`Connections::run`].
pub async fn run(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    Connections::default().run(listener, router, shutdown).await
}

/// While the server ends, an answer tells its client to close the connection.
async fn announced(
    Extension(draining): Extension<Draining>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if draining.has_begun() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The connections that are open.
struct Open<'a> {
    router: Router,
    permits: Arc<Semaphore>,
    graceful: GracefulShutdown,
    connections: &'a Connections,
}

impl Open<'_> {
    /// Accepts connections until `end` is ready.
    async fn accept<F: Future<Output = ()>>(&self, listener: &TcpListener, mut end: Pin<&mut F>) {
        loop {
            let next = async {
                let permit = self.permits.clone().acquire_owned().await;
                (permit, listener.accept().await)
            };
            match unless(next, &mut end).await {
                None => return,
                Some((Ok(permit), Ok((stream, _)))) => {
                    // Answers are short, and a client waits for each of them.
                    _ = stream.set_nodelay(true);
                    self.serve(Patient::new(stream, self.connections.write_timeout), permit);
                }
                Some((_, Err(error))) => {
                    tracing::warn!(%error, "no connection");
                    // Such as too many open files, which takes a while to pass.
                    sleep(Duration::from_millis(20)).await;
                }
                Some((Err(_), _)) => return,
            }
        }
    }

    /// Accepts the connections that clients have opened already, which would be reset otherwise.
    async fn accept_waiting(&self, listener: &TcpListener) {
        while let Ok(permit) = self.permits.clone().try_acquire_owned() {
            let next = poll_fn(|context| match listener.poll_accept(context) {
                Poll::Ready(accepted) => Poll::Ready(accepted.ok()),
                Poll::Pending => Poll::Ready(None),
            });
            let Some((stream, _)) = next.await else { return };
            self.serve(Patient::new(stream, self.connections.write_timeout), permit);
        }
    }

    fn serve(&self, stream: Patient, permit: OwnedSemaphorePermit) {
        const HEAD: usize = 64 << 10;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.connections.header_timeout)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router.clone()));
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection");
            }
            drop(permit);
        });
    }
}

/// The output of `work`, or `None` once `end` is ready.
async fn unless<W: Future, E: Future>(work: W, end: &mut Pin<&mut E>) -> Option<W::Output> {
    let mut work = pin!(work);
    poll_fn(|context| match end.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(context).map(Some),
    })
    .await
}
