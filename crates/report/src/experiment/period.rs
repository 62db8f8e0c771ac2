//! One period: connections warmed, one run of an arm's plan, what is kept of it, and whether it
//! counts.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::model::Experiment;
use super::wire::PeriodFile;
use crate::run::build::{About, RunReport};
use crate::run::view::Live;
use crate::run::wire::RunFile;
use fwit_engine::environment::within;
use fwit_engine::environment::{Call, Clock, Room, Transport};
use fwit_engine::instrument::{Calibration, Instrument};
use fwit_engine::live_run::{CannotStart, Ended, LiveRun, Stop};
use fwit_engine::topology::Topology;
use fwit_model::plan::Plan;
use fwit_quantities::units::Micros;

/// So many signs of the instrument's own (time stood still, late timers, CPU pressure, …), and a
/// period does not count.
pub const SIGNS_MIN: usize = 2;
/// Pings in all before a period: browsers keep no more connections open.
const PINGS_MAX: usize = 256;
/// How long a ping may take.
const PING_PATIENCE: Micros = Micros(1_000_000);

/// Which period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// Number of the pair.
    pub pair: usize,
    /// Which try of the pair, from 1.
    pub attempt: u32,
    /// Number of the arm.
    pub arm: usize,
}

/// What a period needs besides its plan: transport, clock, and what is known of the experiment.
#[allow(missing_debug_implementations, reason = "holds a closure")]
pub struct PeriodEnvironment<'a, T, C> {
    /// Carries the requests; the arms of a browser share one, so that its connections stay warm.
    pub transport: T,
    /// The time.
    pub clock: &'a C,
    /// For subscribers.
    pub api_key: Option<String>,
    /// Ends it.
    pub stop: &'a Stop,
    /// The experiment's id; the run's is made of it.
    pub id: &'a str,
    /// How long ago the experiment began.
    pub since_start: Micros,
    /// How fast this browser is, where that was measured.
    pub calibration: Option<Calibration>,
    /// Tells the run's instrument, at each tick, what only the browser knows.
    pub watch: &'a dyn Fn(&mut Instrument, Micros),
}

/// Is called at each snapshot. Its argument makes the snapshot, from the first second wanted.
pub type OnSnapshot<'a> = dyn Fn(&dyn Fn(usize) -> Live) + 'a;

/// Carries out one period. `None` where it was stopped before its end: such a period is not kept.
///
/// # Errors
/// No node answers, or the leader is said to be where the API key may not go.
pub async fn carry_out<T: Transport, C: Clock + Clone>(
    experiment: &Experiment,
    which: Which,
    environment: PeriodEnvironment<'_, T, C>,
    on_snapshot: &OnSnapshot<'_>,
) -> Result<Option<PeriodFile>, CannotStart> {
    let Some(plan) = experiment.period_plan(which.arm, which.pair) else { return Ok(None) };
    let called = environment.clock.now();
    warm(&plan, experiment, &environment.transport, environment.clock).await;
    let warmed = environment.clock.now().since(called);
    let started_s = Micros(environment.since_start.0.saturating_add(warmed.0)).as_secs();
    let Which { pair, attempt, arm } = which;
    let run_id = format!("{}-p{}-{attempt}-{}", environment.id, pair + 1, arm + 1);
    let run = LiveRun::new(
        plan,
        environment.transport,
        environment.clock.clone(),
        run_id,
        environment.api_key,
        environment.stop.clone(),
    );
    run.calibration.replace(environment.calibration);
    let first = RefCell::new(None);
    let ended = run
        .carry_out(|run| {
            let mut first = first.borrow_mut();
            if first.is_none() && run.phase.get() != fwit_engine::live_run::Phase::Starting {
                *first = Some(leader(run));
            }
            (environment.watch)(&mut run.shared.instrument.borrow_mut(), run.shared.clock.now());
            on_snapshot(&|from| RunReport::of(run).live(from));
        })
        .await?;
    if ended != Ended::Completed {
        return Ok(None);
    }
    let last = leader(&run);
    let leader = [first.into_inner().unwrap_or_else(|| last.clone()), last];
    let mut run = RunReport::of(&run).file(ended, &About::default());
    let invalid = invalid(&run);
    slim(&mut run);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Some(PeriodFile {
        pair: number(pair),
        attempt,
        arm: number(arm),
        started_s,
        leader,
        invalid,
        run,
    }))
}

