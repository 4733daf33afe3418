//! What has to hold of the guard, whatever bytes it is shown.
#![allow(
    clippy::unwrap_used,
    reason = "it is there to panic when something does not hold"
)]

use httparse::{EMPTY_HEADER, Status};

use super::bounds::Bounds;
use super::{Guard, Phase, Refusal};
use crate::hyper::options::Limits;

/// What became of bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) passed: Vec<u8>,
    pub(super) phase: Phase,
    pub(super) refusal: Option<Refusal>,
}

/// Shows the guard these pieces, one behind the other, as a connection does that switches to nothing.
pub(super) fn show<'a>(bounds: Bounds, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut guard = Guard::new(bounds);
    let mut waiting = Vec::new();
    let mut passed = Vec::new();
    for piece in pieces {
        waiting.extend_from_slice(piece);
        loop {
            let count = guard.admit(&waiting);
            assert!(count <= waiting.len());
            passed.extend(waiting.drain(..count));
            if guard.phase() != Phase::Undecided {
                break;
            }
            guard.decide(false);
        }
        if guard.phase() != Phase::Refused {
            let most = bounds.longest_head();
            assert!(waiting.len() <= most, "{} bytes wait", waiting.len());
        }
    }
    Outcome {
        passed,
        phase: guard.phase(),
        refusal: guard.refusal(),
    }
}

/// Checks that it does not matter in what pieces the bytes come, and that somebody else's parser finds the
/// same requests in what passed.
pub(in crate::hyper) fn hold(bytes: &[u8]) {
    let tight = Limits::default()
        .with_max_request_line_size(24)
        .with_max_request_head_size(64)
        .with_max_request_fields(3);
    for limits in [Limits::default(), tight] {
        let bounds = Bounds::from(&limits);
        let whole = show(bounds, [bytes]);
        for size in [1, 2, 3, 7, 64] {
            let pieces = show(bounds, bytes.chunks(size));
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
        assert!(bytes.starts_with(&whole.passed));
        let behind = requests(&whole.passed, limits.max_request_fields());
        let is_within = match whole.phase {
            Phase::Idle | Phase::Head => behind == Behind::Requests,
            Phase::Body => behind == Behind::Body,
            // A head, or a body, was refused.
            Phase::Refused => (behind == Behind::Requests) == whole.refusal.is_some(),
            Phase::Undecided | Phase::Open => false,
        };
        assert!(is_within, "{:?}, and yet {behind:?}", whole.phase);
    }
}

/// Where bytes end.
#[derive(Debug, PartialEq, Eq)]
enum Behind {
    /// Behind whole requests.
    Requests,
    /// In a body.
    Body,
}

/// Reads requests with httparse, which takes more than the guard does: what passed is whole heads, each with
/// its body.
fn requests(mut bytes: &[u8], most: usize) -> Behind {
    while !bytes.is_empty() {
        let mut headers = vec![EMPTY_HEADER; most];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(Status::Complete(length)) = request.parse(bytes) else {
            panic!(
                "httparse finds no head in {:?}",
                bytes.escape_ascii().to_string()
            );
        };
        let value = |name| {
            let mut named = request
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name));
            let value = named.next().map(|header| header.value);
            assert!(named.next().is_none(), "{name} twice");
            value
        };
        let (coding, number) = (value("transfer-encoding"), value("content-length"));
        bytes = &bytes[length..];
        let rest = match (coding, number) {
            (None, None) => Some(bytes),
            (None, Some(number)) => {
                let number: u64 = std::str::from_utf8(number)
                    .map(str::parse)
                    .unwrap()
                    .unwrap();
                usize::try_from(number)
                    .ok()
                    .and_then(|number| bytes.get(number..))
            }
            (Some(coding), None) => {
                assert!(coding.eq_ignore_ascii_case(b"chunked"));
                after_chunks(bytes, most)
            }
            (Some(_), Some(_)) => panic!("both lengths"),
        };
        match rest {
            Some(rest) => bytes = rest,
            None => return Behind::Body,
        }
    }
    Behind::Requests
}

/// Returns what follows a body in chunks, unless it is not whole.
fn after_chunks(mut bytes: &[u8], most: usize) -> Option<&[u8]> {
    loop {
        // httparse takes 15 digits; zeros before them are legal, and a chunk of more is never whole.
        while bytes.starts_with(b"00") {
            bytes = &bytes[1..];
        }
        if bytes
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count()
            > 15
        {
            return None;
        }
        let Status::Complete((length, size)) = httparse::parse_chunk_size(bytes).unwrap() else {
            return None;
        };
        bytes = &bytes[length..];
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).ok()?;
        let (end, rest) = bytes.get(size..)?.split_at_checked(2)?;
        assert_eq!(end, b"\r\n");
        bytes = rest;
    }
    let mut trailers = vec![EMPTY_HEADER; most];
    match httparse::parse_headers(bytes, &mut trailers).unwrap() {
        Status::Complete((length, _)) => Some(&bytes[length..]),
        Status::Partial => None,
    }
}
