//! Sums up samples while a run is under way: memory does not grow with their number.
//!
//! Every request is counted when it is issued and once more when it ends, in the window (warm-up or
//! measured) it was issued in, so `issued` equals the sum of the outcomes in each. Rates count the
//! answers that came in the window, whenever they were issued. Service times are those of requests
//! issued in the measured window, waits and response times of those that were due in it. Of what
//! was given up (a timeout, Stop, no slot until the end) only a lower bound is known: such times
//! are right-censored, in histograms of their own. Times that the network stack
//! delivers late are waited for (a pending entry each) and replaced by the page's clock where they
//! never come.

use std::collections::HashMap;

use hdrhistogram::Histogram;

pub use self::latencies::{LATENCY_MAX, PartSums, new_histogram};
use self::latencies::{Latencies, count};
pub use self::tallies::{EntityTally, Key, NodeTally, SecondCell, SecondOp, Tally, Window};
use crate::errors::ErrorBook;
use crate::gauge::{Gauge, WindowArea};
use crate::moments::Moments;
use crate::sparse::Sparse;
use fwit_quantities::sample::{Outcome, Protocol, Sample, TimeSource, TimeSources, WireTiming};
use fwit_quantities::units::Micros;

/// How long the page may take between an answer's last byte and our code. Beyond that it was not
/// running (a suspended tab, a long task), and no request's time is told of it.
const PAGE_MAX: Micros = Micros(100_000);

/// Most buckets that all seconds may use together: about 130 MB of memory, and at most 110 MB of a
/// run file. A day of 400 requests a second stays below it.
pub const CELLS_MAX: usize = 16_000_000;

/// The sums of a run.
#[derive(Debug)]
pub struct Recorder {
    ops: usize,
    start: Micros,
    measured_from: Micros,
    measured_to: Micros,
    tallies: [Vec<Vec<Tally>>; 2],
    /// By operation, then `2 * node + redirected`, made when they are needed.
    latencies: Vec<Vec<Option<Box<Latencies>>>>,
    seconds: Vec<SecondCell>,
    /// Buckets in use in the histograms of all seconds.
    cells: usize,
    /// The first second of which a latency found no room.
    full_from_s: Option<u32>,
    entities: Vec<EntityTally>,
    nodes: Vec<NodeTally>,
    pending: HashMap<u64, Pending>,
    sources: TimeSources,
    in_flight: Gauge,
    waiting: Gauge,
    /// Requests from due to their end, whatever they wait for.
    system: Gauge,
    in_flight_window: WindowArea,
    waiting_window: WindowArea,
    active_window: WindowArea,
    system_window: WindowArea,
    /// How long recorded requests were in the system within the measured window.
    recorded_us: u64,
    stall: Histogram<u64>,
    server: Histogram<u64>,
    redirect: Histogram<u64>,
    /// Failed requests by class, operation, node and text.
    pub errors: ErrorBook,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    sample: Sample,
    since: Micros,
}

impl Recorder {
    /// An empty recorder for so many operations, nodes and entities. The warm-up begins at `start`,
    /// the measured window is `measured_from..measured_to`.
    #[must_use]
    pub fn new(
        ops: usize,
        nodes: usize,
        entities: usize,
        start: Micros,
        measured: (Micros, Micros),
    ) -> Recorder {
        let mut recorder = Recorder {
            ops,
            start,
            measured_from: measured.0,
            measured_to: measured.1,
            tallies: [Vec::new(), Vec::new()],
            latencies: vec![Vec::new(); ops],
            seconds: Vec::new(),
            cells: 0,
            full_from_s: None,
            entities: vec![EntityTally { ops: vec![Moments::default(); ops], errors: 0 }; entities],
            nodes: Vec::new(),
            pending: HashMap::new(),
            sources: TimeSources::default(),
            in_flight: Gauge::new(start),
            waiting: Gauge::new(start),
            system: Gauge::new(start),
            in_flight_window: WindowArea::new(measured.0, measured.1),
            waiting_window: WindowArea::new(measured.0, measured.1),
            active_window: WindowArea::new(measured.0, measured.1),
            system_window: WindowArea::new(measured.0, measured.1),
            recorded_us: 0,
            stall: new_histogram(),
            server: new_histogram(),
            redirect: new_histogram(),
            errors: ErrorBook::default(),
        };
        (0..nodes).for_each(|_| recorder.add_node());
        recorder
    }

