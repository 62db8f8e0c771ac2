//! The words of the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;

use crate::bench::BenchOptions;
use crate::dist::{self, DistOptions};
use crate::need;
use crate::prove::{self, Proof};
use crate::publish::PublishOptions;
use crate::test::Step;

/// What `--help` prints.
pub const USAGE: &str = "\
Usage: cargo xtask TASK

  demo [--port 8080] [--nodes 3] [--cluster-port 7101] [--no-open] [-- CLUSTER FLAGS]
      Build the page and the local cluster, start both, open the browser; Ctrl-C stops everything.
      What the build needs (wasm target, trunk, wasm-bindgen) is installed once into a cache:
      $FWIT_TOOLS, or $XDG_CACHE_HOME/fwit/tools, or ~/.cache/fwit/tools.
      Flags after -- go to `fwit-cluster up` as they are.

  test [STEP...]
      Run everything that a change must pass, or only the steps named, in this order:
        fmt          formatting
        clippy       lints, native, whole workspace
        clippy-wasm  lints of the page and its worker
        native       native tests, whole workspace
        browser      tests/browser in a headless browser
        page         the page's release build and its size
        e2e          page, browser and cluster together
        proofs       short forms of the proofs: in CI (CI=true), elsewhere only when it is named
      CHROME and CHROMEDRIVER name the browser and its driver; else they are looked for on PATH, and
      on Debian, as root or with password-less sudo, installed.

  dist [--out DIR] [--at NAME]
      Build the page as a folder (`dist-hosted`) that works from any path of any static host;
      docs/hosting.md tells how. NAME is the last part of that path, `fwit` if none is given: the
      page is found there without a slash behind it, too.

  publish FILE... [--dist DIR]
      Put saved runs (JSON, also gzipped) beside the page that `dist` made, which lists them.

  prove [NAME...] [--subset ci]
      Run the long proofs named, or the short forms that CI runs; without a name, list them.

  bench [--rounds 10] [--seconds 8]
      Completed requests a second of the page's engine over those of a hand-written JavaScript \
      loop that
      only fetches: same browser, server and concurrency, in alternating rounds. And what \
      recording one
      sample costs. A quiet machine gives closer rounds; the ratio holds on a busy one too.

  screenshots DIR [ROUTE...]
      Save PNGs of the page (built when there is no dist/) at the given hash routes, `#/` if none:
      light and dark, 1280 and 400 pixels wide.";

/// One task and its options.
#[derive(Debug)]
pub enum Task {
    /// Print the usage.
    Help,
    /// `demo`
    Demo(DemoOptions),
    /// `test`: the steps to run, in the order of the pipeline, never empty.
    Test(Vec<Step>),
    /// `prove` without a name.
    ListProofs,
    /// `prove` with names.
    Prove(Vec<&'static Proof>),
    /// `prove --subset ci`
    ProveSubset,
    /// `dist`
    Dist(DistOptions),
    /// `publish`
    Publish(PublishOptions),
    /// `bench`
    Bench(BenchOptions),
    /// `screenshots`
    Screenshots(ScreenshotOptions),
}

/// Options of `demo`.
#[derive(Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// Port of the page on 127.0.0.1 and [::1].
    pub port: u16,
    /// Nodes of the cluster, 1 to 7.
    pub nodes: u16,
    /// Public port of the first node; the others follow.
    pub cluster_port: u16,
    /// Whether to open the browser.
    pub open: bool,
    /// Flags handed on to `fwit-cluster up`.
    pub cluster_flags: Vec<OsString>,
}

/// Options of `screenshots`.
#[derive(Debug, PartialEq, Eq)]
pub struct ScreenshotOptions {
    /// Folder of the pictures; made when missing.
    pub folder: PathBuf,
    /// Hash routes such as `#/library`, never empty.
    pub routes: Vec<String>,
}

/// Reads the words after `cargo xtask`.
///
/// # Errors
/// The first word that is unknown, missing or out of range, by name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Task> {
    let mut words = lexopt::Parser::from_args(words);
    match words.next()? {
        None => bail!("a task is missing"),
        Some(Short('h') | Long("help")) => Ok(Task::Help),
        Some(Value(task)) => match task.to_string_lossy().as_ref() {
            "demo" => demo(words),
            "test" => test(words),
            "dist" => dist(words),
            "publish" => publish(words),
            "prove" => prove(words),
            "bench" => bench(words),
            "screenshots" => screenshots(words),
            "help" => Ok(Task::Help),
            other => bail!("there is no task `{other}`"),
        },
        Some(other) => Err(other.unexpected().into()),
    }
}

