//! What the instrument says of itself: signs that the browser, not the cluster, made the numbers.
//!
//! A sign is what makes the numbers doubtful. What only happened meanwhile (a hidden tab) is an
//! annotation.

use hdrhistogram::Histogram;

use super::hist::short;
use super::littles_law;
use super::verdict::{Annotation, Calibration, Disturbance, HealthVerdict, HealthView};
use fwit_engine::instrument::Instrument;
use fwit_engine::trust::Trust;
use fwit_model::dialect::Kind;
use fwit_model::plan::{Model, Plan};
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::{Micros, three_digits};
use fwit_stats::recorder::{Recorder, Window};

/// Waiting entities above this share of all mean that slots, not the cluster, set the pace.
const WAITING_SHARE: f64 = 0.05;
/// Service times from the page's clock above this share are worth a word.
const PAGE_CLOCK_SHARE: f64 = 0.01;
/// Lag and stall above this share of the service p50 disturb it.
const OF_SERVICE: f64 = 0.1;
/// Heartbeat p99 below this is what timers of a browser do anyway, µs.
const LAG_FLOOR: u64 = 10_000;
/// Stall p99 below this is what starting a request costs anyway, µs.
const STALL_FLOOR: u64 = 10_000;
/// The worker may be more than 100 ms late for this share of the time.
const LATE_SHARE: f64 = 0.01;
/// So many late heartbeats at least are a sign by their p99. A late beat counts for all it missed,
/// so one stall of 150 ms is 1 % of the first ten seconds: every machine has one now and then.
const LATE_BEATS: u64 = 3;
/// New connections above this share of the requests: they are not kept open.
const CONNECTIONS_SHARE: f64 = 0.01;
/// So many new connections are no churn, however few the requests.
const CONNECTIONS_FLOOR: u64 = 20;
/// A CPU under pressure for more than this share of the time.
const PRESSURE_SHARE: f64 = 0.1;
/// More than this share of what the browser can do at all.
const OF_CEILING: f64 = 0.5;
/// An open load may miss this share of its rate.
const OFFERED_SHARE: f64 = 0.01;
/// Little's law over the whole window may be off by this share: clocks are rounded.
const LITTLES_LAW: f64 = 0.02;
/// Before so much was measured nothing is said of rates and shares.
const EARLY: Micros = Micros(3_000_000);

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub plan: &'a Plan,
    pub recorder: &'a Recorder,
    pub instrument: &'a Instrument,
    pub now: Micros,
    /// Open model: arrivals due in the measured window.
    pub due: u64,
    /// Open model: arrivals of them that were dropped.
    pub dropped: u64,
    /// Service time of all answers, p50; 0 without answers.
    pub service_p50_us: u64,
    pub calibration: Option<&'a Calibration>,
    pub trust: &'a Trust,
    /// Every request is over and booked.
    pub over: bool,
}

/// Judges a run up to now.
#[must_use]
pub(super) fn judge(facts: &Facts) -> HealthView {
    let Facts { recorder, now, .. } = *facts;
    let mut health = HealthView {
        annotations: annotations(facts),
        calibration: facts.calibration.cloned(),
        ..HealthView::default()
    };
    let (start, from, _) = recorder.windows();
    if now <= from || from < start {
        health.verdict = HealthVerdict::NotJudged;
        return health;
    }
    if recorder.issued_measured() + recorder.completed_measured() == 0 {
        health.verdict = HealthVerdict::NotJudged;
        return health;
    }
    health.limits.extend(slots(facts));
    // The order of the list is the order of importance. True: the instrument's own.
    let signs = [
        (false, stranger(facts)),
        (false, dropped(facts)),
        (false, offered(facts)),
        (false, sources(facts)),
        (true, stood_still(facts)),
        (true, lag(facts)),
        (true, stall(facts)),
        (false, connections(facts)),
        (false, cached(facts)),
        (false, ceiling(facts)),
        (true, littles_law_sign(facts, &health.annotations)),
        (true, pressure(facts)),
    ];
    for (own, sign) in signs {
        health.instrument.extend(sign.clone().filter(|_| own));
        health.signs.extend(sign);
    }
    health.verdict = match health.signs.len() {
        _ if !health.limits.is_empty() => HealthVerdict::ClientLimited,
        0 => HealthVerdict::Healthy,
        1 => HealthVerdict::Doubtful,
        _ => HealthVerdict::ClientLimited,
    };
    health.facts = figures(facts);
    health.hints.extend(repeated(facts));
    health.hints.extend(recorder.full_from_s().map(|second| {
        format!(
            "From second {second} on, the run was too long to keep latencies second by second. \
             Those of the whole run are complete."
        )
    }));
    if facts.is_early() && facts.now >= recorder.windows().2 {
        health
            .hints
            .push("Less than 3 s were measured: too little to judge the instrument.".into());
    }
    health
}