    /// One more node (a redirect led to it).
    pub fn add_node(&mut self) {
        for tally in &mut self.tallies {
            tally.push(vec![Tally::default(); self.ops]);
        }
        self.nodes.push(NodeTally {
            protocol: Protocol::Unknown,
            sources: TimeSources::default(),
            timing_header: false,
            cached: 0,
            hops: 0,
            status_requests: 0,
            new_connections: 0,
            in_flight: WindowArea::new(self.measured_from, self.measured_to),
        });
    }

    /// The window that an instant of issue belongs to.
    #[must_use]
    pub fn window(&self, issued: Micros) -> Window {
        if issued >= self.measured_from { Window::Measured } else { Window::Warmup }
    }

    /// A request waits for a slot.
    pub fn wait_begins(&mut self, now: Micros) {
        self.waiting.up(now);
        self.waiting_window.up(now);
    }

    /// A request no longer waits.
    pub fn wait_ends(&mut self, now: Micros) {
        self.waiting.down(now);
        self.waiting_window.down(now);
    }

    /// An entity of the closed model takes part from `now` on.
    pub fn joins(&mut self, now: Micros) {
        self.active_window.up(now);
    }

    /// An entity no longer takes part.
    pub fn leaves(&mut self, now: Micros) {
        self.active_window.down(now);
    }

    /// A request that was due at `due` is looked after from `now` on.
    pub fn enters_system(&mut self, due: Micros, now: Micros) {
        self.system.up_since(due, now);
        self.system_window.up_since(due, now);
    }

    /// A request is over at `now`, however it ended.
    pub fn leaves_system(&mut self, now: Micros) {
        self.system.down(now);
        self.system_window.down(now);
    }

    /// Requests that are due and not over.
    #[must_use]
    pub fn in_system(&self) -> u32 {
        self.system.value()
    }

    /// A request was handed to the network.
    pub fn issued(&mut self, op: u8, node: u16, now: Micros) {
        let window = self.window(now);
        if let Some(tally) = self.tally_mut(window, node, op) {
            tally.issued += 1;
        }
        self.flight_begins(node, now);
    }

    /// A hop of a request ended at a node without an answer: the request goes on elsewhere.
    pub fn left(&mut self, node: u16, now: Micros) {
        self.flight_ends(node, now);
    }

    /// A request's next hop was handed to the network.
    pub fn sent_on(&mut self, node: u16, now: Micros) {
        self.flight_begins(node, now);
    }

    /// The browser asked for leave (CORS) before a hop of a request that was issued at `issued`.
    pub fn preflight(&mut self, op: u8, node: u16, issued: Micros) {
        let window = self.window(issued);
        if let Some(tally) = self.tally_mut(window, node, op) {
            tally.preflights += 1;
        }
    }

    /// A node is asked who leads.
    pub fn status_request(&mut self, node: u16) {
        if let Some(node) = self.nodes.get_mut(usize::from(node)) {
            node.status_requests += 1;
        }
    }

    /// What an answer of a node that is no load said of its connection.
    pub fn connection(&mut self, node: u16, timing: &WireTiming) {
        if let Some(node) = self.nodes.get_mut(usize::from(node)) {
            node.timing_header = true;
            node.protocol = timing.protocol;
        }
    }

    /// Keeps what another recorder knows of the nodes' connections.
    pub fn keep_connections(&mut self, other: &Recorder) {
        for (node, known) in self.nodes.iter_mut().zip(&other.nodes) {
            (node.protocol, node.timing_header) = (known.protocol, known.timing_header);
        }
    }

