//! The streams that a client opens beside its requests; RFC 9114, section 6.2, and RFC 9204, section 4.2.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use quinn::RecvStream;

use super::code::Code;
use super::frames::{
    CANCEL_PUSH, DATA, GOAWAY, HEADERS, MAX_PUSH_ID, PUSH_PROMISE, SETTINGS, is_of_http2,
};
use super::qpack::read_integer;
use super::reader::{Broken, Integer, Reader};
use super::varint;

/// How long a frame on the control stream may be that is looked at.
const LONGEST: u64 = 4 * 1024;

const CONTROL: u64 = 0x00;
const PUSH: u64 = 0x01;
const ENCODER: u64 = 0x02;
const DECODER: u64 = 0x03;

/// What a client said on its control stream, and which of its streams there are.
#[derive(Default)]
pub(super) struct Peer {
    has_control: AtomicBool,
    has_encoder: AtomicBool,
    has_decoder: AtomicBool,
    /// One more than what was said; 0 as long as nothing was.
    max_field_section_size: AtomicU64,
}

/// What ends a connection, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation(pub(super) Code, pub(super) &'static str);

impl Peer {
    /// Returns how large a section of fields the client takes.
    pub(super) fn max_field_section_size(&self) -> u64 {
        let said = self.max_field_section_size.load(Ordering::Acquire);
        said.checked_sub(1).unwrap_or(u64::MAX)
    }

    /// Reads one of the client's streams until it is over, which some may be.
    pub(super) async fn read(&self, stream: RecvStream) -> Result<(), Violation> {
        let mut reader = Reader::new(stream);
        // A stream that is over before it said what it is, is none.
        let Ok(Integer::Value(kind)) = integer(&mut reader).await else {
            return Ok(());
        };
        let there = match kind {
            CONTROL => &self.has_control,
            ENCODER => &self.has_encoder,
            DECODER => &self.has_decoder,
            PUSH => {
                return Err(Violation(
                    Code::STREAM_CREATION_ERROR,
                    "a client cannot push",
                ));
            }
            _ => {
                reader.stop(Code::STREAM_CREATION_ERROR);
                return Ok(());
            }
        };
        if there.swap(true, Ordering::AcqRel) {
            let why = "a second stream of a kind of which there is one";
            return Err(Violation(Code::STREAM_CREATION_ERROR, why));
        }
        match kind {
            CONTROL => self.control(&mut reader).await,
            ENCODER => instructions(&mut reader, is_encoder_instruction).await,
            _ => instructions(&mut reader, is_decoder_instruction).await,
        }
    }

    /// Reads the control stream, which does not end before the connection does.
    async fn control(&self, reader: &mut Reader) -> Result<(), Violation> {
        let mut settled = false;
        let mut last = Last::default();
        loop {
            let kind = critical(&integer(reader).await)?;
            match kind {
                SETTINGS if settled => return unexpected("SETTINGS twice"),
                SETTINGS => settled = true,
                _ if !settled => {
                    return Err(Violation(Code::MISSING_SETTINGS, "no SETTINGS at first"));
                }
                DATA | HEADERS | PUSH_PROMISE => {
                    return unexpected("a frame that a control stream does not have");
                }
                kind if is_of_http2(kind) => return unexpected("a frame of HTTP/2"),
                _ => {}
            }
            let length = critical(&integer(reader).await)?;
            if !matches!(kind, SETTINGS | GOAWAY | CANCEL_PUSH | MAX_PUSH_ID) {
                skip(reader, length).await?;
                continue;
            }
            if length > LONGEST {
                return Err(Violation(Code::EXCESSIVE_LOAD, "a frame that is too long"));
            }
            let payload = payload(reader, length).await?;
            match kind {
                SETTINGS => self.settings(&payload)?,
                kind => last.advance(kind, &payload)?,
            }
        }
    }

