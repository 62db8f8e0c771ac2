//! Reads vegeta's results as JSON lines (`vegeta encode --to json`) and as CSV of 12 columns
//! (`--to csv`; nine in old versions), and refuses its gob. Spec:
//! <https://github.com/tsenart/vegeta>, `lib/results.go`. Made with: by hand (vegeta 12).
//!
//! Reads: timestamp, code, latency, error, attack, method, url. Ignores: bodies and headers,
//! because they may hold secrets; bytes, because a run of fwit has none.
//! Clock: wall clock at the start of a request, and latencies, in nanoseconds.
//! Loses: which user sent a request, because vegeta has none.

use std::borrow::Cow;

use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};
use serde::Deserialize;

use super::Importer;
use super::figures;
use crate::draft::{About, Draft, Sample, failure_of, kind_of, outcome_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{from_ns, rfc3339};

/// The importer of JSON lines.
pub const LINES: Importer =
    Importer { tool: "vegeta", form: "JSON lines", recognizes: recognizes_lines, read: read_lines };
/// The importer of CSV.
pub const CSV: Importer =
    Importer { tool: "vegeta", form: "CSV", recognizes: recognizes_csv, read: read_csv };
/// The importer that refuses gob.
pub const GOB: Importer =
    Importer { tool: "vegeta", form: "gob", recognizes: recognizes_gob, read: read_gob };

/// Lines that one row of CSV may have: its error text may have breaks.
const ROW_LINES_MAX: usize = 64;

pub(super) fn about(form: &'static str, carries: Carries) -> About {
    About {
        tool: "vegeta",
        form,
        unit: "ns",
        carries,
        corrected: Correction::Uncorrected,
        latency: "from sending a request, connecting included, to the last byte of its answer; all \
                  requests, failed ones too",
    }
}

/// One result. What is not asked for here is not kept: bodies, headers.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    attack: Cow<'a, str>,
    code: u16,
    #[serde(borrow, default)]
    timestamp: Cow<'a, str>,
    latency: f64,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

/// What went wrong, without the address that Go puts before it (`Get "http://…": `): it may hold
/// secrets, and would make each text another.
pub(super) fn reason(error: &str) -> &str {
    let quoted = error.split_once(" \"").filter(|(method, _)| !method.contains(' '));
    quoted.and_then(|(_, rest)| rest.split_once("\": ")).map_or(error, |(_, reason)| reason)
}

/// What was read so far.
struct Reading {
    draft: Draft,
    attack: Option<String>,
    attacks: bool,
    first_bad: Option<u64>,
    /// The operation's name is made here, again and again.
    op: String,
}

impl Reading {
    fn new(form: &'static str) -> Reading {
        Reading {
            draft: Draft::new(about(form, Carries::Samples)),
            attack: None,
            attacks: false,
            first_bad: None,
            op: String::new(),
        }
    }

    fn bad(&mut self, line: u64) {
        let first = *self.first_bad.get_or_insert(line);
        self.draft
            .warn(format!("Lines that can't be read were left out, the first is line {first}."));
    }

    fn take(&mut self, began_us: Option<i64>, line: &Line<'_>, number: u64) {
        let Some(latency_us) = from_ns(line.latency) else { return self.bad(number) };
        match &self.attack {
            None => self.attack = Some(line.attack.clone().into_owned()),
            Some(attack) => self.attacks |= *attack != line.attack,
        }
        self.op.clear();
        if line.method.is_empty() {
            self.op.push_str("request");
        } else {
            self.op.push_str(&line.method);
            self.op.push(' ');
            self.op.push_str(figures::path(&line.url));
        }
        let good = (200..400).contains(&line.code);
        let outcome = if good { outcome_of(line.code) } else { failure_of(line.code, &line.error) };
        self.draft.sample(&Sample {
            op: &self.op,
            kind: kind_of(if line.method.is_empty() { "GET" } else { &line.method }),
            url: &line.url,
            began_us: began_us.filter(|us| *us > 0),
            latency_us: Some(latency_us),
            outcome,
            redirected: (300..400).contains(&line.code),
            entity: None,
            status: line.code,
            error: if outcome == Outcome::Ok { "" } else { reason(&line.error) },
        });
    }

    fn done(mut self, cut_off: bool) -> Vec<Draft> {
        if cut_off {
            self.draft.warn("The file is cut off in its last line.");
        }
        if self.attacks {
            self.draft.warn("It holds several attacks: they are one run, as in vegeta's report.");
        } else {
            self.draft.name = self.attack.unwrap_or_default();
        }
        vec![self.draft]
    }
}

fn recognizes_lines(head: &[u8]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let own = ["\"attack\":", "\"seq\":", "\"code\":", "\"timestamp\":", "\"latency\":"];
    figures::has_all(first, &own) && figures::has_all(first, &["\"bytes_out\":"])
}

fn read_lines(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut reading = Reading::new("JSON lines");
    let mut cut_off = false;
    loop {
        let number = input.line_number() + 1;
        let Some(text) = input.line()? else { break };
        if text.trim().is_empty() {
            continue;
        }
        cut_off = false;
        match serde_json::from_str::<Line<'_>>(&text) {
            Ok(line) => reading.take(rfc3339(&line.timestamp), &line, number),
            Err(error) => {
                cut_off = error.is_eof();
                reading.bad(number);
            }
        }
    }
    Ok(reading.done(cut_off))
}

