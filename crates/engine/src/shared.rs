//! What the entities of a run have in common.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::environment::{Clock, Transport};
use super::events::Ledger;
use super::history::History;
use super::instrument::Instrument;
use super::leader::LeaderFinder;
use super::open_fault::OpenFault;
use super::parking::Parking;
use super::roles::Roles;
use super::slots::Slots;
use super::timeline::Timeline;
use super::topology::Topology;
use super::trust::Trust;
use super::vitals::Vitals;
use fwit_model::dialect::Dialect;
use fwit_model::plan::{BaseUrl, Model, Plan};
use fwit_quantities::sample::Protocol;
use fwit_quantities::units::Micros;
use fwit_stats::errors::ErrorKey;
use fwit_stats::recorder::Recorder;

/// Slots of a lane that multiplexes: browsers assume 100 streams until the server says otherwise.
pub const SLOTS_MULTIPLEXED: u32 = 100;

/// What the entities of a run have in common. Borrows are never held across an `await`.
#[derive(Debug)]
pub struct Shared<T, C> {
    /// What to run.
    pub plan: Plan,
    /// The protocol.
    pub dialect: Arc<Dialect>,
    /// The way to the nodes.
    pub transport: T,
    /// The time.
    pub clock: C,
    /// The run's id.
    pub run_id: String,
    /// The topic that this run publishes to.
    pub topic: String,
    /// Nodes and lanes.
    pub topology: RefCell<Topology>,
    /// Where the API key may go, and the leaders that were named where it may not.
    pub trust: RefCell<Trust>,
    /// Permits to send.
    pub slots: Slots,
    /// The sums.
    pub recorder: RefCell<Recorder>,
    /// Events published and received.
    pub ledger: RefCell<Ledger>,
    /// What was written and read, for the checks.
    pub history: RefCell<History>,
    /// Where requests go on: who leads, as far as that was needed.
    pub leader: LeaderFinder,
    /// Who led when, and when no write was acknowledged.
    pub roles: RefCell<Roles>,
    /// Whether any node answered anything.
    pub answered: Cell<bool>,
    /// The longest that a status took so far: about a round trip to the farthest node.
    pub round_trip: Cell<Micros>,
    /// Nodes whose status was asked for, by the ticket of the answer's wire timing.
    pub status_tickets: RefCell<HashMap<u64, u16>>,
    /// Whether each node said it leads, when last asked.
    pub leads: RefCell<Vec<Option<bool>>>,
    /// What the instrument saw of itself.
    pub instrument: RefCell<Instrument>,
    /// Where entities wait that the load does not want now.
    pub parking: Parking,
    /// What is done to cluster and load.
    pub timeline: RefCell<Timeline>,
    /// Faults that are to be undone.
    pub open_faults: RefCell<Vec<OpenFault>>,
    /// The number of the next one.
    pub next_fault: Cell<u64>,
    /// What the user is asked to do; none for what was done.
    pub asked: RefCell<Vec<Option<String>>>,
    /// Entities or rate that the user set by hand.
    pub level: Cell<Option<f64>>,
    /// Entities that were removed.
    pub removed: Cell<u32>,
    /// The nodes' vitals.
    pub vitals: RefCell<Vitals>,
    /// Start of the warm-up, start and end of the measured window.
    pub windows: Cell<(Micros, Micros, Micros)>,
}

impl<T: Transport, C: Clock> Shared<T, C> {
    /// For a plan that is about to start. With an API key, requests go to no origin that the plan
    /// neither names nor trusts.
    #[must_use]
    pub fn new(plan: Plan, transport: T, clock: C, run_id: String, has_key: bool) -> Shared<T, C> {
        let topology = Topology::new(&plan.cluster);
        let dialect = plan.cluster.dialect.clone();
        let room = transport.room();
        let slots = Slots::new(&topology.slots(room.lane), room.total);
        let nodes = topology.nodes.len();
        let shared = Shared {
            dialect,
            transport,
            clock,
            topic: format!("fwit-{run_id}"),
            run_id,
            recorder: RefCell::new(Recorder::new(
                0,
                0,
                0,
                Micros::ZERO,
                (Micros::ZERO, Micros::ZERO),
            )),
            topology: RefCell::new(topology),
            trust: RefCell::new(Trust::new(&plan.cluster, has_key)),
            slots,
            ledger: RefCell::new(Ledger::new(0, plan.subscribers)),
            history: RefCell::new(History::new(plan.verify)),
            leader: LeaderFinder::default(),
            roles: RefCell::default(),
            answered: Cell::default(),
            round_trip: Cell::default(),
            status_tickets: RefCell::default(),
            leads: RefCell::new(vec![None; nodes]),
            instrument: RefCell::default(),
            parking: Parking::default(),
            timeline: RefCell::default(),
            open_faults: RefCell::default(),
            next_fault: Cell::default(),
            asked: RefCell::default(),
            level: Cell::default(),
            removed: Cell::default(),
            vitals: RefCell::default(),
            windows: Cell::default(),
            plan,
        };
        shared.ledger.replace(Ledger::new(shared.capacity(), shared.plan.subscribers));
        shared.begin();
        shared
    }

