//! A run in the worker: the engine over the browser's network, or over the simulated cluster.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::mpsc::Receiver;

use super::environment::{AnyClock, AnyTransport, simulate};
use super::watch::Watch;
use super::{Port, Running};
use crate::browser::clock::BrowserClock;
use crate::browser::environment::{now_rfc3339, rfc3339_ago};
use crate::browser::transport::FetchTransport;
use crate::protocol::{Failure, FromWorker, KeptRun, Opened, Start};
use fwit_engine::controls::Control;
use fwit_engine::environment::Clock;
use fwit_engine::live_run::{LiveRun, TICK};
use fwit_engine::sim::clock::VirtualClock;
use fwit_engine::sim::transport::SimTransport;
use fwit_model::plan;
use fwit_quantities::units::Micros;
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::early_stop::Looks;
use fwit_report::run::recovery::{Kept, OVERLAP};
use fwit_report::run::summary;
use fwit_report::run::view::Phase;

/// Time between two of the things that are kept of a run; snapshots come once a second.
const KEEP_EVERY: Micros = Micros(4_500_000);

/// Carries a run out, from its start to its file.
pub(super) async fn carry_out(
    port: Port,
    start: Start,
    running: Running,
    controls: Receiver<Control>,
) {
    if let Err(failure) = run(&port, start, &running, controls).await {
        port.send(&FromWorker::Failed(failure));
    }
    running.stop.over();
}

async fn run(
    port: &Port,
    start: Start,
    running: &Running,
    controls: Receiver<Control>,
) -> Result<(), Failure> {
    let plan = plan::wire::read(&start.plan_json)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let performance = port.scope.performance().ok_or("This browser gives workers no clock.")?;
    let clock = BrowserClock::new(performance.clone());
    let began = clock.now();
    let mut environment = start.environment.clone();
    let file = if let Some(sim) = &plan.cluster.sim {
        let transport = SimTransport::new(sim, plan.seed, VirtualClock::default());
        let virtual_clock = transport.clock().clone();
        let (transport, time) =
            (AnyTransport::Simulated(transport), AnyClock::Virtual(virtual_clock.clone()));
        let run =
            LiveRun::new(plan, transport, time, start.run_id.clone(), None, running.stop.clone());
        port.send(&FromWorker::Started { run_id: start.run_id });
        // Snapshots come by the page's clock, not by the simulation's, which is much faster.
        let snapshots = Snapshots::default();
        let last = Cell::new(clock.now());
        let may_end = run.shared.plan.thresholds.iter().any(|t| t.abort);
        let work = run.carry_out(|run| {
            if may_end {
                let live = RunReport::of(run).live(usize::MAX);
                RunReport::of(run).enforce(&live, &mut snapshots.looks.borrow_mut());
            }
            if clock.now().since(last.get()) >= TICK {
                last.set(clock.now());
                snapshots.send(port, run);
            }
        });
        let ended = simulate(&virtual_clock, &clock, work).await??;
        let took = format!("{} in {}", virtual_clock.now(), clock.now().since(began));
        environment
            .extend([("cluster".into(), "simulated".into()), ("simulated time".into(), took)]);
        let about = About { started_at: start.started_at, finished_at: now_rfc3339(), environment };
        RunReport::of(&run).file(ended, &about)
    } else {
        environment.push(("clock step".into(), clock.tick().to_string()));
        let dialect = &*plan.cluster.dialect;
        let fetch = FetchTransport::new(performance, dialect, start.api_key.as_deref());
        let (transport, time) = (AnyTransport::Fetch(fetch), AnyClock::Real(clock));
        let run = LiveRun::new(
            plan,
            transport,
            time,
            start.run_id.clone(),
            start.api_key,
            running.stop.clone(),
        );
        run.calibration.replace(start.calibration);
        run.controls.replace(Some(controls));
        let watch = Watch::new(&running.notes);
        port.send(&FromWorker::Started { run_id: start.run_id });
        let snapshots = Snapshots::default();
        let keeper = Keeper {
            about: RefCell::new(About {
                started_at: start.started_at,
                environment,
                finished_at: String::new(),
            }),
            begun: Cell::new(false),
            whole: running.keep_whole.clone(),
            last: Cell::new(run.shared.clock.now()),
            known: Cell::new(0),
        };
        let ended = run
            .carry_out(|run| {
                watch.tell(&mut run.shared.instrument.borrow_mut(), run.shared.clock.now());
                snapshots.send(port, run);
                keeper.keep(port, run);
            })
            .await?;
        let about = About { finished_at: now_rfc3339(), ..keeper.about.take() };
        RunReport::of(&run).file(ended, &about)
    };
    let view = summary::view(&file).map_err(|e| e.to_string())?;
    let json = fwit_model::json::write(&file);
    port.send(&FromWorker::Finished(Box::new(Opened { json, view })));
    Ok(())
}

/// Hands what is to be kept of a run under way to the page, every five seconds.
struct Keeper {
    about: RefCell<About>,
    /// The load has begun.
    begun: Cell<bool>,
    /// The page lacks what was sent before.
    whole: Rc<Cell<bool>>,
    last: Cell<Micros>,
    /// How many seconds the page has.
    known: Cell<usize>,
}

impl Keeper {
    fn keep(&self, port: &Port, run: &LiveRun<AnyTransport, AnyClock>) {
        let now = run.shared.clock.now();
        let due = now.since(self.last.get()) >= KEEP_EVERY;
        let begun = !matches!(run.phase.get(), Phase::Starting);
        if begun && !self.begun.replace(true) {
            // Second 0 of the run, so that a node's log can be laid beside it.
            let (start, _, _) = run.shared.windows.get();
            self.about.borrow_mut().started_at = rfc3339_ago(now.since(start));
        }
        if !begun || !(due || self.whole.get()) {
            return;
        }
        self.last.set(now);
        if self.whole.take() {
            self.known.set(0);
        }
        let from = self.known.get().saturating_sub(OVERLAP);
        let mut about = self.about.borrow().clone();
        about.finished_at = now_rfc3339();
        let file = RunReport::of(run).so_far(&about, from);
        self.known.set(from + file.series.seconds.len());
        let Kept { head, seconds } = Kept::of(file);
        let kept = KeptRun { head, part: seconds, whole: from == 0 };
        port.send(&FromWorker::RunKept(Box::new(kept)));
    }
}

/// Sends snapshots of a run to the page: each has the seconds that the page does not know yet.
#[derive(Default)]
struct Snapshots {
    /// How many seconds the page knows.
    seconds: Cell<usize>,
    /// What the thresholds that may end the run saw so far.
    looks: RefCell<Looks>,
}

impl Snapshots {
    fn send(&self, port: &Port, run: &LiveRun<AnyTransport, AnyClock>) {
        let live = RunReport::of(run).live(self.seconds.get());
        self.seconds.set(self.seconds.get() + live.seconds.len());
        RunReport::of(run).enforce(&live, &mut self.looks.borrow_mut());
        port.send(&FromWorker::Snapshot(Box::new(live)));
    }
}
