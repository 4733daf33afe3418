//! A client that sends what it is told to, and reads no more than that.

use std::net::Ipv4Addr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig};

use super::server::Server;
use crate::support::within;

pub(super) const DATA: u64 = 0;
pub(super) const HEADERS: u64 = 1;

/// The codes of RFC 9114, section 8.1, that are expected.
pub(super) const NO_ERROR: u64 = 0x100;
pub(super) const FRAME_UNEXPECTED: u64 = 0x105;
pub(super) const EXCESSIVE_LOAD: u64 = 0x107;
pub(super) const REQUEST_REJECTED: u64 = 0x10b;
pub(super) const MESSAGE_ERROR: u64 = 0x10e;

/// `GET / HTTP/3` of `https://a`, by the static table.
pub(super) const GET: &[u8] = b"\x00\x00\xd1\xd7\x50\x01a\xc1";
/// As [`GET`], with `POST`.
pub(super) const POST: &[u8] = b"\x00\x00\xd4\xd7\x50\x01a\xc1";

pub(super) struct Client {
    pub(super) connection: quinn::Connection,
    _control: SendStream,
    _endpoint: Endpoint,
}

impl Client {
    /// Connects, and has room for so many bytes of each response that was not read.
    pub(super) async fn connect(to: &Server, window: u32) -> Result<Self, ConnectionError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(to.roots())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let tls = QuicClientConfig::try_from(tls).unwrap();
        let mut config = quinn::ClientConfig::new(Arc::new(tls));
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(window.into());
        config.transport_config(Arc::new(transport));
        let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        endpoint.set_default_client_config(config);
        let connection = within(endpoint.connect(to.address(), "localhost").unwrap()).await?;
        let mut control = connection.open_uni().await?;
        // A control stream, with empty SETTINGS.
        control.write_all(&[0x00, 0x04, 0x00]).await.unwrap();
        Ok(Self {
            connection,
            _control: control,
            _endpoint: endpoint,
        })
    }

    /// Sends a request without a body.
    pub(super) async fn ask(&self, section: &[u8]) -> RecvStream {
        let (mut send, receive) = self.begin(&headers(section)).await;
        send.finish().unwrap();
        receive
    }

    /// Opens the stream of a request, and sends these bytes.
    pub(super) async fn begin(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, receive) = within(self.connection.open_bi()).await.unwrap();
        within(send.write_all(bytes)).await.unwrap();
        (send, receive)
    }

    /// Waits until the server closes, and returns its code.
    pub(super) async fn closed(&self) -> u64 {
        match within(self.connection.closed()).await {
            ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
            other => panic!("{other}"),
        }
    }
}

/// A frame with fields.
pub(super) fn headers(section: &[u8]) -> Vec<u8> {
    frame(HEADERS, section)
}

/// A frame with a part of a body.
pub(super) fn data(data: &[u8]) -> Vec<u8> {
    frame(DATA, data)
}

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap() | 0x4000;
    let mut frame = vec![kind as u8];
    frame.extend(length.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A section of fields, each written out.
pub(super) fn section(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut section = vec![0, 0];
    for (name, value) in fields {
        match name.len() {
            short @ 0..7 => section.push(0x20 | short as u8),
            long => section.extend([0x27, u8::try_from(long - 7).unwrap()]),
        }
        section.extend(name.as_bytes());
        assert!(value.len() < 0x7f);
        section.push(value.len() as u8);
        section.extend(value.as_bytes());
    }
    section
}

/// Reads a frame, and returns its kind and what it holds. `None` at the end.
pub(super) async fn next_frame(receive: &mut RecvStream) -> Option<(u64, Vec<u8>)> {
    let kind = next_integer(receive).await?;
    let length = next_integer(receive).await.unwrap();
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    within(receive.read_exact(&mut payload)).await.unwrap();
    Some((kind, payload))
}

async fn next_integer(receive: &mut RecvStream) -> Option<u64> {
    let mut bytes = vec![0];
    within(receive.read(&mut bytes)).await.unwrap()?;
    let mut rest = vec![0; (1 << (bytes[0] >> 6)) - 1];
    within(receive.read_exact(&mut rest)).await.unwrap();
    bytes.extend(rest);
    Some(integer(&mut &bytes[..]))
}

/// A response that was read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Reads a response to its end. An error is the code of a reset.
pub(super) async fn reply(mut receive: RecvStream) -> Result<Reply, u64> {
    let bytes = match within(receive.read_to_end(10_000_000)).await {
        Ok(bytes) => bytes,
        Err(quinn::ReadToEndError::Read(quinn::ReadError::Reset(code))) => {
            return Err(code.into_inner());
        }
        Err(error) => panic!("{error}"),
    };
    let mut rest = &bytes[..];
    let mut reply = Reply {
        status: 0,
        body: Vec::new(),
    };
    while !rest.is_empty() {
        let kind = integer(&mut rest);
        let length = integer(&mut rest) as usize;
        let (payload, behind) = rest.split_at(length);
        rest = behind;
        match kind {
            HEADERS => reply.status = status(payload),
            DATA => reply.body.extend(payload),
            other => panic!("a frame {other}"),
        }
    }
    Ok(reply)
}

/// Returns the status, which comes first: of the static table, or by its name from there.
pub(super) fn status(section: &[u8]) -> u16 {
    match section[2..] {
        [0xd9, ..] => 200,
        [0xdb, ..] => 404,
        [0xdc, ..] => 503,
        [0x5f, 0x09, 3, ..] => std::str::from_utf8(&section[5..8])
            .unwrap()
            .parse()
            .unwrap(),
        _ => panic!("an unexpected status: {section:x?}"),
    }
}

fn integer(rest: &mut &[u8]) -> u64 {
    let length = 1 << (rest[0] >> 6);
    let (value, behind) = rest.split_at(length);
    *rest = behind;
    let first = u64::from(value[0] & 0x3f);
    value[1..]
        .iter()
        .fold(first, |value, byte| value << 8 | u64::from(*byte))
}
