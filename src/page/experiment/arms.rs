//! The arms of an experiment: a table of the fields that differ, or their changes as text.

use leptos::prelude::*;

use crate::browser::document;
use crate::page::parts::Icon;
use crate::page::plan_form::{Area, Field, Select};
use crate::page::state::{ExperimentForm, PlanForm};
use fwit_model::plan::PlanField;
use fwit_present::experiment_form::{arm_label, field_label, options};
use fwit_present::form::keyboard;
use fwit_report::experiment::ARMS_MAX;

/// The panel.
#[component]
pub fn Arms(form: ExperimentForm) -> impl IntoView {
    let base = expect_context::<PlanForm>().draft;
    let count = Memo::new(move |_| form.draft.with(|d| d.as_ref().map_or(0, |d| d.arms.len())));
    let names = Memo::new(move |_| {
        form.draft.with(|d| d.as_ref().map(|d| base.with(|b| d.names(b))).unwrap_or_default())
    });
    let alike = Memo::new(move |_| {
        form.made.with(|made| match made {
            Some(Ok(made)) => made.arms.windows(2).all(|two| two[0].plan == two[1].plan),
            _ => false,
        })
    });
    let add = move |_| {
        let new = count.get_untracked();
        form.edit(|d| d.add_arm());
        show(form, &format!("arms.{new}.name"));
    };
    view! {
        <fieldset class="panel" id=form.checks.id("arms") tabindex="-1">
            <legend>"Arms"</legend>
            {move || {
                if form.as_text.get() {
                    view! { <AsText form count names /> }.into_any()
                } else {
                    view! { <AsTable form count names /> }.into_any()
                }
            }}
            <Show when=move || alike.get()>
                <p class="note">
                    "The arms do not differ: this tells how far one setting moves by itself."
                </p>
            </Show>
            <div class="row arms-buttons">
                <Show when=move || count.get() < ARMS_MAX>
                    <button type="button" class="button" on:click=add>
                        <Icon name="add" />
                        "Add an arm"
                    </button>
                </Show>
                <span class="spacer"></span>
                <button
                    type="button"
                    class="button-quiet"
                    on:click=move |_| form.as_text.update(|on| *on = !*on)
                >
                    <Icon name="swap" />
                    {move || if form.as_text.get() { "As a table" } else { "As text" }}
                </button>
            </div>
        </fieldset>
    }
}

/// Puts the focus on a field that is in the page with the next frame.
fn show(form: ExperimentForm, field: &str) {
    let id = form.checks.id(field);
    request_animation_frame(move || document::focus(&id));
}

/// The name of an arm; while nobody typed one, it is by what differs.
fn name(form: ExperimentForm, i: usize, names: Memo<Vec<String>>) -> impl IntoView {
    view! {
        <Field
            form
            field=format!("arms.{i}.name")
            of="Name"
            label=arm_label(i)
            placeholder=Signal::derive(move || {
                names.with(|n| n.get(i).cloned().unwrap_or_default())
            })
            value=Signal::derive(move || {
                form.text(|d| d.arms.get(i).map(|arm| arm.name.clone()).unwrap_or_default())
            })
            set=move |text: String| {
                form.edit(|d| {
                    if let Some(arm) = d.arms.get_mut(i) {
                        arm.name = text;
                    }
                });
            }
        />
    }
}

/// The button that removes an arm, where there are more than two.
fn remove(form: ExperimentForm, i: usize, count: usize) -> Option<impl IntoView> {
    (count > 2).then(|| {
        view! {
            <button
                type="button"
                class="button-icon"
                aria-label=format!("Remove arm {}", i + 1)
                title="Remove this arm"
                on:click=move |_| {
                    form.edit(|d| d.remove_arm(i));
                    form.checks.untouch();
                    show(form, "arms.0.name");
                }
            >
                <Icon name="trash" />
            </button>
        }
    })
}

