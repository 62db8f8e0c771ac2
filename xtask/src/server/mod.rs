//! The HTTP server of the built page: HTTP/1.1 on loopback, a thread for each connection.
//!
//! Owns: listening, answering `GET` and `HEAD` for the files of one folder, and `/null`, the empty answer against
//! which the page calibrates itself. Its head parser is `httparse`; the rest is small enough to own: tiny_http
//! queues connections behind its idle threads' keep-alive, and a browser that opens many at once may hang on it.
//! May not enter: anything about the cluster; any listening beyond loopback; any state a request could change.
//! Called by: `demo`, and the end-to-end tests.
//! Invariant: no request, however malformed, ends the server, reads outside the folder, or occupies a thread for ever.
//! Tests: `xtask/tests/server.rs`.

mod connection;
mod files;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use files::Folder;

/// Connections at one time; a browser opens at most 256. Those beyond are closed at once.
const CONNECTIONS: usize = 512;

/// Both loopback addresses of one port, taken but not yet served.
#[derive(Debug)]
pub struct Taken {
    listeners: Vec<TcpListener>,
    port: u16,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    port: u16,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Taken {
    /// Takes `port` on 127.0.0.1, and on \[::1\] where the machine has it. Port 0 takes a free one.
    ///
    /// # Errors
    /// When another program has the port on either address, or the system refuses.
    pub fn new(port: u16) -> Result<Self> {
        // With port 0 the free port of one address may be taken on the other: try a few.
        let mut tries = if port == 0 { 20 } else { 1 };
        loop {
            tries -= 1;
            match Self::both(port) {
                Err(_) if tries > 0 => {}
                outcome => return outcome,
            }
        }
    }

    fn both(port: u16) -> Result<Self> {
        let v4 = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let port = v4.local_addr()?.port();
        let mut listeners = vec![v4];
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        match TcpListener::bind(v6) {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(taken(v6)),
            Err(_) => {} // No IPv6 here.
        }
        Ok(Self { listeners, port })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves the files of a folder.
    ///
    /// # Errors
    /// When the folder has no `index.html`, or the system has no thread left.
    pub fn serve(self, folder: &Path) -> Result<Server> {
        if !folder.join("index.html").is_file() {
            bail!("{} has no index.html: build the page first (`trunk build`)", folder.display());
        }
        let folder = Arc::new(Folder::new(folder)?);
        let (stop, open) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut server = Server { addresses: Vec::new(), port: self.port, stop, threads: Vec::new() };
        for listener in self.listeners {
            server.addresses.push(listener.local_addr()?);
            let (folder, stop, open) = (Arc::clone(&folder), Arc::clone(&server.stop), Arc::clone(&open));
            let accept = move || accept(&listener, &folder, &stop, &open);
            server.threads.push(thread::Builder::new().name("accept".to_owned()).spawn(accept)?);
        }
        Ok(server)
    }
}

impl Server {
    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            // Wakes the thread that accepts. If that fails, its listener is gone already.
            let _ = TcpStream::connect_timeout(address, Duration::from_secs(1));
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Whether a port is free on both loopback addresses.
///
/// # Errors
/// When it is not: which address has it taken, or what the system said.
pub fn check_free(port: u16) -> Result<()> {
    Taken::both(port).map(drop)
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(taken(address)),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

fn taken(address: SocketAddr) -> anyhow::Error {
    anyhow::anyhow!("port {} is taken by another program (on {})", address.port(), address.ip())
}

fn accept(listener: &TcpListener, folder: &Arc<Folder>, stop: &AtomicBool, open: &Arc<AtomicUsize>) {
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else {
            // Out of file descriptors, most likely: some come back when connections close.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let place = Place::new(open);
        if place.number >= CONNECTIONS {
            continue;
        }
        let folder = Arc::clone(folder);
        // Without a thread the connection closes, and the browser tries again.
        let _ = thread::Builder::new().name("connection".to_owned()).spawn(move || {
            let _place = place;
            // A connection that breaks is the client's business.
            let _ = connection::answer_all(stream, &folder);
        });
    }
}

/// One of the [`CONNECTIONS`], given back when it drops.
struct Place {
    open: Arc<AtomicUsize>,
    number: usize,
}

impl Place {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        Self { number: open.fetch_add(1, Ordering::SeqCst), open: Arc::clone(open) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
