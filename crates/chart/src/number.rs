//! Numbers as people read them: what a value is decides its unit, an axis decides the unit of all
//! its labels.

use super::scale::Kind;

/// What the numbers of an axis are, and the unit their `f64`s are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A latency in microseconds.
    Micros,
    /// Time since a start in seconds.
    Elapsed,
    /// Events in a second.
    PerSecond,
    /// A number of things.
    Count,
    /// A part of a whole, 0 to 1, shown in percent.
    Share,
    /// A relative change, 0 for none, shown in percent with its sign.
    Change,
    /// A percentile rank, 0 to below 1.
    Rank,
    /// A number without a unit.
    Plain,
}

const MINUS: char = '\u{2212}';

/// `v` with so many decimals, thousands parted by commas and a real minus sign; never "−0".
pub fn fixed(v: f64, decimals: usize) -> String {
    if !v.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{:.decimals$}", v.abs());
    let (whole, part) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::with_capacity(digits.len() + 4);
    if v < 0.0 && digits.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push(MINUS);
    }
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out + part
}

/// Decimals that show `v` with so many significant digits, at most 6.
fn decimals_for(v: f64, digits: i32) -> usize {
    if v == 0.0 || !v.is_finite() {
        return 0;
    }
    (digits - 1 - v.abs().log10().floor() as i32).clamp(0, 6) as usize
}

/// `v` rounded to three significant digits, so that 999.6 becomes 1000 before a unit is chosen.
fn round3(v: f64) -> f64 {
    if v == 0.0 || !v.is_finite() {
        return v;
    }
    let p = 10f64.powi(2 - v.abs().log10().floor() as i32);
    if p.is_finite() && p > 0.0 { (v * p).round() / p } else { v }
}

fn three(v: f64) -> String {
    let v = round3(v);
    fixed(v, decimals_for(v, 3))
}

fn micros(v: f64) -> (f64, &'static str) {
    match v.abs() {
        a if a < 1e3 => (1.0, "µs"),
        a if a < 1e6 => (1e3, "ms"),
        _ => (1e6, "s"),
    }
}

fn si(v: f64) -> (f64, &'static str) {
    match v.abs() {
        a if a < 1e3 => (1.0, ""),
        a if a < 1e6 => (1e3, "k"),
        a if a < 1e9 => (1e6, "M"),
        _ => (1e9, "G"),
    }
}

/// Seconds as `s`, `m:ss` or `h:mm:ss`, with decimals below a second where asked.
fn clock(v: f64, decimals: usize, hours: bool) -> String {
    let unit = 10f64.powi(decimals as i32);
    let total = (v.abs() * unit).round();
    let (secs, part) = ((total / unit).floor(), rest(total, unit));
    let sign = if v < 0.0 && total > 0.0 { "\u{2212}" } else { "" };
    let (h, m, s) = ((secs / 3600.0).floor(), (secs / 60.0).floor(), rest(secs, 60.0));
    let mut out = if hours {
        format!("{sign}{h}:{:02}:{s:02}", rest(m, 60.0))
    } else {
        format!("{sign}{m}:{s:02}")
    };
    if decimals > 0 {
        out += &format!(".{part:0decimals$}");
    }
    out
}

/// What whole multiples leave of a value of 0 or more. (`%` of floats is a division of 128 bits.)
fn rest(value: f64, of: f64) -> f64 {
    value - of * (value / of).floor()
}

