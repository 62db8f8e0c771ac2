//! The list of runs of this browser: open, compare, combine, delete, import.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::actions::Actions;
use super::import::OpenFiles;
use super::parts::{Badge, Icon, Simulated, Tone};
use super::published::Published;
use super::state::{Library, Notices, go};
use crate::browser::environment::{local_day, local_time};
use fwit_present::figure;
use fwit_present::library::{Card, CardKind};
use fwit_present::route::Route;
use fwit_present::sentence;
use fwit_present::source::has_time;
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::Ended;

/// The list.
#[component]
pub fn LibraryView() -> impl IntoView {
    let library = expect_context::<Library>();
    let (actions, notices) = (expect_context::<Actions>(), expect_context::<Notices>());
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let ids = Memo::new(move |_| {
        library.cards.with(|cards| cards.iter().flatten().map(|c| c.id.clone()).collect::<Vec<_>>())
    });
    // Older runs first: the later ones are compared with the first.
    let selection = Memo::new(move |_| {
        let mut list = ids.with(|ids| {
            ids.iter().filter(|id| chosen.with(|c| c.contains(*id))).cloned().collect::<Vec<_>>()
        });
        list.reverse();
        list
    });
    // Runs are compared, experiments of one plan are combined; both at once is neither.
    let experiments = Memo::new(move |_| {
        let is_experiment = |id: &String| {
            library.cards.with(|cards| {
                let mut cards = cards.iter().flatten();
                cards.any(|c| c.id == *id && c.kind == CardKind::Experiment)
            })
        };
        selection.with(|s| s.iter().filter(|id| is_experiment(id)).count())
    });
    let act = move |_| {
        let ids = selection.get_untracked();
        if experiments.get_untracked() == 0 {
            go(&Route::Compare(ids));
        } else {
            leptos::task::spawn_local(async move {
                notices.check(actions.combine_experiments(&ids).await);
            });
        }
    };
    let loaded = Memo::new(move |_| library.cards.with(Option::is_some));
    view! {
        <div class="view-head view-head-row">
            <div>
                <h1>"Runs"</h1>
                <p class="lead">
                    "Kept in this browser. Save a run as a file to take it elsewhere."
                </p>
            </div>
            <div class="row">
                <button
                    type="button"
                    class="button button-main"
                    disabled=move || {
                        let (all, experiments) = (selection.with(Vec::len), experiments.get());
                        all < 2 || (experiments > 0 && experiments < all)
                    }
                    title="Choose two or more runs to compare, or experiments of one plan to \
                           combine"
                    on:click=act
                >
                    {move || match (selection.with(Vec::len), experiments.get()) {
                        (n, 0) if n >= 2 => format!("Compare {n} runs"),
                        (n, e) if n >= 2 && e == n => format!("Combine {n} experiments"),
                        (_, e) if e > 0 => "Combine".to_string(),
                        _ => "Compare".to_string(),
                    }}
                </button>
                <OpenFiles />
            </div>
        </div>
        {move || library.trouble.get().map(|text| view! { <p class="note note-warn">{text}</p> })}
        {move || {
            let names = library.made_room.get();
            (!names.is_empty())
                .then(|| {
                    let names = names.join("”, “");
                    let text = format!("To make room, recovered runs that nobody kept went: “{names}”.");
                    view! { <p class="note note-warn">{text}</p> }
                })
        }}
        <Show
            when=move || loaded.get()
            fallback=|| view! { <p class="busy">"Reading the library…"</p> }
        >
            <Show when=move || ids.with(|ids| !ids.is_empty()) fallback=|| view! { <Empty /> }>
                <div
                    class="table-scroll panel"
                    tabindex="0"
                    role="region"
                    aria-label="Runs of this browser"
                >
                    <table class="table table-runs">
                        <thead>
                            <tr>
                                <th scope="col">
                                    <span class="visually-hidden">"choose"</span>
                                </th>
                                <th scope="col">"name"</th>
                                <th scope="col">"when"</th>
                                <th scope="col">"plan"</th>
                                <th scope="col" class="number">"per second"</th>
                                <th scope="col" class="number">"p50" <small>"ms"</small></th>
                                <th scope="col" class="number">"p99" <small>"ms"</small></th>
                                <th scope="col" class="number">"errors"</th>
                                <th scope="col" class="number">"size"</th>
                                <th scope="col">
                                    <span class="visually-hidden">"delete"</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=move || ids.get() key=Clone::clone let:id>
                                <RunRow id chosen />
                            </For>
                        </tbody>
                    </table>
                </div>
            </Show>
        </Show>
        <Published />
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

/// When a run began; a dash where its file does not say it.
fn when(started_at: &str) -> String {
    if has_time(started_at) { local_time(started_at) } else { "–".into() }
}

#[component]
fn RunRow(id: String, chosen: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let (library, actions) = (expect_context::<Library>(), expect_context::<Actions>());
    let key = id.clone();
    let card = Memo::new(move |_| {
        library.cards.with(|cards| cards.iter().flatten().find(|c| c.id == key).cloned())
    });
    let text = move |of: fn(&Card) -> String| {
        Memo::new(move |_| card.with(|c| c.as_ref().map(of).unwrap_or_default()))
    };
    let name = text(|c| c.name.clone());
    let plan = text(|c| {
        if c.kind == CardKind::Experiment {
            return c.about.clone();
        }
        if !c.tool.is_empty() {
            let span = sentence::span(Micros::from_secs(c.measured_s.round()));
            return match (c.entities, c.nodes) {
                (0, _) => span,
                (n, _) => format!("{n} entities, {span}"),
            };
        }
        let sticky = if c.sticky { "sticky" } else { "not sticky" };
        format!(
            "{} entities, {} nodes, {}, {sticky}",
            c.entities,
            c.nodes,
            sentence::span(Micros::from_secs(c.measured_s.round()))
        )
    });
    let errors = text(|c| match c.errors {
        0 => "0".to_string(),
        n => format!("{} ({})", figure::count(n), figure::percent(c.error_share)),
    });
    let percentile = |p: Option<u64>| p.map_or_else(|| "–".to_string(), |us| figure::ms(us as f64));
    let (p50, p99) = (
        Memo::new(move |_| card.with(|c| c.as_ref().map(|c| percentile(c.p50_us)))),
        Memo::new(move |_| card.with(|c| c.as_ref().map(|c| percentile(c.p99_us)))),
    );
    let has_errors = Memo::new(move |_| card.with(|c| c.as_ref().is_some_and(|c| c.errors > 0)));
    let (own, other) = (id.clone(), id.clone());
    let is_chosen = Memo::new(move |_| chosen.with(|c| c.contains(&own)));
    let toggle = move |_| {
        chosen.update(|c| {
            if !c.remove(&other) {
                c.insert(other.clone());
            }
        });
    };
    let is_run = card.with_untracked(|c| c.as_ref().is_none_or(|c| c.kind == CardKind::Run));
    let href = format!("#/{}/{id}", if is_run { "run" } else { "experiment" });
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
        <tr class:chosen=move || is_chosen.get()>
            <td class="choose">
                <input
                    type="checkbox"
                    aria-label=move || format!("Choose {}", name.get())
                    prop:checked=move || is_chosen.get()
                    on:change=toggle
                />
            </td>
            <th scope="row" class="name">
                <a href=href title=move || name.get()>
                    {name}
                </a>
                {badges}
            </th>
            <td class="when">{text(|c| when(&c.started_at))}</td>
            <td class="name" title=move || plan.get()>{plan}</td>
            <td class="number">{text(|c| three_digits(c.rate_per_s))}</td>
            <td class="number">{p50}</td>
            <td class="number">{p99}</td>
            <td class="number" class:wrong=move || has_errors.get()>{errors}</td>
            <td class="number">{text(|c| figure::bytes(c.bytes))}</td>
            <td>
                <button
                    type="button"
                    class="button-icon"
                    aria-label=move || format!("Delete {}", name.get())
                    title="Delete; can be undone"
                    on:click=move |_| {
                        if let Some(card) = card.get_untracked() {
                            actions.delete(card);
                        }
                    }
                >
                    <Icon name="trash" />
                </button>
            </td>
        </tr>
    }
}
