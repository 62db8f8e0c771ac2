//! Reads what wrk and wrk2 print, several of them in one file. Spec:
//! <https://github.com/wg/wrk>, <https://github.com/giltene/wrk2>, `src/wrk.c`. Made with:
//! `wrk -t2 -c8 -d4s --latency URL`, version 4.1.0 (Debian); wrk2's by hand.
//!
//! Reads: address, connections, mean and maximum of the latency, its percentiles or wrk2's detailed
//! spectrum, requests, errors, time. Ignores: what single threads reached, deviations, bytes,
//! because a run has none; Requests/sec, which follows from requests and time.
//! Clock: no start; the time that it took. wrk's latency is measured from send, and wrk (since 4.0)
//! adds latencies that it believes were omitted; wrk2's is measured from intended, and with `-U`
//! from send too: then a file gives two runs.
//! Loses: when it was, seconds, which status a failed request had, whether it read or wrote.

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction, GivenFile};

use super::hgrm::{Spectrum, connections, is_header, is_wrk, title};
use super::{Importer, RUNS_ENOUGH};
use crate::draft::{About, Draft, Place};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{LONGEST_US, go_duration, micros};

/// The importer.
pub const OUTPUT: Importer = Importer { tool: "wrk", form: "output", recognizes: is_wrk, read };

const FORM: &str = "wrk output";
/// Counts above are none.
const COUNT_MAX: u64 = 1 << 50;

/// Latencies: from when each was due, or from when it was sent.
#[derive(Debug, Default)]
struct Block {
    percentiles: Vec<(f64, u64)>,
    spectrum: Spectrum,
}

/// One printed test.
#[derive(Debug, Default)]
struct Test {
    url: String,
    connections: Option<(u32, u32)>,
    /// wrk2 prints what wrk does not.
    second: bool,
    /// Whether the block at hand is the uncorrected one.
    unadjusted: bool,
    in_spectrum: bool,
    mean_us: Option<f64>,
    max_us: Option<u64>,
    main: Block,
    sent: Block,
    requests: Option<u64>,
    duration_s: Option<f64>,
    /// Connect, read, write, timeout.
    socket: [u64; 4],
    status: u64,
    whole: bool,
}

impl Test {
    fn block(&mut self) -> &mut Block {
        if self.unadjusted { &mut self.sent } else { &mut self.main }
    }

    fn line(&mut self, line: &str, number: u64) {
        let text = line.trim();
        if is_header(text) {
            self.in_spectrum = true;
        } else if text.starts_with("---") {
            self.in_spectrum = false;
        } else if self.in_spectrum && self.block().spectrum.line(text, number) {
        } else if let Some(found) = connections(text) {
            self.connections = Some(found);
        } else if text.starts_with("Latency Distribution") {
            self.second |= text.contains("HdrHistogram");
            self.unadjusted = text.contains("Uncorrected");
            self.in_spectrum = false;
        } else if text.starts_with("Thread calibration") {
            self.second = true;
        } else if let Some(figures) = text.strip_prefix("Latency ") {
            let mut figures = figures.split_whitespace().map(go_duration);
            self.mean_us = figures.next().flatten().filter(|us| *us <= LONGEST_US);
            self.max_us = figures.nth(1).flatten().and_then(|us| micros(us, 1.0));
        } else if let Some((p, value)) = percentile(text) {
            let list = &mut self.block().percentiles;
            if list.len() < 100 && list.last().is_none_or(|last| last.0 < p && last.1 <= value) {
                list.push((p, value));
            }
        } else if let Some((requests, rest)) = text.split_once(" requests in ") {
            let time = rest.split(',').next().and_then(go_duration);
            self.duration_s = time.map(|us| us / 1e6);
            self.requests = count(requests);
        } else if let Some(list) = text.strip_prefix("Socket errors: ") {
            let names = ["connect", "read", "write", "timeout"];
            for (slot, name) in self.socket.iter_mut().zip(names) {
                let own = list.split(", ").find_map(|part| part.strip_prefix(name));
                *slot = own.and_then(|n| count(n.trim())).unwrap_or_default();
            }
        } else if let Some(n) = text.strip_prefix("Non-2xx or 3xx responses: ") {
            self.status = count(n.trim()).unwrap_or_default();
        } else if text.starts_with("Requests/sec:") {
            self.whole = true;
        }
    }

