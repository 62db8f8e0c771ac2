//! A strip of dots per operation: one dot per entity at its mean, coloured by its group, so that
//! groups show.

use super::axis::{self, Axis};
use super::figure::{
    Chart, ChartError, Entry, Figure, Reading, Readout, Sign, Table, check_length,
};
use super::ink::{Fill, Ink};
use super::scale::{Frame, Kind, Scale};
use super::scene::{Item, Measure, Point, Scene, Shape, Size};
use super::swarm;
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// A group that dots belong to, such as the node that served them. Groups are the chart's series.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
}

/// One row: the mean of each entity for one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Name of the operation.
    pub label: String,
    /// One value for each entity, NaN where it did none; in the unit of the axis.
    pub means: Vec<f64>,
}

/// One entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its name.
    pub label: String,
    /// The number of its group.
    pub group: usize,
}

/// A dot that the cursor is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Number of the row.
    pub strip: usize,
    /// Number of the entity.
    pub entity: usize,
}

/// A chart of strips.
#[derive(Clone, Debug)]
pub struct StripChart {
    title: String,
    x_axis: Axis,
    groups: Vec<Group>,
    entities: Vec<Entity>,
    strips: Vec<Strip>,
}

/// A pointer this near to a dot's middle means it, in pixels.
const NEAR: f64 = 14.0;

impl StripChart {
    /// A chart of these strips; values run along `axis`, linear or logarithmic.
    ///
    /// # Errors
    /// When a strip has not one value for each entity, or an entity's group is not among the
    /// groups.
    pub fn new(
        title: &str,
        axis: Axis,
        groups: Vec<Group>,
        entities: Vec<Entity>,
        strips: Vec<Strip>,
    ) -> Result<Self, ChartError> {
        for s in &strips {
            check_length(&s.label, s.means.len(), entities.len())?;
        }
        if let Some(e) = entities.iter().find(|e| e.group >= groups.len()) {
            let what = format!("{} (group)", e.label);
            return Err(ChartError::Value {
                what,
                needed: "the number of a group",
                value: e.group as f64,
            });
        }
        Ok(Self { title: title.to_owned(), x_axis: axis, groups, entities, strips })
    }

    /// Whether a value can be placed on the axis.
    fn placed(&self, v: f64) -> bool {
        v.is_finite() && (self.x_axis.kind != Kind::Log || v > 0.0)
    }

    /// Middles of a row's dots; a break for an entity without a value or of a hidden group.
    fn dots(&self, row: usize, view: &Viewport, frame: &Frame) -> (Vec<Point>, f64) {
        let (middle, room) = axis::row_middle(frame);
        let radius = swarm::radius(self.entities.len(), frame.plot.w, room);
        let along: Vec<f64> = self.strips[row]
            .means
            .iter()
            .zip(&self.entities)
            .map(
                |(v, e)| {
                    if self.placed(*v) && view.shows(e.group) { frame.x.px(*v) } else { f64::NAN }
                },
            )
            .collect();
        let y = frame.y.px(row as f64 + middle);
        let offsets = swarm::offsets(&along, radius, room / 2.0 - 2.0);
        (along.iter().zip(offsets).map(|(x, o)| Point::new(*x, y + o)).collect(), radius)
    }

    /// The dot nearest to the cursor, if it is near.
    pub fn hit(&self, view: &Viewport, frame: &Frame) -> Option<Hit> {
        let c = view.cursor?;
        let row = (c.y?.floor() as usize).min(self.strips.len().checked_sub(1)?);
        let at = frame.at(c.x, c.y?);
        let distance = |p: &Point| (p.x - at.x).hypot(p.y - at.y);
        let (dots, _) = self.dots(row, view, frame);
        let (entity, p) = dots
            .iter()
            .enumerate()
            .filter(|(_, p)| p.is_drawn())
            .min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
        (distance(p) <= NEAR).then_some(Hit { strip: row, entity })
    }

    /// Entities of a row by rising value, with their value.
    fn by_value(&self, row: usize, view: &Viewport) -> Vec<(usize, f64)> {
        let Some(strip) = self.strips.get(row) else { return Vec::new() };
        let mut out: Vec<(usize, f64)> = strip
            .means
            .iter()
            .copied()
            .enumerate()
            .filter(|(i, v)| self.placed(*v) && view.shows(self.entities[*i].group))
            .collect();
        out.sort_by(|a, b| a.1.total_cmp(&b.1));
        out
    }
}

