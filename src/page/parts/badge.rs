//! Words in a frame: how a run ended, how its times were measured, how well its instrument worked.

use leptos::prelude::*;

use fwit_present::verification::Sign;
use fwit_report::run::view::{HealthVerdict, HealthView, TimeSources};

/// The colour of a badge. Its words say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to note.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// To look at twice.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Plain => "badge",
            Tone::Good => "badge badge-good",
            Tone::Warn => "badge badge-warn",
            Tone::Bad => "badge badge-bad",
        }
    }
}

impl From<Sign> for Tone {
    fn from(sign: Sign) -> Tone {
        match sign {
            Sign::Good => Tone::Good,
            Sign::Doubt => Tone::Warn,
            Sign::Bad => Tone::Bad,
        }
    }
}

/// A word in a frame.
#[component]
pub fn Badge(
    /// Its words.
    #[prop(into)]
    text: String,
    /// Its colour.
    #[prop(optional)]
    tone: Tone,
    /// What it means, on hover.
    #[prop(optional, into)]
    title: String,
) -> impl IntoView {
    view! {
        <span class=tone.class() title=title>
            {text}
        </span>
    }
}

/// Says that nothing was sent.
#[component]
pub fn Simulated() -> impl IntoView {
    view! { <Badge text="simulated" title="Nothing was sent: a model answered" /> }
}

/// Says how service times were measured, or that they were not: they are simulated.
#[component]
pub fn TimeSource(sources: TimeSources, simulated: bool) -> impl IntoView {
    if simulated {
        return view! { <Simulated /> }.into_any();
    }
    let (tone, title) = match (sources.wire, sources.page_clock) {
        (0, 0) => (Tone::Plain, "No answer yet."),
        (_, 0) => (
            Tone::Good,
            "Service times were taken by the browser's network stack: they do not include \
             the browser's own queue.",
        ),
        _ => (
            Tone::Warn,
            "Service times were taken by the page's clock and include what the browser itself \
             costs. Let the nodes send “Timing-Allow-Origin: *” on every answer. (Firefox tells \
             no times of redirected requests.)",
        ),
    };
    view! { <Badge text=format!("time: {}", sources.label()) tone title /> }.into_any()
}

/// Says how well the instrument worked, in a word.
#[component]
pub fn Health(health: HealthView) -> impl IntoView {
    let tone = match health.verdict {
        HealthVerdict::Healthy => Tone::Good,
        HealthVerdict::Doubtful => Tone::Warn,
        HealthVerdict::ClientLimited => Tone::Bad,
        HealthVerdict::NotJudged => Tone::Plain,
    };
    let text = format!("instrument {}", health.verdict.name());
    view! { <Badge text tone title=health.signs.join("\n") /> }
}
