//! The handshake.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use rustls::server::{Accepted, Acceptor};
use rustls::{CipherSuite, HandshakeKind, NamedGroup, ProtocolVersion, ServerConnection};
#[cfg(feature = "acme")]
use tokio::io::AsyncWriteExt as _;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio_rustls::StartHandshake;

use super::loaded::Loaded;
use super::refuse::{Alert, alert, bytes, cleartext};
use super::{ClientHello, Tls, TlsStream};
use crate::features::{ConnectionInfo, TlsInfo, TlsVersion};
use crate::hyper::connection::{Carries, Protocol, Stream};
use crate::hyper::options::Protocols;

/// What the first byte of a client that speaks TLS is: a record of the handshake.
const HANDSHAKE: u8 = 22;
/// How much of the client's first words is read at once; mostly it is all of them.
const READ: usize = 2 * 1024;

/// A connection whose handshake is done.
pub(in crate::hyper) struct Secured {
    pub(in crate::hyper) stream: TlsStream,
    pub(in crate::hyper) info: TlsInfo,
    pub(in crate::hyper) carries: Option<Carries>,
    pub(in crate::hyper) protocol: Protocol,
}

impl Tls {
    /// Does the handshake with a client of an endpoint that speaks these protocols. `None` if the client only
    /// looked whether a name is this server's, for which a certificate is ordered.
    ///
    /// # Errors
    ///
    /// There is no agreement, which the client was told, or the time ran out.
    pub(in crate::hyper) async fn accept(
        &self,
        stream: Stream,
        connection: &ConnectionInfo,
        protocols: Protocols,
    ) -> io::Result<Option<Secured>> {
        let loaded = self.loaded().map_err(io::Error::other)?;
        let handshake = handshake(&loaded, stream, connection, protocols);
        match loaded.handshake_timeout {
            Some(time) => tokio::time::timeout(time, handshake).await?,
            None => handshake.await,
        }
    }
}

async fn handshake(
    loaded: &Arc<Loaded>,
    mut stream: Stream,
    connection: &ConnectionInfo,
    protocols: Protocols,
) -> io::Result<Option<Secured>> {
    let Some(accepted) = hello(&mut stream).await? else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let hello = accepted.client_hello();
    let name = hello.server_name().map(str::to_owned);
    #[cfg(feature = "acme")]
    if let Some(challenge) = loaded.challenge(&hello) {
        let start = StartHandshake::from_parts(accepted, stream);
        start.into_stream(challenge).await?.shutdown().await?;
        return Ok(None);
    }
    let loaded = match &loaded.choose {
        None => Ok(Arc::clone(loaded)),
        Some(choose) => match choose.call(ClientHello::new(&hello, connection)).await {
            Ok(None) => Ok(Arc::clone(loaded)),
            Ok(Some(tls)) => tls.loaded_aside().await.map_err(|error| error.report()),
            Err(error) => Err(error.to_string()),
        },
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            tracing::error!(target: "transom", error, name, "there is no certificate to choose");
            alert(&mut stream, Alert::InternalError).await;
            return Err(io::Error::other(error));
        }
    };
    loaded.refresh().await;
    let Some(entry) = loaded.entry(name.as_deref()) else {
        alert(&mut stream, Alert::UnrecognizedName).await;
        return Err(io::Error::other("no certificate is for the name"));
    };
    #[cfg(feature = "acme")]
    if let Some(error) = entry.acme().and_then(super::Acme::lack) {
        tracing::debug!(target: "transom", name, "{error}");
        alert(&mut stream, Alert::InternalError).await;
        return Err(io::Error::other(error));
    }
    let protocols = entry.protocols(protocols);
    let start = StartHandshake::from_parts(accepted, stream);
    let done = start.into_stream(entry.config(protocols)).into_fallible();
    let mut stream = match done.await {
        Ok(stream) => TlsStream::new(stream),
        Err((error, mut stream)) => {
            // rustls has sent the alert; it must not be lost to what the client has sent since.
            bytes(&mut stream, &[]).await;
            return Err(error);
        }
    };
    let Some(protocol) = agreed(stream.session().alpn_protocol(), protocols) else {
        bytes(&mut stream, &[]).await;
        return Err(io::Error::other("no protocol was agreed on"));
    };
    let carries = (!loaded.is_of_one_mind()).then(|| {
        let loaded = Arc::clone(&loaded);
        Arc::new(move |host: &str| loaded.may_carry(name.as_deref(), host)) as Carries
    });
    Ok(Some(Secured {
        info: info(stream.session()),
        carries,
        stream,
        protocol,
    }))
}

/// Reads what a client begins with.
///
/// # Errors
///
/// It is not TLS, which the client was told.
async fn hello(stream: &mut Stream) -> io::Result<Option<Accepted>> {
    let mut acceptor = Acceptor::default();
    let mut room = vec![0; READ];
    let mut first = true;
    loop {
        let mut buffer = ReadBuf::new(&mut room);
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut buffer)).await?;
        let mut read = buffer.filled();
        match read.first() {
            None => return Ok(None),
            Some(byte) if first && *byte != HANDSHAKE && byte.is_ascii_uppercase() => {
                cleartext(stream).await;
                return Err(io::Error::other("the client speaks HTTP without TLS"));
            }
            Some(_) => first = false,
        }
        while !read.is_empty() {
            if acceptor.read_tls(&mut read)? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            match acceptor.accept() {
                // What may follow in the same read belongs to early data, which is not accepted.
                Ok(Some(accepted)) => return Ok(Some(accepted)),
                Ok(None) => {}
                Err((error, mut alert)) => {
                    let mut record = Vec::new();
                    alert.write_all(&mut record)?;
                    bytes(stream, &record).await;
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
        }
    }
}

/// Returns the protocol to speak. RFC 9113, section 3.2: HTTP/2 over TLS is agreed on by ALPN alone, so there
/// is nothing to guess from the first bytes.
fn agreed(alpn: Option<&[u8]>, spoken: Protocols) -> Option<Protocol> {
    match alpn {
        Some(b"h2") => Some(Protocol::Http2),
        _ if spoken.contains(Protocols::HTTP1) => Some(Protocol::Http1),
        _ => None,
    }
}

fn info(session: &ServerConnection) -> TlsInfo {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    };
    let mut info = TlsInfo::new(version)
        .with_resumed(session.handshake_kind() == Some(HandshakeKind::Resumed));
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
