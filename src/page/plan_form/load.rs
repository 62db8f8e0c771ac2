//! How much load, of what, for how long: the essentials, and the rest under "More settings".

use leptos::prelude::*;

use super::field::{Area, Field, Select, Switch};
use crate::page::state::PlanForm;
use fwit_model::plan::plan_field;
use fwit_present::form::{choices, keyboard};

/// A field that holds a text of the draft.
fn plain(form: PlanForm, path: &'static str) -> impl IntoView {
    let field = plan_field(path)?;
    let value = Signal::derive(move || form.draft.with(|d| d.text(path).unwrap_or_default()));
    let set = move |new: String| {
        form.edit(|d| {
            if let Some(text) = d.text_mut(path) {
                *text = new;
            }
        });
    };
    Some(view! {
        <Field
            form
            field=path
            label=field.label
            unit=field.unit
            hint=field.hint
            keyboard=keyboard(field.kind)
            value
            set
        />
    })
}

/// Entities, duration, stickiness, name.
#[component]
pub fn EssentialLoad(form: PlanForm) -> impl IntoView {
    let sticky = Signal::derive(move || form.draft.with(|d| !d.disable_leader_stickiness));
    let no_leader =
        Memo::new(move |_| form.draft.with(|d| d.dialect().is_some_and(|d| !d.finds_leader())));
    view! {
        <fieldset class="panel">
            <legend>"Load"</legend>
            <div class="fields">
                {["name", "load.entities", "load.duration_s"].map(|path| plain(form, path))}
            </div>
            <Switch
                id="f-disable_leader_stickiness"
                label="Leader-sticky"
                on=sticky
                set=move |on: bool| form.edit(|d| d.disable_leader_stickiness = !on)
            >
                "On: after its first redirect an entity sends everything to the leader, until \
                 that fails. Off: it keeps asking the node it chose, and every write to a \
                 follower pays for the redirect again."
            </Switch>
            <Show when=move || no_leader.get()>
                <p class="hint">
                    "This protocol says of no node that it leads: an entity stays at the node that \
                     it chose."
                </p>
            </Show>
        </fieldset>
    }
}

/// Everything else.
#[component]
pub fn MoreSettings(form: PlanForm) -> impl IntoView {
    view! {
        <details
            class="panel more"
            prop:open=move || form.more.get()
            on:toggle:target=move |event| form.more.set(event.target().open())
        >
            <summary>"More settings"</summary>
            <div class="more-body">
                <ModelFields form />
                <ThresholdFields form />
                <MixFields form />
                <OtherFields form />
            </div>
        </details>
    }
}

#[component]
fn ModelFields(form: PlanForm) -> impl IntoView {
    let open = Memo::new(move |_| form.draft.with(|d| d.open));
    let closed_fields =
        move || ["load.think_ms", "load.think_jitter_ms"].map(|path| plain(form, path));
    let open_fields = move || {
        view! {
            {plain(form, "load.rate_per_s")}
            {plain(form, "load.queue_max")}
            <Select
                form
                field="load.arrivals"
                label="Arrivals"
                options=choices("load.arrivals")
                value=Signal::derive(move || form.draft.with(|d| d.arrivals.clone()))
                set=move |new: String| form.edit(|d| d.arrivals = new)
            />
        }
    };
    let model = move |value: bool, label: &'static str, about: &'static str| {
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name="model"
                    prop:checked=move || open.get() == value
                    on:change=move |_| form.edit(|d| d.open = value)
                />
                <span>
                    {label}
                    <small>{about}</small>
                </span>
            </label>
        }
    };
    view! {
        <fieldset>
            <legend>"Load model"</legend>
            <div class="radios">
                {model(false, "Closed", "Each entity waits for its answer, thinks, and asks \
                                         again.")}
                {model(true, "Open", "Requests are due by a schedule, whether or not earlier ones \
                                      were answered.")}
            </div>
            <div class="fields">
                {move || {
                    if open.get() { open_fields().into_any() } else { closed_fields().into_any() }
                }}
                {["load.warmup_s", "load.timeout_ms"].map(|path| plain(form, path))}
            </div>
            <Area
                form
                field="load.stages"
                label="Stages"
                value=Signal::derive(move || form.draft.with(|d| d.stages.clone()))
                set=move |text: String| form.edit(|d| d.stages = text)
                hint="Empty for a load that does not change. “0→50 in 30s, 50 for 2m, 20 for 1m”: \
                      a ramp, then levels; entities, or requests a second in the open model. They \
                      take the place of entities (or rate) and duration above; the warm-up is \
                      their beginning."
            />
        </fieldset>
    }
}

