//! How long simulated runs and experiments really take, and what is true of them.
//!
//! A simulation is carried out as fast as the browser can: its own minutes say nothing of how long
//! one waits for it. Before the start that is estimated from what there is to simulate; while it
//! runs, from what is done.

use fwit_model::plan::{Model, Plan};
use fwit_quantities::units::Micros;
use fwit_report::experiment::Experiment;
use fwit_report::run::view::RunView;

use super::sentence::span;

/// Seconds of one entity that a browser simulates in a second, and requests of an open load: ten
/// minutes of 50 entities take about a second (docs/performance.md).
const ENTITY_SECONDS: f64 = 30_000.0;
const REQUESTS: f64 = 300_000.0;

/// From this share on, what is done tells more than the estimate before the start.
const ENOUGH: f64 = 0.02;

/// How long a simulation of so much of a plan's load takes, s. Stages count by their highest level.
fn estimate_s(plan: &Plan, simulated: Micros) -> f64 {
    let load = &plan.load;
    let a_second = match load.model {
        Model::Closed { .. } => f64::from(load.entities) / ENTITY_SECONDS,
        Model::Open { rate_per_s, .. } => rate_per_s / REQUESTS,
    };
    simulated.as_secs() * a_second
}

/// `about 1 s`, in whole seconds, or in minutes.
fn about(seconds: f64) -> String {
    let seconds = seconds.ceil().max(1.0);
    let coarse = if seconds < 120.0 { seconds } else { (seconds / 60.0).round() * 60.0 };
    format!("about {}", span(Micros::from_secs(coarse)))
}

/// A span of whole seconds.
fn whole(t: Micros) -> String {
    span(Micros(t.0 / 1_000_000 * 1_000_000))
}

/// How long a plan's run takes, where that is not its own duration: a simulated plan's.
#[must_use]
pub fn run_takes(plan: &Plan) -> Option<String> {
    plan.cluster.sim.as_ref()?;
    let simulated = plan.load.total();
    Some(format!("{} ({} simulated)", about(estimate_s(plan, simulated)), whole(simulated)))
}

/// How long an experiment takes without repeats.
#[must_use]
pub fn experiment_takes(experiment: &Experiment) -> String {
    let all = experiment.about();
    if !is_simulated(experiment) {
        return format!("about {}", whole(all));
    }
    format!("{} ({} simulated)", about(experiment_s(experiment)), whole(all))
}

fn is_simulated(experiment: &Experiment) -> bool {
    experiment.arms.iter().any(|arm| arm.plan.cluster.sim.is_some())
}

fn experiment_s(experiment: &Experiment) -> f64 {
    let pairs = experiment.pairs() as f64;
    experiment.arms.iter().map(|arm| pairs * estimate_s(&arm.plan, experiment.period())).sum()
}

/// The instrument's figures of a run. Of a simulation, without those of the browser, which had no
/// part in it.
#[must_use]
pub fn facts(run: &RunView) -> Vec<(String, String)> {
    let of_browser = |label: &str| label.contains("browser") || label.contains("heartbeat");
    let all = run.health.facts.iter();
    all.filter(|(label, _)| !(run.simulated && of_browser(label))).cloned().collect()
}

/// Progress of what is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Done {
    /// Simulated so far, µs.
    pub elapsed_us: u64,
    /// Simulated in all, µs.
    pub total_us: u64,
    /// Real time since the start, s.
    pub passed_s: f64,
}

/// How long a simulation still takes: `about 2 s left (4 min simulated)`. `None` before enough of
/// it is done to tell.
#[must_use]
pub fn left(done: Done) -> Option<String> {
    let share = done.elapsed_us as f64 / done.total_us.max(1) as f64;
    (share >= ENOUGH && done.passed_s > 0.0).then(|| {
        let rest = done.total_us.saturating_sub(done.elapsed_us);
        let real_s = done.passed_s * (1.0 - share).max(0.0) / share;
        match whole(Micros(rest)) {
            _ if rest < 1_000_000 => format!("{} left", about(real_s)),
            rest => format!("{} left ({rest} simulated)", about(real_s)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::{Arrivals, preset};
    use fwit_report::experiment::sticky_or_not;

    fn experiment(plan: &str) -> Experiment {
        Experiment::from_file(&sticky_or_not(&preset(plan).unwrap())).unwrap()
    }

    #[test]
    fn a_simulation_takes_seconds_and_says_so() {
        let mut plan = preset("three regions").unwrap();
        assert_eq!(run_takes(&plan).unwrap(), "about 2 s (10 min 10 s simulated)");
        plan.load.entities = 10_000;
        assert_eq!(run_takes(&plan).unwrap(), "about 3 min (10 min 10 s simulated)");
        plan.load.model = Model::Open { rate_per_s: 100.0, arrivals: Arrivals::Poisson };
        assert_eq!(run_takes(&plan).unwrap(), "about 1 s (10 min 10 s simulated)");
        assert_eq!(run_takes(&preset("quick").unwrap()), None);
        assert_eq!(
            experiment_takes(&experiment("three regions")),
            "about 1 s (10 min 20 s simulated)"
        );
        assert_eq!(experiment_takes(&experiment("quick")), "about 10 min 20 s");
    }

    #[test]
    fn a_simulation_has_no_figures_of_the_browser() {
        let mut run = fwit_report::run::sample::sample("a", 1.0);
        for label in ["stall in the browser", "lateness of the engine's heartbeat", "redirects"] {
            run.health.facts.push((label.into(), "1".into()));
        }
        assert_eq!(facts(&run).len(), 3);
        run.simulated = true;
        assert_eq!(facts(&run), [("redirects".to_string(), "1".to_string())]);
    }

    #[test]
    fn what_is_left_follows_from_what_is_done() {
        let at = |elapsed_s: u64, passed_s| {
            let us = |s: u64| s * 1_000_000;
            left(Done { elapsed_us: us(elapsed_s), total_us: us(600), passed_s })
        };
        assert_eq!(at(150, 1.0).unwrap(), "about 3 s left (7 min 30 s simulated)");
        assert_eq!(at(600, 4.0).unwrap(), "about 1 s left");
        assert_eq!((at(0, 3.0), at(1, 1.0), left(Done::default())), (None, None, None));
    }
}
