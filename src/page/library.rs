//! The list of runs of this browser: search, sort, open, compare, combine, name, label, delete,
//! export, import.

mod chosen;
mod row;
mod storage;
mod table;
mod tools;

use leptos::prelude::*;

use self::chosen::{Chosen, CompareButton};
use self::storage::StoragePanel;
use self::table::RunTable;
pub(super) use self::tools::SEARCH;
use self::tools::{NothingFound, SearchTools};
use super::import::OpenFiles;
use super::labels::LabelsDialog;
use super::published::Published;
use super::state::{CurrentRoute, Library, LibraryList};
use fwit_present::library_search::Search;

/// The list.
#[component]
pub fn LibraryView() -> impl IntoView {
    let (library, list) = (expect_context::<Library>(), expect_context::<LibraryList>());
    let route = expect_context::<CurrentRoute>();
    let search = Memo::new(move |_| route.search());
    let shown = Memo::new(move |_| {
        let search = Search::parse(&search.get());
        library.cards.with(|cards| {
            let mut found: Vec<_> = cards.iter().flatten().filter(|c| search.finds(c)).collect();
            list.order.get().sort(&mut found);
            found.into_iter().map(|card| card.id.clone()).collect::<Vec<_>>()
        })
    });
    let count = Memo::new(move |_| library.cards.with(|cards| cards.as_ref().map(Vec::len)));
    // What was deleted is not chosen any more.
    Effect::new(move |_| {
        library.cards.with(|cards| {
            if let Some(cards) = cards {
                let all: Vec<&str> = cards.iter().map(|card| card.id.as_str()).collect();
                list.choice.update(|choice| choice.retain(&all));
            }
        });
    });
    let labelling = RwSignal::new(None::<String>);
    view! {
        <div class="view-head view-head-row">
            <div>
                <h1>"Runs"</h1>
                <p class="lead">
                    "Kept in this browser. Save or export them to take them elsewhere."
                </p>
            </div>
            <div class="row">
                <CompareButton />
                <OpenFiles />
            </div>
        </div>
        <Trouble />
        <Show
            when=move || count.get().is_some()
            fallback=|| view! { <p class="busy">"Reading the library…"</p> }
        >
            <Show when=move || count.get() != Some(0) fallback=|| view! { <Empty /> }>
                <SearchTools search shown count />
                <Chosen shown />
                <Show
                    when=move || shown.with(|shown| !shown.is_empty())
                    fallback=|| view! { <NothingFound /> }
                >
                    <RunTable shown labelling />
                </Show>
                <StoragePanel />
            </Show>
        </Show>
        <Published />
        <LabelsDialog editing=labelling />
    }
}

/// What the store can't do, and what went to make room.
#[component]
fn Trouble() -> impl IntoView {
    let library = expect_context::<Library>();
    let made_room = move || {
        let names = library.made_room.get();
        (!names.is_empty()).then(|| {
            let names = names.join("”, “");
            format!("To make room, recovered runs that nobody kept went: “{names}”.")
        })
    };
    view! {
        <div role="status">
            {move || library.trouble.get().map(|text| view! { <p class="note note-warn">{text}</p> })}
            {move || made_room().map(|text| view! { <p class="note note-warn">{text}</p> })}
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <section class="empty">
            <h2>"No runs yet"</h2>
            <p>
                "Start one, or open result files of fwit or another load tester: with the buttons \
                 above, or by dropping or pasting them anywhere on this page."
            </p>
            <p>
                <a class="button button-main" href="#/">"Plan a run"</a>
            </p>
        </section>
    }
}
