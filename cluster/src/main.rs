//! `fwit-cluster`: see `README.md`.

use anyhow::Context;
use clap::Parser;
use fwit_cluster::flags::{Cli, Task};
use fwit_cluster::{control, page, serve, up};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Names what is logged, as in `info,openraft=warn`.
const LOG: &str = "FWIT_CLUSTER_LOG";

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fwit-cluster: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let quiet = || {
        Targets::new().with_default(LevelFilter::ERROR).with_target("openraft", LevelFilter::OFF)
    };
    let targets = match std::env::var(LOG) {
        Ok(text) => text.parse().with_context(|| format!("{LOG} is {text:?}"))?,
        Err(_) => quiet(),
    };
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(log.with_filter(targets)).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.task {
            Task::Up(flags) => up::run(flags).await,
            Task::Node(flags) => serve::run(flags).await,
            Task::Page(flags) => page::run(flags).await,
            Task::Status(flags) => control::status(&flags).await,
            Task::Pause(target) => control::fault(&target, "pause").await,
            Task::Resume(target) => control::fault(&target, "resume").await,
            Task::StepDown(target) => control::fault(&target, "step-down").await,
            Task::Crash(target) => control::fault(&target, "crash").await,
        }
    })
}
