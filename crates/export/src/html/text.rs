//! The pieces of HTML that the report is made of. Whatever is not a `&'static str` of ours is
//! escaped here.

/// A text with all that HTML reads as its own written as entities; control characters but line
/// feeds are dropped, and so are those that turn the direction of what follows.
pub(super) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            '\t' => out.push(' '),
            // The thin space between groups of digits would let a number break.
            '\u{2009}' => out.push('\u{202f}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// An element with a text in it. `open` is its name with attributes of ours.
pub(super) fn element(open: &'static str, text: &str) -> String {
    let name = open.split(' ').next().unwrap_or_default();
    format!("<{open}>{}</{name}>\n", esc(text))
}

/// A paragraph.
pub(super) fn p(text: &str) -> String {
    element("p", text)
}

/// A hint below something.
pub(super) fn hint(text: &str) -> String {
    element("p class=\"hint\"", text)
}

/// A list of texts; nothing where there is none.
pub(super) fn list<'a>(open: &'static str, items: impl IntoIterator<Item = &'a String>) -> String {
    let items: String = items.into_iter().map(|text| element("li", text)).collect();
    if items.is_empty() { items } else { format!("<{open}>\n{items}</ul>\n") }
}

/// A part of the report under its heading, at which links point; nothing where it is empty.
pub(super) fn section(id: &'static str, heading: &'static str, body: &str) -> Option<Section> {
    let html = format!("<section id=\"{id}\">\n<h2>{heading}</h2>\n{body}</section>\n");
    (!body.is_empty()).then_some(Section { id, heading, html })
}

/// A part of the report.
pub(super) struct Section {
    /// Where links point.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) heading: &'static str,
    /// All of it.
    pub(super) html: String,
}

/// What is folded away until its reader opens it.
pub(super) fn folded(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{}</summary>\n{body}</details>\n", esc(summary))
}

/// One cell of a table.
pub(super) struct Cell {
    text: String,
    class: &'static str,
    title: Option<String>,
    /// Already HTML.
    raw: bool,
}

impl Cell {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), class: "", title: None, raw: false }
    }

    /// A figure: to the right.
    pub(super) fn number(text: impl Into<String>) -> Cell {
        Cell::text(text).class("number")
    }

    /// HTML that this module made.
    pub(super) fn html(html: String) -> Cell {
        Cell { raw: true, ..Cell::text(html) }
    }

    /// With a class.
    pub(super) fn class(self, class: &'static str) -> Cell {
        Cell { class, ..self }
    }

    /// With more to say where the pointer rests.
    pub(super) fn title(self, title: Option<String>) -> Cell {
        Cell { title, ..self }
    }

    fn open(&self, name: &str) -> String {
        let mut out = format!("<{name}");
        if !self.class.is_empty() {
            out += &format!(" class=\"{}\"", self.class);
        }
        if let Some(title) = &self.title {
            out += &format!(" title=\"{}\"", esc(title));
        }
        out + ">"
    }

    fn inner(&self) -> String {
        if self.raw { self.text.clone() } else { esc(&self.text) }
    }
}

/// A table that scrolls where there is no room. The first cell of a row is its heading; a row may
/// be marked as the total of the others.
pub(super) struct Table {
    label: &'static str,
    head: String,
    rows: String,
}

impl Table {
    /// An empty one with these headings; `true` where a column has figures.
    pub(super) fn new(label: &'static str, headings: &[(&str, bool)]) -> Table {
        let cell = |(text, number): &(&str, bool)| {
            let class = if *number { " class=\"number\"" } else { "" };
            format!("<th scope=\"col\"{class}>{}</th>", esc(text))
        };
        Table { label, head: headings.iter().map(cell).collect(), rows: String::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.add("<tr>", cells);
    }

    /// Adds the row of the whole.
    pub(super) fn total(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.add("<tr class=\"total\">", cells);
    }

    fn add(&mut self, open: &str, cells: impl IntoIterator<Item = Cell>) {
        self.rows += open;
        for (i, cell) in cells.into_iter().enumerate() {
            let (name, end) = if i == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            self.rows += &format!("{}{}</{end}>", cell.open(name), cell.inner());
        }
        self.rows += "</tr>\n";
    }

    /// All of it; nothing without rows.
    pub(super) fn html(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">\n\
             <table>\n<caption>{label}</caption>\n<thead><tr>{}</tr></thead>\n\
             <tbody>\n{}</tbody>\n</table>\n</div>\n",
            self.head,
            self.rows,
            label = esc(self.label)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_run_becomes_markup() {
        let hostile = "</td><script>alert('x')</script>\u{202e}\u{0}\"&";
        let mut table = Table::new("Rows", &[("a", false)]);
        table.row([Cell::text(hostile).title(Some(hostile.into())), Cell::number(hostile)]);
        for html in [element("p class=\"hint\"", hostile), folded(hostile, ""), table.html()] {
            assert!(!html.contains("<script") && !html.contains('\u{202e}'), "{html}");
            assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{html}");
        }
        assert_eq!(element("p class=\"hint\"", "x"), "<p class=\"hint\">x</p>\n");
        assert!(section("a", "A", "").is_none());
    }
}
