//! The table of the list: its head sorts and chooses all.
//!
//! Narrow windows show each row as a block (style/library.css), so that no figure is out of sight;
//! the roles say there what the elements are by themselves.

use leptos::prelude::*;

use super::row::RunRow;
use crate::page::state::LibraryList;
use fwit_present::library_order::Column;

/// The table.
#[component]
pub(super) fn RunTable(
    shown: Memo<Vec<String>>,
    labelling: RwSignal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="table-scroll panel" tabindex="0" role="region" aria-label="Runs of this browser">
            <table class="table table-runs" role="table">
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader" class="choose">
                            <ChooseAll shown />
                        </th>
                        <Head column=Column::Name name="name" />
                        <Head column=Column::When name="when" />
                        <th scope="col" role="columnheader" class="run-plan">
                            "plan"
                        </th>
                        <Head column=Column::Rate name="per second" number=true />
                        <Head column=Column::P50 name="p50" unit="ms" number=true />
                        <Head column=Column::P99 name="p99" unit="ms" number=true />
                        <Head column=Column::Errors name="errors" number=true />
                        <Head column=Column::Size name="size" number=true />
                        <th scope="col" role="columnheader" class="acts-head">
                            <span class="visually-hidden">"label, rename, delete"</span>
                        </th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    <For each=move || shown.get() key=Clone::clone let:id>
                        <RunRow id shown labelling />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

/// A column's head, which sorts by it.
#[component]
fn Head(
    column: Column,
    name: &'static str,
    #[prop(optional)] unit: &'static str,
    #[prop(optional)] number: bool,
) -> impl IntoView {
    let list = expect_context::<LibraryList>();
    let sorted = move || list.order.get().aria(column);
    let mark = move || match sorted() {
        Some("ascending") => "↑",
        Some(_) => "↓",
        None => "",
    };
    view! {
        <th scope="col" role="columnheader" class:number=number aria-sort=sorted>
            <button
                type="button"
                class="sort"
                on:click=move |_| list.order.update(|order| *order = order.clicked(column))
            >
                <span class="sort-mark" aria-hidden="true">
                    {mark}
                </span>
                {name}
                {(!unit.is_empty()).then(|| view! { <small>{unit}</small> })}
            </button>
        </th>
    }
}

/// Chooses all that are shown, or none of them.
#[component]
fn ChooseAll(shown: Memo<Vec<String>>) -> impl IntoView {
    let list = expect_context::<LibraryList>();
    let all =
        Memo::new(move |_| shown.with(|shown| list.choice.with(|choice| choice.has_all(shown))));
    let choose = move |_| {
        let chosen = all.get_untracked() != Some(true);
        shown.with_untracked(|shown| list.choice.update(|choice| choice.set_all(shown, chosen)));
    };
    view! {
        <input
            type="checkbox"
            aria-label="Choose all that are shown"
            title="Choose all that are shown. With Shift, a click on a row chooses all from the last \
                   one on"
            prop:checked=move || all.get() == Some(true)
            prop:indeterminate=move || all.get().is_none()
            on:change=choose
        />
    }
}
