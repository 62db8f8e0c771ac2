//! Takes files that are dropped or pasted anywhere on the page, and shows an overlay while they
//! hover.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DragEvent};

use super::actions::Actions;
use crate::browser::document;
use crate::browser::files::{self, Picked};
use crate::browser::listener::Listener;

/// Listens on the whole window.
#[component]
pub fn DropZone() -> impl IntoView {
    let actions = expect_context::<Actions>();
    // The pointer enters a child before it leaves the parent, so entries and exits are counted: the
    // overlay shows while anything is entered.
    let depth = RwSignal::new(0_i32);
    let has_files = |event: &web_sys::Event| {
        let transfer = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
        transfer.is_some_and(|t| t.types().iter().any(|kind| kind == "Files"))
    };
    let enter = Listener::on_window("dragenter", move |event| {
        if has_files(&event) {
            event.prevent_default();
            depth.update(|d| *d += 1);
        }
    });
    let over = Listener::on_window("dragover", move |event| {
        if has_files(&event) {
            event.prevent_default();
        }
    });
    let leave = Listener::on_window("dragleave", move |event| {
        if has_files(&event) {
            depth.update(|d| *d = (*d - 1).max(0));
        }
    });
    let drop = Listener::on_window("drop", move |event| {
        if !has_files(&event) {
            return;
        }
        event.prevent_default();
        depth.set(0);
        let Some(transfer) = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer) else {
            return;
        };
        let files = files::dropped(&transfer);
        leptos::task::spawn_local(async move { actions.import(files.await) });
    });
    let paste = Listener::on_window("paste", move |event| {
        // What is pasted into a field belongs there.
        let Some(data) = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data)
        else {
            return;
        };
        if document::is_typing() {
            return;
        }
        let mut files = Picked::all(data.files());
        let text = data.get_data("text").unwrap_or_default();
        if files.is_empty() && !text.trim().is_empty() {
            files.extend(Picked::text("pasted text", &text));
        }
        if !files.is_empty() {
            event.prevent_default();
            actions.import(files);
        }
    });
    StoredValue::new_local([enter, over, leave, drop, paste]);
    view! {
        <Show when=move || { depth.get() > 0 }>
            <div class="drop" aria-hidden="true">
                <p>"Drop result files of fwit or another tool, archives, a folder, or a plan"</p>
            </div>
        </Show>
    }
}
