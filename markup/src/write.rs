//! From nodes to code.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use rstml::node::{KeyedAttribute, Node, NodeAttribute, NodeBlock, NodeElement, NodeName};
use syn::spanned::Spanned as _;
use syn::{Error, Expr, Ident, Result, Stmt};

use crate::html::{CHILD_SITE, SITE, TEXT, VOID, escape, misplaced};

type Element = NodeElement<rstml::Infallible>;

/// The value of a whole `view!`.
pub fn all(nodes: &[Node]) -> Result<TokenStream> {
    let mut parts =
        nodes.iter().filter(|n| !matches!(n, Node::Comment(_))).map(single).collect::<Result<Vec<_>>>()?;
    Ok(match (parts.pop(), parts.is_empty()) {
        (None, _) => quote!(::fwit::markup::Markup::Empty),
        (Some(only), true) => only,
        (Some(last), false) => quote!(::fwit::markup::Markup::List(::std::vec![#(#parts,)* #last])),
    })
}

/// The markup of one node.
fn single(node: &Node) -> Result<TokenStream> {
    match node {
        Node::Element(element) if is_component(element.name()) => component(element),
        Node::Element(element) => {
            let mut template = Template::default();
            template.element(element)?;
            let Template { html, code, .. } = template;
            let view = view();
            if code.is_empty() {
                return Ok(quote!(::fwit::markup::Element::new(#html).into_markup()));
            }
            Ok(quote! {{
                let mut #view = ::fwit::markup::Element::new(#html);
                #(#code)*
                #view.into_markup()
            }})
        }
        Node::Fragment(fragment) => all(&fragment.children),
        Node::Text(text) => {
            let text = text.value_string();
            Ok(quote!(::fwit::markup::Markup::Text(::std::borrow::Cow::Borrowed(#text))))
        }
        Node::Block(block) => {
            let value = value(block);
            Ok(quote!(::fwit::markup::IntoMarkup::into_markup(#value)))
        }
        other => {
            Err(Error::new(other.span(), "not known here: write texts in quotes and expressions in braces"))
        }
    }
}

/// The element under construction, in the code that is written: no name of a user's can be it.
fn view() -> Ident {
    Ident::new("view", Span::mixed_site())
}

/// What stands in braces; the braces only where it is more than one expression.
fn value(block: &NodeBlock) -> TokenStream {
    match block.try_block().map(|b| b.stmts.as_slice()) {
        Some([Stmt::Expr(only, None)]) => quote!(#only),
        _ => quote!(#block),
    }
}

fn is_component(name: &NodeName) -> bool {
    let NodeName::Path(path) = name else { return false };
    let segments = &path.path.segments;
    segments.len() > 1 || segments.iter().any(|s| s.ident.to_string().starts_with(char::is_uppercase))
}

/// A component is Leptos's matter; its children are one expression for it.
fn component(element: &Element) -> Result<TokenStream> {
    for attribute in element.attributes() {
        let key = match attribute {
            NodeAttribute::Attribute(attribute) => attribute.key.to_string(),
            NodeAttribute::Block(_) => "{..}".to_string(),
        };
        // Leptos would put these on the elements of the component; markup has no such door.
        if key == "{..}" || key.split_once(':').is_some_and(|(kind, _)| kind != "let") {
            return Err(Error::new(attribute.span(), "a component takes its own properties only"));
        }
    }
    let mut element = element.clone();
    if !element.children.is_empty() {
        let children = all(&element.children)?;
        element.children = rstml::parse2(quote!({ #children }))?;
    }
    Ok(quote!(::fwit::markup::Markup::of(::leptos::view! { #element })))
}

/// An element under construction: its HTML, and code for each part that varies.
#[derive(Default)]
struct Template {
    html: String,
    /// The elements that are open, outermost first.
    open: Vec<String>,
    /// In the order in which `fwit::markup` finds the marks: of an element first what is in it.
    code: Vec<TokenStream>,
}

impl Template {
    fn element(&mut self, element: &Element) -> Result<()> {
        let name = element.name().to_string();
        let (mut names, mut attributes) = (Vec::new(), Vec::new());
        self.html += &format!("<{name}");
        for attribute in element.attributes() {
            let NodeAttribute::Attribute(attribute) = attribute else {
                return Err(Error::new(attribute.span(), "attributes have names here"));
            };
            if !self.is_static(attribute)? {
                let (name, code) = varying(&name, attribute)?;
                names.push(name);
                attributes.push(code);
            }
        }
        if !attributes.is_empty() {
            self.html += &format!(" {SITE}=\"{}\"", names.join(" "));
        }
        self.html.push('>');
        if let (true, Some(child)) = (VOID.contains(&name.as_str()), element.children.first()) {
            return Err(Error::new(child.span(), format!("nothing stands in <{name}>")));
        }
        if !VOID.contains(&name.as_str()) {
            self.open.push(name.clone());
            element.children.iter().try_for_each(|child| self.child(child))?;
            self.open.pop();
            self.html += &format!("</{name}>");
        }
        // Behind the children, as in Leptos: a property may depend on them, as the value of a select on its options.
        self.code.append(&mut attributes);
        Ok(())
    }

    /// Writes an attribute whose value is known into the HTML.
    fn is_static(&mut self, attribute: &KeyedAttribute) -> Result<bool> {
        let key = attribute.key.to_string();
        if key.contains(':') || key == "node_ref" || key == "inner_html" {
            return Ok(false);
        }
        match (attribute.value(), attribute.value_literal_string()) {
            (Some(Expr::Lit(literal)), _) if matches!(literal.lit, syn::Lit::Bool(_)) => return Ok(false),
            (_, Some(text)) => self.html += &format!(" {key}=\"{}\"", escape(&text)),
            (None, None) => self.html += &format!(" {key}"),
            (Some(_), None) => return Ok(false),
        }
        Ok(true)
    }

    fn child(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Comment(_) => {}
            Node::Text(text) => self.html += &escape(&text.value_string()),
            Node::Fragment(fragment) => fragment.children.iter().try_for_each(|n| self.child(n))?,
            Node::Element(element) if !is_component(element.name()) => {
                if let Some(why) = misplaced(&self.open, &element.name().to_string()) {
                    return Err(Error::new(element.name().span(), why));
                }
                self.element(element)?;
            }
            varying => {
                if let Some(parent) = self.open.last().filter(|parent| TEXT.contains(&parent.as_str())) {
                    return Err(Error::new(
                        varying.span(),
                        format!("in <{parent}> only texts can stand, in quotes"),
                    ));
                }
                let view = view();
                self.html += CHILD_SITE;
                self.code.push(match varying {
                    Node::Block(block) => {
                        let value = value(block);
                        quote!(::fwit::markup::IntoMarkup::part(#value, &mut #view);)
                    }
                    other => {
                        let markup = single(other)?;
                        quote!(#view.child(#markup);)
                    }
                });
            }
        }
        Ok(())
    }
}

/// An attribute that varies: its name for the mark, and its code.
fn varying(element: &str, attribute: &KeyedAttribute) -> Result<(String, TokenStream)> {
    let key = attribute.key.to_string();
    let Some(value) = attribute.value() else {
        return Err(Error::new(attribute.span(), "this needs a value"));
    };
    let view = view();
    let put = quote!(::fwit::markup::IntoValue::part(#value, &mut #view););
    Ok(match key.split_once(':') {
        None if key == "node_ref" => (key, quote!(#view.refer(#value);)),
        None if key == "inner_html" => ("prop:innerHTML".to_string(), put),
        None | Some(("class" | "style" | "prop", _)) => (key, put),
        Some(("on", event)) => {
            let (event, of_target) =
                event.strip_suffix(":target").map_or((event, false), |event| (event, true));
            (format!("on:{event}"), listener(element, attribute, event, of_target, value)?)
        }
        Some(_) => return Err(Error::new(attribute.span(), "not known here: class, style, prop and on are")),
    })
}

fn listener(
    element: &str,
    attribute: &KeyedAttribute,
    event: &str,
    of_target: bool,
    handler: &Expr,
) -> Result<TokenStream> {
    let event: Ident = syn::parse_str(event)
        .map_err(|_| Error::new(attribute.key.span(), format!("“{event}” is no event known here")))?;
    let (event, view) = (quote!(&::leptos::ev::#event), view());
    if !of_target {
        return Ok(quote!(#view.on(#event, #handler);));
    }
    let target = match element {
        "details" => quote!(HtmlDetailsElement),
        "input" => quote!(HtmlInputElement),
        "select" => quote!(HtmlSelectElement),
        "textarea" => quote!(HtmlTextAreaElement),
        _ => return Err(Error::new(attribute.key.span(), "the type of this target is not known here")),
    };
    Ok(quote!(#view.on_target::<_, ::web_sys::#target>(#event, #handler);))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn written(tokens: TokenStream) -> Result<String> {
        Ok(all(&rstml::parse2(tokens)?)?.to_string().replace(' ', ""))
    }

    fn error(tokens: TokenStream) -> String {
        written(tokens).unwrap_err().to_string()
    }

    #[test]
    fn what_is_known_is_html_and_what_varies_is_code() {
        let code = written(quote! {
            <p class="a" id=id node_ref=r>"1 < 2"<br/>{one}<b on:click=hear>"x" {two}</b></p>
        })
        .unwrap();
        let html = r#"<pclass=\"a\"data-site=\"idnode_ref\">1&lt;2<br><!----><bdata-site=\"on:click\">x<!----></b></p>"#;
        assert!(code.contains(html), "{code}");
        // Of an element first what is in it: that is the order in which the marks are found again.
        let parts = [
            "IntoMarkup::part(one,&mutview)",
            "IntoMarkup::part(two,&mutview)",
            "view.on(&::leptos::ev::click,hear)",
            "IntoValue::part(id,&mutview)",
            "view.refer(r)",
        ];
        let places: Vec<_> = parts.iter().map(|part| code.find(part).expect(part)).collect();
        assert!(places.is_sorted(), "{code}");
    }

    #[test]
    fn components_are_handed_on_with_their_children_as_one_expression() {
        let code = written(quote!(<a::Frame name="n" let:x><i>{x}</i>"t"</a::Frame>)).unwrap();
        assert!(
            code.starts_with("::fwit::markup::Markup::of(::leptos::view!{<a::Framename=\"n\"let:x>{"),
            "{code}"
        );
        assert!(code.contains("Markup::List") && code.ends_with("</a::Frame>})"), "{code}");
    }

    #[test]
    fn what_a_browser_would_move_and_what_nobody_knows_are_errors() {
        assert!(error(quote!(<p><div>{x}</div></p>)).contains("ends the paragraph"));
        assert!(error(quote!(<table><tr>{x}</tr></table>)).contains("<tbody>"));
        assert!(error(quote!(<p use:x=y>"t"</p>)).contains("class, style, prop and on"));
        assert!(error(quote!(<p><b><ul></ul></b></p>)).contains("ends the paragraph"));
        assert!(error(quote!(<a><b><a></a></b></a>)).contains("does not nest <a>"));
        assert!(error(quote!(<tr><b>{x}</b></tr>)).contains("keeps only <th>, <td>"));
        assert!(error(quote!(<div><td>{x}</td></div>)).contains("stands in <tr> only"));
        assert!(error(quote!(<textarea>{x}</textarea>)).contains("only texts"));
        assert!(error(quote!(<p on:click>"t"</p>)).contains("needs a value"));
        assert!(error(quote!(<p on:my-event=f>"t"</p>)).contains("no event known"));
        assert!(error(quote!(<Part on:click=f />)).contains("its own properties"));
        assert!(written(quote!(<p>{x}<b>"t"</b></p> <td>{y}</td>)).is_ok());
        assert!(error(quote!(<p on:click:target=f>"t"</p>)).contains("type of this target"));
    }
}
