//! A client that sends whatever frames it likes.

use std::fmt;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Running, within};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

pub(super) const NO_ERROR: u32 = 0;
pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;
pub(super) const HTTP_1_1_REQUIRED: u32 = 13;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The fields of a plain request.
pub(super) const GET: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/"),
    (":authority", "a"),
];

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// Returns the error code of a RST_STREAM or a GOAWAY.
    pub(super) fn code(&self) -> u32 {
        let code = match self.kind {
            RST_STREAM => &self.payload[..4],
            GOAWAY => &self.payload[4..8],
            _ => panic!("{self:?} has no code"),
        };
        u32::from_be_bytes(code.try_into().unwrap())
    }

    /// Returns what a GOAWAY says beside its code.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload[8..]).into_owned()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, flags, stream) = (self.kind, self.flags, self.stream);
        let payload = self.payload.escape_ascii();
        write!(
            f,
            "frame of type {kind}, flags {flags:#x}, stream {stream}: {payload:.80}"
        )
    }
}

pub(super) struct Peer(pub(super) TcpStream);

impl Peer {
    /// Connects, and sends the preface with these settings.
    pub(super) async fn with_settings(server: &Running, settings: &[(u16, u32)]) -> Self {
        let mut peer = Self(TcpStream::connect(server.address).await.unwrap());
        let mut bytes = PREFACE.to_vec();
        let settings = settings.iter().flat_map(|(name, value)| {
            let (name, value) = (name.to_be_bytes(), value.to_be_bytes());
            name.into_iter().chain(value)
        });
        bytes.extend(frame(SETTINGS, 0, 0, &settings.collect::<Vec<_>>()));
        bytes.extend(frame(SETTINGS, ACK, 0, &[]));
        peer.send(&bytes).await;
        peer
    }

    pub(super) async fn open(server: &Running) -> Self {
        Self::with_settings(server, &[]).await
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        within(self.0.write_all(bytes)).await.unwrap();
    }

    /// Sends bytes, unless the server has closed.
    pub(super) async fn send_if_open(&mut self, bytes: &[u8]) -> bool {
        within(self.0.write_all(bytes)).await.is_ok()
    }

    /// Sends a request without a body.
    pub(super) async fn request(&mut self, stream: u32, fields: &[(&str, &str)]) {
        let request = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(fields));
        self.send(&request).await;
    }

    /// Reads a frame; `None` at the end.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        within(read_frame(&mut self.0)).await
    }

    /// Reads until there is such a frame.
    pub(super) async fn until(&mut self, what: &str, is: impl Fn(&Frame) -> bool) -> Frame {
        let mut seen = Vec::new();
        loop {
            match self.frame().await {
                Some(frame) if is(&frame) => return frame,
                Some(frame) => seen.push(frame),
                None => panic!("closed without {what}, after {seen:#?}"),
            }
        }
    }

    pub(super) async fn until_kind(&mut self, kind: u8) -> Frame {
        let what = format!("a frame of type {kind}");
        self.until(&what, |frame| frame.kind == kind).await
    }

    /// Reads until the stream has answered, and returns what its DATA says.
    pub(super) async fn answer(&mut self, stream: u32) -> String {
        let mut body = Vec::new();
        loop {
            let what = format!("the end of stream {stream}");
            let frame = self
                .until(&what, |frame| {
                    frame.stream == stream && frame.kind != WINDOW_UPDATE
                })
                .await;
            assert!(matches!(frame.kind, HEADERS | DATA), "{frame:?}");
            if frame.kind == DATA {
                body.extend(&frame.payload);
            }
            if frame.flags & END_STREAM != 0 {
                return String::from_utf8_lossy(&body).into_owned();
            }
        }
    }

    /// Reads the last GOAWAY, and that the connection ends after it.
    pub(super) async fn until_gone(&mut self) -> Frame {
        let mut last = self.until_kind(GOAWAY).await;
        while let Some(frame) = self.frame().await {
            if frame.kind == GOAWAY {
                last = frame;
            }
        }
        last
    }

    /// Returns how long it takes until the server closes.
    pub(super) async fn closed_after(&mut self) -> Duration {
        let begin = std::time::Instant::now();
        while self.frame().await.is_some() {}
        begin.elapsed()
    }
}

pub(super) async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> Option<Frame> {
    let mut head = [0; 9];
    reader.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    reader.read_exact(&mut payload).await.ok()?;
    Some(Frame {
        kind: head[3],
        flags: head[4],
        stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
        payload,
    })
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Encodes fields as RFC 7541, section 6.2.2, has it: in full, and in no table.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        string(&mut block, name);
        string(&mut block, value);
    }
    block
}

fn string(block: &mut Vec<u8>, text: &str) {
    match text.len() {
        length @ ..127 => block.push(length as u8),
        length => {
            block.push(127);
            let mut rest = length - 127;
            while rest >= 128 {
                block.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            block.push(rest as u8);
        }
    }
    block.extend(text.as_bytes());
}
