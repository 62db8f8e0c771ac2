//! Markup in a real document: what is shown again in the same place changes only what differs.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::rc::Rc;

use fwit::markup::{
    For, IntoMarkup as _, Markup, NodeRef, RwSignal, Show, Signal, effect, live, memo, remade, view,
};
use leptos::mount::{UnmountHandle, mount_to};
use leptos::prelude::*;
use leptos::task::tick;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement};

wasm_bindgen_test_configure!(run_in_browser);

/// A place in the document with markup in it.
struct Place {
    host: HtmlElement,
    #[allow(dead_code, reason = "the markup goes when it is dropped")]
    shown: Box<dyn std::any::Any>,
}

fn show(of: impl FnOnce() -> Markup + 'static) -> Place {
    let host: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&host).unwrap();
    let shown: UnmountHandle<_> = mount_to(host.clone(), of);
    Place { host, shown: Box::new(shown) }
}

impl Place {
    /// Its HTML without the comments that keep places.
    fn html(&self) -> String {
        self.host.inner_html().replace("<!---->", "")
    }

    fn find<T: wasm_bindgen::JsCast>(&self, selector: &str) -> T {
        self.host.query_selector(selector).unwrap().expect(selector).unchecked_into()
    }
}

#[wasm_bindgen_test]
fn what_is_static_is_as_it_was_written() {
    let place = show(|| {
        view! {
            <p class="a" title="1 < 2 & \"so\"">"x < y & z "<b>"bold"</b><br />"end"</p>
            "between"
            <input type="text" disabled />
        }
    });
    assert_eq!(
        place.html(),
        "<p class=\"a\" title=\"1 &lt; 2 &amp; &quot;so&quot;\">x &lt; y &amp; z <b>bold</b><br>end</p>between<input type=\"text\" disabled=\"\">"
    );
}

#[wasm_bindgen_test]
fn every_kind_of_content_has_its_place() {
    let place = show(|| {
        let rows = (1_u32..=2).map(|n| view! { <tr><td>{n}</td><td>{n * 10}</td></tr> }).collect::<Markup>();
        view! {
            <table><tbody>{rows}</tbody></table>
            <p>{"a"} "-" {String::from("b")} {None::<String>} {Some("c")} {("d", 5_usize)} {["e", "f"]} {()}</p>
        }
    });
    assert_eq!(
        place.html(),
        "<table><tbody><tr><td>1</td><td>10</td></tr><tr><td>2</td><td>20</td></tr></tbody></table><p>a-bcd5ef</p>"
    );
}

#[wasm_bindgen_test]
async fn a_text_changes_in_its_node_and_an_attribute_comes_and_goes() {
    let (text, on) = (RwSignal::new("one".to_string()), RwSignal::new(true));
    let place = show(move || {
        view! {
            <p class="fixed" class:on=move || on.get() title=move || on.get().then(|| text.get()) hidden=move || !on.get() style:height="3px">
                {text}
            </p>
        }
    });
    let p: HtmlElement = place.find("p");
    let node = p.child_nodes().item(0).unwrap();
    assert_eq!((p.class_name().as_str(), p.title().as_str(), p.hidden()), ("fixed on", "one", false));
    assert_eq!(p.style().get_property_value("height").unwrap(), "3px");
    text.set("two".into());
    on.set(false);
    tick().await;
    assert_eq!((p.class_name().as_str(), p.has_attribute("title"), p.hidden()), ("fixed", false, true));
    assert_eq!(p.text_content().as_deref(), Some("two"));
    assert!(node.is_same_node(p.child_nodes().item(0).as_ref()), "the text has another node");
}