fn demo(mut words: lexopt::Parser) -> Result<Task> {
    let mut options = DemoOptions {
        port: 8080,
        nodes: 3,
        cluster_port: 7101,
        open: true,
        cluster_flags: Vec::new(),
    };
    loop {
        // Everything behind `--` is the cluster's, whatever it looks like.
        if let Some(raw) = words.try_raw_args()
            && raw.peek().is_some_and(|word| word == "--")
        {
            options.cluster_flags = raw.skip(1).collect();
            break;
        }
        match words.next()? {
            None => break,
            Some(Short('h') | Long("help")) => return Ok(Task::Help),
            Some(Long("port")) => options.port = words.value()?.parse().context("--port")?,
            Some(Long("nodes")) => options.nodes = words.value()?.parse().context("--nodes")?,
            Some(Long("cluster-port")) => {
                options.cluster_port = words.value()?.parse().context("--cluster-port")?;
            }
            Some(Long("no-open")) => options.open = false,
            Some(other) => return Err(other.unexpected().into()),
        }
    }
    if !(1..=7).contains(&options.nodes) {
        bail!("--nodes must be 1 to 7, not {}", options.nodes);
    }
    if options.port == 0 || options.cluster_port == 0 {
        bail!("a port must be 1 to 65535");
    }
    let last = u32::from(options.cluster_port) + u32::from(options.nodes) - 1;
    if last > u32::from(u16::MAX) {
        bail!("--cluster-port {} leaves no room for {} nodes", options.cluster_port, options.nodes);
    }
    if (u32::from(options.cluster_port)..=last).contains(&u32::from(options.port)) {
        bail!(
            "--port {} is also a node's port; the nodes take {}-{last}",
            options.port,
            options.cluster_port
        );
    }
    Ok(Task::Demo(options))
}