    /// A request ended. `at` is the node where its last hop is in flight, if one is; `late` is the
    /// ticket under which its wire timing will come, `wire` the timing itself where it is there
    /// already.
    pub fn ended(
        &mut self,
        sample: Sample,
        at: Option<u16>,
        wire: Option<WireTiming>,
        late: Option<u64>,
    ) {
        if let Some(at) = at {
            self.flight_ends(at, sample.done);
        }
        let window = self.window(sample.issued);
        if let Some(tally) = self.tally_mut(window, sample.asked, sample.op) {
            tally.outcomes[sample.outcome.index()] += 1;
            tally.redirected += u64::from(sample.redirected);
        }
        if sample.outcome.is_answer()
            && sample.done < self.measured_to
            && let window = self.window(sample.done)
            && let Some(tally) = self.tally_mut(window, sample.asked, sample.op)
        {
            tally.completed += 1;
        }
        let response = sample.response().0;
        if let Some(op) = self.second_op(sample.done, sample.op) {
            op.outcomes[sample.outcome.index()] += 1;
        }
        if sample.outcome.is_answer() {
            self.of_second(sample.done, sample.op, |op| &mut op.response, response);
        }
        if !sample.outcome.is_answer() {
            if window == Window::Measured
                && sample.outcome.is_error()
                && let Some(entity) = self.entities.get_mut(sample.entity as usize)
            {
                entity.errors += 1;
            }
            self.was_in_system(sample.due, sample.done);
            // No answer within this time: the answer would have taken longer.
            if matches!(sample.outcome, Outcome::Timeout | Outcome::Aborted) {
                let last_hop = sample.done.since(sample.sent);
                let (issued, due) = (self.is_measured(sample.issued), self.is_measured(sample.due));
                if issued || due {
                    let latencies = self.latencies_of(&sample);
                    latencies.into_iter().for_each(|l| l.cut_off(&sample, last_hop, issued, due));
                }
            }
            return;
        }
        match (wire, late) {
            (Some(wire), _) => self.service(&sample, Some(&wire)),
            (None, Some(ticket)) => {
                self.pending.insert(ticket, Pending { sample, since: sample.done });
            }
            (None, None) => self.service(&sample, None),
        }
    }

    /// A request that was due got no slot until the load ended.
    pub fn never_issued(&mut self, sample: &Sample) {
        self.was_in_system(sample.due, sample.done);
        if self.is_measured(sample.due)
            && sample.due < self.measured_to
            && let Some(latencies) = self.latencies_of(sample)
        {
            latencies.never_issued(sample.done.since(sample.due));
        }
    }

    /// Whether a request of that instant is one of the measured window. What is issued between the
    /// window's end and the moment that its timer wakes us is, too: every request is in a window.
    fn is_measured(&self, at: Micros) -> bool {
        self.window(at) == Window::Measured
    }

    /// Books that a request was in the system, as its sample says.
    fn was_in_system(&mut self, from: Micros, until: Micros) {
        let inside =
            |from: Micros, until: Micros, a: Micros, b: Micros| until.min(b).since(from.max(a));
        self.recorded_us += inside(from, until, self.measured_from, self.measured_to).0;
        let mut at = from.max(self.start);
        while at < until {
            let second = (at.since(self.start).0 / 1_000_000 + 1) * 1_000_000;
            let stop = until.min(self.start + Micros(second));
            let Some(cell) = self.second_mut(at) else { return };
            cell.recorded_us += stop.since(at).0;
            at = stop;
        }
    }

    /// The wire timing of a request came. The transport holds it back until the request is booked.
    pub fn wire(&mut self, ticket: u64, timing: Option<&WireTiming>) {
        if let Some(pending) = self.pending.remove(&ticket) {
            self.service(&pending.sample, timing);
        }
    }

    /// Gives up waiting for wire timings of requests that ended before `before`: the page's clock
    /// stands in.
    pub fn settle(&mut self, before: Micros) {
        let mut late: Vec<u64> =
            self.pending.iter().filter(|(_, p)| p.since < before).map(|(t, _)| *t).collect();
        late.sort_unstable();
        for ticket in late {
            if let Some(pending) = self.pending.remove(&ticket) {
                self.service(&pending.sample, None);
            }
        }
    }

