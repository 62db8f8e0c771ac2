//! The nodes' vitals, held against what the kernel says of their processes meanwhile.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fwit_e2e::{Browser, Cluster, Page};
use serde_json::json;

use crate::runs::{PATIENCE, finish, start};

/// Resident bytes and CPU ticks of a process, from /proc.
fn of_process(pid: u32) -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<f64> = stat
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse().unwrap_or_default())
        .collect();
    // Fields count from 3, and the first of these is number 4.
    let field = |number: usize| fields.get(number - 4).copied();
    Some((field(24)? * 4_096.0, field(14)? + field(15)?))
}

#[test]
fn vitals_are_what_the_kernel_says() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let plan = json!({
        "format": "fwit-plan", "name": "vitals",
        "cluster": { "dialect": "insi", "nodes": cluster.plan_nodes() },
        "load": { "entities": 10, "think_ms": 10, "warmup_s": 0, "duration_s": 12 },
    });
    let pids: Vec<u32> = cluster.nodes().iter().map(|n| n.pid.unwrap()).collect();
    let over = Arc::new(AtomicBool::new(false));
    let (until, watched) = (over.clone(), pids);
    let watch = std::thread::spawn(move || {
        let mut seen: Vec<Vec<(f64, f64)>> = vec![Vec::new(); watched.len()];
        while !until.load(Ordering::Relaxed) {
            for (list, pid) in seen.iter_mut().zip(&watched) {
                list.extend(of_process(*pid));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        seen
    });
    start(&browser, &plan);
    let (_, _, view) = finish(&browser);
    over.store(true, Ordering::Relaxed);
    let seen = watch.join().unwrap();
    let vitals = view.vitals.as_ref().unwrap();
    assert_eq!(vitals.nodes.len(), 3);
    for (node, seen) in vitals.nodes.iter().zip(&seen) {
        let memory: Vec<f64> = node.memory_bytes.iter().flatten().copied().collect();
        let least = seen.iter().map(|s| s.0).fold(f64::MAX, f64::min);
        let most = seen.iter().map(|s| s.0).fold(0.0, f64::max);
        println!("{}: {memory:?}, /proc {least} to {most}; CPU {:?}", node.node, node.cpu);
        assert!(memory.len() >= 4, "{node:?}");
        // Between two looks at /proc memory may have been higher or lower for a moment.
        let inside = |m: &f64| *m >= 0.98 * least && *m <= 1.02 * most;
        assert!(memory.iter().all(inside), "{memory:?} {least} {most}");
        let read: f64 = vitals
            .t_s
            .windows(2)
            .zip(node.cpu.iter().skip(1))
            .filter_map(|(t, cpu)| Some((*cpu)? * (t[1] - t[0])))
            .sum();
        let ticks = seen.last().unwrap().1 - seen.first().unwrap().1;
        // The kernel counts hundredths of a second; it was looked at before the first reading and
        // after the last.
        assert!(read <= ticks / 100.0 + 0.03, "{read} s of {ticks} ticks");
        assert!(read >= 0.4 * ticks / 100.0, "{read} s of {ticks} ticks");
        assert!(node.tasks.iter().flatten().all(|n| *n >= 1.0));
        assert!(node.open_files.iter().flatten().all(|n| *n >= 5.0));
    }
}
