//! `Content-Length` and `Transfer-Encoding`.

use super::exchange::{Exchange, latin, post};

const CHUNKS: &str = "5\r\nhello\r\n0\r\n\r\n";

pub(super) fn lengths() -> Vec<Exchange> {
    let mut all = Vec::new();
    for length in ["5", " 5", "\t5\t ", "05", "00000000000000000000000000005"] {
        let request = post(&format!("content-length:{length}\r\n"), "hello");
        all.push(Exchange::taken("9110-8.6", request, "POST / a hello"));
    }
    for (length, body) in [("0", ""), ("000", ""), ("1", "a")] {
        let request = post(&format!("Content-Length: {length}\r\n"), body);
        all.push(Exchange::taken(
            "9110-8.6",
            request,
            &format!("POST / a {body}"),
        ));
    }
    let long = "b".repeat(100_000);
    let request = post("CONTENT-LENGTH: 100000\r\n", &long);
    all.push(Exchange::taken(
        "9112-6.2",
        request,
        &format!("POST / a {long}"),
    ));
    for method in ["GET", "DELETE", "OPTIONS", "PATCH", "X"] {
        let request = format!("{method} / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
        all.push(Exchange::taken(
            "9110-9.3",
            request,
            &format!("{method} / a hello"),
        ));
    }
    for wrong in [
        "",
        "+5",
        "-5",
        "-0",
        "5 5",
        "5,5",
        "5, 5",
        "5,",
        ",5",
        "5;5",
        "0x5",
        "5h",
        "five",
        "5.0",
        "5e0",
        "5_0",
        "\"5\"",
        "'5'",
        "(5)",
        "5\u{b}",
        "\u{b}5",
        "5\0",
        "\u{a0}5",
        "\u{b2}",
        "18446744073709551616",
        "18446744073709551615",
        "9223372036854775808",
        "99999999999999999999999999999999",
        "0, 5",
    ] {
        let request = post(&format!("content-length: {wrong}\r\n"), "hello");
        all.push(Exchange::refused("9112-6.3", 400, latin(&request)));
    }
    for wrong in [
        "content-length: 5\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5\r\nContent-Length: 0\r\n",
        "content-length: 0\r\nx: y\r\ncontent-length: 5\r\n",
        "content-length : 5\r\n",
        "content-length\t: 5\r\n",
        " content-length: 5\r\n",
        "x: y\r\n content-length: 5\r\n",
        "content-length:\r\n 5\r\n",
        "content-length\r\n: 5\r\n",
        "content-length\0: 5\r\n",
        "\0content-length: 5\r\n",
    ] {
        all.push(Exchange::refused("9112-6.3", 400, post(wrong, "hello")));
    }
    for method in ["POST", "PUT"] {
        let request = format!("{method} / HTTP/1.1\r\nhost: a\r\n\r\n");
        let seen = format!("{method} / a ");
        all.push(Exchange::taken("9112-6.3", request, &seen));
        let request = format!("{method} / HTTP/1.0\r\nhost: a\r\n\r\n");
        all.push(Exchange::refused("9112-6.3", 400, request));
        let request = format!("{method} / HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello");
        all.push(Exchange::taken("9112-6.3", request, &format!("{method} /  hello")).last());
    }
    all
}

pub(super) fn codings() -> Vec<Exchange> {
    let with = |coding: &str| post(&format!("transfer-encoding:{coding}\r\n"), CHUNKS);
    let mut all = Vec::new();
    for coding in ["chunked", " chunked", "\tchunked \t", "CHUNKED", " Chunked"] {
        all.push(Exchange::taken("9112-7.1", with(coding), "POST / a hello"));
    }
    for method in ["GET", "DELETE", "PUT", "PATCH"] {
        let head = format!("{method} / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        let seen = format!("{method} / a hello");
        all.push(Exchange::taken("9112-6.1", head + CHUNKS, &seen));
    }
    for unknown in [
        "gzip, chunked",
        "gzip,chunked",
        "deflate,gzip ,\tchunked",
        "identity, chunked",
        "x, chunked",
        "gzip;q=1, chunked",
        "gzip\r\ntransfer-encoding: chunked",
    ] {
        all.push(Exchange::refused("9112-6.1", 501, with(unknown)));
    }
    for wrong in [
        "",
        " ",
        "gzip",
        "identity",
        "xchunked",
        "chunkedx",
        "x-chunked",
        "chunked, gzip",
        "chunked, identity",
        "chunked,chunked",
        "chunked, chunked",
        "gzip, chunked, chunked",
        "chunked,",
        ",chunked",
        ", chunked",
        "chunked, ,",
        "chunked;a",
        "chunked;a=b",
        "chunked ;a=b",
        "\"chunked\"",
        "'chunked'",
        "chun ked",
        "chunked chunked",
        "chunked\u{b}",
        "\u{b}chunked",
        "\u{c}chunked",
        "chunked\0",
        "\u{a0}chunked",
        "chunked\u{85}",
        "chunk",
        "cow",
        "chunked\r\n chunked",
        "chunked\r\n ",
        "\r\n chunked",
        "chunked\r\ntransfer-encoding: chunked",
        "chunked\r\ntransfer-encoding: identity",
        "chunked\r\ntransfer-encoding: gzip",
        "chunked\r\nTransfer-Encoding:",
        "\r\ntransfer-encoding: chunked",
        "chunked\ncontent-length: 5",
        "chunked\rcontent-length: 5",
    ] {
        all.push(Exchange::refused("9112-6.3", 400, latin(&with(wrong))));
    }
    for both in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "content-length: 0\r\ntransfer-encoding: chunked\r\n",
        "content-length: 15\r\nx: y\r\nTRANSFER-ENCODING: chunked\r\n",
        "transfer-encoding: identity\r\ncontent-length: 5\r\n",
        "transfer-encoding: gzip, chunked\r\ncontent-length: 5\r\n",
        "transfer-encoding:\r\ncontent-length: 5\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding\t: chunked\r\ncontent-length: 5\r\n",
        " transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
        "transfer-encoding\0: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: x\r\n",
    ] {
        all.push(Exchange::refused("9112-6.3", 400, post(both, CHUNKS)));
    }
    for version in ["", "connection: keep-alive\r\n", "host: a\r\n"] {
        let head = format!("POST / HTTP/1.0\r\n{version}transfer-encoding: chunked\r\n\r\n");
        all.push(Exchange::refused("9112-6.1", 400, head + CHUNKS));
    }
    for fields in ["content-length: 5\r\n", "transfer-encoding: chunked\r\n"] {
        let head = format!("CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n{fields}\r\n");
        all.push(Exchange::refused("9110-9.3.6", 400, head + CHUNKS));
    }
    all
}
