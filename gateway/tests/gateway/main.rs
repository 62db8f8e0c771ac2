//! The gateway as its users meet it: the built program between real sockets.
//!
//! `harness` starts gateways and speaks to them, `node` is what stands behind them; each other
//! module tests one promise of the README.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod harness;
mod headers;
mod key;
mod leader;
mod node;
mod page;
mod process;
mod streams;
mod tls;
