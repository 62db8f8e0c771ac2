//! `fwit-gateway`: see `README.md`.

use clap::Parser;
use fwit_gateway::flags::Flags;
use fwit_gateway::run;

fn main() -> std::process::ExitCode {
    match run::run(&Flags::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("fwit-gateway: {text}");
            std::process::ExitCode::FAILURE
        }
    }
}