impl Navigate for StripChart {
    fn domain(&self) -> [f64; 2] {
        let all =
            self.strips.iter().flat_map(|s| s.means.iter().copied()).filter(|v| self.placed(*v));
        let (lo, hi) =
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let d = if lo <= hi { [lo, hi] } else { [1.0, 10.0] };
        let d = self.x_axis.widened(Scale::new(self.x_axis.kind, d, [0.0, 1.0]).domain(), 300.0);
        Scale::new(self.x_axis.kind, d, [0.0, 1.0]).domain()
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        let rows = self.strips.len();
        let hit = self.hit(view, frame);
        let row = hit.map_or(0, |h| h.strip);
        let row = match step {
            Step::Up => row.saturating_sub(1),
            Step::Down if hit.is_some() => (row + 1).min(rows.checked_sub(1)?),
            _ => row,
        };
        let sorted = self.by_value(row, view);
        let last = sorted.len().checked_sub(1)?;
        let at =
            hit.and_then(|h| sorted.iter().position(|(e, _)| *e == h.entity && row == h.strip));
        let i = match (step, at) {
            (Step::Last, _) => last,
            (Step::First, _) => 0,
            (Step::Back, Some(i)) => i.saturating_sub(1),
            (Step::On, Some(i)) => (i + 1).min(last),
            // Into another row: to its dot nearest in value.
            (_, _) => {
                let x = view.cursor.map_or(sorted[0].1, |c| c.x);
                (0..=last)
                    .min_by(|a, b| (sorted[*a].1 - x).abs().total_cmp(&(sorted[*b].1 - x).abs()))?
            }
        };
        let (entity, x) = sorted[i];
        let (dots, _) = self.dots(row, view, frame);
        let p = dots.get(entity)?;
        Some(Cursor { x, y: Some(frame.y.value(p.y)) })
    }
}

