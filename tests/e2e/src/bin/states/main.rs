//! Writes the DOM of the built page in each of its states, as text that does not depend on clock,
//! ports or ids: `diff -r before after` then tells what a change of the page's code did to the
//! page.
//!
//! `cargo run -p fwit-e2e --bin states -- OUT_DIR [WORD]` with `FWIT_DIST`, `FWIT_CLUSTER_BIN`,
//! `CHROME` and `CHROMEDRIVER` in the environment, as the tests have them. With a word, only groups
//! whose name holds it.
//!
//! Runs come from the simulated cluster, whose numbers are the same each time. Where a real cluster
//! or a server has to answer, numbers are masked. Elements are found by what they say, by label, or
//! by an id of the page.

mod form;
mod results;
mod runs;
mod stage;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::stage::Stage;

/// A group of states: its name and what goes through them.
type Group = (&'static str, fn(&mut Stage) -> Result<()>);

const GROUPS: [Group; 9] = [
    ("form", form::plan),
    ("fields", form::fields),
    ("check", form::check),
    ("frame", form::frame),
    ("live", runs::live),
    ("library", runs::library),
    ("result", results::result),
    ("compare", results::compare),
    ("experiment", results::experiment),
];

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let out = PathBuf::from(words.next().context("usage: states OUT_DIR [WORD]")?);
    let wanted = words.next().unwrap_or_default();
    let mut stage = Stage::new(out)?;
    for (name, act) in GROUPS.into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let started = Instant::now();
        stage.begin(name);
        act(&mut stage).with_context(|| format!("in the group `{name}`"))?;
        println!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    }
    println!("{} states", stage.count());
    Ok(())
}
