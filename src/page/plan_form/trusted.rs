//! The origins besides the nodes' own that the API key may be sent to.

use leptos::prelude::*;

use super::field::Area;
use crate::page::state::PlanForm;

/// The field, where a key was typed or some are trusted.
#[component]
pub fn TrustedOrigins(form: PlanForm) -> impl IntoView {
    let value = Signal::derive(move || form.draft.with(|d| d.trusted_origins.clone()));
    // Only a new visit takes it away: a field must not vanish while it is typed into.
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        let has_key = form.api_key.with(|key| !key.trim().is_empty());
        if has_key || form.draft.with(|d| !d.trusted_origins.trim().is_empty()) {
            open.set(true);
        }
    });
    view! {
        <Show when=move || open.get()>
            <Area
                form
                field="cluster.trusted_origins"
                label="Trusted origins, one a line"
                value
                set=move |text: String| form.edit(|d| d.trusted_origins = text)
                hint="Where else a leader may be, such as http://10.0.0.9:7101: the API key goes \
                      there, and to the nodes above, and nowhere else."
            />
        </Show>
    }
}
