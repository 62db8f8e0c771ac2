//! One request of each operation, to see that a dialect fits its system: what is sent, what comes,
//! and what the dialect makes of it.
//!
//! It writes to the cluster as a run does, with the same keys.

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::choice::{Chooser, Chosen};
use super::environment::{Call, Clock, Transport, within};
use super::topology::Topology;
use fwit_model::dialect::{NodeStatus, Request};
use fwit_model::plan::Plan;
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::Micros;

/// Most characters of a text that are shown.
const SHOWN: usize = 600;
/// How long a node may take to say who leads.
const PATIENCE: Micros = Micros(2_000_000);

/// One request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialStep {
    /// The operation.
    pub op: String,
    /// Method and address.
    pub request: String,
    /// Its body, as far as it is shown.
    pub body: String,
    /// HTTP status; 0 where there is no answer.
    pub status: u16,
    /// The answer's text, as far as it is shown.
    pub answer: String,
    /// How long it took, µs.
    pub took_us: u64,
    /// The class of the answer: `ok`, `not found`, …
    pub class: String,
    /// Whether that class is an error.
    pub is_error: bool,
    /// The value that the dialect finds in the answer.
    pub value: Option<String>,
    /// The key's version that it finds.
    pub version: Option<String>,
    /// Why there is no answer, in the browser's words.
    pub failure: Option<String>,
    /// What the browser asks leave for before it sends the request (CORS).
    pub asks_leave_for: Vec<String>,
}

/// Sends a request of every operation with a weight, one after another, to the node that says that
/// it leads, else to the first.
pub async fn send_each<T: Transport, C: Clock>(
    plan: &Plan,
    has_key: bool,
    transport: &T,
    clock: &C,
    run_id: &str,
) -> Vec<TrialStep> {
    let dialect = &*plan.cluster.dialect;
    let operations = dialect.operations();
    let topology = Topology::new(&plan.cluster);
    let node = who_leads(plan, &topology, transport, clock).await.unwrap_or(0);
    let Some((lane, base)) = topology.first_lane(node) else { return Vec::new() };
    let mut chooser = Chooser::new(plan, 0, run_id);
    let topic = format!("fwit-{run_id}");
    let mut steps = Vec::new();
    for (op, operation) in operations.iter().enumerate() {
        if plan.mix.get(op).is_none_or(|(_, weight)| *weight == 0) {
            continue;
        }
        let mut chosen = Chosen::default();
        chosen.op = op;
        chooser.choose(operations, &topic, clock.now(), &mut chosen);
        let request = dialect.request(op, &chosen.choice());
        let mut step = TrialStep {
            op: operation.name.clone(),
            request: format!("{} {base}{}", request.method.name(), request.path),
            body: shown(&request.body),
            asks_leave_for: asks_leave_for(&request, has_key, dialect.auth_header("")),
            ..TrialStep::default()
        };
        let sent = clock.now();
        let call =
            Call { lane, base: &base, request: &request, wants_text: &|_| true, follow: false };
        let reply = within(clock, plan.load.timeout, transport.send(&call)).await;
        step.took_us = clock.now().since(sent).0;
        let outcome = match reply {
            None => Outcome::Timeout,
            Some(Err(why)) => {
                step.failure = Some(why.0);
                Outcome::Network
            }
            Some(Ok(reply)) => {
                let text = reply.text.as_deref();
                let outcome = reply.outcome(dialect, op);
                step.status = reply.status;
                step.answer = shown(text.unwrap_or_default());
                if outcome == Outcome::Ok {
                    step.value = text.and_then(|t| dialect.value(op, t)).map(|v| shown(&v));
                    step.version = dialect.version(op, text);
                    chooser.succeeded(operations, &chosen, step.version.clone());
                }
                outcome
            }
        };
        step.class = outcome.label().into();
        step.is_error = outcome.is_error();
        steps.push(step);
    }
    steps
}

/// The node that leads, by the nodes' statuses, as far as they come soon.
async fn who_leads<T: Transport, C: Clock>(
    plan: &Plan,
    topology: &Topology,
    transport: &T,
    clock: &C,
) -> Option<u16> {
    let dialect = &*plan.cluster.dialect;
    if !dialect.finds_leader() {
        return None;
    }
    let statuses = join_all((0..topology.nodes.len() as u16).map(|node| async move {
        let (lane, base) = topology.first_lane(node)?;
        let request = dialect.status_request();
        let call =
            Call { lane, base: &base, request: &request, wants_text: &|_| true, follow: false };
        let patience = plan.load.timeout.min(PATIENCE);
        let reply = within(clock, patience, transport.send(&call)).await?.ok()?;
        dialect.read_status(reply.text.as_deref()?)
    }))
    .await;
    let leads = |status: &Option<NodeStatus>| {
        status.as_ref().is_some_and(|status| status.leads == Some(true))
    };
    if let Some(leader) = statuses.iter().position(leads) {
        return Some(leader as u16);
    }
    statuses.iter().flatten().find_map(|status| topology.named_by(status))
}

/// The beginning of a text.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What makes a browser ask another origin for leave first (Fetch standard).
fn asks_leave_for(request: &Request, has_key: bool, auth: Option<(&str, String)>) -> Vec<String> {
    let mut list = Vec::new();
    let plain = Request { headers: Request::get("/").headers, ..request.clone() };
    if !plain.is_simple() {
        list.push(format!("the method {}", request.method.name()));
    }
    if !request.headers.simple {
        let headers = request.headers.list.iter();
        list.extend(headers.map(|(name, value)| format!("the header {name}: {value}")));
    }
    if let (true, Some((name, _))) = (has_key, auth) {
        list.push(format!("the header {name}"));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::clock::VirtualClock;
    use crate::sim::transport::SimTransport;
    use fwit_model::plan::{SIM_PRESETS, preset};

    #[test]
    fn every_operation_is_sent_once_and_its_answer_read() {
        let plan = preset(SIM_PRESETS[0].name).unwrap();
        let clock = VirtualClock::default();
        let sim = plan.cluster.sim.as_ref().unwrap();
        let transport = SimTransport::new(sim, plan.seed, clock.clone());
        let steps = clock
            .run(send_each(&plan, false, &transport, &clock, "t"))
            .expect("it comes to an end");
        let names: Vec<&str> = steps.iter().map(|s| s.op.as_str()).collect();
        let all: Vec<&str> = plan.mix.iter().map(|(op, _)| op.as_str()).collect();
        assert_eq!(names, all);
        assert!(steps.iter().all(|s| !s.is_error && s.took_us > 0), "{steps:#?}");
        assert!(steps[1].request.contains("/db/api/v1/get?key=stress-key-"), "{:?}", steps[1]);
    }

    #[test]
    fn what_needs_leave_is_named() {
        let couch = fwit_model::dialect::built_in("couchdb").unwrap();
        let request = couch.request(0, &Chosen::default().choice());
        let list = asks_leave_for(&request, true, couch.auth_header("a:b"));
        let expected = [
            "the method PUT",
            "the header Content-Type: application/json",
            "the header Authorization",
        ];
        assert_eq!(list, expected);
        assert_eq!(shown("é".repeat(700).as_str()).chars().count(), SHOWN + 1);
    }
}
