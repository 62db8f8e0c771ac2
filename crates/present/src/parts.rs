//! "Where the time goes": the parts of mean response times as stacked bars, and in words.

use fwit_quantities::units::three_digits;
use fwit_report::run::view::{PartsView, Row, RunView};

/// A part that is this share of the response time, or more, is named as the largest.
const WORTH_NAMING: f64 = 0.05;

/// One part of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a sentence's part.
    pub about: &'static str,
    /// Its place in [`PARTS`]: the colour.
    pub place: usize,
    /// Mean, µs.
    pub us: f64,
}

/// The parts in order of time: name, and what they are. "node" and "way" are the service where the
/// nodes say how long they took.
pub const PARTS: [(&str, &str); 7] = [
    ("wait", "waiting for a slot in front of the browser's connections"),
    ("redirect", "nodes that sent the request on, and looking for the leader"),
    ("browser", "in the browser before it was sent: its queue, a connection, a preflight"),
    ("service", "request start to last byte"),
    ("way", "service less the node's own word: the network, and the node's and browser's sockets"),
    ("node", "what the node says that it took (Server-Timing)"),
    ("page", "last byte to this page's code"),
];

/// The same of a simulation, where no browser has a part.
const SIMULATED: [(&str, &str); 7] = [
    ("wait", "waiting for one of the simulation's connections"),
    ("redirect", "nodes that sent the request on, and looking for the leader"),
    ("connection", "setting up a connection"),
    ("service", "request start to last byte"),
    ("way", "between client and node, there and back"),
    ("node", "in the node: queue, work, replication"),
    ("page", "last byte to this page's code"),
];

/// One stacked bar.
#[derive(Clone, Debug, PartialEq)]
pub struct PartsBar {
    /// What it is of.
    pub label: String,
    /// Mean response time, µs.
    pub response_us: f64,
    /// Its parts that are not zero, in order of time.
    pub parts: Vec<Part>,
    /// Of so many answers …
    pub answers: u64,
    /// … so many were timed by the page's clock, and are not split.
    pub not_split: u64,
}

impl PartsBar {
    /// The bar of some answers.
    #[must_use]
    pub fn new(label: impl Into<String>, view: &PartsView, simulated: bool) -> PartsBar {
        let (service, way, node) = match view.server_us {
            // A node's clock may count more than the request took.
            Some(node) => {
                (0.0, view.service_us - node.min(view.service_us), node.min(view.service_us))
            }
            None => (view.service_us, 0.0, 0.0),
        };
        let values =
            [view.wait_us, view.redirect_us, view.browser_us, service, way, node, view.page_us];
        let parts = if simulated { &SIMULATED } else { &PARTS }
            .iter()
            .zip(values)
            .enumerate()
            .filter(|(_, (_, us))| *us > 0.0)
            .map(|(place, (&(name, about), us))| Part { name, about, place, us });
        PartsBar {
            label: label.into(),
            response_us: view.response_us(),
            parts: parts.collect(),
            answers: view.answers,
            not_split: view.not_split,
        }
    }

    /// The share of the response time that a part is.
    #[must_use]
    pub fn share(&self, part: &Part) -> f64 {
        if self.response_us > 0.0 { part.us / self.response_us } else { 0.0 }
    }

    /// The bar in words, for people who listen to the page.
    #[must_use]
    pub fn words(&self) -> String {
        let parts: Vec<String> =
            self.parts.iter().map(|p| format!("{} {} ms", p.name, ms(p.us))).collect();
        format!("{}: {} ms, of it {}", self.label, ms(self.response_us), parts.join(", "))
    }
}

/// Milliseconds with three digits.
#[must_use]
pub fn ms(us: f64) -> String {
    three_digits(us / 1e3)
}

/// What the bars' colours mean, in order of time: place, name, and what it is. Where a bar of a
/// real run has the part, its name counts.
#[must_use]
pub fn legend(bars: &[PartsBar]) -> Vec<(usize, &'static str, &'static str)> {
    let parts = || bars.iter().flat_map(|bar| &bar.parts);
    (0..PARTS.len())
        .filter_map(|place| {
            let here = || parts().filter(|part| part.place == place);
            let real = here().find(|part| PARTS.get(place).is_some_and(|p| p.0 == part.name));
            real.or_else(|| here().next()).map(|part| (place, part.name, part.about))
        })
        .collect()
}

/// The bars of a run: all operations, then each. Empty where nothing was split.
#[must_use]
pub fn bars(total: &Row, by_op: &[Row], simulated: bool) -> Vec<PartsBar> {
    let bar =
        |row: &Row, label: &str| row.parts.as_ref().map(|p| PartsBar::new(label, p, simulated));
    let all = bar(total, "all");
    let each = by_op.iter().filter_map(|row| bar(row, row.op.as_deref().unwrap_or_default()));
    all.into_iter().chain(each).collect()
}

