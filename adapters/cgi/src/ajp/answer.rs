//! The packets of a response.

use bytes::{BufMut, BytesMut};
use http::response::Parts;

use super::codes::{kind, response_field};
use super::packet::{HEAD, put_text, write};
use crate::environment::reason;

/// How much a packet with a piece of a body has beside it: its kind, the length, and a NUL.
const AROUND_A_PIECE: usize = HEAD + 1 + 2 + 1;

/// Writes the head. Without any effect if it is longer than a packet, and says so.
pub(super) fn head(head: &Parts, max: usize, to: &mut BytesMut) -> bool {
    let Ok(count) = u16::try_from(head.headers.len()) else {
        return false;
    };
    write(to, max, |to| {
        to.put_u8(kind::SEND_HEADERS);
        to.put_u16(head.status.as_u16());
        // Some web servers want one.
        put_text(to, reason(head.status).as_bytes());
        to.put_u16(count);
        for (name, value) in &head.headers {
            match response_field(name.as_str()) {
                Some(number) => to.put_u16(number),
                None => put_text(to, name.as_str().as_bytes()),
            }
            put_text(to, value.as_bytes());
        }
    })
}

/// Returns how much of a body a packet can hold.
pub(super) fn longest_piece(max: usize) -> usize {
    // The whole content has a length of two bytes too.
    max.min(HEAD + usize::from(u16::MAX)) - AROUND_A_PIECE
}

/// Writes a piece of the body; an empty one asks the web server to hand on what it has.
pub(super) fn piece(data: &[u8], max: usize, to: &mut BytesMut) {
    let is_written = write(to, max, |to| {
        to.put_u8(kind::SEND_BODY_CHUNK);
        put_text(to, data);
    });
    debug_assert!(is_written, "a piece is no longer than `longest_piece`");
}

/// Writes the end, and whether the connection is there for another request.
pub(super) fn end(keeps: bool, to: &mut BytesMut) {
    write(to, usize::MAX, |to| {
        to.put_u8(kind::END_RESPONSE);
        to.put_u8(keeps.into());
    });
}

/// Asks for a piece of the request's body.
pub(super) fn get_piece(most: u16, to: &mut BytesMut) {
    write(to, usize::MAX, |to| {
        to.put_u8(kind::GET_BODY_CHUNK);
        to.put_u16(most);
    });
}

/// Says that somebody is there.
pub(super) fn pong(to: &mut BytesMut) {
    write(to, usize::MAX, |to| to.put_u8(kind::CPONG));
}
