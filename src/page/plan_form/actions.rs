//! What can be done with the plan: start it, check its nodes, share, save and load it.

use leptos::prelude::*;

use crate::browser::files::{self, Picked};
use crate::browser::{clipboard, document};
use crate::experiment::Template;
use crate::markup::{NodeRef, Show, memo, view};
use crate::page::engine::{Check, Status};
use crate::page::parts::Icon;
use crate::page::state::{App, use_app};
use crate::plan::preflight::expected;
use crate::plan::{Plan, PlanDraft, to_link, wire};
use crate::present::sentence;
use crate::route::Route;

/// Starts the drafted run, or shows all that keeps it from starting.
pub fn start(app: App) {
    let Some(plan) = valid(app) else { return };
    app.form.remember(&plan);
    if let Err(error) = app.start(plan, key(app), None) {
        app.notices.wrong(error);
    }
}

/// The API key typed, where there is one.
pub fn key(app: App) -> Option<String> {
    Some(app.form.api_key.get_untracked()).filter(|key| !key.trim().is_empty())
}

/// The plan, or the focus on what is wrong with the draft.
fn valid(app: App) -> Option<Plan> {
    match app.form.draft.with_untracked(PlanDraft::plan) {
        Ok(plan) => Some(plan),
        Err(_) => {
            app.form.attempted.set(true);
            request_animation_frame(|| document::focus("f"));
            None
        }
    }
}

/// The bar at the form's end.
#[component]
pub fn Actions() -> impl IntoView {
    let app = use_app();
    let busy = memo(move || app.engine.status.with(Status::is_busy));
    let simulated = memo(move || app.form.draft.with(PlanDraft::is_simulated));
    let checking = memo(move || app.engine.check.get() == Check::Running);
    let sentence = memo(move || {
        app.form.draft.with(|d| d.plan().map_or_else(|_| String::new(), |plan| sentence::plan(&plan)))
    });
    let preflights = memo(move || {
        let has_key = app.form.api_key.with(|key| !key.trim().is_empty());
        app.form.draft.with(|d| d.plan().ok().and_then(|plan| expected(&plan, has_key).words()))
    });
    let measuring = memo(move || app.engine.calibration().with(|c| c.running));
    let speed = memo(move || {
        app.engine.calibration().with(|c| match (c.running, &c.failure, &c.known) {
            (true, ..) => Some("Measuring how fast this browser is…".to_string()),
            (_, Some(failure), _) => Some(failure.clone()),
            (_, _, Some(known)) => Some(sentence::calibration(known)),
            _ => None,
        })
    });
    let calibrate = move |_| {
        if let Some(plan) = valid(app) {
            app.engine.calibrate(&plan, Box::new(|_| {}));
        }
    };
    let check = move |_| {
        if let Some(plan) = valid(app) {
            app.engine.check(&plan, key(app));
            request_animation_frame(|| document::focus("check"));
        }
    };
    let copy = move |_| {
        let Some(plan) = valid(app) else { return };
        copy_link(app, &plan);
    };
    let save = move |_| {
        let Some(plan) = valid(app) else { return };
        let name = crate::present::library::file_name(&plan.name, "plan");
        app.notices.check(files::save(&name, "application/json", &wire::to_json(&plan)));
    };
    let load = NodeRef::<web_sys::HtmlInputElement>::new();
    let loaded = move |_| {
        let Some(input) = load.get_untracked() else { return };
        let files = Picked::all(input.files());
        input.set_value("");
        app.import(files);
    };
    view! {
        {move || preflights.get().map(|text| view! { <p class="note note-warn">{text}</p> })}
        <p class="hint" aria-live="polite">{speed}</p>
        <div class="actions">
            <p class="actions-sentence">{sentence}</p>
            <div class="row">
                <button type="submit" class="button button-main" disabled=move || busy.get() || measuring.get() title="Ctrl + Enter">
                    <Icon name="play" />
                    "Start"
                </button>
                <button
                    type="button"
                    class="button"
                    hidden=move || simulated.get()
                    disabled=move || busy.get() || checking.get()
                    on:click=check
                >
                    <Icon name="check" />
                    "Check connections"
                </button>
                <button
                    type="button"
                    class="button"
                    title="Asks the page's own server, which does nothing, for four seconds: what is left is the browser's share"
                    disabled=move || busy.get() || checking.get() || measuring.get()
                    on:click=calibrate
                >
                    "How fast is this browser?"
                </button>
                <button
                    type="button"
                    class="button"
                    disabled=move || busy.get()
                    title="An experiment: this plan with leader stickiness and without, in turn"
                    on:click=move |_| {
                        if valid(app).is_some() {
                            app.lab.ask(app.form, Template::Sticky);
                            app.go(&Route::Experiment(None));
                        }
                    }
                >
                    <Icon name="swap" />
                    "Sticky or not?"
                </button>
                <span class="spacer"></span>
                <button type="button" class="button-quiet" on:click=copy>
                    <Icon name="link" />
                    "Copy link"
                </button>
                <button type="button" class="button-quiet" on:click=save>
                    <Icon name="down" />
                    "Save plan"
                </button>
                <button
                    type="button"
                    class="button-quiet"
                    on:click=move |_| {
                        if let Some(input) = load.get_untracked() {
                            input.click();
                        }
                    }
                >
                    <Icon name="up" />
                    "Load plan"
                </button>
                <input
                    type="file"
                    accept=".json,application/json"
                    class="visually-hidden"
                    tabindex="-1"
                    aria-label="Plan file"
                    node_ref=load
                    on:change=loaded
                />
            </div>
            <Show when=move || busy.get()>
                <p class="hint">
                    "A run is under way: " <a href="#/run">"see it live"</a> " or stop it there before the next."
                </p>
            </Show>
        </div>
    }
}

/// Puts a link to a plan on the clipboard.
pub fn copy_link(app: App, plan: &Plan) {
    let link = format!("{}#/?plan={}", document::address(), to_link(plan));
    leptos::task::spawn_local(async move {
        if app.notices.check(clipboard::write(&link).await).is_some() {
            app.notices.done("The plan's link is on the clipboard. It holds no API key.");
        }
    });
}
