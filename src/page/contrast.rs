//! Intervals of separate runs in the comparison: asked of the worker, awaited with progress, cancelled when the view
//! is left.

use std::sync::Arc;

use leptos::prelude::*;

use super::charts::Slot;
use super::parts::MethodLink;
use super::state::App;
use super::worker_client::{Asked, Heard};
use crate::markup::{Markup, RwSignal, Show, Signal, effect, memo, view};
use crate::present::charts::series_measure;
use crate::present::method::{BLOCK_BOOTSTRAP, CONTROL, SHIFT};
use crate::present::shift::shift;
use crate::protocol::Opened;
use crate::run::compare::{Comparison, Control};
use crate::run::contrast::Contrast;
use crate::run::view::Measure;

/// What is known of the intervals.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// The worker is at it: 0 to 1.
    #[default]
    Waiting,
    /// So far.
    Working(f64),
    /// All of it.
    Done,
    /// There are none, for this reason.
    Failed(String),
}

/// The intervals of a comparison.
#[derive(Clone, Copy)]
pub struct Intervals {
    /// What is known so far.
    pub known: RwSignal<Option<Arc<Contrast>>>,
    /// How far the worker is.
    pub state: RwSignal<State>,
    /// The run of the library that serves as a control; `None` until it was looked for.
    control: RwSignal<Option<Option<Arc<Opened>>>>,
}

impl Intervals {
    /// Asks for the intervals of these runs, and again whenever another latency is looked at.
    pub fn new(
        app: App,
        runs: Arc<Vec<Arc<Opened>>>,
        own_control: bool,
        measure: RwSignal<Measure>,
    ) -> Intervals {
        let all = Intervals {
            known: RwSignal::new(None),
            state: RwSignal::new(State::Waiting),
            control: RwSignal::new(own_control.then_some(None)),
        };
        if !own_control {
            let runs = runs.clone();
            // Not cancelled with the view: a store's request that is given up calls back into nothing.
            leptos::task::spawn_local(async move {
                let found = app.runs.control(&runs).await;
                all.control.set(Some(found));
            });
        }
        // Dropped with the view: the worker is told that nobody waits.
        let asked = StoredValue::new_local(None::<Asked>);
        let looked_at = memo(move || series_measure(measure.get()));
        effect(move || {
            let (measure, Some(control)) = (looked_at.get(), all.control.get()) else { return };
            let mut list: Vec<Arc<Opened>> = runs.to_vec();
            list.extend(control);
            asked.update_value(|asked| drop(asked.take()));
            all.state.set(State::Working(0.0));
            let answer = app.runs.contrast(list, measure, move |heard| all.hear(heard));
            match answer {
                Ok(answer) => asked.set_value(Some(answer)),
                Err(error) => all.state.set(State::Failed(error)),
            }
        });
        all
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Progress(done) => {
                self.state.set(State::Working(done));
            }
            Heard::Known(contrast, over) => {
                self.known.set(Some(contrast));
                if over {
                    self.state.set(State::Done);
                }
            }
            Heard::Failed(error) => {
                self.state.set(State::Failed(error));
            }
        }
    }

    /// The control of a comparison: one of its runs, or the library's.
    pub fn control(self, among: Option<Control>) -> Option<Control> {
        among.or_else(|| self.control.get().flatten().map(|run| of_library(&run)))
    }
}

/// A run of the library as a control.
pub fn of_library(run: &Opened) -> Control {
    Control { run: None, id: run.view.id.clone(), name: run.view.name.clone() }
}

/// What separate runs can say: findings, caution, control.
#[component]
pub fn SeparateRuns(comparison: Signal<Comparison>, intervals: Intervals) -> impl IntoView {
    let list = move |of: fn(&Comparison) -> &Vec<String>| {
        move || comparison.with(|c| of(c).iter().cloned().map(|s| view! { <p>{s}</p> }).collect::<Markup>())
    };
    let percent = memo(move || match intervals.state.get() {
        State::Working(done) => Some((done * 100.0).round()),
        State::Waiting => Some(0.0),
        State::Done | State::Failed(_) => None,
    });
    let caution = move || comparison.with(|c| c.notes.first().cloned());
    let has_control = memo(move || comparison.with(|c| !c.control_says.is_empty()));
    let alone = memo(move || {
        comparison.with(|c| c.control.is_none()).then(|| {
            comparison.with(|c| {
                let first = c.runs.first().map(|r| r.label.clone()).unwrap_or_default();
                format!(
                    "There is no second run of {first}’s setting to tell how much that setting moves by itself. Run {first}’s plan \
                     once more for a control."
                )
            })
        })
    });
    view! {
        <section class="panel separate">
            <h2>"What these runs can say" <MethodLink method=BLOCK_BOOTSTRAP /></h2>
            <div class="findings">{list(|c| &c.findings)}</div>
            <Show when=move || percent.get().is_some()>
                <p class="row busy-line">
                    <progress max="100" value=move || percent.get().unwrap_or_default() aria-label="Intervals"></progress>
                    <span class="hint">"Intervals are being made: 2,000 resamples a run."</span>
                </p>
            </Show>
            {move || match intervals.state.get() {
                State::Failed(error) => Some(view! { <p class="note note-warn" role="alert">{format!("There are no intervals. {error}")}</p> }),
                _ => None,
            }}
            <p class="note">{caution}</p>
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

/// The shift function of each run against the first.
#[component]
pub fn ShiftPanel(comparison: Signal<Comparison>) -> impl IntoView {
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
                "How much each run’s latency differs from the first’s at every percentile, all operations. A band that holds 0 % tells nothing apart there."
            </p>
            <Slot make height=300.0 empty="It comes with the intervals." />
        </section>
    }
}
