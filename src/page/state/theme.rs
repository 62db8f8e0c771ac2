//! The colour scheme that the user chose.

use leptos::prelude::*;

use crate::browser::prefs;

/// A colour scheme to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Returns the next theme, for a button that cycles through them.
    pub fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    /// Returns the name that is stored and set as the root element's `data-theme`; `None` is the
    /// system's theme.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }
}

/// The theme in use.
#[derive(Clone, Copy)]
pub struct ColorScheme(pub RwSignal<Theme>);

impl ColorScheme {
    /// Reads the theme that was chosen on an earlier visit.
    pub fn new() -> ColorScheme {
        ColorScheme(RwSignal::new(match prefs::get("theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }))
    }
}