/// The node that said it leads when last asked, where just one did.
fn leader<T: Transport, C: Clock>(run: &LiveRun<T, C>) -> Option<String> {
    let (leads, topology) = (run.shared.leads.borrow(), run.shared.topology.borrow());
    let mut leaders = leads.iter().zip(&topology.nodes).filter(|(l, _)| **l == Some(true));
    let first = leaders.next()?.1.name.clone();
    leaders.next().is_none().then_some(first)
}

/// Why a period does not count: only for the instrument's own reasons. Failed requests, an election
/// and a cluster that hangs are what is measured: leaving them out would make an arm that fails
/// look like one that does not.
#[must_use]
pub fn invalid(run: &RunFile) -> Option<String> {
    let own = &run.health.instrument;
    // Waiting for slots is a fact of the load: both arms say how many requests were under way, and
    // response times are whole. It is among the limits, not among the signs.
    (own.len() >= SIGNS_MIN).then(|| format!("the browser made the numbers: {}", own.join(" ")))
}

/// Twenty and more runs stand in one file: what the analysis does not look at, and can't be needed,
/// goes.
fn slim(run: &mut RunFile) {
    for op in run.series.seconds.iter_mut().flat_map(|s| s.ops.values_mut()) {
        op.response = Vec::new();
    }
    run.environment.clear();
}

/// Opens the connections that the arms use, in every arm all of them: one ping a slot of every
/// lane.
async fn warm<T: Transport, C: Clock>(
    plan: &Plan,
    experiment: &Experiment,
    transport: &T,
    clock: &C,
) {
    let mut lanes: Vec<Rc<str>> = Vec::new();
    let arms = experiment.arms.iter().filter(|a| a.plan.cluster.dialect == plan.cluster.dialect);
    for cluster in std::iter::once(&plan.cluster).chain(arms.map(|a| &a.plan.cluster)) {
        for lane in Topology::new(cluster).lanes {
            if !lanes.contains(&lane.base) {
                lanes.push(lane.base);
            }
        }
    }
    let request = plan.cluster.dialect.status_request();
    let turns = transport.room().lane.min(Room::BROWSER.lane) as usize;
    let pings = (0..turns).flat_map(|_| lanes.iter().enumerate()).take(PINGS_MAX.max(lanes.len()));
    let mut under_way: FuturesUnordered<_> = pings
        .map(|(lane, base)| {
            let request = &request;
            async move {
                let call = Call { lane, base, request, wants_text: &|_| false, follow: false };
                within(clock, PING_PATIENCE, transport.send(&call)).await;
            }
        })
        .collect();
    while under_way.next().await.is_some() {}
    // Their timings belong to no request of the load.
    transport.take_wire();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::wire::CountsFile;

    fn run() -> RunFile {
        crate::experiment::merge::tests::run("r", 1.0)
    }

    #[test]
    fn a_period_counts_unless_something_speaks_against_it() {
        assert_eq!(invalid(&run()), None);
        let mut limited = run();
        limited.health.limits = vec!["40 of 50 entities waited.".into()];
        limited.health.signs = vec!["Connections did not stay open.".into(), "Late.".into()];
        limited.health.instrument = vec!["Late.".into()];
        assert_eq!(invalid(&limited), None);
        limited.health.instrument.push("CPU.".into());
        assert!(invalid(&limited).unwrap().contains("browser"));
        // What the cluster does stays in.
        let mut failing = run();
        let counts = CountsFile { issued: 10, timeout: 10, ..CountsFile::default() };
        failing.totals = [("get".to_string(), counts)].into();
        assert_eq!(invalid(&failing), None);
    }
}
