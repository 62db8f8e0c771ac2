//! Paints a scene on a 2D canvas at the device's pixel ratio.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use wasm_bindgen::Clamped;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, ImageData};

use super::theme;
use fwit_chart::ink::{Fill, Ink, Palette};
use fwit_chart::scene::{
    Anchor, Baseline, Item, Label, Point, Raster, Rect, Scene, Shape, Size, Stroke, TextSize,
    Weight,
};

/// How many widths of texts are remembered; then all are forgotten.
const REMEMBERED: usize = 2000;
/// Pixels between the lines of a hatched rectangle.
const HATCH: f64 = 8.0;

/// Returns the device pixels per CSS pixel.
pub fn device_ratio() -> f64 {
    web_sys::window().map_or(1.0, |w| w.device_pixel_ratio()).clamp(0.5, 8.0)
}

/// A canvas and the size of its backing store.
#[derive(Debug)]
pub struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    backing: Cell<(u32, u32)>,
}

impl Surface {
    /// Prepares a canvas to be painted.
    ///
    /// # Errors
    /// When the browser gives it no 2D context.
    pub fn new(canvas: &HtmlCanvasElement) -> Result<Self, JsValue> {
        let context =
            canvas.get_context("2d")?.ok_or("the browser gives this canvas no 2d context")?;
        let backing = Cell::new((canvas.width(), canvas.height()));
        Ok(Self { canvas: canvas.clone(), context: context.unchecked_into(), backing })
    }

    /// Returns the element.
    pub fn canvas(&self) -> &HtmlCanvasElement {
        &self.canvas
    }

    /// Empties the canvas. The backing store is set only when size or ratio changed, because that
    /// allocates it again.
    fn clear(&self, size: Size, ratio: f64) {
        let wanted = (
            (size.width * ratio).round().max(1.0) as u32,
            (size.height * ratio).round().max(1.0) as u32,
        );
        if self.backing.get() == wanted {
            let _ = self.context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
            self.context.clear_rect(0.0, 0.0, f64::from(wanted.0), f64::from(wanted.1));
        } else {
            self.canvas.set_width(wanted.0);
            self.canvas.set_height(wanted.1);
            self.backing.set(wanted);
        }
    }
}

/// Fonts, colours, and the small canvas that images are scaled from.
#[derive(Debug)]
pub struct Painter {
    palette: RefCell<Palette>,
    colors: RefCell<Vec<String>>,
    family: RefCell<String>,
    widths: RefCell<HashMap<(TextSize, String), f64>>,
    scratch: Surface,
    bytes: RefCell<Vec<u8>>,
}

impl Painter {
    /// Makes a painter with the colours and font that CSS gives at `host`.
    ///
    /// # Errors
    /// When the browser gives no canvas.
    pub fn new(host: &Element) -> Result<Self, JsValue> {
        let document =
            web_sys::window().and_then(|w| w.document()).ok_or("this thread has no document")?;
        let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
        let painter = Self {
            palette: RefCell::new(Palette::light()),
            colors: RefCell::default(),
            family: RefCell::default(),
            widths: RefCell::default(),
            scratch: Surface::new(&canvas)?,
            bytes: RefCell::default(),
        };
        painter.refresh(host)?;
        Ok(painter)
    }

    /// Reads colours and font again, after a change of scheme.
    ///
    /// # Errors
    /// When the browser gives no canvas to read colours with.
    pub fn refresh(&self, host: &Element) -> Result<(), JsValue> {
        let palette = theme::palette(host)?;
        *self.colors.borrow_mut() = Ink::ALL.iter().map(|ink| palette.color(*ink).css()).collect();
        *self.palette.borrow_mut() = palette;
        let family = theme::font(host);
        if *self.family.borrow() != family {
            *self.family.borrow_mut() = family;
            self.widths.borrow_mut().clear();
        }
        Ok(())
    }

    /// Returns the colours in use, for an export that looks the same.
    pub fn palette(&self) -> Palette {
        self.palette.borrow().clone()
    }

    fn font(&self, size: TextSize) -> String {
        format!("{}px {}", size.px(), self.family.borrow())
    }

