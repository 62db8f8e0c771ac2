//! A small link beside a number, to the method that made it.

use leptos::prelude::*;

use fwit_present::method::Method;

/// A question mark that names a method on hover, and links to its explanation.
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
