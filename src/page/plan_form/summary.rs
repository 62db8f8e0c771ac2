//! All problems of a form at its head.

use leptos::prelude::*;

use crate::page::state::Checks;

/// All problems, each with a link to its field. They show once a start was tried.
#[component]
pub fn Summary(
    #[prop(into)] form: Checks,
    title: &'static str,
    /// What a field is called.
    label: fn(&str) -> String,
    /// Shows a field.
    #[prop(into)]
    show: Callback<String>,
) -> impl IntoView {
    let shown = move || form.attempted.get() && form.problems.with(|p| !p.is_empty());
    view! {
        <div id=form.id("") tabindex="-1" class="problems-box" role="alert">
            <Show when=shown>
                <h2>{title}</h2>
                <ul>
                    {move || {
                        form.problems
                            .get()
                            .into_iter()
                            .map(|problem| {
                                let field = problem.field.clone();
                                view! {
                                    <li>
                                        <button
                                            type="button"
                                            class="button-link"
                                            on:click=move |_| show.run(field.clone())
                                        >
                                            {label(&problem.field)}
                                        </button>
                                        " "
                                        {problem.message}
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
            </Show>
        </div>
    }
}
