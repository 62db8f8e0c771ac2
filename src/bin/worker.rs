//! The worker's program: the engine, and the analysis of files.

#[cfg(target_arch = "wasm32")]
fn main() {
    fwit::worker::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    // A worker runs in a browser only; this stub lets native commands build the whole package.
    eprintln!("fwit's worker runs in a browser: see the README.");
}
