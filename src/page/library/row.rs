//! One row of the list.

use leptos::prelude::*;

use crate::browser::document;
use crate::browser::environment::{local_day, local_time};
use crate::page::actions::Actions;
use crate::page::labels::Tags;
use crate::page::parts::{Badge, Icon, RenameForm, Simulated, Tone};
use crate::page::state::{Library, LibraryList, Notices};
use fwit_present::figure;
use fwit_present::library::{Card, CardKind};
use fwit_present::library_edit::Edit;
use fwit_present::library_words;
use fwit_present::sentence;
use fwit_present::source::has_time;
use fwit_quantities::units::three_digits;
use fwit_report::run::view::Ended;

/// The id of an element of a row.
fn place(what: &str, id: &str) -> String {
    format!("{what}-{id}")
}

/// When a run began; a dash where its file does not say it.
fn when(started_at: &str) -> String {
    if has_time(started_at) { local_time(started_at) } else { "–".into() }
}

#[component]
pub(super) fn RunRow(
    id: String,
    shown: Memo<Vec<String>>,
    labelling: RwSignal<Option<String>>,
) -> impl IntoView {
    let (library, list) = (expect_context::<Library>(), expect_context::<LibraryList>());
    let (actions, notices) = (expect_context::<Actions>(), expect_context::<Notices>());
    let key = StoredValue::new(id.clone());
    let card = Memo::new(move |_| {
        let id = key.get_value();
        library.cards.with(|cards| cards.iter().flatten().find(|c| c.id == id).cloned())
    });
    let text = move |of: fn(&Card) -> String| {
        Memo::new(move |_| card.with(|c| c.as_ref().map(of).unwrap_or_default()))
    };
    let name = text(|c| c.name.clone());
    let is_chosen = Memo::new(move |_| key.with_value(|id| list.choice.with(|c| c.has(id))));
    let renaming = RwSignal::new(false);
    let delete = move || {
        let Some(card) = card.get_untracked() else { return };
        // The focus goes on before the row goes.
        let next = shown.with_untracked(|shown| {
            let at = shown.iter().position(|id| *id == card.id)?;
            shown.get(at + 1).or_else(|| shown.get(at.checked_sub(1)?)).cloned()
        });
        if !next.is_some_and(|next| document::focus_here(&place("delete", &next))) {
            document::focus_here("main");
        }
        actions.delete_all(vec![card]);
    };
    let renamed = Callback::new(move |new: Option<String>| {
        renaming.set(false);
        let id = key.get_value();
        document::focus_soon(&place("rename", &id));
        let Some(name) = new else { return };
        leptos::task::spawn_local(async move {
            let edit = Edit { name: Some(name), ..Edit::default() };
            notices.check(library.edit(&id, edit).await);
        });
    });
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if renaming.get_untracked() {
            return;
        }
        match event.key().as_str() {
            "F2" => {
                event.prevent_default();
                renaming.set(true);
            }
            // A key that is held would delete one row after another.
            "Delete" if !(event.repeat() || event.ctrl_key() || event.shift_key()) => delete(),
            _ => {}
        }
    };
    view! {
        <tr role="row" class:chosen=move || is_chosen.get() on:keydown=keys>
            <td class="choose" role="cell">
                <input
                    type="checkbox"
                    aria-label=move || format!("Choose {}", name.get())
                    prop:checked=move || is_chosen.get()
                    on:click=move |event| {
                        let range = event.shift_key();
                        key.with_value(|id| {
                            shown
                                .with_untracked(|shown| {
                                    list.choice.update(|c| c.toggle(id, range, shown));
                                });
                        });
                    }
                />
            </td>
            <th scope="row" class="name" role="rowheader">
                {move || {
                    if renaming.get() {
                        let name = name.get_untracked();
                        let label = format!("New name of {name}");
                        view! { <RenameForm name label done=renamed /> }.into_any()
                    } else {
                        view! { <Named card /> }.into_any()
                    }
                }}
            </th>
            <Figures card />
            <td class="row-acts" role="cell">
                <RowButton
                    id=place("labels", &id)
                    icon="tag"
                    label=Signal::derive(move || format!("Tags and note of {}", name.get()))
                    title="Tags and note"
                    act=Callback::new(move |()| labelling.set(Some(key.get_value())))
                />
                <RowButton
                    id=place("rename", &id)
                    icon="pen"
                    label=Signal::derive(move || format!("Rename {}", name.get()))
                    title="Rename (F2)"
                    act=Callback::new(move |()| renaming.set(true))
                />
                <RowButton
                    id=place("delete", &id)
                    icon="trash"
                    label=Signal::derive(move || format!("Delete {}", name.get()))
                    title="Delete; can be undone"
                    act=Callback::new(move |()| delete())
                />
            </td>
        </tr>
    }
}

