//! From the flags to a running gateway: what it checks, takes and prints.

use std::convert::Infallible;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::flags::{Flags, Node};
use crate::guard::{Guard, web_origin};
use crate::key::Key;
use crate::listen::{self, HEAD_TIME, Where};
use crate::proxy::{Gateway, Served};
use crate::upstream::Upstream;
use crate::{page, tls};

/// Runs until it is told to stop.
///
/// # Errors
/// What is wrong with the flags or the machine. The text does not hold the key.
pub fn run(flags: &Flags) -> Result<(), String> {
    let key = flags.key(|name| std::env::var(name).ok()).map_err(|error| format!("{error:#}"))?;
    let print = {
        let key = key.clone();
        move |text: &str| key.as_ref().map_or_else(|| text.to_owned(), |key| key.hide(text))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let done = runtime.block_on(serve(flags, key, &print));
    // Connections under way end with the program.
    runtime.shutdown_background();
    done.map_err(|error| print(&format!("{error:#}")))
}

async fn serve(
    flags: &Flags,
    key: Option<Key>,
    hide: &impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    let nodes = flags.check()?;
    let mut guard = Guard {
        origins: flags.origins()?,
        page_port: None,
        hosts: flags.allow_host.clone(),
        token: if flags.token { Some(token()?) } else { None },
    };
    let secure = nodes.iter().any(|node| node.url.scheme() == "https");
    // Where all nodes speak plain HTTP, no certificate is ever looked at.
    let tls = tls::config(&flags.ca, flags.insecure || !secure)?;
    for line in warnings(flags, &nodes, key.as_ref()) {
        eprintln!("{}", hide(&format!("WARNING: {line}")));
    }

    let wanted = if flags.listen_all { Where::Everywhere } else { Where::Loopback(flags.lanes) };
    let mut served = Vec::new();
    let mut listeners: Vec<Vec<TcpListener>> = Vec::new();
    for (node, index) in nodes.into_iter().zip(0_u16..) {
        let port = if flags.port == 0 { 0 } else { flags.port.saturating_add(index) };
        let taken = listen::take(port, "--port", wanted).await?;
        let first = taken.first().context("no address to listen on")?;
        served.push(Served { node, port: first.local_addr()?.port() });
        listeners.push(taken);
    }
    let page = match &flags.page {
        Some(folder) => {
            let wanted = if flags.listen_all { wanted } else { Where::Loopback(1) };
            let taken = listen::take(flags.page_port, "--page-port", wanted).await?;
            let first = taken.first().context("no address to listen on")?;
            guard.page_port = Some(first.local_addr()?.port());
            Some((folder, taken))
        }
        None => None,
    };

    let upstream = Upstream::new(&tls);
    let body_bytes = flags.body_bytes();
    let gateway = Arc::new(Gateway { nodes: served, guard, key, upstream, body_bytes });
    for line in lines(flags, &gateway, &listeners) {
        println!("{}", hide(&line));
    }
    for (index, taken) in listeners.into_iter().enumerate() {
        for listener in taken {
            tokio::spawn(serve_node(listener, gateway.clone(), index));
        }
    }
    if let Some((folder, taken)) = page {
        for listener in taken {
            tokio::spawn(serve_page(listener, folder));
        }
    }
    let stopped = listen::stopped(flags.exit_on_stdin_eof).context("signals")?;
    println!("ready");
    stopped.await;
    Ok(())
}

fn serve_node(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    index: usize,
) -> impl Future<Output = ()> + Send {
    listen::serve(listener, HEAD_TIME, move |local: IpAddr| {
        let gateway = gateway.clone();
        service_fn(move |request: Request<Incoming>| {
            let gateway = gateway.clone();
            async move {
                let answer = gateway.answer(&gateway.nodes[index], local, request).await;
                Ok::<_, Infallible>(answer)
            }
        })
    })
}

fn serve_page(listener: TcpListener, folder: &Path) -> impl Future<Output = ()> + Send + use<> {
    let router = page::router(folder);
    listen::serve(listener, HEAD_TIME, move |_| TowerToHyperService::new(router.clone()))
}

/// What is said at the start.
fn lines(flags: &Flags, gateway: &Gateway, listeners: &[Vec<TcpListener>]) -> Vec<String> {
    let url = |served: &Served| served.url("127.0.0.1", &gateway.guard);
    let nodes = &gateway.nodes;
    let mut lines: Vec<String> = nodes
        .iter()
        .map(|served| {
            format!("gateway: {} {} -> {}", served.node.name, url(served), served.node.url)
        })
        .collect();
    if let Some(key) = &gateway.key {
        let variable = flags.key_env.as_deref().unwrap_or_default();
        lines.push(format!("key: from {variable}, in the header {}", key.header()));
    }
    let addresses = listeners.first().into_iter().flatten().filter_map(|l| l.local_addr().ok());
    let addresses: Vec<String> = addresses.map(|address| address.ip().to_string()).collect();
    lines.push(format!("lanes: {}, and l1.localhost, l2.localhost ...", addresses.join(", ")));
    lines.extend(gateway.guard.origins.iter().map(|origin| format!("allowed: pages of {origin}")));
    if let Some(token) = &gateway.guard.token {
        lines.push(format!("token: every path begins with {token}"));
    }
    if let Some(port) = gateway.guard.page_port {
        let page = web_origin("127.0.0.1", port);
        let list: Vec<String> =
            nodes.iter().map(|served| format!("{}={}", served.node.name, url(served))).collect();
        lines.push(format!("open: {page}/#/?nodes={}", list.join(",")));
    }
    lines
}

/// What a user should know before going on.
fn warnings(flags: &Flags, nodes: &[Node], key: Option<&Key>) -> Vec<String> {
    let mut warnings = Vec::new();
    if flags.insecure {
        warnings.push(
            "--insecure: no certificate is checked; whoever is on the way to the nodes can read \
             the key and change what is sent"
                .to_owned(),
        );
    }
    if flags.listen_all {
        warnings.push(
            "--listen-all: every machine that reaches this one and knows the token may use the \
             gateway; token and requests are not encrypted"
                .to_owned(),
        );
    }
    for node in nodes.iter().filter(|_| key.is_some()) {
        let host = node.url.host_str().unwrap_or_default();
        let here = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        if node.url.scheme() == "http" && !here {
            warnings.push(format!("{}: the key goes to {host} unencrypted", node.name));
        }
    }
    warnings
}

/// `/` and 128 bits by chance.
fn token() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    Ok(bytes.iter().fold("/".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}
