//! Files that are being opened: how far it is, and those that a link names.

use leptos::prelude::*;

use super::actions::Actions;
use super::parts::Icon;
use super::state::{Imports, Progress};
use crate::browser::files::Picked;
use fwit_present::figure::bytes;

/// A bar while files are opened, with a button that ends it.
#[component]
pub fn ImportProgress() -> impl IntoView {
    let imports = expect_context::<Imports>();
    let shown = move || imports.under_way.with(Option::is_some);
    let text = move || {
        imports.under_way.with(|progress| {
            let Some(p) = progress else { return String::new() };
            let place = match p.place {
                [_, 1] => String::new(),
                [at, all] => format!(", file {at} of {all}"),
            };
            format!("Opening “{}”{place}: {} of {}", p.name, bytes(p.read), bytes(p.size))
        })
    };
    let of = move |of: fn(&Progress) -> u64| {
        move || imports.under_way.with(|p| p.as_ref().map_or(0, of)).to_string()
    };
    let (read, size) = (of(|p| p.read), of(|p| p.size));
    view! {
        <Show when=shown>
            <div class="importing" role="group" aria-label="Opening files">
                <p>{text}</p>
                <progress max=size value=read aria-label="Read so far"></progress>
                <button type="button" class="button" on:click=move |_| imports.cancel()>
                    "Cancel"
                </button>
            </div>
        </Show>
    }
}

/// Opens the files that the address names; then they are shown.
#[component]
pub fn OpenLinks(runs: Vec<String>, titles: Vec<String>) -> impl IntoView {
    let actions = expect_context::<Actions>();
    let lines = runs.clone();
    // Not cancelled with the view: what was fetched is kept.
    leptos::task::spawn_local(async move { actions.import_links(&runs, &titles).await });
    view! {
        <section class="empty">
            <h1>"Opening"</h1>
            <ul>{lines.into_iter().map(|run| view! { <li class="wrap">{run}</li> }).collect_view()}</ul>
        </section>
    }
}

/// Buttons that open the file picker, for files and for a folder.
#[component]
pub fn OpenFiles() -> impl IntoView {
    view! {
        <Picker label="Open files" folder=false />
        <Picker label="Open a folder" folder=true />
    }
}

#[component]
fn Picker(label: &'static str, folder: bool) -> impl IntoView {
    let actions = expect_context::<Actions>();
    let input = NodeRef::<leptos::html::Input>::new();
    let picked = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let files = Picked::all(input.files());
        input.set_value("");
        actions.import(files);
    };
    view! {
        <button
            type="button"
            class="button"
            on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        >
            <Icon name="up" />
            {label}
        </button>
        <input
            type="file"
            multiple
            prop:webkitdirectory=folder
            class="visually-hidden"
            tabindex="-1"
            aria-label=label
            node_ref=input
            on:change=picked
        />
    }
}
