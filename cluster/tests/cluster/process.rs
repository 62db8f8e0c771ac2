//! The parent process: ports, ends, folders.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::harness::{BIN, Cluster, end, eventually, free_port};

fn runs(pid: i32) -> bool {
    // A killed child of a killed parent is a zombie for a moment: a zombie does not run.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let zombie = state.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z"));
    test_kill_process(Pid::from_raw(pid).unwrap()).is_ok() && !zombie
}

#[test]
fn a_taken_port_is_named() {
    let port = free_port();
    let taken = TcpListener::bind(("127.0.0.1", port + 1)).unwrap();
    let done = Command::new(BIN).args(["up", "--port", &port.to_string()]).output().unwrap();
    assert!(!done.status.success());
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(
        error.contains(&format!("port {} is taken by another program; use --port", port + 1)),
        "{error}"
    );
    drop(taken);
}

#[test]
fn bad_flags_are_explained() {
    for (args, wanted) in [
        (&["up", "--nodes=8"][..], "1..=7"),
        (&["up", "--read-ms=-1"], "60000"),
        (&["up", "--read-ms=NaN"], "60000"),
        (&["up", "--client-ms=1,2,3,4"], "4 values for 3 nodes"),
        (&["node", "--id=4", "--data=/nowhere"], "not one of 3 nodes"),
    ] {
        let done = Command::new(BIN).args(args).output().unwrap();
        let error = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && error.contains(wanted), "{args:?}: {error}");
    }
}

#[tokio::test]
async fn nodes_end_with_their_parent_however_it_ends() {
    let mut c = Cluster::start(&[]);
    let pids: Vec<i32> = c.nodes.iter().map(|node| node.pid).collect();
    assert!(pids.iter().all(|pid| runs(*pid)));
    let names: Vec<&str> = c.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["n1", "n2", "n3"]);
    let mut roles: Vec<&str> = c.nodes.iter().map(|node| node.role.as_str()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["follower", "follower", "leader"]);
    c.up.kill().unwrap();
    c.up.wait().unwrap();
    eventually("the nodes end", async || !pids.iter().any(|pid| runs(*pid))).await;
}

#[tokio::test]
async fn a_temporary_folder_goes_with_the_cluster() {
    let port = free_port();
    let folder = tempfile::tempdir().unwrap();
    let mut up = Command::new(BIN)
        .args(["up", "--nodes=1", "--port", &port.to_string()])
        .arg(format!("--peer-port={}", port + 10))
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    kill_process(Pid::from_raw(i32::try_from(up.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
    end(&mut up);
    assert!(up.wait().unwrap().success(), "SIGTERM is an orderly end");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
}
