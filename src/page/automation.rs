//! `window.fwit`: the interface for scripts, headless browsers and CI jobs. It does what the
//! buttons do. docs/automation.md describes it; its names and shapes are part of the product.

use std::rc::Rc;

use js_sys::{Array, Error, Function, JSON, Object, Promise, Reflect};
use leptos::prelude::WithUntracked;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::actions::{Actions, OnEnd};
use super::state::{Engine, Library, PlanForm, RunEnd, Status, go};
use crate::browser::files::Picked;
use fwit_engine::controls::Control;
use fwit_model::plan::{Plan, Problem, preset, wire};
use fwit_present::route::Route;
use fwit_report::check::NodeCheck;
use fwit_report::experiment::{self, ExperimentError};
use fwit_report::lanes;
use fwit_report::run::compare::compare;
use fwit_report::run::view::Measure;

/// Puts `fwit` on the window.
pub fn install() {
    let actions: Actions = expect_context();
    let (engine, library, plan_form) = (expect_context(), expect_context(), expect_context());
    let api = Object::new();
    let set = |name: &str, value: &JsValue| {
        // Setting a field of a fresh object can't fail.
        let _ = Reflect::set(&api, &name.into(), value);
    };
    set("version", &env!("CARGO_PKG_VERSION").into());
    set("preset", &function1(|name| preset_object(&name)));
    set("start", &function2(move |plan, options| start(actions, &plan, &options).into()));
    set(
        "experiment",
        &function2(move |experiment, options| {
            start_experiment(actions, &experiment, &options).into()
        }),
    );
    set("extend", &function2(move |id, options| extend(actions, &id, &options).into()));
    set("run", &function1(move |id| Ok(run(library, id).into())));
    set("combine", &function1(move |ids| Ok(combine(actions, ids).into())));
    set(
        "stop",
        &function1(move |_| {
            Engine::stop(engine);
            Ok(JsValue::UNDEFINED)
        }),
    );
    let control = move |make: fn(&JsValue) -> Option<Control>, needs: &'static str| {
        function1(move |value| {
            let control = make(&value).ok_or_else(|| JsValue::from(js_sys::Error::new(needs)))?;
            engine.control(control);
            Ok(JsValue::UNDEFINED)
        })
    };
    let words = "It takes a text.";
    set("note", &control(|v| v.as_string().map(Control::Note), words));
    set("act", &control(|v| v.as_string().map(Control::Act), words));
    set("level", &control(|v| v.as_f64().map(Control::Level), "It takes a number."));
    set("calibrate", &function1(move |plan| Ok(calibrate(engine, plan_form, &plan).into())));
    set("findLanes", &function2(move |plan, options| find_lanes(engine, &plan, &options).into()));
    set("open", &function1(move |text| Ok(open(actions, text).into())));
    set("import", &function2(move |blob, options| import(actions, blob, &options).into()));
    set("compare", &function1(move |ids| Ok(compare_runs(library, ids).into())));
    if let Some(window) = web_sys::window() {
        let _ = Reflect::set(&window, &"fwit".into(), &api);
    }
}

/// Returns a JavaScript function that lives as long as the page.
fn function1(f: impl Fn(JsValue) -> Result<JsValue, JsValue> + 'static) -> Function {
    Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(f).into_js_value().unchecked_into()
}

/// The same for two arguments.
fn function2(f: impl Fn(JsValue, JsValue) -> JsValue + 'static) -> Function {
    Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(f).into_js_value().unchecked_into()
}

fn preset_object(name: &JsValue) -> Result<JsValue, JsValue> {
    let plan = name.as_string().and_then(|name| preset(&name)).ok_or_else(|| {
        let sims = fwit_model::plan::SIM_PRESETS.iter().map(|p| p.name);
        let known: Vec<_> = fwit_model::plan::PRESETS.iter().map(|p| p.name).chain(sims).collect();
        JsValue::from(Error::new(&format!(
            "There is no such preset; there are: {}.",
            known.join(", ")
        )))
    })?;
    JSON::parse(&wire::to_json(&plan))
}