/// A bar for each of several runs, of all their operations.
#[must_use]
pub fn run_bars<'a>(runs: impl IntoIterator<Item = (String, &'a RunView)>) -> Vec<PartsBar> {
    let bar = |(label, run): (String, &RunView)| {
        run.total.parts.as_ref().map(|parts| PartsBar::new(label, parts, run.simulated))
    };
    runs.into_iter().filter_map(bar).collect()
}

/// The largest part beside the service, where it is worth a word: a sentence.
#[must_use]
pub fn largest(view: &PartsView, simulated: bool) -> Option<String> {
    let (wait, before) = if simulated {
        ("waiting for one of the simulation's connections", "setting up connections")
    } else {
        (
            "waiting for a slot: the browser has six connections to an address",
            "in the browser, before it sent the request",
        )
    };
    let parts = [
        (view.wait_us, wait),
        (view.redirect_us, "redirects: nodes that sent requests on to the leader"),
        (view.browser_us, before),
        (view.page_us, "in this page, after the answer was there"),
    ];
    let (us, what) = parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let response = view.response_us();
    (us >= WORTH_NAMING * response && us > 0.0).then(|| {
        format!(
            "Of a mean response of {} ms, {} ms were service; the largest other part, {} ms, was \
             {what}.",
            ms(response),
            ms(view.service_us),
            ms(us)
        )
    })
}

/// What to tell of answers that could not be split, by the bar that has the largest share of them;
/// `None` where all were split.
#[must_use]
pub fn not_split(bars: &[PartsBar]) -> Option<String> {
    let share = |bar: &PartsBar| bar.not_split as f64 / bar.answers.max(1) as f64;
    // The first of several: "all" before its operations.
    let most = bars.iter().rev().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    (most.not_split > 0).then(|| {
        format!(
            "{} of the answers ({}) were timed by the page's clock: their service has the browser's \
             and the page's part in it.",
            super::figure::percent(share(most)),
            most.label
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> PartsView {
        PartsView {
            answers: 100,
            not_split: 0,
            wait_us: 45_000.0,
            redirect_us: 7_000.0,
            browser_us: 500.0,
            service_us: 24_000.0,
            page_us: 1_500.0,
            server_us: Some(20_000.0),
        }
    }

    #[test]
    fn a_bar_has_all_of_the_response() {
        for server_us in [Some(20_000.0), None, Some(99_000.0)] {
            let bar = PartsBar::new("set", &PartsView { server_us, ..view() }, false);
            let sum: f64 = bar.parts.iter().map(|p| p.us).sum();
            assert!((sum - 78_000.0).abs() < 1e-6 && bar.response_us == 78_000.0);
            let shares: f64 = bar.parts.iter().map(|p| bar.share(p)).sum();
            assert!((shares - 1.0).abs() < 1e-12);
            let names: Vec<_> = bar.parts.iter().map(|p| p.name).collect();
            assert!(names.is_sorted_by_key(|name| PARTS.iter().position(|p| p.0 == *name)));
        }
        let bar = PartsBar::new("set", &view(), false);
        assert!(bar.words().starts_with("set: 78.0 ms, of it wait 45.0 ms, redirect 7.00 ms"));
    }

    #[test]
    fn the_largest_part_beside_service_is_named() {
        assert!(largest(&view(), false).unwrap().contains("45.0 ms, was waiting for a slot"));
        let redirected = PartsView { wait_us: 0.0, ..view() };
        assert!(largest(&redirected, false).unwrap().contains("7.00 ms, was redirects"));
        let quick = PartsView { wait_us: 0.0, redirect_us: 0.0, ..view() };
        assert_eq!(largest(&PartsView { page_us: 900.0, ..quick }, false), None);
        assert_eq!(largest(&PartsView::default(), false), None);
    }

    #[test]
    fn bars_say_what_is_not_split() {
        let row = |op: Option<&str>, parts| Row { op: op.map(Into::into), parts, ..Row::default() };
        let half = PartsView { not_split: 50, ..view() };
        let list = bars(&row(None, Some(half)), &[row(Some("get"), Some(view()))], false);
        assert_eq!(list.iter().map(|b| b.label.as_str()).collect::<Vec<_>>(), ["all", "get"]);
        assert!(not_split(&list).unwrap().starts_with("50"));
        assert_eq!(not_split(&list[1..]), None);
        assert_eq!(bars(&row(None, None), &[], false), Vec::new());
    }

    #[test]
    fn a_simulation_has_no_browser_in_its_bars() {
        let bar = |simulated| PartsBar::new("set", &view(), simulated);
        let says = |list: &[PartsBar]| legend(list).iter().map(|l| l.1).collect::<Vec<_>>();
        assert_eq!(says(&[bar(true)])[..3], ["wait", "redirect", "connection"]);
        assert!(legend(&[bar(true)]).iter().all(|l| !l.2.contains("browser")));
        assert_eq!(says(&[bar(true), bar(false)]), says(&[bar(false)]), "a real bar names them");
        assert!(!largest(&view(), true).unwrap().contains("browser"));
    }
}
