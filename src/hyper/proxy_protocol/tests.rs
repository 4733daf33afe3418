//! What a header may be, byte by byte.

use std::io;

use super::checksum::crc32c;
use super::invariants::{hold, read_in_steps};
use super::read::{FIXED, MAX_BLOCK, MAX_LINE, SIGNATURE, Told};
use crate::features::{Endpoint, ProxyProtocolInfo};

/// Reads at once and byte by byte, which have to come to the same; returns what was told, or the kind of the
/// error, and what was left.
fn told(bytes: &[u8], optional: bool) -> (Result<Told, io::ErrorKind>, &[u8]) {
    let run = |step| {
        let (read, left) = read_in_steps(bytes, step, optional);
        (read.map_err(|error| error.kind()), left)
    };
    let (slowly, left) = run(1);
    let (at_once, left_at_once) = run(usize::MAX);
    assert_eq!(slowly.is_ok(), at_once.is_ok(), "{bytes:?}");
    if !matches!(at_once, Ok(Told::Nothing(..)) | Err(_)) {
        assert_eq!(left.len(), left_at_once.len(), "{bytes:?}");
    }
    (at_once, left_at_once)
}

#[track_caller]
fn header(bytes: &[u8]) -> (String, ProxyProtocolInfo) {
    let (told, left) = told(bytes, false);
    assert_eq!(left, b"rest", "what follows is left alone");
    match told {
        Ok(Told::Header(info, header)) => {
            let shown = |end: Option<&Endpoint>| end.unwrap().to_string();
            let ends = format!("{} {}", shown(info.remote()), shown(info.local()));
            assert_eq!(shown(header.proxy()), "10.0.0.1:1000");
            assert_eq!(shown(header.listener()), "10.0.0.2:80");
            (ends, *header)
        }
        other => panic!("no header: {:?}", other.err()),
    }
}

fn block(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [
        &SIGNATURE[..],
        &[command, family],
        &length[..],
        payload,
        b"rest",
    ]
    .concat()
}

fn value(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], value].concat()
}

const V4: [u8; 12] = [192, 0, 2, 1, 192, 0, 2, 2, 0xC0, 0, 1, 0xBB];

#[test]
fn a_line_tells_the_ends() {
    for (line, expected) in [
        (
            "TCP4 192.0.2.1 192.0.2.2 49152 443",
            "192.0.2.1:49152 192.0.2.2:443",
        ),
        ("TCP6 :: ::1 0 1", "[::]:0 [::1]:1"),
        (
            "TCP6 2001:db8::1 2001:db8::2 65535 443",
            "[2001:db8::1]:65535 [2001:db8::2]:443",
        ),
        ("UNKNOWN", "10.0.0.1:1000 10.0.0.2:80"),
        (
            "UNKNOWN whatever the proxy says",
            "10.0.0.1:1000 10.0.0.2:80",
        ),
    ] {
        let (ends, info) = header(format!("PROXY {line}\r\nrest").as_bytes());
        assert_eq!(ends, expected, "{line}");
        assert_eq!(info.version(), 1);
        assert_eq!(info.values().count(), 0);
    }
    // The longest that there is.
    let address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let line = format!("PROXY UNKNOWN {address} {address} 65535 65535\r\n");
    assert_eq!(line.len(), MAX_LINE);
    header(format!("{line}rest").as_bytes());
}

#[test]
fn what_is_no_line_is_refused() {
    let long = format!("PROXY UNKNOWN {}\r\nrest", "x".repeat(92));
    for line in [
        "PROXY TCP4 192.0.2.1 192.0.2.2 +80 443\r\nrest",
        "PROXY TCP4 192.0.2.1 192.0.2.2 080 443\r\nrest",
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\nrest",
        "PROXY TCP4 192.0.2.1 192.0.2.2 80 443 1\r\nrest",
        "PROXY TCP4 192.0.2.1  192.0.2.2 80 443\r\nrest",
        "PROXY TCP4 ::1 ::1 80 443\r\nrest",
        "PROXY TCP6 192.0.2.1 192.0.2.2 80 443\r\nrest",
        "PROXY TCP4 192.0.2.1 192.0.2.2 80\r\nrest",
        "PROXY UDP4 192.0.2.1 192.0.2.2 80 443\r\nrest",
        "PROXY TCP4 192.0.2.1 192.0.2.2 80 443\nrest",
        "PROXY UNKNOWN\nHost: a\r\nrest",
        "PROXY TCP4 192.0.2.1 192.0.2.2 80\r443\r\nrest",
        "PROXY  UNKNOWN \r\nrest",
        "PROXY unknown\r\n rest",
        "proxy UNKNOWN\r\nrest",
        "GET / HTTP/1.1\r\n\r\n",
        "\r\n\r\n\0\r\nQUIT\rrest, and more",
        &long,
    ] {
        let (told, _) = told(line.as_bytes(), false);
        assert_eq!(told.err(), Some(io::ErrorKind::InvalidData), "{line:?}");
    }
}

