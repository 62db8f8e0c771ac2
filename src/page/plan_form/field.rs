//! A labelled field with its hint, its unit and its problems.

use leptos::prelude::*;

use crate::page::state::Checks;

/// The ids and problems of a field.
#[derive(Clone, Copy)]
struct Parts {
    id: Memo<String>,
    messages: Memo<Vec<String>>,
}

impl Parts {
    fn new(form: Checks, field: Signal<String>) -> Parts {
        Parts {
            id: Memo::new(move |_| form.id(&field.get())),
            messages: Memo::new(move |_| form.messages(&field.get())),
        }
    }

    fn invalid(self) -> Option<&'static str> {
        self.messages.with(|m| (!m.is_empty()).then_some("true"))
    }

    fn described_by(self, has_hint: bool) -> Option<String> {
        let id = self.id.get();
        let mut list = Vec::new();
        if has_hint {
            list.push(format!("{id}-hint"));
        }
        if self.messages.with(|m| !m.is_empty()) {
            list.push(format!("{id}-problem"));
        }
        (!list.is_empty()).then(|| list.join(" "))
    }
}

/// The problems of a field, below it.
#[component]
fn Problems(parts: Parts) -> impl IntoView {
    view! {
        <div id=move || format!("{}-problem", parts.id.get()) class="problems">
            {move || parts.messages.get().into_iter().map(|m| view! { <p>{m}</p> }).collect_view()}
        </div>
    }
}

/// Shows the problems of a field that the user has left. A browser also tells of this when the page
/// takes a field away that has the focus; there is nothing to show then.
fn touch(form: Checks, field: Signal<String>) {
    if let Some(field) = field.try_get_untracked() {
        form.touch(&field);
    }
}

/// A field of one line.
#[component]
pub fn Field(
    #[prop(into)] form: Checks,
    /// Its path in the form's file.
    #[prop(into)]
    field: Signal<String>,
    #[prop(into)] label: String,
    /// The text in it.
    #[prop(into)]
    value: Signal<String>,
    /// Is called with every change.
    #[prop(into)]
    set: Callback<String>,
    /// The unit, shown behind it.
    #[prop(optional)]
    unit: &'static str,
    /// The hint, shown below it.
    #[prop(optional)]
    hint: &'static str,
    /// The keyboard that a phone shows: `numeric`, `decimal`, `url`.
    #[prop(default = "text")]
    keyboard: &'static str,
    /// Shown while it is empty.
    #[prop(optional, into)]
    placeholder: Signal<String>,
    /// What it belongs to: for those who do not see where it stands.
    #[prop(optional, into)]
    of: String,
    /// Its classes; `field-wide` and `field-small` change its width.
    #[prop(default = "field")]
    class: &'static str,
) -> impl IntoView {
    let parts = Parts::new(form, field);
    let has_hint = !hint.is_empty();
    view! {
        <div class=class class:field-wrong=move || parts.invalid().is_some()>
            <label for=move || parts.id.get()>{told(of)} {label}</label>
            <span class="field-box">
                <input
                    type="text"
                    id=move || parts.id.get()
                    inputmode=keyboard
                    placeholder=move || placeholder.get()
                    spellcheck="false"
                    autocapitalize="off"
                    aria-invalid=move || parts.invalid()
                    aria-describedby=move || parts.described_by(has_hint)
                    prop:value=move || value.get()
                    on:input:target=move |event| set.run(event.target().value())
                    on:change=move |_| touch(form, field)
                />
                {(!unit.is_empty()).then(|| view! { <span class="field-unit">{unit}</span> })}
            </span>
            {has_hint.then(|| hint_of(parts, hint))}
            <Problems parts />
        </div>
    }
}

/// The explanation that the control is described by.
fn hint_of(parts: Parts, hint: impl IntoView) -> impl IntoView {
    view! {
        <p class="hint" id=move || format!("{}-hint", parts.id.get())>
            {hint}
        </p>
    }
}

fn told(of: String) -> Option<impl IntoView> {
    (!of.is_empty()).then(|| view! { <span class="visually-hidden">{format!("{of}, ")}</span> })
}

/// A choice of a few values.
#[component]
pub fn Select(
    #[prop(into)] form: Checks,
    #[prop(into)] field: Signal<String>,
    #[prop(into)] label: String,
    #[prop(optional, into)] of: String,
    /// Values with their words.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] set: Callback<String>,
) -> impl IntoView {
    let parts = Parts::new(form, field);
    let options = move || {
        let options = options.get().into_iter();
        options
            .map(|(option, words)| {
                let chosen = option.clone();
                view! {
                    <option value=option prop:selected=move || value.with(|v| *v == chosen)>
                        {words}
                    </option>
                }
            })
            .collect_view()
    };
    view! {
        <div class="field" class:field-wrong=move || parts.invalid().is_some()>
            <label for=move || parts.id.get()>{told(of)} {label}</label>
            <select
                id=move || parts.id.get()
                aria-invalid=move || parts.invalid()
                aria-describedby=move || parts.described_by(false)
                on:change:target=move |event| {
                    set.run(event.target().value());
                    touch(form, field);
                }
            >
                {options}
            </select>
            <Problems parts />
        </div>
    }
}

/// A field of several lines.
#[component]
pub fn Area(
    #[prop(into)] form: Checks,
    #[prop(into)] field: Signal<String>,
    #[prop(into)] label: String,
    #[prop(optional, into)] of: String,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] set: Callback<String>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let parts = Parts::new(form, field);
    let has_hint = !hint.is_empty();
    view! {
        <div class="field field-wide" class:field-wrong=move || parts.invalid().is_some()>
            <label for=move || parts.id.get()>{told(of)} {label}</label>
            <textarea
                id=move || parts.id.get()
                rows="3"
                spellcheck="false"
                autocapitalize="off"
                aria-invalid=move || parts.invalid()
                aria-describedby=move || parts.described_by(has_hint)
                prop:value=move || value.get()
                on:input:target=move |event| set.run(event.target().value())
                on:change=move |_| touch(form, field)
            />
            {has_hint.then(|| hint_of(parts, hint))}
            <Problems parts />
        </div>
    }
}

/// A switch with an explanation.
#[component]
pub fn Switch(
    id: &'static str,
    label: &'static str,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] set: Callback<bool>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="toggle">
            <input
                type="checkbox"
                role="switch"
                id=id
                aria-describedby=format!("{id}-hint")
                prop:checked=move || on.get()
                on:change:target=move |event| set.run(event.target().checked())
            />
            <div>
                <label for=id>{label}</label>
                <p class="hint" id=format!("{id}-hint")>{children()}</p>
            </div>
        </div>
    }
}
