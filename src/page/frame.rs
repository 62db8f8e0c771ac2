//! The frame around every view: head, routes, keys, drop zone, notices.

use leptos::prelude::*;

use super::actions::Actions;
use super::compare::CompareView;
use super::drop_zone::DropZone;
use super::experiment::{ExperimentResult, ExperimentView};
use super::import::{ImportProgress, OpenLinks};
use super::library::LibraryView;
use super::live::LiveView;
use super::notices::NoticeList;
use super::parts::Icon;
use super::plan_form::PlanView;
use super::result::ResultView;
use super::state::{
    ColorScheme, CurrentRoute, Engine, ExperimentForm, Imports, Library, LibraryList, Notices,
    PlanForm, Status, Theme, go,
};
use crate::browser::listener::Listener;
use crate::browser::{document, prefs};
use fwit_present::route::{Prefill, Route};

/// Puts the page into the document's body.
pub fn mount() {
    leptos::mount::mount_to_body(Page);
}

#[component]
fn Page() -> impl IntoView {
    let (route, engine, library) = (CurrentRoute::new(), Engine::new(), Library::new());
    provide_context(route);
    provide_context(engine);
    provide_context(library);
    provide_context(LibraryList::new());
    let plan_form = PlanForm::new();
    provide_context(plan_form);
    provide_context(ExperimentForm::new(plan_form));
    provide_context(Notices::new());
    provide_context(Imports::new());
    provide_context(ColorScheme::new());
    provide_context(Actions::from_context());
    super::automation::install();
    let hashes = Listener::on_window("hashchange", move |_| {
        route.follow_address();
        document::scroll_to_top();
    });
    let keys = Listener::on_window("keydown", move |event| keys(route, engine, &event));
    // Kept as long as the page.
    StoredValue::new_local((hashes, keys));
    library.follow_other_tabs();
    leptos::task::spawn_local(async move { library.refresh().await });
    expect_context::<Actions>().recover_all();
    follow_state();
    // The library follows its search by itself.
    let view = Memo::new(move |_| match route.get() {
        Route::Library(_) => Route::LIBRARY,
        other => other,
    });
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
        <Head />
        <main id="main" tabindex="-1">
            {move || match view.get() {
                Route::Plan(prefill) => view! { <PlanView prefill /> }.into_any(),
                Route::Live => view! { <LiveView /> }.into_any(),
                Route::Library(_) => view! { <LibraryView /> }.into_any(),
                Route::Result(id) => view! { <ResultView id /> }.into_any(),
                Route::Experiment(None) => view! { <ExperimentView /> }.into_any(),
                Route::Experiment(Some(id)) => view! { <ExperimentResult id /> }.into_any(),
                Route::Compare(ids) => view! { <CompareView ids /> }.into_any(),
                Route::Open { runs, titles } => view! { <OpenLinks runs titles /> }.into_any(),
                Route::Unknown(hash) => view! { <Unknown hash /> }.into_any(),
            }}
        </main>
        <Keys />
        <DropZone />
        <ImportProgress />
        <NoticeList />
    }
}

/// Keeps the document's title, theme and `data-fwit` in step with the state.
fn follow_state() {
    let (route, engine) = (expect_context::<CurrentRoute>(), expect_context::<Engine>());
    let (library, ColorScheme(theme)) = (expect_context::<Library>(), expect_context());
    Effect::new(move |_| document::set_root_data("fwit", Some(engine.status.with(Status::name))));
    Effect::new(move |_| {
        let theme = theme.get().name();
        document::set_root_data("theme", theme);
        prefs::set("theme", theme);
    });
    let title = Memo::new(move |_| {
        let place = match route.get() {
            Route::Plan(_) => "New run".to_string(),
            Route::Live => "Run under way".to_string(),
            Route::Library(_) => "Runs".to_string(),
            Route::Result(id) | Route::Experiment(Some(id)) => library
                .cards
                .with(|cards| cards.iter().flatten().find(|c| c.id == id).map(|c| c.name.clone()))
                .unwrap_or(id),
            Route::Experiment(None) => "Experiment".to_string(),
            Route::Compare(_) => "Comparison".to_string(),
            Route::Open { .. } => "Opening".to_string(),
            Route::Unknown(_) => "Not found".to_string(),
        };
        let running = engine.status.with(Status::is_busy);
        if running { format!("▶ {place} · fwit") } else { format!("{place} · fwit") }
    });
    Effect::new(move |_| document::set_title(&title.get()));
}