#[test]
fn a_header_that_ends_halfway_is_no_header() {
    let whole = block(0x21, 0x11, &V4);
    for length in 1..SIGNATURE.len() + 4 + V4.len() {
        let (told, _) = told(&whole[..length], false);
        assert_eq!(told.err(), Some(io::ErrorKind::UnexpectedEof), "{length}");
    }
    let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 80 443\r\n";
    for length in 1..line.len() {
        let (told, _) = told(&line[..length], false);
        assert_eq!(told.err(), Some(io::ErrorKind::UnexpectedEof), "{length}");
    }
    assert!(matches!(told(b"", false).0, Ok(Told::Gone)));
}

#[test]
fn a_block_tells_the_ends_of_streams() {
    let socket = "10.0.0.1:1000 10.0.0.2:80";
    let v6 = [[0x20; 16], [0x30; 16]].concat();
    let v6 = [&v6[..], &[0, 1, 0, 2]].concat();
    let mut unix = [0; 216];
    unix[..9].copy_from_slice(b"/run/sock");
    for (command, family, payload, expected) in [
        (0x21, 0x11, &V4[..], "192.0.2.1:49152 192.0.2.2:443"),
        (
            0x21,
            0x21,
            &v6,
            "[2020:2020:2020:2020:2020:2020:2020:2020]:1 [3030:3030:3030:3030:3030:3030:3030:3030]:2",
        ),
        (0x21, 0x31, &unix, "unix:/run/sock unix:"),
        (0x21, 0x00, &[], socket),
        (0x21, 0x12, &V4, socket),
        (0x20, 0x11, &V4, socket),
        (0x20, 0x00, &[], socket),
    ] {
        let (ends, info) = header(&block(command, family, payload));
        assert_eq!(ends, expected, "{command:#x} {family:#x}");
        assert_eq!(info.version(), 2);
    }
}

#[test]
fn a_block_tells_more_than_the_ends() {
    let tls = [
        &[0x01 | 0x02, 0, 0, 0, 0][..],
        &value(0x21, b"TLSv1.3"),
        &value(0x22, b"client"),
        &value(0x23, b"TLS_AES_128_GCM_SHA256"),
    ]
    .concat();
    let payload = [
        &V4[..],
        &value(0x01, b"h2"),
        &value(0x02, b"example.com"),
        &value(0x04, &[0; 5]),
        &value(0x05, &[1, 2]),
        &value(0x20, &tls),
        &value(0xEA, b""),
    ]
    .concat();
    let (_, info) = header(&block(0x21, 0x11, &payload));
    assert_eq!(info.alpn(), Some(&b"h2"[..]));
    assert_eq!(info.authority(), Some("example.com"));
    assert_eq!(info.unique_id(), Some(&[1, 2][..]));
    assert_eq!(info.value(0xEA), Some(&b""[..]));
    assert_eq!(info.values().count(), 4);
    let tls = info.tls().unwrap();
    assert_eq!(tls.version(), Some("TLSv1.3"));
    assert_eq!(tls.cipher(), Some("TLS_AES_128_GCM_SHA256"));
    assert_eq!(tls.common_name(), Some("client"));
    assert!(tls.has_certificate() && tls.is_verified());

    // A proxy that speaks for itself says nothing of a client.
    let (_, info) = header(&block(0x20, 0x11, &payload));
    assert_eq!(info.values().count(), 0);
    assert!(info.tls().is_none());
}