/// A row: Unix time in ns, code, latency in ns, bytes out and in, error, body in Base64, attack,
/// number, and in newer versions method, address and headers.
fn recognizes_csv(head: &[u8]) -> bool {
    let head = head.get(..head.len().min(4096)).unwrap_or_default();
    let fields: Vec<&[u8]> = head.split(|b| *b == b',').take(6).collect();
    let digits = |at: usize, least: usize, most: usize| {
        let field = fields.get(at).copied().unwrap_or_default();
        (least..=most).contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
    };
    let whole = fields.len() == 6;
    whole && digits(0, 16, 20) && digits(1, 1, 3) && (2..5).all(|at| digits(at, 1, 20))
}

fn read_csv(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut reading = Reading::new("CSV");
    let mut cut_off = false;
    let mut row = String::new();
    loop {
        let number = input.line_number() + 1;
        let Some(text) = input.line()? else { break };
        row.clear();
        row.push_str(&text);
        // A quoted field with a break in it goes on in the next line.
        let mut lines = 1;
        while open(&row) && lines < ROW_LINES_MAX && row.len() < crate::input::LINE_MAX {
            let Some(more) = input.line()? else { break };
            row.push(' ');
            row.push_str(&more);
            lines += 1;
        }
        if row.trim().is_empty() {
            continue;
        }
        let whole = match row.contains('"') {
            false => one_row(&mut reading, &|at| row.split(',').nth(at), number),
            true => {
                let bytes = row.as_bytes();
                let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
                let mut record = csv::StringRecord::new();
                let read = csv.read_record(&mut record).unwrap_or_default();
                read && !open(&row) && one_row(&mut reading, &|at| record.get(at), number)
            }
        };
        if !whole {
            reading.bad(number);
        }
        cut_off = !whole;
    }
    Ok(reading.done(cut_off))
}

/// Whether a quoted field is not closed.
fn open(row: &str) -> bool {
    row.bytes().filter(|b| *b == b'"').count() % 2 == 1
}

