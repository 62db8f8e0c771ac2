//! A small link beside a number: which method made it, and where it is explained.

use leptos::prelude::*;

use crate::present::method::Method;

/// A question mark that names a method on hover and leads to its section.
#[component]
pub fn MethodLink(method: Method) -> impl IntoView {
    view! {
        <a
            class="method"
            href=method.link()
            target="_blank"
            rel="noopener"
            title=method.title()
            aria-label=format!("Method: {}", method.name)
            aria-description=method.words
        >
            "?"
        </a>
    }
}
