//! Compute Pressure: whether the CPU is under critical pressure. Chromium has it, in secure pages.
//!
//! What it calls serious, a machine that works with room to spare, is no disturbance: late timers
//! and requests that wait in the browser tell whether it did harm.
//!
//! It is reached by its name, because web-sys has it only as an unstable API.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::*;

/// Observes the CPU's pressure until it is dropped.
pub struct Pressure {
    observer: JsValue,
    _callback: Closure<dyn FnMut(JsValue)>,
}

impl std::fmt::Debug for Pressure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pressure").finish_non_exhaustive()
    }
}

fn method(of: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(of, &name.into()).ok()?.dyn_into().ok()
}

impl Pressure {
    /// Calls `call` with whether the pressure is critical, and when (ms of this thread's
    /// clock), about once a second while it changes. Returns `None` when the browser can't tell.
    #[must_use]
    pub fn watch(mut call: impl FnMut(bool, f64) + 'static) -> Option<Pressure> {
        let global = js_sys::global();
        let class = method(&global, "PressureObserver")?;
        let performance = Reflect::get(&global, &"performance".into()).ok()?;
        let now = method(&performance, "now")?;
        let callback = Closure::<dyn FnMut(JsValue)>::new(move |records: JsValue| {
            let last = Array::from(&records).pop();
            let state = Reflect::get(&last, &"state".into()).ok().and_then(|s| s.as_string());
            if let Some(state) = state {
                let at = now.call0(&performance).ok().and_then(|t| t.as_f64()).unwrap_or_default();
                call(state == "critical", at);
            }
        });
        let observer = Reflect::construct(&class, &Array::of1(callback.as_ref())).ok()?;
        let options = js_sys::Object::new();
        Reflect::set(&options, &"sampleInterval".into(), &1_000.into()).ok()?;
        let asked = method(&observer, "observe")?.call2(&observer, &"cpu".into(), &options).ok()?;
        // A refusal would be an unhandled rejection otherwise. It may come after the end: a watch
        // that ends before it began is refused.
        let refused = Closure::once_into_js(|_: JsValue| {});
        if let Some(catch) = method(&asked, "catch") {
            let _ = catch.call1(&asked, &refused);
        }
        Some(Pressure { observer, _callback: callback })
    }
}

impl Drop for Pressure {
    fn drop(&mut self) {
        if let Some(end) = method(&self.observer, "disconnect") {
            let _ = end.call0(&self.observer);
        }
    }
}
