//! The null calibration: how fast this browser is against a server that does nothing, the page's
//! own.
//!
//! It uses the worker, the transport and the slots that a run has at one address. First it sends
//! one request at a time (what a request costs), then one in each of the six slots (how many a
//! second, and what one of six takes). Only a page of this machine measures: a host was not asked
//! whether it may be loaded.

use futures_util::future::join_all;
use hdrhistogram::Histogram;

use std::cell::RefCell;

use super::Port;
use crate::browser::clock::BrowserClock;
use crate::browser::environment;
use crate::browser::transport::FetchTransport;
use crate::protocol::FromWorker;
use fwit_engine::environment::within;
use fwit_engine::environment::{Call, Clock, Room, Transport};
use fwit_model::dialect::Request;
use fwit_model::plan::{self, Plan};
use fwit_present::browser_share;
use fwit_quantities::units::Micros;
use fwit_report::run::view::Calibration;
use fwit_stats::recorder::new_histogram;

/// How long the first requests open connections and wake the machine up.
const SETTLE: Micros = Micros(300_000);
/// How long one request at a time is sent.
const ALONE: Micros = Micros(1_200_000);
/// How long all slots are used.
const TOGETHER: Micros = Micros(2_500_000);
/// How long timing entries may be late.
const ENTRIES: Micros = Micros(300_000);
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

/// Measures with the slots of one address, as a plan's dialect asks.
///
/// # Errors
/// A page that does not come from this machine; a server that does not answer.
pub(super) async fn calibrate(port: &Port, plan: &Plan) -> Result<Calibration, String> {
    browser_share::may_measure(&port.scope.location().host())?;
    let performance = port.scope.performance().ok_or("This browser gives workers no clock.")?;
    let clock = BrowserClock::new(performance.clone());
    // Without the API key: it is not for the page's own server.
    let transport = FetchTransport::new(performance, &plan.cluster.dialect, None);
    let (base, path) = target(port, &transport, &clock).await?;
    let request = Request::get(path.clone());
    let call =
        Call { lane: 0, base: &base, request: &request, wants_text: &|_| false, follow: false };
    // A histogram that grows takes every value.
    let count = |into: &RefCell<Histogram<u64>>, us: Micros| into.borrow_mut().record(us.0).ok();
    // Where the timings of the requests under way go.
    let entries = RefCell::new(new_histogram());
    let take = || {
        let timings = transport.take_wire().into_iter().filter_map(|(_, timing)| timing);
        timings.for_each(|timing| {
            count(&entries, timing.service());
        });
    };
    let ask = async |until: Micros, page: &RefCell<Histogram<u64>>| {
        while clock.now() < until {
            let start = clock.now();
            if !matches!(within(&clock, PATIENCE, transport.send(&call)).await, Some(Ok(_))) {
                break;
            }
            count(page, clock.now().since(start));
            take();
        }
    };
    let in_flight = Room::BROWSER.lane;
    let together = async |length: Micros| {
        let (until, page) = (clock.now() + length, RefCell::new(new_histogram()));
        join_all((0..in_flight).map(|_| ask(until, &page))).await;
        page.into_inner()
    };
    // Of the entries, only those of six at a time are wanted.
    let rest = async || {
        clock.sleep_until(clock.now() + ENTRIES).await;
        take();
    };
    together(SETTLE).await;
    let alone = RefCell::new(new_histogram());
    ask(clock.now() + ALONE, &alone).await;
    rest().await;
    entries.borrow_mut().reset();
    let start = clock.now();
    let page = together(TOGETHER).await;
    let seconds = clock.now().since(start).as_secs();
    rest().await;
    let (alone, entries) = (alone.into_inner(), entries.borrow());
    if alone.is_empty() || page.is_empty() || seconds < 0.5 {
        return Err("The page's own server stopped answering.".into());
    }
    Ok(Calibration {
        requests_per_s: (page.len() as f64 / seconds * 10.0).round() / 10.0,
        overhead_p50_us: alone.value_at_quantile(0.5),
        overhead_p99_us: alone.value_at_quantile(0.99),
        in_flight,
        // A browser drops an entry now and then.
        service_p50_us: (2 * entries.len() > page.len()).then(|| entries.value_at_quantile(0.5)),
        page_p50_us: Some(page.value_at_quantile(0.5)),
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
