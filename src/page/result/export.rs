//! The menu of the forms that a run goes out in.

use std::sync::Arc;

use leptos::prelude::*;

use crate::browser::files;
use crate::page::parts::Icon;
use crate::page::state::{Library, Notices};
use crate::protocol::Opened;
use fwit_export::Form;

/// A button that opens a list of forms; each is made and saved as a file.
#[component]
pub fn ExportMenu(run: Arc<Opened>) -> impl IntoView {
    let (library, notices) = (expect_context::<Library>(), expect_context::<Notices>());
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let button = NodeRef::<leptos::html::Summary>::new();
    // The focus is never lost to the page's body.
    let close = move || {
        let was_open = open.try_get_untracked() == Some(true);
        open.try_set(false);
        if was_open && let Some(Some(button)) = button.try_get_untracked() {
            // A browser that can't focus it leaves the focus where it is.
            let _ = button.focus();
        }
    };
    let one = |form: Form| {
        let why_not = form.why_not(&run.view);
        let (cannot, about) = (why_not.is_some(), why_not.unwrap_or_else(|| form.about().into()));
        let run = run.clone();
        let save = move |_| {
            let run = run.clone();
            busy.set(true);
            leptos::task::spawn_local(async move {
                let made = library.written_as(&run, form).await;
                busy.try_set(false);
                close();
                let saved = made.and_then(|file| files::save(&file.name, &file.mime, &file.text));
                notices.check(saved);
            });
        };
        view! {
            <li>
                <button
                    type="button"
                    class="menu-item"
                    disabled=move || cannot || busy.get()
                    on:click=save
                >
                    <span>{form.label()}</span>
                    <small>{about}</small>
                </button>
            </li>
        }
    };
    let items = Form::ALL.map(one).collect_view();
    view! {
        <details
            class="menu"
            prop:open=move || open.get()
            on:toggle:target=move |event| open.set(event.target().open())
            on:keydown=move |event| {
                if event.key() == "Escape" && open.get_untracked() {
                    close();
                }
            }
        >
            <summary class="button" node_ref=button>
                <Icon name="down" />
                "Export as…"
            </summary>
            <ul class="menu-list">{items}</ul>
        </details>
    }
}
