//! Targets by their methods, and `Host`.

use super::exchange::{Exchange, latin};

pub(super) fn exchanges() -> Vec<Exchange> {
    let mut all = paths();
    all.extend(whole_uris());
    all.extend(other_forms());
    all
}

fn request(method: &str, target: &str) -> Vec<u8> {
    latin(&format!("{method} {target} HTTP/1.1\r\nhost: a\r\n\r\n"))
}

fn paths() -> Vec<Exchange> {
    let mut all = Vec::new();
    for path in [
        "/",
        "//",
        "///a//b//",
        "/a/./b/../c/..",
        "/..",
        "/%2F%2e%00",
        "/a;b=c",
        "/a:b@c",
        "/*",
        "/?",
        "/?a?b/c",
        "/?a=b&c=%20+d",
        "/-._~!$&'()*+,;=",
        "/[a]",
        "/\\",
        "/a|b^c",
        "/{a}",
        "/\"",
        "/?{a}|b^`[c]\\",
        "/http://b/",
        "/%",
        "/%zz",
    ] {
        let seen = format!("GET {path} a ");
        all.push(Exchange::taken("9112-3.2.1", request("GET", path), &seen));
    }
    for wrong in [
        "/a#b", "/#", "#", "#a", "/?a#b", "/a b", "/<", "/>", "/a`b", "/?\"", "/?<", "/?>",
        "/\u{e9}", "/\u{80}", "/?\u{ff}", "\u{e9}", "?", "?a=b", "a", "a/b", "a?b", "..", "./",
        "\\", "%2F", "/\0", "/\u{1}", "/a\tb", "/\u{b}", "/\u{1f}", "/\u{7f}", "/a\rb", "/a\nb",
    ] {
        all.push(Exchange::refused("9112-3.2", 400, request("GET", wrong)));
    }
    all
}

/// RFC 9112, section 3.2.2: `Host` is passed over.
fn whole_uris() -> Vec<Exchange> {
    let mut all = Vec::new();
    for (target, path, host) in [
        ("http://a/", "/", "a"),
        ("http://a", "/", "a"),
        ("http://other.example/b?c", "/b?c", "other.example"),
        ("http://other.example:8080/", "/", "other.example:8080"),
        ("http://other.example?b", "/?b", "other.example"),
        ("HTTP://other.example/", "/", "other.example"),
        ("https://other.example/", "/", "other.example"),
        ("http://[::1]:80/", "/", "[::1]:80"),
        ("http://127.0.0.1//a", "//a", "127.0.0.1"),
    ] {
        let seen = format!("GET {path} {host} ");
        all.push(Exchange::taken("9112-3.2.2", request("GET", target), &seen));
    }
    for wrong in [
        "http:",
        "http:/",
        "http://",
        "http:///",
        "http:///a",
        "http://:80/",
        "http://?a",
        "http://u@a/",
        "http://u:p@a/",
        "http://@a/",
        "http://a@/",
        "http://a:b/",
        "http://a:80:80/",
        "http://a:65536/",
        "http://a:-1/",
        "http://a\\b/",
        "http://a b/",
        "http://[::1/",
        "http://::1/",
        "http://[]/",
        "http://a%zz/",
        "http://a/#b",
        "http://a#b",
        "http:a",
        "http:/a",
        "ftp://a/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "urn:a:b",
        "ws://a/",
        "://a/",
        "//a/ b",
    ] {
        all.push(Exchange::refused("9110-4.2", 400, request("GET", wrong)));
    }
    let without = "GET http://a/ HTTP/1.1\r\n\r\n";
    all.push(Exchange::refused("9112-3.2", 400, without));
    let invalid = "GET http://a/ HTTP/1.1\r\nhost: b c\r\n\r\n";
    all.push(Exchange::refused("9112-3.2", 400, invalid));
    let old = "GET http://other/b HTTP/1.0\r\n\r\n";
    all.push(Exchange::taken("9112-3.2.2", old, "GET /b other ").last());
    all
}

