//! What happened while the run went on: who led, and each thing with the numbers before, during and
//! after it.

use std::sync::Arc;

use leptos::prelude::*;

use crate::protocol::Opened;
use fwit_present::{happened, vitals};
use fwit_report::run::view::Episode;

/// Who led and what was done; empty where nothing is known of either.
#[component]
pub fn HappenedPanel(run: Arc<Opened>) -> impl IntoView {
    let mut said: Vec<String> =
        run.view.leadership.as_ref().map(happened::leadership).unwrap_or_default();
    said.extend(happened::redirect_tax(&run.view));
    let episodes = run.view.episodes.clone();
    let grows = vitals::sentences(&run.view);
    (!said.is_empty() || !episodes.is_empty()).then(|| {
        view! {
            <section class="panel">
                <h2>"Leader and events"</h2>
                {said.into_iter().map(|text| view! { <p>{text}</p> }).collect_view()}
                {grows.into_iter().map(|text| view! { <p>{text}</p> }).collect_view()}
                {(!episodes.is_empty()).then(|| view! { <Episodes episodes /> })}
            </section>
        }
    })
}

#[component]
fn Episodes(episodes: Vec<Episode>) -> impl IntoView {
    let row = |e: Episode| {
        view! {
            <tr>
                <th scope="row">{e.words.clone()}</th>
                <td class="number">{happened::time(&e)}</td>
                <td>{happened::stretch(e.before.as_ref())}</td>
                <td>{happened::stretch(e.during.as_ref())}</td>
                <td>{happened::stretch(e.after.as_ref())}</td>
                <td>{happened::recovery(&e)}</td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="What happened">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"what"</th>
                        <th scope="col" class="number">"when"</th>
                        <th scope="col">"before"</th>
                        <th scope="col">"during"</th>
                        <th scope="col">"after"</th>
                        <th scope="col">"throughput back"</th>
                    </tr>
                </thead>
                <tbody>{episodes.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        <p class="hint">
            "Answers a second, and the cluster’s p50 and p99, of up to half a minute before and \
             after. Back: when three seconds together reach 90 % of before, from the beginning."
        </p>
    }
}
