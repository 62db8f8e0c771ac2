//! Loopback ports: takes them, serves on them, and tells when to stop.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

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
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!("TCP_NODELAY: {error}");
        }
    });
    // Ends only with the process.
    let _ = axum::serve(listener, router).await;
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