    fn drafts(&self) -> Vec<Draft> {
        if self.second && !self.sent.spectrum.is_empty() {
            let mut sent = self.draft(&self.sent, Correction::Uncorrected);
            sent.name = format!("wrk2, uncorrected: {}", address(&self.url));
            return vec![self.draft(&self.main, Correction::Corrected), sent];
        }
        let corrected = if self.second { Correction::Corrected } else { Correction::Unknown };
        vec![self.draft(&self.main, corrected)]
    }

    fn draft(&self, block: &Block, corrected: Correction) -> Draft {
        let carries = match block {
            Block { spectrum, .. } if !spectrum.is_empty() => Carries::Histogram,
            Block { percentiles, .. } if !percentiles.is_empty() => Carries::Percentiles,
            Block { .. } => Carries::Means,
        };
        let latency = match corrected {
            Correction::Corrected => {
                "from when a request was due to its whole answer; answered requests after the \
                 first ten seconds, in which wrk2 calibrates"
            }
            Correction::Uncorrected => {
                "from when a request was sent to its whole answer; answered requests after the \
                 first ten seconds, in which wrk2 calibrates"
            }
            Correction::Unknown => {
                "from when a request was sent to its whole answer, if that came in time; wrk adds \
                 what it believes was omitted"
            }
        };
        let form = if self.second { "wrk2 output" } else { "output" };
        let unit =
            if carries == Carries::Histogram { "ms" } else { "two decimals of µs, ms or s" };
        let mut draft = Draft::new(About { tool: "wrk", form, unit, carries, corrected, latency });
        draft.duration_s = self.duration_s;
        if let Some((threads, connections)) = self.connections {
            draft.entities_planned = Some(connections);
            draft.facts.push(("threads".into(), threads.to_string()));
        }
        let op = crate::error::clip(path(&self.url));
        let place = draft.place(&op, Kind::Read, &self.url);
        let timed = self.count(&mut draft, place, &block.spectrum);
        if carries == Carries::Histogram {
            block.spectrum.fill(&mut draft, place, 1e3);
        } else {
            let given = GivenFile {
                op: None,
                node: None,
                count: timed,
                mean_us: self.mean_us,
                max_us: self.max_us,
                percentiles: block.percentiles.clone(),
            };
            draft.given.push(GivenFile { op: Some(op), ..given.clone() });
            draft.given.push(given);
        }
        if corrected == Correction::Unknown {
            draft.warn(
                "wrk 4 adds latencies to its figures that it believes were omitted while answers \
                 were slow; the file does not say which version it was.",
            );
        }
        if carries == Carries::Means {
            draft.warn("wrk ran without --latency: there are no percentiles.");
        }
        if !self.whole {
            draft.warn("It is cut off before “Requests/sec”: figures are missing.");
        }
        draft
    }

