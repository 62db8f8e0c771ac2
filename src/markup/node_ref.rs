//! What knows an element of a view.

use std::marker::PhantomData;

use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::RwSignal;

/// An element of a view, once it is shown: `node_ref=…` tells which. `T` is its type.
#[allow(missing_debug_implementations, reason = "names a place, not a value")]
pub struct NodeRef<T>(pub(super) Known, PhantomData<fn() -> T>);

/// The element, of whatever type.
pub(super) type Known = RwSignal<Option<SendWrapper<Element>>>;

impl<T> Clone for NodeRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for NodeRef<T> {}

impl<T: JsCast> NodeRef<T> {
    /// Of no element yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "nothing asks for a default")]
    pub fn new() -> NodeRef<T> {
        NodeRef(RwSignal::new(None), PhantomData)
    }

    /// The element; what reads it runs again when it is there.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        self.0.get().map(|element| element.take().unchecked_into())
    }

    /// The element, if it is there now.
    #[must_use]
    pub fn get_untracked(&self) -> Option<T> {
        self.0.get_untracked().map(|element| element.take().unchecked_into())
    }
}