fn other_forms() -> Vec<Exchange> {
    let mut all = vec![
        Exchange::taken("9112-3.2.4", request("OPTIONS", "*"), "OPTIONS * a "),
        Exchange::taken("9112-3.2.4", request("OPTIONS", "/"), "OPTIONS / a "),
    ];
    for method in ["GET", "HEAD", "DELETE", "TRACE", "options", "X"] {
        all.push(Exchange::refused("9112-3.2.4", 405, request(method, "*")));
        all.push(Exchange::refused(
            "9112-3.2.3",
            405,
            request(method, "a:80"),
        ));
    }
    for wrong in ["**", "*a", "*/", "/ *"] {
        all.push(Exchange::refused(
            "9112-3.2.4",
            400,
            request("OPTIONS", wrong),
        ));
    }
    all.push(Exchange::refused(
        "9112-3.2.3",
        405,
        request("GET", "[::1]:80"),
    ));
    for right in ["a:80", "a.example:443", "[::1]:1", "127.0.0.1:65535"] {
        let mut tunnel = Exchange::taken("9110-9.3.6", request("CONNECT", right), "").last();
        // The application does not want it.
        (tunnel.status, tunnel.seen) = (403, None);
        all.push(tunnel);
    }
    for wrong in [
        "/",
        "*",
        "a",
        "a:",
        ":80",
        ":",
        "a:0",
        "a:00",
        "a:65536",
        "a:b",
        "a:80/",
        "u@a:80",
        "http://a:80",
        "http://a:80/",
        "a:80?b",
        "[::1]",
        "[::1:80",
        "::1:80",
        "a b:80",
    ] {
        all.push(Exchange::refused(
            "9110-9.3.6",
            400,
            request("CONNECT", wrong),
        ));
    }
    all
}

pub(super) fn hosts() -> Vec<Exchange> {
    let with = |host: &str| latin(&format!("GET / HTTP/1.1\r\nhost:{host}\r\n\r\n"));
    let mut all = Vec::new();
    for host in [
        "",
        "a",
        "A.Example",
        "a:",
        "a:80",
        "a:0",
        "a:65535",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:80",
        "[2001:db8::1]",
        "under_score",
        "a-b.c",
        "a.",
        "xn--bcher-kva.example",
        "a%20b",
        "!$&'()*+,;=",
        "[v1.a]",
        "1",
        ":80",
    ] {
        let seen = format!("GET / {host} ");
        all.push(Exchange::taken(
            "9110-7.2",
            with(&format!(" {host}")),
            &seen,
        ));
        all.push(Exchange::taken(
            "9112-5.1",
            with(&format!("\t {host} \t")),
            &seen,
        ));
    }
    for host in [
        "a b",
        "a/b",
        "a/",
        "/",
        "u@a",
        "u:p@a",
        "@",
        "a:b",
        "a:80:80",
        "a:65536",
        "a:-1",
        "a: 80",
        "a :80",
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[::g]",
        "[::1]x",
        "[1.2.3.4]",
        "[::1%25eth0]",
        "a?b",
        "a#b",
        "a\\b",
        "<a>",
        "\"a\"",
        "a`",
        "a^b",
        "{a}",
        "a|b",
        "a%",
        "a%2",
        "a%zz",
        "http://a",
        "\u{e9}",
        "a\u{80}",
        "a\tb",
        "a, b",
        "a\0",
    ] {
        all.push(Exchange::refused(
            "9112-3.2",
            400,
            with(&format!(" {host}")),
        ));
    }
    for fields in [
        "",
        "host: a\r\nhost: a\r\n",
        "host: a\r\nHOST: b\r\n",
        "host:\r\nhost:\r\n",
        "host: a\r\nx: b\r\nHost: a\r\n",
        "x-host: a\r\n",
        "host : a\r\n",
        "hosts: a\r\n",
    ] {
        let request = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        all.push(Exchange::refused("9112-3.2", 400, request));
    }
    all.push(Exchange::taken("9112-3.2", "GET / HTTP/1.0\r\n\r\n", "GET /  ").last());
    for fields in ["host: a\r\nhost: a\r\n", "host: a b\r\n"] {
        let request = format!("GET / HTTP/1.0\r\n{fields}\r\n");
        all.push(Exchange::refused("9112-3.2", 400, request));
    }
    all
}
