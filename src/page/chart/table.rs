//! The data of a chart as a table, a page of rows at a time. It exists only while it is open.

use leptos::prelude::*;
use std::sync::Arc;

use fwit_chart::figure::Chart;

const ROWS: usize = 50;

/// "Show data": a disclosure with a paged table.
#[component]
pub fn DataTable(#[prop(into)] chart: Signal<Arc<dyn Chart>>) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <details class="chart-data" on:toggle=move |_| open.update(|o| *o = !*o)>
            <summary>"Show data"</summary>
            <Show when=move || open.get()>
                <Pages chart=chart />
            </Show>
        </details>
    }
}

#[component]
fn Pages(chart: Signal<Arc<dyn Chart>>) -> impl IntoView {
    let wanted = RwSignal::new(0usize);
    let len = Memo::new(move |_| chart.with(|c| c.table().len));
    // A chart that has become shorter shows its last page.
    let start = Memo::new(move |_| wanted.get().min(len.get().saturating_sub(1) / ROWS * ROWS));
    let head = move || {
        chart.with(|c| {
            c.table().headers.into_iter().map(|h| view! { <th scope="col">{h}</th> }).collect_view()
        })
    };
    let row = |cells: Vec<String>| {
        let cell = |(i, text): (usize, String)| {
            if i == 0 {
                view! { <th scope="row">{text}</th> }.into_any()
            } else {
                view! { <td>{text}</td> }.into_any()
            }
        };
        view! { <tr>{cells.into_iter().enumerate().map(cell).collect_view()}</tr> }
    };
    let body = move || chart.with(|c| c.table().rows(start.get(), ROWS).map(row).collect_view());
    let range = move || match len.get() {
        0 => "No rows".to_owned(),
        n => format!("Rows {} to {} of {n}", start.get() + 1, (start.get() + ROWS).min(n)),
    };
    let at_start = move || start.get() == 0;
    let at_end = move || start.get() + ROWS >= len.get();
    view! {
        <div class="chart-table" tabindex="0" role="region" aria-label="Data of the chart">
            <table>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
        <div class="chart-pages">
            <button
                type="button"
                disabled=at_start
                on:click=move |_| wanted.set(start.get_untracked().saturating_sub(ROWS))
            >
                "Earlier rows"
            </button>
            <span aria-live="polite">{range}</span>
            <button
                type="button"
                disabled=at_end
                on:click=move |_| wanted.set(start.get_untracked() + ROWS)
            >
                "Later rows"
            </button>
        </div>
    }
}
