//! Which file a request's target names, and what the browser must know about it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A folder whose files, and no others, are served.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// A file's content and the headers that depend on it.
#[derive(Debug)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    pub(super) content_type: &'static str,
    /// Quoted; changes with the file's size or time.
    pub(super) etag: String,
}

impl Folder {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: root.canonicalize()? })
    }

    /// The file that a request's target names, read anew each time: the page may be rebuilt while it is served.
    pub(super) fn read(&self, target: &str) -> Option<File> {
        let path = self.root.join(relative(target)?).canonicalize().ok()?;
        // A symbolic link could point anywhere.
        if !path.starts_with(&self.root) {
            return None;
        }
        let meta = fs::metadata(&path).ok()?;
        if !meta.is_file() {
            return None;
        }
        let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let content = fs::read(&path).ok()?;
        let etag = format!("\"{:x}-{:x}\"", content.len(), changed.as_nanos());
        Some(File { content_type: content_type(&path), content, etag })
    }
}

/// The path below the root; none for a target that is no plain path.
fn relative(target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = decode(path)?;
    if path.is_empty() {
        return Some(PathBuf::from("index.html"));
    }
    let plain = |part: &&str| !matches!(*part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    let parts: Vec<&str> = path.split('/').collect();
    parts.iter().all(plain).then(|| parts.iter().collect())
}

/// Undoes percent-encoding; none when it is broken or not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// What Trunk's output and a page's assets consist of. A browser compiles wasm while it streams only if it is
/// called `application/wasm`.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_name_a_file() {
        let plain = |target| relative(target).map(|path| path.to_string_lossy().replace('\\', "/"));
        assert_eq!(plain("/").as_deref(), Some("index.html"));
        assert_eq!(plain("/?a=b").as_deref(), Some("index.html"));
        assert_eq!(plain("/a/b%20c.js?v=1").as_deref(), Some("a/b c.js"));
        for target in [
            "",
            "a",
            "//a",
            "/a/",
            "/..",
            "/../a",
            "/a/../b",
            "/%2e%2e/a",
            "/a%2f..%2fb",
            "/..%5ca",
            "/c:/a",
            "/a%00",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%ff",
        ] {
            assert_eq!(plain(target), None, "{target}");
        }
    }
}