/// A percentile rank as people write it: 0.999 is `99.9 %`, with no digit more than it needs.
fn rank(p: f64) -> String {
    let text = format!("{:.6}", p * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Quantity {
    /// One value with its unit, in three significant digits: `12.3 ms`, `1.20k/s`, `1:05`, `+4.20
    /// %`.
    pub fn text(self, v: f64) -> String {
        if !v.is_finite() {
            return "–".to_owned();
        }
        match self {
            Self::Micros => {
                let (div, unit) = micros(round3(v));
                format!("{} {unit}", three(v / div))
            }
            Self::Elapsed if v.abs() < 59.95 => {
                let text = format!("{:.2}", v.abs());
                let text = text.trim_end_matches('0').trim_end_matches('.');
                let sign = if v < 0.0 && text != "0" { "\u{2212}" } else { "" };
                format!("{sign}{text} s")
            }
            Self::Elapsed => clock(v, 0, v.abs() >= 3599.5),
            Self::PerSecond => {
                let (div, unit) = si(round3(v));
                format!("{}{unit}/s", three(v / div))
            }
            Self::Count => fixed(v, if v.fract() == 0.0 { 0 } else { 1 }),
            Self::Share => format!("{} %", three(v * 100.0)),
            Self::Change if v > 0.0 => format!("+{} %", three(v * 100.0)),
            Self::Change => format!("{} %", three(v * 100.0)),
            Self::Rank => rank(v),
            Self::Plain => three(v),
        }
    }
}

/// How all labels of one axis are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Notation {
    quantity: Quantity,
    divisor: f64,
    decimals: usize,
    suffix: &'static str,
    unit: &'static str,
    style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    /// A number, the unit stands in the title.
    Number,
    /// Minutes and seconds, or with hours.
    Clock { hours: bool },
    /// Each label with its own unit: log axes.
    Own,
}

impl Notation {
    /// The notation for ticks `step` apart (0 where they are uneven) on an axis from `low` to
    /// `high`.
    pub fn of(quantity: Quantity, kind: Kind, [low, high]: [f64; 2], step: f64) -> Self {
        let most = low.abs().max(high.abs());
        let mut n = Self {
            quantity,
            divisor: 1.0,
            decimals: 0,
            suffix: "",
            unit: "",
            style: Style::Number,
        };
        if kind != Kind::Linear {
            n.style = Style::Own;
            return n;
        }
        match quantity {
            Quantity::Micros => (n.divisor, n.unit) = micros(most),
            Quantity::PerSecond => {
                n.unit = "per second";
                (n.divisor, n.suffix) = si(most);
            }
            Quantity::Count if most >= 10_000.0 => (n.divisor, n.suffix) = si(most),
            Quantity::Share | Quantity::Change => (n.divisor, n.unit) = (0.01, "%"),
            Quantity::Rank => (n.divisor, n.suffix) = (0.01, "%"),
            Quantity::Elapsed if most > 60.0 => {
                let hours = most >= 3600.0;
                n.style = Style::Clock { hours };
                n.unit = if hours { "h:min:s" } else { "min:s" };
            }
            Quantity::Elapsed => n.unit = "s",
            Quantity::Count | Quantity::Plain => {}
        }
        n.decimals = step_decimals(step / n.divisor);
        n
    }

    /// The unit that belongs to the axis title; empty where labels carry it or there is none.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// The label of a tick at `v`.
    pub fn label(&self, v: f64) -> String {
        match self.style {
            Style::Number if v == 0.0 => "0".to_owned(),
            Style::Number => {
                let sign = if self.quantity == Quantity::Change && v > 0.0 { "+" } else { "" };
                format!("{sign}{}{}", fixed(v / self.divisor, self.decimals), self.suffix)
            }
            Style::Clock { hours } => clock(v, self.decimals, hours),
            Style::Own => own_unit(self.quantity, v),
        }
    }
}

/// Decimals needed to tell ticks apart that are `step` apart.
fn step_decimals(step: f64) -> usize {
    if step <= 0.0 || !step.is_finite() {
        return 0;
    }
    // A step of 2.5 or 0.25 needs one digit more than its magnitude.
    let first = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    (first..=9)
        .find(|&d| {
            let s = step * 10f64.powi(d as i32);
            (s - s.round()).abs() < 1e-6 * s.abs().max(1.0)
        })
        .unwrap_or(first)
}

/// A round value with its own unit and no needless digit: `200 µs`, `1.5 s`, `20k`.
fn own_unit(quantity: Quantity, v: f64) -> String {
    let short = |v: f64| {
        let d = decimals_for(v, 4);
        let text = fixed(v, d);
        if d > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    match quantity {
        Quantity::Micros => {
            let (div, unit) = micros(v * (1.0 + 1e-9));
            format!("{} {unit}", short(v / div))
        }
        Quantity::PerSecond | Quantity::Count | Quantity::Plain => {
            let (div, unit) = si(v * (1.0 + 1e-9));
            let per = if quantity == Quantity::PerSecond { "/s" } else { "" };
            format!("{}{unit}{per}", short(v / div))
        }
        Quantity::Share => format!("{} %", short(v * 100.0)),
        Quantity::Rank => rank(v),
        Quantity::Elapsed if v < 60.0 => own_unit(Quantity::Micros, v * 1e6),
        Quantity::Change | Quantity::Elapsed => quantity.text(v),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_the_unit_people_would_choose() {
        for (q, v, want) in [
            (Quantity::Micros, 850.0, "850 µs"),
            (Quantity::Micros, 999.6, "1.00 ms"),
            (Quantity::Micros, 12_345.0, "12.3 ms"),
            (Quantity::Micros, 999_700.0, "1.00 s"),
            (Quantity::Micros, 0.0, "0 µs"),
            (Quantity::PerSecond, 1_234.0, "1.23k/s"),
            (Quantity::PerSecond, 12.0, "12.0/s"),
            (Quantity::Count, 1_234_567.0, "1,234,567"),
            (Quantity::Elapsed, 12.5, "12.5 s"),
            (Quantity::Elapsed, 65.0, "1:05"),
            (Quantity::Elapsed, 3_725.0, "1:02:05"),
            (Quantity::Change, -0.123, "\u{2212}12.3 %"),
            (Quantity::Change, 0.05, "+5.00 %"),
            (Quantity::Rank, 0.999, "99.9%"),
            (Quantity::Rank, 0.5, "50%"),
            (Quantity::Micros, f64::NAN, "–"),
        ] {
            assert_eq!(q.text(v), want);
        }
    }

    #[test]
    fn numbers_are_parted_and_never_minus_zero() {
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-1_234.5, 1), "\u{2212}1,234.5");
        assert_eq!(fixed(999.0, 0), "999");
    }

    #[test]
    fn an_axis_has_one_unit_for_all_its_labels() {
        let n = Notation::of(Quantity::Micros, Kind::Linear, [0.0, 2_500.0], 500.0);
        assert_eq!((n.label(0.0), n.label(500.0), n.unit()), ("0".into(), "0.5".into(), "ms"));
        let n = Notation::of(Quantity::PerSecond, Kind::Linear, [0.0, 40_000.0], 10_000.0);
        assert_eq!((n.label(20_000.0), n.unit()), ("20k".into(), "per second"));
        let n = Notation::of(Quantity::Elapsed, Kind::Linear, [0.0, 600.0], 30.0);
        assert_eq!((n.label(90.0), n.unit()), ("1:30".into(), "min:s"));
        let n = Notation::of(Quantity::Elapsed, Kind::Linear, [61.0, 62.0], 0.5);
        assert_eq!(n.label(61.5), "1:01.5");
        let n = Notation::of(Quantity::Count, Kind::Linear, [0.0, 3.0], 0.25);
        assert_eq!(n.label(0.25), "0.25");
    }

    #[test]
    fn labels_of_a_log_axis_carry_their_own_unit() {
        let n = Notation::of(Quantity::Micros, Kind::Log, [10.0, 1e7], 0.0);
        let labels: Vec<_> = [100.0, 1e3, 2e4, 1e6].map(|v| n.label(v)).into();
        assert_eq!(labels, ["100 µs", "1 ms", "20 ms", "1 s"]);
    }
}
