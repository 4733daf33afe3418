//! The frames of a request; RFC 9114, sections 4.1 and 7.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use quinn::RecvStream;

use super::code::Code;
use super::reader::{Broken, Integer, Reader, Source};

pub(super) const DATA: u64 = 0x00;
pub(super) const HEADERS: u64 = 0x01;
pub(super) const CANCEL_PUSH: u64 = 0x03;
pub(super) const SETTINGS: u64 = 0x04;
pub(super) const PUSH_PROMISE: u64 = 0x05;
pub(super) const GOAWAY: u64 = 0x07;
pub(super) const MAX_PUSH_ID: u64 = 0x0d;

/// Returns whether a frame is one of HTTP/2's that must not be sent; RFC 9114, section 7.2.8.
pub(super) fn is_of_http2(kind: u64) -> bool {
    matches!(kind, 0x02 | 0x06 | 0x08 | 0x09)
}

/// The frames that a client sends on the stream of a request.
pub(super) struct Frames<S: Source = RecvStream> {
    reader: Reader<S>,
    within: Within,
    expects: Expects,
    /// How long a section of fields may be.
    limit: u64,
    /// Read ahead in order to see whether it is the end.
    ahead: Option<Result<Part, Fault>>,
}

/// Where in a frame the reader is.
enum Within {
    Nothing,
    Kind(u64),
    Section { left: u64, read: BytesMut },
    Data { left: u64 },
    Unknown { left: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expects {
    Head,
    Body,
    Nothing,
}

/// A part of a request.
pub(super) enum Part {
    /// The fields of the head, or those behind the body; still encoded.
    Section(Bytes),
    Data(Bytes),
    End,
}

/// Why a request cannot be read further.
#[derive(Debug)]
pub(super) enum Fault {
    /// The client cancelled the request.
    Cancelled,
    /// The connection is gone.
    Lost,
    /// What the client sent ends the connection.
    Connection(Code, &'static str),
    /// A section of fields is longer than the limit.
    TooLarge,
}

impl<S: Source> Frames<S> {
    pub(super) fn new(reader: Reader<S>, limit: u64) -> Self {
        Self {
            reader,
            within: Within::Nothing,
            expects: Expects::Head,
            limit,
            ahead: None,
        }
    }

    /// Reads the next part. Unknown frames are skipped, and are never held.
    pub(super) async fn next(&mut self) -> Result<Part, Fault> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Part, Fault>> {
        match self.ahead.take() {
            Some(part) => Poll::Ready(part),
            None => self.poll_part(cx),
        }
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Part, Fault>> {
        loop {
            match &mut self.within {
                Within::Nothing => match ready!(self.reader.poll_integer(cx))? {
                    Integer::Value(kind) => self.within = Within::Kind(kind),
                    Integer::End => return Poll::Ready(Ok(Part::End)),
                    Integer::CutOff => return Poll::Ready(Err(CUT_OFF)),
                },
                Within::Kind(kind) => {
                    let kind = *kind;
                    let Integer::Value(length) = ready!(self.reader.poll_integer(cx))? else {
                        return Poll::Ready(Err(CUT_OFF));
                    };
                    self.within = self.begin(kind, length)?;
                }
                Within::Section { left: 0, read } => {
                    let section = std::mem::take(read).freeze();
                    self.within = Within::Nothing;
                    return Poll::Ready(Ok(Part::Section(section)));
                }
                Within::Data { left: 0 } | Within::Unknown { left: 0 } => {
                    self.within = Within::Nothing;
                }
                Within::Section { left, .. } | Within::Data { left } | Within::Unknown { left } => {
                    let Some(piece) = ready!(self.reader.poll_piece(cx, *left))? else {
                        return Poll::Ready(Err(CUT_OFF));
                    };
                    *left -= piece.len() as u64;
                    match &mut self.within {
                        Within::Section { read, .. } => read.extend_from_slice(&piece),
                        Within::Data { .. } => return Poll::Ready(Ok(Part::Data(piece))),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Returns whether the request is over, as far as can be told without waiting.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll_over(cx) == Poll::Ready(true)
    }

    /// Waits until something follows what was read, and returns whether it is the end.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.ahead.is_none() {
            self.ahead = Some(ready!(self.poll_part(cx)));
        }
        Poll::Ready(matches!(self.ahead, Some(Ok(Part::End))))
    }

    /// Asks the client to send no more of the request, unless all of it has arrived.
    pub(super) fn stop(&mut self, why: Code) {
        self.ahead = None;
        self.reader.stop(why);
    }

    fn begin(&mut self, kind: u64, length: u64) -> Result<Within, Fault> {
        let unexpected = |why| Err(Fault::Connection(Code::FRAME_UNEXPECTED, why));
        match (kind, self.expects) {
            (HEADERS, Expects::Head | Expects::Body) if length > self.limit => Err(Fault::TooLarge),
            (HEADERS, Expects::Head) => {
                self.expects = Expects::Body;
                Ok(section(length))
            }
            (HEADERS, Expects::Body) => {
                self.expects = Expects::Nothing;
                Ok(section(length))
            }
            (DATA, Expects::Body) => Ok(Within::Data { left: length }),
            (DATA, Expects::Head) => unexpected("DATA before HEADERS"),
            (DATA | HEADERS, Expects::Nothing) => unexpected("a frame behind the trailers"),
            (CANCEL_PUSH | SETTINGS | PUSH_PROMISE | GOAWAY | MAX_PUSH_ID, _) => {
                unexpected("a frame that a request does not have")
            }
            (kind, _) if is_of_http2(kind) => unexpected("a frame of HTTP/2"),
            _ => Ok(Within::Unknown { left: length }),
        }
    }
}

/// RFC 9114, section 7.1: a frame that the end of its stream cuts off ends the connection.
const CUT_OFF: Fault = Fault::Connection(Code::FRAME_ERROR, "a frame was cut off");

fn section(length: u64) -> Within {
    Within::Section {
        left: length,
        // Grows with what arrives, whatever was announced.
        read: BytesMut::new(),
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Reset => Self::Cancelled,
            Broken::Lost => Self::Lost,
        }
    }
}