/// Returns an error that lists all that is wrong, as `problems`: objects of `field` and `message`.
fn problems_error(problems: &[Problem]) -> JsValue {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let error = Error::new(&texts.join("\n"));
    let list: Array = problems
        .iter()
        .map(|p| {
            let object = Object::new();
            let _ = Reflect::set(&object, &"field".into(), &p.field.as_str().into());
            let _ = Reflect::set(&object, &"message".into(), &p.message.as_str().into());
            object
        })
        .collect();
    let _ = Reflect::set(&error, &"problems".into(), &list);
    error.into()
}

fn messages_error(messages: &[String]) -> JsValue {
    problems_error(&messages.iter().map(|m| Problem::new("", m.as_str())).collect::<Vec<_>>())
}

/// Returns the text of a plan: the JSON of an object, or a text itself.
fn json_text(value: &JsValue) -> Result<String, JsValue> {
    if let Some(text) = value.as_string() {
        return Ok(text);
    }
    match JSON::stringify(value) {
        Ok(text) if !text.is_undefined() => Ok(text.into()),
        _ => Err(messages_error(&["This is neither a plan object nor its JSON text.".to_string()])),
    }
}

fn start(actions: Actions, plan: &JsValue, options: &JsValue) -> Promise {
    let plan = json_text(plan).and_then(|json| wire::read(&json).map_err(|p| problems_error(&p)));
    let given = plan.and_then(|mut plan| {
        let Options { api_key, trusted, beside } = read_options(options)?;
        plan.cluster.trust(&trusted).map_err(|p| problems_error(&p))?;
        Ok((plan, api_key, beside))
    });
    let (plan, api_key, beside) = match given {
        Ok(given) => given,
        Err(error) => return Promise::reject(&error),
    };
    carried_out(&move |on_end| actions.start(plan.clone(), api_key.clone(), Some(on_end), beside))
}

fn start_experiment(actions: Actions, experiment: &JsValue, options: &JsValue) -> Promise {
    let read = json_text(experiment).and_then(|json| {
        experiment::read(json.as_bytes()).map_err(|error| match error {
            ExperimentError::Invalid(problems) => problems_error(&problems),
            other => messages_error(&[other.to_string()]),
        })
    });
    let given = read.and_then(|(_, experiment)| {
        let Options { api_key, trusted, beside } = read_options(options)?;
        Ok((experiment.trusting(&trusted).map_err(|p| problems_error(&p))?, api_key, beside))
    });
    let (experiment, api_key, beside) = match given {
        Ok(given) => given,
        Err(error) => return Promise::reject(&error),
    };
    carried_out(&move |on_end| {
        actions.start_experiment(&experiment, api_key.clone(), Some(on_end), beside)
    })
}

/// Adds pairs to an experiment: `options` is their number, or an object of `pairs` and `apiKey`.
/// Without pairs, those that an experiment lacks are carried out.
fn extend(actions: Actions, id: &JsValue, options: &JsValue) -> Promise {
    let get = |name: &str| Reflect::get(options, &name.into()).unwrap_or_default();
    let pairs = options.as_f64().or_else(|| get("pairs").as_f64()).unwrap_or(0.0);
    let key = if options.is_object() { get("apiKey").as_string() } else { None };
    let beside = options.is_object() && get("beside").is_truthy();
    let Some(id) = id.as_string() else {
        return Promise::reject(&messages_error(&["Give the id of an experiment.".into()]));
    };
    if pairs.fract() != 0.0 || !(0.0..1e6).contains(&pairs) {
        let text = "must be a whole number, 0 or more";
        return Promise::reject(&problems_error(&[Problem::new("pairs", text)]));
    }
    Promise::new(&mut |resolve, reject| {
        let (id, key, refuse) = (id.clone(), key.clone(), reject.clone());
        let on_end: OnEnd = Rc::new(move |end| settle(end, &resolve, &reject));
        leptos::task::spawn_local(async move {
            if let Err(message) =
                actions.extend_experiment(&id, pairs as u32, key, Some(on_end), beside).await
            {
                let _ = refuse.call1(&JsValue::NULL, &messages_error(&[message]));
            }
        });
    })
}

/// Settles a promise with a run's or an experiment's file, as an object.
fn settle(end: RunEnd, resolve: &Function, reject: &Function) {
    let file =
        end.map_err(|f| messages_error(&f.messages)).and_then(|item| JSON::parse(item.json()));
    let _ = match file {
        Ok(file) => resolve.call1(&JsValue::NULL, &file),
        Err(error) => reject.call1(&JsValue::NULL, &error),
    };
}

