//! The page's entry: errors become readable, then the views are mounted.

#[cfg(target_arch = "wasm32")]
fn main() {
    fwit::browser::panic_page::install();
    fwit::page::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("fwit is a web page: build it with `trunk build`, or start it with `cargo xtask demo`.");
    std::process::exit(2);
}
