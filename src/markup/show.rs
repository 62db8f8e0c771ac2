//! What is there only sometimes.

use leptos::children::{ChildrenFn, ViewFn};
use leptos::prelude::{IntoView, component};

use super::{IntoMarkup as _, live, memo};

/// Its children while a condition holds. As Leptos's, but compiled once for all conditions.
#[component]
pub fn Show(
    /// The condition.
    when: impl Fn() -> bool + Send + Sync + 'static,
    /// What is shown while it holds.
    children: ChildrenFn,
    /// What is shown while it does not.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> impl IntoView {
    let holds = memo(when);
    live(move || if holds.get() { children().into_markup() } else { fallback.run().into_markup() })
}
