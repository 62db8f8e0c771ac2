//! `cargo xtask demo`: the page and the local cluster, built, started and stopped together.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cli::DemoOptions;
use crate::cluster::{Cluster, Node};
use crate::page::Page;
use crate::ports::check_free;
use crate::progress::{Part, Progress};
use crate::tools::{PageBuild, Tools, cluster_build};
use crate::{process, workspace};

/// The builds of a first demo besides the tools, with the seconds that they took on two cores.
const PAGE: Part = Part { name: "page", weight: 120.0, crates: 200 };
const CLUSTER: Part = Part { name: "cluster", weight: 110.0, crates: 197 };

/// Round trip to the first node, which leads, in ms, unless the user shapes the cluster: a leader
/// on the other side of the world. So the browser of one machine, which the cluster shares, keeps
/// up with fifty entities, and stickiness makes a difference.
const FAR_MS: &str = "400";
/// Round trip to the other nodes, in ms.
const NEAR_MS: &str = "5";
/// How long a cluster may take to elect its first leader.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the demo until a signal comes or the cluster ends.
///
/// # Errors
/// A taken port, a missing tool, a failed build, a cluster that does not start or ends early.
pub fn run(options: &DemoOptions) -> Result<()> {
    process::stop_on_signals()?;
    let started = Instant::now();
    // Ports first: better told now than after minutes of building.
    check_free(options.port).context("the page's port: choose another with --port")?;
    for port in (options.cluster_port..=u16::MAX).take(options.nodes.into()) {
        check_free(port).context("a node's port: choose others with --cluster-port")?;
    }
    let mut parts = Tools::missing()?;
    parts.extend([PAGE, CLUSTER]);
    let mut progress = Progress::new(parts);
    let tools = step("tools", || Tools::ready_within(&mut progress))?;
    step("page", || progress.run(PAGE.name, &mut tools.page_build(PageBuild::Quick)))?;
    step("cluster", || progress.run(CLUSTER.name, &mut cluster_build()))?;
    let program = workspace::cluster_program()?;
    let server = Page::serve(&program, &workspace::dist()?, options.port)?;
    let mut cluster = step("start", || Cluster::start(&program, &flags(options), PATIENCE))?;

    let page = page_url(server.origin(), cluster.nodes());
    for node in cluster.nodes() {
        println!("node: {} {} {}", node.name, node.url, node.role);
    }
    println!("page: {page}");
    println!(
        "Ready after {:.1} s. Ctrl-C stops the page and the cluster.",
        started.elapsed().as_secs_f64()
    );
    if options.open
        && let Err(error) = open::that_detached(&page)
    {
        eprintln!("No browser could be opened ({error}): open the page by its URL.");
    }
    while !process::stopped() {
        if !cluster.watch(Duration::from_millis(200), |line| eprintln!("cluster: {line}"))
            // A signal ends the cluster too; that is no fault of it.
            && !process::stopped()
        {
            bail!("the cluster ended; its last lines:\n{}", cluster.log());
        }
    }
    eprintln!("Stopping");
    server.stop()?;
    cluster.stop()
}

/// Runs a step and tells its time.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let outcome = work()?;
    eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(outcome)
}

fn flags(options: &DemoOptions) -> Vec<OsString> {
    let mut flags: Vec<OsString> = [
        ("--nodes", options.nodes.to_string()),
        ("--port", options.cluster_port.to_string()),
        ("--page-origin", format!("http://127.0.0.1:{}", options.port)),
    ]
    .into_iter()
    .flat_map(|(flag, value)| [flag.into(), value.into()])
    .collect();
    if !options.cluster_flags.iter().any(shapes) {
        let others = std::iter::repeat_n(NEAR_MS, usize::from(options.nodes).saturating_sub(1));
        let list: Vec<&str> = std::iter::once(FAR_MS).chain(others).collect();
        flags.extend(["--client-ms".into(), list.join(",").into()]);
    }
    // Its faults are for the page that it serves, and for no other.
    flags.extend(["--faults".into(), "--restart-s".into(), "3".into()]);
    flags.extend(options.cluster_flags.iter().cloned());
    flags
}

/// Whether a flag of the user's shapes the cluster's latency: then it has that shape alone.
fn shapes(flag: &OsString) -> bool {
    let flag = flag.to_string_lossy();
    let name = flag.split('=').next().unwrap_or_default();
    ["--client-ms", "--hop-ms", "--read-ms", "--write-ms", "--redirect-ms"].contains(&name)
}

/// The page's address with the nodes in it, so that its form is filled in.
fn page_url(origin: &str, nodes: &[Node]) -> String {
    let nodes: Vec<String> =
        nodes.iter().map(|node| format!("{}={}", node.name, node.url)).collect();
    format!("{origin}/#/?nodes={}&dialect=insi", nodes.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_told_the_nodes() {
        let node = |name: &str, port| Node {
            name: name.to_owned(),
            url: format!("http://127.0.0.1:{port}"),
            role: "follower".to_owned(),
            pid: None,
        };
        assert_eq!(
            page_url("http://127.0.0.1:8080", &[node("n1", 7101), node("n2", 7102)]),
            "http://127.0.0.1:8080/#/?nodes=n1=http://127.0.0.1:7101,n2=http://127.0.0.1:7102\
             &dialect=insi"
        );
    }

    #[test]
    fn the_users_flags_come_last() {
        let cluster_flags = vec!["--hop-ms".into(), "2".into()];
        let options =
            DemoOptions { port: 80, nodes: 5, cluster_port: 7201, open: true, cluster_flags };
        let expected = [
            "--nodes",
            "5",
            "--port",
            "7201",
            "--page-origin",
            "http://127.0.0.1:80",
            "--faults",
            "--restart-s",
            "3",
            "--hop-ms",
            "2",
        ];
        assert_eq!(flags(&options), expected);
        let cluster_flags = vec!["--rate=50".into()];
        let far = flags(&DemoOptions { nodes: 3, cluster_flags, ..options });
        assert_eq!(
            far[6..],
            ["--client-ms", "400,5,5", "--faults", "--restart-s", "3", "--rate=50"]
        );
    }
}
