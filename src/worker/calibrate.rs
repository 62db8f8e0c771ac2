//! The null calibration: how fast this browser is against a server that does nothing, the page's
//! own.
//!
//! It uses the worker, the transport and the slots of a run, as far as one origin has them. First
//! it sends one request at a time (what a request costs), then all slots at once (how many a
//! second).

use futures_util::future::join_all;

use super::Port;
use crate::browser::clock::BrowserClock;
use crate::browser::environment;
use crate::browser::transport::FetchTransport;
use crate::protocol::FromWorker;
use fwit_engine::environment::within;
use fwit_engine::environment::{Call, Clock, Room, Transport};
use fwit_model::dialect::{self, Request};
use fwit_model::plan::{self, Plan};
use fwit_quantities::units::Micros;
use fwit_report::run::view::Calibration;
use fwit_stats::recorder::new_histogram;

/// How long the first requests open connections and wake the machine up.
const SETTLE: Micros = Micros(300_000);
/// How long one request at a time is sent.
const ALONE: Micros = Micros(1_200_000);
/// How long all slots are used.
const TOGETHER: Micros = Micros(2_500_000);
/// How long one request may take.
const PATIENCE: Micros = Micros(2_000_000);

/// Measures, and sends the result.
pub(super) async fn measure(port: Port, plan_json: String) {
    let result = match plan::wire::read(&plan_json) {
        Ok(plan) => calibrate(&port, &plan).await,
        Err(p) => Err(p.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
    };
    port.send(&FromWorker::Calibrated { result });
}

/// Measures with the slots of a plan.
pub(super) async fn calibrate(port: &Port, plan: &Plan) -> Result<Calibration, String> {
    let performance = port.scope.performance().ok_or("This browser gives workers no clock.")?;
    let clock = BrowserClock::new(performance.clone());
    // Without the API key: it is not for the page's own server.
    let transport = FetchTransport::new(performance, dialect::of(plan.cluster.dialect), None);
    let (base, path) = target(port, &transport, &clock).await?;
    let request = Request::get(path.clone());
    let call =
        Call { lane: 0, base: &base, request: &request, wants_text: &|_| false, follow: false };
    // Measured by the page's clock: that is the time of a node that sends no timing header.
    let ask = async |until: Micros, tell: &dyn Fn(u64)| {
        let mut count = 0_u64;
        while clock.now() < until {
            let start = clock.now();
            if !matches!(within(&clock, PATIENCE, transport.send(&call)).await, Some(Ok(_))) {
                break;
            }
            count += 1;
            tell(clock.now().since(start).0);
            // The timings are not used, and must not pile up.
            transport.take_wire();
        }
        count
    };
    let lanes: usize = plan.cluster.nodes.iter().map(|n| n.lane_urls().count()).sum();
    let in_flight =
        (lanes as u32 * Room::BROWSER.lane).min(plan.load.entities).clamp(1, Room::BROWSER.lane);
    let together = async |length: Micros| {
        let until = clock.now() + length;
        join_all((0..in_flight).map(|_| ask(until, &|_| {}))).await.into_iter().sum::<u64>()
    };
    together(SETTLE).await;
    let alone = std::cell::RefCell::new(new_histogram());
    ask(clock.now() + ALONE, &|us| {
        // A histogram that grows takes every value.
        alone.borrow_mut().record(us).ok();
    })
    .await;
    let start = clock.now();
    let count = together(TOGETHER).await;
    let seconds = clock.now().since(start).as_secs();
    let alone = alone.into_inner();
    if alone.is_empty() || count == 0 || seconds < 0.5 {
        return Err("The page's own server stopped answering.".into());
    }
    Ok(Calibration {
        requests_per_s: (count as f64 / seconds * 10.0).round() / 10.0,
        overhead_p50_us: alone.value_at_quantile(0.5),
        overhead_p99_us: alone.value_at_quantile(0.99),
        in_flight,
        url: format!("{base}{path}"),
        measured_at: environment::now_rfc3339(),
    })
}

/// Returns base and path of something small on the page's own origin: `/null` when the server has
/// it, or the worker's own file.
async fn target(
    port: &Port,
    transport: &FetchTransport,
    clock: &BrowserClock,
) -> Result<(String, String), String> {
    let location = port.scope.location();
    let base = location.origin();
    for path in ["/null".to_string(), location.pathname()] {
        let request = Request::get(path.clone());
        let call =
            Call { lane: 0, base: &base, request: &request, wants_text: &|_| false, follow: false };
        if let Some(Ok(reply)) = within(clock, PATIENCE, transport.send(&call)).await
            && matches!(reply.status, 200 | 204)
            && reply.bytes <= 4_096
        {
            return Ok((base, path));
        }
    }
    Err("The page's own server does not answer, so there is nothing to measure against.".into())
}
