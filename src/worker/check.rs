//! The connection check: asks every address of a plan what a load test needs to know. The look for
//! lanes asks less, and waits less.

use std::cell::RefCell;
use std::collections::HashMap;

use futures_util::future::join_all;
use js_sys::Reflect;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, RequestCache, RequestInit, RequestMode};

use super::Port;
use crate::browser::clock::BrowserClock;
use crate::browser::transport::FetchTransport;
use crate::protocol::FromWorker;
use fwit_engine::environment::within;
use fwit_engine::environment::{Call, Clock, Transport, Wire};
use fwit_model::plan::{self, BaseUrl, Plan};
use fwit_quantities::sample::WireTiming;
use fwit_quantities::units::Micros;
use fwit_report::check::{AddressFacts, NodeCheck};

/// Timings by ticket, of requests to other addresses.
type Timings = RefCell<HashMap<u64, Option<WireTiming>>>;

/// How many requests are sent at most; the least round trip is reported.
const ROUNDS: usize = 5;
/// How long the look for lanes waits for an address.
const SHORT: Micros = Micros(1_000_000);
/// After an answer that took this long no further request is sent.
const LONG: Micros = Micros(1_000_000);

/// How much is asked of an address, and for how long.
#[derive(Clone, Copy)]
struct Effort {
    /// How many requests are sent at most.
    rounds: usize,
    /// How long each may take.
    patience: Micros,
    /// Whether an address that can't be read is asked once more, blindly.
    blindly: bool,
}

/// Checks every address of a plan's nodes, all at once.
pub(super) async fn look(port: Port, plan_json: String, api_key: Option<String>) {
    // A request may take as long as one of the run.
    let effort =
        |plan: &Plan| Effort { rounds: ROUNDS, patience: plan.load.timeout, blindly: true };
    match ask(&port, &plan_json, api_key, effort).await {
        Ok(nodes) => port.send(&FromWorker::Checked { nodes }),
        Err(messages) => port.fail(messages),
    }
}

/// Asks every address of a plan's nodes once, all at the same time, for about a second.
pub(super) async fn look_for_lanes(port: Port, plan_json: String, api_key: Option<String>) {
    let effort = |_: &Plan| Effort { rounds: 1, patience: SHORT, blindly: false };
    // Where it can't ask, nothing is found.
    let nodes = ask(&port, &plan_json, api_key, effort).await.unwrap_or_default();
    port.send(&FromWorker::LanesLooked { nodes });
}

async fn ask(
    port: &Port,
    plan_json: &str,
    api_key: Option<String>,
    effort: impl Fn(&Plan) -> Effort,
) -> Result<Vec<NodeCheck>, Vec<String>> {
    let plan = plan::wire::read(plan_json)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    if plan.cluster.sim.is_some() {
        return Err(vec!["A simulated cluster is always there: nothing to check.".into()]);
    }
    let Some(performance) = port.scope.performance() else {
        return Err(vec!["This browser gives workers no clock.".into()]);
    };
    let effort = effort(&plan);
    let clock = BrowserClock::new(performance.clone());
    let transport = FetchTransport::new(performance, &plan.cluster.dialect, api_key.as_deref());
    // All addresses are asked at once and share the browser's timings: one that reads them keeps
    // them for the others.
    let timings = Timings::default();
    let nodes = join_all(plan.cluster.nodes.iter().map(|node| async {
        let addresses =
            std::iter::once(&node.url).chain(node.lanes.iter().filter(|l| **l != node.url));
        let addresses = join_all(
            addresses
                .map(|url| address(&port.scope, &plan, &transport, &clock, &timings, url, effort)),
        )
        .await;
        NodeCheck { name: node.name.clone(), addresses }
    }))
    .await;
    Ok(nodes)
}

async fn address(
    scope: &DedicatedWorkerGlobalScope,
    plan: &Plan,
    transport: &FetchTransport,
    clock: &BrowserClock,
    timings: &Timings,
    url: &BaseUrl,
    effort: Effort,
) -> AddressFacts {
    let page = scope.location().origin();
    let dialect = &plan.cluster.dialect;
    let mut facts = AddressFacts {
        url: url.to_string(),
        path: dialect.status_request().path.into_owned(),
        page_is_secure: page.starts_with("https:"),
        page_is_loopback: BaseUrl::parse(&page).is_ok_and(|p| p.is_loopback()),
        ..AddressFacts::default()
    };
    let patience = effort.patience;
    let request = dialect.status_request();
    let base = url.to_string();
    let mut follow = false;
    for _ in 0..effort.rounds {
        let start = clock.now();
        let call = Call { lane: 0, base: &base, request: &request, wants_text: &|_| true, follow };
        let reply = match within(clock, patience, transport.send(&call)).await {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => {
                facts.failure = Some(error.0);
                break;
            }
            None => {
                facts.waited_us = Some(patience.0);
                break;
            }
        };
        if reply.redirect {
            // Where it leads is seen by following it, without the key.
            (follow, facts.hidden_redirect) = (true, true);
            continue;
        }
        facts.hidden_redirect = false;
        let took = clock.now().since(start);
        facts.round_trip_us = Some(facts.round_trip_us.map_or(took.0, |least| least.min(took.0)));
        (facts.reachable, facts.readable, facts.status) = (true, true, Some(reply.status));
        facts.redirects_to = reply.final_url;
        facts.max_age_s = reply.max_age.map(|age| (age.0 / 1_000_000) as u32);
        let status = reply.text.as_deref().and_then(|t| dialect.read_status(t));
        facts.dialect_fits = status.is_some();
        // Behind a redirect somebody else tells its role.
        let status = status.filter(|_| facts.redirects_to.is_none());
        facts.node = status.as_ref().and_then(|s| s.name.clone());
        facts.role = status
            .and_then(|s| s.leads)
            .map(|leads| if leads { "leader" } else { "follower" }.into());
        if let Wire::Later(ticket) = reply.wire
            && let Some(timing) = wait_for(transport, clock, timings, ticket).await
        {
            facts.timing_header = true;
            facts.protocol = timing.protocol.label().into();
            let wire = timing.service().0;
            facts.round_trip_us = Some(facts.round_trip_us.map_or(wire, |least| least.min(wire)));
        }
        if facts.redirects_to.is_some() || took > LONG {
            break;
        }
    }
    if !facts.readable && effort.blindly {
        let asked = format!("{base}{}", facts.path);
        let answers = within(clock, patience, answers_blindly(scope, &asked)).await;
        facts.reachable = facts.hidden_redirect || answers == Some(true);
    }
    facts
}

/// Returns the timing of a request. Timings come a moment after the answer.
async fn wait_for(
    transport: &FetchTransport,
    clock: &BrowserClock,
    timings: &Timings,
    ticket: u64,
) -> Option<WireTiming> {
    for _ in 0..20 {
        timings.borrow_mut().extend(transport.take_wire());
        if let Some(timing) = timings.borrow_mut().remove(&ticket) {
            return timing;
        }
        clock.sleep_until(clock.now() + Micros(5_000)).await;
    }
    None
}

/// Returns whether the address answers at all, by a request whose answer the page may not read.
async fn answers_blindly(scope: &DedicatedWorkerGlobalScope, url: &str) -> bool {
    let init = RequestInit::new();
    init.set_mode(RequestMode::NoCors);
    init.set_cache(RequestCache::NoStore);
    let Ok(answer) = JsFuture::from(scope.fetch_with_str_and_init(url, &init)).await else {
        return false;
    };
    let kind = Reflect::get(&answer, &"type".into()).ok().and_then(|t| t.as_string());
    kind.is_some_and(|kind| kind == "opaque")
}