impl Chart for StripChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let mut out =
            format!("{}: one dot for each of {} entities.", self.title, self.entities.len());
        let q = self.x_axis.quantity;
        for (row, s) in self.strips.iter().enumerate() {
            let v = self.by_value(row, &Viewport::default());
            let (Some(first), Some(last)) = (v.first(), v.last()) else { continue };
            let middle = v[v.len() / 2].1;
            let (lo, mid, hi) = (q.text(first.1), q.text(middle), q.text(last.1));
            out += &format!(" {}: {lo} to {hi}, middle {mid}.", s.label);
        }
        out
    }

    fn legend(&self) -> Vec<Entry> {
        let entry = |(i, g): (usize, &Group)| Entry {
            label: g.label.clone(),
            ink: g.ink,
            sign: Sign::Marker(Shape::of_series(i)),
            series: Some(i),
        };
        self.groups.iter().enumerate().map(entry).collect()
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let names: Vec<&str> = self.strips.iter().map(|s| s.label.as_str()).collect();
        let rows =
            axis::rows(size, &self.x_axis, view.domain(self.domain()), &names, 0.0, true, measure);
        let frame = rows.frame;
        let mut data = Vec::new();
        for row in 0..self.strips.len() {
            let (dots, radius) = self.dots(row, view, &frame);
            for (g, group) in self.groups.iter().enumerate() {
                let points: Vec<Point> = dots
                    .iter()
                    .zip(&self.entities)
                    .filter(|(p, e)| e.group == g && p.is_drawn())
                    .map(|(p, _)| *p)
                    .collect();
                if !points.is_empty() {
                    let (shape, fill) = (Shape::of_series(g), Fill::faded(group.ink, 0.85));
                    data.push(Item::Markers {
                        points,
                        shape,
                        radius: radius * 0.88,
                        fill,
                        hollow: false,
                    });
                }
            }
        }
        let mut scene = Scene::new(size);
        scene.items = rows.items;
        scene.items.push(Item::Clip { rect: axis::clip(&frame, view), items: data });
        Figure { scene, frame }
    }

    fn overlay(&self, view: &Viewport, frame: &Frame, size: Size, measure: Measure<'_>) -> Scene {
        let mut scene = Scene::new(size);
        axis::selection(view, frame, &mut scene.items);
        let Some(hit) = self.hit(view, frame) else {
            if let Some(c) = view.cursor {
                axis::crosshair(
                    view,
                    frame,
                    &self.x_axis.quantity.text(c.x),
                    size,
                    measure,
                    &mut scene.items,
                );
            }
            return scene;
        };
        // The same entity in every row.
        for row in 0..self.strips.len() {
            let (dots, radius) = self.dots(row, view, frame);
            let Some(p) = dots.get(hit.entity).filter(|p| p.is_drawn() && frame.plot.contains(**p))
            else {
                continue;
            };
            let group = self.entities[hit.entity].group;
            let ink = if row == hit.strip { Ink::Text } else { Ink::Accent };
            let (points, shape) = (vec![*p], Shape::of_series(group));
            scene.items.push(Item::Markers {
                points,
                shape,
                radius: radius + 2.5,
                fill: Fill::solid(ink),
                hollow: true,
            });
            if row == hit.strip {
                let v = self.x_axis.quantity.text(self.strips[row].means[hit.entity]);
                let said = format!("{} {v}", self.entities[hit.entity].label);
                let y =
                    if p.y + 30.0 > size.height { p.y - radius - 22.0 } else { p.y + radius + 5.0 };
                axis::chip(Point::new(p.x, y), &said, size, measure, &mut scene.items);
            }
        }
        scene
    }

    fn readout(&self, view: &Viewport, frame: &Frame) -> Readout {
        let Some(hit) = self.hit(view, frame) else { return Readout::default() };
        let entity = &self.entities[hit.entity];
        let reading = |s: &Strip| Reading {
            series: None,
            label: s.label.clone(),
            value: self.x_axis.quantity.text(s.means[hit.entity]),
        };
        let mut values = vec![reading(&self.strips[hit.strip])];
        values.extend(
            self.strips
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != hit.strip)
                .map(|(_, s)| reading(s)),
        );
        Readout { at: format!("{} ({})", entity.label, self.groups[entity.group].label), values }
    }

    fn table(&self) -> Table<'_> {
        let mut headers = vec!["entity".to_owned(), "group".to_owned()];
        headers.extend(self.strips.iter().map(|s| s.label.clone()));
        Table::new(headers, self.entities.len(), |i| {
            let e = &self.entities[i];
            let mut row = vec![e.label.clone(), self.groups[e.group].label.clone()];
            row.extend(self.strips.iter().map(|s| self.x_axis.quantity.text(s.means[i])));
            row
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::Quantity;
    use super::super::scene::rough_width;
    use super::*;

    fn chart() -> StripChart {
        let groups = ["n1", "n2"].map(|l| Group { label: l.into(), ink: Ink::series(0) }).to_vec();
        let entities: Vec<_> = (0..50)
            .map(|i| Entity { label: format!("e{i}"), group: usize::from(i % 3 == 0) })
            .collect();
        let means = |fast: f64| {
            (0..50)
                .map(|i| if i % 3 == 0 { fast } else { fast * 8.0 } * (1.0 + f64::from(i) / 500.0))
                .collect()
        };
        let strip = |l: &str, fast| Strip { label: l.into(), means: means(fast) };
        let strips = vec![strip("get", 1e3), strip("set", 5e3)];
        let axis = Axis::log("mean service time", Quantity::Micros);
        StripChart::new("Entities", axis, groups, entities, strips).unwrap()
    }

    fn frame(c: &StripChart, view: &Viewport) -> Frame {
        c.draw(view, Size::new(800.0, 300.0), &rough_width).frame
    }

    #[test]
    fn each_dot_is_hit_at_its_own_place() {
        let c = chart();
        let mut view = Viewport::default();
        let frame = frame(&c, &view);
        for row in 0..2 {
            let (dots, radius) = c.dots(row, &view, &frame);
            assert!(radius >= 2.0);
            for (entity, p) in dots.iter().enumerate() {
                view.cursor = Some(Cursor { x: frame.x.value(p.x), y: Some(frame.y.value(p.y)) });
                assert_eq!(c.hit(&view, &frame), Some(Hit { strip: row, entity }));
            }
        }
        view.cursor = Some(Cursor { x: frame.x.value(frame.plot.x + 1.0), y: Some(0.01) });
        assert_eq!(c.hit(&view, &frame), None);
    }

    #[test]
    fn arrows_visit_all_dots_of_a_row_by_value() {
        let c = chart();
        let mut view = Viewport::default();
        let frame = frame(&c, &view);
        let mut seen = Vec::new();
        for _ in 0..50 {
            view.cursor = c.step(&view, &frame, Step::On);
            seen.push(c.hit(&view, &frame).unwrap().entity);
        }
        let values: Vec<f64> = seen.iter().map(|e| c.strips[0].means[*e]).collect();
        assert!(values.windows(2).all(|w| w[0] <= w[1]), "{values:?}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 50);
        view.cursor = c.step(&view, &frame, Step::Down);
        assert_eq!(c.hit(&view, &frame).unwrap().strip, 1);
    }

    #[test]
    fn a_hidden_group_is_neither_drawn_nor_hit() {
        let c = chart();
        let view = Viewport { hidden: [0].into(), ..Viewport::default() };
        let frame = frame(&c, &view);
        let (dots, _) = c.dots(0, &view, &frame);
        assert_eq!(dots.iter().filter(|p| p.is_drawn()).count(), 17);
    }

    #[test]
    fn a_group_that_is_not_there_is_refused() {
        let e = vec![Entity { label: "e".into(), group: 0 }];
        let axis = Axis::log("", Quantity::Micros);
        assert!(StripChart::new("", axis, vec![], e, vec![]).is_err());
    }

    #[test]
    fn no_entities_no_rows_no_panic() {
        let axis = Axis::log("", Quantity::Micros);
        let c = StripChart::new("", axis, vec![], vec![], vec![]).unwrap();
        let view =
            Viewport { cursor: Some(Cursor { x: 2.0, y: Some(0.5) }), ..Viewport::default() };
        let frame = frame(&c, &view);
        assert_eq!((c.hit(&view, &frame), c.step(&view, &frame, Step::Down)), (None, None));
    }
}
