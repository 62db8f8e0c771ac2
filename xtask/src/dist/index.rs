//! `index.html` as Trunk writes it, made into one without inline scripts that works under a strict
//! Content-Security-Policy.
//!
//! Invariant: what is not understood is an error, never left as it is.

use anyhow::{Context as _, Result, bail, ensure};

/// The policy of the hosted page. What is not named is refused. The cluster may be anywhere, so
/// connections may go anywhere; `wasm-unsafe-eval` admits the compiling of WebAssembly, and no
/// script.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src \
                          'self'; style-src 'self'; img-src 'self'; connect-src *; \
                          base-uri 'none'; form-action 'none'";

/// Where the page finds the list of published runs.
pub const RUNS: &str = "runs/index.json";

/// What becomes of index.html.
#[derive(Debug)]
pub struct Split {
    /// It, without scripts of its own.
    pub html: String,
    /// Its first script, which watches the loading.
    pub first: String,
    /// The module that starts the program.
    pub start: String,
}

/// Takes the scripts out of Trunk's `html`, points at the folder `build`, where all files of the
/// build are, and adds what only the hosted page has. `at` is the last part of the path that the
/// page may be served at without a slash.
///
/// # Errors
/// When something in it is not as Trunk 0.21 and our index.html have it.
pub fn split(html: &str, build: &str, at: &str) -> Result<Split> {
    let (html, first) = take(html, "<script>", &format!("<script src=\"./{build}/first.js\">"))?;
    let (html, start) = take(
        &html,
        "<script type=\"module\">",
        &format!("<script type=\"module\" src=\"./{build}/start.js\">"),
    )?;
    // Trunk's links; what we add below comes with its place.
    let html = html.replace("href=\"./", &format!("href=\"./{build}/"));
    let html = once(&html, "href=\"data:,\"", &format!("href=\"./{build}/icon.svg\""))?;
    let charset = "<meta charset=\"utf-8\" />";
    let head = format!(
        "{charset}
    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\" />
    <meta name=\"fwit-runs\" content=\"./{RUNS}\" />
    <script src=\"./{at}/slash.js\"></script>"
    );
    let html = once(&html, charset, &head)?;
    check(&html)?;
    Ok(Split { html, first, start: in_its_folder(&start)? })
}

/// Takes out the text of the one script that begins with `tag`, and puts `with` in the tag's place.
fn take(html: &str, tag: &str, with: &str) -> Result<(String, String)> {
    let (before, rest) = html.split_once(tag).with_context(|| format!("no {tag} in index.html"))?;
    let (script, after) = rest.split_once("</script>").context("a script does not end")?;
    ensure!(!after.contains(tag), "more than one {tag} in index.html");
    Ok((format!("{before}{with}</script>{after}"), script.to_owned()))
}

fn once(text: &str, old: &str, new: &str) -> Result<String> {
    let found = text.matches(old).count();
    ensure!(found == 1, "`{old}` is {found} times in index.html, not once");
    Ok(text.replacen(old, new, 1))
}

/// Trunk's start module fetches the program by an address that is relative to the page.
fn in_its_folder(start: &str) -> Result<String> {
    let mut quoted = start.split('\'').filter(|text| text.ends_with("_bg.wasm"));
    let (Some(program), None) = (quoted.next(), quoted.next()) else {
        bail!("Trunk's start module does not name one program");
    };
    Ok(start.replace(&format!("'{program}'"), &format!("new URL('{program}', import.meta.url)")))
}

/// The addresses that a page's own text names, without those that lead to a place in itself.
pub fn references(html: &str) -> Vec<&str> {
    let after = |attribute| html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    after(" href=\"")
        .chain(after(" src=\""))
        .filter(|address| !address.starts_with('#') && !address.is_empty())
        .collect()
}

/// Nothing is left that the policy refuses, and nothing that only some addresses of the page find.
fn check(html: &str) -> Result<()> {
    for tag in html.split("<script").skip(1).filter_map(|rest| rest.split('>').next()) {
        ensure!(tag.contains(" src=\""), "index.html has an inline script that is not known");
    }
    for refused in ["<style", " style=", "javascript:", "<base"] {
        ensure!(!html.contains(refused), "index.html has `{refused}`, which the policy refuses");
    }
    let handler = |word: &str| word.starts_with("on") && word.contains("=\"");
    if let Some(found) = html.split_whitespace().find(|word| handler(word)) {
        bail!("index.html has the inline handler `{found}`, which the policy refuses");
    }
    if let Some(other) = references(html).into_iter().find(|address| !address.starts_with("./")) {
        bail!("index.html names `{other}`, which is not beside it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<html><head>
    <meta charset="utf-8" />
    <link rel="icon" href="data:," />
    <script>
      const cannotLoad = 1;
    </script>
    <link rel="stylesheet" href="./base-1.css" integrity="sha384-x"/>
<script type="module">
import init from './fwit-1.js';
const wasm = await start(init, './fwit-1_bg.wasm', 5);
</script>
  <link rel="modulepreload" href="./fwit-1.js" integrity="sha384-y"></head>
  <body><a href="#/">New</a></body></html>"##;

    #[test]
    fn scripts_become_files_and_links_lead_to_the_build() {
        let made = split(PAGE, "fwit-0a", "fwit").unwrap();
        assert_eq!(made.first.trim(), "const cannotLoad = 1;");
        assert!(made.start.contains("(init, new URL('./fwit-1_bg.wasm', import.meta.url), 5)"));
        assert!(made.start.contains("from './fwit-1.js'"));
        assert_eq!(
            references(&made.html),
            [
                "./fwit-0a/icon.svg",
                "./fwit-0a/base-1.css",
                "./fwit-0a/fwit-1.js",
                "./fwit/slash.js",
                "./fwit-0a/first.js",
                "./fwit-0a/start.js"
            ]
        );
        assert!(made.html.contains("integrity=\"sha384-x\""));
        // The policy comes before everything that it is about.
        let place = |text: &str| made.html.find(text).unwrap();
        assert!(place("Content-Security-Policy") < place("<script"));
        assert!(!POLICY.contains("'unsafe-inline'") && !POLICY.contains("'unsafe-eval'"));
    }

    #[test]
    fn what_the_policy_would_refuse_is_an_error() {
        let wrong = |old: &str, new: &str| {
            let page = PAGE.replacen(old, new, 1);
            format!("{:#}", split(&page, "b", "fwit").unwrap_err())
        };
        assert!(wrong("<body>", "<body><script defer>x()</script>").contains("inline script"));
        assert!(wrong("<body>", "<body style=\"a:b\">").contains("` style=`"));
        assert!(wrong("<body>", "<body onload=\"x()\">").contains("onload"));
        assert!(wrong("href=\"#/\"", "href=\"/x\"").contains("`/x`"));
        assert!(wrong("href=\"data:,\"", "href=\"./icon\"").contains("0 times"));
        assert!(wrong("_bg.wasm", ".wasm").contains("one program"));
        assert!(wrong("<script>", "<script async>").contains("no <script>"));
        assert!(wrong("<body>", "<body><script></script>").contains("more than one"));
    }
}
