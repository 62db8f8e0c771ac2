//! `view!` of fwit's page. It reads what Leptos's own `view!` reads, with the same parser, and writes less code:
//! an element with all its static content becomes one string of HTML, which the browser parses once and clones,
//! and only what varies (attributes, listeners, children in braces) becomes Rust. Components are handed on to Leptos.
//!
//! `fwit::markup` is the other half: what the code written here calls.

use proc_macro::TokenStream;

mod html;
mod write;

/// A view: elements, texts in quotes, expressions in braces, components. Its value is a `Markup`.
///
/// Of Leptos's attributes it knows `name=value`, `class:name=condition`, `style:name=value`, `prop:name=value`,
/// `on:event=handler`, `on:event:target=handler`, `node_ref=reference` and `inner_html=text`.
#[proc_macro]
pub fn view(tokens: TokenStream) -> TokenStream {
    let markup = rstml::parse2(tokens.into()).and_then(|nodes| write::all(&nodes));
    markup.unwrap_or_else(|error| error.to_compile_error()).into()
}
