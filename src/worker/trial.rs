//! One request of each operation, to see that a dialect fits its system.

use super::Port;
use crate::browser::clock::BrowserClock;
use crate::browser::transport::FetchTransport;
use crate::protocol::FromWorker;
use fwit_engine::trial::{TrialStep, send_each};
use fwit_model::plan;

/// Sends them and tells what came.
pub(super) async fn send(port: Port, plan_json: String, api_key: Option<String>) {
    port.send(&FromWorker::Tried { result: steps(&port, &plan_json, api_key).await });
}

async fn steps(
    port: &Port,
    plan_json: &str,
    api_key: Option<String>,
) -> Result<Vec<TrialStep>, String> {
    let plan = plan::wire::read(plan_json).map_err(|problems| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })?;
    if plan.cluster.sim.is_some() {
        return Err("A simulated cluster is always there: nothing to try.".into());
    }
    let performance = port.scope.performance().ok_or("This browser gives workers no clock.")?;
    // Keys of each trial are its own.
    let id = format!("trial-{}", performance.now() as u64);
    let clock = BrowserClock::new(performance.clone());
    let transport = FetchTransport::new(performance, &plan.cluster.dialect, api_key.as_deref());
    Ok(send_each(&plan, api_key.is_some(), &transport, &clock, &id).await)
}
