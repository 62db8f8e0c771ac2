//! Whether a port is free.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use anyhow::{Context as _, Result, bail};

/// Checks that a port is free on both loopback addresses.
///
/// # Errors
/// When it is not: which address has it taken, or what the system said.
pub fn check_free(port: u16) -> Result<()> {
    for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        match TcpListener::bind((address, port)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                bail!("port {port} is taken by another program (on {address})")
            }
            // No IPv6 here.
            Err(_) if address.is_ipv6() => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot listen on {address}:{port}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = check_free(port).unwrap_err().to_string();
        assert_eq!(error, format!("port {port} is taken by another program (on 127.0.0.1)"));
    }
}
