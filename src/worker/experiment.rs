//! An experiment in the worker: the runner over the browser's network, then its analysis.

use wasm_bindgen::JsValue;

use super::Port;
use crate::browser::clock::BrowserClock;
use crate::browser::transport::FetchTransport;
use crate::dialect;
use crate::entity::engine::Stop;
use crate::experiment::{self, About, Event, World};
use crate::protocol::{FromWorker, OpenedExperiment, Start};

/// Carries an experiment out from start to file.
pub(super) async fn carry_out(port: Port, start: Start, stop: Stop) {
    if let Err(messages) = run(&port, start, &stop).await {
        port.fail(messages);
    }
    stop.over();
}

async fn run(port: &Port, start: Start, stop: &Stop) -> Result<(), Vec<String>> {
    let one = |error: String| vec![error];
    let (_, experiment) = experiment::read(start.plan_json.as_bytes()).map_err(|e| one(e.to_string()))?;
    let dialects: Vec<_> = experiment.arms.iter().map(|a| a.plan.cluster.dialect).collect();
    let Some(first) = dialects.first().copied() else { return Err(one("It has no arms.".into())) };
    let performance =
        port.scope.performance().ok_or("This browser gives workers no clock.").map_err(|e| one(e.into()))?;
    let clock = BrowserClock::new(performance.clone());
    let mut environment = start.environment;
    environment.push(("clock step".into(), clock.tick().to_string()));
    let auth = start.api_key.as_deref().map(|key| dialect::of(first).auth_header(key));
    // One transport for all periods: its connections stay warm, and no arm opens more of them than another.
    let transport = FetchTransport::new(port.scope.clone(), performance, auth);
    let world = World {
        transport: &|_| transport.clone(),
        clock,
        api_key: start.api_key,
        stop: stop.clone(),
        id: start.run_id.clone(),
    };
    port.send(&FromWorker::Started { run_id: start.run_id.clone() });
    // The place for a calibration before the first period: what it finds goes into `About::calibration`.
    let carried = experiment::carry_out(&experiment, world, &|event| match event {
        Event::Period(progress) => port.send(&FromWorker::Period(progress)),
        Event::Beat(live) => port.send(&FromWorker::Beat(Box::new(live()))),
    })
    .await
    .map_err(|e| one(e.to_string()))?;
    let finished_at =
        String::from(js_sys::Date::new(&JsValue::from_f64(js_sys::Date::now())).to_iso_string());
    let about = About {
        id: start.run_id,
        started_at: start.started_at,
        finished_at,
        environment,
        calibration: Vec::new(),
    };
    let (file, view) = experiment::finish(&experiment, carried, about).map_err(|e| one(e.to_string()))?;
    let json = serde_json::to_string(&file).map_err(|e| one(e.to_string()))?;
    port.send(&FromWorker::ExperimentFinished(Box::new(OpenedExperiment { json, view })));
    Ok(())
}
