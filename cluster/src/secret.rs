//! The secret that the nodes of a cluster share: only who sends it may speak to a peer port.
//!
//! Pages of any site reach those ports too. They cannot read the file, and a browser asks before it
//! sends a header of this name for them.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Once;

use anyhow::Context;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use subtle::ConstantTimeEq;

/// The header that carries it from node to node.
const HEADER: HeaderName = HeaderName::from_static("x-fwit-peer-secret");
/// Its file, in the data folder that all nodes of a cluster share.
const FILE: &str = "peer-secret";
const BYTES: usize = 32;

/// The secret of a cluster.
#[derive(Debug, Clone)]
pub struct Secret(HeaderValue);

impl Secret {
    /// Reads the secret of the cluster whose data are in `folder`; the first node to come makes it.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or the file holds something else.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(folder, &path).with_context(|| format!("cannot make {}", path.display()))?;
                std::fs::read_to_string(&path)
            }
            read => read,
        };
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let text = text.trim_end();
        anyhow::ensure!(
            text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{} holds no secret; stop all nodes, remove it, and start them again",
            path.display()
        );
        let mut value = HeaderValue::try_from(text)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// What a node sends with each request to a peer port.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([(HEADER, self.0.clone())])
    }

    /// Whether a request with these headers comes from a node of this cluster.
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        let Some(given) = headers.get(HEADER) else { return false };
        let known = same(given.as_bytes(), self.0.as_bytes());
        if !known {
            // Pages cannot send the header. Said once: nodes ask several times a second.
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                tracing::error!(
                    "a node with another {FILE} calls; give all nodes of a cluster the same --data"
                );
            });
        }
        known
    }
}

/// Whether two secrets are the same; how long it takes does not tell where they differ.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Writes a secret aside, then puts it in its place whole, unless another node was faster.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // Only its owner may read a file of tempfile's.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn whoever_comes_first_makes_it_and_all_have_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Secret::open(folder.path()).unwrap();
        let secrets: Vec<Secret> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| secret.is_in(&open().headers())));
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing else is left: {names:?}");
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{:?}", secrets[0]).contains(secrets[0].0.to_str().unwrap()));
    }

    #[test]
    fn another_secret_does_not_fit() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, other] = folders.each_ref().map(|folder| Secret::open(folder.path()).unwrap());
        assert!(!one.is_in(&other.headers()));
        assert!(!one.is_in(&HeaderMap::new()));
        let part = HeaderValue::try_from(&one.0.to_str().unwrap()[1..]).unwrap();
        assert!(!one.is_in(&HeaderMap::from_iter([(HEADER, part)])));
    }

    #[test]
    fn a_file_that_holds_no_secret_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "\n", "short", &"g".repeat(2 * BYTES)] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let error = Secret::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains(FILE) && error.contains("remove it"), "{text:?}: {error}");
        }
    }
}
