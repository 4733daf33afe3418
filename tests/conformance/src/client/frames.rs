use bytes::Bytes;

use super::{NAME, Wire};
use crate::{Failure, Outcome, Run, same};

/// What a client of HTTP/2 begins with; RFC 9113, section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection of HTTP/2 on which a case sends whatever frames it likes.
#[derive(Debug)]
pub struct Frames {
    wire: Wire,
    /// The value of `:scheme`.
    scheme: &'static str,
}

/// A frame; RFC 9113, section 4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// The stream that it belongs to; 0 for the connection.
    pub stream: u32,
    /// What it carries.
    pub payload: Bytes,
}

impl Frame {
    /// DATA, of which flag 1 is the end of the stream.
    pub const DATA: u8 = 0;
    /// HEADERS, of which flag 4 is the end of the fields.
    pub const HEADERS: u8 = 1;
    /// RST_STREAM.
    pub const RST_STREAM: u8 = 3;
    /// SETTINGS, of which flag 1 is the acknowledgement.
    pub const SETTINGS: u8 = 4;
    /// PING.
    pub const PING: u8 = 6;
    /// GOAWAY.
    pub const GOAWAY: u8 = 7;
    /// WINDOW_UPDATE.
    pub const WINDOW_UPDATE: u8 = 8;
    /// CONTINUATION.
    pub const CONTINUATION: u8 = 9;

    /// The flag of the last frame of a stream.
    pub const END_STREAM: u8 = 1;
    /// The flag of the last frame of a header block.
    pub const END_HEADERS: u8 = 4;

    /// Returns the bytes of a frame.
    pub fn bytes(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let mut bytes = length.to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    /// Returns fields as RFC 7541, section 6.2.2, has them: in full, and in no table. A name and a value may
    /// have 126 bytes.
    pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, value) in fields {
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).unwrap_or(126));
                block.extend(text.as_bytes());
            }
        }
        block
    }
}

impl Frames {
    pub(crate) async fn open(mut wire: Wire, scheme: &'static str) -> Outcome<Self> {
        let mut begin = PREFACE.to_vec();
        begin.extend(Frame::bytes(Frame::SETTINGS, 0, 0, &[]));
        wire.send(begin).await?;
        let mut frames = Self { wire, scheme };
        // Who speaks another protocol must not pass for one that ends the connection.
        let first = frames.read().await?;
        same("the type of the first frame", first.kind, Frame::SETTINGS)?;
        Ok(frames)
    }

    /// Returns the fields of a plain request on this connection.
    pub fn get(&self) -> [(&'static str, &'static str); 4] {
        [
            (":method", "GET"),
            (":scheme", self.scheme),
            (":path", "/"),
            (":authority", NAME),
        ]
    }

    /// Sends bytes.
    ///
    /// # Errors
    ///
    /// The server closed the connection.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        self.wire.send(bytes).await
    }

    /// Sends the fields of a request for this case's application, and perhaps the end of the stream.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn request(
        &mut self,
        run: &Run,
        stream: u32,
        fields: &[(&str, &str)],
        flags: u8,
    ) -> Outcome {
        let mut all = fields.to_vec();
        all.push((crate::run::CASE, &run.line));
        let block = Frame::block(&all);
        let flags = Frame::END_HEADERS | flags;
        self.send(Frame::bytes(Frame::HEADERS, flags, stream, &block))
            .await
    }

    /// Returns the next frame. SETTINGS are acknowledged.
    ///
    /// # Errors
    ///
    /// The server closed the connection, or sent nothing within the deadline.
    pub async fn read(&mut self) -> Outcome<Frame> {
        let head = self.wire.read(9).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let frame = Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload: self.wire.read(length as usize).await?,
        };
        if frame.kind == Frame::SETTINGS && frame.flags == 0 {
            self.send(Frame::bytes(Frame::SETTINGS, 1, 0, &[])).await?;
        }
        Ok(frame)
    }

    /// Returns the next frame of one of these types.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn read_kind(&mut self, kinds: &[u8]) -> Outcome<Frame> {
        loop {
            let frame = self.read().await?;
            if kinds.contains(&frame.kind) {
                return Ok(frame);
            }
        }
    }

    /// Reads until the server closes the connection.
    ///
    /// # Errors
    ///
    /// It did not within the deadline after it last sent something.
    pub async fn ends(mut self) -> Outcome {
        match self.wire.is_closed().await {
            true => Ok(()),
            false => Err(Failure::new("the connection is still open")),
        }
    }

    /// Sends these bytes again and again until the server ends the connection.
    ///
    /// # Errors
    ///
    /// It has not after `times`, although it may have asked for an end with GOAWAY.
    pub async fn flood(mut self, times: u32, mut bytes: impl FnMut(u32) -> Vec<u8>) -> Outcome {
        for time in 0..times {
            if self.send(bytes(time)).await.is_err() {
                return Ok(());
            }
        }
        // Whether its last words arrive is not asked: it may close while there is more to read.
        loop {
            match self.read().await {
                Ok(frame) if frame.kind == Frame::GOAWAY => return Ok(()),
                Ok(_) => {}
                Err(_) if self.wire.is_closed().await => return Ok(()),
                Err(_) => {
                    return Err(Failure::new(
                        "the server took it all, and the connection is still open",
                    ));
                }
            }
        }
    }
}