/// Takes a row; `false` where it is none.
fn one_row<'r>(
    reading: &mut Reading,
    field: &dyn Fn(usize) -> Option<&'r str>,
    number: u64,
) -> bool {
    let text = |at: usize| Cow::Borrowed(field(at).unwrap_or_default().trim());
    let began_ns = text(0).parse::<i64>().ok();
    let (Some(code), Some(latency)) = (text(1).parse().ok(), text(2).parse().ok()) else {
        return false;
    };
    // The ninth is a number, and those after the ninth come together.
    let several = field(9).is_none() || field(11).is_some();
    if text(8).parse::<u64>().is_err() || !several {
        return false;
    }
    let line = Line {
        attack: text(7),
        code,
        timestamp: Cow::Borrowed(""),
        latency,
        error: text(5),
        method: text(9),
        url: text(10),
    };
    reading.take(began_ns.map(|ns| ns / 1_000), &line, number);
    true
}

/// Go's own binary form begins with the description of a type; its names are in plain text.
fn recognizes_gob(head: &[u8]) -> bool {
    let head = head.get(..head.len().min(1_024)).unwrap_or_default();
    let binary = head.iter().take(4).any(|b| *b < 9 || *b > 0x7e);
    let named = |what: &[u8]| head.windows(what.len()).any(|w| w == what);
    let names: [&[u8]; 5] = [b"Result", b"Attack", b"Seq", b"Code", b"Latency"];
    binary && names.iter().all(|name| named(name))
}

fn read_gob(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let name = input.name().rsplit(['/', '\\']).next().unwrap_or_default();
    Err(ImportError::Refused(format!(
        "This is vegeta's binary form (gob), which only vegeta reads. Convert it with “vegeta encode \
         --to json {} > results.json” and open that.",
        crate::error::clip(name)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str =
        "1793613600000000001,200,9800000,3,7,,,run1,0,PUT,http://a:1/kv/a?x=1,aGVhZA==";

    fn of(text: &str) -> Draft {
        let mut input = Input::new("x", text.as_bytes()).unwrap();
        assert!(recognizes_csv(input.head()));
        read_csv(&mut input).unwrap().remove(0)
    }

    #[test]
    fn gob_is_refused_with_the_command_that_converts_it() {
        let mut gob = vec![0x7f, 0xff, 0x81, 0x03, 0x01, 0x01, 0x06];
        gob.extend(b"Result\x01\xff\x82\x00\x01\x0b\x01\x06Attack\x01\x0c\x00\x01\x03Seq\x01");
        gob.extend(
            b"\x06\x00\x01\x04Code\x01\x06\x00\x01\x09Timestamp\x01\xff\x84\x00\x01\x07Latency",
        );
        let mut found = Vec::new();
        crate::open("results.bin", std::io::Cursor::new(gob), &mut |_| true, &mut |f| {
            found.push(f);
        });
        let error = found.remove(0).item.unwrap_err().to_string();
        assert!(error.contains("vegeta encode --to json results.bin"), "{error}");
    }

    #[test]
    fn a_row_has_nine_columns_or_twelve_and_breaks_in_quotes() {
        let quoted = ROW.replace(",,,run1", ",\"Put \"\"http://a?token\"\": one,\ntwo\",,run1");
        let quoted = quoted.replace(",200,", ",0,");
        let old = "1793613600000000001,200,9800000,3,7,,,run1,0";
        let draft = of(&format!("{ROW}\n{quoted}\n{old}\n"));
        let run = draft.clone().finish("x").unwrap();
        assert_eq!(draft.warnings(), Vec::<String>::new());
        assert_eq!(run.totals["PUT /kv/a"].issued, 2);
        assert_eq!(run.totals["request"].issued, 1);
        assert_eq!(run.errors[0].text, "one, two");
        assert!(!format!("{run:?}").contains("aGVhZA"));
    }

    #[test]
    fn a_cut_off_row_and_a_quote_without_end_are_told() {
        for end in [&ROW[..40], &ROW[..ROW.len() - 15], "1793613600000000001,200,9,3,7,\"open"] {
            let draft = of(&format!("{ROW}\n{end}"));
            let warnings = draft.warnings().join(" ");
            assert!(warnings.contains("cut off") && warnings.contains("line 2"), "{warnings}");
            assert_eq!(draft.finish("x").unwrap().totals["PUT /kv/a"].issued, 1);
        }
    }
}
