//! The legend: a button for each series, with its value at the cursor.

use leptos::prelude::*;

use fwit_chart::figure::{Entry, Readout};
use fwit_chart::sign;
use fwit_chart::viewport::{Input, Viewport};

/// The legend. A click on a series shows or hides it, a double click shows it alone. Entries
/// without a series only explain.
#[component]
pub fn Legend(
    entries: Memo<Vec<Entry>>,
    #[prop(into)] view: Signal<Viewport>,
    readout: Memo<Readout>,
    /// Characters to keep free for a value, so that nothing moves when the cursor comes.
    room: Memo<usize>,
    on_input: Callback<Input>,
) -> impl IntoView {
    let count = move || entries.with(|e| e.iter().filter(|e| e.series.is_some()).count());
    let item = move |entry: Entry| {
        let sign = sign::svg(entry.sign, entry.ink);
        let Some(n) = entry.series else {
            return view! {
                <li class="chart-key chart-key-plain">
                    <span inner_html=sign></span>{entry.label}
                </li>
            }
            .into_any();
        };
        // A memo of the displayed text, so that equal values change nothing.
        let value = Memo::new(move |_| readout.with(|r| r.of(n).unwrap_or_default().to_owned()));
        let shown = Memo::new(move |_| view.with(|v| v.shows(n)));
        view! {
            <li>
                <button
                    type="button"
                    class="chart-key"
                    aria-pressed=move || if shown.get() { "true" } else { "false" }
                    title="Click: show or hide. Double click: show alone."
                    // The two clicks of a double click cancel each other out.
                    on:click=move |_| on_input.run(Input::Toggle(n))
                    on:dblclick=move |_| on_input.run(Input::Solo(n, count()))
                >
                    <span inner_html=sign></span>
                    <span class="chart-key-name">{entry.label}</span>
                    <span
                        class="chart-key-value"
                        style:inline-size=move || format!("{}ch", room.get() + 1)
                    >
                        {value}
                    </span>
                </button>
            </li>
        }
        .into_any()
    };
    view! {
        <Show when=move || entries.with(|e| !e.is_empty())>
            <ul class="chart-legend">
                {move || entries.get().into_iter().map(item).collect_view()}
            </ul>
        </Show>
    }
}
