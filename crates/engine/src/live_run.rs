//! A whole run: connections, load, the end, the last events.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_channel::mpsc::Receiver;
use futures_util::StreamExt;
use futures_util::future::{Either, join, select};
use futures_util::stream::FuturesUnordered;

use super::arrivals::Schedule;
use super::client::Client;
use super::controls::Control;
use super::environment::{Clock, Transport};
use super::environment::{next_or_never, within};
use super::find_leader::POLL;
use super::instrument::{Calibration, HEARTBEAT};
use super::shared::Shared;
use super::subscriber;
use super::trust::Stranger;
use super::verify::ReadBack;
use fwit_model::plan::{Model, Plan};
use fwit_quantities::units::Micros;
use serde::{Deserialize, Serialize};

type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Time between two ticks.
pub const TICK: Micros = Micros(250_000);
/// One tick in so many is told.
const TICKS_A_SNAPSHOT: u64 = 4;
/// How long the start waits for subscribers to connect.
const SUBSCRIBE_PATIENCE: Micros = Micros(3_000_000);
/// How long requests may still take at the end, beyond the plan's timeout.
const FINISH_GRACE: Micros = Micros(1_000_000);
/// How long the end waits for the last events and wire timings.
const DRAIN_PATIENCE: Micros = Micros(3_000_000);

/// How long the check after the load may still take once Stop was pressed.
const VERIFY_STOPPED: Micros = Micros(2_000_000);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Its time was up.
    Completed,
    /// Stop was pressed; what was measured until then counts.
    Stopped,
    /// Saved from a page that went away.
    Recovered,
}

/// Which part of a run is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Connections open, subscribers connect.
    #[default]
    Starting,
    /// Load is on; nothing of it goes into the tables.
    Warmup,
    /// What the tables show.
    Measuring,
    /// Nothing new is sent: requests under way come to their end, subscribers wait for the last
    /// events.
    Draining,
}

/// Ends a run from outside.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    inner: Rc<StopInner>,
}

