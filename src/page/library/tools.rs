//! The search of the list, and how much it finds. The address holds what is searched for.

use leptos::prelude::*;

use crate::browser::document;
use crate::page::state::{CurrentRoute, go};
use fwit_present::library_words;
use fwit_present::route::Route;

/// The id of the field.
pub(in crate::page) const SEARCH: &str = "runs-search";

/// The field, and how many runs are shown.
#[component]
pub(super) fn SearchTools(
    search: Memo<String>,
    shown: Memo<Vec<String>>,
    count: Memo<Option<usize>>,
) -> impl IntoView {
    let route = expect_context::<CurrentRoute>();
    // Typing makes no entries in the browser's history.
    let type_in = move |text: String| route.replace(Route::Library(text));
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && !search.with_untracked(String::is_empty) {
            event.prevent_default();
            type_in(String::new());
        }
    };
    let words = move || {
        let shown = shown.with(Vec::len);
        library_words::shown(shown, count.get().unwrap_or_default())
    };
    view! {
        <form class="search" role="search" on:submit=|event| event.prevent_default()>
            <input
                type="search"
                id=SEARCH
                aria-label="Search runs"
                aria-describedby="runs-search-hint"
                placeholder="Search  ( / )"
                autocomplete="off"
                spellcheck="false"
                maxlength="500"
                prop:value=move || search.get()
                on:input:target=move |event| type_in(event.target().value())
                on:keydown=escape
            />
            <p class="search-count" role="status">
                {words}
            </p>
            <p class="hint" id="runs-search-hint">
                "Name, tag, note, tool, node. Filters: "<code>"tag:x"</code>", "
                <code>"tool:k6"</code>", "<code>"is:experiment"</code>", "
                <code>"is:simulated"</code>", "<code>"is:doubtful"</code>
            </p>
        </form>
    }
}

/// Said where the search finds nothing.
#[component]
pub(super) fn NothingFound() -> impl IntoView {
    let route = expect_context::<CurrentRoute>();
    view! {
        <section class="empty empty-found">
            <h2>"No run matches"</h2>
            <p class="wrap">
                "None has all of “"{move || route.search()}
                "”. Words are looked for in names, tags, notes, tools, nodes and plans."
            </p>
            <p>
                <button
                    type="button"
                    class="button"
                    on:click=move |_| {
                        go(&Route::LIBRARY);
                        document::focus_here(SEARCH);
                    }
                >
                    "Clear the search"
                </button>
            </p>
        </section>
    }
}