fn test(mut words: lexopt::Parser) -> Result<Task> {
    let mut named = Vec::new();
    while let Some(word) = words.next()? {
        match word {
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(name) => {
                let name = name.to_string_lossy();
                let Some(step) = Step::ALL.into_iter().find(|step| step.name() == name) else {
                    bail!("there is no step `{name}`; the steps are {}", Step::names());
                };
                named.push(step);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if named.is_empty() {
        let always = |step: &Step| *step != Step::Proofs || need::in_ci();
        return Ok(Task::Test(Step::ALL.into_iter().filter(always).collect()));
    }
    Ok(Task::Test(Step::ALL.into_iter().filter(|step| named.contains(step)).collect()))
}

fn dist(mut words: lexopt::Parser) -> Result<Task> {
    let mut options = DistOptions { out: None, at: dist::AT.to_owned() };
    while let Some(word) = words.next()? {
        match word {
            Short('h') | Long("help") => return Ok(Task::Help),
            Long("out") => options.out = Some(words.value()?.into()),
            Long("at") => options.at = words.value()?.string().context("--at")?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Dist(options))
}

fn publish(mut words: lexopt::Parser) -> Result<Task> {
    let mut options = PublishOptions { files: Vec::new(), dist: None };
    while let Some(word) = words.next()? {
        match word {
            Short('h') | Long("help") => return Ok(Task::Help),
            Long("dist") => options.dist = Some(words.value()?.into()),
            Value(file) => options.files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if options.files.is_empty() {
        bail!("publish: the run files are missing");
    }
    Ok(Task::Publish(options))
}

fn prove(mut words: lexopt::Parser) -> Result<Task> {
    let mut proofs = Vec::new();
    while let Some(word) = words.next()? {
        match word {
            Short('h') | Long("help") => return Ok(Task::Help),
            Long("subset") => {
                let subset = words.value()?;
                if subset != "ci" || !proofs.is_empty() {
                    bail!("prove: --subset is `ci`, and stands without names");
                }
                return match words.next()? {
                    None => Ok(Task::ProveSubset),
                    Some(other) => Err(other.unexpected().into()),
                };
            }
            Value(name) => proofs.push(prove::named(&name.to_string_lossy())?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(if proofs.is_empty() { Task::ListProofs } else { Task::Prove(proofs) })
}

fn bench(mut words: lexopt::Parser) -> Result<Task> {
    let mut options = BenchOptions { rounds: 10, seconds: 8 };
    while let Some(word) = words.next()? {
        match word {
            Short('h') | Long("help") => return Ok(Task::Help),
            Long("rounds") => options.rounds = words.value()?.parse().context("--rounds")?,
            Long("seconds") => options.seconds = words.value()?.parse().context("--seconds")?,
            other => return Err(other.unexpected().into()),
        }
    }
    if !(1..=1_000).contains(&options.rounds) || !(1..=600).contains(&options.seconds) {
        bail!("bench: --rounds must be 1 to 1000, and --seconds 1 to 600");
    }
    Ok(Task::Bench(options))
}

fn screenshots(mut words: lexopt::Parser) -> Result<Task> {
    let mut given = Vec::new();
    while let Some(word) = words.next()? {
        match word {
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(value) => given.push(value),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut given = given.into_iter();
    let Some(folder) = given.next() else {
        bail!("screenshots: the folder for the pictures is missing")
    };
    let mut routes = Vec::new();
    for route in given {
        let route = route.string()?;
        if !route.starts_with('#') {
            bail!("a route starts with `#` (quote it in a shell): `{route}` does not");
        }
        routes.push(route);
    }
    if routes.is_empty() {
        routes.push("#/".to_owned());
    }
    Ok(Task::Screenshots(ScreenshotOptions { folder: folder.into(), routes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn wrong(line: &str) -> String {
        format!("{:#}", read(line).unwrap_err())
    }

    #[test]
    fn demo_keeps_the_clusters_flags_apart() {
        let Task::Demo(demo) = read("demo --nodes 5 --no-open -- --hop-ms 2 --port 1").unwrap()
        else {
            panic!("not a demo");
        };
        assert_eq!((demo.port, demo.nodes, demo.cluster_port, demo.open), (8080, 5, 7101, false));
        assert_eq!(demo.cluster_flags, ["--hop-ms", "2", "--port", "1"]);
    }

    #[test]
    fn a_bench_has_rounds() {
        for (line, rounds, seconds) in [("bench", 10, 8), ("bench --seconds 2 --rounds 1", 1, 2)] {
            let Task::Bench(options) = read(line).unwrap() else { panic!("{line}") };
            assert_eq!(options, BenchOptions { rounds, seconds });
        }
    }

    #[test]
    fn a_page_goes_to_its_folder_and_runs_beside_it() {
        let Task::Dist(options) = read("dist").unwrap() else { panic!("no dist") };
        assert_eq!(options, DistOptions { out: None, at: "fwit".to_owned() });
        let Task::Dist(options) = read("dist --out a --at load").unwrap() else { panic!() };
        assert_eq!(options, DistOptions { out: Some("a".into()), at: "load".to_owned() });
        let Task::Publish(options) = read("publish a.json --dist b c.gz").unwrap() else {
            panic!("no publish");
        };
        let files = vec!["a.json".into(), "c.gz".into()];
        assert_eq!(options, PublishOptions { files, dist: Some("b".into()) });
        assert!(wrong("publish --dist b").contains("files are missing"));
        assert!(wrong("dist extra").contains("extra"));
    }

    #[test]
    fn steps_run_in_the_order_of_the_pipeline() {
        let steps = |line| match read(line).unwrap() {
            Task::Test(steps) => steps,
            other => panic!("{other:?}"),
        };
        assert_eq!(steps("test e2e fmt"), [Step::Fmt, Step::E2e]);
        assert_eq!(steps("test proofs"), [Step::Proofs]);
        assert!(steps("test").contains(&Step::E2e));
    }

    #[test]
    fn proofs_are_named_or_listed() {
        assert!(matches!(read("prove").unwrap(), Task::ListProofs));
        assert!(matches!(read("prove --subset ci").unwrap(), Task::ProveSubset));
        let Task::Prove(proofs) = read("prove verdicts groups").unwrap() else {
            panic!("no proofs")
        };
        assert_eq!(
            proofs.iter().map(|proof| proof.name).collect::<Vec<_>>(),
            ["verdicts", "groups"]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(wrong("").contains("missing"));
        assert!(wrong("dmo").contains("`dmo`"));
        assert!(wrong("demo --nodes 9").contains("1 to 7"));
        assert!(wrong("demo --nodes x").contains("--nodes"));
        assert!(wrong("demo --port 99999").contains("--port"));
        assert!(wrong("demo --port").contains("--port"));
        assert!(wrong("demo --port 7102").contains("7101-7103"));
        assert!(wrong("demo --cluster-port 65535").contains("no room"));
        assert!(wrong("demo extra").contains("extra"));
        assert!(wrong("test fmt nothing").contains("`nothing`"));
        assert!(wrong("prove x").contains("`x`"));
        assert!(wrong("prove --subset all").contains("`ci`"));
        assert!(wrong("screenshots").contains("folder"));
        assert!(wrong("bench --rounds 0").contains("--rounds"));
        assert!(wrong("bench 3").contains('3'));
        assert!(wrong("screenshots out library").contains("`library`"));
    }

    #[test]
    fn usage_names_every_step() {
        for step in Step::ALL {
            assert!(USAGE.contains(&format!("\n        {} ", step.name())), "{}", step.name());
        }
    }
}
