//! What this browser itself adds to a request: said beside the service times, marked in tables, and
//! where it may be measured at all.

use fwit_model::plan::BaseUrl;
use fwit_quantities::units::Micros;
use fwit_report::run::view::{Calibration, Measure, PERCENTILES, Row, RunView, Shown, shown};

use crate::table::Column;

/// Percentiles below so many times the browser's share are marked.
const TIMES: u64 = 10;
/// The mark, behind a figure.
pub const MARK: &str = "†";
/// What the mark means, for screen readers and in a figure's title.
pub const MARK_WORDS: &str = "less than ten times what this browser adds";

/// What a request costs in this browser, against a server that does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrowserShare {
    /// p50, µs.
    pub us: u64,
    /// Requests at a time that it was measured with.
    pub in_flight: u32,
    /// By the page's clock, as the times that it stands beside; else by the timing entries.
    pub by_page_clock: bool,
}

impl BrowserShare {
    /// What a calibration says of times from the wire, or of the page's clock. Without figures of
    /// several requests at a time (files of before), that of one alone.
    #[must_use]
    pub fn of(calibration: &Calibration, by_page_clock: bool) -> BrowserShare {
        let wire = calibration.service_p50_us.filter(|_| !by_page_clock);
        let page = calibration.page_p50_us;
        let (us, in_flight) = match wire.or(page) {
            Some(us) => (us, calibration.in_flight),
            None => (calibration.overhead_p50_us, 1),
        };
        BrowserShare { us, in_flight, by_page_clock: wire.is_none() }
    }

    /// Whether a figure of a row is so small that the browser's share weighs in it: a percentile
    /// of a time that holds the service time.
    #[must_use]
    pub fn marks(self, column: Column, row: &Row, measure: Measure) -> bool {
        let Column::Percentile(i) = column else { return false };
        let summary = row.measure(measure);
        let (Some(&p), Some(&value)) = (PERCENTILES.get(i), summary.at_us.get(i)) else {
            return false;
        };
        measure != Measure::Wait
            && shown(p, summary.count) != Shown::Hidden
            && value < TIMES * self.us
    }

    /// What stands below a table with marks.
    #[must_use]
    pub fn legend(self) -> String {
        format!(
            "{MARK} marks percentiles below {}, ten times what this browser adds: a good part of \
             them may be the browser's.",
            Micros(TIMES * self.us)
        )
    }

    fn sentence(self) -> String {
        let how = match self.in_flight {
            1 => "one at a time".to_string(),
            6 => "at six in flight".into(),
            n => format!("at {n} in flight"),
        };
        let clock = if self.by_page_clock { ", by the page's clock" } else { "" };
        format!(
            "This browser adds about {} to a request, measured {how} against its own server{clock}.",
            Micros(self.us)
        )
    }
}

/// The browser's share in a run's times; `None` where it is not known, and where no browser sent
/// the requests (a simulated cluster).
#[must_use]
pub fn of_run(run: &RunView) -> Option<BrowserShare> {
    let calibration = run.health.calibration.as_ref().filter(|_| !is_simulated(run))?;
    let sources = run.time_sources;
    Some(BrowserShare::of(calibration, sources.page_clock > sources.wire))
}

/// What stands beside the service times; `None` for a simulated cluster.
#[must_use]
pub fn sentence(run: &RunView) -> Option<String> {
    let unknown = "What this browser adds was not measured: “How fast is this browser?” says it.";
    let known = of_run(run).map_or_else(|| unknown.into(), BrowserShare::sentence);
    (!is_simulated(run)).then_some(known)
}

fn is_simulated(run: &RunView) -> bool {
    run.environment.iter().any(|(label, text)| label == "cluster" && text == "simulated")
}

/// Whether a page that comes from `host` (with its port) may ask its own server for load: only
/// where that is this machine.
///
/// # Errors
/// Why not, and what to do.
pub fn may_measure(host: &str) -> Result<(), String> {
    let url = BaseUrl::parse(&format!("http://{host}"));
    if url.is_ok_and(|url| url.is_loopback()) {
        return Ok(());
    }
    Err(format!(
        "Not measured: this page comes from {host}, and fwit does not load a host that it was not \
         told to load. Open it from this machine: cargo xtask demo."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;
    use fwit_report::run::view::TimeSources;

    fn calibration() -> Calibration {
        Calibration {
            requests_per_s: 1_450.0,
            overhead_p50_us: 610,
            overhead_p99_us: 1_900,
            in_flight: 6,
            service_p50_us: Some(900),
            page_p50_us: Some(4_000),
            ..Calibration::default()
        }
    }

    #[test]
    fn only_a_page_of_this_machine_measures() {
        for host in ["localhost:8080", "127.0.0.1:8290", "[::1]:80", "l1.localhost", "127.0.0.1"] {
            assert_eq!(may_measure(host), Ok(()), "{host}");
        }
        for host in ["fwit.example.org", "192.168.1.7:8080", "localhost.example.org", "127.a.org"] {
            let why = may_measure(host).unwrap_err();
            assert!(why.contains(&format!("comes from {host},")) && why.contains("xtask demo"));
        }
        assert!(may_measure("").is_err());
    }

    #[test]
    fn the_share_is_said_as_it_was_measured() {
        let mut run = sample("a", 1.0);
        let unknown = sentence(&run).unwrap();
        assert!(unknown.contains("was not measured") && of_run(&run).is_none());
        run.health.calibration = Some(calibration());
        assert_eq!(
            sentence(&run).unwrap(),
            "This browser adds about 900 µs to a request, measured at six in flight against its \
             own server."
        );
        run.time_sources = TimeSources { wire: 1, page_clock: 1_999 };
        let text = sentence(&run).unwrap();
        assert!(text.contains("about 4.00 ms") && text.ends_with("by the page's clock."), "{text}");
        // A file of before knows of one alone.
        let old = Calibration { service_p50_us: None, page_p50_us: None, ..calibration() };
        run.health.calibration = Some(old);
        assert!(sentence(&run).unwrap().contains("610 µs to a request, measured one at a time"));
        run.environment.push(("cluster".into(), "simulated".into()));
        assert_eq!((sentence(&run), of_run(&run)), (None, None));
    }

    #[test]
    fn percentiles_below_ten_times_the_share_are_marked() {
        let mut run = sample("a", 1.0);
        run.health.calibration = Some(calibration());
        let share = of_run(&run).unwrap();
        // 4, 8, 9, 20 and 50 ms, against 9 ms.
        let marks = |measure| Column::ALL.map(|column| share.marks(column, &run.total, measure));
        let marked = [Column::Percentile(0), Column::Percentile(1)];
        assert_eq!(marks(Measure::Service), Column::ALL.map(|c| marked.contains(&c)));
        assert_eq!(marks(Measure::Cluster), marks(Measure::Service));
        // A wait has none of it, and what is not shown has no mark.
        assert!(!marks(Measure::Wait).contains(&true));
        let empty = Row::default();
        assert!(!Column::ALL.iter().any(|c| share.marks(*c, &empty, Measure::Service)));
        assert!(share.legend().contains("below 9.00 ms"));
    }
}
