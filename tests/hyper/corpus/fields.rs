//! Fields: their names, their values, their lines, and how many there may be.

use super::exchange::{Exchange, get, latin};

pub(super) fn exchanges() -> Vec<Exchange> {
    let mut all = bytes();
    all.extend(lines());
    all.extend(limits());
    all
}

/// Every byte in a name and in a value.
fn bytes() -> Vec<Exchange> {
    let mut all = Vec::new();
    for byte in 0..=u8::MAX {
        let character = char::from(byte);
        let token = character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
        let name = latin(&get(&format!("x{character}x: a\r\n")));
        // Letters and digits are one case, and so is what no ASCII has.
        if token && !character.is_ascii_alphanumeric() {
            all.push(Exchange::taken("9110-5.1", name, "GET / a "));
        } else if !token && byte != b':' && !(0x82..=0xFD).contains(&byte) {
            all.push(Exchange::refused("9110-5.1", 400, name));
        }
        let value = latin(&get(&format!("x: a{character}b\r\n")));
        if byte.is_ascii_control() && byte != b'\t' {
            all.push(Exchange::refused("9110-5.5", 400, value));
        } else if !(0x30..=0xFD).contains(&byte) {
            all.push(Exchange::taken("9110-5.5", value, "GET / a "));
        }
    }
    all
}

fn lines() -> Vec<Exchange> {
    let mut all = Vec::new();
    for fields in [
        "x:\r\n",
        "x: \r\n",
        "x:\t\r\n",
        "x:a\r\n",
        "x:  a  \r\n",
        "x:\t\ta\t\t\r\n",
        "x: a b\tc\r\n",
        "x: :\r\n",
        "x::\r\n",
        "x: a: b\r\n",
        "x: \"\r\n",
        "x: a\r\nx: b\r\nX: c\r\n",
        "1: a\r\n",
        "x: \u{e9}\u{ff}\r\n",
        "content_length: 5\r\n",
        "transfer_encoding: chunked\r\n",
        "content-lengt: 5\r\n",
        "xcontent-length: 5\r\n",
        "date: never\r\n",
        "te: trailers\r\n",
        "te: chunked\r\n",
        "trailer: x\r\n",
        "via: a\r\n",
        "keep-alive: timeout=1\r\n",
        "proxy-connection: close\r\n",
        "cookie: a=b\r\ncookie: c=d\r\n",
    ] {
        all.push(Exchange::taken("9112-5", latin(&get(fields)), "GET / a "));
    }
    for fields in [
        "x : a\r\n",
        "x\t: a\r\n",
        "x  : a\r\n",
        ": a\r\n",
        ":\r\n",
        " : a\r\n",
        "x\r\n",
        "x a\r\n",
        "x=a\r\n",
        "\"x\": a\r\n",
        "x;y: a\r\n",
        "(x): a\r\n",
    ] {
        all.push(Exchange::refused("9112-5.1", 400, get(fields)));
    }
    for fold in [
        "x: a\r\n b\r\n",
        "x: a\r\n\tb\r\n",
        "x: a\r\n \r\n",
        "x:\r\n a\r\n",
        "x: a\r\n content-length: 5\r\n",
        "x: a\r\n  : b\r\n",
    ] {
        all.push(Exchange::refused("9112-5.2", 400, get(fold)));
    }
    for end in [
        "x: a\n",
        "x: a\r",
        "x: a\r\r\n",
        "x: a\n\r\n",
        "x: a\rb: c\r\n",
        "x: a\nb: c\r\n",
        "\n",
        "\r",
        "\r\r\n",
        "x: a\r\n\n",
        "x: a\0\r\n",
    ] {
        all.push(Exchange::refused("9112-2.2", 400, get(end)));
    }
    for first in [" host: a", "\thost: a", " \r\nhost: a", "\u{b}host: a"] {
        let request = format!("GET / HTTP/1.1\r\n{first}\r\n\r\n");
        all.push(Exchange::refused("9112-2.2", 400, request));
    }
    all
}

fn limits() -> Vec<Exchange> {
    let lines = |count: usize| get(&"x: a\r\n".repeat(count));
    // All lines with their ends, but not the empty one.
    let value = |length: usize| "a".repeat(length - "host: a\r\nx: \r\n".len());
    let long = |length: usize| get(&format!("x: {}\r\n", value(length)));
    let name = |length: usize| get(&format!("{}: a\r\n", "x".repeat(length)));
    vec![
        Exchange::taken("6585-5", lines(99), "GET / a "),
        Exchange::refused("6585-5", 431, lines(100)),
        Exchange::refused("6585-5", 431, lines(1_000)),
        Exchange::refused("6585-5", 431, lines(5_000)),
        Exchange::taken("6585-5", long(32 * 1024), "GET / a "),
        Exchange::refused("6585-5", 431, long(32 * 1024 + 1)),
        Exchange::refused("6585-5", 431, long(100_000)),
        Exchange::taken("6585-5", name(30_000), "GET / a "),
        Exchange::refused("6585-5", 431, name(33_000)),
    ]
}