    /// Returns the width of a text in CSS pixels.
    pub fn measure(&self, text: &str, size: TextSize) -> f64 {
        let mut widths = self.widths.borrow_mut();
        let key = (size, text.to_owned());
        if let Some(w) = widths.get(&key) {
            return *w;
        }
        self.scratch.context.set_font(&self.font(size));
        let width = self.scratch.context.measure_text(text).map_or(0.0, |m| m.width());
        if widths.len() >= REMEMBERED {
            widths.clear();
        }
        widths.insert(key, width);
        width
    }

    /// Clears the canvas and paints the scene. The ground stays transparent.
    pub fn paint(&self, surface: &Surface, scene: &Scene, ratio: f64) {
        let size = Size::new(scene.width, scene.height);
        surface.clear(size, ratio);
        let _ = surface.context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        let brush =
            Brush { painter: self, c: &surface.context, ratio, colors: &self.colors.borrow() };
        brush.items(&scene.items);
    }

    /// Paints the scene on the ground colour, for a picture that is saved.
    pub fn paint_opaque(&self, surface: &Surface, scene: &Scene, ratio: f64) {
        self.paint(surface, scene, ratio);
        let c = &surface.context;
        let _ = c.set_global_composite_operation("destination-over");
        if let Some(ground) = self.colors.borrow().get(Ink::Surface.index()) {
            c.set_fill_style_str(ground);
        }
        c.fill_rect(0.0, 0.0, scene.width, scene.height);
        let _ = c.set_global_composite_operation("source-over");
    }
}

struct Brush<'a> {
    painter: &'a Painter,
    c: &'a CanvasRenderingContext2d,
    ratio: f64,
    colors: &'a [String],
}

