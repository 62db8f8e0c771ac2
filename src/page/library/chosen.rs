//! What can be done with the chosen runs, or with all.

use leptos::prelude::*;

use super::tools::SEARCH;
use crate::browser::document;
use crate::page::actions::Actions;
use crate::page::parts::Icon;
use crate::page::state::{Library, LibraryList, Notices, go};
use fwit_present::library::{Card, CardKind};
use fwit_present::library_words;
use fwit_present::route::Route;

/// The chosen cards, the newest first.
fn chosen(library: Library, list: LibraryList) -> Vec<Card> {
    library.cards.with(|cards| {
        list.choice.with(|choice| {
            cards.iter().flatten().filter(|card| choice.has(&card.id)).cloned().collect()
        })
    })
}

/// Compares the chosen runs, or combines the chosen experiments: both at once is neither.
#[component]
pub(super) fn CompareButton() -> impl IntoView {
    let (library, list) = (expect_context::<Library>(), expect_context::<LibraryList>());
    let (actions, notices) = (expect_context::<Actions>(), expect_context::<Notices>());
    let counts = Memo::new(move |_| {
        let chosen = chosen(library, list);
        let experiments = chosen.iter().filter(|card| card.kind == CardKind::Experiment).count();
        (chosen.len(), experiments)
    });
    let act = move |_| {
        // Older runs first: the later ones are compared with the first.
        let ids = untrack(|| chosen(library, list)).into_iter().rev().map(|card| card.id);
        let ids: Vec<String> = ids.collect();
        if counts.get_untracked().1 == 0 {
            go(&Route::Compare(ids));
        } else {
            leptos::task::spawn_local(async move {
                notices.check(actions.combine_experiments(&ids).await);
            });
        }
    };
    view! {
        <button
            type="button"
            class="button button-main"
            disabled=move || {
                let (all, experiments) = counts.get();
                all < 2 || (experiments > 0 && experiments < all)
            }
            title="Choose two or more runs to compare, or experiments of one plan to combine"
            on:click=act
        >
            {move || match counts.get() {
                (n, 0) if n >= 2 => format!("Compare {n} runs"),
                (n, e) if n >= 2 && e == n => format!("Combine {n} experiments"),
                (_, e) if e > 0 => "Combine".to_string(),
                _ => "Compare".to_string(),
            }}
        </button>
    }
}

/// How many are chosen; export and delete.
#[component]
pub(super) fn Chosen(shown: Memo<Vec<String>>) -> impl IntoView {
    let (library, list) = (expect_context::<Library>(), expect_context::<LibraryList>());
    let actions = expect_context::<Actions>();
    let count = Memo::new(move |_| list.choice.with(|choice| choice.len()));
    let words = move || {
        let hidden = shown.with(|shown| list.choice.with(|choice| choice.hidden(shown)));
        library_words::chosen(count.get(), hidden)
    };
    let none = move |_| {
        list.choice.update(|choice| choice.clear());
        document::focus_here(SEARCH);
    };
    let delete = move |_| {
        // The focus goes on before the rows go.
        let next = shown.with_untracked(|shown| list.choice.with_untracked(|c| c.next(shown)));
        let next = next.map_or_else(|| "main".to_string(), |id| format!("delete-{id}"));
        document::focus_here(&next);
        actions.delete_all(untrack(|| chosen(library, list)));
    };
    let export = move |_| {
        let cards = match count.get_untracked() {
            0 => library.cards.get_untracked().unwrap_or_default(),
            _ => untrack(|| chosen(library, list)),
        };
        actions.export(cards, list.export);
    };
    let exporting = move || {
        list.export.get().map(|[done, all]| {
            view! {
                <span class="row" role="group" aria-label="Export">
                    <progress max=all.to_string() value=done.to_string() aria-label="Exported so far">
                    </progress>
                    <span>{format!("{done} of {}", library_words::runs(all))}</span>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| list.export.set(None)
                    >
                        "Cancel"
                    </button>
                </span>
            }
        })
    };
    view! {
        <div class="row chosen-acts" class:chosen-some=move || { count.get() > 0 }>
            <span role="status">
                {move || if count.get() > 0 { words() } else { String::new() }}
            </span>
            <Show when=move || { count.get() > 0 }>
                <button type="button" class="button-quiet" on:click=none>
                    "Choose none"
                </button>
            </Show>
            <span class="spacer"></span>
            {exporting}
            <Show when=move || list.export.with(Option::is_none)>
                <button
                    type="button"
                    class="button"
                    title="As one zip, which this page opens again, here or in another browser"
                    on:click=export
                >
                    <Icon name="down" />
                    {move || match count.get() {
                        0 => "Export all".to_string(),
                        n => format!("Export {n}"),
                    }}
                </button>
            </Show>
            <Show when=move || { count.get() > 0 }>
                <button type="button" class="button" title="Can be undone" on:click=delete>
                    <Icon name="trash" />
                    {move || format!("Delete {}", count.get())}
                </button>
            </Show>
        </div>
    }
}
