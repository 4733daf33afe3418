//! Records, written and read by nobody's code but this.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

pub(crate) const BEGIN_REQUEST: u8 = 1;
pub(crate) const ABORT_REQUEST: u8 = 2;
pub(crate) const END_REQUEST: u8 = 3;
pub(crate) const PARAMS: u8 = 4;
pub(crate) const STDIN: u8 = 5;
pub(crate) const STDOUT: u8 = 6;
pub(crate) const STDERR: u8 = 7;
pub(crate) const DATA: u8 = 8;
pub(crate) const GET_VALUES: u8 = 9;
pub(crate) const GET_VALUES_RESULT: u8 = 10;
pub(crate) const UNKNOWN_TYPE: u8 = 11;

pub(crate) const KEEP: u8 = 1;

/// A record as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: u8,
    pub(crate) id: u16,
    pub(crate) content: Vec<u8>,
}

/// Returns a record with as much padding as makes it end at a multiple of 8, as nginx has it.
pub(crate) fn record(kind: u8, id: u16, content: &[u8]) -> Vec<u8> {
    let padding = (8 - content.len() % 8) % 8;
    let length = u16::try_from(content.len()).expect("the content of one record");
    let mut bytes = vec![1, kind];
    bytes.extend(id.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend([u8::try_from(padding).expect("below 8"), 0]);
    bytes.extend(content);
    bytes.resize(bytes.len() + padding, 0xEE);
    bytes
}

pub(crate) fn begin(id: u16, role: u16, flags: u8) -> Vec<u8> {
    let [role1, role0] = role.to_be_bytes();
    record(BEGIN_REQUEST, id, &[role1, role0, flags, 0, 0, 0, 0, 0])
}

/// Returns names and values as the content of a record.
pub(crate) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut content = Vec::new();
    for (name, value) in pairs {
        for part in [name, value] {
            match part.len() {
                short @ 0..128 => content.push(short as u8),
                long => content.extend((long as u32 | 1 << 31).to_be_bytes()),
            }
        }
        content.extend(name);
        content.extend(value);
    }
    content
}

/// Returns a stream in records of at most so many bytes, without its end.
pub(crate) fn stream(kind: u8, id: u16, content: &[u8], most: usize) -> Vec<u8> {
    content
        .chunks(most)
        .flat_map(|piece| record(kind, id, piece))
        .collect()
}

/// Returns a whole request.
pub(crate) fn request(id: u16, flags: u8, params: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let params = params
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let mut bytes = begin(id, 1, flags);
    bytes.extend(stream(PARAMS, id, &pairs(params), 65_535));
    bytes.extend(record(PARAMS, id, b""));
    bytes.extend(stream(STDIN, id, body, 65_535));
    bytes.extend(record(STDIN, id, b""));
    bytes
}

/// Reads one record; `None` at the end.
pub(crate) async fn read_record(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Record>> {
    let mut header = [0; 8];
    if from.read(&mut header[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut header[1..]).await?;
    let [version, kind, id1, id0, length1, length0, padding, _] = header;
    if version != 1 {
        return Err(io::Error::other(format!("a record of version {version}")));
    }
    let length = u16::from_be_bytes([length1, length0]);
    let mut content = vec![0; usize::from(length) + usize::from(padding)];
    from.read_exact(&mut content).await?;
    content.truncate(length.into());
    Ok(Some(Record {
        kind,
        id: u16::from_be_bytes([id1, id0]),
        content,
    }))
}