/// The name with what marks the run, its tags and its note.
#[component]
fn Named(card: Memo<Option<Card>>) -> impl IntoView {
    let text = move |of: fn(&Card) -> String| {
        Memo::new(move |_| card.with(|c| c.as_ref().map(of).unwrap_or_default()))
    };
    let name = text(|c| c.name.clone());
    let note = text(|c| c.labels.note.clone());
    let tags = Memo::new(move |_| {
        card.with(|c| c.as_ref().map(|c| c.labels.tags.clone()).unwrap_or_default())
    });
    let href = text(|c| {
        let place = if c.kind == CardKind::Run { "run" } else { "experiment" };
        format!("#/{place}/{}", c.id)
    });
    let badges = move || {
        card.with(|c| {
            c.as_ref().map(|c| {
                let kind =
                    (c.kind == CardKind::Experiment).then(|| view! { <Badge text="experiment" /> });
                let simulated = c.simulated.then(|| view! { <Simulated /> });
                let tool = (!c.tool.is_empty()).then(|| view! { <Badge text=c.tool.clone() /> });
                let ended = (c.ended != Ended::Completed)
                    .then(|| view! { <Badge text=sentence::ended(c.ended) tone=Tone::Warn /> });
                let doubts =
                    (c.doubts > 0).then(|| view! { <Badge text="doubtful" tone=Tone::Warn /> });
                let goes = (!c.until.is_empty()).then(|| {
                    let text = format!("goes on {}", local_day(&c.until));
                    view! { <Badge text tone=Tone::Warn /> }
                });
                (kind, tool, simulated, ended, goes, doubts)
            })
        })
    };
    view! {
        <a href=href title=move || name.get()>
            {name}
        </a>
        {badges}
        <Tags tags=tags />
        {move || {
            let note = note.get();
            (!note.is_empty()).then(|| view! { <p class="row-note" title=note.clone()>{note.clone()}</p> })
        }}
    }
}

/// What was run, when, and the figures.
#[component]
fn Figures(card: Memo<Option<Card>>) -> impl IntoView {
    let text = move |of: fn(&Card) -> String| {
        Memo::new(move |_| card.with(|c| c.as_ref().map(of).unwrap_or_default()))
    };
    fn percentile(us: Option<u64>) -> String {
        us.map_or_else(|| "–".to_string(), |us| figure::ms(us as f64))
    }
    let plan = text(library_words::plan);
    let has_errors = Memo::new(move |_| card.with(|c| c.as_ref().is_some_and(|c| c.errors > 0)));
    view! {
        <td class="when" role="cell">{text(|c| when(&c.started_at))}</td>
        <td class="name run-plan" role="cell" title=move || plan.get()>{plan}</td>
        <td class="number" role="cell" data-label="per second">
            {text(|c| three_digits(c.rate_per_s))}
        </td>
        <td class="number" role="cell" data-label="p50 ms">{text(|c| percentile(c.p50_us))}</td>
        <td class="number" role="cell" data-label="p99 ms">{text(|c| percentile(c.p99_us))}</td>
        <td class="number" role="cell" data-label="errors" class:wrong=move || has_errors.get()>
            {text(library_words::errors)}
        </td>
        <td class="number size" role="cell">{text(|c| figure::bytes(c.bytes))}</td>
    }
}

#[component]
fn RowButton(
    id: String,
    icon: &'static str,
    label: Signal<String>,
    title: &'static str,
    act: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button-icon"
            id=id
            aria-label=move || label.get()
            title=title
            on:click=move |_| act.run(())
        >
            <Icon name=icon />
        </button>
    }
}
