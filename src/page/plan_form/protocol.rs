//! What the nodes speak: a dialect that comes with fwit, or one of the user's own.

use leptos::prelude::*;

use super::field::Area;
use crate::browser::files::Picked;
use crate::page::state::PlanForm;
use fwit_model::dialect::{BUILT_IN, CUSTOM, built_in};
use fwit_present::protocol::{about, import_into, starting_point, titles};

/// Chooses the protocol, and says what it was tried with.
#[component]
pub fn Protocol(form: PlanForm) -> impl IntoView {
    let chosen = Memo::new(move |_| form.draft.with(|d| d.dialect.clone()));
    let own = Memo::new(move |_| chosen.get() == CUSTOM);
    view! {
        <div class="field field-wide">
            <label for="f-cluster-dialect">"Protocol"</label>
            <select
                id="f-cluster-dialect"
                prop:value=move || chosen.get()
                on:change:target=move |event| form.speak(&event.target().value())
            >
                {titles()
                    .into_iter()
                    .map(|(name, title)| {
                        let selected = move || chosen.get() == name;
                        view! {
                            <option value=name selected=selected>
                                {title}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <p class="hint">{move || about(&chosen.get())}</p>
        </div>
        <Show when=move || own.get()>
            <Custom form />
        </Show>
    }
}

/// The user's own dialect, as text.
#[component]
fn Custom(form: PlanForm) -> impl IntoView {
    let value = Signal::derive(move || form.draft.with(|d| d.custom.clone()));
    view! {
        <div class="custom-protocol">
            <div class="field field-wide">
                <label for="f-custom-from">"Start from"</label>
                <select
                    id="f-custom-from"
                    on:change:target=move |event| {
                        if let Some(text) = starting_point(&event.target().value()) {
                            form.edit(|d| {
                                d.custom = text;
                                d.take_dialect();
                            });
                        }
                        event.target().set_value("");
                    }
                >
                    <option value="">"choose to replace what stands below"</option>
                    {BUILT_IN
                        .iter()
                        .filter_map(|name| built_in(name))
                        .map(|dialect| {
                            view! {
                                <option value=dialect.name().to_string()>
                                    {dialect.file().title.clone()}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
            </div>
            <Import form />
            <Area
                form
                field="cluster.custom"
                label="Protocol, JSON"
                value
                set=move |text: String| {
                    form.edit(|d| {
                        d.custom = text;
                        d.follow_dialect();
                    });
                }
                hint="Operations as requests, and rules for their answers: docs/dialects.md says all \
                      that it may hold."
            />
        </div>
    }
}

/// Makes a protocol from curl commands, a HAR file or an OpenAPI document.
#[component]
fn Import(form: PlanForm) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let said = RwSignal::new(None::<Result<String, String>>);
    let make = move |from: &str| {
        let mut draft = form.draft.get_untracked();
        let result = import_into(&mut draft, from);
        if result.is_ok() {
            form.fill_draft(draft);
            text.set(String::new());
        }
        said.set(Some(result));
    };
    let picked = move |files: Vec<Picked>| {
        let Some(file) = files.into_iter().next() else { return };
        leptos::task::spawn_local(async move {
            match file.read().await {
                Ok(bytes) => make(&String::from_utf8_lossy(&bytes)),
                Err(why) => said.set(Some(Err(format!("{}: {why}", file.name)))),
            }
        });
    };
    let load = NodeRef::<leptos::html::Input>::new();
    view! {
        <details class="node-lanes">
            <summary>"Make it from curl commands, a HAR file or an OpenAPI document"</summary>
            <div class="field field-wide">
                <label for="f-custom-import">"Paste it here"</label>
                <textarea
                    id="f-custom-import"
                    rows="5"
                    spellcheck="false"
                    placeholder="curl -X PUT https://node1.example/items/a -d 'text'"
                    prop:value=move || text.get()
                    on:input:target=move |event| text.set(event.target().value())
                ></textarea>
                <p class="hint">
                    "OpenAPI as JSON; a HAR file is what developer tools save of their network \
                     list. Write ${key} and ${value} where key and value belong."
                </p>
            </div>
            <div class="row">
                <button
                    type="button"
                    class="button"
                    disabled=move || text.with(|t| t.trim().is_empty())
                    on:click=move |_| make(&text.get_untracked())
                >
                    "Make operations of it"
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
                    "Open a file"
                </button>
                <input
                    type="file"
                    accept=".har,.json,.sh,.txt,application/json"
                    class="visually-hidden"
                    tabindex="-1"
                    aria-label="HAR, OpenAPI or curl file"
                    node_ref=load
                    on:change=move |_| {
                        let Some(input) = load.get_untracked() else { return };
                        let files = Picked::all(input.files());
                        input.set_value("");
                        picked(files);
                    }
                />
            </div>
            <div aria-live="polite">
                {move || {
                    said.get()
                        .map(|result| match result {
                            Ok(text) => view! { <p class="hint">{text}</p> }.into_any(),
                            Err(text) => view! { <p class="wrong">{text}</p> }.into_any(),
                        })
                }}
            </div>
        </details>
    }
}
