//! Saves pictures of the page at hash routes: light and dark, 1280 and 400 pixels wide.
//! Run it as `cargo xtask screenshots DIR [ROUTE...]`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fwit_e2e::{Browser, Page, Scheme};

const SIZES: [(u32, u32); 2] = [(1280, 800), (400, 800)];
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().context("usage: screenshots DIR ROUTE...")?);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let page = Page::serve()?;
    let browser = Browser::start()?;
    let mut errors = Vec::new();
    for route in words {
        for scheme in [Scheme::Light, Scheme::Dark] {
            for (width, height) in SIZES {
                browser.set_scheme(scheme)?;
                browser.resize(width, height)?;
                // From a blank page, or a change of the hash alone would load nothing.
                browser.open("about:blank")?;
                browser.open(&page.url(&route))?;
                // The page has started, its fonts are there, and it has drawn twice since.
                browser.wait("document.documentElement.dataset.fwit", PATIENCE)?;
                browser.eval(
                    "await document.fonts.ready;
                     for (let i = 0; i < 2; i++) await new Promise((drawn) => \
                     requestAnimationFrame(drawn));",
                    &[],
                )?;
                let path =
                    folder.join(format!("{}-{}-{width}.png", file_name(&route), scheme.name()));
                browser.screenshot(&path)?;
                println!("{}", path.display());
                errors.extend(
                    browser.console_errors()?.into_iter().map(|error| format!("{route}: {error}")),
                );
            }
        }
    }
    if !errors.is_empty() {
        errors.dedup();
        bail!("the pictures were taken, but the console had errors:\n{}", errors.join("\n"));
    }
    Ok(())
}

/// A route as a file name: `#/run/1?a=b` is `run-1-a-b`, the start is `start`.
fn file_name(route: &str) -> String {
    let name: String =
        route.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join("-");
    if name.is_empty() { "start".to_owned() } else { name }
}
