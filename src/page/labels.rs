//! Tags and a note: shown at a result's head, and edited in a dialog.

use leptos::prelude::*;

use super::parts::Icon;
use super::state::{CurrentRoute, EditError, Library, go};
use fwit_present::library::Card;
use fwit_present::library_edit::Edit;
use fwit_present::library_search::with_tag;
use fwit_present::route::Route;
use fwit_report::run::labels::{Labels, NOTE_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX};

/// Tags as buttons that search for them.
#[component]
pub fn Tags(#[prop(into)] tags: Signal<Vec<String>>) -> impl IntoView {
    let route = expect_context::<CurrentRoute>();
    move || {
        tags.get()
            .into_iter()
            .map(|tag| {
                let own = tag.clone();
                let find =
                    move |_| go(&Route::Library(with_tag(&untrack(|| route.search()), &own)));
                view! {
                    <button
                        type="button"
                        class="badge tag"
                        title="Find the runs with this tag"
                        on:click=find
                    >
                        <span class="visually-hidden">"tag "</span>
                        {tag}
                    </button>
                }
            })
            .collect_view()
    }
}

/// Tags and note of an item of the library, as they are kept now, and a button that edits them.
#[component]
pub fn LabelsLine(id: String) -> impl IntoView {
    let library = expect_context::<Library>();
    let editing = RwSignal::new(None::<String>);
    let own = id.clone();
    let labels = Memo::new(move |_| {
        library.cards.with(|cards| {
            let card = cards.iter().flatten().find(|card| card.id == own);
            card.map(|card| card.labels.clone()).unwrap_or_default()
        })
    });
    view! {
        <div class="labels">
            <p class="badges">
                <Tags tags=Signal::derive(move || labels.with(|l| l.tags.clone())) />
                <button
                    type="button"
                    class="button-quiet"
                    on:click=move |_| editing.set(Some(id.clone()))
                >
                    <Icon name="tag" />
                    {move || if labels.with(Labels::is_empty) { "Add tags or a note" } else { "Tags and note" }}
                </button>
            </p>
            {move || {
                let note = labels.with(|l| l.note.clone());
                (!note.is_empty()).then(|| view! { <p class="labels-note">{note}</p> })
            }}
            <LabelsDialog editing />
        </div>
    }
}

/// A dialog that edits tags and note of the item whose id is in `editing`; none is without.
#[component]
pub fn LabelsDialog(editing: RwSignal<Option<String>>) -> impl IntoView {
    let library = expect_context::<Library>();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let (name, was) = (RwSignal::new(String::new()), RwSignal::new(Labels::default()));
    let (tags, note) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let problem = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        let (Some(id), Some(dialog)) = (editing.get(), dialog.get()) else { return };
        let found = library.cards.with_untracked(|cards| {
            let card = cards.iter().flatten().find(|card| card.id == id);
            card.map(|card: &Card| (card.name.clone(), card.labels.clone()))
        });
        let Some((named, labels)) = found else { return };
        name.set(named);
        tags.set(labels.tag_text());
        note.set(labels.note.clone());
        was.set(labels);
        problem.set(None);
        if !dialog.open() {
            let _ = dialog.show_modal();
        }
    });
    let save = move || {
        let Some(id) = editing.get_untracked() else { return };
        let labels = match Labels::typed(&tags.get_untracked(), &note.get_untracked()) {
            Ok(labels) => labels,
            Err(wrong) => return problem.set(Some(wrong)),
        };
        let edit = Edit { name: None, labels: Some(labels), was: Some(was.get_untracked()) };
        leptos::task::spawn_local(async move {
            match library.edit(&id, edit).await {
                Ok(()) => {
                    // The view may be gone by now.
                    if let Some(dialog) = dialog.try_get_untracked().flatten() {
                        dialog.close();
                    }
                }
                Err(EditError::Changed(now)) => {
                    let text = format!(
                        "Another tab has changed them meanwhile: tags “{}”, note “{}”. Save again \
                         to replace that.",
                        now.tag_text(),
                        now.note
                    );
                    was.try_set(now);
                    problem.try_set(Some(text));
                }
                Err(error) => {
                    problem.try_set(Some(error.to_string()));
                }
            }
        });
    };
    // Tags of other runs that are not here yet.
    let known = Memo::new(move |_| {
        let here = Labels::typed(&tags.get(), "").unwrap_or_default();
        library.cards.with(|cards| {
            let all = cards.iter().flatten().flat_map(|card| card.labels.tags.iter().cloned());
            let mut all: Vec<String> = all.filter(|tag| !here.tags.contains(tag)).collect();
            all.sort();
            all.dedup();
            all.truncate(TAGS_MAX);
            all
        })
    });
    let add = move |tag: String| {
        tags.update(|text| {
            let kept = text.trim().trim_end_matches(',').to_string();
            *text = if kept.is_empty() { tag } else { format!("{kept}, {tag}") };
        });
    };
    view! {
        <dialog
            class="dialog labels-dialog"
            aria-labelledby="labels-title"
            node_ref=dialog
            on:close=move |_| editing.set(None)
        >
            <form
                on:submit=move |event| {
                    event.prevent_default();
                    save();
                }
                on:keydown=move |event| {
                    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                        event.prevent_default();
                        save();
                    }
                }
            >
                <h2 id="labels-title">"Tags and note"</h2>
                <p class="hint wrap">{name}</p>
                <div class="field">
                    <label for="labels-tags">"Tags"</label>
                    <input
                        type="text"
                        id="labels-tags"
                        autofocus
                        autocomplete="off"
                        aria-describedby="labels-tags-hint"
                        prop:value=move || tags.get()
                        on:input:target=move |event| tags.set(event.target().value())
                    />
                    <p class="hint" id="labels-tags-hint">
                        {format!(
                            "A comma between two; up to {TAGS_MAX} of {TAG_CHARS_MAX} characters.",
                        )}
                    </p>
                </div>
                <Show when=move || known.with(|known| !known.is_empty())>
                    <p class="badges" role="group" aria-label="Tags of other runs">
                        {move || {
                            known
                                .get()
                                .into_iter()
                                .map(|tag| {
                                    let own = tag.clone();
                                    view! {
                                        <button
                                            type="button"
                                            class="badge tag"
                                            on:click=move |_| add(own.clone())
                                        >
                                            "+ "
                                            {tag}
                                        </button>
                                    }
                                })
                                .collect_view()
                        }}
                    </p>
                </Show>
                <div class="field">
                    <label for="labels-note">"Note"</label>
                    <textarea
                        id="labels-note"
                        rows="5"
                        aria-describedby="labels-note-hint"
                        prop:value=move || note.get()
                        on:input:target=move |event| note.set(event.target().value())
                    ></textarea>
                    <p class="hint" id="labels-note-hint">
                        {format!(
                            "Up to {NOTE_CHARS_MAX} characters. Tags and note are in the run's file, \
                             and go with it when it is saved or exported.",
                        )}
                    </p>
                </div>
                <div class="problems" role="alert">
                    {move || problem.get().map(|text| view! { <p>{text}</p> })}
                </div>
                <p class="row">
                    <button class="button button-main">"Save"</button>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| {
                            if let Some(dialog) = dialog.get_untracked() {
                                dialog.close();
                            }
                        }
                    >
                        "Cancel"
                    </button>
                </p>
            </form>
        </dialog>
    }
}
