//! What a path asks for: its name in the metrics, and whether it reads or writes.

/// The routes of the public port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A data route: its name and kind.
    Data(&'static str, Kind),
    /// `events/subscribe`.
    Subscribe,
    /// `ping`.
    Ping,
    /// `limits`.
    Limits,
    /// `/metrics`.
    Metrics,
    /// `/fault/…`.
    Fault,
    /// Anything else.
    Other,
}

/// What a data route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads the state.
    Read,
    /// Changes the state.
    Write,
    /// Publishes an event; goes through the log as a write does.
    Event,
}

const PREFIX: &str = "/db/api/v1/";

const DATA: [(&str, &str, Kind); 18] = [
    ("set", "set", Kind::Write),
    ("get", "get", Kind::Read),
    ("delete", "delete", Kind::Write),
    ("setnx", "setnx", Kind::Write),
    ("cas", "cas", Kind::Write),
    ("bump", "bump", Kind::Write),
    ("iterate/prefix", "iterate", Kind::Read),
    ("cache/set", "cache_set", Kind::Write),
    ("cache/get", "cache_get", Kind::Read),
    ("cache/delete", "cache_delete", Kind::Write),
    ("cache/setnx", "cache_setnx", Kind::Write),
    ("cache/cas", "cache_cas", Kind::Write),
    ("cache/iterate/prefix", "cache_iterate", Kind::Read),
    ("blob/set", "blob_set", Kind::Write),
    ("blob/get", "blob_get", Kind::Read),
    ("blob/delete", "blob_delete", Kind::Write),
    ("blob/iterate/prefix", "blob_iterate", Kind::Read),
    ("events", "publish", Kind::Event),
];

impl Route {
    /// The route of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix(PREFIX) else {
            return match path {
                "/metrics" => Self::Metrics,
                "/ping" => Self::Ping,
                _ if path.starts_with("/fault/") => Self::Fault,
                _ => Self::Other,
            };
        };
        match rest {
            "events/subscribe" => Self::Subscribe,
            "ping" => Self::Ping,
            "limits" => Self::Limits,
            _ => DATA
                .iter()
                .find(|(path, ..)| *path == rest)
                .map_or(Self::Other, |(_, name, kind)| Self::Data(name, *kind)),
        }
    }

    /// The name in the metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Data(name, _) => name,
            Self::Subscribe => "subscribe",
            Self::Ping => "ping",
            Self::Limits => "limits",
            Self::Metrics => "metrics",
            Self::Fault => "fault",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_routes() {
        assert_eq!(Route::of("/db/api/v1/set"), Route::Data("set", Kind::Write));
        assert_eq!(Route::of("/db/api/v1/cache/get"), Route::Data("cache_get", Kind::Read));
        assert_eq!(Route::of("/db/api/v1/events"), Route::Data("publish", Kind::Event));
        assert_eq!(Route::of("/db/api/v1/events/subscribe"), Route::Subscribe);
        assert_eq!(Route::of("/fault/crash"), Route::Fault);
        assert_eq!(Route::of("/set"), Route::Other);
        assert_eq!(Route::of("/db/api/v1/set/"), Route::Other);
    }
}