#[component]
fn ThresholdFields(form: PlanForm) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"What must hold, and what happens"</legend>
            <Area
                form
                field="thresholds"
                label="Thresholds, one a line"
                value=Signal::derive(move || form.draft.with(|d| d.thresholds.clone()))
                set=move |text: String| form.edit(|d| d.thresholds = text)
                hint="Such as “get.service.p95 < 50ms”, “errors < 0.1%”, “rate > 200/s”, “health \
                      = healthy”. With “abort:” in front the run ends as soon as it is \
                      certain to fail."
            />
            <Area
                form
                field="chaos"
                label="What happens meanwhile, one a line"
                value=Signal::derive(move || form.draft.with(|d| d.chaos.clone()))
                set=move |text: String| form.edit(|d| d.chaos = text)
                hint="Such as “at 60s: pause leader for 5s”, “every 10s with 25%: remove an \
                      entity”, “at 90s: say Pull the plug of n2”. What a node can be made to do \
                      is the protocol’s: “pause”, “step-down” and “crash” of the local cluster \
                      (started with --faults), “move-leader” of etcd."
            />
        </fieldset>
    }
}

#[component]
fn MixFields(form: PlanForm) -> impl IntoView {
    let ops = Memo::new(move |_| {
        form.draft.with(|d| d.mix.iter().map(|(op, _)| op.clone()).collect::<Vec<_>>())
    });
    let all = move |weight: &'static str| {
        form.edit(|d| d.mix.iter_mut().for_each(|(_, w)| *w = weight.to_string()));
    };
    let whole = Memo::new(move |_| form.checks.messages("mix"));
    view! {
        <fieldset id="f-mix" tabindex="-1">
            <legend>"Mix"</legend>
            <p class="hint">
                "Weight of each operation: 2 comes twice as often as 1, 0 never. "
                <button type="button" class="button-link" on:click=move |_| all("1")>
                    "All equal"
                </button>
                ", "
                <button type="button" class="button-link" on:click=move |_| all("0")>
                    "all 0"
                </button>
            </p>
            <div class="mix">
                {move || {
                    ops.get()
                        .into_iter()
                        .enumerate()
                        .map(|(i, op)| {
                            let value = Signal::derive(move || {
                                form.draft.with(|d| {
                                    d.mix.get(i).map(|(_, w)| w.clone()).unwrap_or_default()
                                })
                            });
                            view! {
                                <Field
                                    form
                                    field=format!("mix.{op}")
                                    label=op
                                    keyboard="numeric"
                                    value
                                    set=move |text: String| {
                                        form.edit(|d| {
                                            if let Some((_, w)) = d.mix.get_mut(i) {
                                                *w = text;
                                            }
                                        });
                                    }
                                />
                            }
                        })
                        .collect_view()
                }}
            </div>
            <div class="problems">
                {move || whole.get().into_iter().map(|m| view! { <p>{m}</p> }).collect_view()}
            </div>
        </fieldset>
    }
}

#[component]
fn OtherFields(form: PlanForm) -> impl IntoView {
    let verify = Signal::derive(move || form.draft.with(|d| d.verify));
    view! {
        <fieldset>
            <legend>"Keys, events, seed"</legend>
            <div class="fields">
                {["keys.space", "keys.known", "keys.value_bytes", "subscribers", "seed"]
                    .map(|path| plain(form, path))}
            </div>
            <Switch
                id="f-verify"
                label="Check correctness"
                on=verify
                set=move |on: bool| form.edit(|d| d.verify = on)
            >
                "Each read is held against what was acknowledged before it began, and every key \
                 and counter is read back once the load is over: lost writes, stale reads and \
                 counters that do not add up are named."
            </Switch>
        </fieldset>
    }
}
