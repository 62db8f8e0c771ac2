//! Connections to the nodes: kept and used again, HTTP/2 where a node offers it.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tower_service::Service;

/// How long a connection may take to be there: name, TCP and TLS together.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long an unused connection is kept: less than most servers keep it, so that a request seldom
/// meets one that is being closed.
const IDLE_TIME: Duration = Duration::from_secs(20);

type Connections = Client<Timed<HttpsConnector<HttpConnector>>, Body>;

/// What sends requests to nodes.
#[derive(Debug, Clone)]
pub struct Upstream {
    best: Connections,
    /// For WebSockets: HTTP/2 has no upgrade.
    http1: Connections,
}

impl Upstream {
    /// Makes it; connections are opened when they are needed.
    #[must_use]
    pub fn new(tls: &ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let builder = || HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
        Self {
            best: connections(builder().enable_all_versions().wrap_connector(tcp.clone())),
            http1: connections(builder().enable_http1().wrap_connector(tcp)),
        }
    }

    /// Sends a request, and returns the answer as soon as its head is there.
    ///
    /// # Errors
    /// When there is no connection, or it broke.
    pub async fn send(
        &self,
        request: Request<Body>,
        upgrades: bool,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let connections = if upgrades { &self.http1 } else { &self.best };
        connections.request(request).await
    }
}

fn connections(inner: HttpsConnector<HttpConnector>) -> Connections {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIME)
        .http2_adaptive_window(true)
        .build(Timed { inner, limit: CONNECT_TIME })
}

/// All that is known of why a request failed, in one line.
#[must_use]
pub fn reason(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // Many a cause repeats the next one.
        if !texts.last().is_some_and(|last| last.ends_with(&text)) {
            texts.push(text);
        }
    }
    // The first only says which part of the client met the error.
    let from = usize::from(texts.len() > 1);
    let text = texts.get(from..).unwrap_or_default().join(": ");
    let unknown = ["UnknownIssuer", "CaUsedAsEndEntity"].iter().any(|why| text.contains(why));
    let hint = if unknown { "; name the cluster's own certificate with --ca FILE" } else { "" };
    format!("{text}{hint}")
}

/// The error and what caused it, from the outside in.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Gives a connection up that takes too long.
#[derive(Debug, Clone)]
struct Timed<C> {
    inner: C,
    limit: Duration,
}

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(format!("no connection within {} s", limit.as_secs_f64()).into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Never;

    impl Service<Uri> for Never {
        type Response = ();
        type Error = BoxError;
        type Future = std::future::Pending<Result<(), BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Uri) -> Self::Future {
            std::future::pending()
        }
    }

    #[tokio::test]
    async fn a_connection_that_does_not_come_is_given_up() {
        let mut timed = Timed { inner: Never, limit: Duration::from_millis(10) };
        let error = timed.call(Uri::from_static("http://a")).await.unwrap_err();
        assert_eq!(error.to_string(), "no connection within 0.01 s");
    }
}
