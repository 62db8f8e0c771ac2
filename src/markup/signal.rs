//! What changes: Leptos's signals, memos and effects, with values of any type in boxes.
//!
//! Leptos compiles its graph again for each type of value and each closure; here it is compiled once for
//! [`Held`], and a handle knows what its value is.

use std::any::Any;
use std::marker::PhantomData;

use leptos::prelude::{
    ArcMemo, Effect, Read as _, ReadUntracked as _, RwSignal as LeptosRwSignal, Set as _,
    Signal as LeptosSignal, Track as _, Update as _,
};

/// A value of any type.
type Held = Box<dyn Any + Send + Sync>;

/// A value to read that changes: a memo's, a closure's, a signal's, or one that stays.
#[allow(missing_debug_implementations, reason = "names a place, not a value")]
pub struct Signal<T>(LeptosSignal<Held>, PhantomData<fn(T) -> T>);

/// A value to read and to write.
#[allow(missing_debug_implementations, reason = "names a place, not a value")]
pub struct RwSignal<T>(LeptosRwSignal<Held>, PhantomData<fn(T) -> T>);

/// Makes values. A trait of its own, for `dyn Fn` is compiled a second time, to be called once.
trait Make: Send + Sync {
    fn make(&self) -> Held;
}

impl<T: Send + Sync + 'static, F: Fn() -> T + Send + Sync> Make for F {
    fn make(&self) -> Held {
        Box::new(self())
    }
}

// Once a type, not at each of its readers.
#[inline(never)]
fn value<T: 'static>(held: &Held) -> &T {
    held.downcast_ref().unwrap_or_else(|| of_another_type())
}

#[cold]
fn of_another_type() -> ! {
    unreachable!("only a handle of its type makes a value")
}

macro_rules! handles {
    ($($handle:ident),*) => {$(
        impl<T> Clone for $handle<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $handle<T> {}

        impl<T: 'static> $handle<T> {
            /// Reads the value; what reads it runs again when it changes.
            #[track_caller]
            pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                read(value(&self.0.read()))
            }

            /// Reads the value as it is now.
            #[track_caller]
            pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                read(value(&self.0.read_untracked()))
            }

            /// The same; `None` where the view that it belongs to is gone.
            pub fn try_with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
                Some(read(value(&*self.0.try_read_untracked()?)))
            }

            /// What reads this runs again when the value changes.
            #[track_caller]
            pub fn track(&self) {
                self.0.track();
            }
        }

        impl<T: Clone + 'static> $handle<T> {
            /// The value; what reads it runs again when it changes.
            #[track_caller]
            #[must_use]
            pub fn get(&self) -> T {
                self.with(T::clone)
            }

            /// The value as it is now.
            #[track_caller]
            #[must_use]
            pub fn get_untracked(&self) -> T {
                self.with_untracked(T::clone)
            }

            /// The same; `None` where the view that it belongs to is gone.
            #[must_use]
            pub fn try_get_untracked(&self) -> Option<T> {
                self.try_with_untracked(T::clone)
            }
        }
    )*};
}
handles!(Signal, RwSignal);

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// With its first value.
    #[must_use]
    pub fn new(value: T) -> RwSignal<T> {
        RwSignal(LeptosRwSignal::new(Box::new(value)), PhantomData)
    }

    /// Another value; nothing happens where the view that it belongs to is gone.
    pub fn set(&self, value: T) {
        put(self.0, Box::new(value));
    }

    /// Changes the value; nothing happens where the view that it belongs to is gone.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        let mut change = Some(change);
        alter(self.0, &mut |held| {
            let value = held.downcast_mut().unwrap_or_else(|| of_another_type());
            if let Some(change) = change.take() {
                change(value);
            }
        });
    }
}

#[inline(never)]
fn put(signal: LeptosRwSignal<Held>, value: Held) {
    // What is gone needs no value.
    let _ = signal.try_set(value);
}

#[inline(never)]
fn alter(signal: LeptosRwSignal<Held>, change: &mut dyn FnMut(&mut Held)) {
    // What is gone needs no value.
    let _ = signal.try_update(change);
}

impl<T: Send + Sync + 'static> Signal<T> {
    /// What a closure returns, which is asked whenever the value is read.
    #[must_use]
    pub fn derive(of: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
        Signal(derived(Box::new(of)), PhantomData)
    }

    /// A value that stays.
    #[must_use]
    pub fn stored(value: T) -> Signal<T> {
        Signal(LeptosSignal::stored(Box::new(value)), PhantomData)
    }
}

#[inline(never)]
fn derived(of: Box<dyn Make>) -> LeptosSignal<Held> {
    LeptosSignal::derive(move || of.make())
}

impl<T: Default + Send + Sync + 'static> Default for Signal<T> {
    fn default() -> Signal<T> {
        Signal::stored(T::default())
    }
}

impl<T: Send + Sync + 'static> From<T> for Signal<T> {
    fn from(value: T) -> Signal<T> {
        Signal::stored(value)
    }
}

impl From<&str> for Signal<String> {
    fn from(text: &str) -> Signal<String> {
        Signal::stored(text.to_string())
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Signal<T> {
        Signal(signal.0.into(), PhantomData)
    }
}

/// A memo: what a closure returns, and told on only where it differs from before.
pub fn memo<T: PartialEq + Send + Sync + 'static>(of: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    Signal(kept(Box::new(of), |before, now| value::<T>(before) != value::<T>(now)), PhantomData)
}

/// The same for what cannot be compared: told on whenever something in it changes.
pub fn remade<T: Send + Sync + 'static>(of: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    Signal(kept(Box::new(of), |_, _| true), PhantomData)
}

#[inline(never)]
fn kept(of: Box<dyn Make>, differ: fn(&Held, &Held) -> bool) -> LeptosSignal<Held> {
    let memo = ArcMemo::new_owning(move |before: Option<Held>| {
        let now = of.make();
        let is_new = before.is_none_or(|before| differ(&before, &now));
        (now, is_new)
    });
    memo.into()
}

/// What is done at the next moment, and again when a signal in it changes.
pub fn effect(of: impl FnMut() + 'static) {
    run(Box::new(of));
}

#[inline(never)]
fn run(mut of: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| of());
}
