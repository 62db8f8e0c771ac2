//! What changes in the page whose program is packed: the script that starts it, and what is fetched ahead.

use anyhow::{Context as _, Result, ensure};

/// Functions of the page's first script: `started` gives the bindings and the running program, `failed` says what is wrong.
const LOAD: &str = include_str!("load.js");

/// The page with its program packed. The names are those of files beside it.
///
/// # Errors
/// The page is not as Trunk writes it.
pub(crate) fn with_packed_program(html: &str, program: &str, packed: &str, unpacker: &str) -> Result<String> {
    let (before, after) = once(html, "import init, * as bindings from '")?;
    let (bindings, after) = after.split_once("';\n").context("the import of the bindings has no end")?;
    let start = format!("const wasm = await init({{ module_or_path: './{program}' }});");
    let after = after.strip_prefix(&start).with_context(|| format!("`{start}` is missing"))?;
    let html = format!(
        "{before}{LOAD}const [bindings, wasm] =\n  \
         await started('{bindings}', './{packed}', './{unpacker}').catch(failed);{after}"
    );
    // What is fetched ahead: the element that names the program.
    let (before, after) = once(&html, &format!("\"./{program}\""))?;
    let opened = before.rfind('<').context("the program's name is in no element")?;
    let closed = after.find('>').context("the program's element has no end")? + 1;
    ensure!(before[opened..].starts_with("<link rel=\"preload\""), "the program is not fetched ahead");
    let ahead = |name: &str, kind: &str| {
        format!(
            "<link rel=\"preload\" href=\"./{name}\" crossorigin=\"anonymous\" as=\"fetch\" type=\"{kind}\">"
        )
    };
    Ok(format!(
        "{}{}{}{}",
        &before[..opened],
        ahead(packed, "application/octet-stream"),
        ahead(unpacker, "application/wasm"),
        &after[closed..]
    ))
}

/// What is before and after the only place with this text.
fn once<'a>(html: &'a str, text: &str) -> Result<(&'a str, &'a str)> {
    let (before, after) = html.split_once(text).with_context(|| format!("`{text}` is missing"))?;
    ensure!(!after.contains(text), "`{text}` is there more than once");
    Ok((before, after))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const BUILT: &str = r#"<head>
<script type="module">
import init, * as bindings from './fwit-1f.js';
const wasm = await init({ module_or_path: './fwit-1f_bg.wasm' });
window.wasmBindings = bindings;
</script>
<link rel="modulepreload" href="./fwit-1f.js"><link rel="preload" href="./fwit-1f_bg.wasm" as="fetch" type="application/wasm"></head>"#;

    #[test]
    fn the_page_starts_and_fetches_what_was_packed() {
        let page =
            with_packed_program(BUILT, "fwit-1f_bg.wasm", "fwit-1f.lzma2.bin", "unpack-2e.wasm").unwrap();
        assert!(!page.contains("_bg.wasm"), "{page}");
        let script = page.split_once("<script").unwrap().1.split_once("</script>").unwrap().0;
        let parts =
            ["const started =", "await started('./fwit-1f.js', './fwit-1f.lzma2.bin', './unpack-2e.wasm')"];
        let at = parts.map(|part| script.find(part).unwrap());
        assert!(at.is_sorted(), "{script}");
        assert!(script.ends_with("window.wasmBindings = bindings;\n"), "{script}");
        let ahead: Vec<&str> = page.match_indices("<link ").map(|(at, _)| &page[at..]).collect();
        assert_eq!(ahead.len(), 3);
        assert!(ahead[0].starts_with(r#"<link rel="modulepreload" href="./fwit-1f.js">"#));
        assert!(ahead[1].starts_with(r#"<link rel="preload" href="./fwit-1f.lzma2.bin" "#));
        assert!(ahead[2].starts_with(r#"<link rel="preload" href="./unpack-2e.wasm" "#));
        assert!(page.ends_with("></head>"));
    }

    #[test]
    fn a_page_of_another_shape_is_refused_with_what_is_missing() {
        let told =
            |html: &str| with_packed_program(html, "fwit-1f_bg.wasm", "p", "u").unwrap_err().to_string();
        assert!(told("<head></head>").starts_with("`import init, "));
        assert!(told(&BUILT.replace("await init", "init")).starts_with("`const wasm = await init("));
        assert!(told(&BUILT.repeat(2)).ends_with("is there more than once"));
        assert!(
            told(&BUILT.replace("\"./fwit-1f_bg", "\"./other")).contains("\"./fwit-1f_bg.wasm\"` is missing")
        );
        assert!(told(&BUILT.replace("rel=\"preload\"", "rel=\"prefetch\"")).contains("not fetched ahead"));
    }
}