/// Returns whether a route shows the library or something of it.
fn is_of_library(route: &Route) -> bool {
    matches!(
        route,
        Route::Library(_) | Route::Result(_) | Route::Experiment(Some(_)) | Route::Compare(_)
    )
}

#[component]
fn Head() -> impl IntoView {
    let (route, engine) = (expect_context::<CurrentRoute>(), expect_context::<Engine>());
    let (library, ColorScheme(theme)) = (expect_context::<Library>(), expect_context());
    let current = move |is: fn(&Route) -> bool| route.is(is).then_some("page");
    let count = move || library.cards.with(|c| c.as_ref().map(Vec::len)).filter(|n| *n > 0);
    let busy = Memo::new(move |_| engine.status.with(Status::is_busy));
    let theme_icon = move || match theme.get() {
        Theme::System => view! { <Icon name="auto" /> },
        Theme::Light => view! { <Icon name="sun" /> },
        Theme::Dark => view! { <Icon name="moon" /> },
    };
    let theme_label = move || match theme.get() {
        Theme::System => "Colours: as the system. Switch to light",
        Theme::Light => "Colours: light. Switch to dark",
        Theme::Dark => "Colours: dark. Switch to the system's",
    };
    view! {
        <header class="head">
            <a class="head-name" href="#/">"fwit"</a>
            <nav aria-label="Main">
                <a href="#/" aria-current=move || current(|r| matches!(r, Route::Plan(_)))>
                    "New run"
                </a>
                <a
                    href="#/experiment"
                    aria-current=move || current(|r| matches!(r, Route::Experiment(None)))
                >
                    "Experiment"
                </a>
                <Show when=move || busy.get()>
                    <a
                        href="#/run"
                        class="head-live"
                        aria-current=move || current(|r| matches!(r, Route::Live))
                    >
                        "Live"
                    </a>
                </Show>
                <a
                    href="#/runs"
                    aria-current=move || current(is_of_library)
                >
                    "Runs"
                    <span class="head-count">
                        {count}
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
                on:click=move |_| theme.update(|t| *t = t.next())
            >
                {theme_icon}
            </button>
        </header>
    }
}

const KEYS: [(&str, &str); 9] = [
    ("n", "New run"),
    ("e", "Experiment"),
    ("l", "Live view"),
    ("r", "Runs"),
    ("/", "Search in Runs"),
    ("F2, Delete", "Rename or delete the run whose row has the focus, in Runs"),
    ("Ctrl + Enter", "Start, in the plan form"),
    ("s", "Stop the run, in the live view"),
    ("?", "This list"),
];

fn keys(route: CurrentRoute, engine: Engine, event: &web_sys::Event) {
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
        "n" => go(&Route::Plan(Prefill::default())),
        "e" => go(&Route::Experiment(None)),
        "l" => go(&Route::Live),
        "r" => go(&Route::LIBRARY),
        "/" => {
            event.prevent_default();
            search_runs(route);
        }
        "s" if route.get_untracked() == Route::Live => engine.stop(),
        "?" => toggle_keys(),
        _ => {}
    }
}

/// Goes to the search of the library.
fn search_runs(route: CurrentRoute) {
    if !route.is_untracked(|r| matches!(r, Route::Library(_))) {
        go(&Route::LIBRARY);
    }
    // The view is there with the next frames.
    document::focus_soon(super::library::SEARCH);
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
                "Charts: arrow keys move the cursor, Shift with them selects, + and − zoom, Esc \
                 shows all again. Files can be dropped anywhere on the page."
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
