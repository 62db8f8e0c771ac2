//! fwit's tasks, and the native parts of them that the end-to-end tests use too.
//!
//! | module      | what it owns |
//! |-------------|--------------|
//! | `cli`       | the words of the command line |
//! | `demo`      | the page and the local cluster, built, started and stopped together |
//! | `prove`     | the long proofs |
//! | `bench`     | the engine beside a hand-written loop |
//! | `test`      | the steps that every change must pass |
//! | `look`      | screenshots of the page |
//! | `publish`   | runs beside the hosted page |
//! | `dist`      | the hosted page: a folder for any static host |
//! | `tools`     | finding and installing trunk, wasm-bindgen and the wasm target |
//! | `browser`   | finding and installing a browser and its driver |
//! | `cluster`   | a running `fwit-cluster up` |
//! | `page`      | a running `fwit-cluster page` |
//! | `service`   | a program that runs beside us until it is stopped |
//! | `ports`     | whether a port is free |
//! | `answers`   | the server of the tests in a browser |
//! | `in_browser` | commands that need a browser |
//! | `need`      | programs that a newcomer may lack |
//! | `progress`  | what is left of a long job |
//! | `process`   | commands that are run, watched and stopped |
//! | `workspace` | paths and versions of this repository |
//!
//! Arrows point downwards in that table. Nothing here knows how the page or the cluster work
//! inside. Tests: beside the code.

mod answers;
pub mod bench;
pub mod browser;
pub mod cli;
pub mod cluster;
pub mod demo;
pub mod dist;
pub mod in_browser;
pub mod look;
pub mod need;
pub mod page;
pub mod ports;
pub mod process;
pub mod progress;
pub mod prove;
pub mod publish;
pub mod service;
pub mod test;
pub mod tools;
pub mod workspace;
