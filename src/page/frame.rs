//! The frame around every view: head, routes, keys, drop zone, notices.

use leptos::prelude::*;

use super::compare::CompareView;
use super::drop_zone::DropZone;
use super::engine::Status;
use super::experiment::{ExperimentResult, ExperimentView};
use super::library::LibraryView;
use super::live::LiveView;
use super::notices::NoticeList;
use super::parts::Icon;
use super::plan_form::PlanView;
use super::result::ResultView;
use super::state::{App, Theme};
use crate::browser::listener::Listener;
use crate::browser::{document, prefs};
use crate::markup::{Show, effect, memo, view};
use crate::route::{Prefill, Route};

/// Puts the page into the document's body.
pub fn mount() {
    leptos::mount::mount_to_body(Page);
}

#[component]
fn Page() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    super::automation::install(app);
    let hashes = Listener::on_window("hashchange", move |_| {
        app.route.set(Route::parse(&document::hash()));
        document::scroll_to_top();
    });
    let keys = Listener::on_window("keydown", move |event| keys(app, &event));
    // The page lives as long as its document.
    StoredValue::new_local((hashes, keys));
    leptos::task::spawn_local(async move { app.runs.refresh().await });
    outside(app);
    view! {
        <a
            class="skip"
            href="#main"
            on:click=move |event| {
                event.prevent_default();
                document::focus("main");
            }
        >
            "Skip to content"
        </a>
        <Head app />
        <main id="main" tabindex="-1">
            {move || match app.route.get() {
                Route::Plan(prefill) => view! { <PlanView prefill /> },
                Route::Live => view! { <LiveView /> },
                Route::Library => view! { <LibraryView /> },
                Route::Result(id) => view! { <ResultView id /> },
                Route::Experiment(None) => view! { <ExperimentView /> },
                Route::Experiment(Some(id)) => view! { <ExperimentResult id /> },
                Route::Compare(ids) => view! { <CompareView ids /> },
                Route::Unknown(hash) => view! { <Unknown hash /> },
            }}
        </main>
        <Keys />
        <DropZone app />
        <NoticeList notices=app.notices />
    }
}

/// Title, theme and `data-fwit` follow the state.
fn outside(app: App) {
    effect(move || document::set_root_data("fwit", Some(app.engine.status.with(Status::name))));
    effect(move || {
        let theme = app.theme.get().name();
        document::set_root_data("theme", theme);
        prefs::set("theme", theme);
    });
    let title = memo(move || {
        let place = match app.route.get() {
            Route::Plan(_) => "New run".to_string(),
            Route::Live => "Run under way".to_string(),
            Route::Library => "Runs".to_string(),
            Route::Result(id) | Route::Experiment(Some(id)) => app
                .runs
                .cards
                .with(|cards| cards.iter().flatten().find(|c| c.id == id).map(|c| c.name.clone()))
                .unwrap_or(id),
            Route::Experiment(None) => "Experiment".to_string(),
            Route::Compare(_) => "Comparison".to_string(),
            Route::Unknown(_) => "Not found".to_string(),
        };
        let running = app.engine.status.with(Status::is_busy);
        if running { format!("▶ {place} · fwit") } else { format!("{place} · fwit") }
    });
    effect(move || document::set_title(&title.get()));
}

#[component]
fn Head(app: App) -> impl IntoView {
    let current = move |is: fn(&Route) -> bool| app.route.with(is).then_some("page");
    let busy = memo(move || app.engine.status.with(Status::is_busy));
    let theme_icon = move || match app.theme.get() {
        Theme::System => view! { <Icon name="auto" /> },
        Theme::Light => view! { <Icon name="sun" /> },
        Theme::Dark => view! { <Icon name="moon" /> },
    };
    let theme_label = move || match app.theme.get() {
        Theme::System => "Colours: as the system. Switch to light",
        Theme::Light => "Colours: light. Switch to dark",
        Theme::Dark => "Colours: dark. Switch to the system's",
    };
    view! {
        <header class="head">
            <a class="head-name" href="#/">"fwit"</a>
            <nav aria-label="Main">
                <a href="#/" aria-current=move || current(|r| matches!(r, Route::Plan(_)))>"New run"</a>
                <a href="#/experiment" aria-current=move || current(|r| matches!(r, Route::Experiment(None)))>
                    "Experiment"
                </a>
                <Show when=move || busy.get()>
                    <a href="#/run" class="head-live" aria-current=move || current(|r| matches!(r, Route::Live))>
                        "Live"
                    </a>
                </Show>
                <a
                    href="#/runs"
                    aria-current=move || current(|r| matches!(r, Route::Library | Route::Result(_) | Route::Experiment(Some(_)) | Route::Compare(_)))
                >
                    "Runs"
                    <span class="head-count">
                        {move || app.runs.cards.with(|c| c.as_ref().map(Vec::len)).filter(|n| *n > 0)}
                    </span>
                </a>
            </nav>
            <button
                type="button"
                class="button-icon"
                aria-label="Keys of this page"
                title="Keys of this page (?)"
                on:click=move |_| toggle_keys()
            >
                "?"
            </button>
            <button
                type="button"
                class="button-icon"
                aria-label=theme_label
                title=theme_label
                on:click=move |_| app.theme.update(|t| *t = t.next())
            >
                {theme_icon}
            </button>
        </header>
    }
}

const KEYS: [(&str, &str); 7] = [
    ("n", "New run"),
    ("e", "Experiment"),
    ("l", "Live view"),
    ("r", "Runs"),
    ("Ctrl + Enter", "Start, in the plan form"),
    ("s", "Stop the run, in the live view"),
    ("?", "This list"),
];

fn keys(app: App, event: &web_sys::Event) {
    use wasm_bindgen::JsCast as _;
    let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
    if event.default_prevented()
        || event.ctrl_key()
        || event.alt_key()
        || event.meta_key()
        || document::is_typing()
        || document::has_dialog()
    {
        return;
    }
    match event.key().as_str() {
        "n" => app.go(&Route::Plan(Prefill::default())),
        "e" => app.go(&Route::Experiment(None)),
        "l" => app.go(&Route::Live),
        "r" => app.go(&Route::Library),
        "s" if app.route.get_untracked() == Route::Live => app.engine.stop(),
        "?" => toggle_keys(),
        _ => {}
    }
}

fn toggle_keys() {
    crate::browser::document::show_dialog("keys");
}

#[component]
fn Keys() -> impl IntoView {
    view! {
        <dialog id="keys" class="dialog" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <table class="table">
                <tbody>
                    {KEYS
                        .map(|(key, what)| {
                            view! {
                                <tr>
                                    <th scope="row">
                                        <kbd>{key}</kbd>
                                    </th>
                                    <td>{what}</td>
                                </tr>
                            }
                        })}
                </tbody>
            </table>
            <p class="hint">
                "Charts: arrow keys move the cursor, Shift with them selects, + and − zoom, Esc shows all again. Files can be dropped \
                 anywhere on the page."
            </p>
            <form method="dialog">
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
}

#[component]
fn Unknown(hash: String) -> impl IntoView {
    view! {
        <section class="empty">
            <h1>"There is nothing here"</h1>
            <p>
                "The address “"<code>{format!("#{hash}")}</code>
                "” leads nowhere in fwit. It may be cut off, or of a newer version."
            </p>
            <p>
                <a class="button button-main" href="#/">"Plan a run"</a>
                " "
                <a class="button" href="#/runs">"See your runs"</a>
            </p>
        </section>
    }
}
