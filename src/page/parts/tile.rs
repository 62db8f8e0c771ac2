//! A big number with its name and a note.

use leptos::prelude::*;

/// A figure, its unit, and a line below. The texts are memos, so that equal ones do not change the
/// page.
#[component]
pub fn Tile(
    /// What it is.
    #[prop(into)]
    name: String,
    /// The figure.
    #[prop(into)]
    value: Signal<String>,
    /// Its unit.
    #[prop(optional)]
    unit: &'static str,
    /// A line below.
    #[prop(into)]
    note: Signal<String>,
    /// `good`, `warn`, `bad`, or empty.
    #[prop(optional, into)]
    tone: Signal<&'static str>,
) -> impl IntoView {
    let (value, note) = (Memo::new(move |_| value.get()), Memo::new(move |_| note.get()));
    view! {
        <div class="tile" data-tone=move || tone.get()>
            <dt>{name}</dt>
            <dd>
                <span class="tile-value">{value}</span>
                {(!unit.is_empty()).then(|| view! { <span class="tile-unit">{unit}</span> })}
                <span class="tile-note">{note}</span>
            </dd>
        </div>
    }
}
