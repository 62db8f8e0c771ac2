//! The gateway: carries requests of one page to the nodes of one cluster, and adds what a page
//! needs to measure it.
//!
//! Owns: who may use it (`guard`), the key and where it must not stand (`key`), how requests go to
//! a node and answers come back (`proxy`, `upgrade`, `upstream`, `tls`), redirects as answers
//! (`leader`), the headers for pages (`answer`), its ports (`listen`), the page (`page`).
//!
//! Always true: nothing goes to a node before `guard` has admitted it; every answer, refusals
//! included, leaves through `answer::finish`; the gateway's own texts leave through `Key::hide`.
//!
//! May not enter: anything of fwit's crates. To it, fwit is a page of an allowed origin.
//!
//! Tests: rules beside the code; the promises of the README against real sockets in
//! `tests/gateway`.

pub mod answer;
pub mod flags;
pub mod guard;
pub mod key;
pub mod leader;
pub mod listen;
pub mod page;
pub mod proxy;
pub mod run;
pub mod tls;
pub mod upgrade;
pub mod upstream;
