//! The guard by itself: what it says, whatever pieces the bytes come in.

use http::StatusCode;

use super::bounds::Bounds;
use super::invariants::{hold, show};
use super::{Guard, Phase};
use crate::hyper::options::Limits;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

fn bounds() -> Bounds {
    Bounds::from(&Limits::default())
}

fn guard() -> Guard {
    Guard::new(bounds())
}

#[test]
fn a_head_passes_when_it_is_whole() {
    let mut guard = guard();
    let half = GET.len() / 2;
    assert_eq!(guard.phase(), Phase::Idle);
    assert_eq!(guard.admit(&GET.as_bytes()[..half]), 0);
    assert_eq!(guard.phase(), Phase::Head);
    assert_eq!(guard.admit(GET.as_bytes()), GET.len());
    assert_eq!(guard.phase(), Phase::Idle);
}

#[test]
fn an_empty_line_begins_no_request() {
    for begin in ["\r", "\r\n"] {
        let mut guard = guard();
        assert_eq!(guard.admit(begin.as_bytes()), 0);
        assert_eq!(guard.phase(), Phase::Idle, "{begin:?}");
        guard.end();
        assert_eq!(guard.refusal(), None, "{begin:?}");
    }
}

#[test]
fn what_follows_an_upgrade_waits_for_the_answer() {
    let ask = "GET / HTTP/1.1\r\nhost: a\r\nconnection: x, Upgrade\r\nupgrade: echo\r\n\r\n";
    let both = format!("{ask}\0\0");
    for switches in [true, false] {
        let mut guard = guard();
        assert_eq!(guard.admit(both.as_bytes()), ask.len());
        assert_eq!(guard.admit(b"\0\0"), 0);
        assert_eq!(guard.phase(), Phase::Undecided);
        guard.decide(switches);
        let passes = if switches { 2 } else { 0 };
        assert_eq!(guard.admit(b"\0\0"), passes);
        assert_eq!(guard.refusal().is_some(), !switches);
    }
}

#[test]
fn only_what_may_switch_is_waited_for() {
    for (head, waits) in [
        ("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n", true),
        ("CONNECT a:1 HTTP/1.0\r\n", true),
        (
            "GET / HTTP/1.0\r\nconnection: upgrade\r\nupgrade: a\r\n",
            false,
        ),
        ("GET / HTTP/1.1\r\nhost: a\r\nupgrade: a\r\n", false),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n",
            false,
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: a\r\ncontent-length: 1\r\n",
            false,
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: a\r\ncontent-length: 0\r\n",
            true,
        ),
    ] {
        let mut guard = guard();
        let head = format!("{head}\r\n");
        assert_eq!(guard.admit(head.as_bytes()), head.len(), "{head:?}");
        assert_eq!(guard.phase() == Phase::Undecided, waits, "{head:?}");
    }
}

#[test]
fn the_limits_hold_to_the_byte() {
    let limits = Limits::default()
        .with_max_request_line_size(20)
        .with_max_request_head_size(30)
        .with_max_request_fields(2);
    let line = |length: usize| format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(length));
    let fields = |length: usize| {
        let value = "a".repeat(length);
        format!("GET / HTTP/1.1\r\nhost: a\r\nx: {value}\r\n\r\n")
    };
    for (request, status) in [
        (line(20 - 14), None),
        (line(20 - 13), Some(StatusCode::URI_TOO_LONG)),
        (fields(30 - 14), None),
        (
            fields(30 - 13),
            Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nb:\r\nc:\r\n\r\n".into(),
            Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        ),
        (
            "A".repeat(22) + " / HTTP/1.1",
            Some(StatusCode::NOT_IMPLEMENTED),
        ),
    ] {
        let bytes = request.as_bytes();
        let whole = show(Bounds::from(&limits), [bytes]);
        let single = show(Bounds::from(&limits), bytes.chunks(1));
        let refused = whole.refusal.map(|refusal| refusal.status());
        assert_eq!(refused, status, "{request:?}");
        assert_eq!(whole, single, "{request:?}");
    }
}

/// The parts of requests, right and wrong, as they are put together by chance.
const PARTS: &[&str] = &[
    "GET ",
    "POST ",
    "PUT ",
    "CONNECT ",
    "OPTIONS ",
    "G\u{e9}T ",
    "/ ",
    "* ",
    "a:80 ",
    "http://a/b?c ",
    "/a#b ",
    "/`?\" ",
    "HTTP/1.1\r\n",
    "HTTP/1.0\r\n",
    "HTTP/2.0\r\n",
    "HTTP/1.1\n",
    "http/1.1\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\n",
    "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nhost:\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
    "host: a\r\n",
    "Host: [::1]:80\r\n",
    "host : a\r\n",
    "host: a b\r\n",
    "Content-Length: 5\r\n",
    "content-length: 0\r\n",
    "content-length: 5, 5\r\n",
    "content-length: +5\r\n",
    "content-length: 18446744073709551616\r\n",
    "content-length: 9223372036854775807\r\n",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding: gzip, chunked\r\n",
    "transfer-encoding:\tchunked \r\n",
    "transfer-encoding: chunked, chunked\r\n",
    "connection: upgrade\r\n",
    "upgrade: a\r\n",
    "connection: close\r\n",
    "expect: 100-continue\r\n",
    "expect: a\r\n",
    "x: \0\r\n",
    "x: a\tb\u{e9}\r\n",
    " fold\r\n",
    ": b\r\n",
    "x:\r\n",
    "x\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "5\r\nhello\r\n",
    "0\r\n",
    "0\r\n\r\n",
    "0\r\na: b\r\n\r\n",
    "a;b=\"c\"\r\n0123456789\r\n",
    "5;\r\n",
    "FFFFFFFFFFFFFFFFF\r\n",
    "fffffffffffffff\r\n",
    "hello",
    "\0",
];

