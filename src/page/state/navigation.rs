//! Where the user is: the route of the address, as a signal.

use leptos::prelude::*;

use crate::browser::document;
use fwit_present::route::Route;

/// The route that the page shows.
#[derive(Clone, Copy)]
pub struct CurrentRoute(RwSignal<Route>);

impl CurrentRoute {
    /// Reads the route from the address.
    pub fn new() -> CurrentRoute {
        CurrentRoute(RwSignal::new(Route::parse(&document::hash())))
    }

    /// Reads the address again, after the browser has changed it.
    pub fn follow_address(self) {
        self.0.set(Route::parse(&document::hash()));
    }

    /// Returns the route; what calls this runs again when the route changes.
    pub fn get(self) -> Route {
        self.0.get()
    }

    /// Returns the route as it is now.
    pub fn get_untracked(self) -> Route {
        self.0.get_untracked()
    }

    /// Returns whether the route is one of those that `is` accepts, and tracks it.
    pub fn is(self, is: fn(&Route) -> bool) -> bool {
        self.0.with(is)
    }

    /// Returns whether the route is one of those that `is` accepts.
    pub fn is_untracked(self, is: fn(&Route) -> bool) -> bool {
        self.0.with_untracked(is)
    }

    /// Returns what is searched for in the library, and tracks it.
    pub fn search(self) -> String {
        self.0.with(|route| match route {
            Route::Library(search) => search.clone(),
            _ => String::new(),
        })
    }

    /// Shows a route in the place of the current one, without a new entry in the browser's history.
    pub fn replace(self, route: Route) {
        document::replace(&route.to_string());
        self.0.set(route);
    }
}

/// Goes to a route; the browser's back button returns.
pub fn go(route: &Route) {
    document::go(&route.to_string());
}