impl Facts<'_> {
    fn window(&self) -> (Micros, Micros) {
        let (_, from, to) = self.recorder.windows();
        (from, self.now.min(to))
    }

    fn measured(&self) -> Micros {
        let (from, to) = self.window();
        to.since(from)
    }

    /// The share of the measured window so far that a disturbance lasted.
    fn share_of(&self, trouble: Disturbance) -> f64 {
        let time = self.instrument.time_of(trouble, self.window(), self.now);
        time.as_secs() / self.measured().as_secs().max(1e-9)
    }

    fn is_early(&self) -> bool {
        self.measured() < EARLY
    }
}

/// The leader is said to be where the API key may not go: requests failed by our own rule.
fn stranger(f: &Facts) -> Option<String> {
    let origins: Vec<_> = f.trust.strangers().iter().map(|s| s.origin.as_str()).collect();
    (f.trust.failed > 0).then(|| {
        format!(
            "The leader was said to be at {}, which the plan does not name: the API key was not \
             sent there ({} requests failed as not leader). Add the node, or trust its origin.",
            origins.join(", "),
            f.trust.failed
        )
    })
}

/// Closed: entities that wait for slots.
fn slots(f: &Facts) -> Option<String> {
    let (effective, waiting) = f.recorder.concurrency(f.now);
    let active = f.recorder.active(f.now);
    (active > 0.0 && waiting > WAITING_SHARE * active).then(|| {
        let (limit, remedy) = match f.plan.cluster.sim {
            Some(_) => ("the simulation's limit of connections", "Raise it"),
            None => ("the browser's connections", "Add lanes to the nodes"),
        };
        format!(
            "{} of {} entities waited for a slot on average: {limit} set the pace. The load was {} \
             requests at a time. {remedy}, or take the wait into account.",
            three_digits(waiting),
            three_digits(active),
            three_digits(effective),
        )
    })
}

/// Open: what found a full queue when it was due.
fn dropped(f: &Facts) -> Option<String> {
    (f.dropped > 0).then(|| {
        format!(
            "{} of {} requests were dropped when they were due: {} waited for a slot already. \
             They are in no latency. Lower the rate, or raise the queue.",
            f.dropped, f.due, f.plan.load.queue_max
        )
    })
}

/// Open: what was due against what ended.
fn offered(f: &Facts) -> Option<String> {
    let seconds = f.measured().as_secs();
    if !matches!(f.plan.load.model, Model::Open { .. }) || f.is_early() {
        return None;
    }
    let ended = f.recorder.completed_measured() + f.recorder.failed_measured();
    let (due, missing) = (f.due as f64, f.due.saturating_sub(ended) as f64);
    // What is rightly under way at this moment has not ended yet, as much as a healthy cluster
    // would have; what was so when the window began has ended in it.
    let under_way = due / seconds * f.service_p50_us as f64 / 1e6 + 1.0;
    let (effective, waiting) = f.recorder.concurrency(f.now);
    (missing > OFFERED_SHARE * due + under_way).then(|| {
        let why = if waiting > effective && f.plan.cluster.sim.is_some() {
            "Requests waited for the simulation's connections."
        } else if waiting > effective {
            "Requests waited for the browser's slots: add lanes to tell browser and cluster apart."
        } else {
            "The cluster could not answer more."
        };
        format!(
            "Offered {}/s, reached {}/s: the rate was not sustained. {why} Response times grow \
             with the length of such a run.",
            three_digits(due / seconds),
            three_digits(ended as f64 / seconds),
        )
    })
}

/// A browser drops a timing entry now and then; a node without the header has none at all.
fn sources(f: &Facts) -> Option<String> {
    let sources = f.recorder.sources();
    let all = sources.page_clock + sources.wire;
    (sources.page_clock as f64 > PAGE_CLOCK_SHARE * all as f64).then(|| {
        format!(
            "{} of {all} service times come from the page's clock, not from the wire: they \
             include what the browser itself costs. Let every node send “Timing-Allow-Origin: *”. \
             (Firefox tells no times of redirected requests.)",
            sources.page_clock,
        )
    })
}

fn stood_still(f: &Facts) -> Option<String> {
    let window = f.window();
    let frozen = f.instrument.time_of(Disturbance::Frozen, window, f.now);
    let stood = f.instrument.time_of(Disturbance::StoodStill, window, f.now).max(frozen);
    let step =
        f.instrument.spans(f.now).into_iter().any(|s| {
            s.trouble == Disturbance::ClockStep && (window.0..=window.1).contains(&s.from)
        });
    if stood > Micros::ZERO {
        Some(format!(
            "The engine stood still for {stood} (the page was frozen, or the machine slept). \
             Requests that were under way then look slow, but were not."
        ))
    } else if step {
        Some(
            "The machine's clock was set, or it slept, during the run: see the marked times."
                .into(),
        )
    } else {
        None
    }
}