    /// Sets the start to now; what was recorded before is forgotten.
    pub fn begin(&self) {
        let start = self.clock.now();
        let from = start + self.plan.load.warmup;
        let to = from + self.plan.load.duration;
        self.windows.set((start, from, to));
        self.roles.borrow_mut().begin(start);
        self.timeline.borrow_mut().clear();
        self.vitals.borrow_mut().begin();
        self.instrument.borrow_mut().begin(start, (from, to));
        self.want_entities();
        let nodes = self.topology.borrow().nodes.len();
        let ops = self.dialect.operations().len();
        let entities = self.capacity() as usize;
        let mut recorder = Recorder::new(ops, nodes, entities, start, (from, to));
        recorder.keep_connections(&self.recorder.borrow());
        self.recorder.replace(recorder);
    }

    /// Lets as many entities take part as the plan or the user wants now.
    pub fn want_entities(&self) {
        if matches!(self.plan.load.model, Model::Closed { .. }) {
            let wanted = self.wanted().round() as u32;
            self.parking.set(wanted.saturating_sub(self.removed.get()));
        }
    }

    /// The leader that the status of the node `from` names by its base URL. One that the plan does
    /// not name is added, where the API key may go there.
    pub fn node_named(&self, url: &str, from: u16) -> Option<u16> {
        self.node(&BaseUrl::parse(url).ok()?, None, from)
    }

    /// The node at the URL that a request to the node `from` was redirected to. One that the plan
    /// does not name is added, where the API key may go there.
    pub fn node_at(
        &self,
        url: &str,
        path: &str,
        served_by: Option<&str>,
        from: u16,
    ) -> Option<u16> {
        let base = self.topology.borrow().base_of(url, path).ok()?;
        self.node(&base, served_by, from)
    }

    /// The name of a node.
    pub fn name_of(&self, node: u16) -> String {
        let topology = self.topology.borrow();
        topology.nodes.get(usize::from(node)).map_or_else(String::new, |n| n.name.clone())
    }

    fn node(&self, base: &BaseUrl, served_by: Option<&str>, from: u16) -> Option<u16> {
        // A known node is asked at its own address, whatever led to it.
        if let Some(known) = self.topology.borrow().find(base, served_by) {
            return Some(known);
        }
        if !self.trust.borrow().allows(base) {
            self.trust.borrow_mut().refuse(base, &self.name_of(from));
            return None;
        }
        let (node, new) = self.topology.borrow_mut().find_or_add(base, served_by)?;
        if new {
            self.slots.add_lane(self.transport.room().lane);
            self.recorder.borrow_mut().add_node();
            self.leads.borrow_mut().push(None);
        }
        Some(node)
    }

    /// What has to be done a few times a second: wire timings come in, slots follow the protocol.
    pub fn tick(&self) {
        self.want_entities();
        let now = self.clock.now();
        self.take_wire();
        let mut recorder = self.recorder.borrow_mut();
        // A wire time that has not come two seconds after the answer was dropped by the browser.
        recorder.settle(now - Micros(2_000_000));
        recorder.advance(now);
        let topology = self.topology.borrow();
        for (node, entry) in recorder.nodes().iter().zip(&topology.nodes) {
            if matches!(node.protocol, Protocol::Http2 | Protocol::Http3) {
                for lane in &entry.lanes {
                    if self.slots.limit(*lane) < SLOTS_MULTIPLEXED {
                        self.slots.set_limit(*lane, SLOTS_MULTIPLEXED);
                    }
                }
            }
        }
    }

    /// Books the wire timings that have come.
    pub fn take_wire(&self) {
        let mut recorder = self.recorder.borrow_mut();
        for (ticket, timing) in self.transport.take_wire() {
            match (self.status_tickets.borrow_mut().remove(&ticket), &timing) {
                (Some(node), Some(timing)) => recorder.connection(node, timing),
                _ => recorder.wire(ticket, timing.as_ref()),
            }
        }
    }

    /// Where the last search for the leader found nobody but a stranger: counts a request that
    /// fails by that, and says why.
    pub fn stranger_leads(&self, issued: Micros) -> Option<String> {
        let mut trust = self.trust.borrow_mut();
        let why = trust.named()?.to_string();
        trust.failed += u64::from(issued >= self.windows.get().1);
        Some(why)
    }

    /// Counts a failed request among the errors.
    pub fn note_error(&self, key: ErrorKey, entity: u32, status: u16, issued: Micros) {
        let now = self.clock.now();
        let (start, measured_from, _) = self.windows.get();
        if issued < measured_from {
            return;
        }
        let sample = fwit_stats::errors::ErrorSample {
            at_us: now.since(start).0,
            entity,
            status,
            took_us: now.since(issued).0,
        };
        self.recorder.borrow_mut().errors.add(key, sample);
    }
}
