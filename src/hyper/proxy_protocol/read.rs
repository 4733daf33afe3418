//! Reads a header, and not a byte more.

use std::io;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::header::{Header, Malformed};
use crate::features::{ConnectionInfo, ProxyProtocolInfo};

/// What a header of version 2 begins with.
pub(super) const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// What a header of version 1 begins with.
const WORD: &[u8; 6] = b"PROXY ";
/// No header is shorter: `PROXY UNKNOWN` with the end of its line.
const SHORTEST: usize = 15;
/// What a header of version 2 has before its addresses.
pub(super) const FIXED: usize = 16;
/// How long the line of version 1 may be, by the protocol.
pub(super) const MAX_LINE: usize = 107;
/// How long a header of version 2 may be; one with all that is defined, a certificate's names among it, has
/// less.
pub(super) const MAX_BLOCK: usize = 4096;

/// How a connection begins.
pub(in crate::hyper) enum Told {
    /// With a header, which says who the client is.
    Header(ConnectionInfo, Box<ProxyProtocolInfo>),
    /// With something else, of which this was read.
    Nothing(BytesMut),
    /// The peer went away before it said a word.
    Gone,
}

/// Reads the header of a connection.
///
/// # Errors
///
/// The connection broke or ended, or the header is malformed or too long, or there is none and there may not be
/// none.
pub(in crate::hyper) async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    info: &ConnectionInfo,
    optional: bool,
) -> io::Result<Told> {
    let mut bytes = BytesMut::with_capacity(FIXED + 216);
    let is_line = loop {
        let begins_line = begins(&bytes, WORD);
        let begins_block = begins(&bytes, SIGNATURE);
        if !begins_line && !begins_block {
            return match optional {
                true => Ok(Told::Nothing(bytes)),
                false => Err(malformed(Malformed)),
            };
        }
        if bytes.len() >= SHORTEST {
            break begins_line;
        }
        let room = SHORTEST - bytes.len();
        if more(stream, &mut bytes, room).await? == 0 {
            return match (bytes.is_empty(), optional) {
                (true, _) => Ok(Told::Gone),
                (false, true) => Ok(Told::Nothing(bytes)),
                (false, false) => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
    };
    let header = match is_line {
        true => line(stream, &mut bytes).await?,
        false => block(stream, &mut bytes).await?,
    };
    let (proxy, listener) = (info.remote().cloned(), info.local().cloned());
    let info = info.clone();
    let info = match &header.ends {
        Some((client, server)) => info.with_remote(client.clone()).with_local(server.clone()),
        None => info,
    };
    Ok(Told::Header(
        info,
        Box::new(header.into_info(proxy, listener)),
    ))
}

/// Reads a header of version 1, of which `bytes` were read.
async fn line<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut BytesMut) -> io::Result<Header> {
    let mut seen = 0;
    loop {
        for (at, byte) in bytes.iter().enumerate().skip(seen) {
            if *byte == b'\n' && (at + 1 < bytes.len() || bytes[at - 1] != b'\r') {
                return Err(malformed(Malformed));
            }
        }
        if bytes.ends_with(b"\r\n") {
            return Header::v1(bytes).map_err(malformed);
        }
        seen = bytes.len();
        // As long as its end has not begun, two bytes are missing at least.
        let missing = if bytes.ends_with(b"\r") { 1 } else { 2 };
        let room = missing.min(MAX_LINE - bytes.len());
        if room == 0 {
            return Err(malformed(Malformed));
        }
        if more(stream, bytes, room).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads a header of version 2, of which `bytes` were read.
async fn block<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut BytesMut) -> io::Result<Header> {
    let mut length = FIXED;
    loop {
        while bytes.len() < length {
            let room = length - bytes.len();
            if more(stream, bytes, room).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if length > FIXED || bytes[FIXED - 2..] == [0, 0] {
            return Header::v2(bytes).map_err(malformed);
        }
        length = FIXED + usize::from((&bytes[FIXED - 2..]).get_u16());
        if length > MAX_BLOCK {
            return Err(malformed(Malformed));
        }
    }
}

/// Reads once, so many bytes at most.
async fn more<S: AsyncRead + Unpin>(
    stream: &mut S,
    bytes: &mut BytesMut,
    room: usize,
) -> io::Result<usize> {
    stream.take(room as u64).read_buf(bytes).await
}

/// Whether the bytes begin with the mark, or the mark with them.
fn begins(bytes: &[u8], mark: &[u8]) -> bool {
    let length = bytes.len().min(mark.len());
    bytes[..length] == mark[..length]
}

fn malformed(_: Malformed) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "no header of the PROXY protocol",
    )
}
