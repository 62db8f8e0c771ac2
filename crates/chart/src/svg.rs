//! A scene as SVG text: a document with its colours written out, or a picture within an HTML page
//! that takes them from the page's CSS. All text escaped, nothing fetched.

use std::fmt::Write as _;

use base64::Engine as _;

use super::bitmap::bitmap;
use super::ink::{Fill, Ink, Palette};
use super::scene::{
    Anchor, Baseline, Item, Label, Point, Raster, Rect, Scene, Shape, Stroke, TextSize, Weight,
};

/// The scene as a document of its own, with `title` and `description` for readers that cannot see
/// it. The ground is painted.
pub fn document(scene: &Scene, palette: &Palette, title: &str, description: &str) -> String {
    let mut w = Writer {
        out: String::new(),
        paint: Paint::Palette(palette),
        groups: 0,
        id: format!("{:x}", fingerprint(title, description, scene)),
    };
    let (width, height) = (num(scene.width), num(scene.height));
    w.put(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"system-ui, sans-serif\">\n"
    ));
    w.put(&format!("<title>{}</title>\n<desc>{}</desc>\n", escape(title), escape(description)));
    w.hatch_pattern(&scene.items);
    let ground = Rect::new(0.0, 0.0, scene.width, scene.height);
    w.rects(&[ground], Fill::solid(Ink::Surface));
    w.items(&scene.items);
    w.put("</svg>\n");
    w.out
}

/// The scene as a picture within an HTML page: its colours are the page's CSS properties
/// ([`Ink::property`]), so that it follows the page's theme. `id` must be the page's only one of
/// its kind and hold letters, digits and dashes; `label` names the picture for readers that cannot
/// see it. What has colours that no property can give (a raster) stands there twice, with the
/// classes `on-light` and `on-dark`.
pub fn inline(scene: &Scene, id: &str, label: &str) -> String {
    let mut w = Writer { out: String::new(), paint: Paint::Properties, groups: 0, id: escape(id) };
    let (width, height) = (num(scene.width), num(scene.height));
    w.put(&format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n",
        escape(label)
    ));
    w.hatch_pattern(&scene.items);
    w.items(&scene.items);
    w.put("</svg>\n");
    w.out
}

/// The text with everything that XML reads as its own written as entities; characters XML forbids
/// are dropped, and so are those that turn the direction of what follows.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => out.push(c),
        }
    }
    out
}

