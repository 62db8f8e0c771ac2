//! Files, plans, links and messages of unknown origin: whatever is done to them, they are read or
//! refused, and never end the program. What failed once stays in `hostile.proptest-regressions`.
//!
//! More of them: `PROPTEST_CASES=20000 cargo test --release -p fwit-report --test hostile`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "the pretend cluster is shared with the engine's tests")]

#[path = "engine/cluster.rs"]
mod cluster;

use std::sync::LazyLock;

use cluster::Pretend;
use fwit_engine::live_run::{LiveRun, Stop};
use fwit_model::dialect::{self, Answer, Choice};
use fwit_model::plan::{from_link, preset, to_link, wire};
use fwit_quantities::units::Micros;
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::recovery::{Kept, recovered};
use fwit_report::{experiment, run};
use proptest::prelude::*;

/// A whole run of a pretend cluster, with stages, thresholds, events and a read-back.
static RUN: LazyLock<run::wire::RunFile> = LazyLock::new(|| {
    let mut plan = preset("quick").unwrap();
    (plan.load.entities, plan.load.duration) = (4, Micros::from_secs(5.0));
    (plan.subscribers, plan.verify) = (1, true);
    let cluster = Pretend::new(5.0);
    let clock = cluster.clock.clone();
    let run = LiveRun::new(plan, cluster.clone(), clock, "r1".into(), None, Stop::default());
    let ended = cluster.clock.run(run.carry_out(|_| {})).unwrap().unwrap();
    RunReport::of(&run).file(ended, &About::default())
});

/// An experiment with that run in its periods.
static EXPERIMENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut file = experiment::sticky_or_not(&preset("quick").unwrap());
    (file.design.pairs, file.design.order) = (2, vec![vec![0, 1], vec![1, 0]]);
    let period = |pair: u32, arm: u32, started_s: f64| {
        serde_json::json!({ "pair": pair, "attempt": 1, "arm": arm, "started_s": started_s,
            "leader": ["n1", "n1"], "run": *RUN })
    };
    let mut value = serde_json::to_value(&file).unwrap();
    value["ended"] = "completed".into();
    value["periods"] =
        vec![period(0, 0, 0.0), period(0, 1, 10.0), period(1, 1, 20.0), period(1, 0, 30.0)].into();
    serde_json::to_vec(&value).unwrap()
});

/// Tags and note travel in the file, and bounds are told with the place.
#[test]
fn labels_of_a_file_are_read_kept_and_bounded() {
    use fwit_report::run::labels::Labels;
    use fwit_report::run::rename::with_labels;
    let labels = Labels::typed("base line, é", "two\nlines").unwrap();
    let too_many = Labels { tags: vec!["x".into(); 21], note: String::new() };
    let run_json = serde_json::to_string(&*RUN).unwrap();
    assert!(!run_json.contains("labels"));
    let labelled = with_labels(&run_json, &labels).unwrap();
    let (file, view) = run::open(labelled.as_bytes()).unwrap();
    assert_eq!((&file.labels, &view.labels), (&labels, &labels));
    // The form that is written is the one that an edit makes.
    assert_eq!(serde_json::to_string(&file).unwrap(), labelled);
    let error = run::open(with_labels(&run_json, &too_many).unwrap().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "This run is damaged at labels: 21 tags: up to 20 are possible.");

    let experiment_json = std::str::from_utf8(&EXPERIMENT).unwrap();
    let labelled = with_labels(experiment_json, &labels).unwrap();
    let (file, view) = experiment::open(labelled.as_bytes()).unwrap();
    assert_eq!((&file.labels, &view.labels), (&labels, &labels));
    let wrong = with_labels(experiment_json, &too_many).unwrap();
    let error = experiment::open(wrong.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("at labels: 21 tags"), "{error}");
}

/// What is put in the place of a value.
const VALUES: [&str; 18] = [
    "-5",
    "1e300",
    "1e999",
    "-1e-300",
    "NaN",
    "null",
    "true",
    "0",
    "-0.0",
    "4294967295",
    "18446744073709551615",
    "18446744073709551616",
    "0.30000000000000004",
    "[]",
    "{}",
    "\"\"",
    "\"\\u0000\\ud800\"",
    "\"<img src=x onerror=alert(1)>\"",
];

/// One thing that is done to a text: which, where, and with what.
type Edit = (u8, f64, u16);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec((0..9_u8, 0.0..1.0_f64, any::<u16>()), 1..5)
}

fn changed(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for (what, place, with) in edits {
        let at = (place * bytes.len() as f64) as usize;
        let to = (at + 1 + usize::from(*with) % 64).min(bytes.len());
        // The value behind the next colon.
        let value = bytes.iter().skip(at).position(|b| *b == b':').map(|i| at + i + 1);
        let end = value.map(|from| {
            let mut rest = bytes.iter().skip(from);
            from + rest.position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or_default()
        });
        match what {
            0 if at < bytes.len() => bytes[at] ^= 1 << (with % 8),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let span = bytes[at..to].to_vec();
                bytes.splice(at..at, span);
            }
            3 => drop(bytes.splice(at..at, with.to_le_bytes())),
            4 | 5 if value.is_some() => {
                let new = VALUES[usize::from(*with) % VALUES.len()].bytes();
                bytes.splice(value.unwrap()..end.unwrap(), new);
            }
            6 => bytes.truncate(at),
            7 => drop(bytes.splice(at..at, b"[".repeat(usize::from(*with) % 400))),
            _ => {
                // A second field of the same name.
                let span = bytes[at..to].to_vec();
                bytes.splice(at..to, [span.clone(), b",".to_vec(), span].concat());
            }
        }
    }
    bytes
}

