//! Fixtures, their truths and summaries, and damage.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file takes what it needs"
)]

use std::io::{Cursor, Write};
use std::path::PathBuf;

use fwit_import::{Found, Item, open};
use fwit_report::run::view::Row;
use fwit_report::run::wire::RunFile;
use serde::Deserialize;

/// A file of a tool.
pub struct Fixture {
    pub folder: String,
    pub name: String,
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub truth: Option<Vec<Truth>>,
    pub golden: Option<String>,
}

/// Figures that the tool itself printed. `null` or left out: it does not say it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Truth {
    /// Requests, failed ones too.
    pub requests: Option<u64>,
    /// Failed requests, as the tool counts them.
    pub errors: Option<u64>,
    /// Requests that the latencies are of.
    pub timed: Option<u64>,
    pub rate_per_s: Option<f64>,
    pub duration_s: Option<f64>,
    pub mean_ms: Option<f64>,
    pub max_ms: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p90_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub p999_ms: Option<f64>,
    /// How far all figures may be off, as a share: a tool that prints two digits needs 0.05.
    pub within: Option<f64>,
    /// Operation to requests.
    pub ops: std::collections::BTreeMap<String, u64>,
    /// Where the figures stand, for people.
    pub from: String,
}

impl Truth {
    /// Holds a run against it.
    pub fn check(&self, what: &str, run: &RunFile) {
        let view = fwit_report::run::summary::view(run).unwrap();
        let total = &view.total;
        let within = self.within.unwrap_or(0.002);
        let near = |name: &str, wanted: Option<f64>, found: f64| {
            let Some(wanted) = wanted else { return };
            let off = (found - wanted).abs();
            assert!(
                off <= within * wanted.abs() + 1e-9,
                "{what}: {name} is {found}, the tool says {wanted}"
            );
        };
        let same = |name: &str, wanted: Option<u64>, found: u64| {
            if let Some(wanted) = wanted {
                assert_eq!(found, wanted, "{what}: {name}");
            }
        };
        same("requests", self.requests, total.issued);
        same("errors", self.errors, total.errors());
        same("timed", self.timed, total.cluster.count);
        near("rate", self.rate_per_s, total.rate_per_s);
        near("duration", self.duration_s, view.measured_s);
        near("mean", self.mean_ms, total.cluster.mean_us / 1e3);
        near("max", self.max_ms, total.cluster.max_us as f64 / 1e3);
        let at = [self.p50_ms, self.p90_ms, self.p95_ms, self.p99_ms, self.p999_ms];
        for (i, wanted) in at.into_iter().enumerate() {
            near(&format!("percentile {i}"), wanted, total.cluster.at_us[i] as f64 / 1e3);
        }
        for (op, wanted) in &self.ops {
            let row = view.by_op.iter().find(|r| r.op.as_deref() == Some(op));
            let row = row.unwrap_or_else(|| panic!("{what}: no operation “{op}”"));
            assert_eq!(row.issued, *wanted, "{what}: {op}");
        }
    }
}

/// All fixtures.
pub fn fixtures() -> Vec<Fixture> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut found = Vec::new();
    for folder in std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()) {
        for path in std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            let beside = [".golden", ".truth.json", ".printed", ".md"];
            let folder = folder.file_name().unwrap().to_str().unwrap().to_string();
            if beside.iter().any(|end| name.ends_with(end)) || !folder.contains(&only) {
                continue;
            }
            let read = |end: &str| {
                std::fs::read_to_string(path.with_file_name(format!("{name}{end}"))).ok()
            };
            let truth = read(".truth.json")
                .map(|text| serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}")));
            let golden = read(".golden");
            let bytes = std::fs::read(&path).unwrap();
            found.push(Fixture { folder, name, bytes, truth, golden, path });
        }
    }
    found.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
    found
}

/// What is in a file.
pub fn imported(name: &str, bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    open(name, Cursor::new(bytes), &mut |_| true, &mut |f| found.push(f));
    found
}

/// A run that was found.
pub fn run(found: Found) -> RunFile {
    match found.item {
        Ok(Item::Run(run)) => *run,
        other => panic!("{}: {other:?}", found.name),
    }
}

/// A fixture's runs.
pub fn runs(fixture: &Fixture) -> Vec<RunFile> {
    imported(&fixture.name, &fixture.bytes).into_iter().map(run).collect()
}

