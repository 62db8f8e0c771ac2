//! The built page, served on a free port for as long as the value lives.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xtask::page::Page as Served;

use crate::given;

/// The page of `FWIT_DIST`.
#[derive(Debug)]
pub struct Page {
    served: Served,
}

impl Page {
    /// Serves the page.
    ///
    /// # Errors
    /// When `FWIT_DIST` or `FWIT_CLUSTER_BIN` is not set, or the page cannot be served.
    pub fn serve() -> Result<Self> {
        Self::serve_folder(&Self::built()?)
    }

    /// Where it was built.
    ///
    /// # Errors
    /// When `FWIT_DIST` is not set.
    pub fn built() -> Result<PathBuf> {
        given::path("FWIT_DIST")
    }

    /// Serves a page that was made otherwise.
    ///
    /// # Errors
    /// When `FWIT_CLUSTER_BIN` is not set, or the folder has no page.
    pub fn serve_folder(folder: &Path) -> Result<Self> {
        Ok(Self { served: Served::serve(&given::path("FWIT_CLUSTER_BIN")?, folder, 0)? })
    }

    /// `http://127.0.0.1:PORT`, as a cluster's `--page-origin` wants it.
    pub fn origin(&self) -> String {
        self.served.origin().to_owned()
    }

    /// The page's URL at a hash route such as `#/library`, or at its start with an empty one.
    pub fn url(&self, route: &str) -> String {
        format!("{}/{route}", self.served.origin())
    }
}
