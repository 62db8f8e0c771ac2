//! Fixed runs over the simulated cluster: the same natively, always.
#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use fwit_engine::live_run::{LiveRun, Stop};
use fwit_engine::sim::clock::VirtualClock;
use fwit_engine::sim::transport::SimTransport;
use fwit_model::plan::{Outage, Plan, RateLimit, preset};
use fwit_quantities::units::Micros;
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::wire::RunFile;

/// The API key that the runs were started with: no form may hold it.
pub const KEY: &str = "sk-live-4Kq9ZpR2vXw7";

/// A run of so many measured seconds with something of everything: a crash, a rate limit, lost
/// events, checks, no leader stickiness.
pub fn file(seconds: f64) -> RunFile {
    file_of(plan(seconds))
}

/// A short one of two operations, whose forms are small.
pub fn small() -> RunFile {
    let mut plan = plan(3.0);
    plan.load.entities = 12;
    plan.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "get" || op == "set"));
    plan.subscribers = 0;
    file_of(plan)
}

fn plan(seconds: f64) -> Plan {
    let mut plan = preset("three regions").unwrap();
    plan.load.warmup = Micros::from_secs(2.0);
    plan.load.duration = Micros::from_secs(seconds);
    plan.disable_leader_stickiness = true;
    plan.verify = true;
    if let Some(sim) = &mut plan.cluster.sim {
        sim.outages = vec![Outage { node: "leader-far".into(), at_s: 5.0, back_s: Some(8.0) }];
        sim.rate_limit = Some(RateLimit { per_s: 150.0, burst: 50.0 });
        (sim.events.loss, sim.events.duplication) = (0.02, 0.01);
    }
    plan
}

fn file_of(plan: Plan) -> RunFile {
    let way =
        SimTransport::new(plan.cluster.sim.as_ref().unwrap(), plan.seed, VirtualClock::default());
    let (clock, key) = (way.clock().clone(), Some(KEY.to_string()));
    let run = LiveRun::new(plan, way.clone(), clock, "fixed".into(), key, Stop::default());
    let ended = way.clock().run(run.carry_out(|_| ())).unwrap().unwrap();
    let about = About {
        started_at: "2026-11-21T10:00:00.250Z".into(),
        finished_at: "2026-11-21T10:00:24.250Z".into(),
        environment: vec![("fwit".into(), "0.1.0".into()), ("cluster".into(), "simulated".into())],
    };
    RunReport::of(&run).file(ended, &about)
}
