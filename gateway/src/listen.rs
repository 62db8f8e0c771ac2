//! Ports: takes them, serves on them, and tells when to stop.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// How long a client may take for the head of a request. It counts while a connection is idle too,
/// so it is longer than what browsers keep unused ones for.
pub const HEAD_TIME: Duration = Duration::from_secs(60);
/// Most bytes of a head that are held. Long before, `proxy` answers 431.
const HEAD_BYTES: usize = 256 << 10;

/// Where to listen.
#[derive(Debug, Clone, Copy)]
pub enum Where {
    /// On `[::1]` and that many addresses from 127.0.0.1 on.
    Loopback(u8),
    /// On `[::1]` and all IPv4 addresses.
    Everywhere,
}

/// Takes a port on all addresses that are wanted; those that the system has not are left out, but
/// never 127.0.0.1. Port 0 takes a free one.
///
/// # Errors
/// When another program has the port, or the system refuses.
pub async fn take(port: u16, flag: &str, wanted: Where) -> anyhow::Result<Vec<TcpListener>> {
    // What is free on one address may be taken on the other: with port 0 there are others to try.
    let mut tries = if port == 0 { 20 } else { 1 };
    loop {
        tries -= 1;
        match all(port, flag, wanted).await {
            Err(_) if tries > 0 => {}
            taken => return taken,
        }
    }
}

async fn all(port: u16, flag: &str, wanted: Where) -> anyhow::Result<Vec<TcpListener>> {
    let (first, lanes) = match wanted {
        Where::Loopback(lanes) => (Ipv4Addr::LOCALHOST, lanes),
        Where::Everywhere => (Ipv4Addr::UNSPECIFIED, 1),
    };
    let first = one((first, port).into(), flag).await?;
    let port = first.context("this system has no 127.0.0.1")?;
    let number = port.local_addr()?.port();
    let mut taken = vec![port];
    let more = (2..=lanes).map(|lane| IpAddr::from([127, 0, 0, lane]));
    for address in more.chain([Ipv6Addr::LOCALHOST.into()]) {
        taken.extend(one((address, number).into(), flag).await?);
    }
    Ok(taken)
}

/// Takes one address; `None` where the system has no such address.
async fn one(address: SocketAddr, flag: &str) -> anyhow::Result<Option<TcpListener>> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => anyhow::bail!(
            "port {} of {} is taken by another program; choose another with {flag}",
            address.port(),
            address.ip()
        ),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            anyhow::bail!("port {} is not for everyone; choose another with {flag}", address.port())
        }
        Err(_) if address.ip() != IpAddr::V4(Ipv4Addr::LOCALHOST) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

/// Serves a port for as long as the process runs. `service` is made for each connection, with the
/// address at which it came in.
pub async fn serve<S>(listener: TcpListener, head_time: Duration, service: impl Fn(IpAddr) -> S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, perhaps: some will be closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Ok(local) = stream.local_addr() else { continue };
        // Without it, an answer may wait for more to send.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_time)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service(local.ip()))
            .with_upgrades();
        tokio::spawn(async move {
            // A client that goes away is no error of ours.
            let _ = connection.await;
        });
    }
}

/// Waits for SIGINT, SIGTERM, or the end of standard input where that counts. Signals count from
/// the call on, not only once the future is awaited.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn stopped(on_stdin_eof: bool) -> io::Result<impl Future<Output = ()>> {
    let (sender, eof) = tokio::sync::oneshot::channel();
    if on_stdin_eof {
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = sender.send(());
        });
    }
    let signal = signal()?;
    Ok(async move {
        tokio::select! {
            () = signal => {}
            Ok(()) = eof, if on_stdin_eof => {}
        }
    })
}

#[cfg(unix)]
fn signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::service::service_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_client_that_does_not_finish_its_head_is_let_go() {
        let mut listeners = take(0, "--port", Where::Loopback(1)).await.unwrap();
        let listener = listeners.remove(0);
        let address = listener.local_addr().unwrap();
        let answer = |_| service_fn(async |_| Ok(Response::new(Body::empty())));
        tokio::spawn(serve(listener, Duration::from_millis(50), answer));
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        let mut seen = Vec::new();
        stream.read_to_end(&mut seen).await.unwrap();
        assert!(!seen.starts_with(b"HTTP/1.1 200"));
    }
}
