//! What has to hold of the reader, whatever bytes it is shown.
#![allow(
    clippy::unwrap_used,
    reason = "it is there to panic when something does not hold"
)]

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};

use super::read::{FIXED, MAX_BLOCK, MAX_LINE, SIGNATURE, Told, read};
use crate::features::{ConnectionInfo, Endpoint, Transport};

const CLIENT: &str = "10.0.0.1:1000";
const SERVER: &str = "10.0.0.2:80";

/// Hands its bytes out so many at a time, and ends.
struct Slow<'a>(&'a [u8], usize);

impl AsyncRead for Slow<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.1.min(buffer.remaining()).min(self.0.len());
        buffer.put_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Poll::Ready(Ok(()))
    }
}

/// Reads from a connection between these ends, so many bytes at a time; returns what was told, and what was left.
pub(super) fn read_in_steps(
    bytes: &[u8],
    step: usize,
    optional: bool,
) -> (io::Result<Told>, &[u8]) {
    let end = |text: &str| Endpoint::Tcp(text.parse().unwrap());
    let info = ConnectionInfo::new(Transport::Tcp)
        .with_remote(end(CLIENT))
        .with_local(end(SERVER));
    let mut stream = Slow(bytes, step);
    let told = {
        let reading = pin!(read(&mut stream, &info, optional));
        reading.poll(&mut Context::from_waker(Waker::noop()))
    };
    match told {
        Poll::Ready(told) => (told, stream.0),
        Poll::Pending => panic!("it waits, and there is always something to read"),
    }
}

/// Checks that it does not matter in what pieces the bytes come, that a header is one and nothing behind it is
/// taken, and that what is none is given back whole.
///
/// # Panics
///
/// It does not hold.
pub(in crate::hyper) fn hold(bytes: &[u8]) {
    for optional in [false, true] {
        let whole = outcome(bytes, usize::MAX, optional);
        for step in [1, 2, 3, 7, 64] {
            assert_eq!(outcome(bytes, step, optional), whole, "in steps of {step}");
        }
    }
}

/// What a reader told.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// A header of so many bytes, and the ends that it tells.
    Header(usize, String),
    Nothing,
    Gone,
    Failed,
}

fn outcome(bytes: &[u8], step: usize, optional: bool) -> Outcome {
    let (told, left) = read_in_steps(bytes, step, optional);
    let taken = &bytes[..bytes.len() - left.len()];
    match told {
        Ok(Told::Header(info, header)) => {
            let shown = |end: Option<&Endpoint>| end.unwrap().to_string();
            assert_eq!(shown(header.proxy()), CLIENT);
            assert_eq!(shown(header.listener()), SERVER);
            let ends = format!("{} {}", shown(info.remote()), shown(info.local()));
            match header.version() {
                1 => is_line(taken, &ends),
                2 => is_block(taken),
                other => panic!("version {other}"),
            }
            Outcome::Header(taken.len(), ends)
        }
        Ok(Told::Nothing(read)) => {
            assert!(optional);
            assert_eq!(read, taken, "what was read is given back");
            Outcome::Nothing
        }
        Ok(Told::Gone) => {
            assert!(bytes.is_empty());
            Outcome::Gone
        }
        Err(error) => {
            assert!(taken.len() <= MAX_BLOCK, "{} bytes were read", taken.len());
            let has_begun = bytes.starts_with(b"PROXY ") || bytes.starts_with(SIGNATURE);
            assert!(
                has_begun || !optional,
                "{error}, and yet there is no header"
            );
            Outcome::Failed
        }
    }
}

/// Checks that this is a line of version 1, and that these are its ends.
fn is_line(line: &[u8], ends: &str) {
    assert!(line.len() <= MAX_LINE);
    let line = str::from_utf8(line).unwrap();
    let words = line.strip_prefix("PROXY ").unwrap();
    let words = words.strip_suffix("\r\n").unwrap();
    assert!(!words.contains('\n'));
    let words: Vec<_> = words.split(' ').collect();
    let socket = |address: &str, port: &str| {
        assert!(port.bytes().all(|byte| byte.is_ascii_digit()), "{port}");
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(address.is_ipv4(), words[0] == "TCP4");
        SocketAddr::new(address, port.parse().unwrap()).to_string()
    };
    match words[..] {
        ["UNKNOWN", ..] => assert_eq!(ends, format!("{CLIENT} {SERVER}")),
        ["TCP4" | "TCP6", client, server, port, listener] => {
            let told = format!("{} {}", socket(client, port), socket(server, listener));
            assert_eq!(ends, told);
        }
        _ => panic!("{words:?} is no line"),
    }
}

/// Checks that this is a block of version 2.
fn is_block(block: &[u8]) {
    assert!(block.starts_with(SIGNATURE) && block.len() <= MAX_BLOCK);
    assert_eq!(block[SIGNATURE.len()] >> 4, 2);
    let length = u16::from_be_bytes([block[FIXED - 2], block[FIXED - 1]]);
    assert_eq!(block.len(), FIXED + usize::from(length));
}
