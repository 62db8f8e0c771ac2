//! Marked stretches of time, and the lane under the data that says whose turn it was: the same for
//! all charts over time.

use super::axis;
use super::ink::{Fill, Ink};
use super::number::Quantity;
use super::scale::Frame;
use super::scene::{Anchor, Baseline, Item, Measure, Point, Rect, Stroke, TextSize};

/// Height of the lane.
const LANE: f64 = 13.0;

/// What a marked stretch of time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// Something happened: a fault was injected.
    Event,
    /// These values do not count: warm-up, a paused browser.
    Excluded,
}

/// A marked stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its start, in the unit of the x axis.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// What it was.
    pub label: String,
    /// What it means.
    pub kind: RegionKind,
}

/// A stretch of the lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its start, in the unit of the x axis.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// Whose it is.
    pub label: String,
    /// Its colour; none for nobody's.
    pub ink: Option<Ink>,
}

/// What a chart over time has beside its data.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Marked stretches.
    pub regions: Vec<Region>,
    /// What the lane is of, and its stretches; without any there is no lane.
    pub lane: (String, Vec<Stretch>),
}

impl Marks {
    /// What is drawn behind the data; texts go over it. Over a picture that fills the plot,
    /// stretches have edges and no ground.
    #[must_use]
    pub fn items(
        &self,
        frame: &Frame,
        measure: Measure<'_>,
        over_picture: bool,
        over: &mut Vec<Item>,
    ) -> Vec<Item> {
        let plot = frame.plot;
        let mut items = Vec::new();
        let mut free = plot.x;
        let mut regions: Vec<&Region> = self.regions.iter().collect();
        // Captions stand beside each other, from the left.
        regions.sort_by(|a, b| a.from.total_cmp(&b.from));
        for r in regions {
            if over_picture && r.kind == RegionKind::Excluded {
                continue;
            }
            let Some(rect) = across(frame, r.from, r.to) else { continue };
            match r.kind {
                _ if over_picture => {
                    let edge = |x| [Point::new(x, plot.y), Point::new(x, plot.bottom())];
                    let ends = vec![edge(rect.x), edge(rect.right())];
                    items.push(Item::Segments { ends, stroke: Stroke::hair(Ink::Muted) });
                }
                RegionKind::Event => {
                    let fill = Fill::faded(Ink::Band, 0.45);
                    items.push(Item::Rects { rects: vec![rect], fill });
                }
                RegionKind::Excluded => {
                    items.push(Item::Hatch { rects: vec![rect], ink: Ink::Hatch });
                }
            }
            let x = (rect.x + 3.0).max(free);
            if let Some((label, width)) = caption(&r.label, x, plot.right(), plot.y + 2.0, measure)
            {
                free = x + width + 8.0;
                over.push(label);
            }
        }
        for s in &self.lane.1 {
            let Some(whole) = across(frame, s.from, s.to) else { continue };
            let top = plot.bottom() - LANE;
            let rect = Rect::between(whole.x, top, whole.right(), plot.bottom());
            items.push(match s.ink {
                Some(ink) => Item::Rects { rects: vec![rect], fill: Fill::faded(ink, 0.35) },
                None => Item::Hatch { rects: vec![rect], ink: Ink::Bad },
            });
            let caption = caption(&s.label, rect.x + 3.0, rect.right(), top + 1.0, measure);
            over.extend(caption.map(|(label, _)| label));
        }
        items
    }

    /// The same in words.
    #[must_use]
    pub fn words(&self, x: Quantity) -> String {
        let mut out = String::new();
        for r in &self.regions {
            out += &format!(" {} from {} to {}.", r.label, x.text(r.from), x.text(r.to));
        }
        let (name, stretches) = &self.lane;
        for s in stretches {
            out += &format!(" {name}: {} from {} to {}.", s.label, x.text(s.from), x.text(s.to));
        }
        out
    }
}

/// The part of the plot between two times; none where it has no width.
fn across(frame: &Frame, from: f64, to: f64) -> Option<Rect> {
    let plot = frame.plot;
    let [a, b] = [from, to].map(|v| frame.x.px(v).clamp(plot.x, plot.right()));
    (b > a).then(|| Rect::between(a, plot.y, b, plot.bottom()))
}

/// A small text as far as there is room for it, and its width.
fn caption(text: &str, x: f64, right: f64, top: f64, measure: Measure<'_>) -> Option<(Item, f64)> {
    let text = axis::shortened(text, TextSize::Small, right - x, measure);
    (!text.is_empty()).then(|| {
        let width = measure(&text, TextSize::Small);
        let at = Point::new(x, top);
        (axis::text(at, text, Anchor::Start, Baseline::Top, Ink::Text), width)
    })
}
