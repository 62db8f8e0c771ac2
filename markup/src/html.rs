//! What HTML's parser does with tags: no end tag here, no such child there.

/// Elements without an end tag.
pub const VOID: [&str; 6] = ["area", "br", "col", "hr", "img", "input"];

/// The attribute of elements of which something varies: the names of what does. `fwit::markup` finds them by it.
pub const SITE: &str = "data-site";

/// The mark of children that vary.
pub const CHILD_SITE: &str = "<!---->";

/// Blocks that end a paragraph which is still open.
const BLOCKS: [&str; 20] = [
    "address", "article", "details", "div", "dl", "fieldset", "figure", "footer", "form", "h1", "h2", "h3",
    "header", "hr", "main", "ol", "p", "section", "table", "ul",
];

/// Why a parser would put `child` elsewhere than into `parent`: it must not happen, because what varies would be looked
/// for in the wrong place.
pub fn misplaced(parent: &str, child: &str) -> Option<&'static str> {
    match (parent, child) {
        ("p", child) if BLOCKS.contains(&child) => Some("a browser ends the paragraph before this element"),
        ("table", "tr") => Some("a browser puts a <tbody> around this row: write it"),
        ("a", "a") | ("button", "button") | ("form", "form") | ("option", _) => {
            Some("a browser does not nest these elements")
        }
        _ => None,
    }
}

/// Text as content or as an attribute's value.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\r', "&#13;")
}