/// What a script gives besides the plan.
struct Options {
    api_key: Option<String>,
    /// Origins that the key may be sent to besides the plan's own.
    trusted: Vec<String>,
    /// Start although another tab runs a load.
    beside: bool,
}

fn read_options(options: &JsValue) -> Result<Options, JsValue> {
    let get = |name: &str| Reflect::get(options, &name.into()).unwrap_or_default();
    let trusted = get("trustedOrigins");
    let list = trusted.dyn_ref::<Array>().map(|list| list.iter().map(|o| o.as_string()).collect());
    let trusted = match list {
        None if trusted.is_undefined() || trusted.is_null() => Some(Vec::new()),
        list => list.flatten(),
    };
    let trusted = trusted.ok_or_else(|| {
        let text = "must be a list of texts, such as [\"http://10.0.0.9:7101\"]";
        problems_error(&[Problem::new("trustedOrigins", text)])
    })?;
    let beside = get("beside").is_truthy();
    Ok(Options { api_key: get("apiKey").as_string(), trusted, beside })
}

/// Starts a run or an experiment. Returns a promise of its file, as an object.
fn carried_out(start: &dyn Fn(OnEnd) -> Result<(), String>) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let refuse = reject.clone();
        let on_end = Rc::new(move |end| settle(end, &resolve, &reject));
        if let Err(message) = start(on_end) {
            let _ = refuse.call1(&JsValue::NULL, &messages_error(&[message]));
        }
    })
}

/// Measures how fast this browser is. Without a plan, the plan form gives the slots.
fn calibrate(engine: Engine, plan_form: PlanForm, plan: &JsValue) -> Promise {
    let given = if plan.is_undefined() || plan.is_null() {
        plan_form
            .draft
            .with_untracked(fwit_model::plan::PlanDraft::plan)
            .map_err(|p| problems_error(&p))
    } else {
        json_text(plan).and_then(|json| wire::read(&json).map_err(|p| problems_error(&p)))
    };
    let plan = match given {
        Ok(plan) => plan,
        Err(error) => return Promise::reject(&error),
    };
    Promise::new(&mut move |resolve, reject| {
        let tell = Box::new(move |result: Result<fwit_report::run::view::Calibration, String>| {
            let value = result
                .map(|c| fwit_model::json::write(&c))
                .map_err(|m| messages_error(&[m]))
                .and_then(|json| JSON::parse(&json));
            let _ = match value {
                Ok(value) => resolve.call1(&JsValue::NULL, &value),
                Err(error) => reject.call1(&JsValue::NULL, &error),
            };
        });
        engine.calibrate(&plan, tell);
    })
}

/// Looks for lanes of a plan's nodes. Returns a promise of the plan with those that were found.
fn find_lanes(engine: Engine, plan: &JsValue, options: &JsValue) -> Promise {
    let read = json_text(plan).and_then(|json| wire::read(&json).map_err(|p| problems_error(&p)));
    let (plan, api_key) = match read.and_then(|plan| Ok((plan, read_options(options)?.api_key))) {
        Ok(given) => given,
        Err(error) => return Promise::reject(&error),
    };
    if engine.status.with_untracked(Status::is_busy) {
        let message = "A run is under way: it would measure the look for lanes as well.";
        return Promise::reject(&messages_error(&[message.into()]));
    }
    Promise::new(&mut move |resolve, _| {
        let Some(asked) = lanes::to_ask(&plan, |node| node.lanes.is_empty()) else {
            let _ = resolve.call1(&JsValue::NULL, &plan_object(&plan));
            return;
        };
        let mut plan = plan.clone();
        let tell = move |answers: &[NodeCheck]| {
            for looked in lanes::found(&plan, answers) {
                let node = plan.cluster.nodes.iter_mut().find(|n| n.url == looked.url);
                if let (Some(node), Ok(lanes)) = (node, looked.lanes) {
                    node.lanes = lanes;
                }
            }
            let _ = resolve.call1(&JsValue::NULL, &plan_object(&plan));
        };
        engine.look_for_lanes(&asked, api_key.clone(), Box::new(tell));
    })
}

/// Returns a plan as a JavaScript object.
fn plan_object(plan: &Plan) -> JsValue {
    // What fwit writes is JSON.
    JSON::parse(&wire::to_json(plan)).unwrap_or(JsValue::UNDEFINED)
}

