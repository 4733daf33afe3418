//! Where the body of a request ends.

use bytes::{Buf, Bytes};
use http::{HeaderMap, Method, header};

use crate::environment::Refusal;

/// What comes of a body, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing.
    Empty,
    /// So many bytes, the first packet unasked.
    Length(u64),
    /// Packets that were asked for, until one is empty.
    Chunked,
}

impl Framing {
    /// Reads what the fields say of it.
    ///
    /// # Errors
    ///
    /// They say two things, or what web servers understand differently: CVE-2022-26377.
    pub(super) fn of(fields: &HeaderMap) -> Result<Self, Refusal> {
        let mut codings = fields.get_all(header::TRANSFER_ENCODING).iter();
        let mut lengths = fields.get_all(header::CONTENT_LENGTH).iter();
        match (codings.next(), lengths.next()) {
            (None, None) => Ok(Self::Empty),
            (Some(_), Some(_)) => Err(Refusal::malformed(
                "the request has both a `Transfer-Encoding` and a `Content-Length`",
            )),
            (Some(coding), None) => {
                let is_chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
                match is_chunked && codings.next().is_none() {
                    true => Ok(Self::Chunked),
                    false => Err(Refusal::malformed(
                        "the `Transfer-Encoding` is another than `chunked`",
                    )),
                }
            }
            (None, Some(length)) => {
                if lengths.next().is_some() {
                    return Err(Refusal::malformed(
                        "the request has more than one `Content-Length`",
                    ));
                }
                let text = length.to_str().ok();
                // `parse` takes a sign, which no length has.
                let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                match text.and_then(|text| text.parse().ok()) {
                    Some(0) => Ok(Self::Empty),
                    Some(length) => Ok(Self::Length(length)),
                    None => Err(Refusal::malformed("the `Content-Length` is not a length")),
                }
            }
        }
    }

    pub(super) fn length(self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Length(length) => Some(length),
            Self::Chunked => None,
        }
    }

    /// Returns whether a web server may be sending a body all the same, that its client did not announce in a way
    /// that it hands on.
    pub(super) fn may_lie(self, method: &Method, fields: &HeaderMap) -> bool {
        let is_bare = matches!(
            *method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE | Method::TRACE
        );
        self == Self::Empty && !is_bare && !fields.contains_key(header::CONTENT_LENGTH)
    }
}

/// The packets of one body.
#[derive(Debug)]
pub(super) struct BodyPackets {
    /// How much was announced and has not come.
    left: Option<u64>,
    /// A packet was asked for, or comes unasked.
    is_due: bool,
    has_ended: bool,
}

impl BodyPackets {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            left: framing.length(),
            is_due: matches!(framing, Framing::Length(_)),
            has_ended: framing == Framing::Empty,
        }
    }

    /// Returns whether a packet comes before anything else does.
    pub(super) fn is_due(&self) -> bool {
        self.is_due
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Notes that one was asked for, and returns how much it may have of `most`.
    pub(super) fn ask(&mut self, most: u16) -> u16 {
        self.is_due = true;
        let left = self.left.and_then(|left| u16::try_from(left).ok());
        left.map_or(most, |left| left.min(most))
    }

    /// Takes the data out of a packet that was due; none is the end of the body.
    ///
    /// # Errors
    ///
    /// It is no packet of a body, or has more than was announced.
    pub(super) fn accept(&mut self, mut packet: Bytes) -> Result<Bytes, Refusal> {
        if !self.is_due {
            return Err(unasked());
        }
        self.is_due = false;
        if packet.is_empty() {
            self.has_ended = true;
            return Ok(packet);
        }
        let length = packet.try_get_u16().map(usize::from);
        if length.ok() != Some(packet.len()) {
            return Err(Refusal::malformed(
                "a piece of a body has another length than its packet",
            ));
        }
        if let Some(left) = &mut self.left {
            let length = u64::try_from(packet.len()).unwrap_or(u64::MAX);
            *left = left.checked_sub(length).ok_or_else(|| {
                Refusal::malformed("the body is longer than its announced length")
            })?;
        }
        self.has_ended = packet.is_empty() || self.left == Some(0);
        Ok(packet)
    }
}

#[cold]
pub(super) fn unasked() -> Refusal {
    Refusal::malformed("something came while a request was answered that was not asked for")
}