#[wasm_bindgen_test]
async fn a_list_grows_and_shrinks_at_its_end_and_keeps_its_nodes() {
    let items = RwSignal::new(vec![1_u32, 2]);
    let place = show(move || {
        let list =
            move || items.get().into_iter().map(|n| view! { <li title=n>{n}</li> }).collect::<Markup>();
        view! { <ul>"<" {list} ">"</ul> }
    });
    let first: HtmlElement = place.find("li");
    items.set(vec![7, 8, 9]);
    tick().await;
    assert_eq!(
        place.html(),
        "<ul>&lt;<li title=\"7\">7</li><li title=\"8\">8</li><li title=\"9\">9</li>&gt;</ul>"
    );
    assert!(first.is_same_node(Some(&place.find::<HtmlElement>("li"))), "the first item is another element");
    items.set(vec![]);
    tick().await;
    assert_eq!(place.html(), "<ul>&lt;&gt;</ul>");
    items.set(vec![3]);
    tick().await;
    assert_eq!(place.html(), "<ul>&lt;<li title=\"3\">3</li>&gt;</ul>");
}

#[wasm_bindgen_test]
async fn one_shape_makes_room_for_another_in_the_same_place() {
    let step = RwSignal::new(0);
    let place = show(move || {
        let inner = move || match step.get() {
            0 => Markup::Empty,
            1 => view! { <b>"one"</b> },
            2 => view! { "two" <i>"!"</i> },
            3 => live(move || format!("step {}", step.get())),
            _ => view! { <b>"many"</b> },
        };
        view! { <p>"(" {inner} ")"</p> }
    });
    for (to, html) in
        [(1, "<b>one</b>"), (2, "two<i>!</i>"), (3, "step 3"), (4, "<b>many</b>"), (0, ""), (3, "step 3")]
    {
        step.set(to);
        tick().await;
        assert_eq!(place.html(), format!("<p>({html})</p>"), "step {to}");
    }
}

#[wasm_bindgen_test]
async fn a_listener_hears_what_is_shown_now_and_nothing_once_it_is_gone() {
    let (round, there) = (RwSignal::new(1_u32), RwSignal::new(true));
    let heard = RwSignal::new(Vec::new());
    let place = show(move || {
        live(move || {
            let now = round.get();
            there
                .get()
                .then(|| view! { <button on:click=move |_| heard.update(|h| h.push(now))>{now}</button> })
        })
    });
    let button: HtmlElement = place.find("button");
    button.click();
    round.set(2);
    tick().await;
    button.click();
    there.set(false);
    tick().await;
    button.click();
    assert_eq!(heard.get_untracked(), [1, 2]);
    assert_eq!(place.html(), "");
}

#[wasm_bindgen_test]
async fn a_listener_may_take_its_own_element_away() {
    let open = RwSignal::new(true);
    let place = show(move || {
        live(move || open.get().then(|| view! { <button on:click=move |_| open.set(false)>"x"</button> }))
    });
    place.find::<HtmlElement>("button").click();
    tick().await;
    assert_eq!(place.html(), "");
}

#[wasm_bindgen_test]
async fn controls_have_their_values_as_properties() {
    let (value, checked, typed) =
        (RwSignal::new("b".to_string()), RwSignal::new(true), RwSignal::new(String::new()));
    let place = show(move || {
        view! {
            <select prop:value=move || value.get()>
                {["a", "b"].map(|v| view! { <option value=v>{v}</option> })}
            </select>
            <input type="checkbox" prop:checked=checked />
            <input type="text" on:input:target=move |event| typed.set(event.target().value()) />
        }
    });
    let (select, check): (HtmlSelectElement, HtmlInputElement) =
        (place.find("select"), place.find("[type=checkbox]"));
    assert_eq!((select.value().as_str(), check.checked()), ("b", true));
    value.set("a".into());
    checked.set(false);
    tick().await;
    assert_eq!((select.value().as_str(), check.checked()), ("a", false));
    let text: HtmlInputElement = place.find("[type=text]");
    text.set_value("typed");
    text.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    assert_eq!(typed.get_untracked(), "typed");
}

