//! One request of each operation: what was sent, what came, and what the protocol makes of it.

use leptos::prelude::*;

use crate::page::parts::{Badge, Tone};
use crate::page::state::{Engine, PlanForm, Trial};
use fwit_engine::trial::TrialStep;
use fwit_model::plan::NodeDraft;
use fwit_quantities::units::Micros;

/// The report. Empty until it was asked for.
#[component]
pub fn TrialReport() -> impl IntoView {
    let (engine, form) = (expect_context::<Engine>(), expect_context::<PlanForm>());
    let spoken = Memo::new(move |_| {
        form.draft.with(|d| (d.dialect.clone(), d.custom.clone(), d.nodes.clone()))
    });
    Effect::new(move |before: Option<(String, String, Vec<NodeDraft>)>| {
        let now = spoken.get();
        // What was tried was another protocol, or other nodes.
        if before.is_some_and(|before| before != now) {
            engine.trial.set(Trial::None);
        }
        now
    });
    view! {
        <section
            class="check"
            id="trial"
            tabindex="-1"
            aria-live="polite"
            aria-label="One request of each operation"
        >
            {move || match engine.trial.get() {
                Trial::None => ().into_any(),
                Trial::Running => {
                    view! { <p class="busy">"Sending one request of each operation…"</p> }.into_any()
                }
                Trial::Failed(why) => view! { <p class="wrong">{why}</p> }.into_any(),
                Trial::Done(steps) => report(steps).into_any(),
            }}
        </section>
    }
}

fn report(steps: Vec<TrialStep>) -> impl IntoView {
    let wrong = steps.iter().filter(|s| s.is_error).count();
    let count = steps.len();
    let verdict = match wrong {
        0 => format!("All {count} operations were answered as the protocol expects."),
        _ => format!("{wrong} of {count} operations failed: open them to see why."),
    };
    view! {
        <h2>"One request of each operation"</h2>
        <p>{verdict}</p>
        <ul class="check-list">
            {steps.into_iter().map(|s| view! { <li>{step(s)}</li> }).collect_view()}
        </ul>
    }
}

fn step(step: TrialStep) -> impl IntoView {
    let tone = if step.is_error { Tone::Bad } else { Tone::Good };
    let status = if step.status == 0 { String::new() } else { format!("HTTP {} · ", step.status) };
    let lines: Vec<(&str, String)> = [
        ("sent", step.body),
        ("answer", step.answer),
        ("value", step.value.unwrap_or_default()),
        ("version", step.version.unwrap_or_default()),
        ("leave", step.asks_leave_for.join(", ")),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .collect();
    let refused = step.failure.map(|why| {
        let leave = lines.iter().any(|(name, _)| *name == "leave");
        let what = if leave {
            "Before it sends this, a browser asks the node for leave (CORS): the node must allow \
             what is listed under “leave”, or a gateway must. “Check connections” tells more."
        } else {
            "No answer that this page may read: the node is not there, or it sends no \
             Access-Control-Allow-Origin. “Check connections” tells which."
        };
        view! {
            <p class="hint">"The browser says: "{why}</p>
            <p class="advice">{what}</p>
        }
    });
    view! {
        <details class="trial-step" open=step.is_error>
            <summary>
                <strong>{step.op}</strong>
                <span class="check-facts">{format!("{status}{}", Micros(step.took_us))}</span>
                <span class="badges">
                    <Badge text=step.class tone />
                </span>
            </summary>
            <code class="trial-request">{step.request}</code>
            <dl>
                {lines
                    .into_iter()
                    .map(|(name, text)| view! { <dt>{name}</dt><dd><code>{text}</code></dd> })
                    .collect_view()}
            </dl>
            {refused}
        </details>
    }
}
