//! What the comparison of separate runs can say: findings, caution, control, shift function.

use leptos::prelude::*;

use super::chart::Slot;
use super::intervals::{Intervals, State};
use super::parts::MethodLink;
use fwit_present::method::{CONTROL, SECTIONS, SHIFT};
use fwit_present::shift::shift;
use fwit_report::run::compare::{Comparison, Mixture};

/// Findings, caution and control.
#[component]
pub fn SeparateRuns(comparison: Memo<Comparison>, intervals: Intervals) -> impl IntoView {
    let list = move |of: fn(&Comparison) -> &Vec<String>| {
        move || {
            comparison.with(|c| of(c).iter().cloned().map(|s| view! { <p>{s}</p> }).collect_view())
        }
    };
    let percent = Memo::new(move |_| match intervals.state.get() {
        State::Working(done) => Some((done * 100.0).round()),
        State::Waiting => Some(0.0),
        State::Done | State::Failed(_) => None,
    });
    let caution = move || comparison.with(|c| c.notes.first().cloned());
    let unlike = Memo::new(move |_| comparison.with(|c| c.mixture() == Mixture::Both));
    let has_control = Memo::new(move |_| comparison.with(|c| !c.control_says.is_empty()));
    let alone = Memo::new(move |_| {
        // What another tool ran can't be run again.
        let own = |c: &Comparison| c.runs.first().is_some_and(|run| !run.foreign);
        comparison.with(|c| c.control.is_none() && own(c)).then(|| {
            comparison.with(|c| {
                let first = c.runs.first();
                let seed = first.is_some_and(|r| r.simulated);
                let first = first.map(|r| r.label.clone()).unwrap_or_default();
                let more = if seed { "with another seed" } else { "once more" };
                format!(
                    "There is no second run of {first}’s setting to tell how much that setting \
                     moves by itself. Run {first}’s plan {more} for a control."
                )
            })
        })
    });
    view! {
        <section class="panel separate">
            <h2>"What these runs can say" <MethodLink method=SECTIONS /></h2>
            // That the model is compared with a cluster counts more than what comes out.
            <Show when=move || unlike.get()>
                <p class="note note-warn">{caution}</p>
            </Show>
            <div class="findings">{list(|c| &c.findings)}</div>
            <Show when=move || percent.get().is_some()>
                <p class="row busy-line">
                    <progress
                        max="100"
                        value=move || percent.get().unwrap_or_default()
                        aria-label="Intervals"
                    ></progress>
                    <span class="hint">"Intervals are being made."</span>
                </p>
            </Show>
            {move || match intervals.state.get() {
                State::Failed(error) => {
                    let text = format!("There are no intervals. {error}");
                    Some(view! { <p class="note note-warn" role="alert">{text}</p> })
                }
                _ => None,
            }}
            <Show when=move || !unlike.get()>
                <p class="note">{caution}</p>
            </Show>
            <Show when=move || has_control.get()>
                <h3>"Control" <MethodLink method=CONTROL /></h3>
                {list(|c| &c.control_says)}
            </Show>
            <Show when=move || alone.get().is_some()>
                <p class="hint">{move || alone.get()}</p>
            </Show>
        </section>
    }
}

/// The shift function of each run, compared with the first.
#[component]
pub fn ShiftPanel(comparison: Memo<Comparison>) -> impl IntoView {
    let make = move || {
        comparison.with(|c| {
            let series: Vec<_> =
                c.runs.iter().map(|r| r.label.clone()).zip(c.shift.iter().cloned()).collect();
            shift(c.runs.first().map_or("", |r| &r.label), &series)
        })
    };
    view! {
        <section class="panel">
            <h2>"Shift function" <MethodLink method=SHIFT /></h2>
            <p class="hint">
                "How much each run’s latency differs from the first’s at every percentile, all \
                 operations. A band that holds 0 % tells nothing apart there."
            </p>
            <Slot make height=300.0 empty="It comes with the intervals, where they can be given." />
        </section>
    }
}
