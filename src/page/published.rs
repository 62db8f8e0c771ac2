//! Runs that are published with the page: shown where the page came with a list of them.

use leptos::prelude::*;

use crate::browser::document;
use crate::browser::environment::local_time;
use crate::browser::links::fetch_text;
use fwit_present::figure;
use fwit_present::published::{BYTES_MAX, PublishedRun, PublishedRuns};
use fwit_present::route::Route;
use fwit_present::source::has_time;

/// The list, as a section; nothing where the page came without one. `cargo xtask dist` names the
/// list in the page's head, so that no other page asks for it.
#[component]
pub fn Published() -> impl IntoView {
    let list = RwSignal::new(Ok(Vec::<PublishedRun>::new()));
    let Some(address) = document::meta("fwit-runs") else { return ().into_any() };
    let folder = address.rsplit_once('/').map_or_else(String::new, |(path, _)| format!("{path}/"));
    leptos::task::spawn_local(async move {
        let text = fetch_text(&address, BYTES_MAX).await;
        // The view may be gone by now.
        let _ = list.try_set(text.and_then(|text| PublishedRuns::read(&text)).map(|l| l.runs));
    });
    let line = move |run: PublishedRun| {
        let runs = vec![format!("{folder}{}", run.file)];
        let href = Route::Open { runs, titles: vec![run.name.clone()] }.to_string();
        let when =
            if has_time(&run.started_at) { local_time(&run.started_at) } else { "–".into() };
        let label = format!("Open {}", run.name);
        view! {
            <tr>
                <th scope="row" class="name" title=run.name.clone()>{run.name.clone()}</th>
                <td class="when">{when}</td>
                <td class="name" title=run.about.clone()>{run.about.clone()}</td>
                <td class="number">{figure::bytes(run.bytes)}</td>
                <td>
                    <a class="button" href=href aria-label=label>"Open"</a>
                </td>
            </tr>
        }
    };
    let body = move || match list.get() {
        Ok(runs) if runs.is_empty() => ().into_any(),
        Ok(runs) => view! {
            <section class="published">
                <h2>"Published with this page"</h2>
                <div
                    class="table-scroll panel"
                    tabindex="0"
                    role="region"
                    aria-label="Runs published with this page"
                >
                    <table class="table table-runs">
                        <thead>
                            <tr>
                                <th scope="col">"name"</th>
                                <th scope="col">"when"</th>
                                <th scope="col">"about"</th>
                                <th scope="col" class="number">"size"</th>
                                <th scope="col">
                                    <span class="visually-hidden">"open"</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>{runs.into_iter().map(line.clone()).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        }
        .into_any(),
        Err(why) => view! {
            <p class="note note-warn">
                {format!("The list of the runs published with this page could not be read. {why}")}
            </p>
        }
        .into_any(),
    };
    view! { {body} }.into_any()
}
