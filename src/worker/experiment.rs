//! An experiment in the worker, over the browser's network or over simulated clusters: carried out,
//! then analysed.

use std::cell::Cell;

use super::calibrate::calibrate;
use super::environment::{AnyClock, AnyTransport, simulate};
use super::watch::Watch;
use super::{Port, Running};
use crate::browser::clock::BrowserClock;
use crate::browser::environment;
use crate::browser::transport::FetchTransport;
use crate::protocol::{Failure, FromWorker, OpenedExperiment, Start};
use fwit_engine::environment::Clock;
use fwit_engine::live_run::TICK;
use fwit_engine::sim::arms::transports;
use fwit_engine::sim::clock::VirtualClock;
use fwit_model::dialect::Dialect;
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::experiment::wire::PeriodFile;
use fwit_report::experiment::{self, About, Carried, Event, Experiment, ExperimentEnvironment};
use fwit_report::run::view::{Calibration, Ended};

/// Carries an experiment out, from its start to its file.
pub(super) async fn carry_out(port: Port, start: Start, running: Running) {
    if let Err(failure) = run(&port, start, &running).await {
        port.send(&FromWorker::Failed(failure));
    }
    running.stop.over();
}

async fn run(port: &Port, start: Start, running: &Running) -> Result<(), Failure> {
    let (begun, experiment) =
        experiment::read(start.plan_json.as_bytes()).map_err(|e| e.to_string())?;
    let performance = port.scope.performance().ok_or("This browser gives workers no clock.")?;
    let clock = BrowserClock::new(performance.clone());
    port.send(&FromWorker::Started { run_id: start.run_id.clone() });
    // One that goes on began earlier.
    let ago_ms = js_sys::Date::now() - js_sys::Date::parse(&start.started_at);
    let since_start = Micros::from_millis(if ago_ms.is_finite() { ago_ms.max(0.0) } else { 0.0 });
    let mut about = About {
        id: start.run_id.clone(),
        started_at: start.started_at,
        environment: start.environment,
        ..About::default()
    };
    let so_far = About { finished_at: String::new(), ..about.clone() };
    let tell = |event: Event<'_>| match event {
        Event::Period(progress) => port.send(&FromWorker::Period(progress)),
        Event::Snapshot(live) => port.send(&FromWorker::Snapshot(Box::new(live()))),
        Event::Kept(periods) => keep(port, &experiment, periods, &so_far),
    };
    let sims: Vec<_> = experiment.arms.iter().filter_map(|a| a.plan.cluster.sim.as_ref()).collect();
    let carried = if sims.is_empty() {
        about.environment.push(("clock step".into(), clock.tick().to_string()));
        let dialect = first(&experiment).ok_or("It has no arms.")?;
        // All periods share one transport: its connections stay open, and no arm opens more of them
        // than another.
        let calibration = match (start.calibration, experiment.arms.first()) {
            (None, Some(arm)) => calibrate(port, &arm.plan).await,
            (known, _) => known.ok_or_else(String::new),
        };
        about.calibration = words(&calibration);
        let watch = Watch::new(&running.notes);
        let fetch = FetchTransport::new(performance, dialect, start.api_key.as_deref());
        let transport = AnyTransport::Fetch(fetch);
        let world = ExperimentEnvironment {
            transport: &|_| transport.clone(),
            clock: AnyClock::Real(clock),
            api_key: start.api_key,
            stop: running.stop.clone(),
            id: start.run_id,
            calibration: calibration.ok(),
            watch: &|instrument, now| watch.tell(instrument, now),
            before: begun.periods,
            since_start,
        };
        experiment::carry_out(&experiment, world, &tell).await?
    } else {
        about.environment.push(("cluster".into(), "simulated".into()));
        let time = VirtualClock::default();
        let clusters = transports(&sims, experiment.file.seed, &time);
        let Some(any) = clusters.first() else { return Err("It has no arms.".into()) };
        let world = ExperimentEnvironment {
            transport: &|arm| AnyTransport::Simulated(clusters.get(arm).unwrap_or(any).clone()),
            clock: AnyClock::Virtual(time.clone()),
            api_key: None,
            stop: running.stop.clone(),
            id: start.run_id,
            calibration: None,
            watch: &|_, _| {},
            before: begun.periods,
            since_start,
        };
        // Snapshots come by the page's clock, not by the simulation's, which is much faster.
        let last = Cell::new(clock.now());
        let now_and_then = |event: Event<'_>| {
            if clock.now().since(last.get()) >= TICK {
                last.set(clock.now());
                tell(event);
            } else if let Event::Period(_) = event {
                tell(event);
            }
            // A simulation takes seconds: nothing of it has to survive the page.
        };
        let work = experiment::carry_out(&experiment, world, &now_and_then);
        simulate(&time, &clock, work).await??
    };
    about.finished_at = environment::now_rfc3339();
    let (file, view) =
        experiment::finish(&experiment, carried, about).map_err(|e| e.to_string())?;
    let json = fwit_model::json::write(&file);
    port.send(&FromWorker::ExperimentFinished(Box::new(OpenedExperiment { json, view })));
    Ok(())
}

/// Sends the page what there is so far: it survives a reload, and can go on then.
fn keep(port: &Port, experiment: &Experiment, periods: &[PeriodFile], about: &About) {
    let carried = Carried {
        periods: periods.to_vec(),
        ended: Ended::Stopped,
        trouble: Some("the page was closed or reloaded before its end".into()),
    };
    let mut about = about.clone();
    about.finished_at = environment::now_rfc3339();
    if let Ok((file, view)) = experiment::finish(experiment, carried, about) {
        let json = fwit_model::json::write(&file);
        port.send(&FromWorker::ExperimentKept(Box::new(OpenedExperiment { json, view })));
    }
}

fn first(experiment: &Experiment) -> Option<&Dialect> {
    experiment.arms.first().map(|arm| &*arm.plan.cluster.dialect)
}

/// Returns a calibration as it stands in the experiment's file: label and text.
fn words(calibration: &Result<Calibration, String>) -> Vec<(String, String)> {
    let mut list = match calibration {
        Ok(c) => vec![
            ("most requests a second".to_string(), three_digits(c.requests_per_s)),
            ("requests at a time".into(), c.in_flight.to_string()),
            ("one request alone, p50".into(), Micros(c.overhead_p50_us).to_string()),
            ("one request alone, p99".into(), Micros(c.overhead_p99_us).to_string()),
            ("asked".into(), c.url.clone()),
            ("measured at".into(), c.measured_at.clone()),
        ],
        Err(why) => vec![("not measured".into(), why.clone())],
    };
    if let Some(us) = calibration.as_ref().ok().and_then(|c| c.service_p50_us) {
        list.insert(2, ("service time with so many, p50".into(), Micros(us).to_string()));
    }
    list.into_iter().map(|(label, text)| (format!("this browser: {label}"), text)).collect()
}
