use bytes::Bytes;
use rustls::{CipherSuite, HandshakeKind, NamedGroup, ProtocolVersion, ServerConnection};
use transom::features::{TlsInfo, TlsVersion};

/// Returns what an application is told of a handshake that is done: version, cipher suite, key exchange, the name and
/// the protocol that were asked for, and the client's certificates.
pub(super) fn tls_info(session: &ServerConnection) -> TlsInfo {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    };
    let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    let mut info = TlsInfo::new(version).with_resumed(resumed);
    if let Some(suite) = session.negotiated_cipher_suite() {
        info = info.with_cipher_suite(suite_name(suite.suite()));
    }
    if let Some(group) = session.negotiated_key_exchange_group() {
        info = info.with_key_exchange(group_name(group.name()));
    }
    if let Some(name) = session.server_name() {
        info = info.with_server_name(name);
    }
    if let Some(protocol) = session.alpn_protocol() {
        info = info.with_protocol(protocol);
    }
    if let Some(chain) = session.peer_certificates() {
        let chain = chain.iter().map(|one| Bytes::copy_from_slice(one));
        info = info.with_client_certificates(chain.collect());
    }
    info
}

/// rustls writes `TLS13_` where IANA writes `TLS_`.
fn suite_name(suite: CipherSuite) -> String {
    match suite.as_str() {
        Some(name) => name.replacen("TLS13_", "TLS_", 1),
        None => format!("{suite:?}"),
    }
}

fn group_name(group: NamedGroup) -> String {
    match group {
        NamedGroup::X25519 => "x25519".to_owned(),
        NamedGroup::X448 => "x448".to_owned(),
        group => group
            .as_str()
            .map_or_else(|| format!("{group:?}"), str::to_owned),
    }
}
