//! A run in the worker: the engine over the browser's network.

use std::cell::Cell;

use wasm_bindgen::JsValue;

use super::{Port, Running};
use crate::browser::clock::BrowserClock;
use crate::browser::pressure::Pressure;
use crate::browser::transport::FetchTransport;
use crate::dialect;
use crate::entity::engine::Run;
use crate::entity::world::Clock;
use crate::plan;
use crate::protocol::{FromWorker, Opened, Start};
use crate::run::build::About;
use crate::run::summary;
use crate::run::view::Trouble;
use crate::units::Micros;

/// Carries a run out from start to file.
pub(super) async fn carry_out(port: Port, start: Start, running: Running) {
    if let Err(messages) = run(&port, start, &running).await {
        port.fail(messages);
    }
    running.stop.over();
}

async fn run(port: &Port, start: Start, running: &Running) -> Result<(), Vec<String>> {
    let plan = plan::wire::read(&start.plan_json)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let performance =
        port.scope.performance().ok_or_else(|| vec!["This browser gives workers no clock.".to_string()])?;
    let clock = BrowserClock::new(performance.clone());
    let mut environment = start.environment;
    environment.push(("clock step".into(), clock.tick().to_string()));
    let dialect = dialect::of(plan.cluster.dialect);
    let auth = start.api_key.as_deref().map(|key| dialect.auth_header(key));
    let transport = FetchTransport::new(performance, auth);
    let run = Run::new(plan, transport, clock, start.run_id.clone(), start.api_key, running.stop.clone());
    run.calibration.replace(start.calibration);
    let heard = running.notes.clone();
    let pressure = Pressure::watch(move |serious, now_ms| {
        heard.borrow_mut().push((Trouble::Pressure, serious, now_ms));
    });
    run.shared.instrument.borrow_mut().knows_pressure = pressure.is_some();
    port.send(&FromWorker::Started { run_id: start.run_id });

    let sent = Cell::new(0);
    let ended = run
        .carry_out(|run| {
            let mut instrument = run.shared.instrument.borrow_mut();
            for (trouble, begins, at_ms) in running.notes.take() {
                instrument.mark(trouble, begins, Micros::from_millis(at_ms));
            }
            instrument.wall_clock((js_sys::Date::now() * 1e3) as i64, run.shared.clock.now());
            drop(instrument);
            let live = run.live(sent.get());
            sent.set(sent.get() + live.seconds.len());
            run.enforce(&live);
            port.send(&FromWorker::Beat(Box::new(live)));
        })
        .await
        .map_err(|e| vec![e.to_string()])?;

    let finished_at =
        String::from(js_sys::Date::new(&JsValue::from_f64(js_sys::Date::now())).to_iso_string());
    let about = About { started_at: start.started_at, finished_at, environment };
    let file = run.file(ended, &about);
    let view = summary::view(&file).map_err(|e| vec![e.to_string()])?;
    let json = serde_json::to_string(&file).map_err(|e| vec![e.to_string()])?;
    port.send(&FromWorker::Finished(Box::new(Opened { json, view })));
    Ok(())
}
