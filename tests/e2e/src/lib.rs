//! What end-to-end tests are made of: a browser, the page, a cluster, and Python for a second
//! opinion.
//!
//! | module    | what it owns |
//! |-----------|--------------|
//! | `browser` | one headless Chromium or Firefox, driven through WebDriver without network events |
//! | `driver`  | chromedriver or geckodriver on a free port |
//! | `command` | chromedriver's own commands: log, DevTools |
//! | `page`    | the built page, served |
//! | `host`    | a static host below a path, with a header of one's choice |
//! | `cluster` | the built cluster: started, asked, broken |
//! | `gateway` | fwit-gateway in front of a cluster |
//! | `systems` | etcd, and Redis behind webdis: clusters that are not ours |
//! | `server`  | a server whose times are known exactly: the truth that the page's numbers are held against |
//! | `python`  | a Python with the libraries that read our files |
//! | `bare`    | a bare JavaScript loop: what the browser itself measures of a server |
//! | `bench`   | the engine beside a hand-written loop, in alternating rounds |
//! | `given`   | what `cargo xtask test` tells through the environment |
//!
//! May not enter: what is expected of the page; that stands in `tests/`. Invariant: every wait is
//! for a condition and has a deadline; what was started is stopped on drop. Tests: `tests/`
//! (feature `browser`), run by `cargo xtask test e2e`.

pub mod bare;
pub mod bench;
pub mod browser;
pub mod cluster;
mod command;
mod driver;
pub mod gateway;
mod given;
pub mod host;
pub mod page;
pub mod python;
pub mod server;
pub mod systems;

pub use browser::{Browser, Scheme};
pub use cluster::{Cluster, Restarted};
pub use page::Page;
pub use python::Python;
pub use systems::{Etcd, Webdis};