fn row(name: &str, row: &Row) -> String {
    let s = &row.cluster;
    let ms = |has: bool, us: f64| if has { format!("{:.3}", us / 1e3) } else { "-".into() };
    let at: Vec<String> = (0..5).map(|i| ms(s.has(i), s.at_us[i] as f64)).collect();
    format!(
        "  {name}: {} requests, {} answers, {} errors, {} redirected, {:.3}/s; {} timed, ms: mean {}, {} (p50 p90 \
         p95 p99 p99.9), max {}\n",
        row.issued,
        row.answers(),
        row.errors(),
        row.redirected,
        row.rate_per_s,
        s.count,
        ms(s.has_mean(), s.mean_us),
        at.join(" "),
        ms(s.has_max(), s.max_us as f64),
    )
}

/// A run in some lines.
pub fn golden(run: &RunFile) -> String {
    let view = fwit_report::run::summary::view(run).unwrap();
    let source = run.source.as_ref().unwrap();
    let mut out = format!(
        "{} {} {}, {:?}, {:?}, times in {}\n  “{}” from {} for {:.3} s, {} entities planned, {} seen, {} seconds\n",
        source.tool,
        source.version.as_deref().unwrap_or("(version not said)"),
        source.form,
        source.carries,
        source.corrected,
        source.unit,
        run.name,
        run.started_at,
        run.window.measured_s,
        run.concurrency.entities,
        run.entities.len(),
        run.series.seconds.len(),
    );
    out += &row("all", &view.total);
    for r in view.by_op.iter().take(12) {
        out += &row(r.op.as_deref().unwrap_or_default(), r);
    }
    for r in view.by_node.iter().take(6) {
        out += &row(&format!("node {}", r.node.as_deref().unwrap_or_default()), r);
    }
    for e in run.errors.iter().take(6) {
        out += &format!("  error: {} × {} {:?} “{}”\n", e.count, e.op, e.outcome, e.text);
    }
    for t in &run.thresholds {
        out += &format!("  threshold: {} {:?} {:?}\n", t.text, t.value, t.pass);
    }
    for (name, value) in &run.environment {
        out += &format!("  {name}: {value}\n");
    }
    for w in &source.warnings {
        out += &format!("  warning: {w}\n");
    }
    out
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut z = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    z.write_all(bytes).unwrap();
    z.finish().unwrap()
}

pub fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("runs/x", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

/// How many damaged copies of each fixture are looked at: a budget that CI keeps small.
pub fn rounds() -> u32 {
    std::env::var("FWIT_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

/// Random numbers of a seed (xorshift64*): the same damage each time.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as usize % n.max(1)
    }

    /// A damaged copy.
    pub fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(out.len());
            match self.below(6) {
                0 => out.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << (at % 8)),
                1 => out = self.number(&out),
                2 => out = self.lines(&out),
                3 => out.truncate(at),
                4 => out.splice(at..at, *b"\xff\x00\"").for_each(drop),
                _ => {
                    let end = (at + self.below(200)).min(out.len());
                    out.drain(at..end);
                }
            }
        }
        out
    }

    /// Another number in the place of one.
    fn number(&mut self, bytes: &[u8]) -> Vec<u8> {
        const NUMBERS: [&str; 10] = [
            "-1",
            "0",
            "1e308",
            "-1e308",
            "9223372036854775807",
            "18446744073709551616",
            "NaN",
            "null",
            "1e-320",
            "99999999999999999999999999",
        ];
        let from = self.below(bytes.len());
        let digit = |b: &u8| b.is_ascii_digit();
        let Some(at) = bytes.iter().skip(from).position(digit).map(|at| from + at) else {
            return bytes.to_vec();
        };
        let end = at + bytes[at..].iter().take_while(|b| digit(b) || **b == b'.').count();
        let new = NUMBERS[self.below(NUMBERS.len())].as_bytes();
        [&bytes[..at], new, &bytes[end..]].concat()
    }

    /// Lines doubled, swapped or taken away.
    fn lines(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        if lines.is_empty() {
            return Vec::new();
        }
        let (a, b) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(3) {
            0 => lines.swap(a, b),
            1 => lines.insert(a, lines[b]),
            _ => {
                lines.remove(a);
            }
        }
        lines.concat()
    }
}
