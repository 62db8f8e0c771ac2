//! fwit's tasks, and the native parts of them that the end-to-end tests use too.
//!
//! | module      | what it owns |
//! |-------------|--------------|
//! | `cli`       | the words of the command line |
//! | `demo`      | the page and the local cluster, built, started and stopped together |
//! | `bench`     | the engine beside a hand-written loop |
//! | `test`      | the steps that every change must pass |
//! | `look`      | screenshots of the page |
//! | `tools`     | finding and installing trunk, wasm-bindgen and the wasm target |
//! | `browser`   | finding and installing a browser and its driver |
//! | `cluster`   | a running `fwit-cluster` |
//! | `server`    | the HTTP server of the built page |
//! | `process`   | commands that are run, watched and stopped |
//! | `workspace` | paths and versions of this repository |
//!
//! Arrows point downwards in that table. Nothing here knows how the page or the cluster work inside.
//! Tests: beside the code, and `xtask/tests/`.

pub mod bench;
pub mod browser;
pub mod cli;
pub mod cluster;
pub mod demo;
pub mod look;
pub mod process;
pub mod server;
pub mod test;
pub mod tools;
pub mod workspace;
