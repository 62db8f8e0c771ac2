//! The program's entry, in a page and in its workers: one wasm file, compiled once.

#[cfg(target_arch = "wasm32")]
fn main() {
    use wasm_bindgen::JsCast as _;
    if js_sys::global().is_instance_of::<web_sys::Window>() {
        fwit::browser::panic_page::install();
        fwit::page::mount();
    } else {
        fwit::worker::start();
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!(
        "fwit is a web page: build it with `trunk build --release`, or start it with `cargo xtask \
         demo`."
    );
    std::process::exit(2);
}