#[wasm_bindgen_test]
async fn classes_of_both_kinds_live_together_and_a_property_is_put_right() {
    let (class, on, value) = (RwSignal::new("a b"), RwSignal::new(true), RwSignal::new("3".to_string()));
    let place = show(move || {
        view! {
            <input
                type="text"
                class=move || class.get()
                class:on=move || on.get()
                prop:value=move || value.get()
                // Refuses what was typed.
                on:input=move |_| value.set("3".into())
            />
        }
    });
    let input: HtmlInputElement = place.find("input");
    assert_eq!(input.class_name(), "a b on");
    class.set("b c");
    tick().await;
    assert_eq!(input.class_name(), "on b c");
    on.set(false);
    class.set("");
    tick().await;
    assert_eq!((input.class_name().as_str(), input.value().as_str()), ("", "3"));
    input.set_value("34");
    input.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    tick().await;
    assert_eq!(input.value(), "3");
}

#[wasm_bindgen_test]
async fn what_is_replaced_does_not_run_once_more_with_signals_that_are_gone() {
    let step = RwSignal::new(0_u32);
    let place = show(move || {
        live(move || {
            // Owned by this closure: gone when it runs again, while what reads it is changed by the same signal.
            let here = Signal::derive(move || step.get());
            let inner =
                live(move || live(move || view! { <i title=move || here.get()>{move || here.get()}</i> }));
            if step.get().is_multiple_of(2) {
                view! { <b>{inner}</b> }
            } else {
                view! { <u>{inner}</u> }
            }
        })
    });
    for now in 1..5 {
        step.set(now);
        tick().await;
        let tag = if now % 2 == 0 { 'b' } else { 'u' };
        assert_eq!(place.html(), format!("<{tag}><i title=\"{now}\">{now}</i></{tag}>"));
    }
}

#[component]
fn Frame(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! { <section title=name>{children()}</section> }
}

#[wasm_bindgen_test]
async fn components_and_leptos_own_views_stand_where_they_are_written() {
    let (shown, items) = (RwSignal::new(false), RwSignal::new(vec![1_u32, 2]));
    let place = show(move || {
        view! {
            <Frame name="f">
                <Show when=move || shown.get() fallback=|| view! { <i>"no"</i> }>
                    <b>"yes"</b>
                </Show>
                "|"
                <For each=move || items.get() key=|n| *n let:n>
                    <u>{n}</u>
                </For>
            </Frame>
        }
    });
    assert_eq!(place.html(), "<section title=\"f\"><i>no</i>|<u>1</u><u>2</u></section>");
    let second: HtmlElement = place.find("u:nth-of-type(2)");
    shown.set(true);
    items.set(vec![2, 3]);
    tick().await;
    assert_eq!(place.html(), "<section title=\"f\"><b>yes</b>|<u>2</u><u>3</u></section>");
    assert!(second.is_same_node(Some(&place.find::<HtmlElement>("u"))), "a keyed element did not move along");
}

#[wasm_bindgen_test]
async fn keyed_items_come_go_and_move_with_their_elements() {
    let items = RwSignal::new(Vec::<u32>::new());
    let (made, ended) = (RwSignal::new(0_usize), RwSignal::new(0_usize));
    let place = show(move || {
        let item = move |n: u32| {
            made.update(|m| *m += 1);
            on_cleanup(move || ended.update(|e| *e += 1));
            // More than one node, and one that changes by itself.
            view! { <i>{n}</i> {move || made.get() - made.get()} }
        };
        view! { <p><For each=move || items.get() key=|n| *n children=item /></p> }
    });
    let mut before = Vec::<(u32, HtmlElement)>::new();
    for (now, new) in [
        (vec![1, 2, 3], 3),
        (vec![3, 1, 2], 0),
        (vec![2, 4, 1], 1),
        (vec![], 0),
        (vec![5, 1], 2),
        (vec![0, 5, 9, 1], 2),
    ] {
        let (made_before, gone) =
            (made.get_untracked(), before.iter().filter(|(n, _)| !now.contains(n)).count());
        let ended_before = ended.get_untracked();
        items.set(now.clone());
        tick().await;
        let html: String = now.iter().map(|n| format!("<i>{n}</i>0")).collect();
        assert_eq!(place.html(), format!("<p>{html}</p>"));
        assert_eq!(made.get_untracked() - made_before, new, "made for {now:?}");
        assert_eq!(ended.get_untracked() - ended_before, gone, "ended for {now:?}");
        let after: Vec<(u32, HtmlElement)> = now
            .iter()
            .enumerate()
            .map(|(i, n)| (*n, place.find(&format!("i:nth-of-type({})", i + 1))))
            .collect();
        for (n, element) in &before {
            if let Some((_, same)) = after.iter().find(|(m, _)| m == n) {
                assert!(element.is_same_node(Some(same)), "{n} has another element in {now:?}");
            }
        }
        before = after;
    }
}