    /// Counts requests, and says how many of them the latencies are of.
    fn count(&self, draft: &mut Draft, place: Place, spectrum: &Spectrum) -> u64 {
        let all = self.requests.unwrap_or(spectrum.total());
        if self.requests.is_none() && all > 0 {
            draft.warn("It does not say how many requests there were: those with a latency count.");
        }
        let [connect, read, write, timeout] = self.socket;
        // An answer that came too late is one of wrk's requests; wrk2 counts how often it found a
        // connection waiting too long, every two seconds.
        let failed = self.status.min(all);
        let late = if self.second { 0 } else { timeout.min(all - failed) };
        draft.count(place, Outcome::Ok, all - failed - late);
        for (outcome, n, text) in [
            (Outcome::Rejected, failed, "answers other than 2xx and 3xx"),
            (Outcome::Network, connect, "connecting failed"),
            (Outcome::Network, read, "reading failed"),
            (Outcome::Network, write, "writing failed"),
            (Outcome::Timeout, timeout, "timeout"),
        ] {
            if n > 0 {
                draft.count(place, outcome, n);
                draft.errors(place, outcome, text, n, None);
            }
        }
        if failed > 0 {
            draft
                .warn("wrk does not say which status failed requests had: they count as rejected.");
        }
        if self.second && timeout > 0 {
            draft.warn(
                "wrk2 counts a timeout every two seconds that a connection waits too long: one \
                 request may be several.",
            );
        }
        all - late
    }
}

/// A row such as `99%  5.80ms` or `99.900%  5.80ms`.
fn percentile(text: &str) -> Option<(f64, u64)> {
    let mut cells = text.split_whitespace();
    let percent: f64 = cells.next()?.strip_suffix('%')?.parse().ok()?;
    let us = go_duration(cells.next()?).and_then(|us| micros(us, 1.0))?;
    let fits = (0.0..=100.0).contains(&percent) && cells.next().is_none();
    fits.then_some((percent / 100.0, us))
}

fn count(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n| *n <= COUNT_MAX)
}

/// The path of an address without its query, which may hold anything.
fn path(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after.find('/').and_then(|at| after.get(at..)).unwrap_or("/");
    path.split(['?', '#']).next().unwrap_or(path)
}

/// An address without user, password and query.
fn address(url: &str) -> String {
    format!("{}{}", crate::draft::origin(url), path(url))
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut drafts = Vec::new();
    let mut test = None::<Test>;
    while drafts.len() < RUNS_ENOUGH {
        let number = input.line_number() + 1;
        let Some(line) = input.line()? else { break };
        if let Some(url) = title(&line) {
            let next = Test { url: url.to_string(), ..Test::default() };
            drafts.extend(test.replace(next).iter().flat_map(Test::drafts));
        } else if let Some(test) = &mut test {
            test.line(&line, number);
        }
    }
    drafts.extend(test.iter().flat_map(Test::drafts));
    if drafts.is_empty() {
        return Err(ImportError::empty(FORM, "it has no test"));
    }
    Ok(drafts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Draft> {
        assert!(is_wrk(text.as_bytes()), "{text}");
        read(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn secrets_of_an_address_are_not_kept() {
        let text = "Running 1s test @ http://me:pw@h:1/a?token=x\n  1 threads and 1 connections\n  \
                    2 requests in 1.00s, 1KB read\nRequests/sec:  2.00\n";
        let run = of(text).remove(0).finish("x").unwrap();
        let json = fwit_model::json::write(&run);
        assert!(!json.contains("pw") && !json.contains("token"), "{json}");
        assert_eq!(run.totals["/a"].issued, 2);
        assert!(run.nodes[0].url.ends_with("h:1"));
    }

    #[test]
    fn several_tests_are_several_runs_and_the_cut_off_one_says_so() {
        let one = |n: u32| {
            format!(
                "$ wrk …\nRunning 2s test @ http://h:1\n  1 threads and 1 connections\n  Thread Stats\n    \
                 Latency   635.91us    0.89ms  12.92ms   93.69%\n  {n} requests in 2.00s, 1KB read\n\
                 Requests/sec:  2.00\n"
            )
        };
        let text = one(4) + &one(5);
        let drafts = of(&text[..text.len() - 30]);
        assert_eq!(drafts.len(), 2);
        assert!(!drafts[0].warnings().join(" ").contains("cut off"));
        assert!(drafts[1].warnings().join(" ").contains("cut off"));
        assert_eq!(drafts[0].given[0].max_us, Some(12_920));
        // autocannon begins alike.
        assert!(!is_wrk(b"Running 10s test @ http://h:1\n10 connections\n"));
    }
}
