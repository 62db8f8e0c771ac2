//! The cluster's nodes: a row each, lanes under a disclosure, and the API key.

use leptos::prelude::*;

use super::field::{Area, Field};
use super::lanes::{LaneButtons, LaneNotes};
use super::protocol::Protocol;
use super::reach::ReachNotes;
use super::trusted::TrustedOrigins;
use crate::page::parts::Icon;
use crate::page::state::PlanForm;
use fwit_model::plan::{NodeDraft, PlanDraft, SIM_PRESETS};
use fwit_model::secret::key_problem;
use fwit_present::form::simulated_preset;
use fwit_present::lanes::{LaneKind, add_loopback_lanes, can_add_lanes, set_address, to_add};

/// The cluster: the user's own, or a simulated one.
#[component]
pub fn Nodes(form: PlanForm) -> impl IntoView {
    let simulated = Memo::new(move |_| form.draft.with(PlanDraft::is_simulated));
    let choice = move |value: bool, label: &'static str, about: &'static str| {
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name="cluster"
                    prop:checked=move || simulated.get() == value
                    on:change=move |_| {
                        if value {
                            form.simulate(SIM_PRESETS[0].name);
                        } else {
                            form.use_own_cluster();
                        }
                    }
                />
                <span>
                    {label}
                    <small>{about}</small>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="panel">
            <legend>"Cluster"</legend>
            <div class="radios">
                {choice(false, "My cluster", "Real requests to the addresses below.")}
                {choice(true, "Simulated cluster", "Nothing is sent: ten minutes pass in about a \
                                                    second.")}
            </div>
            {move || {
                if simulated.get() {
                    view! { <Simulated form /> }.into_any()
                } else {
                    view! { <Own form /> }.into_any()
                }
            }}
        </fieldset>
    }
}

/// The simulated cluster: one to choose, and its parameters.
#[component]
fn Simulated(form: PlanForm) -> impl IntoView {
    let preset = Memo::new(move |_| form.draft.with(simulated_preset));
    let about = move || {
        let known = SIM_PRESETS.iter().find(|p| Some(p.name) == preset.get());
        known.map_or("Parameters of its own.", |p| p.about)
    };
    let value = Signal::derive(move || form.draft.with(|d| d.sim.clone()));
    view! {
        <div class="field field-wide">
            <label for="f-sim-preset">"What is simulated"</label>
            <select
                id="f-sim-preset"
                prop:value=move || preset.get().unwrap_or_default()
                on:change:target=move |event| form.simulate(&event.target().value())
            >
                {SIM_PRESETS.map(|p| view! { <option value=p.name>{p.name}</option> })}
                <option value="" disabled>"parameters of its own"</option>
            </select>
            <p class="hint">{about}</p>
        </div>
        <details class="node-lanes">
            <summary>"Parameters: nodes, distances, service times, outages, drift"</summary>
            <Area
                form
                field="cluster.sim"
                label="Parameters, JSON"
                value
                set=move |text: String| form.edit(|d| d.sim = text)
                hint="Times in ms. docs/simulation.md says what each does and what is not modelled."
            />
        </details>
    }
}

/// The user's own cluster: its nodes and the key.
#[component]
fn Own(form: PlanForm) -> impl IntoView {
    let no_nodes = Memo::new(move |_| form.draft.with(|d| d.nodes.is_empty()));
    let wrong_key = Memo::new(move |_| form.api_key.with(|key| key_problem(key.trim())));
    view! {
            <Protocol form />
            <div id="f-cluster-nodes" tabindex="-1" class="nodes">
                <For each=move || form.rows.get() key=|row| *row let:row>
                    <NodeRow form row />
                </For>
                <Show when=move || no_nodes.get()>
                    <p class="hint">
                        "No node yet: add the address of each member of the cluster."
                    </p>
                </Show>
            </div>
            <div class="row node-buttons">
                <button type="button" class="button" on:click=move |_| form.add_node()>
                    <Icon name="add" />
                    "Add node"
                </button>
                <LaneButtons form />
            </div>
            <ReachNotes form />
            <LaneNotes form />
            <div class="row">
                <div class="field field-key" class:field-wrong=move || wrong_key.with(Option::is_some)>
                    <label for="f-api-key">"API key"</label>
                    <span class="field-box">
                        <input
                            type="password"
                            id="f-api-key"
                            autocomplete="off"
                            placeholder="none"
                            aria-describedby="f-api-key-hint"
                            aria-invalid=move || wrong_key.with(Option::is_some).to_string()
                            prop:value=move || form.api_key.get()
                            on:input:target=move |event| form.api_key.set(event.target().value())
                        />
                    </span>
                    <p class="hint" id="f-api-key-hint">
                        "Kept in this page's memory only: not in plans, links, runs or the \
                         browser's storage."
                    </p>
                    <div class="problems" role="alert">
                        {move || wrong_key.get().map(|why| view! { <p>{format!("It {why}.")}</p> })}
                    </div>
                </div>
            </div>
            <TrustedOrigins form />
    }
}

