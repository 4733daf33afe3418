//! The addresses that settings ask for.

use super::key::Key;
use super::layer::{Given, Layers};
use super::parse;
use crate::contract::Error;
use crate::features::ServerAddress;

/// Returns the addresses of `urls`, or else those that the ports mean; and a warning if the ports are
/// given in vain.
pub(super) fn resolve(layers: &Layers) -> Result<(Vec<ServerAddress>, Option<String>), Error> {
    let ports = [
        ("http", layers.get(Key::HttpPorts)),
        ("https", layers.get(Key::HttpsPorts)),
    ];
    let mut expanded = Vec::new();
    for (scheme, given) in ports {
        if let Some(given) = given {
            for text in parse::list(&given.value) {
                let port = parse::port(given, text)?;
                expanded.push(address(given, &format!("{scheme}://*:{port}"))?);
            }
        }
    }
    let mut urls = Vec::new();
    if let Some(given) = layers.get(Key::Urls) {
        for text in parse::list(&given.value) {
            urls.push(address(given, text)?);
        }
    }
    if urls.is_empty() {
        return Ok((expanded, None));
    }
    let shown = |addresses: &[ServerAddress]| {
        let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        shown.join(";")
    };
    let warning = (!expanded.is_empty()).then(|| {
        format!(
            "Overriding {}, which http_ports and https_ports ask for, with {} from urls",
            shown(&expanded),
            shown(&urls)
        )
    });
    Ok((urls, warning))
}

fn address(given: &Given, text: &str) -> Result<ServerAddress, Error> {
    text.parse().map_err(|error| given.error(error))
}
