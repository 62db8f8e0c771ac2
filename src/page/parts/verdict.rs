//! The verdicts on top of a result and of the live view: thresholds, and how well the instrument
//! worked, with its signs and hints.

use leptos::prelude::*;

use super::{Badge, Tone};
use fwit_present::sentence;
use fwit_report::run::view::{HealthVerdict, HealthView, ThresholdResult};

/// What is to be read before all numbers.
#[component]
pub fn Headlines(lines: Vec<String>) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        let lines =
            lines.into_iter().map(|text| view! { <p><strong>{text}</strong></p> }).collect_view();
        view! {
            <section class="verdict verdict-bad" aria-label="To be read first">
                {lines}
            </section>
        }
    })
}

/// The verdicts on thresholds and instrument.
#[component]
pub fn Verdict(
    health: HealthView,
    thresholds: Vec<ThresholdResult>,
    /// Nothing was sent: there is no instrument to judge.
    simulated: bool,
) -> impl IntoView {
    let class = match health.verdict {
        HealthVerdict::Healthy if simulated => "verdict",
        _ if simulated => "verdict verdict-warn",
        HealthVerdict::Healthy => "verdict verdict-good",
        HealthVerdict::Doubtful => "verdict verdict-warn",
        HealthVerdict::ClientLimited => "verdict verdict-bad",
        HealthVerdict::NotJudged => "verdict",
    };
    let (word, meaning) = sentence::verdict(health.verdict, simulated);
    let marked = sentence::marked(&health.annotations);
    let hints = health.hints.into_iter().chain(marked);
    let lines = |list: Vec<String>| {
        list.into_iter().map(|text| view! { <li>{text}</li> }.into_any()).collect_view()
    };
    view! {
        <Thresholds thresholds />
        <section
            class=class
            aria-label="Verdict on the instrument"
            data-verdict=health.verdict.name()
        >
            <p>
                <strong>{word}</strong>
                " "
                {meaning}
            </p>
            <ul>{lines(health.limits.into_iter().chain(health.signs).collect())}</ul>
            <ul class="hint">{lines(hints.collect())}</ul>
        </section>
    }
}

/// What became of thresholds; nothing without any.
#[component]
pub fn Thresholds(thresholds: Vec<ThresholdResult>) -> impl IntoView {
    sentence::thresholds(&thresholds).map(|(failed, text)| {
        let class = if failed { "verdict verdict-bad" } else { "verdict verdict-good" };
        view! {
            <section class=class aria-label="Thresholds">
                <p>{text}</p>
                <ul class="thresholds">{thresholds.into_iter().map(threshold).collect_view()}</ul>
            </section>
        }
    })
}

fn threshold(t: ThresholdResult) -> impl IntoView {
    let (word, tone) = match t.pass {
        Some(true) => ("holds", Tone::Good),
        Some(false) if t.stopped => ("failed: ended the run", Tone::Bad),
        Some(false) => ("failed", Tone::Bad),
        None => ("not known", Tone::Plain),
    };
    view! {
        <li>
            <Badge text=word tone />
            <code>{t.text}</code>
            <span>{t.words}</span>
        </li>
    }
}
