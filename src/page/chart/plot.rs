//! The two canvases of a figure and the one frame that draws them.

use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlCanvasElement};

use crate::browser::canvas::{Painter, Surface, device_ratio};
use crate::browser::frame::FramePump;
use crate::browser::observe::Resize;
use crate::browser::{save, theme};
use fwit_chart::figure::{Chart, Figure};
use fwit_chart::scale::Frame;
use fwit_chart::scene::{Scene, Size};
use fwit_chart::svg;
use fwit_chart::viewport::Viewport;

/// What a figure shows, as signals.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The chart.
    pub chart: Signal<Arc<dyn Chart>>,
    /// Zoom, cursor and hidden series, with the shared cursor when there is none here.
    pub view: Signal<Viewport>,
    /// Size of the plot in CSS pixels; `None` before it is known.
    pub size: RwSignal<Option<(f64, f64)>>,
    /// Counts changes of colours.
    pub theme: RwSignal<u32>,
    /// Where the values are in the picture on screen.
    pub frame: RwSignal<Option<Frame>>,
}

/// The canvases, the painter, and all that is registered with the browser for them. Dropping it
/// undoes that.
pub struct Plot {
    host: Element,
    painter: Painter,
    data: Surface,
    overlay: Surface,
    pump: FramePump,
    _resize: Resize,
    _theme: theme::Watch,
}

/// The picture on the data canvas, and what it was drawn from.
struct Drawn {
    chart: Arc<dyn Chart>,
    view: Viewport,
    size: Size,
    theme: u32,
    ratio: f64,
    figure: Figure,
}

/// Holds the plot of a figure once it is mounted.
pub type PlotCell = StoredValue<Option<Plot>, LocalStorage>;

impl Plot {
    /// Sets up the canvases in `host`. They are drawn whenever [`Plot::request`] asks for it.
    ///
    /// # Errors
    /// When the browser gives no 2D canvas or no observers.
    pub fn mount(
        host: &Element,
        data: &HtmlCanvasElement,
        overlay: &HtmlCanvasElement,
        shown: Shown,
        cell: PlotCell,
    ) -> Result<Self, JsValue> {
        let mut drawn: Option<Drawn> = None;
        let pump = FramePump::new(move || {
            cell.try_with_value(|plot| {
                if let Some(plot) = plot {
                    plot.draw(shown, &mut drawn);
                }
            });
        });
        let resize = Resize::new(host, move |w, h| {
            shown.size.try_set(Some((w, h)));
        })?;
        let watch = theme::Watch::new(move || {
            shown.theme.try_update(|n| *n = n.wrapping_add(1));
        })?;
        Ok(Self {
            host: host.clone(),
            painter: Painter::new(host)?,
            data: Surface::new(data)?,
            overlay: Surface::new(overlay)?,
            pump,
            _resize: resize,
            _theme: watch,
        })
    }

    /// Asks for the next frame.
    pub fn request(&self) {
        self.pump.request();
    }

    fn draw(&self, shown: Shown, drawn: &mut Option<Drawn>) {
        let (Some(chart), Some(view), Some(Some((w, h))), Some(theme)) = (
            shown.chart.try_get_untracked(),
            shown.view.try_get_untracked(),
            shown.size.try_get_untracked(),
            shown.theme.try_get_untracked(),
        ) else {
            return;
        };
        let (size, ratio) = (Size::new(w, h), device_ratio());
        let measure = |text: &str, size| self.painter.measure(text, size);
        if drawn.as_ref().is_none_or(|d| d.theme != theme) && drawn.is_some() {
            // When this fails, the colours stay as they were.
            let _ = self.painter.refresh(&self.host);
        }
        let fresh = drawn.as_ref().is_some_and(|d| {
            Arc::ptr_eq(&d.chart, &chart)
                && d.size == size
                && d.theme == theme
                && d.ratio == ratio
                && !d.view.redraws(&view)
        });
        if !fresh {
            let figure = chart.draw(&view, size, &measure);
            self.painter.paint(&self.data, &figure.scene, ratio);
            if shown.frame.try_get_untracked().flatten() != Some(figure.frame) {
                shown.frame.try_set(Some(figure.frame));
            }
            *drawn = Some(Drawn {
                chart: Arc::clone(&chart),
                view: view.clone(),
                size,
                theme,
                ratio,
                figure,
            });
        }
        if let Some(d) = drawn {
            let overlay = chart.overlay(&view, &d.figure.frame, size, &measure);
            self.painter.paint(&self.overlay, &overlay, ratio);
        }
    }

    fn scene(&self, shown: Shown) -> Option<Scene> {
        let (w, h) = shown.size.get_untracked()?;
        let (chart, view) = (shown.chart.get_untracked(), shown.view.get_untracked());
        Some(
            chart
                .draw(&view, Size::new(w, h), &|text, size| self.painter.measure(text, size))
                .scene,
        )
    }

    /// Saves the picture without its cursor as SVG.
    ///
    /// # Errors
    /// When the browser refuses the download.
    pub fn save_svg(&self, shown: Shown) -> Result<(), JsValue> {
        let scene = self.scene(shown).ok_or("the chart has no size yet")?;
        let chart = shown.chart.get_untracked();
        let text = svg::document(&scene, &self.painter.palette(), chart.title(), &chart.sentence());
        save::save_text(&file_name(chart.title(), "svg"), &text, "image/svg+xml")
    }

    /// Saves the picture without its cursor as PNG, with two pixels per CSS pixel.
    ///
    /// # Errors
    /// When the browser refuses canvas or download.
    pub fn save_png(&self, shown: Shown) -> Result<(), JsValue> {
        let scene = self.scene(shown).ok_or("the chart has no size yet")?;
        let document = self.host.owner_document().ok_or("no document")?;
        let canvas: HtmlCanvasElement =
            wasm_bindgen::JsCast::unchecked_into(document.create_element("canvas")?);
        let surface = Surface::new(&canvas)?;
        self.painter.paint_opaque(&surface, &scene, 2.0);
        save::save_png(&file_name(shown.chart.get_untracked().title(), "png"), surface.canvas())
    }
}

/// Returns a file name made of a title: lower case, words joined by hyphens.
fn file_name(title: &str, ending: &str) -> String {
    let words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name = if words.is_empty() { "chart".to_owned() } else { words.join("-") };
    format!("{}.{ending}", name.chars().take(80).collect::<String>())
}
