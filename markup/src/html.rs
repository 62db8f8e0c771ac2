//! What HTML's parser does with tags: no end tag here, no such child there.

/// Elements without an end tag, and so without anything in them.
pub const VOID: [&str; 6] = ["area", "br", "col", "hr", "img", "input"];

/// Elements whose content is text alone: a mark in it would be text too.
pub const TEXT: [&str; 4] = ["script", "style", "textarea", "title"];

/// The attribute of elements of which something varies: the names of what does. `fwit::markup` finds them by it.
pub const SITE: &str = "data-site";

/// The mark of children that vary.
pub const CHILD_SITE: &str = "<!---->";

/// Blocks that end a paragraph which is still open.
const BLOCKS: [&str; 36] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "ul",
];

/// Elements that a browser does not nest, at any depth.
const NOT_NESTED: [&str; 3] = ["a", "button", "form"];

/// What may stand directly in the parts of a table and in a list of options.
const CHILDREN: [(&str, &[&str]); 7] = [
    ("table", &["caption", "colgroup", "thead", "tbody", "tfoot"]),
    ("thead", &["tr"]),
    ("tbody", &["tr"]),
    ("tfoot", &["tr"]),
    ("tr", &["th", "td"]),
    ("select", &["option", "optgroup", "hr"]),
    ("optgroup", &["option"]),
];

/// Why a parser would put `child` elsewhere than below `open`, the elements that are open, outermost first. It must not
/// happen: what varies would be looked for in the wrong place.
pub fn misplaced(open: &[String], child: &str) -> Option<String> {
    let is_open = |name: &str| open.iter().any(|o| o == name);
    if BLOCKS.contains(&child) && is_open("p") {
        return Some(format!("a browser ends the paragraph before <{child}>"));
    }
    if NOT_NESTED.contains(&child) && is_open(child) {
        return Some(format!("a browser does not nest <{child}>"));
    }
    let parent = open.last()?;
    if let Some((_, children)) = CHILDREN.iter().find(|(name, _)| name == parent) {
        let kept = children.contains(&child);
        return (!kept).then(|| format!("in <{parent}> a browser keeps only <{}>", children.join(">, <")));
    }
    let of_tables = CHILDREN.iter().take(5).find(|(_, children)| children.contains(&child));
    of_tables.map(|(table, _)| format!("<{child}> stands in <{table}> only"))
}

/// Text as content or as an attribute's value.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\r', "&#13;")
}
