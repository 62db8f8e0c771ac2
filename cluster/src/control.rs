//! `status`, `pause`, `resume`, `step-down`, `crash`: small requests to running nodes.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use crate::flags::{StatusFlags, Target};

/// What is read of a node's answer to `ping`.
#[derive(Debug, Clone, Deserialize)]
pub struct Ping {
    /// `n1`, `n2`, ...
    pub node: String,
    /// `leader`, `follower`, `candidate` or `stopped`.
    pub role: String,
    /// Empty while no leader is known.
    pub leader_url: String,
    /// The node's term.
    pub term: u64,
    /// Whether it holds all that was acknowledged before it came up.
    pub caught_up: bool,
}

/// A client that goes to loopback only and follows nothing.
///
/// # Errors
/// When it cannot be set up.
pub fn client() -> anyhow::Result<reqwest::Client> {
    let redirect = reqwest::redirect::Policy::none();
    Ok(reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect)
        .timeout(Duration::from_secs(10))
        .build()?)
}

/// Asks a node who it is; none when it does not answer so within two seconds.
pub async fn ping(client: &reqwest::Client, url: String, api_key: Option<&str>) -> Option<Ping> {
    let mut request = client.get(format!("{url}/db/api/v1/ping")).timeout(Duration::from_secs(2));
    if let Some(key) = api_key {
        request = request.header("authorization", key);
    }
    request.send().await.ok()?.json().await.ok()
}

/// Prints a line for each node.
///
/// # Errors
/// When no node answers.
pub async fn status(flags: &StatusFlags) -> anyhow::Result<()> {
    let client = client()?;
    let mut answered = 0;
    for offset in 0..u16::from(flags.nodes) {
        let port = flags
            .port
            .checked_add(offset)
            .with_context(|| format!("--port {} is too high", flags.port))?;
        let url = format!("http://127.0.0.1:{port}");
        match ping(&client, url.clone(), flags.api_key.as_deref()).await {
            Some(ping) => {
                answered += 1;
                let leader = if ping.leader_url.is_empty() { "none" } else { &ping.leader_url };
                println!(
                    "node: {} {url} {} term {} leader {leader}",
                    ping.node, ping.role, ping.term
                );
            }
            None => println!("node: n{} {url} unreachable", offset + 1),
        }
    }
    anyhow::ensure!(
        answered > 0,
        "no node answers on ports from {}; is the cluster up, is the key right?",
        flags.port
    );
    Ok(())
}

/// Posts a fault to a node.
///
/// # Errors
/// When the node does not answer, or refuses.
pub async fn fault(target: &Target, what: &str) -> anyhow::Result<()> {
    let url = format!("{}/fault/{what}", target.node_url.trim_end_matches('/'));
    match client()?.post(&url).send().await {
        // A node that crashes closes the connection instead of answering.
        Err(error) if what == "crash" && !error.is_connect() && !error.is_builder() => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{url} does not answer")),
        Ok(answer) => {
            let status = answer.status();
            let text = answer.text().await.unwrap_or_default();
            anyhow::ensure!(status.is_success(), "{url}: {status} {}", text.trim_end());
            Ok(())
        }
    }
}