    fn settings(&self, mut payload: &[u8]) -> Result<(), Violation> {
        const MAX_FIELD_SECTION_SIZE: u64 = 0x06;
        let mut seen = Vec::new();
        while !payload.is_empty() {
            let (setting, value) = next(&mut payload)
                .zip(next(&mut payload))
                .ok_or(MALFORMED)?;
            let wrong = |why| Err(Violation(Code::SETTINGS_ERROR, why));
            if seen.contains(&setting) {
                return wrong("a setting twice");
            }
            seen.push(setting);
            match setting {
                // RFC 9114, section 7.2.4.1.
                0x00 | 0x02..=0x05 => return wrong("a setting of HTTP/2"),
                MAX_FIELD_SECTION_SIZE => {
                    (self.max_field_section_size).store(value.saturating_add(1), Ordering::Release);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The identifiers that a client may only change in one direction.
#[derive(Default)]
struct Last {
    goaway: Option<u64>,
    max_push: Option<u64>,
}

impl Last {
    fn advance(&mut self, kind: u64, mut payload: &[u8]) -> Result<(), Violation> {
        let id = next(&mut payload)
            .filter(|_| payload.is_empty())
            .ok_or(MALFORMED)?;
        let wrong = |why| Err(Violation(Code::ID_ERROR, why));
        match kind {
            GOAWAY if self.goaway.is_some_and(|last| id > last) => wrong("a GOAWAY that grows"),
            GOAWAY => {
                self.goaway = Some(id);
                Ok(())
            }
            MAX_PUSH_ID if self.max_push.is_some_and(|last| id < last) => {
                wrong("a MAX_PUSH_ID that shrinks")
            }
            MAX_PUSH_ID => {
                self.max_push = Some(id);
                Ok(())
            }
            _ => wrong("a CANCEL_PUSH of what was never promised"),
        }
    }
}

const MALFORMED: Violation = Violation(Code::FRAME_ERROR, "a frame that is malformed");
const CLOSED: Violation = Violation(
    Code::CLOSED_CRITICAL_STREAM,
    "a stream is over that a connection needs",
);

fn unexpected(why: &'static str) -> Result<(), Violation> {
    Err(Violation(Code::FRAME_UNEXPECTED, why))
}

/// Takes an integer off the begin.
fn next(payload: &mut &[u8]) -> Option<u64> {
    let (value, read) = varint::read(payload)?;
    *payload = &payload[read..];
    Some(value)
}

async fn integer(reader: &mut Reader) -> Result<Integer, Broken> {
    poll_fn(|cx| reader.poll_integer(cx)).await
}

/// RFC 9114, section 6.2.1: the end of a control stream is that of the connection.
fn critical(read: &Result<Integer, Broken>) -> Result<u64, Violation> {
    match read {
        Ok(Integer::Value(value)) => Ok(*value),
        Ok(Integer::End | Integer::CutOff) | Err(_) => Err(CLOSED),
    }
}

async fn piece(reader: &mut Reader, most: u64) -> Result<Bytes, Violation> {
    match poll_fn(|cx| reader.poll_piece(cx, most)).await {
        Ok(Some(piece)) => Ok(piece),
        Ok(None) | Err(_) => Err(CLOSED),
    }
}

async fn payload(reader: &mut Reader, length: u64) -> Result<Bytes, Violation> {
    let mut payload = BytesMut::new();
    let mut left = length;
    while left > 0 {
        let piece = piece(reader, left).await?;
        left -= piece.len() as u64;
        payload.extend_from_slice(&piece);
    }
    Ok(payload.freeze())
}

async fn skip(reader: &mut Reader, length: u64) -> Result<(), Violation> {
    let mut left = length;
    while left > 0 {
        left -= piece(reader, left).await?.len() as u64;
    }
    Ok(())
}

/// Reads a stream of QPACK. Where there is no dynamic table, few instructions make sense.
async fn instructions(
    reader: &mut Reader,
    takes: fn(&[u8]) -> Result<Option<usize>, Violation>,
) -> Result<(), Violation> {
    let mut begun = BytesMut::new();
    loop {
        begun.extend_from_slice(&piece(reader, LONGEST).await?);
        while let Some(read) = takes(&begun)? {
            let _ = begun.split_to(read);
        }
    }
}

/// Returns how long the first instruction is that an encoder may give (RFC 9204, section 4.3); `None` if it
/// is cut off. Without a table, its size can be set to 0, and no more.
fn is_encoder_instruction(bytes: &[u8]) -> Result<Option<usize>, Violation> {
    match bytes.first() {
        None => Ok(None),
        Some(0b0010_0000) => Ok(Some(1)),
        Some(_) => Err(Violation(
            Code::QPACK_ENCODER_STREAM_ERROR,
            "an instruction for a table that there is not",
        )),
    }
}

/// As [`is_encoder_instruction`], for a decoder (RFC 9204, section 4.4): it may cancel what it never had to
/// wait for, and has nothing to acknowledge.
fn is_decoder_instruction(bytes: &[u8]) -> Result<Option<usize>, Violation> {
    const WRONG: Violation = Violation(
        Code::QPACK_DECODER_STREAM_ERROR,
        "an acknowledgement of what was not sent",
    );
    match bytes.first() {
        None => Ok(None),
        Some(first) if first >> 6 == 0b01 => match read_integer(bytes, 6) {
            Some((_, read)) => Ok(Some(read)),
            // The number of a stream is no longer than this.
            None if bytes.len() < 5 => Ok(None),
            None => Err(WRONG),
        },
        Some(_) => Err(WRONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_wrong_ones_refused() {
        let peer = Peer::default();
        assert_eq!(peer.max_field_section_size(), u64::MAX);
        // One that is unknown, and the size.
        assert_eq!(peer.settings(&[0x21, 0x05, 0x06, 0x44, 0x00]), Ok(()));
        assert_eq!(peer.max_field_section_size(), 1024);

        let code = |payload: &[u8]| peer.settings(payload).map_err(|violation| violation.0);
        assert_eq!(code(&[0x06, 0x01, 0x06, 0x01]), Err(Code::SETTINGS_ERROR));
        assert_eq!(code(&[0x02, 0x01]), Err(Code::SETTINGS_ERROR));
        assert_eq!(code(&[0x06]), Err(Code::FRAME_ERROR));
        assert_eq!(code(&[0x06, 0x40]), Err(Code::FRAME_ERROR));
    }

    #[test]
    fn identifiers_go_one_way() {
        let mut last = Last::default();
        let mut code =
            |kind, payload: &[u8]| last.advance(kind, payload).map_err(|violation| violation.0);
        assert_eq!(code(GOAWAY, &[4]), Ok(()));
        assert_eq!(code(GOAWAY, &[0]), Ok(()));
        assert_eq!(code(GOAWAY, &[8]), Err(Code::ID_ERROR));
        assert_eq!(code(MAX_PUSH_ID, &[8]), Ok(()));
        assert_eq!(code(MAX_PUSH_ID, &[4]), Err(Code::ID_ERROR));
        assert_eq!(code(CANCEL_PUSH, &[0]), Err(Code::ID_ERROR));
        assert_eq!(code(GOAWAY, &[0, 0]), Err(Code::FRAME_ERROR));
        assert_eq!(code(GOAWAY, &[]), Err(Code::FRAME_ERROR));
    }

    #[test]
    fn qpack_takes_what_needs_no_table() {
        assert_eq!(is_encoder_instruction(&[0x20]), Ok(Some(1)));
        assert!(is_encoder_instruction(&[0x3f, 0x01]).is_err(), "a table");
        assert!(is_encoder_instruction(&[0xc0]).is_err(), "a field");
        assert_eq!(is_decoder_instruction(&[0x44]), Ok(Some(1)));
        assert_eq!(is_decoder_instruction(&[0x7f]), Ok(None));
        assert_eq!(is_decoder_instruction(&[0x7f, 0x01]), Ok(Some(2)));
        assert!(is_decoder_instruction(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(
            is_decoder_instruction(&[0x80]).is_err(),
            "an acknowledgement"
        );
        assert!(is_decoder_instruction(&[0x01]).is_err(), "a count");
    }
}