/// A coordinate with at most two decimals; what cannot be drawn becomes 0.
fn num(v: f64) -> String {
    if !v.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A number that tells documents apart which stand in one page, where names of clips and patterns
/// are common (FNV-1a).
fn fingerprint(title: &str, description: &str, scene: &Scene) -> u32 {
    let size = format!("{}x{}x{}", scene.width, scene.height, scene.items.len());
    let bytes = title.bytes().chain(description.bytes()).chain(size.bytes());
    bytes.fold(0x811c_9dc5, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

/// Where colours come from.
enum Paint<'a> {
    /// Written out.
    Palette(&'a Palette),
    /// The page's CSS properties.
    Properties,
}

struct Writer<'a> {
    out: String,
    paint: Paint<'a>,
    groups: usize,
    /// Makes the names of clips and patterns this picture's own.
    id: String,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn color(&self, ink: Ink) -> String {
        match self.paint {
            Paint::Palette(palette) => palette.color(ink).css(),
            Paint::Properties => format!("var({})", ink.property()),
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Path { points, stroke } => {
                let d = path(points, false);
                self.stroked(&d, *stroke, false);
            }
            Item::Segments { ends, stroke } => {
                let mut d = String::new();
                for [a, b] in ends.iter().filter(|[a, b]| a.is_drawn() && b.is_drawn()) {
                    let _ = write!(d, "M{} {}L{} {}", num(a.x), num(a.y), num(b.x), num(b.y));
                }
                let level = ends.iter().all(|[a, b]| a.x == b.x || a.y == b.y);
                self.stroked(&d, *stroke, level);
            }
            Item::Area { points, fill } => {
                let d = path(points, true);
                self.filled(&d, *fill);
            }
            Item::Rects { rects, fill } => self.rects(rects, *fill),
            Item::Hatch { rects, .. } => {
                for r in rects {
                    self.rect(*r, &format!("url(#hatch-{})", self.id), 1.0);
                }
            }
            Item::Image { rect, raster } => self.image(*rect, raster),
            Item::Text(label) => self.text(label),
            Item::Markers { points, shape, radius, fill, hollow } => {
                self.markers(points, *shape, *radius, *fill, *hollow);
            }
            Item::Clip { rect, items } => {
                self.groups += 1;
                let (x, y, w, h) = (num(rect.x), num(rect.y), num(rect.w), num(rect.h));
                let id = format!("clip-{}-{}", self.id, self.groups);
                self.put(&format!(
                    "<clipPath id=\"{id}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" \
                     height=\"{h}\"/></clipPath>\n\
                     <g clip-path=\"url(#{id})\">\n"
                ));
                self.items(items);
                self.put("</g>\n");
            }
        }
    }

    fn stroked(&mut self, d: &str, stroke: Stroke, crisp: bool) {
        if d.is_empty() {
            return;
        }
        let width = match stroke.weight {
            Weight::Hair => 1.0,
            Weight::Px(w) => w,
        };
        let color = self.color(stroke.ink);
        let mut line = format!(
            "<path d=\"{d}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\"",
            num(width)
        );
        if !crisp {
            line += " stroke-linejoin=\"round\"";
        } else if stroke.weight == Weight::Hair {
            line += " shape-rendering=\"crispEdges\"";
        }
        let dash: Vec<String> = stroke.dash.pattern().iter().map(|v| num(*v)).collect();
        if !dash.is_empty() {
            let _ = write!(line, " stroke-dasharray=\"{}\"", dash.join(" "));
        }
        if stroke.alpha < 1.0 {
            let _ = write!(line, " stroke-opacity=\"{}\"", num(stroke.alpha));
        }
        self.put(&(line + "/>\n"));
    }

    fn filled(&mut self, d: &str, fill: Fill) {
        if d.is_empty() {
            return;
        }
        let color = self.color(fill.ink);
        let opacity = opacity(fill.alpha);
        self.put(&format!("<path d=\"{d}\" fill=\"{color}\"{opacity}/>\n"));
    }

    fn rects(&mut self, rects: &[Rect], fill: Fill) {
        let color = self.color(fill.ink);
        for r in rects {
            self.rect(*r, &color, fill.alpha);
        }
    }

    fn rect(&mut self, r: Rect, fill: &str, alpha: f64) {
        let (x, y, w, h, o) = (num(r.x), num(r.y), num(r.w), num(r.h), opacity(alpha));
        self.put(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"{o}/>\n"
        ));
    }

    fn text(&mut self, l: &Label) {
        let anchor = match l.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        // Not `dominant-baseline`: not every program that opens the file knows it.
        let drop = match l.baseline {
            Baseline::Top => l.size.px() * 0.86,
            Baseline::Middle => l.size.px() * 0.36,
            Baseline::Bottom => 0.0,
        };
        let (x, y, size) = (num(l.at.x), num(l.at.y + drop), num(TextSize::px(l.size)));
        let (color, text) = (self.color(l.ink), escape(&l.text));
        self.put(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" \
             fill=\"{color}\">{text}</text>\n"
        ));
    }

    fn markers(&mut self, points: &[Point], shape: Shape, radius: f64, fill: Fill, hollow: bool) {
        let mut d = String::new();
        for p in points.iter().filter(|p| p.is_drawn()) {
            marker(&mut d, *p, shape, radius);
        }
        if d.is_empty() {
            return;
        }
        let color = self.color(fill.ink);
        let o = opacity(fill.alpha);
        let look = if shape.is_bars() {
            format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\"")
        } else if hollow {
            let ground = self.color(Ink::Surface);
            format!(
                "fill=\"{ground}\" fill-opacity=\"0.6\" stroke=\"{color}\" stroke-width=\"1.6\""
            )
        } else {
            format!("fill=\"{color}\"")
        };
        self.put(&format!("<path d=\"{d}\" {look}{o}/>\n"));
    }

    /// The raster as a bitmap in the file, each cell one pixel of it.
    fn image(&mut self, rect: Rect, raster: &Raster) {
        match self.paint {
            Paint::Palette(palette) => self.bitmap(rect, raster, palette, ""),
            Paint::Properties => {
                self.bitmap(rect, raster, &Palette::light(), " class=\"on-light\"");
                self.bitmap(rect, raster, &Palette::dark(), " class=\"on-dark\"");
            }
        }
    }

    fn bitmap(&mut self, rect: Rect, raster: &Raster, palette: &Palette, class: &str) {
        let Some(bytes) = bitmap(raster, palette) else { return };
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        let (x, y, w, h) = (num(rect.x), num(rect.y), num(rect.w), num(rect.h));
        self.put(&format!(
            "<image{class} x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
             href=\"data:image/bmp;base64,{data}\"/>\n"
        ));
    }

    fn hatch_pattern(&mut self, items: &[Item]) {
        fn find(items: &[Item]) -> Option<Ink> {
            items.iter().find_map(|i| match i {
                Item::Hatch { ink, .. } => Some(*ink),
                Item::Clip { items, .. } => find(items),
                _ => None,
            })
        }
        if let Some(ink) = find(items) {
            let (color, id) = (self.color(ink), self.id.clone());
            self.put(&format!(
                "<defs><pattern id=\"hatch-{id}\" width=\"8\" height=\"8\" \
                 patternUnits=\"userSpaceOnUse\">\
                 <path d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\" stroke=\"{color}\" \
                 stroke-opacity=\"0.55\"/></pattern></defs>\n"
            ));
        }
    }
}