fn open(actions: Actions, text: JsValue) -> Promise {
    future_to_promise(async move {
        let text = json_text(&text)?;
        let route =
            actions.open("file", text.into_bytes()).await.map_err(|m| messages_error(&[m]))?;
        go(&route);
        Ok(match route {
            Route::Result(id) | Route::Experiment(Some(id)) => id.into(),
            _ => JsValue::UNDEFINED,
        })
    })
}

/// Opens a file of any tool and in any packing. Returns a promise of the ids of its runs and
/// experiments; what could not be opened is in `errors` of an error, with the `ids` that could.
fn import(actions: Actions, blob: JsValue, options: &JsValue) -> Promise {
    let name = Reflect::get(options, &"name".into()).ok().and_then(|name| name.as_string());
    let file = match blob.dyn_into::<web_sys::Blob>() {
        Ok(blob) => {
            let own = blob.dyn_ref::<web_sys::File>().map(web_sys::File::name);
            Picked::blob(&name.or(own).unwrap_or_else(|| "file".into()), blob)
        }
        Err(_) => {
            return Promise::reject(&messages_error(&["Give a Blob or a File.".to_string()]));
        }
    };
    future_to_promise(async move {
        let opened = actions.open_all(vec![file], &[]).await;
        let ids: Array = opened
            .routes
            .iter()
            .filter_map(|route| match route {
                Route::Result(id) | Route::Experiment(Some(id)) => Some(JsValue::from(id.as_str())),
                _ => None,
            })
            .collect();
        if opened.errors.is_empty() && !opened.cancelled {
            return Ok(ids.into());
        }
        let one = |(name, error): (String, String)| format!("“{name}” was not opened. {error}");
        let mut texts: Vec<String> = opened.errors.into_iter().map(one).collect();
        if opened.cancelled {
            texts.push("The opening was cancelled.".to_string());
        }
        let error = messages_error(&texts);
        let _ = Reflect::set(&error, &"ids".into(), &ids);
        Err(error)
    })
}

/// Returns a promise of a run's or an experiment's file in the library, as an object.
fn run(library: Library, id: JsValue) -> Promise {
    future_to_promise(async move {
        let Some(id) = id.as_string() else {
            return Err(messages_error(&["Give the id of a run.".to_string()]));
        };
        library.ready().await;
        let item = library.item(&id).await.map_err(|m| messages_error(&[m]))?;
        JSON::parse(item.json())
    })
}

/// Makes one experiment of several. Returns a promise of its id.
fn combine(actions: Actions, ids: JsValue) -> Promise {
    future_to_promise(async move {
        let ids = texts(&ids);
        if ids.len() < 2 {
            let text = "Give a list of two or more experiment ids.";
            return Err(messages_error(&[text.to_string()]));
        }
        let id = actions.combine_experiments(&ids).await.map_err(|m| messages_error(&[m]))?;
        Ok(id.into())
    })
}

/// Returns the texts of a list; none of what is no list.
fn texts(value: &JsValue) -> Vec<String> {
    let list = value.dyn_ref::<Array>().map(Array::iter);
    list.into_iter().flatten().filter_map(|text| text.as_string()).collect()
}

fn compare_runs(library: Library, ids: JsValue) -> Promise {
    future_to_promise(async move {
        let ids = texts(&ids);
        if ids.len() < 2 {
            return Err(messages_error(&["Give a list of two or more run ids.".to_string()]));
        }
        let mut runs = Vec::new();
        for id in &ids {
            runs.push(library.open(id).await.map_err(|m| messages_error(&[m]))?);
        }
        let views: Vec<_> = runs.iter().map(|run| &run.view).collect();
        let mut comparison = compare(&views, &[], Measure::Cluster);
        let mut control = comparison.control.clone();
        let mut all = runs.clone();
        if control.is_none()
            && let Some(run) = library.control(&runs).await
        {
            control = Some(super::intervals::of_library(&run));
            all.push(run);
        }
        let intervals = library
            .compare_separate_runs_to_end(all, comparison.measure)
            .await
            .map_err(|m| messages_error(&[m]))?;
        fwit_report::run::intervals::apply(&mut comparison, &intervals, control);
        go(&Route::Compare(ids));
        JSON::parse(&fwit_model::json::write(&comparison))
    })
}