/// A small generator of numbers, the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

#[test]
fn whatever_it_is_shown_its_invariants_hold() {
    let mut chance = Chance(0x0074_7261_6E73_6F6D);
    for _ in 0..20_000 {
        let mut bytes = Vec::new();
        for _ in 0..=chance.below(10) {
            bytes.extend_from_slice(PARTS[chance.below(PARTS.len())].as_bytes());
        }
        for _ in 0..chance.below(6).saturating_sub(3) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = chance.below(256) as u8,
                1 => bytes.insert(at, chance.below(256) as u8),
                _ => bytes.truncate(at + 1),
            }
        }
        hold(&bytes);
    }
}

#[test]
fn the_greatest_limits_overflow_nothing() {
    let limits = Limits::default()
        .with_max_request_line_size(usize::MAX)
        .with_max_request_head_size(usize::MAX)
        .with_max_request_fields(usize::MAX);
    let mut guard = Guard::new(Bounds::from(&limits));
    assert_eq!(guard.admit(GET.as_bytes()), GET.len());
}

#[test]
fn chunks_are_of_the_grammar_or_refused() {
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let long = |length: usize| "a".repeat(length);
    let trailers = |count: usize| format!("0\r\n{}\r\n", "a: b\r\n".repeat(count));
    for body in [
        "0\r\n\r\n".to_owned(),
        "5\r\nhello\r\n0\r\n\r\n".into(),
        "00005\r\nhello\r\n000\r\n\r\n".into(),
        "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n".into(),
        "5;a\r\nhello\r\n0;b=c;d=\"e;\\\"\u{e9}\";f\r\n\r\n".into(),
        "5 ; a = b ;c\r\nhello\r\n0\r\n\r\n".into(),
        "0\r\na: b\r\nc:\r\nd:\t e\u{e9}\tf \r\n\r\n".into(),
        format!("0;{}\r\n\r\n", long(4_000)),
        format!("0\r\na: {}\r\n\r\n", long(32_000)),
        trailers(100),
    ] {
        let request = format!("{head}{body}{GET}");
        let whole = show(bounds(), [request.as_bytes()]);
        let single = show(bounds(), request.as_bytes().chunks(1));
        let shown = &body[..body.len().min(40)];
        assert_eq!(whole.phase, Phase::Idle, "{shown:?}");
        assert_eq!(whole.passed, request.as_bytes(), "{shown:?}");
        assert_eq!(whole, single, "{shown:?}");
    }
    for (body, passed) in [
        ("\r\n".to_owned(), 0),
        (" 5\r\n".into(), 0),
        ("-5\r\n".into(), 0),
        ("0x5\r\n".into(), 1),
        ("5\n".into(), 1),
        ("5\r\r\n".into(), 2),
        ("5 \r\n".into(), 2),
        ("5;\r\n".into(), 2),
        ("5;a \r\n".into(), 4),
        ("5;a=\r\n".into(), 4),
        ("5;a=\"b\r\n".into(), 6),
        ("5;a=\"b\"c\r\n".into(), 7),
        ("5;a\n".into(), 3),
        ("5;a\0\r\n".into(), 3),
        ("10000000000000000\r\n".into(), 16),
        ("5\r\nhello6\r\n".into(), 8),
        ("5\r\nhello\n".into(), 8),
        ("5\r\nhello\r0".into(), 9),
        ("0\r\nX\r\n".into(), 4),
        ("0\r\n: a\r\n".into(), 3),
        ("0\r\nA : b\r\n".into(), 4),
        ("0\r\n b: c\r\n".into(), 3),
        ("0\r\na: b\n".into(), 7),
        ("0\r\na: b\0c\r\n".into(), 7),
        ("0\r\na: b\r\n c\r\n".into(), 9),
        ("0\r\n\r0".into(), 4),
        ("0\r\n\n".into(), 3),
        (format!("0;{}", long(5_000)), 4_096),
        (format!("0\r\na: {}", long(40_000)), 3 + 32 * 1024),
        (trailers(101), 3 + 600),
    ] {
        let request = format!("{head}{body}0\r\n\r\n");
        let whole = show(bounds(), [request.as_bytes()]);
        let single = show(bounds(), request.as_bytes().chunks(1));
        let shown = &body[..body.len().min(40)];
        assert_eq!(whole.phase, Phase::Refused, "{shown:?}");
        assert_eq!(whole.passed.len(), head.len() + passed, "{shown:?}");
        assert_eq!(whole, single, "{shown:?}");
    }
}
