//! `fwit-gateway` between the page and a cluster, started and stopped.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xtask::service::Service;

use crate::cluster::free_ports;
use crate::{Page, given};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The gateway of `FWIT_GATEWAY_BIN`; stops when dropped.
#[derive(Debug)]
pub struct Gateway {
    _service: Service,
    /// The address that it says to open: the page, with the nodes filled in.
    pub open: String,
}

impl Gateway {
    /// Starts it in front of nodes (`name=URL`), with the built page. Where there is a key it gets
    /// it in the environment, and the prefix that stands before it.
    ///
    /// # Errors
    /// When `FWIT_GATEWAY_BIN` or `FWIT_DIST` is not set, or it does not become ready.
    pub fn start(nodes: &[String], key: Option<(&str, &str)>) -> Result<Self> {
        let mut command = Command::new(given::path("FWIT_GATEWAY_BIN")?);
        let first = free_ports(u16::try_from(nodes.len())? + 1)?;
        command.arg("--page").arg(Page::built()?).args(["--page-port", &first.to_string()]);
        command.args(["--port", &(first + 1).to_string(), "--exit-on-stdin-eof"]);
        for node in nodes {
            command.args(["--node", node]);
        }
        if let Some((prefix, key)) = key {
            command.env("FWIT_E2E_KEY", key).args(["--key-env", "FWIT_E2E_KEY"]);
            command.args(["--key-prefix", prefix]);
        }
        let mut open = None;
        let service = Service::start("the gateway", &mut command, PATIENCE, |line| {
            open = open.take().or_else(|| line.strip_prefix("open: ").map(ToString::to_string));
            Ok(line == "ready")
        })?;
        let open = open.context("the gateway said no address to open")?;
        Ok(Self { _service: service, open })
    }
}
