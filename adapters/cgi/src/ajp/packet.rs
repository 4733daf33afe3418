//! Packets: two bytes that say which way they go, the length of the content, the content.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::environment::Refusal;

/// How long what stands before the content is.
pub(super) const HEAD: usize = 4;

/// How a packet of a web server begins.
const TO_US: [u8; 2] = [0x12, 0x34];
/// How one to it does.
const FROM_US: [u8; 2] = *b"AB";

/// Takes the content of a packet off the front of what was read, once all of it is there.
///
/// # Errors
///
/// It is no packet, or longer than `max` in all: what follows cannot be understood.
pub(super) fn take(read: &mut BytesMut, max: usize) -> Result<Option<Bytes>, Refusal> {
    if !read.iter().zip(&TO_US).all(|(one, other)| one == other) {
        return Err(Refusal::malformed(
            "this is not AJP: a packet of a web server begins with the bytes 0x12 0x34",
        ));
    }
    let Some(&[_, _, high, low]) = read.first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if HEAD + length > max {
        return Err(Refusal::too_large(format!(
            "a packet has {} bytes, and may have {max}; both sides have to be told of longer ones",
            HEAD + length
        )));
    }
    if read.len() < HEAD + length {
        // Once, and not for each piece that comes.
        read.reserve(HEAD + length - read.len());
        return Ok(None);
    }
    read.advance(HEAD);
    Ok(Some(read.split_to(length).freeze()))
}

/// Writes a packet whose content is what `content` adds. Without any effect if that is longer than a packet of
/// `max` bytes can hold, and says so.
pub(super) fn write(to: &mut BytesMut, max: usize, content: impl FnOnce(&mut BytesMut)) -> bool {
    let begin = to.len();
    to.put_slice(&FROM_US);
    to.put_u16(0);
    content(to);
    let length = to.len() - begin - HEAD;
    match u16::try_from(length) {
        Ok(length) if to.len() - begin <= max => {
            to[begin + 2..begin + HEAD].copy_from_slice(&length.to_be_bytes());
            true
        }
        _ => {
            to.truncate(begin);
            false
        }
    }
}

/// Writes a text: its length, its bytes, and a NUL. One that is longer than a packet makes the packet too long.
pub(super) fn put_text(to: &mut BytesMut, text: &[u8]) {
    to.put_u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
    to.put_slice(text);
    to.put_u8(0);
}