/// One late heartbeat on a busy machine is no sign: its lateness at the p99 is, where it happens
/// again, and being late for long. Missed beats count, so p99 above the limit means that for 1 % of
/// the time a timer would have been late by more.
fn lag(f: &Facts) -> Option<String> {
    let lag = f.instrument.lag();
    let p99 = lag.value_at_quantile(0.99);
    let limit = LAG_FLOOR.max((OF_SERVICE * f.service_p50_us as f64) as u64);
    let late = f.share_of(Disturbance::Late);
    let again = f.instrument.late_beats(Micros(limit)) >= LATE_BEATS;
    (lag.len() >= 100 && (p99 > limit && again || late > LATE_SHARE)).then(|| {
        format!(
            "The engine's own timers were late: p99 {}, at most {}. The browser or the machine \
             was too busy; times of the page's clock and think times are longer by that.",
            Micros(p99),
            Micros(lag.max())
        )
    })
}

fn stall(f: &Facts) -> Option<String> {
    let (stall, _, _) = f.recorder.wire_histograms();
    let p99 = stall.value_at_quantile(0.99);
    let limit = STALL_FLOOR.max((OF_SERVICE * f.service_p50_us as f64) as u64);
    (stall.len() >= 300 && p99 > limit).then(|| {
        format!(
            "Requests waited inside the browser before they were sent: p99 {}. The cause is the \
             browser's own queue, a preflight or a busy machine. Service times do not include this \
             wait, but it lowers the rate.",
            Micros(p99)
        )
    })
}

/// Answers that no node gave are a fault whatever their number.
fn cached(f: &Facts) -> Option<String> {
    let cached: u64 = f.recorder.nodes().iter().map(|n| n.cached).sum();
    (cached > 0).then(|| {
        format!(
            "{cached} answers came out of the browser's cache and not from the nodes: with an API \
             key the browser may keep what the nodes let it. Send “Cache-Control: no-store”."
        )
    })
}

fn connections(f: &Facts) -> Option<String> {
    let new: u64 = f.recorder.nodes().iter().map(|n| n.new_connections).sum();
    let timed = f.recorder.sources().wire;
    (new > CONNECTIONS_FLOOR && new as f64 > CONNECTIONS_SHARE * timed as f64).then(|| {
        format!(
            "{new} of {timed} requests opened a new connection: something closes them (keep-alive \
             off or short, a proxy). Each one costs a round trip or more."
        )
    })
}

/// Chromium repeats a POST whose used connection was reset before the answer: no page sees that.
fn repeated(f: &Facts) -> Option<String> {
    let operations = f.plan.cluster.dialect.operations();
    let writes = |op: u8| operations.get(usize::from(op)).is_some_and(|o| o.kind != Kind::Read);
    let broken = f.recorder.errors.sorted().into_iter();
    let broken = broken.filter(|(key, _)| key.outcome == Outcome::Network && writes(key.op));
    let count: u64 = broken.map(|(_, tally)| tally.count).sum();
    (count > 0 && f.plan.cluster.sim.is_none()).then(|| {
        format!(
            "{count} writes broke off with their connection. When a connection that it used \
             before is reset, Chromium sends a POST again by itself: the cluster may have carried \
             out more writes than were issued."
        )
    })
}

/// Against the null calibration of the same browser.
fn ceiling(f: &Facts) -> Option<String> {
    let calibration = f.calibration?;
    if f.is_early() || calibration.requests_per_s <= 0.0 {
        return None;
    }
    let rate = f.recorder.ended_measured() as f64 / f.measured().as_secs();
    let overhead = calibration.overhead_p50_us;
    if rate > OF_CEILING * calibration.requests_per_s {
        Some(format!(
            "{}/s is more than half of what this browser reaches against a server that does \
             nothing ({}/s): the browser itself may be the limit.",
            three_digits(rate),
            three_digits(calibration.requests_per_s)
        ))
    } else if f.service_p50_us > 0 && overhead as f64 > OF_SERVICE * f.service_p50_us as f64 {
        Some(format!(
            "A request to a server that does nothing takes {} here, against a service p50 of {}: \
             a good part of the time may be the browser's.",
            Micros(overhead),
            Micros(f.service_p50_us)
        ))
    } else {
        None
    }
}

