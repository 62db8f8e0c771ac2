//! The program of a worker as one file: without a network, Chromium takes a worker's own file from
//! the cache, but not what that imports, unless all its requests are to pass a service worker.
//!
//! Invariant: an import or export of another form than wasm-bindgen's is an error.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

/// How the loader gets the glue code, and how it does in the one file.
const IMPORT: &str = "const { default: start } = await import(glue);";
const OWN: &str = "const start = __wbg_init;";

/// Makes the file of the worker's `loader`, wasm-bindgen's `glue` code, and the modules that this
/// imports, which `module` finds by their address in it.
///
/// # Errors
/// When one of them is not as expected.
pub fn one_file<'a>(
    loader: &str,
    glue: &str,
    module: impl Fn(&str) -> Option<&'a str>,
) -> Result<String> {
    ensure!(loader.matches(IMPORT).count() == 1, "the worker's loader has not one `{IMPORT}`");
    ensure!(glue.contains("__wbg_init as default"), "the glue code does not export its start");
    let (mut out, mut rest) = (String::new(), String::new());
    for line in glue.lines() {
        let Some(import) = line.strip_prefix("import ") else {
            writeln!(rest, "{line}")?;
            continue;
        };
        let (names, address) =
            import.trim_end_matches(';').split_once(" from ").context("an import of no form")?;
        let address = address.trim_matches(['\'', '"']);
        let text = module(address).with_context(|| format!("there is no {address}"))?;
        let names = names.strip_prefix("* as ").unwrap_or(names);
        ensure!(!names.contains(" as "), "an import with another name: {line}");
        writeln!(out, "const {names} = (() => {{\n{}}})();", in_a_function(address, text)?)?;
    }
    Ok(out + &rest + &loader.replace(IMPORT, OWN))
}

/// A module's text as the body of a function that returns what it exports.
fn in_a_function(address: &str, text: &str) -> Result<String> {
    let (mut body, mut names) = (String::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with("import ") {
            bail!("{address} imports something: {line}");
        }
        let exported = line.strip_prefix("export ");
        if let Some(declared) = exported {
            let name = ["class ", "async function ", "function "]
                .into_iter()
                .find_map(|kind| declared.strip_prefix(kind))
                .with_context(|| {
                    format!("{address} exports in a form that is not known: {line}")
                })?;
            names.push(name.split([' ', '(']).next().unwrap_or_default());
        }
        writeln!(body, "{}", exported.unwrap_or(line))?;
    }
    writeln!(body, "return {{ {} }};", names.join(", "))?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADER: &str = include_str!("../../../src/worker/worker_loader.js");
    const GLUE: &str = "import { B } from './b.js';\nimport * as import1 from \"./f.js\"\n\
                        export { __wbg_init as default };\n";

    fn made(glue: &str, b: &str) -> Result<String> {
        one_file(LOADER, glue, |address| match address {
            "./b.js" => Some(b),
            "./f.js" => Some("export async function f(x) {}\nexport function g() {}\n"),
            _ => None,
        })
    }

    #[test]
    fn all_is_in_one_file() {
        let file = made(GLUE, "const A = 1;\nexport class B {\n}\n").unwrap();
        assert!(file.contains("const { B } = (() => {\nconst A = 1;\nclass B {\n}\nreturn { B };"));
        assert!(file.contains("const import1 = (() => {\nasync function f(x) {}\nfunction g() {}"));
        assert!(file.contains("return { f, g };") && file.contains(OWN));
        assert!(!file.contains("import(") && !file.contains("\nimport "), "{file}");
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let wrong = |glue: &str, b: &str| format!("{:#}", made(glue, b).unwrap_err());
        assert!(wrong(GLUE, "export const x = 1;").contains("not known"));
        assert!(wrong(GLUE, "import './c.js';").contains("imports something"));
        assert!(wrong(&GLUE.replace("./b", "./c"), "").contains("no ./c.js"));
        assert!(wrong(&GLUE.replace("{ B }", "{ B as C }"), "").contains("another name"));
        assert!(wrong("", "").contains("export its start"));
    }
}
