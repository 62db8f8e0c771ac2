//! The program: its lines, its flags, its end.

use std::net::{TcpListener, TcpStream};

use crate::harness::{Gateway, VARIABLE, refused};

#[test]
fn it_says_what_it_does() {
    let nodes = ["http://127.0.0.1:1/base/", "https://node.example:8443"];
    let gateway = Gateway::start(&nodes, &["--key-env", VARIABLE, "--insecure"]);
    assert!(gateway.said("gateway: n1 ").ends_with(" -> http://127.0.0.1:1/base"));
    assert!(gateway.said("gateway: n2 ").ends_with(" -> https://node.example:8443/"));
    assert_eq!(gateway.said("key: "), format!("from {VARIABLE}, in the header authorization"));
    assert_eq!(gateway.said("allowed: "), "pages of https://fwit.example");
    let plain = Gateway::start(&["http://10.0.0.9:1"], &["--key-env", VARIABLE]);
    assert!(plain.stop().contains("WARNING: n1: the key goes to 10.0.0.9 unencrypted"));
}

#[test]
fn a_taken_port_is_named() {
    let (first, taken) = loop {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if port > 1024 && free(port - 1) {
            break (port - 1, taken);
        }
    };
    let port = taken.local_addr().unwrap().port();
    let nodes = ["--node=a=http://127.0.0.1:1", "--node=b=http://127.0.0.1:2", "--token"];
    let text = refused(&[&nodes[..], &[&format!("--port={first}")]].concat());
    let wanted = format!("port {port} of 127.0.0.1 is taken by another program; choose another");
    assert!(text.contains(&wanted) && text.contains("--port"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "").unwrap();
    let (page, port) = (folder.path().to_str().unwrap(), format!("--page-port={port}"));
    let text = refused(&["--node=a=http://127.0.0.1:1", "--port=0", "--page", page, &port]);
    assert!(text.contains(&wanted) && text.contains("--page-port"), "{text}");
}

#[test]
fn bad_flags_are_explained_and_nothing_is_started() {
    for (args, wanted) in [
        (&[][..], "--node"),
        (&["--node=http://h", "--token"], "write it as n1="),
        (&["--node=a=http://h"], "nobody may use"),
        (&["--node=a=http://h", "--token", "--lanes=65"], "1..=64"),
        (&["--node=a=http://h", "--allow-origin=*"], "write an origin"),
        (&["--node=a=http://h", "--allow-origin=http://p", "--listen-all"], "--token"),
        (&["--node=a=https://h", "--token", "--insecure", "--ca=x"], "--ca"),
        (&["--node=a=http://h", "--token", "--key-header=a b"], "--key-header"),
    ] {
        let text = refused(args);
        assert!(text.contains(wanted) && !text.contains("ready"), "{args:?}: {text}");
    }
}

#[test]
fn it_ends_with_its_standard_input_and_gives_its_ports_back() {
    let gateway = Gateway::start(&["http://127.0.0.1:1"], &[]);
    let port = gateway.port(0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    gateway.stop();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[cfg(unix)]
#[test]
fn signals_end_it_in_order() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::TERM, Signal::INT] {
        let mut gateway = Gateway::start(&["http://127.0.0.1:1"], &[]);
        let pid = Pid::from_raw(i32::try_from(gateway.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        assert!(gateway.child.wait().unwrap().success());
    }
}
