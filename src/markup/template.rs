//! Templates: HTML that the browser parses once, and where in it something varies.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen::JsCast as _;
use web_sys::{HtmlTemplateElement, Node};

/// The attribute that `view!` gives to elements of which something varies.
const SITE: &str = "data-site";

/// A parsed text of HTML with one root.
struct Template {
    root: Node,
    /// The way from the root to each place where something varies, as numbers of children; in the document's order.
    ways: Vec<Vec<u32>>,
}

thread_local! {
    /// By the address of their text: the same text may be parsed twice, two texts are never taken for one.
    static TEMPLATES: RefCell<BTreeMap<(usize, usize), Rc<Template>>> = const { RefCell::new(BTreeMap::new()) };
}

/// A copy of a template: its root, and its places in the document's order.
pub(super) fn copy(html: &'static str) -> Option<(Node, Vec<Node>)> {
    let key = (html.as_ptr() as usize, html.len());
    let known = TEMPLATES.with_borrow(|all| all.get(&key).cloned());
    let template = match known {
        Some(template) => template,
        None => {
            let template = Rc::new(parse(html)?);
            TEMPLATES.with_borrow_mut(|all| all.insert(key, template.clone()));
            template
        }
    };
    let root = template.root.clone_node_with_deep(true).ok()?;
    let sites = template.ways.iter().filter_map(|way| follow(&root, way)).collect();
    Some((root, sites))
}

fn parse(html: &str) -> Option<Template> {
    let document = leptos::prelude::document();
    let template: HtmlTemplateElement = document.create_element("template").ok()?.dyn_into().ok()?;
    template.set_inner_html(html);
    let root = template.content().first_child()?;
    let mut ways = Vec::new();
    collect(&root, &mut Vec::new(), &mut ways);
    Some(Template { root, ways })
}

/// All places at or below a node, in the document's order.
fn collect(node: &Node, way: &mut Vec<u32>, ways: &mut Vec<Vec<u32>>) {
    match node.dyn_ref::<web_sys::Element>() {
        Some(element) if element.has_attribute(SITE) => {
            // It was asked for a moment ago.
            let _ = element.remove_attribute(SITE);
            ways.push(way.clone());
        }
        None if node.node_type() == Node::COMMENT_NODE => ways.push(way.clone()),
        _ => {}
    }
    let mut child = node.first_child();
    way.push(0);
    while let Some(node) = child {
        collect(&node, way, ways);
        child = node.next_sibling();
        if let Some(last) = way.last_mut() {
            *last += 1;
        }
    }
    way.pop();
}

fn follow(root: &Node, way: &[u32]) -> Option<Node> {
    let mut node = root.clone();
    for &number in way {
        node = node.child_nodes().item(number)?;
    }
    Some(node)
}
