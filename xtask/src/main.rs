//! Entry of `cargo xtask`: reads the command line, runs one task, prints what went wrong.

use std::process::ExitCode;

use xtask::cli::{self, Task};

fn main() -> ExitCode {
    let task = match cli::parse(std::env::args_os().skip(1)) {
        Ok(task) => task,
        Err(wrong) => {
            eprintln!("xtask: {wrong:#}\n\n{}", cli::USAGE);
            return ExitCode::from(2);
        }
    };
    let outcome = match task {
        Task::Help => {
            println!("{}", cli::USAGE);
            Ok(())
        }
        Task::Demo(options) => xtask::demo::run(&options),
        Task::Test(steps) => xtask::test::run(&steps),
        Task::ListProofs => {
            println!("{}", xtask::prove::list());
            Ok(())
        }
        Task::Prove(proofs) => xtask::prove::run(&proofs),
        Task::ProveSubset => xtask::prove::run_subset(),
        Task::Bench(options) => xtask::bench::run(&options),
        Task::Dist(options) => xtask::dist::run(&options),
        Task::Publish(options) => xtask::publish::run(&options),
        Task::Screenshots(options) => xtask::look::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if xtask::process::stopped() => ExitCode::from(130),
        Err(wrong) => {
            eprintln!("xtask: {wrong:#}");
            ExitCode::FAILURE
        }
    }
}
