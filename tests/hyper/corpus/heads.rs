//! First lines, and what may stand before them.

use super::exchange::{Exchange, latin};

pub(super) fn exchanges() -> Vec<Exchange> {
    let mut all = versions();
    all.extend(methods());
    all.extend(lines());
    all
}

fn versions() -> Vec<Exchange> {
    let with = |version: &str| format!("GET / {version}\r\nhost: a\r\n\r\n");
    let mut all = vec![
        Exchange::taken("9112-2.3", with("HTTP/1.1"), "GET / a "),
        Exchange::taken("9112-9.3", with("HTTP/1.0"), "GET / a ").last(),
    ];
    for unknown in [
        "HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/9.9", "HTTP/0.0",
    ] {
        all.push(Exchange::refused("9110-15.6.6", 505, with(unknown)));
    }
    for garbage in [
        "HTTP/1",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP/11",
        "HTTP/1.1.1",
        "HTTP/01.1",
        "HTTP/1.01",
        "HTTP/1.10",
        "HTTP/1,1",
        "HTTP/ 1.1",
        "HTTP /1.1",
        "HTTP/1 .1",
        "HTTP/1. 1",
        "HTTP\\1.1",
        "HTTPS/1.1",
        "HTTP/x.y",
        "HTTP/+1.1",
        "HTTP/-1.1",
        "http/1.1",
        "Http/1.1",
        "HTP/1.1",
        "HTTP",
        "HTTP/",
        "1.1",
        "ICY/1.0",
        "HTTP/1.1 ",
        "HTTP/1.1\t",
        " HTTP/1.1",
        "\tHTTP/1.1",
        "HTTP/1.1 x",
        "HTTP/1.1\r",
        "HTTP/1.1\0",
        "HTTP/\u{1}.1",
        "",
        " ",
    ] {
        all.push(Exchange::refused("9112-2.3", 400, with(garbage)));
    }
    // There is no HTTP/0.9.
    all.push(Exchange::refused("9112-3", 400, "GET /\r\n\r\n"));
    all
}

fn methods() -> Vec<Exchange> {
    let with = |method: &str| latin(&format!("{method} / HTTP/1.1\r\nhost: a\r\n\r\n"));
    let mut all = Vec::new();
    for method in [
        "GET",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "QUERY",
        "PROPFIND",
        "get",
        "gEt",
        "X-CUSTOM.1",
        "!#$%&'*+-.^_`|~",
        "1",
        "POSTS",
    ] {
        let seen = format!("{method} / a ");
        all.push(Exchange::taken("9110-9.1", with(method), &seen));
    }
    all.push(Exchange::taken("9110-9.3.2", with("HEAD"), ""));
    for wrong in [
        "G(T",
        "G)T",
        "GE,T",
        "G/T",
        "GET:",
        "G;T",
        "G<T",
        "G=T",
        "G>T",
        "G?T",
        "G@T",
        "G[T",
        "G\\T",
        "G]T",
        "G{T",
        "G}T",
        "\"GET\"",
        "G\0T",
        "\u{1}GET",
        "G\u{7f}T",
        "\u{80}GET",
        "G\u{e9}T",
        "GET\t",
        "GET\u{b}",
        "GET\u{c}",
        "GET\r",
        "GET\n",
        "",
        " GET",
        "\tGET",
        "GET  /x",
    ] {
        all.push(Exchange::refused("9112-3", 400, with(wrong)));
    }
    all
}

fn lines() -> Vec<Exchange> {
    let rest = "host: a\r\n\r\n";
    let long = |length: usize| "a".repeat(length);
    let mut all = vec![
        Exchange::taken(
            "9112-2.2",
            format!("\r\nGET / HTTP/1.1\r\n{rest}"),
            "GET / a ",
        ),
        Exchange::refused("9112-2.2", 400, format!("\r\n\r\nGET / HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-2.2", 400, format!("\nGET / HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-2.2", 400, format!("\r\n\nGET / HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-2.2", 400, format!("\rGET / HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-2.2", 400, format!("GET / HTTP/1.1\n{rest}")),
        Exchange::refused("9112-2.2", 400, format!("GET / HTTP/1.1\r{rest}")),
        Exchange::refused("9112-2.2", 400, format!("GET / HTTP/1.1\r\r\n{rest}")),
        Exchange::refused("9112-2.2", 400, format!("GET / HTTP/1.1\n\r{rest}")),
        Exchange::refused("9112-2.2", 400, "GET / HTTP/1.1\nhost: a\n\n"),
        Exchange::refused("9112-2.2", 400, "GET / HTTP/1.1\rhost: a\r\r"),
        Exchange::refused("9112-3", 400, format!("GET  / HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET /  HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET\t/ HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET /\tHTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET / a HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET  HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("/ HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, format!("GET / HTTP/1.1{rest}")),
        Exchange::refused("9112-3", 400, format!("GET\r\n / HTTP/1.1\r\n{rest}")),
        Exchange::refused("9112-3", 400, "GET\r\n\r\n"),
        Exchange::refused("9112-3", 400, "HTTP/1.1 200 OK\r\n\r\n"),
        // A client of TLS, of SSH, of SMTP, of a proxy's protocol.
        Exchange::refused(
            "9112-3",
            400,
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        ),
        Exchange::refused("9112-3", 400, "SSH-2.0-OpenSSH_9.9\r\n"),
        Exchange::refused("9112-3", 400, "EHLO a.example\r\n"),
        Exchange::refused("9112-3", 400, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
        Exchange::refused("9112-3", 400, &b"\0\0\0\0\0\0\0\0"[..]),
    ];
    // The line may have 8 KiB, its end not counted.
    let target = long(8 * 1024 - "GET / HTTP/1.1".len());
    let seen = format!("GET /{target} a ");
    all.push(Exchange::taken(
        "9112-3",
        format!("GET /{target} HTTP/1.1\r\n{rest}"),
        &seen,
    ));
    for target in [
        format!("{target}a"),
        long(9_000),
        long(40_000),
        long(200_000),
    ] {
        let request = format!("GET /{target} HTTP/1.1\r\n{rest}");
        all.push(Exchange::refused("9112-3", 414, request));
    }
    let method = long(7_000);
    let request = format!("{method} / HTTP/1.1\r\n{rest}");
    all.push(Exchange::taken(
        "9112-3",
        request,
        &format!("{method} / a "),
    ));
    all.push(Exchange::refused(
        "9112-3",
        501,
        format!("{} / HTTP/1.1\r\n{rest}", long(9_000)),
    ));
    all
}