impl Brush<'_> {
    fn color(&self, ink: Ink) -> &str {
        self.colors.get(ink.index()).map_or("#888", String::as_str)
    }

    fn fill(&self, fill: Fill) {
        self.c.set_fill_style_str(self.color(fill.ink));
        self.c.set_global_alpha(fill.alpha);
    }

    /// Sets colour, width, dash and opacity. Returns the width in device pixels.
    fn stroke(&self, stroke: Stroke) -> f64 {
        let device = match stroke.weight {
            Weight::Hair => 1.0,
            Weight::Px(w) => (w * self.ratio).max(1.0),
        };
        self.c.set_stroke_style_str(self.color(stroke.ink));
        self.c.set_line_width(device / self.ratio);
        self.c.set_global_alpha(stroke.alpha);
        self.c.set_line_join("round");
        let dash: js_sys::Array =
            stroke.dash.pattern().iter().map(|v| JsValue::from_f64(*v)).collect();
        let _ = self.c.set_line_dash(&dash);
        device
    }

    fn items(&self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
        self.c.set_global_alpha(1.0);
    }

    fn item(&self, item: &Item) {
        match item {
            Item::Path { points, stroke } => {
                self.stroke(*stroke);
                self.trace(points);
                self.c.stroke();
            }
            Item::Segments { ends, stroke } => {
                let device = self.stroke(*stroke);
                self.segments(ends, device);
            }
            Item::Area { points, fill } => {
                self.fill(*fill);
                self.trace(points);
                self.c.fill();
            }
            Item::Rects { rects, fill } => {
                self.fill(*fill);
                for r in rects {
                    self.c.fill_rect(r.x, r.y, r.w, r.h);
                }
            }
            Item::Hatch { rects, ink } => {
                for r in rects {
                    self.hatch(*r, *ink);
                }
            }
            Item::Image { rect, raster } => self.image(*rect, raster),
            Item::Text(label) => self.text(label),
            Item::Markers { points, shape, radius, fill, hollow } => {
                self.markers(points, *shape, *radius, *fill, *hollow);
            }
            Item::Clip { rect, items } => {
                self.c.save();
                self.clip(*rect);
                self.items(items);
                self.c.restore();
            }
        }
    }

    fn clip(&self, r: Rect) {
        self.c.begin_path();
        self.c.rect(r.x, r.y, r.w, r.h);
        self.c.clip();
    }

    fn trace(&self, points: &[Point]) {
        self.c.begin_path();
        let mut down = false;
        for p in points {
            if !p.is_drawn() {
                down = false;
            } else if down {
                self.c.line_to(p.x, p.y);
            } else {
                self.c.move_to(p.x, p.y);
                down = true;
            }
        }
    }

    /// Draws segments. Vertical and horizontal ones lie on whole device pixels, so that a line of
    /// one pixel is sharp.
    fn segments(&self, ends: &[[Point; 2]], device: f64) {
        let half = if (device.round() as i64) % 2 == 1 { 0.5 } else { 0.0 };
        let snap = |v: f64| ((v * self.ratio - half).round() + half) / self.ratio;
        self.c.begin_path();
        for [a, b] in ends.iter().filter(|[a, b]| a.is_drawn() && b.is_drawn()) {
            let (mut a, mut b) = (*a, *b);
            if a.x == b.x {
                (a.x, b.x) = (snap(a.x), snap(a.x));
            }
            if a.y == b.y {
                (a.y, b.y) = (snap(a.y), snap(a.y));
            }
            self.c.move_to(a.x, a.y);
            self.c.line_to(b.x, b.y);
        }
        self.c.stroke();
    }

    fn hatch(&self, r: Rect, ink: Ink) {
        self.c.save();
        self.clip(r);
        self.stroke(Stroke::hair(ink).faded(0.55));
        self.c.begin_path();
        // Lines x + y = k * HATCH, so that those of neighbouring rectangles meet.
        let mut k = ((r.x + r.y) / HATCH).floor() * HATCH;
        while k <= r.right() + r.bottom() {
            self.c.move_to(k - r.y, r.y);
            self.c.line_to(k - r.bottom(), r.bottom());
            k += HATCH;
        }
        self.c.stroke();
        self.c.restore();
    }

    fn text(&self, l: &Label) {
        self.c.set_font(&self.painter.font(l.size));
        self.c.set_text_align(match l.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "center",
            Anchor::End => "end",
        });
        // Measured from the alphabetic baseline, as in the SVG.
        self.c.set_text_baseline("alphabetic");
        let drop = match l.baseline {
            Baseline::Top => l.size.px() * 0.86,
            Baseline::Middle => l.size.px() * 0.36,
            Baseline::Bottom => 0.0,
        };
        self.fill(Fill::solid(l.ink));
        let _ = self.c.fill_text(&l.text, l.at.x, l.at.y + drop);
    }

    fn markers(&self, points: &[Point], shape: Shape, radius: f64, fill: Fill, hollow: bool) {
        let (corners, n) = shape.corners(radius);
        self.c.begin_path();
        for p in points.iter().filter(|p| p.is_drawn()) {
            if shape == Shape::Circle {
                self.c.move_to(p.x + radius, p.y);
                let _ = self.c.arc(p.x, p.y, radius, 0.0, std::f64::consts::TAU);
                continue;
            }
            for (i, (dx, dy)) in corners[..n].iter().enumerate() {
                if i == 0 || (shape.is_bars() && i % 2 == 0) {
                    self.c.move_to(p.x + dx, p.y + dy);
                } else {
                    self.c.line_to(p.x + dx, p.y + dy);
                }
            }
            if !shape.is_bars() {
                self.c.close_path();
            }
        }
        if shape.is_bars() || hollow {
            if hollow && !shape.is_bars() {
                self.fill(Fill::faded(Ink::Surface, 0.6));
                self.c.fill();
            }
            let width = if shape.is_bars() { 1.8 } else { 1.6 };
            self.stroke(Stroke::px(fill.ink, width).faded(fill.alpha));
            self.c.stroke();
        } else {
            self.fill(fill);
            self.c.fill();
        }
    }

    fn image(&self, rect: Rect, raster: &Raster) {
        let (w, h) = (raster.width as u32, raster.height as u32);
        if w == 0 || h == 0 {
            return;
        }
        let scratch = &self.painter.scratch;
        let mut bytes = self.painter.bytes.borrow_mut();
        self.painter.palette.borrow().ramp().paint(&raster.levels, &mut bytes);
        let Ok(data) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&bytes), w, h) else {
            return;
        };
        scratch.clear(Size::new(f64::from(w), f64::from(h)), 1.0);
        if scratch.context.put_image_data(&data, 0.0, 0.0).is_err() {
            return;
        }
        self.c.set_image_smoothing_enabled(false);
        self.c.set_global_alpha(1.0);
        let (w, h) = (f64::from(w), f64::from(h));
        let _ =
            self.c.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &scratch.canvas,
                0.0,
                0.0,
                w,
                h,
                rect.x,
                rect.y,
                rect.w,
                rect.h,
            );
    }
}