fn littles_law_sign(f: &Facts, annotations: &[Annotation]) -> Option<String> {
    let failing = annotations.iter().filter(|a| a.kind == Disturbance::NotClosed).count();
    let ratio = f.recorder.littles_law_ratio(f.now).filter(|_| f.over && !f.is_early());
    let whole = ratio.filter(|ratio| (ratio - 1.0).abs() > LITTLES_LAW);
    match (whole, failing) {
        (Some(littles_law_ratio), _) => Some(format!(
            "Little's law does not hold: the recorded times make {littles_law_ratio:.2} of the time that \
             requests were counted as under way, instead of 1. Time was lost, by a suspended tab \
             for example."
        )),
        (None, 1..) => Some(format!(
            "Little's law does not hold in {failing} intervals of 5 s: time or requests were lost \
             there. See the marked times."
        )),
        _ => None,
    }
}

fn pressure(f: &Facts) -> Option<String> {
    let share = f.share_of(Disturbance::Pressure);
    (share > PRESSURE_SHARE && !f.is_early()).then(|| {
        format!(
            "The machine's CPU was under critical pressure for {}% of the time, as the browser \
             tells: end what else runs on it.",
            three_digits(100.0 * share)
        )
    })
}

/// What happened when, in seconds since the start.
fn annotations(f: &Facts) -> Vec<Annotation> {
    let (start, _, to) = f.recorder.windows();
    let end = f.now.min(to);
    let mut list: Vec<Annotation> = Vec::new();
    for span in f.instrument.spans(f.now) {
        let (from, until) = (span.from.max(start), span.until.min(end));
        if from <= until && span.until >= start {
            list.push(Annotation {
                at_s: short(from.since(start).as_secs()),
                until_s: short(until.since(start).as_secs()),
                kind: span.trouble,
                words: words(span.trouble).into(),
            });
        }
    }
    let failing = if f.over { littles_law::failing(f.recorder, f.now) } else { Vec::new() };
    for (second, littles_law_ratio) in failing {
        list.push(Annotation {
            at_s: second as f64,
            until_s: (second + littles_law::INTERVAL) as f64,
            kind: Disturbance::NotClosed,
            words: format!("{}: {littles_law_ratio:.2}", words(Disturbance::NotClosed)),
        });
    }
    list
}

fn words(trouble: Disturbance) -> &'static str {
    match trouble {
        Disturbance::Hidden => "tab hidden",
        Disturbance::Frozen => "page frozen",
        Disturbance::Late => "engine late",
        Disturbance::StoodStill => "engine stood still",
        Disturbance::ClockStep => "clock step",
        Disturbance::Pressure => "CPU under pressure",
        Disturbance::NotClosed => "Little's law does not hold",
    }
}

/// Figures for people.
fn figures(f: &Facts) -> Vec<(String, String)> {
    let (stall, server, redirect) = f.recorder.wire_histograms();
    let two = |h: &Histogram<u64>| {
        format!(
            "p50 {}, p99 {}",
            Micros(h.value_at_quantile(0.5)),
            Micros(h.value_at_quantile(0.99))
        )
    };
    let mut list = Vec::new();
    for (label, histogram) in [
        ("stall in the browser", stall),
        ("time by the nodes' own word (Server-Timing)", server),
        ("cost of redirects", redirect),
        ("lateness of the engine's heartbeat", f.instrument.lag()),
    ] {
        if !histogram.is_empty() {
            list.push((label.into(), two(histogram)));
        }
    }
    let connections: u64 = f.recorder.nodes().iter().map(|n| n.new_connections).sum();
    list.push(("new connections in the measured window".into(), connections.to_string()));
    let tallies = || {
        (0..f.recorder.nodes().len())
            .flat_map(|n| (0..f.plan.mix.len()).map(move |op| (n, op)))
            .map(|(n, op)| f.recorder.tally(Window::Measured, n, op))
    };
    let redirected: u64 = tallies().map(|t| t.redirected).sum();
    list.push(("redirected requests".into(), redirected.to_string()));
    let preflights = tallies().map(|t| t.preflights).sum::<u64>();
    if preflights > 0 {
        let text = format!("{preflights}, which the nodes served too");
        list.push(("CORS preflights in the measured window".into(), text));
    }
    if f.instrument.knows_pressure {
        let share =
            format!("{}% of the time", three_digits(100.0 * f.share_of(Disturbance::Pressure)));
        list.push(("CPU under critical pressure".into(), share));
    }
    if let Some(c) = f.calibration {
        let service = c.service_p50_us.map(|us| format!(" (service p50 {})", Micros(us)));
        let text = format!(
            "{}/s with {} at a time{}; one alone p50 {}, p99 {}",
            three_digits(c.requests_per_s),
            c.in_flight,
            service.unwrap_or_default(),
            Micros(c.overhead_p50_us),
            Micros(c.overhead_p99_us)
        );
        list.push(("this browser against a server that does nothing".into(), text));
    }
    list
}