#[component]
fn AsTable(form: ExperimentForm, count: Memo<usize>, names: Memo<Vec<String>>) -> impl IntoView {
    let base = expect_context::<PlanForm>().draft;
    let head = move |count: usize| {
        (0..count)
            .map(|i| {
                view! {
                    <th scope="col">
                        <div class="arm-head">{name(form, i, names)} {remove(form, i, count)}</div>
                    </th>
                }
            })
            .collect_view()
    };
    let row = move |field: PlanField, count: usize| {
        let (label, path) = (field_label(&field.path), field.path.clone());
        let hint = (!field.hint.is_empty()).then(|| view! { <p class="hint">{field.hint}</p> });
        view! {
            <tr>
                <th scope="row">
                    <div class="row-head">
                        <span>{label.clone()} {hint}</span>
                        <button
                            type="button"
                            class="button-icon"
                            aria-label=format!("{label}: as in the plan in all arms")
                            title="Remove: as in the plan in all arms"
                            on:click=move |_| {
                                form.edit(|d| d.unpick(&path));
                                document::focus("x-add");
                            }
                        >
                            <Icon name="trash" />
                        </button>
                    </div>
                </th>
                {(0..count)
                    .map(|i| view! { <td>{cell(form, &field, i)}</td> })
                    .collect_view()}
            </tr>
        }
    };
    view! {
        <p class="hint">
            "What differs between the arms. An empty field is as in the plan, whose value it \
             shows. The others are compared with arm 1."
        </p>
        <div class="arms-scroll">
            <table class="arms">
                <thead>
                    <tr>
                        <td></td>
                        {move || head(count.get())}
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        let count = count.get();
                        form.rows.get().into_iter().map(|f| row(f, count)).collect_view()
                    }}
                    {move || view! { <Rest form count=count.get() base /> }}
                </tbody>
            </table>
        </div>
        <AddField form />
    }
}

/// What one arm has in one field: the plan form's control.
fn cell(form: ExperimentForm, field: &PlanField, i: usize) -> AnyView {
    let base = expect_context::<PlanForm>().draft;
    let at = format!("arms.{i}.{}", field.path);
    let path = StoredValue::new(field.path.to_string());
    let value = Signal::derive(move || path.with_value(|path| form.text(|d| d.cell(i, path))));
    let plan = Signal::derive(move || {
        path.with_value(|path| base.with(|b| b.text(path)).unwrap_or_default())
    });
    let set = move |text: String| path.with_value(|path| form.edit(|d| d.set_cell(i, path, &text)));
    let (of, label) = (field_label(&field.path), arm_label(i));
    if options(field, "", "").is_empty() {
        let placeholder = Signal::derive(move || format!("plan: {}", plan.get()));
        view! {
            <Field
                form
                field=at
                of
                label
                unit=field.unit
                keyboard=keyboard(field.kind)
                placeholder
                value
                set
            />
        }
        .into_any()
    } else {
        let field = field.clone();
        let options = Signal::derive(move || options(&field, &plan.get(), &value.get()));
        view! { <Select form field=at of label options value set /> }.into_any()
    }
}