#[wasm_bindgen_test]
async fn a_reference_knows_its_element_and_drawings_are_drawings() {
    let known = NodeRef::<web_sys::HtmlCanvasElement>::new();
    let place = show(move || {
        let strokes = "M0 0";
        view! {
            <figure><canvas node_ref=known></canvas><span inner_html="<em>raw</em>"></span></figure>
            <svg viewBox="0 0 16 16"><path d=strokes /></svg>
        }
    });
    assert!(known.get_untracked().is_some());
    assert_eq!(
        place.html(),
        "<figure><canvas></canvas><span><em>raw</em></span></figure><svg viewBox=\"0 0 16 16\"><path d=\"M0 0\"></path></svg>"
    );
    let path: web_sys::Element = place.find("path");
    assert_eq!(path.namespace_uri().as_deref(), Some("http://www.w3.org/2000/svg"));
}

#[wasm_bindgen_test]
fn a_number_is_shown_as_it_reads() {
    let place = show(|| view! { <meter min="0" max=5_u64 value=2.5_f64></meter> });
    assert_eq!(place.html(), "<meter min=\"0\" max=\"5\" value=\"2.5\"></meter>");
    assert!(matches!(7_u32.into_markup(), Markup::Text(t) if t == "7"));
}

#[wasm_bindgen_test]
async fn a_memo_tells_of_a_difference_and_what_is_remade_of_every_time() {
    let owner = Owner::new();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let number = owner.with(|| {
        let number = RwSignal::new(1);
        let (odd, made) = (memo(move || number.get() % 2 == 1), remade(move || number.get() % 2));
        let derived = Signal::derive(move || number.get() * 10);
        for (name, read) in [
            ("memo", Box::new(move || i32::from(odd.get())) as Box<dyn Fn() -> i32>),
            ("remade", Box::new(move || made.get())),
            ("derived", Box::new(move || derived.with(|n| *n))),
        ] {
            let heard = heard.clone();
            effect(move || heard.borrow_mut().push((name, read())));
        }
        number
    });
    let told = |heard: &Rc<RefCell<Vec<(&'static str, i32)>>>| {
        let mut told = std::mem::take(&mut *heard.borrow_mut());
        told.sort_unstable();
        told
    };
    tick().await;
    assert_eq!(told(&heard), [("derived", 10), ("memo", 1), ("remade", 1)]);
    number.set(3);
    tick().await;
    assert_eq!(told(&heard), [("derived", 30), ("remade", 1)]);
    number.update(|n| *n += 1);
    tick().await;
    assert_eq!(told(&heard), [("derived", 40), ("memo", 0), ("remade", 0)]);
    owner.cleanup();
    number.set(5);
    tick().await;
    assert_eq!(told(&heard), [], "effects end with their owner");
}

#[wasm_bindgen_test]
fn a_signal_whose_owner_is_gone_takes_nothing_and_gives_nothing() {
    let owner = Owner::new();
    let (number, read): (_, Signal<i32>) = owner.with(|| {
        let number = RwSignal::new(1);
        (number, number.into())
    });
    number.set(2);
    assert_eq!((read.get_untracked(), read.try_get_untracked()), (2, Some(2)));
    owner.cleanup();
    number.set(3);
    number.update(|n| *n += 1);
    assert_eq!((number.try_get_untracked(), read.try_get_untracked()), (None, None));
    let stays = owner.with(|| Signal::from("a"));
    assert_eq!(stays.try_with_untracked(String::len), Some(1));
}
