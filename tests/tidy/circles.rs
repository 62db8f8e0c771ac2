//! Circles of files that import each other, read from the text of a package's sources.
//!
//! Reads `use` items and written-out paths that begin with `crate`, `super` or `self`, and follows
//! `pub use` to the file where a name lives. What stands behind `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module's path below the crate's root.
type Module = Vec<String>;

/// The circles below a `src` folder, each as the names of its files.
pub fn of(src: &Path) -> Vec<Vec<String>> {
    let modules = modules(src);
    circles(&arrows(&modules))
        .into_iter()
        .map(|circle| circle.iter().map(|m| modules[m].0.display().to_string()).collect())
        .collect()
}

/// Every module with its file and its code: no comments, no texts, no tests.
fn modules(src: &Path) -> BTreeMap<Module, (PathBuf, String)> {
    let mut found = BTreeMap::new();
    for path in super::rust_files(src) {
        let below = path.strip_prefix(src).unwrap().with_extension("");
        let mut module: Module = below.iter().map(|p| p.to_str().unwrap().to_string()).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        if module.last().is_some_and(|m| m == "tests" || m.ends_with("_tests")) {
            continue;
        }
        let text = code(&fs::read_to_string(&path).unwrap());
        // A program's main.rs stands beside lib.rs under the same name; the library is looked at.
        if path.ends_with("main.rs") && found.contains_key(&module) {
            continue;
        }
        found.insert(module, (path, text));
    }
    found
}

fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut line = line;
        if let Some(at) = line.find("//") {
            // A comment, or the `//` of an address in a text.
            if line[..at].matches('"').count() % 2 == 0 {
                line = &line[..at];
            }
        }
        for c in line.chars() {
            quoted ^= c == '"';
            if !quoted {
                out.push(c);
            }
        }
        out.push('\n');
    }
    out
}

/// The paths of a `use` item: `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.trim().to_string()];
    };
    let (head, inside) = (&tree[..open], &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())]);
    let (mut depth, mut part, mut out) = (0_i32, String::new(), Vec::new());
    for c in inside.chars().chain([',']) {
        if c == ',' && depth == 0 {
            if !part.trim().is_empty() {
                out.extend(expand(&part).iter().map(|p| format!("{head}{p}")));
            }
            part.clear();
            continue;
        }
        depth += i32::from(c == '{') - i32::from(c == '}');
        part.push(c);
    }
    out
}

/// `(is it public, path)` of every `use` item, and the code without them.
fn uses(text: &str) -> (Vec<(bool, String)>, String) {
    let (mut list, mut rest) = (Vec::new(), String::new());
    let mut items = text;
    while let Some(at) = items.find("use ") {
        let (before, after) = items.split_at(at);
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        let starts = line.is_empty() || line.starts_with("pub");
        let Some(end) = after.find(';').filter(|_| starts) else {
            rest.push_str(before);
            rest.push_str("use ");
            items = &after[4..];
            continue;
        };
        rest.push_str(before);
        list.extend(expand(&after[4..end]).into_iter().map(|path| (line.starts_with("pub"), path)));
        items = &after[end + 1..];
    }
    rest.push_str(items);
    (list, rest)
}

/// Paths written out in the code: `crate::a::b`, `super::c`.
fn written(text: &str) -> Vec<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    text.split(|c: char| !word(c))
        .filter(|path| ["crate::", "super::", "self::"].iter().any(|start| path.starts_with(start)))
        .map(ToString::to_string)
        .collect()
}

/// A path from the crate's root, where it is one of this crate.
fn absolute(
    modules: &BTreeMap<Module, (PathBuf, String)>,
    of: &Module,
    path: &str,
) -> Option<Module> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).filter(|p| !p.is_empty()).collect();
    let mut base = of.clone();
    match *parts.first()? {
        "crate" => {
            base.clear();
            parts.remove(0);
        }
        "super" | "self" => {
            while let Some(first) =
                parts.first().copied().filter(|p| matches!(*p, "super" | "self"))
            {
                if first == "super" {
                    base.pop();
                }
                parts.remove(0);
            }
        }
        first => {
            let mut child = of.clone();
            child.push(first.to_string());
            modules.get(&child)?;
        }
    }
    base.extend(parts.into_iter().map(ToString::to_string));
    Some(base)
}

type Reexports = BTreeMap<(Module, String), Module>;

/// The module in whose file a path ends.
fn home(
    modules: &BTreeMap<Module, (PathBuf, String)>,
    reexports: &Reexports,
    path: &[String],
    left: u8,
) -> Option<Module> {
    let n = (0..=path.len()).rev().find(|n| modules.contains_key(&path[..*n]))?;
    let module = path[..n].to_vec();
    let Some(name) = path.get(n) else { return Some(module) };
    match reexports.get(&(module.clone(), name.clone())) {
        Some(to) if left > 0 => {
            let to: Module = to.iter().chain(&path[n + 1..]).cloned().collect();
            home(modules, reexports, &to, left - 1)
        }
        _ => Some(module),
    }
}

fn arrows(modules: &BTreeMap<Module, (PathBuf, String)>) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut reexports = Reexports::new();
    let mut paths: BTreeMap<&Module, Vec<String>> = BTreeMap::new();
    for (module, (_, text)) in modules {
        let (uses, rest) = uses(text);
        let list = paths.entry(module).or_default();
        for (public, path) in uses {
            match absolute(modules, module, &path) {
                Some(to) if public => {
                    if let Some(name) = to.last() {
                        reexports.insert((module.clone(), name.clone()), to.clone());
                    }
                }
                _ => list.push(path),
            }
        }
        list.extend(written(&rest));
    }
    let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, list) in paths {
        let to = arrows.entry(module.clone()).or_default();
        let found = list.iter().filter_map(|path| absolute(modules, module, path));
        to.extend(found.filter_map(|p| home(modules, &reexports, &p, 8)).filter(|t| t != module));
    }
    arrows
}

/// The sets of two or more modules that can each be reached from the others.
fn circles(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<Module>> {
    let reach = |from: &Module| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = next.pop() {
            for to in arrows.get(&module).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|m| (m, reach(m))).collect();
    let mut found: BTreeSet<Vec<Module>> = BTreeSet::new();
    for (module, to) in &reached {
        if to.contains(*module) {
            let circle = to.iter().filter(|t| reached.get(t).is_some_and(|r| r.contains(*module)));
            found.insert(circle.cloned().collect());
        }
    }
    found.into_iter().collect()
}

#[test]
fn circles_are_found_through_names_that_are_handed_on() {
    let folder = std::env::temp_dir().join(format!("fwit-circles-{}", std::process::id()));
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    fs::create_dir_all(&folder).unwrap();
    write("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::{One, Two as Other};\n");
    write("a.rs", "use crate::{\n    c,\n    b::Three,\n};\npub struct One;");
    write("b.rs", "// use crate::c;\npub struct Three;\nfn of() { let _ = \"crate::c\"; }\n");
    write("c.rs", "#[cfg(test)]\nmod tests {\n use crate::a::One; }\n");
    assert_eq!(of(&folder), Vec::<Vec<String>>::new());
    write("c.rs", "fn of(_: crate::One) {}\n");
    let found = of(&folder);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found.len(), 1);
    let names: Vec<&str> = found[0].iter().filter_map(|f| f.rsplit('/').next()).collect();
    assert_eq!(names, ["a.rs", "c.rs"]);
}
