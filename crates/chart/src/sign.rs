//! The small sign of a series beside its name: as SVG text that takes its colour from the page's
//! CSS.

use super::figure::Sign;
use super::ink::Ink;
use super::scene::Shape;

/// The sign as an inline SVG of 26 by 12 pixels, hidden from screen readers: the name says it.
pub fn svg(sign: Sign, ink: Ink) -> String {
    let color = ink.property();
    let line = |dash: super::scene::Dash| {
        let pattern: Vec<String> = dash.pattern().iter().map(f64::to_string).collect();
        format!(
            "<path d=\"M1 6H25\" stroke=\"var({color})\" stroke-width=\"2\" \
             stroke-dasharray=\"{}\"/>",
            pattern.join(" ")
        )
    };
    let inner = match sign {
        Sign::Line(dash) => line(dash),
        Sign::Marked(dash, shape) => line(dash) + &marker(shape, color),
        Sign::Marker(shape) => marker(shape, color),
        Sign::Patch => {
            format!(
                "<rect x=\"5\" y=\"1\" width=\"16\" height=\"10\" rx=\"1\" fill=\"var({color})\"/>"
            )
        }
        Sign::Hatch => format!("<path d=\"M5 11L15 1M11 11L21 1\" stroke=\"var({color})\"/>"),
    };
    format!(
        "<svg width=\"26\" height=\"12\" viewBox=\"0 0 26 12\" aria-hidden=\"true\" \
         fill=\"none\">{inner}</svg>"
    )
}

fn marker(shape: Shape, color: &str) -> String {
    const R: f64 = 4.0;
    if shape == Shape::Circle {
        return format!("<circle cx=\"13\" cy=\"6\" r=\"{R}\" fill=\"var({color})\"/>");
    }
    let (corners, n) = shape.corners(R);
    let mut d = String::new();
    for (i, (x, y)) in corners[..n].iter().enumerate() {
        let start = i == 0 || (shape.is_bars() && i % 2 == 0);
        d += &format!("{}{:.1} {:.1}", if start { 'M' } else { 'L' }, 13.0 + x, 6.0 + y);
    }
    if shape.is_bars() {
        format!("<path d=\"{d}\" stroke=\"var({color})\" stroke-width=\"2\"/>")
    } else {
        format!("<path d=\"{d}Z\" fill=\"var({color})\"/>")
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Dash;
    use super::*;

    #[test]
    fn signs_differ_and_take_their_colour_from_the_page() {
        let mut seen = Vec::new();
        let shapes = (0..6).map(|i| Sign::Marker(Shape::of_series(i)));
        let lines = (0..4).map(|i| Sign::Line(Dash::of_series(i)));
        for sign in
            shapes.chain(lines).chain([Sign::Patch, Sign::Hatch, Sign::Marker(Shape::Cross)])
        {
            let text = svg(sign, Ink::series(2));
            assert!(text.contains("var(--series-3)") && text.ends_with("</svg>"));
            assert!(!seen.contains(&text), "{sign:?}");
            seen.push(text);
        }
    }
}
