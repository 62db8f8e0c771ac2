//! A chart in the page: picture, legend, cursor by pointer and keyboard, values in words, table,
//! export.

use gloo_timers::callback::Timeout;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, KeyboardEvent, PointerEvent};

use super::legend::Legend;
use super::plot::{Plot, PlotCell, Shown};
use super::table::DataTable;
use crate::browser::describe;
use fwit_chart::figure::{Chart, Readout, value_room};
use fwit_chart::scene::Point;
use fwit_chart::viewport::{Cursor, Input, Key, Viewport, reduce};

/// How long a cursor stands still before its values are read out, in milliseconds.
const SPEAK_AFTER_MS: u32 = 600;

static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// Returns the point of a pointer event, in CSS pixels from the plot's corner.
fn at(ev: &PointerEvent) -> Point {
    Point::new(f64::from(ev.offset_x()), f64::from(ev.offset_y()))
}

/// A figure of any chart. `height` is that of the plot in CSS pixels. Charts with the same `cursor`
/// signal share their cursor along the x axis.
#[component]
pub fn ChartFigure(
    #[prop(into)] chart: Signal<Arc<dyn Chart>>,
    #[prop(default = 280.0)] height: f64,
    #[prop(optional_no_strip)] cursor: Option<RwSignal<Option<f64>>>,
    /// Charts with the same signal show the same part of the x axis.
    #[prop(optional_no_strip)]
    stretch: Option<RwSignal<Option<[f64; 2]>>>,
) -> impl IntoView {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let own = RwSignal::new(Viewport::default());
    let view = Memo::new(move |_| {
        let mut v = own.get();
        if let (None, Some(shared)) = (v.cursor, cursor) {
            v.cursor = shared.get().map(|x| Cursor { x, y: None });
        }
        if let Some(shared) = stretch {
            v.x = shared.get();
        }
        v
    });
    let shown = Shown {
        chart,
        view: view.into(),
        size: RwSignal::new(None),
        theme: RwSignal::new(0),
        frame: RwSignal::new(None),
    };
    let failure = RwSignal::new(None::<String>);
    let spoken = RwSignal::new(String::new());
    let timer = StoredValue::new_local(None::<Timeout>);
    let cell: PlotCell = StoredValue::new_local(None);
    let (host, data, overlay) = (
        NodeRef::<html::Div>::new(),
        NodeRef::<html::Canvas>::new(),
        NodeRef::<html::Canvas>::new(),
    );

    let readout = Memo::new(move |_| match shown.frame.get() {
        Some(frame) => chart.with(|c| view.with(|v| c.readout(v, &frame))),
        None => Readout::default(),
    });
    let room = Memo::new(move |_| match shown.frame.get() {
        Some(frame) => chart.with(|c| value_room(c.as_ref(), &frame)),
        None => 0,
    });
    let entries = Memo::new(move |_| chart.with(|c| c.legend()));
    let title = Memo::new(move |_| chart.with(|c| c.title().to_owned()));
    let sentence = Memo::new(move |_| chart.with(|c| c.sentence()));

    Effect::new(move |_| {
        let (Some(host), Some(data), Some(overlay)) = (host.get(), data.get(), overlay.get())
        else {
            return;
        };
        match Plot::mount(&host, &data, &overlay, shown, cell) {
            Ok(plot) => {
                plot.request();
                cell.set_value(Some(plot));
            }
            Err(error) => {
                failure.set(Some(format!("The chart cannot be drawn: {}", describe(&error))));
            }
        }
    });
    // Tracks all that the picture depends on, and asks for a frame; the drawing happens there.
    Effect::new(move |_| {
        chart.track();
        view.track();
        shown.size.track();
        shown.theme.track();
        cell.with_value(|p| p.as_ref().inspect(|p| p.request()).is_some());
    });

    let apply = move |input: Input| {
        let (Some(frame), Some(before)) =
            (shown.frame.try_get_untracked().flatten(), view.try_get_untracked())
        else {
            return;
        };
        let next =
            chart.with_untracked(|c| reduce(&before, input, &frame, c.as_ref() as &dyn Chart));
        if next != before || own.with_untracked(|o| *o != next) {
            if let Some(shared) = cursor {
                let x = next.cursor.map(|c| c.x);
                if shared.get_untracked() != x {
                    shared.set(x);
                }
            }
            if let Some(shared) = stretch
                && shared.get_untracked() != next.x
            {
                shared.set(next.x);
            }
            own.set(next);
        }
    };
    let speak = move || {
        let later = Timeout::new(SPEAK_AFTER_MS, move || {
            if let Some(text) = readout.try_get_untracked().map(|r| r.spoken()) {
                spoken.try_set(text);
            }
        });
        timer.set_value(Some(later));
    };
    let on_key = move |ev: KeyboardEvent| {
        if ev.ctrl_key() || ev.meta_key() || ev.alt_key() {
            return;
        }
        if let Some(key) = Key::parse(&ev.key()) {
            ev.prevent_default();
            apply(Input::Key(key, ev.shift_key()));
            speak();
        }
    };
    let on_down = move |ev: PointerEvent| {
        if ev.button() == 0 {
            if let Some(target) = ev.current_target().and_then(|t| t.dyn_into::<Element>().ok()) {
                // Without capture a drag ends where it leaves the plot, which is no error.
                let _ = target.set_pointer_capture(ev.pointer_id());
            }
            apply(Input::Down(at(&ev)));
        }
    };
    let export = move |save: fn(&Plot, Shown) -> Result<(), JsValue>| {
        let result = cell.with_value(|p| p.as_ref().map(|p| save(p, shown)));
        if let Some(Err(error)) = result {
            failure.set(Some(format!("The picture could not be saved: {}", describe(&error))));
        }
    };
    let zoomed = Memo::new(move |_| view.with(|v| v.x.is_some()));
    let place = Memo::new(move |_| {
        readout.with(|r| {
            let more: Vec<String> = r
                .values
                .iter()
                .filter(|v| v.series.is_none())
                .take(4)
                .map(|v| format!("{} {}", v.label, v.value))
                .collect();
            if more.is_empty() { r.at.clone() } else { format!("{}: {}", r.at, more.join(", ")) }
        })
    });

    view! {
        <figure
            class="chart"
            role="figure"
            aria-labelledby=format!("chart-{id}-title")
            aria-describedby=format!("chart-{id}-text")
        >
            <div class="chart-head">
                <figcaption class="chart-title" id=format!("chart-{id}-title")>{title}</figcaption>
                <div class="chart-tools">
                    <Show when=move || zoomed.get()>
                        <button
                            type="button"
                            on:click=move |_| {
                                apply(Input::Zoom(None));
                                // This button goes: the focus stays in the chart.
                                if let Some(host) = host.get_untracked() {
                                    let _ = host.focus();
                                }
                            }
                        >
                            "Show all"
                        </button>
                    </Show>
                    <button
                        type="button"
                        title="Save as SVG"
                        on:click=move |_| export(Plot::save_svg)
                    >
                        "SVG"
                    </button>
                    <button
                        type="button"
                        title="Save as PNG"
                        on:click=move |_| export(Plot::save_png)
                    >
                        "PNG"
                    </button>
                </div>
            </div>
            <p class="chart-sentence" id=format!("chart-{id}-text")>{sentence}</p>
            <div
                class="chart-plot"
                style:height=format!("{height}px")
                node_ref=host
                tabindex="0"
                role="application"
                aria-roledescription="chart"
                aria-labelledby=format!("chart-{id}-title")
                aria-description="Arrows move the cursor, Shift and arrows select, plus and minus \
                                  zoom, Escape shows all."
                on:keydown=on_key
                on:pointermove=move |ev| apply(Input::Move(at(&ev)))
                on:pointerdown=on_down
                on:pointerup=move |ev| apply(Input::Up(at(&ev)))
                on:pointerleave=move |_| apply(Input::Leave)
                on:pointercancel=move |_| apply(Input::Leave)
                on:dblclick=move |_| apply(Input::DoubleClick)
            >
                <canvas class="chart-data-canvas" node_ref=data aria-hidden="true"></canvas>
                <canvas class="chart-overlay" node_ref=overlay aria-hidden="true"></canvas>
            </div>
            <p class="chart-place" aria-hidden="true">{place}</p>
            <Legend entries=entries view=view readout=readout room=room on_input=Callback::new(apply) />
            <p class="chart-spoken" role="status" aria-live="polite">{spoken}</p>
            <Show when=move || failure.get().is_some()>
                <p class="chart-failure" role="alert">{move || failure.get()}</p>
            </Show>
            <DataTable chart=chart />
        </figure>
    }
}