    /// Wire timings that have not come yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    fn service(&mut self, sample: &Sample, wire: Option<&WireTiming>) {
        let measured = self.is_measured(sample.issued);
        let due = self.is_measured(sample.due);
        let parts = sample.parts(wire);
        // What the page took beyond its own tasks, it was not there for.
        let absent = parts.page - PAGE_MAX;
        self.was_in_system(sample.due, sample.due + (parts.sum() - absent));
        let source = if wire.is_some() { TimeSource::Wire } else { TimeSource::PageClock };
        self.of_second(sample.done, sample.op, |op| &mut op.cluster, parts.cluster().0);
        // The wire is that of the node that answered.
        let answered = sample.answered.unwrap_or(sample.asked);
        if let Some(node) = self.nodes.get_mut(usize::from(answered)) {
            count_source(&mut node.sources, source);
            if let Some(wire) = wire {
                node.timing_header = true;
                node.protocol = wire.protocol;
                node.new_connections += u64::from(wire.new_connection && measured);
                node.cached += u64::from(wire.from_cache && measured);
            }
        }
        let server = wire.and_then(|wire| wire.server);
        if (measured || due)
            && let Some(latencies) = self.latencies_of(sample)
        {
            if measured {
                latencies.add_service(parts);
            }
            if due {
                latencies.add_response(parts, server, source);
            }
        }
        if !measured {
            return;
        }
        count_source(&mut self.sources, source);
        if let Some(entity) = self.entities.get_mut(sample.entity as usize)
            && let Some(moments) = entity.ops.get_mut(usize::from(sample.op))
        {
            moments.add(parts.cluster().0);
        }
        if let Some(wire) = wire {
            count(&mut self.stall, (parts.browser - wire.connect).0);
        }
        if let Some(server) = server {
            count(&mut self.server, server.0);
        }
        if sample.redirected {
            count(&mut self.redirect, parts.redirect.0);
        }
    }

    fn latencies_of(&mut self, sample: &Sample) -> Option<&mut Latencies> {
        let list = self.latencies.get_mut(usize::from(sample.op))?;
        let place = 2 * usize::from(sample.asked) + usize::from(sample.redirected);
        if list.len() <= place {
            list.resize(place + 1, None);
        }
        let made = list.get_mut(place)?;
        Some(made.get_or_insert_with(|| Box::new(Latencies::new())))
    }

    fn tally_mut(&mut self, window: Window, node: u16, op: u8) -> Option<&mut Tally> {
        self.tallies[window as usize].get_mut(usize::from(node))?.get_mut(usize::from(op))
    }

    /// Counts a latency in its second, as long as there is room for it.
    fn of_second(
        &mut self,
        at: Micros,
        op: u8,
        histogram: impl Fn(&mut SecondOp) -> &mut Sparse,
        value: u64,
    ) {
        if self.cells >= CELLS_MAX {
            let second = (at.since(self.start).0 / 1_000_000) as u32;
            self.full_from_s.get_or_insert(second);
            return;
        }
        if let Some(op) = self.second_op(at, op) {
            let histogram = histogram(op);
            let before = histogram.cells().len();
            histogram.record(value);
            let more = histogram.cells().len() - before;
            self.cells += more;
        }
    }

    fn second_op(&mut self, at: Micros, op: u8) -> Option<&mut SecondOp> {
        self.second_mut(at)?.ops.get_mut(usize::from(op))
    }

    fn second_mut(&mut self, at: Micros) -> Option<&mut SecondCell> {
        let second = (at.since(self.start).0 / 1_000_000) as usize;
        if self.seconds.len() <= second {
            // A day and an hour is longer than any plan: a broken clock can't fill the memory.
            if second > 90_000 {
                return None;
            }
            let empty =
                SecondCell { ops: vec![SecondOp::default(); self.ops], ..SecondCell::default() };
            self.seconds.resize(second + 1, empty);
        }
        self.seconds.get_mut(second)
    }

    fn flight_begins(&mut self, node: u16, now: Micros) {
        self.in_flight.up(now);
        self.in_flight_window.up(now);
        let measured = now >= self.measured_from;
        if let Some(node) = self.nodes.get_mut(usize::from(node)) {
            node.in_flight.up(now);
            node.hops += u64::from(measured);
        }
    }

    fn flight_ends(&mut self, node: u16, now: Micros) {
        self.in_flight.down(now);
        self.in_flight_window.down(now);
        if let Some(node) = self.nodes.get_mut(usize::from(node)) {
            node.in_flight.down(now);
        }
    }

    /// Cuts the measured window at `now`: the run was stopped.
    pub fn stop(&mut self, now: Micros) {
        self.measured_to = self.measured_to.min(now).max(self.measured_from);
        for window in [
            &mut self.in_flight_window,
            &mut self.waiting_window,
            &mut self.active_window,
            &mut self.system_window,
        ] {
            window.end(self.measured_to);
        }
        self.nodes.iter_mut().for_each(|node| node.in_flight.end(self.measured_to));
    }
}

fn count_source(sources: &mut TimeSources, source: TimeSource) {
    match source {
        TimeSource::Wire => sources.wire += 1,
        TimeSource::PageClock => sources.page_clock += 1,
    }
}

mod latencies;
mod read;
mod tallies;
#[cfg(test)]
mod tests;
