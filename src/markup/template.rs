//! Templates: HTML that the browser parses once, and where in it something varies.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen::JsCast as _;
use web_sys::{HtmlTemplateElement, Node};

/// The attribute that `view!` gives to elements of which something varies; its value names what.
const SITE: &str = "data-site";

/// A parsed text of HTML with one root.
pub(super) struct Template {
    root: Node,
    /// The way from the root to each place where something varies, as numbers of children.
    sites: Vec<Vec<u32>>,
    /// What varies, in the order in which `view!` writes it: of an element first what is in it.
    pub(super) slots: Vec<Slot>,
}

/// Something that varies.
pub(super) struct Slot {
    /// The number of its place.
    pub(super) site: usize,
    pub(super) kind: Kind,
    /// The name of the attribute, the class, the style, the property or the event.
    pub(super) name: Rc<str>,
}

/// What varies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Child,
    Attribute,
    Class,
    Style,
    Property,
    Event,
    Reference,
}

impl Slot {
    /// From what `view!` writes: a name, or a kind and a name.
    fn parse(site: usize, text: &str) -> Slot {
        let (kind, name) = match text.split_once(':') {
            None if text == "node_ref" => (Kind::Reference, ""),
            None => (Kind::Attribute, text),
            Some(("class", name)) => (Kind::Class, name),
            Some(("style", name)) => (Kind::Style, name),
            Some(("prop", name)) => (Kind::Property, name),
            Some(("on", name)) => (Kind::Event, name),
            // An attribute with a colon of its own.
            Some(_) => (Kind::Attribute, text),
        };
        Slot { site, kind, name: name.into() }
    }
}

thread_local! {
    /// By the address of their text: the same text may be parsed twice, two texts are never taken for one.
    static TEMPLATES: RefCell<BTreeMap<(usize, usize), Rc<Template>>> = const { RefCell::new(BTreeMap::new()) };
}

/// A template with a copy of it: the copy's root and its places.
pub(super) fn copy(html: &'static str) -> Option<(Rc<Template>, Node, Vec<Node>)> {
    let key = (html.as_ptr() as usize, html.len());
    let known = TEMPLATES.with_borrow(|all| all.get(&key).cloned());
    let template = match known {
        Some(template) => template,
        None => {
            let template = Rc::new(Template::parse(html)?);
            TEMPLATES.with_borrow_mut(|all| all.insert(key, template.clone()));
            template
        }
    };
    let root = template.root.clone_node_with_deep(true).ok()?;
    let sites = template.sites.iter().map(|way| follow(&root, way)).collect::<Option<_>>()?;
    Some((template, root, sites))
}

impl Template {
    fn parse(html: &str) -> Option<Template> {
        let document = leptos::prelude::document();
        let parsed: HtmlTemplateElement = document.create_element("template").ok()?.dyn_into().ok()?;
        parsed.set_inner_html(html);
        let root = parsed.content().first_child()?;
        let mut template = Template { root: root.clone(), sites: Vec::new(), slots: Vec::new() };
        template.collect(&root, &mut Vec::new());
        Some(template)
    }

    /// All that varies at or below a node.
    fn collect(&mut self, node: &Node, way: &mut Vec<u32>) {
        let mut child = node.first_child();
        way.push(0);
        while let Some(node) = child {
            self.collect(&node, way);
            child = node.next_sibling();
            if let Some(last) = way.last_mut() {
                *last += 1;
            }
        }
        way.pop();
        let site = self.sites.len();
        if node.node_type() == Node::COMMENT_NODE {
            self.slots.push(Slot { site, kind: Kind::Child, name: "".into() });
        } else if let Some(element) = node.dyn_ref::<web_sys::Element>()
            && let Some(names) = element.get_attribute(SITE)
        {
            // It was there a moment ago.
            let _ = element.remove_attribute(SITE);
            self.slots.extend(names.split(' ').map(|name| Slot::parse(site, name)));
        } else {
            return;
        }
        self.sites.push(way.clone());
    }
}

fn follow(root: &Node, way: &[u32]) -> Option<Node> {
    let mut node = root.clone();
    for &number in way {
        node = node.child_nodes().item(number)?;
    }
    Some(node)
}
