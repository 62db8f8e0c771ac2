//! A plan as text for a URL: its compact JSON, deflated, in base64url.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::{Plan, Problem, wire};

/// Most bytes a link's plan may unfold to.
const LINK_MAX: u64 = 256 * 1024;

/// The plan as the value of a `plan=` parameter.
#[must_use]
pub fn to_link(plan: &Plan) -> String {
    let json = crate::json::write(&wire::to_file(plan));
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    let packed =
        deflate.write_all(json.as_bytes()).and_then(|()| deflate.finish()).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(packed)
}

/// Reads a plan from the value of a `plan=` parameter.
///
/// # Errors
/// What is wrong with the link, or all problems of the plan in it.
pub fn from_link(text: &str) -> Result<Plan, Vec<Problem>> {
    let broken = |what: &str| {
        vec![Problem::new("", format!("The plan in this link can't be read: {what}."))]
    };
    let packed =
        URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| broken("it is cut off or changed"))?;
    let mut json = String::new();
    let mut inflate = DeflateDecoder::new(packed.as_slice()).take(LINK_MAX + 1);
    inflate.read_to_string(&mut json).map_err(|_| broken("it is cut off or changed"))?;
    if json.len() as u64 > LINK_MAX {
        return Err(broken("it is too large"));
    }
    wire::read(&json)
}

#[cfg(test)]
mod tests {
    use super::super::preset;
    use super::*;

    #[test]
    fn a_link_gives_the_same_plan() {
        let plan = preset("quick").unwrap();
        let link = to_link(&plan);
        assert!(
            link.len() < 1_000
                && link.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(from_link(&link), Ok(plan));
    }

    #[test]
    fn broken_links_are_errors() {
        let link = to_link(&preset("quick").unwrap());
        for cut in 0..link.len() {
            assert!(from_link(&link[..cut]).is_err(), "cut at {cut}");
        }
        assert!(from_link("%%%").is_err());
    }
}
