use std::net::{IpAddr, SocketAddr};

use http::Version;
use transom::features::{ConnectionInfo, Endpoint, ServerVariables, Transport};

/// Returns what the gateway says of the client's connection to it.
///
/// A port that it does not tell is 0. An end without an address is not known.
pub(super) fn connection(variables: &ServerVariables, version: Version) -> ConnectionInfo {
    let quic = version == Version::HTTP_3;
    let remote = end(variables, "REMOTE_ADDR", "REMOTE_PORT", quic);
    let local = end(variables, "SERVER_ADDR", "SERVER_PORT", quic);
    let transport = match remote.as_ref().or(local.as_ref()) {
        Some(Endpoint::Unix(_)) => Transport::Unix,
        _ if quic => Transport::Quic,
        _ => Transport::Tcp,
    };
    let mut info = ConnectionInfo::new(transport);
    if let Some(remote) = remote {
        info = info.with_remote(remote);
    }
    if let Some(local) = local {
        info = info.with_local(local);
    }
    info
}

fn end(variables: &ServerVariables, address: &str, port: &str, quic: bool) -> Option<Endpoint> {
    let address = variables.text(address)?;
    if let Some(path) = address.strip_prefix("unix:") {
        let path = (!path.is_empty()).then(|| path.into());
        return Some(Endpoint::Unix(path));
    }
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = address.parse().ok()?;
    let port = variables.text(port).and_then(|port| port.parse().ok());
    let address = SocketAddr::new(address, port.unwrap_or(0));
    Some(match quic {
        true => Endpoint::Udp(address),
        false => Endpoint::Tcp(address),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_as_the_gateway_says() {
        for (address, port, expected) in [
            ("192.0.2.7", "4000", Some("192.0.2.7:4000")),
            ("2001:db8::7", "4000", Some("[2001:db8::7]:4000")),
            ("192.0.2.7", "", Some("192.0.2.7:0")),
            ("unix:", "", Some("unix:")),
            ("a.test", "80", None),
            ("", "80", None),
        ] {
            let variables = [("REMOTE_ADDR", address), ("REMOTE_PORT", port)];
            let info = connection(&variables.into_iter().collect(), Version::HTTP_11);
            let remote = info.remote().map(ToString::to_string);
            assert_eq!(remote.as_deref(), expected, "{address} {port}");
            assert!(info.local().is_none());
        }
    }
}
