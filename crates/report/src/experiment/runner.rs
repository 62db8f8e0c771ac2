//! A whole experiment: periods in their order, pairs repeated where one of their periods does not
//! count.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::model::{Experiment, PAIRS_MIN, repeats_max};
use super::period::{self, PeriodEnvironment, Which};
use super::view::{ComparisonView, ExperimentView, SafeClaim, VerdictName};
use super::wire::{ExperimentFile, PeriodFile};
use super::{analyze, compare};
use crate::run::RunError;
use crate::run::view::Live;
use fwit_engine::environment::{Clock, Transport};
use fwit_engine::instrument::{Calibration, Instrument};
use fwit_engine::live_run::{CannotStart, Ended, Stop};
use fwit_engine::shared::Shared;
use fwit_quantities::units::Micros;

pub use super::view::Progress;

/// What happens while an experiment is carried out.
#[allow(missing_debug_implementations, reason = "holds a closure")]
pub enum Event<'a> {
    /// A period begins.
    Period(Progress),
    /// A pair is over: all periods so far.
    Kept(&'a [PeriodFile]),
    /// About once a second; the state of the period's run is made when it is asked for.
    Snapshot(&'a dyn Fn() -> Live),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// Every period that was carried out to its end.
    pub periods: Vec<PeriodFile>,
    /// Completed, or stopped before its time.
    pub ended: Ended,
    /// Why it ended before its time, where that was not asked for.
    pub trouble: Option<String>,
}

/// What an experiment needs besides its periods.
#[allow(missing_debug_implementations, reason = "holds closures")]
pub struct ExperimentEnvironment<'a, T, C> {
    /// The transport for an arm: in a browser clones of one, so that connections stay warm.
    pub transport: &'a dyn Fn(usize) -> T,
    /// The time.
    pub clock: C,
    /// For subscribers.
    pub api_key: Option<String>,
    /// Ends it; finished pairs are kept.
    pub stop: Stop,
    /// Its id.
    pub id: String,
    /// How fast this browser is, where that was measured: every period is judged by it.
    pub calibration: Option<Calibration>,
    /// Tells the instrument of the period under way, at each tick, what only the browser knows.
    pub watch: &'a dyn Fn(&mut Instrument, Micros),
    /// Periods that were carried out before: of an experiment that is extended or goes on.
    pub before: Vec<PeriodFile>,
    /// How long ago it started.
    pub since_start: Micros,
}

