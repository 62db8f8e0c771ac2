//! The page's colours and font for the painter: read from CSS, and told when they change.

use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement};

use super::listener::Listener;
use super::observe::Attributes;
use fwit_chart::ink::{Ink, Palette};
use fwit_chart::ramp::Color;

/// Returns whether the reader prefers a dark ground.
pub fn prefers_dark() -> bool {
    web_sys::window()
        .and_then(|w| w.match_media("(prefers-color-scheme: dark)").ok().flatten())
        .is_some_and(|m| m.matches())
}

/// Returns the palette that CSS gives at `host`. A property that is not defined gets its value from
/// the built-in palette.
///
/// Each colour is painted and read back, so that every CSS colour works: `light-dark()`, `oklch()`,
/// names.
///
/// # Errors
/// When the browser gives no canvas.
pub fn palette(host: &Element) -> Result<Palette, JsValue> {
    let window = web_sys::window().ok_or("this thread has no window")?;
    let document = window.document().ok_or("this window has no document")?;
    let count = Ink::ALL.len();
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
    canvas.set_width(count as u32);
    canvas.set_height(1);
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE)?;
    let context: CanvasRenderingContext2d = canvas
        .get_context_with_context_options("2d", &options)?
        .ok_or("no 2d canvas")?
        .unchecked_into();
    let probe: HtmlElement = document.create_element("span")?.unchecked_into();
    probe.style().set_property("display", "none")?;
    host.append_child(&probe)?;
    let built_in = if prefers_dark() { Palette::dark() } else { Palette::light() };
    let style = window.get_computed_style(&probe)?.ok_or("no computed style")?;
    for (i, ink) in Ink::ALL.into_iter().enumerate() {
        let fallback = built_in.color(ink).css();
        probe.style().set_property("color", &format!("var({}, {fallback})", ink.property()))?;
        context.set_fill_style_str(&style.get_property_value("color")?);
        context.fill_rect(i as f64, 0.0, 1.0, 1.0);
    }
    probe.remove();
    let data = context.get_image_data(0.0, 0.0, count as f64, 1.0)?.data();
    let colors = std::array::from_fn(|i| {
        let at = |k: usize| data.get(i * 4 + k).copied().unwrap_or(0);
        Color { r: at(0), g: at(1), b: at(2) }
    });
    Ok(Palette::new(colors))
}

/// Returns the font family that CSS gives at `host`.
pub fn font(host: &Element) -> String {
    web_sys::window()
        .and_then(|w| w.get_computed_style(host).ok().flatten())
        .and_then(|s| s.get_property_value("font-family").ok())
        .filter(|f| !f.is_empty())
        .unwrap_or_else(|| "system-ui, sans-serif".to_owned())
}

/// Tells when colours may have changed: the system's scheme, or the root's attributes.
#[derive(Debug)]
pub struct Watch {
    _scheme: Listener,
    _attributes: Attributes,
}

impl Watch {
    /// Calls `call` after each change, until dropped.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn new(call: impl Fn() + Clone + 'static) -> Result<Self, JsValue> {
        let window = web_sys::window().ok_or("this thread has no window")?;
        let media =
            window.match_media("(prefers-color-scheme: dark)")?.ok_or("no media queries")?;
        let root = window.document().and_then(|d| d.document_element()).ok_or("no document")?;
        let other = call.clone();
        Ok(Self {
            _scheme: Listener::new(&media, "change", move |_| other()),
            _attributes: Attributes::new(
                &root,
                &["class", "style", "data-theme", "data-scheme"],
                call,
            )?,
        })
    }
}