#[test]
fn a_sum_has_to_be_right() {
    let payload = [&V4[..], &value(0x03, &[0; 4])].concat();
    let mut right = block(0x21, 0x11, &payload);
    let end = right.len() - b"rest".len();
    let sum = crc32c(right[..end].iter().copied());
    right[end - 4..end].copy_from_slice(&sum.to_be_bytes());
    header(&right);

    let mut wrong = right.clone();
    wrong[FIXED] ^= 1;
    assert_eq!(
        told(&wrong, false).0.err(),
        Some(io::ErrorKind::InvalidData)
    );
    let short = [&V4[..], &value(0x03, &[0; 3])].concat();
    let short = block(0x21, 0x11, &short);
    assert_eq!(
        told(&short, false).0.err(),
        Some(io::ErrorKind::InvalidData)
    );
}

#[test]
fn what_is_no_block_is_refused() {
    let too_long = vec![0; MAX_BLOCK - FIXED + 1];
    let overrun = [&V4[..], &[1, 0, 9, 1]].concat();
    let leftover = [&V4[..], &[1, 0]].concat();
    let bad_tls = [&V4[..], &value(0x20, &[1, 0, 0])].concat();
    for (command, family, payload) in [
        (0x11, 0x11, &V4[..]),
        (0x22, 0x11, &V4),
        (0x21, 0x41, &V4),
        (0x21, 0x13, &V4),
        (0x21, 0x11, &V4[..11]),
        (0x21, 0x21, &V4),
        (0x21, 0x11, &too_long),
        (0x21, 0x11, &overrun),
        (0x21, 0x11, &leftover),
        (0x21, 0x11, &bad_tls),
    ] {
        let (told, _) = told(&block(command, family, payload), false);
        let error = Some(io::ErrorKind::InvalidData);
        assert_eq!(told.err(), error, "{command:#x} {family:#x} {payload:?}");
    }
    let longest = [
        &V4[..],
        &value(0x04, &vec![0; MAX_BLOCK - FIXED - V4.len() - 3]),
    ]
    .concat();
    header(&block(0x21, 0x11, &longest));
}

#[test]
fn where_none_is_needed_what_was_read_is_given_back() {
    for bytes in ["GET / HTTP/1.1\r\n\r\n", "P", "PROXX", "\r\nGET"] {
        match told(bytes.as_bytes(), true) {
            (Ok(Told::Nothing(ahead)), left) => {
                assert_eq!([&ahead[..], left].concat(), bytes.as_bytes());
            }
            (other, _) => panic!("{bytes}: {:?}", other.err()),
        }
    }
    let wrong = told(b"PROXY NONSENSE\r\nrest", true).0.err();
    assert_eq!(wrong, Some(io::ErrorKind::InvalidData), "it has begun one");
}

/// What headers are made of, and what they must not be.
const PARTS: &[&[u8]] = &[
    b"PROXY ",
    b"TCP4 ",
    b"TCP6 ",
    b"UNKNOWN",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443",
    b"PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 1 65535",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 0 65536",
    b"PROXY TCP4 192.0.2.01 +192.0.2.2 01 +1",
    b"::1 ",
    b"255.255.255.255 ",
    b"65535",
    b" ",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n",
    SIGNATURE,
    b"\x20\0\0\0",
    b"\x21\x11\0\x0c",
    b"\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x12\x34\0\x50",
    b"\x21\x12\0\x0f\xc0\0\x02\x01\xc0\0\x02\x02\x12\x34\0\x50\x04\0\0",
    b"\x21\0\0\x07\x03\0\x04\0\0\0\0",
    b"\x21\0\0\x0c\x20\0\x09\x01\0\0\0\0\x21\0\x01v",
    b"\x21\x21\0\x24",
    b"\x21\x31\0\xd8",
    b"\x21\0\x10\x01",
    b"\x02\0\x03abc",
    b"\0\0\0\0\0\0\0\0",
    b"GET / HTTP/1.1\r\n\r\n",
];

#[test]
fn whatever_it_is_shown_its_invariants_hold() {
    let mut seed = 0x0074_7261_6E73_6F6D_u64;
    let mut below = |end: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % end
    };
    for _ in 0..10_000 {
        let mut bytes = Vec::new();
        for _ in 0..=below(6) {
            bytes.extend_from_slice(PARTS[below(PARTS.len())]);
        }
        for _ in 0..below(6).saturating_sub(3) {
            let at = below(bytes.len());
            match below(3) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes.insert(at, below(256) as u8),
                _ => bytes.truncate(at + 1),
            }
        }
        hold(&bytes);
    }
}
