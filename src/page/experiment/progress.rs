//! The experiment under way: where it is, how long it still takes, and the period's run.

use leptos::prelude::*;

use crate::page::actions::Actions;
use crate::page::live::{Silent, Tiles};
use crate::page::parts::{Icon, MethodLink, Simulated};
use crate::page::state::{Engine, Status};
use fwit_present::method::E_VALUES;
use fwit_present::simulated::{self, Done};
use fwit_present::{experiment as words, figure};
use fwit_report::run::view::Phase;

/// Progress over all periods.
#[component]
pub fn UnderWayView() -> impl IntoView {
    let engine = expect_context::<Engine>();
    let name =
        move || engine.experiment.with(|e| e.as_ref().map(|e| e.name.clone()).unwrap_or_default());
    view! {
        <div class="view-head">
            <h1>{name}</h1>
            <p class="lead">
                "Periods of each arm in turn. Stop keeps the pairs that are finished."
            </p>
            {engine
                .is_simulated()
                .then(|| view! { <p class="badges"><Simulated /></p> })}
        </div>
        <Silent engine />
        <Progress engine />
        <NextStep engine />
        <Safe engine />
        <h2>"This period"</h2>
        <Tiles engine />
        <p class="hint"><a href="#/run">"See this period live"</a></p>
    }
}

/// Where periods do not count: what to do, as a button.
#[component]
fn NextStep(engine: Engine) -> impl IntoView {
    let actions = expect_context::<Actions>();
    let offer = Memo::new(move |_| {
        engine.experiment.with(|e| {
            let e = e.as_ref()?;
            let dropped = e.progress.as_ref().is_some_and(|p| p.dropped > 0);
            e.lighter.clone().filter(|_| dropped)
        })
    });
    let stopping = Memo::new(move |_| engine.status.get() == Status::Stopping);
    move || {
        offer.get().map(|(json, load)| {
            view! {
                <div class="note note-warn">
                    <p>
                        "Periods do not count where the browser, not the cluster, made the \
                         numbers. Less load lets it keep up."
                    </p>
                    <button
                        type="button"
                        class="button"
                        disabled=move || stopping.get()
                        on:click=move |_| actions.stop_and_set_up(json.clone())
                    >
                        <Icon name="play" />
                        {format!("Stop, and set it up with {load}")}
                    </button>
                </div>
            }
        })
    }
}

/// What may be claimed already, however often it is looked at.
#[component]
fn Safe(engine: Engine) -> impl IntoView {
    let claims = Memo::new(move |_| {
        engine.experiment.with(|e| {
            let progress = e.as_ref().and_then(|e| e.progress.as_ref())?;
            (!progress.claims.is_empty()).then(|| words::safe(progress))
        })
    });
    move || {
        claims.get().map(|claims| {
            let lines = if claims.is_empty() {
                view! { <p class="hint">"Nothing is safe to say yet."</p> }.into_any()
            } else {
                let lines = claims.into_iter().map(|c| view! { <li>{c}</li> }).collect_view();
                view! { <ul class="verdict-lines">{lines}</ul> }.into_any()
            };
            view! {
                <section class="panel">
                    <h2>"Safe to say already " <MethodLink method=E_VALUES /></h2>
                    {lines}
                </section>
            }
        })
    }
}

#[component]
fn Progress(engine: Engine) -> impl IntoView {
    let stopping = Memo::new(move |_| engine.status.get() == Status::Stopping);
    let text = Memo::new(move |_| {
        engine.experiment.with(|e| match e.as_ref() {
            Some(e) => e
                .progress
                .as_ref()
                .map_or_else(|| "Starting".into(), |p| words::progress(p, &e.arms)),
            None => String::new(),
        })
    });
    // The snapshot knows more of the period under way than the experiment's own progress.
    let within = move || {
        engine.live.with(|l| match l.phase {
            Phase::Starting => 0,
            Phase::Draining => l.total_us,
            _ => l.elapsed_us.min(l.total_us),
        })
    };
    let of = move |get: fn(&fwit_report::experiment::view::Progress, u64) -> u64| {
        let within = within();
        engine
            .experiment
            .with(|e| e.as_ref().and_then(|e| e.progress.as_ref()).map_or(0, |p| get(p, within)))
    };
    let share = Memo::new(move |_| {
        of(|p, within| {
            let done = p.elapsed_us.saturating_add(within);
            let all = p.elapsed_us.saturating_add(p.left_us);
            done.saturating_mul(1_000).checked_div(all).unwrap_or(0).min(1_000)
        })
    });
    let left = Memo::new(move |_| {
        let rest = of(|p, within| p.left_us.saturating_sub(within));
        if engine.is_simulated() {
            let elapsed_us = of(|p, within| p.elapsed_us.saturating_add(within));
            let total_us = elapsed_us.saturating_add(rest);
            let done = Done { elapsed_us, total_us, passed_s: engine.passed_s() };
            return simulated::left(done).unwrap_or_default();
        }
        format!("about {} left", figure::clock(rest))
    });
    view! {
        <div class="progress">
            <progress
                max="1000"
                prop:value=move || share.get() as u32
                aria-label="Progress of the experiment"
            ></progress>
            <span class="progress-phase">
                {move || if stopping.get() { "stopping".to_string() } else { text.get() }}
            </span>
            <span class="progress-left">{left}</span>
            <button
                type="button"
                class="button button-stop"
                disabled=move || stopping.get()
                title="End the experiment now; finished pairs count"
                on:click=move |_| engine.stop()
            >
                <Icon name="stop" />
                "Stop"
            </button>
            <p class="visually-hidden" aria-live="polite">{text}</p>
        </div>
    }
}
