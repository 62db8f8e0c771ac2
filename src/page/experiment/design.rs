//! Fields of an experiment's design beyond numbers: whether it may be extended, when it stops, and
//! how many pairs an earlier experiment on this cluster says it takes.

use leptos::prelude::*;

use crate::page::parts::MethodLink;
use crate::page::plan_form::Switch;
use crate::page::state::{ExperimentForm, Library};
use fwit_present::experiment as words;
use fwit_present::library::CardKind;
use fwit_present::method::{E_VALUES, POWER};
use fwit_report::experiment::{Earlier, Experiment, PRIMARY_NAMES};

/// So many of the newest experiments are looked at for one on this cluster.
const LOOKED_AT: usize = 5;

/// May it be extended, and does it stop when a metric is decided?
#[component]
pub fn Extension(form: ExperimentForm) -> impl IntoView {
    let extendable =
        Memo::new(move |_| form.draft.with(|d| d.as_ref().is_some_and(|d| d.extendable)));
    let stop = Memo::new(move |_| form.text(|d| d.stop_when_decided.clone()));
    let set = move |on: bool| {
        form.edit(|d| {
            d.extendable = on;
            if !on {
                d.stop_when_decided.clear();
            }
        });
    };
    let metrics = move || {
        PRIMARY_NAMES.map(|name| {
            view! {
                <option value=name selected=move || stop.get() == name>
                    {name}
                </option>
            }
        })
    };
    view! {
        <Switch id="x-extendable" label="Pairs may be added later" on=extendable set=set>
            "Coins toss the orders then, and you may look, stop and add pairs at any time "
            <MethodLink method=E_VALUES />
            ". Balanced orders find a little more with few pairs, and can't be extended."
        </Switch>
        <Show when=move || extendable.get()>
            <div class="field">
                <label for="x-stop">"Stop when decided"</label>
                <select
                    id="x-stop"
                    on:change:target=move |event| {
                        let metric = event.target().value();
                        form.edit(|d| d.stop_when_decided = metric);
                    }
                >
                    <option value="" selected=move || stop.get().is_empty()>
                        "no: all pairs"
                    </option>
                    {metrics()}
                </select>
                <p class="hint">"The pairs above are the most that it takes then."</p>
            </div>
        </Show>
    }
}

/// How many pairs it takes, by the newest experiment on this cluster with such periods.
#[component]
pub fn PlannedPairs(form: ExperimentForm) -> impl IntoView {
    let library = expect_context::<Library>();
    let earlier = RwSignal::new(Vec::new());
    leptos::task::spawn_local(async move {
        library.ready().await;
        let cards = library.cards.get_untracked().unwrap_or_default();
        let mut ids: Vec<_> = cards
            .into_iter()
            .filter(|card| card.kind == CardKind::Experiment)
            .map(|card| (card.started_at, card.id))
            .collect();
        ids.sort_by(|a, b| b.cmp(a));
        let mut newest = Vec::new();
        for (_, id) in ids.into_iter().take(LOOKED_AT) {
            if let Ok(opened) = library.open_experiment(&id).await {
                newest.extend(Earlier::of(&opened.view));
            }
        }
        earlier.try_set(newest);
    });
    let said = move |made: &Experiment| {
        earlier.with(|newest| {
            newest.iter().find_map(|earlier| {
                let lines: Vec<String> = earlier.planned(made).iter().map(words::planned).collect();
                (!lines.is_empty()).then(|| (earlier.name.clone(), lines))
            })
        })
    };
    let found = Memo::new(move |_| form.made.with(|made| said(made.as_ref()?.as_ref().ok()?)));
    move || {
        found.get().map(|(name, lines)| {
            view! {
                <p class="hint">
                    {format!("By the spread of “{name}”, four of five experiments find: ")}
                    {lines.join("; ")} ". " <MethodLink method=POWER />
                </p>
            }
        })
    }
}
