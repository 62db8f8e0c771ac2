//! End-to-end tests. Each module is one part of the product as a user meets it.
//! `cargo xtask test e2e` builds what they need and runs them one after another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attack;
mod chaos;
mod clicks;
mod cluster;
mod custom;
mod dist;
mod experiment;
mod extend;
mod faults;
mod gateway;
mod hosted;
mod import;
mod kept;
mod lanes;
mod library;
mod load;
mod newcomer;
mod plain_server;
mod proxies;
mod python;
mod real;
mod recovery;
mod result;
mod runs;
mod set_up;
mod smoke;
mod soak;
mod streams;
mod systems;
mod tabs;
mod truth;
mod vitals;
