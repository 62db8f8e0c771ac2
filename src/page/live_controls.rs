//! While a run goes on: who leads, what the plan asks the user to do, another load, faults by hand,
//! and notes. All of it is kept with the run.

use leptos::prelude::*;

use super::parts::Icon;
use super::state::Engine;
use fwit_engine::controls::Control;
use fwit_model::plan::{Model, Plan};
use fwit_present::happened;
use fwit_quantities::units::{decimal, three_digits};
use fwit_report::run::view::TimelineEvent;

/// What is told and done beside the load.
#[component]
pub fn LiveControls(engine: Engine) -> impl IntoView {
    let plan = engine.plan.get_untracked();
    let asked = Memo::new(move |_| engine.live.with(|l| l.asked.clone()));
    let leader = Memo::new(move |_| {
        engine.live.with(|l| l.leadership.as_ref().map(happened::leadership).unwrap_or_default())
    });
    let timeline = Memo::new(move |_| engine.live.with(|l| l.timeline.clone()));
    view! {
        {move || {
            asked
                .get()
                .into_iter()
                .map(|(place, words)| {
                    view! {
                        <div class="note note-warn" role="alert">
                            <p>{format!("The plan asks you: {words}")}</p>
                            <button
                                type="button"
                                class="button"
                                on:click=move |_| engine.control(Control::Done(place))
                            >
                                "Done now"
                            </button>
                        </div>
                    }
                })
                .collect_view()
        }}
        <section class="panel" aria-label="While it runs">
            <h2>"While it runs"</h2>
            {move || leader.get().into_iter().map(|text| view! { <p>{text}</p> }).collect_view()}
            <div class="live-controls">
                {plan.map(|plan| view! {
                    <Level engine open=matches!(plan.load.model, Model::Open { .. }) />
                    <Faults engine plan />
                })}
                <Note engine />
            </div>
            {move || {
                let events = timeline.get();
                (!events.is_empty()).then(|| view! { <Events events /> })
            }}
        </section>
    }
}

#[component]
fn Events(events: Vec<TimelineEvent>) -> impl IntoView {
    // The newest first; long runs have many.
    let rows = events.into_iter().rev().take(20);
    view! {
        <ul class="event-list">
            {rows
                .map(|e| view! { <li><span class="number">{happened::at(e.at_s)}</span>{e.words}</li> })
                .collect_view()}
        </ul>
    }
}

/// Entities, or the rate, from now on.
#[component]
fn Level(engine: Engine, open: bool) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let now = Memo::new(move |_| {
        engine.live.with(|l| match l.wanted {
            whole if whole.fract() == 0.0 => whole.to_string(),
            other => three_digits(other),
        })
    });
    let set = move || {
        let level = text.with_untracked(|t| decimal(t.trim()));
        if let Some(level) = level.filter(|level| *level >= 0.0) {
            engine.control(Control::Level(level));
            text.set(String::new());
        }
    };
    let label = if open { "Requests a second" } else { "Entities" };
    view! {
        <form
            class="field"
            on:submit=move |event| {
                event.prevent_default();
                set();
            }
        >
            <label for="live-level">{label}</label>
            <div class="field-box">
                <input
                    id="live-level"
                    inputmode="decimal"
                    autocomplete="off"
                    placeholder=move || format!("{} now", now.get())
                    prop:value=move || text.get()
                    on:input:target=move |event| text.set(event.target().value())
                />
                <button type="submit" class="button">"Set"</button>
            </div>
        </form>
    }
}

/// A fault by hand.
#[component]
fn Faults(engine: Engine, plan: Plan) -> impl IntoView {
    let dialect = plan.cluster.dialect.clone();
    let names: Vec<(String, bool, bool)> =
        dialect.faults().iter().map(|f| (f.name.clone(), f.at_leader, f.has_undo())).collect();
    let first = names.first().map(|(name, ..)| name.clone());
    first.map(|first| {
        let fault = RwSignal::new(first);
        let leads = dialect.finds_leader();
        let places = leads.then_some(["leader", "follower"]).into_iter().flatten();
        let places: Vec<String> = places
            .chain(["any"])
            .map(ToString::to_string)
            .chain(plan.cluster.nodes.iter().map(|node| node.name.clone()))
            .collect();
        let place = RwSignal::new(places.first().cloned().unwrap_or_default());
        let seconds = RwSignal::new("5".to_string());
        let known = StoredValue::new(names.clone());
        let of = move |which: fn(&(String, bool, bool)) -> bool| {
            Memo::new(move |_| {
                let name = fault.get();
                known.with_value(|list| list.iter().any(|f| f.0 == name && which(f)))
            })
        };
        let (at_leader, undone) = (of(|f| f.1), of(|f| f.2));
        let act = move || {
            let mut line = fault.get_untracked();
            if !at_leader.get_untracked() {
                line = format!("{line} {}", place.get_untracked());
            }
            let lasts = seconds.get_untracked();
            if undone.get_untracked() && !lasts.trim().is_empty() {
                line = format!("{line} for {}s", lasts.trim());
            }
            engine.control(Control::Act(line));
        };
        let options = |list: Vec<String>| {
            list.into_iter().map(|o| view! { <option value=o>{o.clone()}</option> }).collect_view()
        };
        view! {
            <form
                class="field"
                on:submit=move |event| {
                    event.prevent_default();
                    act();
                }
            >
                <label for="live-fault">"Fault"</label>
                <div class="field-box">
                    <select
                        id="live-fault"
                        on:change:target=move |event| fault.set(event.target().value())
                    >
                        {options(names.into_iter().map(|f| f.0).collect())}
                    </select>
                    <select
                        aria-label="Node"
                        disabled=move || at_leader.get()
                        on:change:target=move |event| place.set(event.target().value())
                    >
                        {options(places)}
                    </select>
                    <input
                        class="live-seconds"
                        aria-label="For so many seconds"
                        inputmode="decimal"
                        autocomplete="off"
                        disabled=move || !undone.get()
                        prop:value=move || seconds.get()
                        on:input:target=move |event| seconds.set(event.target().value())
                    />
                    <span class="field-unit">"s"</span>
                    <button type="submit" class="button">"Do it"</button>
                </div>
            </form>
        }
    })
}

/// What the user notes.
#[component]
fn Note(engine: Engine) -> impl IntoView {
    let text = RwSignal::new(String::new());
    view! {
        <form
            class="field"
            on:submit=move |event| {
                event.prevent_default();
                let words = text.get_untracked();
                if !words.trim().is_empty() {
                    engine.control(Control::Note(words));
                    text.set(String::new());
                }
            }
        >
            <label for="live-note">"Note"</label>
            <div class="field-box">
                <input
                    id="live-note"
                    maxlength="200"
                    autocomplete="off"
                    placeholder="killed n1 here"
                    prop:value=move || text.get()
                    on:input:target=move |event| text.set(event.target().value())
                />
                <button type="submit" class="button">
                    <Icon name="pen" />
                    "Note it"
                </button>
            </div>
        </form>
    }
}
