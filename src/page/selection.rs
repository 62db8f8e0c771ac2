//! The part of a run that is looked at: the stretch that the charts over time show, and chosen
//! operations and nodes; with its numbers beside those of the whole run.

use std::sync::Arc;

use leptos::prelude::*;

use super::chart::Slot;
use super::state::Library;
use crate::protocol::{Opened, RunKey};
use fwit_present::charts;
use fwit_present::selection::{SelectionLine, about, lines, seconds_of};
use fwit_report::run::select::{Selected, Selection};
use fwit_report::run::view::Measure;

/// The panel. `stretch` is what the charts over time show, s since the start.
#[component]
pub fn SelectionPanel(
    run: Arc<Opened>,
    stretch: RwSignal<Option<[f64; 2]>>,
    measure: RwSignal<Measure>,
) -> impl IntoView {
    let library = expect_context::<Library>();
    let (ops, nodes) = (RwSignal::new(Vec::new()), RwSignal::new(Vec::new()));
    let wanted = Memo::new(move |_| Selection {
        seconds: stretch.get().map(seconds_of),
        ops: ops.get(),
        nodes: nodes.get(),
    });
    let found = RwSignal::new(None::<Result<Arc<Selected>, String>>);
    let (of, key) = (run.clone(), RunKey::of(&run));
    let busy = StoredValue::new(false);
    Effect::new(move |_| {
        if wanted.with(Selection::is_all) {
            found.set(None);
            return;
        }
        // One part at a time; then the one that is looked at by then.
        if busy.get_value() {
            return;
        }
        busy.set_value(true);
        let (run, key) = (of.clone(), key.clone());
        leptos::task::spawn_local(async move {
            let mut last = None;
            while let Some(selection) = wanted.try_get_untracked().filter(|s| !s.is_all())
                && last.as_ref() != Some(&selection)
            {
                let result = library.select((&run, key.clone()), selection.clone()).await;
                found.try_set(Some(result.map(Arc::new)));
                last = Some(selection);
            }
            busy.try_set_value(false);
        });
    });
    // The numbers of the part before are none of this one.
    let shown = Memo::new(move |_| {
        let own = |result: &Result<Arc<Selected>, String>| match result {
            Ok(selected) => wanted.with(|wanted| selected.selection == *wanted),
            Err(_) => true,
        };
        found.get().filter(own)
    });
    let clear = move |_| {
        stretch.set(None);
        ops.set(Vec::new());
        nodes.set(Vec::new());
    };
    let names = |list: Vec<String>| if list.len() > 1 { list } else { Vec::new() };
    let all_ops = names(run.view.by_op.iter().filter_map(|r| r.op.clone()).collect());
    let all_nodes = names(run.view.nodes.iter().map(|n| n.name.clone()).collect());
    view! {
        <section class="selection" aria-labelledby="selection-title">
            <div class="panel-head">
                <h3 id="selection-title">"Selection"</h3>
                <button
                    type="button"
                    class="button"
                    aria-disabled=move || wanted.with(Selection::is_all).to_string()
                    on:click=clear
                >
                    "Show all"
                </button>
            </div>
            <p class="hint" role="status">{move || wanted.with(about)}</p>
            <Choices label="Operations" names=all_ops chosen=ops />
            <Choices label="Nodes" names=all_nodes chosen=nodes />
            {move || match shown.get() {
                None if wanted.with(Selection::is_all) => ().into_any(),
                None => view! { <p class="busy">"Counting…"</p> }.into_any(),
                Some(Err(error)) => view! { <p class="wrong" role="alert">{error}</p> }.into_any(),
                Some(Ok(selected)) => {
                    let run = run.clone();
                    view! { <Numbers run selected measure /> }.into_any()
                }
            }}
        </section>
    }
}

/// Names that are switched on and off; none of them means all.
#[component]
fn Choices(
    label: &'static str,
    names: Vec<String>,
    chosen: RwSignal<Vec<String>>,
) -> impl IntoView {
    (!names.is_empty()).then(|| {
        let one = |name: String| {
            let (own, shown) = (name.clone(), name.clone());
            let on = Memo::new(move |_| chosen.with(|list| list.contains(&own)));
            let turn = move |_| {
                chosen.update(|list| match list.iter().position(|n| *n == name) {
                    Some(place) => drop(list.remove(place)),
                    None => list.push(name.clone()),
                });
            };
            view! {
                <button
                    type="button"
                    class="chip"
                    aria-pressed=move || on.get().to_string()
                    on:click=turn
                >
                    {shown}
                </button>
            }
        };
        view! {
            <div class="chips" role="group" aria-label=label>
                <span class="hint">{label}</span>
                {names.into_iter().map(one).collect_view()}
            </div>
        }
    })
}

/// The numbers of the part, those of the whole run below them, and the part's curves.
#[component]
fn Numbers(run: Arc<Opened>, selected: Arc<Selected>, measure: RwSignal<Measure>) -> impl IntoView {
    let (curves, whole) = (selected.clone(), run.clone());
    let empty = selected.total.answers == 0 && selected.total.errors == 0;
    let rows = move || lines(&selected, &run.view, charts::series_measure(measure.get()));
    let row = |line: SelectionLine| {
        view! {
            <tr class=line.whole.then_some("table-total")>
                <th scope="row">{line.name}</th>
                {line.cells.into_iter().map(|c| view! { <td class="number">{c}</td> }).collect_view()}
            </tr>
        }
    };
    view! {
        <div
            class="table-scroll"
            tabindex="0"
            role="region"
            aria-label="The selection in numbers"
        >
            <table class="table">
                <caption class="visually-hidden">"The selection in numbers"</caption>
                <thead>
                    <tr>
                        <th scope="col">{move || charts::series_measure(measure.get()).name()}</th>
                        {SelectionLine::HEADINGS
                            .map(|(name, unit)| {
                                view! {
                                    <th scope="col" class="number">
                                        {name}
                                        {(!unit.is_empty()).then(|| view! { " " <small>{unit}</small> })}
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{move || rows().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        {(!empty)
            .then(|| {
                view! {
                    <Slot
                        make=move || {
                            charts::selected_percentiles(
                                &curves,
                                &whole.view,
                                charts::series_measure(measure.get()),
                            )
                        }
                        empty="No latency was recorded in this part."
                        height=260.0
                    />
                }
            })}
    }
}
