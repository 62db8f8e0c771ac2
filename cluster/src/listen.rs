//! Loopback ports: takes them, serves on them, and tells when to stop.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// How long the head of a request may take to come, from the connection's start or the answer
/// before it: slow and idle clients are closed after that. Nothing limits how long an answer takes,
/// or a WebSocket.
const HEAD: Duration = Duration::from_secs(30);

/// Takes a port of 127.0.0.1 and the same of \[::1\], where the machine has IPv6. Port 0 takes a
/// free one.
///
/// # Errors
/// When another program has the port on either address, or the system refuses.
pub async fn both(port: u16) -> anyhow::Result<Vec<TcpListener>> {
    // What is free on one address may be taken on the other: with port 0 there are others to try.
    let mut tries = if port == 0 { 20 } else { 1 };
    loop {
        tries -= 1;
        let v4 = one(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = v4.local_addr()?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(v6) => return Ok(vec![v4, v6]),
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => return Ok(vec![v4]),
            Err(_) if tries > 0 => {}
            Err(_) => anyhow::bail!(taken(port)),
        }
    }
}

/// Takes one address.
///
/// # Errors
/// When another program has it, or the system refuses.
pub async fn one(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            anyhow::bail!(taken(address.port()))
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

/// The error text for a taken port.
#[must_use]
pub fn taken(port: u16) -> String {
    format!("port {port} is taken by another program; use --port")
}

/// Serves a port for as long as the process runs.
pub async fn serve(listener: TcpListener, router: axum::Router) {
    serve_within(listener, router, HEAD).await;
}

/// As [`serve`]; `axum::serve` has no limits.
async fn serve_within(mut listener: TcpListener, router: axum::Router, head: Duration) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(head);
    // Prepared once, not at each request.
    let service = TowerToHyperService::new(router.with_state(()));
    loop {
        // axum's: it goes on after an error.
        let (stream, _) = Listener::accept(&mut listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!("TCP_NODELAY: {error}");
        }
        let connection = server.serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(async move {
            // It broke, or was too slow: nobody is left to tell.
            let _ = connection.with_upgrades().await;
        });
    }
}

/// Waits for SIGINT, SIGTERM, or the end of standard input where that counts.
///
/// # Errors
/// When the handlers cannot be installed.
pub async fn stopped(on_stdin_eof: bool) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, eof) = tokio::sync::oneshot::channel();
    if on_stdin_eof {
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = sender.send(());
        });
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        Ok(()) = eof, if on_stdin_eof => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::extract::ws::WebSocketUpgrade;
    use axum::routing::any;
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    use super::*;

    /// Far below [`HEAD`], so that a test can wait for it.
    const LIMIT: Duration = Duration::from_millis(500);
    const PATIENCE: Duration = Duration::from_secs(30);

    /// Sends `first`, then a byte again and again where `trickles`, until the server closes.
    async fn is_closed(address: SocketAddr, first: &[u8], trickles: bool) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(first).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let trickle = async {
            let mut beat = tokio::time::interval(LIMIT / 20);
            while trickles && to.write_all(b"a").await.is_ok() {
                beat.tick().await;
            }
        };
        let mut answer = Vec::new();
        // Reset or ended: both are the end.
        let closed = async { drop(from.read_to_end(&mut answer).await) };
        let both = async { tokio::join!(trickle, closed) };
        tokio::time::timeout(PATIENCE, both).await.expect("the server closes the connection");
    }

    #[tokio::test]
    async fn slow_and_idle_clients_are_closed_and_slow_answers_and_sockets_are_not() {
        let listener = one(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (asked, go) = (asked.clone(), go.clone());
            async move || {
                asked.notify_one();
                go.notified().await;
                "done"
            }
        };
        let echo = async |upgrade: WebSocketUpgrade| {
            upgrade.on_upgrade(async |mut socket| {
                while let Some(Ok(message)) = socket.recv().await {
                    let _ = socket.send(message).await;
                }
            })
        };
        let router = Router::new()
            .route("/", any(async || "at once"))
            .route("/slow", any(slow))
            .route("/echo", any(echo));
        tokio::spawn(serve_within(listener, router, LIMIT));

        // A loaded machine may take longer than the limit to connect and ask: then once more.
        let mut answer = loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
            tokio::select! {
                () = asked.notified() => break stream,
                _ = stream.readable() => {}
            }
        };
        let mut socket = loop {
            if let Ok((socket, _)) =
                tokio_tungstenite::connect_async(format!("ws://{address}/echo")).await
            {
                break socket;
            }
        };

        for _ in 0..2 {
            tokio::join!(
                is_closed(address, b"", false),
                is_closed(address, b"GET / HTTP/1.1\r\nHost: x\r\nX: ", false),
                is_closed(address, b"GET / HTTP/1.1\r\nHost: x\r\nX: ", true),
                is_closed(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", false),
            );
        }

        // Both are twice as old as what was closed.
        go.notify_one();
        let mut seen = Vec::new();
        while !seen.ends_with(b"done") {
            assert!(answer.read_buf(&mut seen).await.unwrap() > 0, "closed without an answer");
        }
        socket.send("still here".into()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap(), "still here");
    }
}
