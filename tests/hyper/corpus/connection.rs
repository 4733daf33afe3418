//! How long a connection lasts, and what a client expects.

use super::exchange::{Exchange, get, post};

pub(super) fn exchanges() -> Vec<Exchange> {
    let mut all = persistence();
    all.extend(expectations());
    all.extend(upgrades());
    all
}

fn persistence() -> Vec<Exchange> {
    let mut all = Vec::new();
    for stays in [
        "",
        "connection: keep-alive\r\n",
        "connection:\r\n",
        "connection: x\r\n",
        "connection: closed\r\n",
        "connection: x, y,\r\n",
        "connection: ,\r\n",
        "connection: te\r\nte: trailers\r\n",
        "proxy-connection: close\r\n",
    ] {
        all.push(Exchange::taken("9112-9.3", get(stays), "GET / a "));
    }
    for closes in [
        "connection: close\r\n",
        "Connection: Close\r\n",
        "connection: CLOSE\r\n",
        "connection: x, close\r\n",
        "connection: close, x\r\n",
        "connection:close,keep-alive\r\n",
        "connection: keep-alive, close\r\n",
        "connection: keep-alive\r\nconnection: close\r\n",
        "connection: close\r\nconnection: keep-alive\r\n",
        "connection: , close\r\n",
    ] {
        all.push(Exchange::taken("9112-9.6", get(closes), "GET / a ").last());
        let request = post(&format!("{closes}content-length: 5\r\n"), "hello");
        all.push(Exchange::taken("9112-9.6", request, "POST / a hello").last());
    }
    for (fields, stays) in [
        ("", false),
        ("connection: keep-alive\r\n", true),
        ("connection: Keep-Alive\r\n", true),
        ("connection: x, keep-alive\r\n", true),
        ("connection: close\r\n", false),
        ("connection: keep-alive, close\r\n", false),
        ("keep-alive: 1\r\n", false),
    ] {
        let request = format!("GET / HTTP/1.0\r\nhost: a\r\n{fields}\r\n");
        let exchange = Exchange::taken("9112-9.3", request, "GET / a ");
        all.push(if stays { exchange } else { exchange.last() });
    }
    all
}

fn expectations() -> Vec<Exchange> {
    let mut all = Vec::new();
    for expect in ["100-continue", "100-Continue", " 100-CONTINUE "] {
        let fields = format!("expect: {expect}\r\ncontent-length: 5\r\n");
        all.push(Exchange::taken(
            "9110-10.1.1",
            post(&fields, "hello"),
            "POST / a hello",
        ));
        let fields = format!("expect: {expect}\r\ntransfer-encoding: chunked\r\n");
        let body = "5\r\nhello\r\n0\r\n\r\n";
        all.push(Exchange::taken(
            "9110-10.1.1",
            post(&fields, body),
            "POST / a hello",
        ));
        // There is no body to wait for.
        all.push(Exchange::taken(
            "9110-10.1.1",
            get(&format!("expect: {expect}\r\n")),
            "GET / a ",
        ));
    }
    for unknown in [
        "x",
        "",
        "100-continue, x",
        "101-continue",
        "100-continue=1",
        "\"100-continue\"",
        "200-ok",
    ] {
        let fields = format!("expect: {unknown}\r\n");
        all.push(Exchange::refused("9110-15.5.18", 417, get(&fields)));
        let fields = format!("{fields}content-length: 5\r\n");
        all.push(Exchange::refused(
            "9110-15.5.18",
            417,
            post(&fields, "hello"),
        ));
    }
    // RFC 9110, section 10.1.1: HTTP/1.0 has no expectations.
    for expect in ["100-continue", "x"] {
        let request =
            format!("POST / HTTP/1.0\r\nexpect: {expect}\r\ncontent-length: 5\r\n\r\nhello");
        all.push(Exchange::taken("9110-10.1.1", request, "POST /  hello").last());
    }
    all
}

/// The application takes none of them.
fn upgrades() -> Vec<Exchange> {
    let mut all = Vec::new();
    for fields in [
        "connection: upgrade\r\nupgrade: websocket\r\n",
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
        "connection: upgrade\r\n",
        "upgrade: websocket\r\n",
        "connection: keep-alive, upgrade\r\nupgrade: a/1, b\r\n",
    ] {
        all.push(Exchange::taken("9110-7.8", get(fields), "GET / a "));
        let request = post(&format!("{fields}content-length: 5\r\n"), "hello");
        all.push(Exchange::taken("9110-7.8", request, "POST / a hello"));
    }
    let old = "GET / HTTP/1.0\r\nconnection: upgrade, keep-alive\r\nupgrade: websocket\r\n\r\n";
    all.push(Exchange::taken("9110-7.8", old, "GET /  "));
    all
}