#[component]
fn NodeRow(form: PlanForm, row: u32) -> impl IntoView {
    let path = move |part: &'static str| {
        Signal::derive(move || {
            format!("cluster.nodes.{}.{part}", form.index(row).unwrap_or_default())
        })
    };
    let read = move |get: fn(&NodeDraft) -> &String| {
        Signal::derive(move || {
            let i = form.index(row);
            form.draft
                .with(|d| i.and_then(|i| d.nodes.get(i)).map(get).cloned().unwrap_or_default())
        })
    };
    let write = move |change: &dyn Fn(&mut NodeDraft)| {
        let i = form.index(row);
        form.edit(|d| {
            if let Some(node) = i.and_then(|i| d.nodes.get_mut(i)) {
                change(node);
            }
        });
    };
    let (name, url) = (read(|n| &n.name), read(|n| &n.url));
    let lanes = read(|n| &n.lanes);
    let lane_count = Memo::new(move |_| lanes.with(|l| l.split_whitespace().count()));
    let can_add = Memo::new(move |_| {
        let i = form.index(row);
        form.draft.with(|d| i.and_then(|i| d.nodes.get(i)).is_some_and(can_add_lanes))
    });
    let summary = move || match lane_count.get() {
        0 | 1 => "Lanes: one".to_string(),
        n => format!("Lanes: {n}"),
    };
    let lanes_wrong = Memo::new(move |_| {
        let field = path("lanes").get();
        !form.checks.messages(&field).is_empty()
    });
    let add = move |kind| {
        let count = form.draft.with_untracked(to_add);
        write(&|n| add_loopback_lanes(n, kind, count));
    };
    // Opens when something in it is wrong. Only the user closes it: a field must not vanish while
    // it is typed into.
    let lanes_open = RwSignal::new(false);
    Effect::new(move |_| {
        if lanes_wrong.get() {
            lanes_open.set(true);
        }
    });
    view! {
        <div class="node">
            <Field
                form
                class="field field-small"
                field=path("name")
                label="Name"
                value=name
                set=move |text: String| write(&|n| n.name.clone_from(&text))
            />
            <Field
                form
                class="field field-wide"
                field=path("url")
                label="Address"
                keyboard="url"
                placeholder="http://127.0.0.1:7101"
                value=url
                set=move |text: String| write(&|n| set_address(n, &text))
            />
            <button
                type="button"
                class="button-icon node-remove"
                aria-label=move || format!("Remove node {}", name.get())
                title="Remove this node"
                on:click=move |_| form.remove_node(row)
            >
                <Icon name="trash" />
            </button>
            <details
                class="node-lanes"
                prop:open=move || lanes_open.get()
                on:toggle:target=move |event| lanes_open.set(event.target().open())
            >
                <summary>{summary}</summary>
                <Area
                    form
                    field=path("lanes")
                    label="Lanes, one address a line"
                    value=lanes
                    set=move |text: String| {
                        form.lanes_by_user(&url.get_untracked());
                        write(&|n| n.lanes.clone_from(&text));
                    }
                    hint="Addresses of the same node, used instead of the one above: list that \
                          one too. A browser opens six HTTP/1.1 connections to each: with more \
                          lanes, more entities are really under way at once."
                />
                <Show when=move || can_add.get()>
                    <p>
                        <button type="button" class="button" on:click=move |_| add(LaneKind::Names)>
                            <Icon name="add" />
                            "Add *.localhost lanes"
                        </button>
                        " "
                        <button
                            type="button"
                            class="button"
                            on:click=move |_| add(LaneKind::Addresses)
                        >
                            <Icon name="add" />
                            "Add 127.0.0.2… lanes"
                        </button>
                        <span class="hint">
                            " Written without asking. Safari does not resolve names under \
                             .localhost: there, use addresses, where the node listens on all of \
                             127.0.0.x (Linux does by itself on 0.0.0.0)."
                        </span>
                    </p>
                </Show>
            </details>
        </div>
    }
}
