//! Takes files that are dropped anywhere on the page, and shows an overlay while they hover.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::DragEvent;

use super::actions::Actions;
use crate::browser::files::Picked;
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
        let files =
            Picked::dropped(event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer));
        actions.import(files);
    });
    StoredValue::new_local([enter, over, leave, drop]);
    view! {
        <Show when=move || { depth.get() > 0 }>
            <div class="drop" aria-hidden="true">
                <p>"Drop run files to open them, or a plan to fill the form"</p>
            </div>
        </Show>
    }
}