/// What arms change beside the fields of the table, and what is wrong with an arm as a whole.
#[component]
fn Rest(
    form: ExperimentForm,
    count: usize,
    base: RwSignal<fwit_model::plan::PlanDraft>,
) -> impl IntoView {
    let arms = Memo::new(move |_| {
        let arm = |i: usize| {
            let rest = form.draft.with(|d| d.as_ref().map(|d| base.with(|b| d.rest(i, b))));
            (rest.unwrap_or_default(), form.checks.messages(&format!("arms.{i}.changes")))
        };
        (0..count).map(arm).collect::<Vec<_>>()
    });
    let is_empty = move || arms.with(|arms| arms.iter().all(|(a, b)| a.is_empty() && b.is_empty()));
    let as_text = move |_| {
        let first =
            arms.with_untracked(|arms| arms.iter().position(|(lines, _)| !lines.is_empty()));
        form.as_text.set(true);
        show(form, &format!("arms.{}.changes", first.unwrap_or_default()));
    };
    let cells = move || {
        let cell = |(i, (lines, problems)): (usize, (Vec<String>, Vec<String>))| {
            let says = !(lines.is_empty() && problems.is_empty());
            view! {
                <td id=form.checks.id(&format!("arms.{i}.changes")) tabindex="-1">
                    {says.then(|| view! { <span class="arm-of-cell">{arm_label(i)}</span> })}
                    {lines.into_iter().map(|l| view! { <code>{l}</code> }).collect_view()}
                    <div class="problems">
                        {problems.into_iter().map(|m| view! { <p>{m}</p> }).collect_view()}
                    </div>
                </td>
            }
        };
        arms.get().into_iter().enumerate().map(cell).collect_view()
    };
    view! {
        <Show when=move || !is_empty()>
            <tr>
                <th scope="row">
                    <div class="row-head">
                        <span>
                            "Other"
                            <p class="hint">
                                <button type="button" class="button-link" on:click=as_text>
                                    "Change it as text"
                                </button>
                            </p>
                        </span>
                    </div>
                </th>
                {cells}
            </tr>
        </Show>
    }
}

/// The list of fields that have no row yet.
#[component]
fn AddField(form: ExperimentForm) -> impl IntoView {
    let base = expect_context::<PlanForm>().draft;
    let free = Memo::new(move |_| {
        form.draft.with(|d| d.as_ref().map(|d| base.with(|b| d.free_fields(b))).unwrap_or_default())
    });
    let select = NodeRef::<leptos::html::Select>::new();
    let add = move |_| {
        let Some(select) = select.get_untracked() else { return };
        let path = select.value();
        if path.is_empty() {
            document::focus("x-add");
            return;
        }
        form.edit(|d| d.pick(&path));
        select.set_value("");
        show(form, &format!("arms.0.{path}"));
    };
    let groups = move || {
        let fields = free.get();
        fields
            .chunk_by(|a, b| a.group == b.group)
            .map(|group| {
                let options = group.iter().map(|field| {
                    view! { <option value=field.path.to_string()>{field_label(&field.path)}</option> }
                });
                let label = group.first().map_or("", |field| field.group);
                view! { <optgroup label=label>{options.collect_view()}</optgroup> }
            })
            .collect_view()
    };
    view! {
        <div class="row arms-add">
            <label for="x-add">"A field that differs"</label>
            <select id="x-add" class="button" node_ref=select>
                <option value="">"Choose…"</option>
                {groups}
            </select>
            <button type="button" class="button" on:click=add>
                <Icon name="add" />
                "Add"
            </button>
        </div>
    }
}

#[component]
fn AsText(form: ExperimentForm, count: Memo<usize>, names: Memo<Vec<String>>) -> impl IntoView {
    let arm = move |i: usize, count: usize| {
        view! {
            <div class="arm-text">
                <div class="arm-head">{name(form, i, names)} {remove(form, i, count)}</div>
                <Area
                    form
                    field=format!("arms.{i}.changes")
                    of=arm_label(i)
                    label="Changes"
                    value=Signal::derive(move || {
                        form.text(|d| d.arms.get(i).map(|a| a.changes.clone()).unwrap_or_default())
                    })
                    set=move |text: String| {
                        form.edit(|d| {
                            if let Some(arm) = d.arms.get_mut(i) {
                                arm.changes = text;
                            }
                        });
                    }
                />
            </div>
        }
    };
    view! {
        <p class="hint">
            "One change a line: a field of the plan file and its value, such as "
            <code>"load.entities = 50"</code> " or " <code>"disable_leader_stickiness = true"</code>
            ". The others are compared with arm 1."
        </p>
        {move || {
            let count = count.get();
            (0..count).map(|i| arm(i, count)).collect_view()
        }}
    }
}