/// Numbers that a reader sees are numbers.
fn assert_sane(view: &run::view::RunView) {
    for row in view.by_op.iter().chain([&view.total]) {
        assert!(row.rate_per_s.is_finite() && row.rate_per_s >= 0.0, "{}", row.rate_per_s);
        assert!(row.cluster.mean_us.is_finite(), "{}", row.cluster.mean_us);
    }
    assert!(view.measured_s >= 0.0);
    let json = serde_json::to_string(view).unwrap();
    assert!(!json.contains("inf") || view.name.contains("inf") || json.contains("info"));
}

proptest! {
    #[test]
    fn runs(edits in edits(), packed in any::<bool>()) {
        let text = serde_json::to_vec(&*RUN).unwrap();
        let mut bytes = changed(&text, &edits);
        if packed {
            use std::io::Write;
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&bytes).unwrap();
            bytes = changed(&gzip.finish().unwrap(), &edits[..edits.len() - 1]);
        }
        if let Ok((file, view)) = run::open(&bytes) {
            assert_sane(&view);
            let again = run::open(&serde_json::to_vec(&file).unwrap()).unwrap();
            prop_assert_eq!(again.0, file);
        }
    }

    #[test]
    fn experiments(edits in edits()) {
        if let Ok((file, view)) = experiment::open(&changed(&EXPERIMENT, &edits)) {
            for arm in view.arms.iter().filter_map(|arm| arm.run.as_ref()) {
                assert_sane(arm);
            }
            prop_assert!(experiment::open(&serde_json::to_vec(&file).unwrap()).is_ok());
        }
    }

    #[test]
    fn what_was_kept_of_a_run(edits in edits(), of_head in any::<bool>()) {
        let kept = Kept::of(RUN.clone());
        let broken = |text: &str, really: bool| {
            let bytes = if really { changed(text.as_bytes(), &edits) } else { text.into() };
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let parts = [broken(&kept.seconds, !of_head), kept.seconds.clone()];
        if let Ok(file) = recovered(&broken(&kept.head, of_head), &parts) {
            // It may still be refused, as a file, but it does not end the program.
            let _ = run::open(&serde_json::to_vec(&file).unwrap());
        }
    }

    #[test]
    fn plans_and_links(edits in edits(), any in "\\PC{0,80}") {
        let plan = preset("quick").unwrap();
        let text = changed(wire::to_json(&plan).as_bytes(), &edits);
        if let Ok(plan) = wire::read(&String::from_utf8_lossy(&text)) {
            prop_assert_eq!(wire::read(&wire::to_json(&plan)), Ok(plan));
        }
        let link = changed(to_link(&plan).as_bytes(), &edits);
        let _ = from_link(&String::from_utf8_lossy(&link));
        let _ = from_link(&any);
    }

    #[test]
    fn dialects(edits in edits(), which in any::<usize>(), any in "\\PC{0,40}") {
        let name = dialect::BUILT_IN[which % dialect::BUILT_IN.len()];
        let built_in = fwit_model::json::write(dialect::built_in(name).unwrap().file());
        let text = String::from_utf8_lossy(&changed(built_in.as_bytes(), &edits)).into_owned();
        let _ = dialect::import::import(&text);
        if let Ok(dialect) = dialect::read(dialect::CUSTOM, &text) {
            let choice = Choice { key: &any, value: &any, version: &any };
            for op in 0..=dialect.operations().len() {
                let request = dialect.request(op, &choice);
                prop_assert!(request.path.starts_with('/'), "{request:?}");
                let answer = Answer { status: 200, bytes: 1, text: Some(&any) };
                let _ = dialect.judge(op, &answer);
            }
            let _ = (dialect.read_status(&any), dialect.events(&any), dialect.stream(&any, None));
            let again = fwit_model::json::write(dialect.file());
            prop_assert_eq!(dialect::read(dialect::CUSTOM, &again), Ok(dialect));
        }
    }

    #[test]
    fn what_nodes_say(edits in edits(), any in "\\PC{0,80}", status in any::<u16>()) {
        for name in dialect::BUILT_IN {
            let dialect = dialect::built_in(name).unwrap();
            let said = br#"{"status":"ok","node":"n1","role":"leader","leader_url":"http://h:1","data":{"topic":"t","run":"r1","publisher":1,"seq":2,"sent_us":3}}"#;
            let bytes = changed(said, &edits);
            let text = String::from_utf8_lossy(&bytes);
            for text in [&*text, &*any] {
                let _ = dialect.read_status(text);
                let _ = dialect.events(text);
                let _ = dialect.hint(Some(text));
                for op in 0..dialect.operations().len() {
                    let answer = Answer { status, bytes: text.len() as u64, text: Some(text) };
                    let _ = dialect.judge(op, &answer);
                    let _ = (dialect.value(op, text), dialect.version(op, Some(text)));
                }
            }
        }
    }
}