/// Carries out all periods that are still to be carried out. A pair in which a period does not
/// count for the instrument's own reasons is repeated at the end, at most [`repeats_max`] times in
/// all. It ends early once fewer than six of six and more planned pairs can count, and when the
/// metric that it waits for is decided.
///
/// # Errors
/// Before the first period: no node answers, or the leader of an arm's cluster is said to be where
/// the API key may not go.
pub async fn carry_out<T: Transport, C: Clock + Clone>(
    experiment: &Experiment,
    world: ExperimentEnvironment<'_, T, C>,
    on: &dyn Fn(Event<'_>),
) -> Result<Carried, CannotStart> {
    look(experiment, &world).await?;
    let last = world.before.iter().map(|p| p.started_s).fold(0.0, f64::max);
    // A period never starts before the ones that are over.
    let offset = world.since_start.max(Micros::from_secs(last + 1.0));
    let fresh = world.before.is_empty();
    let start = world.clock.now();
    let elapsed = || {
        let own = world.clock.now().since(start);
        if fresh { own } else { Micros(own.0.saturating_add(offset.0)) }
    };
    let mut file = experiment.file.clone();
    let tries = |periods: &[PeriodFile], pair: usize| {
        let own = periods.iter().filter(|p| p.pair as usize == pair);
        own.map(|p| p.attempt).max().unwrap_or(0)
    };
    let counts_of = |periods: &[PeriodFile], pair: usize, attempt: u32| {
        let own = periods.iter().filter(|p| (p.pair as usize, p.attempt) == (pair, attempt));
        own.filter(|p| p.invalid.is_none()).count() == experiment.arms.len()
    };
    let mut queue: Vec<(usize, u32)> = Vec::new();
    let (mut next, mut repeats, mut good) = (0, 0, 0);
    for pair in 0..experiment.pairs() {
        let tried = tries(&world.before, pair);
        if (1..=tried).any(|attempt| counts_of(&world.before, pair, attempt)) {
            good += 1;
        } else {
            repeats += tried.saturating_sub(1);
            queue.push((pair, tried + 1));
        }
    }
    let mut carried =
        Carried { periods: world.before.clone(), ended: Ended::Completed, trouble: None };
    let repeats_max = repeats_max(experiment.pairs() as u32);
    let few = PAIRS_MIN.min(experiment.pairs() as u32);
    let mut claims = Vec::new();
    let done_before = carried.periods.len();
    while let Some(&(pair, attempt)) = queue.get(next) {
        next += 1;
        let mut counts = true;
        let order = experiment.order_of(pair, attempt);
        for (place, arm) in order.iter().copied().enumerate() {
            let dropped = || carried.periods.iter().filter_map(|p| p.invalid.as_ref());
            on(Event::Period(Progress {
                pair: pair as u32,
                pairs: experiment.pairs() as u32,
                attempt,
                arm: arm as u32,
                done: (done_before + (next - 1) * order.len() + place) as u32,
                planned: (done_before + queue.len() * order.len()) as u32,
                good,
                dropped: dropped().count() as u32,
                last_dropped: dropped().next_back().cloned(),
                claims: claims.clone(),
                elapsed_us: elapsed().0,
                left_us: left(experiment, queue.len() - next, order.len() - place).0,
            }));
            let environment = PeriodEnvironment {
                transport: (world.transport)(arm),
                clock: &world.clock,
                api_key: world.api_key.clone(),
                stop: &world.stop,
                id: &world.id,
                since_start: elapsed(),
                calibration: world.calibration.clone(),
                watch: world.watch,
            };
            let sent = Cell::new(0);
            let snapshot = |live: &dyn Fn(usize) -> Live| {
                on(Event::Snapshot(&|| {
                    let live = live(sent.get());
                    sent.set(sent.get() + live.seconds.len());
                    live
                }));
            };
            match period::carry_out(
                experiment,
                Which { pair, attempt, arm },
                environment,
                &snapshot,
            )
            .await
            {
                Ok(Some(period)) => {
                    counts = period.invalid.is_none();
                    carried.periods.push(period);
                }
                Ok(None) => return Ok(Carried { ended: Ended::Stopped, ..carried }),
                Err(error) if carried.periods.is_empty() => return Err(error),
                Err(error) => {
                    let why = error.to_string().trim_end_matches('.').replace('\n', " ");
                    return Ok(Carried { ended: Ended::Stopped, trouble: Some(why), ..carried });
                }
            }
            if !counts {
                // The rest of the pair would have no partner.
                break;
            }
        }
        on(Event::Kept(&carried.periods));
        if counts {
            good += 1;
            if experiment.file.design.extendable {
                file.periods = std::mem::take(&mut carried.periods);
                claims = safe_claims(&file);
                carried.periods = std::mem::take(&mut file.periods);
                if is_decided(experiment, &claims) {
                    return Ok(carried);
                }
            }
        } else if repeats < repeats_max {
            repeats += 1;
            queue.push((pair, attempt + 1));
        }
        let to_come = (queue.len() - next) as u32 + repeats_max.saturating_sub(repeats);
        if good + to_come < few {
            let why = format!("fewer than {few} pairs could still count, so it was ended early");
            return Ok(Carried { ended: Ended::Stopped, trouble: Some(why), ..carried });
        }
        if world.stop.is_asked() {
            return Ok(Carried { ended: Ended::Stopped, ..carried });
        }
    }
    Ok(carried)
}

/// What may be claimed of the pairs so far, whenever it is looked at: by e-values alone.
fn safe_claims(file: &ExperimentFile) -> Vec<SafeClaim> {
    let Ok(compared) = compare::at_any_time(file) else { return Vec::new() };
    let of = |c: &ComparisonView| -> Vec<SafeClaim> {
        c.primaries
            .iter()
            .map(|m| SafeClaim {
                metric: m.name.clone(),
                arm: c.arm,
                verdict: m.verdict,
                words: m.text.clone(),
            })
            .collect()
    };
    compared.iter().flat_map(of).collect()
}

/// Whether the metric that the experiment waits for is decided in every comparison.
fn is_decided(experiment: &Experiment, claims: &[SafeClaim]) -> bool {
    let Some(metric) = &experiment.file.design.stop_when_decided else { return false };
    let mut own = claims.iter().filter(|c| c.metric == *metric).peekable();
    own.peek().is_some() && own.all(|c| c.verdict != VerdictName::Inconclusive)
}

/// Looks at the arms' clusters, each once: whether the API key may go to their leaders.
async fn look<T: Transport, C: Clock + Clone>(
    experiment: &Experiment,
    world: &ExperimentEnvironment<'_, T, C>,
) -> Result<(), CannotStart> {
    if world.api_key.is_none() {
        return Ok(());
    }
    let mut seen = Vec::new();
    for (i, arm) in experiment.arms.iter().enumerate() {
        if seen.contains(&&arm.plan.cluster) || world.stop.is_asked() {
            continue;
        }
        seen.push(&arm.plan.cluster);
        let (transport, clock) = ((world.transport)(i), world.clock.clone());
        Shared::new(arm.plan.clone(), transport, clock, world.id.clone(), true)
            .first_look()
            .await?;
    }
    Ok(())
}

/// What only the page knows of an experiment.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The experiment's id.
    pub id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Label and text.
    pub environment: Vec<(String, String)>,
    /// What a calibration before the start found: label and text.
    pub calibration: Vec<(String, String)>,
}

/// The file and the view of an experiment that is over.
///
/// # Errors
/// None of periods that this program made.
pub fn finish(
    experiment: &Experiment,
    carried: Carried,
    about: About,
) -> Result<(ExperimentFile, ExperimentView), RunError> {
    let mut file = experiment.file.clone();
    (file.id, file.started_at, file.finished_at) = (about.id, about.started_at, about.finished_at);
    file.environment = BTreeMap::from_iter(about.environment);
    file.calibration = BTreeMap::from_iter(about.calibration);
    (file.ended, file.trouble, file.periods) =
        (Some(carried.ended), carried.trouble, carried.periods);
    let view = analyze(&file)?;
    file.comparisons.clone_from(&view.comparisons);
    Ok((file, view))
}

/// About how long the rest takes: whole pairs to come, and periods of this one.
fn left(experiment: &Experiment, pairs: usize, periods: usize) -> Micros {
    let periods = (pairs * experiment.arms.len() + periods) as u64;
    Micros((experiment.period().0 + 1_000_000).saturating_mul(periods))
}
