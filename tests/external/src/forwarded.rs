//! Which proxies the program believes, and what.

use std::ffi::OsStr;
use std::net::IpAddr;

use transom::{ApplicationBuilder, Error};
use transom_middleware::certificate_forwarding::CertificateForwardingLayer;
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::path_base::PathBaseLayer;

/// What is said of proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forwarded {
    rfc7239: bool,
    /// Those of the whole machine, unless some are named.
    known: Vec<String>,
    limit: Option<usize>,
    prefix: bool,
    path_base: Option<String>,
    /// The form in which they write certificates of clients.
    certificate: Option<String>,
}

/// Takes what is said of proxies out of the arguments.
pub(crate) fn take(arguments: Vec<&OsStr>) -> Result<(Forwarded, Vec<&OsStr>), Error> {
    let (mut forwarded, mut rest) = (Forwarded::default(), Vec::new());
    for argument in arguments {
        match argument.to_str().and_then(|given| given.split_once('=')) {
            Some(("forwarded", "rfc7239")) => forwarded.rfc7239 = true,
            Some(("forwarded", "prefix")) => forwarded.prefix = true,
            Some(("known-proxy", address)) => forwarded.known.push(address.to_owned()),
            Some(("forward-limit", limit)) => {
                forwarded.limit = Some(limit.parse().map_err(invalid)?);
            }
            Some(("path-base", base)) => forwarded.path_base = Some(base.to_owned()),
            Some(("forwarded-certificate", form)) => forwarded.certificate = Some(form.to_owned()),
            _ => rest.push(argument),
        }
    }
    Ok((forwarded, rest))
}

impl Forwarded {
    /// Adds what makes a request the client's again.
    pub(crate) fn add_to(&self, app: ApplicationBuilder) -> Result<ApplicationBuilder, Error> {
        let mut parts = vec![
            ForwardedPart::For,
            ForwardedPart::Proto,
            ForwardedPart::Host,
        ];
        if self.prefix {
            parts.push(ForwardedPart::Prefix);
        }
        let mut layer = match self.rfc7239 {
            true => ForwardedHeadersLayer::rfc7239(parts),
            false => ForwardedHeadersLayer::new(parts),
        };
        let mut certificate = match self.certificate.as_deref() {
            None => None,
            Some("base64") => Some(CertificateForwardingLayer::base64()),
            Some("pem") => Some(CertificateForwardingLayer::pem()),
            Some("rfc9440") => Some(CertificateForwardingLayer::rfc9440()),
            Some(other) => {
                return Err(invalid(format_args!(
                    "`{other}` is no form of a certificate"
                )));
            }
        };
        if !self.known.is_empty() {
            let known: Result<Vec<IpAddr>, _> =
                self.known.iter().map(|address| address.parse()).collect();
            let known = known.map_err(invalid)?;
            certificate = certificate.map(|layer| {
                layer
                    .with_known_proxies(known.iter().copied())
                    .with_known_networks([])
            });
            layer = layer.with_known_proxies(known).with_known_networks([]);
        }
        if self.limit.is_some() {
            layer = layer.with_forward_limit(self.limit);
        }
        let app = app.layer(layer);
        let app = match certificate {
            Some(layer) => app.layer(layer),
            None => app,
        };
        Ok(match &self.path_base {
            Some(base) => app.layer(PathBaseLayer::new(base).map_err(invalid)?),
            None => app,
        })
    }
}

fn invalid(error: impl std::fmt::Display) -> Error {
    Error::configuration(error.to_string())
}
