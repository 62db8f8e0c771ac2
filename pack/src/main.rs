//! Packs the page's program for its way to the browser: the last step of Trunk's build (Trunk.toml, `hooks`).
//!
//! | module  | what it does                                          |
//! | ------- | ----------------------------------------------------- |
//! | `page`  | what changes in the page: its script and its preloads |
//! | `build` | builds the program that unpacks                       |
//!
//! Why, and what it was measured to bring: docs/performance.md, “Size”.

mod build;
mod page;

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use fwit_unpack::{DICTIONARY, Unpacker};
use lzma_rust2::{Lzma2Options, Lzma2Writer, LzmaOptions};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fwit-pack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Packs the page that Trunk has just built, in the folder that it names.
fn run() -> Result<()> {
    let folder = env::var_os("TRUNK_STAGING_DIR").context(
        "TRUNK_STAGING_DIR is not set: this is a step of Trunk's build (`trunk build`), not a command",
    )?;
    let folder = PathBuf::from(folder);
    let unpacker = build::unpacker()?;
    pack_page(&folder, &unpacker)
}

/// Replaces the page's program by a packed one and what unpacks it.
fn pack_page(folder: &Path, unpacker: &[u8]) -> Result<()> {
    let program = program(folder)?;
    let bytes = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let packed = pack(&bytes)?;
    let name = file_name(&program)?;
    // Named by what is in them: hosts may let browsers keep them. Hosts know what `.bin` is; some refuse what they
    // do not know.
    let packed_name = format!("fwit-{:016x}.lzma2.bin", hash(&packed));
    let unpacker_name = format!("unpack-{:016x}.wasm", hash(unpacker));
    let index = folder.join("index.html");
    let html = fs::read_to_string(&index).with_context(|| format!("cannot read {}", index.display()))?;
    let html = page::with_packed_program(&html, name, &packed_name, &unpacker_name)
        .with_context(|| format!("in {}", index.display()))?;
    write(&folder.join(&packed_name), &packed)?;
    write(&folder.join(&unpacker_name), unpacker)?;
    write(&index, html.as_bytes())?;
    fs::remove_file(&program).with_context(|| format!("cannot remove {}", program.display()))?;
    eprintln!("packed {name}: {} of {} bytes", packed.len(), bytes.len());
    Ok(())
}

/// How the names of programs end that come from wasm-bindgen.
const PROGRAM: &str = "_bg.wasm";

/// The one program of the page.
fn program(folder: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if file_name(&path).is_ok_and(|name| name.ends_with(PROGRAM)) {
            found.push(path);
        }
    }
    let [program] = &found[..] else {
        bail!("{} has {} files *{PROGRAM}; one was expected", folder.display(), found.len());
    };
    Ok(program.clone())
}

/// Raw LZMA2, tried out by unpacking it again.
fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    // Code of wasm has no positions that are worth more than others, and much in it follows from the byte before.
    let lzma_options = LzmaOptions {
        dict_size: DICTIONARY,
        lc: 4,
        lp: 0,
        pb: 0,
        nice_len: LzmaOptions::NICE_LEN_MAX,
        depth_limit: 512,
        ..LzmaOptions::with_preset(9)
    };
    let options = Lzma2Options { lzma_options, ..Lzma2Options::default() };
    let mut writer = Lzma2Writer::new(Vec::new(), options);
    writer.write_all(bytes).and_then(|()| writer.flush()).context("cannot pack")?;
    let packed = writer.finish().context("cannot pack")?;
    let mut unpacker = Unpacker::new();
    let unpacked = unpacker.unpack(&packed).context("what was packed cannot be unpacked")?;
    ensure!(unpacked == bytes, "what was packed unpacks to something else");
    ensure!(unpacker.ended(), "what was packed has no end");
    Ok(packed)
}

/// For a file's name: the same for the same content.
fn hash(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

fn file_name(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("{} has no name in UTF-8", path.display()))
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Text of some 300 kB that packs, but not to nothing.
    fn text() -> Vec<u8> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("i32.const {} local.get {} ", state >> 20, state >> 29)
        };
        std::iter::repeat_with(next).take(12_000).collect::<String>().into_bytes()
    }

    #[test]
    fn what_is_packed_unpacks_in_parts_of_any_size() {
        let text = text();
        let packed = pack(&text).unwrap();
        assert!(packed.len() * 5 < text.len(), "{} of {}", packed.len(), text.len());
        for size in [1, 2, 3, 1_000, 65_536, packed.len()] {
            let mut unpacker = Unpacker::new();
            let mut unpacked = Vec::new();
            for part in packed.chunks(size) {
                assert!(!unpacker.ended());
                unpacked.extend_from_slice(unpacker.unpack(part).unwrap());
            }
            assert!(unpacker.ended());
            assert!(unpacked == text, "parts of {size}");
            assert!(unpacker.unpack(b"more").unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_cut_has_not_ended_and_what_is_no_packed_text_is_refused() {
        let packed = pack(&text()).unwrap();
        for end in [0, 1, 5, packed.len() / 2, packed.len() - 1] {
            let mut unpacker = Unpacker::new();
            unpacker.unpack(&packed[..end]).unwrap();
            assert!(!unpacker.ended(), "{end} of {}", packed.len());
        }
        for foreign in [&b"<!DOCTYPE html><html lang=\"en\">"[..], b"\0asm\x01\0\0\0\x60", &[0x80; 64]] {
            let mut unpacker = Unpacker::new();
            let refused = unpacker.unpack(foreign).is_err();
            // A zero ends LZMA2 as soon as it begins: then nothing was unpacked, and no program is not a program.
            assert!(refused || foreign[0] == 0 && unpacker.ended());
        }
    }

    #[test]
    fn a_page_is_packed_once() {
        let folder = env::temp_dir().join(format!("fwit-pack-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let told = |folder: &Path| format!("{:#}", pack_page(folder, b"unpacker").unwrap_err());
        assert!(told(&folder).contains("has 0 files *_bg.wasm"));
        fs::write(folder.join("fwit-1f_bg.wasm"), text()).unwrap();
        assert!(told(&folder).contains("cannot read"), "{}", told(&folder));
        fs::write(folder.join("index.html"), "").unwrap();
        assert!(told(&folder).contains("is missing"));
        let built = "<link rel=\"preload\" href=\"./fwit-1f_bg.wasm\">\
                     import init, * as bindings from './fwit-1f.js';\nconst wasm = await init({ module_or_path: './fwit-1f_bg.wasm' });";
        fs::write(folder.join("index.html"), built).unwrap();
        pack_page(&folder, b"unpacker").unwrap();
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert!(names[0].starts_with("fwit-") && names[0].ends_with(".lzma2.bin"), "{names:?}");
        assert!(names[1] == "index.html" && names[2].starts_with("unpack-") && names.len() == 3, "{names:?}");
        let page = fs::read_to_string(folder.join("index.html")).unwrap();
        assert!(page.contains(&names[0]) && page.contains(&names[2]), "{page}");
        assert!(told(&folder).contains("has 0 files *_bg.wasm"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