#[derive(Debug, Default)]
struct StopInner {
    asked: Cell<bool>,
    over: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl Stop {
    /// Ends the run as soon as it can; what was measured counts.
    pub fn stop(&self) {
        self.inner.asked.set(true);
        self.inner.wakers.take().into_iter().for_each(Waker::wake);
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.inner.asked.get()
    }

    /// The run is over.
    pub fn over(&self) {
        self.inner.over.set(true);
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.inner.over.get()
    }

    async fn asked(&self) {
        poll_fn(|cx| {
            if self.is_asked() {
                return Poll::Ready(());
            }
            // Polled at every step of the run: one waker a task is enough.
            let mut wakers = self.inner.wakers.borrow_mut();
            if !wakers.iter().any(|w| w.will_wake(cx.waker())) {
                wakers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

/// A run under way or over: all there is to know of it.
#[derive(Debug)]
pub struct LiveRun<T, C> {
    /// What the entities have in common.
    pub shared: Rc<Shared<T, C>>,
    /// The entities.
    pub clients: Vec<Rc<Client<T, C>>>,
    /// Where it is.
    pub phase: Cell<Phase>,
    /// What the read-back after the load found.
    pub read_back: RefCell<Option<ReadBack>>,
    /// Arrivals of the open model that were due so far.
    pub due: Cell<u64>,
    /// Those of them that were due in the measured window.
    pub due_measured: Cell<u64>,
    /// Arrivals that were dropped when they were due, because as many waited as may.
    pub dropped: Cell<u64>,
    /// Those of them that were due in the measured window.
    pub dropped_measured: Cell<u64>,
    /// How fast this browser is, where that was measured before.
    pub calibration: RefCell<Option<Calibration>>,
    /// The threshold that ended the run, and what was certain of it, for people.
    pub stopped_by: RefCell<Option<(String, String)>>,
    /// What the user does to it comes this way.
    pub controls: RefCell<Option<Receiver<Control>>>,
    stop: Stop,
    api_key: Option<String>,
}

/// Why a run could not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotStart {
    /// No node answers.
    #[error("None of the plan's nodes answers. The connection check says of each what is wrong.")]
    NobodyAnswers,
    /// The leader is said to be where the API key may not go.
    #[error("{}", .0.iter().map(|s| format!("{s}.")).collect::<Vec<_>>().join("\n"))]
    Untrusted(Vec<Stranger>),
}

impl CannotStart {
    /// The origins that would have to be trusted.
    #[must_use]
    pub fn untrusted(&self) -> Vec<String> {
        match self {
            CannotStart::NobodyAnswers => Vec::new(),
            CannotStart::Untrusted(strangers) => {
                strangers.iter().map(|s| s.origin.clone()).collect()
            }
        }
    }
}

impl<T: Transport, C: Clock> LiveRun<T, C> {
    /// A run of a plan. The key is handed to subscribers only; requests get it from the transport,
    /// and go to no origin that the plan neither names nor trusts.
    #[must_use]
    pub fn new(
        plan: Plan,
        transport: T,
        clock: C,
        run_id: String,
        api_key: Option<String>,
        stop: Stop,
    ) -> LiveRun<T, C> {
        let shared = Rc::new(Shared::new(plan, transport, clock, run_id, api_key.is_some()));
        let clients =
            (0..shared.capacity()).map(|e| Rc::new(Client::new(shared.clone(), e))).collect();
        LiveRun {
            shared,
            clients,
            phase: Cell::new(Phase::Starting),
            due: Cell::new(0),
            due_measured: Cell::new(0),
            dropped: Cell::new(0),
            dropped_measured: Cell::new(0),
            calibration: RefCell::default(),
            stopped_by: RefCell::default(),
            read_back: RefCell::default(),
            controls: RefCell::default(),
            stop,
            api_key,
        }
    }

    /// Ends the run early, as Stop does.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// Carries the run out. `on_snapshot` is called after the first tick, then once a second, and
    /// at the end. Drawing more often would disturb what is measured.
    ///
    /// # Errors
    /// No node answers, or the leader is said to be where the API key may not go.
    pub async fn carry_out(&self, on_snapshot: impl Fn(&Self)) -> Result<Ended, CannotStart> {
        let shared = &self.shared;
        let ticks = async {
            for number in 0_u64.. {
                shared.clock.sleep_until(shared.clock.now() + TICK).await;
                shared.tick();
                if number.is_multiple_of(TICKS_A_SNAPSHOT) {
                    on_snapshot(self);
                }
            }
        };
        let heartbeat = async {
            let mut due = shared.clock.now();
            loop {
                // The clock's timers are whole milliseconds: what is late is so by its own due
                // time.
                due = due.max(shared.clock.now()) + HEARTBEAT;
                shared.clock.sleep_until(due).await;
                shared.instrument.borrow_mut().heartbeat(due, shared.clock.now());
            }
        };
        let subscribers = (0..shared.plan.subscribers as usize)
            .map(|s| Box::pin(subscriber::listen(shared.clone(), s, self.api_key.clone())) as Work);
        let watch = async {
            // The first look asks all nodes itself.
            shared.clock.sleep_until(shared.clock.now() + POLL).await;
            shared.watch_roles().await;
        };
        let vitals = async {
            // Nodes whose metrics are not for pages are given up after a few tries.
            shared.clock.sleep_until(shared.clock.now() + POLL).await;
            shared.watch_vitals().await;
        };
        let timed: [Work; 5] = [
            Box::pin(vitals),
            Box::pin(ticks),
            Box::pin(heartbeat),
            Box::pin(shared.refresh_leader()),
            Box::pin(watch),
        ];
        let mut background: FuturesUnordered<Work> = timed.into_iter().chain(subscribers).collect();
        // Subscribers may end; the others never do.
        let background = async { while background.next().await.is_some() {} };
        match select(pin!(self.phases()), pin!(background)).await {
            Either::Left((ended, _)) => {
                shared.tick();
                on_snapshot(self);
                ended
            }
            // The background never ends.
            Either::Right(_) => Ok(Ended::Stopped),
        }
    }

    async fn phases(&self) -> Result<Ended, CannotStart> {
        let shared = &self.shared;
        self.phase.set(Phase::Starting);
        let start = async {
            let leader = shared.first_look().await?;
            shared.leader.last.set(Some((shared.clock.now(), leader)));
            let open = || {
                (0..shared.plan.subscribers as usize).all(|s| shared.ledger.borrow().stream(s).2)
            };
            self.until(SUBSCRIBE_PATIENCE, open).await;
            shared.read_counters().await;
            Ok(())
        };
        // Asked to stop before it began: nothing was measured, and that is a valid run too.
        if let Either::Left((Err(error), _)) = select(pin!(start), pin!(self.stop.asked())).await {
            return Err(error);
        }
        let nothing =
            match select(pin!(shared.transport_saw_nothing()), pin!(self.stop.asked())).await {
                Either::Left((nothing, _)) => nothing,
                Either::Right(_) => false,
            };
        if nothing {
            return Err(CannotStart::NobodyAnswers);
        }
        shared.begin();
        let (_, measured_from, measured_to) = shared.windows.get();
        self.phase.set(if measured_from > shared.clock.now() {
            Phase::Warmup
        } else {
            Phase::Measuring
        });
        let measuring = async {
            shared.clock.sleep_until(measured_from).await;
            self.phase.set(Phase::Measuring);
            shared.clock.sleep_until(measured_to).await;
        };
        // Of its own, so that a step of the load does not look at it.
        let end = async {
            matches!(select(pin!(measuring), pin!(self.stop.asked())).await, Either::Right(_))
        };
        let mut end: FuturesUnordered<_> = std::iter::once(end).collect();
        let ended = {
            // What is in flight when it is dropped is aborted, and counted so.
            let mut load = pin!(self.load_and_faults());
            let ended = match select(load.as_mut(), pin!(end.next())).await {
                Either::Right((Some(true), _)) => Ended::Stopped,
                _ => Ended::Completed,
            };
            shared.recorder.borrow_mut().stop(shared.clock.now());
            shared.roles.borrow_mut().end(shared.clock.now());
            self.phase.set(Phase::Draining);
            if ended == Ended::Completed {
                shared.slots.close();
                let finished = async {
                    shared.undo_faults(false).await;
                    let empty = || shared.recorder.borrow().in_system() == 0;
                    self.until(shared.plan.load.timeout + FINISH_GRACE, empty).await;
                };
                let over = async {
                    select(pin!(finished), pin!(self.stop.asked())).await;
                };
                select(load, pin!(over)).await;
            }
            ended
        };
        // Of a run that was stopped, or whose end was; and what failed before.
        shared.undo_faults(true).await;
        self.until(DRAIN_PATIENCE, || {
            shared.recorder.borrow().pending() == 0 && shared.ledger.borrow().complete()
        })
        .await;
        shared.tick();
        shared.recorder.borrow_mut().settle(Micros::MAX);
        within(&shared.clock, Micros(1_500_000), shared.ask_all(false)).await;
        // Stop is for the check too: what was not read a moment after it is unchecked.
        let cut = async {
            self.stop.asked().await;
            shared.clock.sleep_until(shared.clock.now() + VERIFY_STOPPED).await;
        };
        let read_back = shared.verify(cut).await;
        self.read_back.replace(read_back);
        Ok(ended)
    }

    /// The load, and what happens to the cluster meanwhile. Never ends by itself.
    async fn load_and_faults(&self) {
        let controls = self.controls.take();
        let obey = async {
            if let Some(controls) = controls {
                self.shared.obey(controls).await;
            }
        };
        join(self.load(), join(self.shared.cause_faults(), obey)).await;
    }

    /// The load; never ends by itself.
    async fn load(&self) {
        match self.shared.plan.load.model {
            Model::Closed { .. } => {
                let mut entities: FuturesUnordered<_> =
                    self.clients.iter().map(|c| c.live()).collect();
                while entities.next().await.is_some() {}
            }
            Model::Open { rate_per_s, arrivals } => {
                let Plan { seed, load, .. } = &self.shared.plan;
                self.open(Schedule::new(*seed, rate_per_s, arrivals, &load.stages)).await;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Requests become due by the schedule, whatever became of earlier ones; entities do them in
    /// turn. So that memory has a bound, those that find a full queue are dropped.
    async fn open(&self, schedule: Schedule) {
        let shared = &self.shared;
        let (start, measured_from, measured_to) = shared.windows.get();
        let mut under_way: FuturesUnordered<Work> = FuturesUnordered::new();
        let Plan { seed, load, .. } = &shared.plan;
        let (mut schedule, mut base, mut level) = (schedule, start, None);
        let mut clients = self.clients.iter().cycle();
        let mut next = schedule.next();
        loop {
            // The next arrival; sooner or later where the user changes the rate meanwhile.
            let due = loop {
                let now = shared.clock.now();
                if shared.level.get() != level
                    && let (Some(rate), Model::Open { arrivals, .. }) =
                        (shared.level.get(), load.model)
                {
                    level = Some(rate);
                    base = now;
                    schedule = Schedule::new(seed.wrapping_add(now.0), rate, arrivals, &[]);
                    next = schedule.next();
                }
                let due = next.map_or(measured_to, |planned| base + planned).min(measured_to);
                if now >= due {
                    break due;
                }
                let mut arrival = pin!(shared.clock.sleep_until(due.min(now + TICK)));
                loop {
                    // What is under way goes on while the next arrival is waited for.
                    let work = pin!(next_or_never(&mut under_way));
                    if let Either::Left(_) = select(arrival.as_mut(), work).await {
                        break;
                    }
                }
            };
            let Some(client) = clients.next().filter(|_| due < measured_to) else { break };
            next = schedule.next();
            let measured = u64::from(due >= measured_from);
            self.due.set(self.due.get() + 1);
            self.due_measured.set(self.due_measured.get() + measured);
            let waiting = under_way.len().saturating_sub(shared.slots.in_use() as usize);
            if waiting >= shared.plan.load.queue_max as usize {
                self.dropped.set(self.dropped.get() + 1);
                self.dropped_measured.set(self.dropped_measured.get() + measured);
                continue;
            }
            under_way.push(Box::pin(client.perform(due)));
        }
        while under_way.next().await.is_some() {}
    }

    /// Waits until something holds, looking at every tick, no longer than `patience`.
    async fn until(&self, patience: Micros, holds: impl Fn() -> bool) {
        let shared = &self.shared;
        let end = shared.clock.now() + patience;
        while !holds() && shared.clock.now() < end {
            shared.clock.sleep_until(shared.clock.now() + Micros(20_000)).await;
            shared.take_wire();
        }
    }
}

impl<T: Transport, C: Clock> Shared<T, C> {
    /// The first look at all nodes: who leads, if any node does.
    ///
    /// # Errors
    /// The leader is said to be where the API key may not go.
    pub async fn first_look(&self) -> Result<Option<u16>, CannotStart> {
        let leader = self.ask_all(false).await;
        let strangers = self.trust.borrow().strangers().to_vec();
        if leader.is_none() && !strangers.is_empty() {
            return Err(CannotStart::Untrusted(strangers));
        }
        Ok(leader)
    }

    /// Whether no node answers anything at all, on none of its lanes, within the plan's timeout.
    async fn transport_saw_nothing(&self) -> bool {
        if self.answered.get() {
            return false;
        }
        let request = self.dialect.status_request();
        let bases = self.topology.borrow().bases();
        let mut asked: FuturesUnordered<_> = bases
            .iter()
            .map(|(lane, base)| async {
                let call = super::environment::Call {
                    lane: *lane,
                    base,
                    request: &request,
                    wants_text: &|_| false,
                    follow: false,
                };
                self.transport.send(&call).await.is_ok()
            })
            .collect();
        let any = async {
            while let Some(answered) = asked.next().await {
                if answered {
                    return true;
                }
            }
            false
        };
        within(&self.clock, self.plan.load.timeout, any).await != Some(true)
    }
}
