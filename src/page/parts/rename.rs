//! A name that is being changed.

use leptos::prelude::*;

/// A field with the name, selected, and buttons. `done` gets the new name, or `None` where it
/// stays: by Escape, *Cancel*, or when nothing is left of it.
#[component]
pub fn RenameForm(
    /// The name as it is.
    name: String,
    /// What a screen reader calls the field.
    #[prop(into)]
    label: String,
    /// Is told the end.
    done: Callback<Option<String>>,
) -> impl IntoView {
    let text = RwSignal::new(name.clone());
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
            input.select();
        }
    });
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let new = text.get_untracked().trim().to_string();
        done.run(Some(new).filter(|new| !new.is_empty() && *new != name));
    };
    view! {
        <form
            class="rename"
            on:submit=save
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    done.run(None);
                }
            }
        >
            <input
                type="text"
                aria-label=label
                maxlength="200"
                node_ref=input
                prop:value=move || text.get()
                on:input:target=move |event| text.set(event.target().value())
            />
            <button class="button button-main">"Rename"</button>
            <button type="button" class="button" on:click=move |_| done.run(None)>
                "Cancel"
            </button>
        </form>
    }
}
