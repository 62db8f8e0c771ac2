//! `fwit-cluster`: see `README.md`.

use clap::Parser;
use fwit_cluster::flags::{Cli, Task};
use fwit_cluster::{control, node, up};

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("FWIT_CLUSTER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error,openraft=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fwit-cluster: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.task {
            Task::Up(flags) => up::run(flags).await,
            Task::Node(flags) => node::run(flags).await,
            Task::Status(flags) => control::status(&flags).await,
            Task::Pause(target) => control::fault(&target, "pause").await,
            Task::Resume(target) => control::fault(&target, "resume").await,
            Task::StepDown(target) => control::fault(&target, "step-down").await,
            Task::Crash(target) => control::fault(&target, "crash").await,
        }
    })
}
