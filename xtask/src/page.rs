//! The built page, served by `fwit-cluster page`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::service::Service;

/// How long the server may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The page, served until this is stopped or dropped.
#[derive(Debug)]
pub struct Page {
    service: Service,
    origin: String,
}

impl Page {
    /// Starts `program page FOLDER`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the program is missing, the folder has no page, the port is taken, or a signal stops
    /// us.
    pub fn serve(program: &Path, folder: &Path, port: u16) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("page").arg(folder).args(["--port", &port.to_string(), "--exit-on-stdin-eof"]);
        let mut origin = String::new();
        let service = Service::start("the page's server", &mut command, PATIENCE, |line| {
            let told = line.strip_prefix("page: ");
            origin = told.unwrap_or_default().to_owned();
            Ok(told.is_some())
        })?;
        Ok(Self { service, origin })
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Stops the server.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(self) -> Result<()> {
        self.service.stop()
    }
}