fn opacity(alpha: f64) -> String {
    if alpha < 1.0 { format!(" opacity=\"{}\"", num(alpha.max(0.0))) } else { String::new() }
}

fn path(points: &[Point], close: bool) -> String {
    let mut d = String::with_capacity(points.len() * 12);
    for stretch in points.split(|p| !p.is_drawn()).filter(|s| s.len() > 1) {
        for (i, p) in stretch.iter().enumerate() {
            let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, num(p.x), num(p.y));
        }
        if close {
            d.push('Z');
        }
    }
    d
}

fn marker(d: &mut String, p: Point, shape: Shape, r: f64) {
    let (corners, n) = shape.corners(r);
    if shape == Shape::Circle {
        let (x, y, r2, r) = (num(p.x - r), num(p.y), num(2.0 * r), num(r));
        let _ = write!(d, "M{x} {y}a{r} {r} 0 1 0 {r2} 0a{r} {r} 0 1 0 -{r2} 0Z");
        return;
    }
    for (i, (dx, dy)) in corners[..n].iter().enumerate() {
        let start = i == 0 || (shape.is_bars() && i % 2 == 0);
        let _ = write!(d, "{}{} {}", if start { 'M' } else { 'L' }, num(p.x + dx), num(p.y + dy));
    }
    if !shape.is_bars() {
        d.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Dash, Size};
    use super::*;

    fn svg(items: Vec<Item>) -> String {
        let mut scene = Scene::new(Size::new(100.0, 50.0));
        scene.items = items;
        document(&scene, &Palette::light(), "A <title> & \"more\"", "It's a 'test'")
    }

    fn label(text: &str) -> Item {
        Item::Text(Label {
            at: Point::new(10.0, 20.0),
            text: text.into(),
            anchor: Anchor::Middle,
            baseline: Baseline::Bottom,
            size: TextSize::Small,
            ink: Ink::Text,
        })
    }

    /// Reads the document back: every element closed, every attribute quoted; gives the names of
    /// its elements.
    fn elements(doc: &str) -> Vec<String> {
        let (mut names, mut open) = (Vec::new(), Vec::new());
        let mut rest = doc;
        while let Some(i) = rest.find('<') {
            let text = &rest[..i];
            assert!(
                !text.contains('>') && text.matches('&').count() == text.matches(';').count(),
                "{text}"
            );
            let end = rest[i..].find('>').map(|e| i + e).unwrap();
            let tag = &rest[i + 1..end];
            assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
            assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name));
            } else {
                if !tag.ends_with('/') {
                    open.push(name.clone());
                }
                names.push(name);
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty(), "{open:?}");
        names
    }

    #[test]
    fn every_kind_of_item_is_well_formed() {
        let points =
            vec![Point::new(1.0, 2.0), Point::new(3.0, 4.5), Point::BREAK, Point::new(5.0, 6.0)];
        let r = Rect::new(1.0, 1.0, 5.0, 5.0);
        let raster = Raster { width: 2, height: 1, levels: vec![0, 255] };
        let mut items = vec![
            Item::Path {
                points: points.clone(),
                stroke: Stroke::hair(Ink::Axis).dashed(Dash::Dotted),
            },
            Item::Segments {
                ends: vec![[points[0], points[1]], [points[0], Point::BREAK]],
                stroke: Stroke::px(Ink::Grid, 2.0),
            },
            Item::Area { points: points.clone(), fill: Fill::faded(Ink::Band, 0.5) },
            Item::Rects { rects: vec![r, r], fill: Fill::solid(Ink::Warn) },
            Item::Hatch { rects: vec![r], ink: Ink::Hatch },
            Item::Image { rect: r, raster },
            label("a < b & c > d"),
        ];
        for shape in [
            Shape::Circle,
            Shape::Square,
            Shape::Diamond,
            Shape::Up,
            Shape::Down,
            Shape::Plus,
            Shape::Cross,
        ] {
            for hollow in [false, true] {
                let (points, fill) = (points.clone(), Fill::solid(Ink::series(3)));
                items.push(Item::Markers { points, shape, radius: 3.0, fill, hollow });
            }
        }
        let names = elements(&svg(vec![
            Item::Clip { rect: r, items: items.clone() },
            Item::Clip { rect: r, items },
        ]));
        for want in
            ["svg", "title", "desc", "pattern", "clipPath", "g", "path", "rect", "image", "text"]
        {
            assert!(names.iter().any(|n| n == want), "{want}");
        }
    }

    #[test]
    fn all_text_is_escaped() {
        let doc = svg(vec![label("</text><script>\u{0}\u{b}alert('x')</script>")]);
        assert!(!doc.contains("<script") && doc.contains("&lt;script&gt;alert(&#39;x&#39;)"));
        assert!(doc.contains("<title>A &lt;title&gt; &amp; &quot;more&quot;</title>"));
    }

    #[test]
    fn a_path_breaks_where_its_points_do() {
        let p = |x| Point::new(x, 0.0);
        assert_eq!(
            path(&[p(0.0), p(1.0), Point::BREAK, p(2.0), p(3.0)], false),
            "M0 0L1 0M2 0L3 0"
        );
        assert_eq!(path(&[p(0.0), p(1.25)], true), "M0 0L1.25 0Z");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([num(1.0), num(0.126), num(-0.001), num(f64::NAN)], ["1", "0.13", "0", "0"]);
    }

    #[test]
    fn a_bitmap_has_its_size_and_its_rows_from_below() {
        let raster = Raster { width: 1, height: 2, levels: vec![255, 0] };
        let b = bitmap(&raster, &Palette::light()).unwrap();
        assert_eq!((b.len(), &b[..2]), (122 + 8, &b"BM"[..]));
        assert_eq!((b[125], b[129]), (0, 255), "the lower row comes first, and is empty");
        assert_eq!(
            bitmap(&Raster { width: 2, height: 2, levels: vec![1] }, &Palette::light()),
            None
        );
    }

    #[test]
    fn a_picture_within_a_page_takes_its_colours() {
        let mut scene = Scene::new(Size::new(100.0, 50.0));
        let r = Rect::new(1.0, 1.0, 5.0, 5.0);
        let raster = Raster { width: 1, height: 1, levels: vec![255] };
        scene.items = vec![
            label("a < b"),
            Item::Hatch { rects: vec![r], ink: Ink::Hatch },
            Item::Image { rect: r, raster },
        ];
        let text = inline(&scene, "c1", "Title: \"x\"");
        let images = elements(&text).iter().filter(|name| *name == "image").count();
        assert!(text.contains("fill=\"var(--text)\"") && !text.contains("fill=\"#"), "{text}");
        assert!(text.contains("url(#hatch-c1)") && text.contains("aria-label=\"Title: &quot;x&"));
        assert!(images == 2 && text.contains("on-light") && text.contains("on-dark"));
    }
}
