//! A fixed run over the simulated cluster, and the hash of its file: the same natively and in a
//! browser.

use fwit_engine::live_run::{LiveRun, Stop};
use fwit_engine::sim::clock::VirtualClock;
use fwit_engine::sim::transport::SimTransport;
use fwit_model::plan::{Outage, Plan, RateLimit, preset};
use fwit_quantities::units::Micros;
use fwit_report::run::build::{About, RunReport};

/// What the run's file hashes to, wherever it is made.
pub const HASH: u64 = 10_592_946_880_801_507_875;

/// Everything at once: drift, jitter, a crash, a limit, lost events, all shapes of service times.
fn plan() -> Plan {
    let mut plan = preset("three regions").unwrap();
    plan.load.warmup = Micros::from_secs(2.0);
    plan.load.duration = Micros::from_secs(40.0);
    plan.disable_leader_stickiness = true;
    plan.verify = true;
    if let Some(sim) = &mut plan.cluster.sim {
        sim.outages = vec![Outage { node: "leader-far".into(), at_s: 15.0, back_s: Some(25.0) }];
        sim.rate_limit = Some(RateLimit { per_s: 150.0, burst: 50.0 });
        (sim.drift.per_minute, sim.drift.sigma, sim.drift.persistence) = (1.1, 0.02, 0.95);
        (sim.events.loss, sim.events.duplication) = (0.02, 0.01);
        sim.nodes[1].read.shape = fwit_model::plan::Shape::Bimodal;
        sim.nodes[2].read.shape = fwit_model::plan::Shape::Exponential;
    }
    plan
}

/// The hash (64-bit FNV-1a) of the file's JSON.
pub fn hash() -> u64 {
    let plan = plan();
    let way =
        SimTransport::new(plan.cluster.sim.as_ref().unwrap(), plan.seed, VirtualClock::default());
    let run =
        LiveRun::new(plan, way.clone(), way.clock().clone(), "fixed".into(), None, Stop::default());
    let ended = way.clock().run(run.carry_out(|_| ())).unwrap().unwrap();
    let json = serde_json::to_vec(&RunReport::of(&run).file(ended, &About::default())).unwrap();
    json.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
