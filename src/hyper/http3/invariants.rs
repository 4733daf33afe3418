//! What has to hold of the reading of a request, whatever bytes come on its stream.
#![allow(
    clippy::unwrap_used,
    reason = "it is there to panic when something does not hold"
)]

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::code::Code;
use super::frames::{Fault, Frames, Part};
use super::head::{self, Refusal};
use super::qpack::{Failure, Section, decode};
use super::reader::{Broken, Reader, Source};
use crate::hyper::options::{Http3Limits, Limits};

/// Checks that it does not matter in what pieces the bytes come, that no more is held than the limits allow,
/// and that the fields that are read are those that were written.
///
/// # Panics
///
/// Something does not hold.
pub(in crate::hyper) fn hold(bytes: &[u8]) {
    let tight = Limits::default()
        .with_max_request_fields(3)
        .with_http3(Http3Limits::default().with_max_field_section_size(200));
    for limits in [Limits::default(), tight] {
        let whole = read(&limits, [bytes]);
        for size in [1, 2, 3, 7, 64] {
            let pieces = read(&limits, bytes.chunks(size));
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
        let most = limits.http3().max_field_section_size();
        let held = whole.sections.iter().map(Bytes::len).max();
        assert!(held.is_none_or(|held| held <= most));
        assert!(whole.data.len() <= bytes.len());
        for section in &whole.sections {
            is_read_as_written(section, &limits);
        }
    }
}

/// What was read of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    sections: Vec<Bytes>,
    data: Vec<u8>,
    end: End,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    OfStream,
    TooLarge,
    OfConnection(Code),
}

fn read<'a>(limits: &Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let source = Pieces(pieces.map(Bytes::copy_from_slice).collect());
    let most = limits.http3().max_field_section_size() as u64;
    let mut frames = Frames::new(Reader::new(source), most);
    let mut cx = Context::from_waker(Waker::noop());
    let mut outcome = Outcome::default();
    loop {
        let Poll::Ready(part) = frames.poll_next(&mut cx) else {
            panic!("all of it is there");
        };
        match part {
            Ok(Part::Section(section)) => outcome.sections.push(section),
            Ok(Part::Data(data)) => outcome.data.extend_from_slice(&data),
            Ok(Part::End) => break,
            Err(Fault::TooLarge) => outcome.end = End::TooLarge,
            Err(Fault::Connection(code, _)) => outcome.end = End::OfConnection(code),
            Err(Fault::Cancelled | Fault::Lost) => panic!("it does not break"),
        }
        if outcome.end != End::OfStream {
            break;
        }
    }
    outcome
}

fn is_read_as_written(section: &Bytes, limits: &Limits) {
    let most = limits.http3().max_field_section_size();
    let mut fields = Vec::new();
    let read = decode(section, most, |name, value| {
        fields.push((name, value));
        Ok::<_, ()>(())
    });
    let size: usize = (fields.iter())
        .map(|(name, value)| name.len() + value.len() + 32)
        .sum();
    assert!(size <= most);
    match head::request(section, limits) {
        Ok(head) => {
            assert!(read.is_ok());
            assert!(head.headers.len() <= limits.max_request_fields());
        }
        Err(Refusal::Undecodable) => assert_eq!(read, Err(Failure::Broken)),
        Err(Refusal::Status(_) | Refusal::Malformed(_)) => {}
    }
    let text = |name: &Bytes| std::str::from_utf8(name).ok().map(str::to_owned);
    let named: Option<Vec<_>> = fields.iter().map(|(name, _)| text(name)).collect();
    let (Ok(()), Some(names)) = (read, named) else {
        return;
    };
    let mut written = Section::new();
    for (name, (_, value)) in names.iter().zip(&fields) {
        written.add(name, value);
    }
    assert_eq!(written.size(), size as u64);
    let mut again = Vec::new();
    let read = decode(&written.finish(), most, |name, value| {
        again.push((name, value));
        Ok::<_, ()>(())
    });
    assert_eq!((read, again), (Ok(()), fields));
}

/// Bytes that are all there, in pieces.
struct Pieces(VecDeque<Bytes>);

impl Source for Pieces {
    fn poll_chunk(
        &mut self,
        _: &mut Context<'_>,
        most: usize,
    ) -> Poll<Result<Option<Bytes>, Broken>> {
        let Some(mut piece) = self.0.pop_front() else {
            return Poll::Ready(Ok(None));
        };
        let rest = piece.split_off(piece.len().min(most));
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Poll::Ready(Ok(Some(piece)))
    }

    fn stop(&mut self, _: Code) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request with a body, an unknown frame and trailers, and each kind of line of fields.
    const WHOLE: &[u8] =
        b"\x01\x16\0\0\xd4\xd7\x50\x01a\xc1\x22ab\x01c\x29\x1f\x81\x1f\x55\x01/\xdd\xdf\
        \x21\x02xx\x00\x05hello\x00\x00\x01\x07\0\0\x21x\x02yz";

    #[test]
    fn a_whole_request_is_read() {
        let read = read(&Limits::default(), [WHOLE]);
        assert_eq!(read.sections.len(), 2);
        assert_eq!((&read.data[..], read.end), (&b"hello"[..], End::OfStream));
        hold(WHOLE);
    }

    #[test]
    fn they_hold_of_what_is_almost_a_request() {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 16) as usize % below
        };
        for _ in 0..3_000 {
            let mut bytes = WHOLE.to_vec();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                match next(4) {
                    0 => bytes[at] = next(256) as u8,
                    1 => bytes[at] ^= 1 << next(8),
                    2 => bytes.insert(at, next(256) as u8),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            hold(&bytes);
        }
    }
}
