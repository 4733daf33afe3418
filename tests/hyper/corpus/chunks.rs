//! Bodies in chunks, and their trailers. What is wrong with them is seen when the application reads them.

use super::exchange::{Exchange, latin, post};

pub(super) fn exchanges() -> Vec<Exchange> {
    let mut all = sizes();
    all.extend(extensions());
    all.extend(trailers());
    all
}

fn chunked(body: &str) -> Vec<u8> {
    latin(&post("transfer-encoding: chunked\r\n", body))
}

fn sizes() -> Vec<Exchange> {
    let mut all = Vec::new();
    for (body, seen) in [
        ("0\r\n\r\n", ""),
        ("00000\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("05\r\nhello\r\n0\r\n\r\n", "hello"),
        ("0000000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
        ("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("7\r\n0\r\n\r\nGE\r\n0\r\n\r\n", "0\r\n\r\nGE"),
    ] {
        let seen = format!("POST / a {seen}");
        all.push(Exchange::taken("9112-7.1", chunked(body), &seen));
    }
    let long = "b".repeat(0x1_8000);
    let body = format!("18000\r\n{long}\r\n0\r\n\r\n");
    all.push(Exchange::taken(
        "9112-7.1",
        chunked(&body),
        &format!("POST / a {long}"),
    ));
    for wrong in [
        "\r\nhello\r\n",
        "x\r\nhello\r\n",
        "5x\r\nhello\r\n",
        "g\r\n",
        "-5\r\nhello\r\n",
        "+5\r\nhello\r\n",
        "0x5\r\nhello\r\n",
        "5h\r\nhello\r\n",
        "5_0\r\nhello\r\n",
        "5.0\r\nhello\r\n",
        "5,5\r\nhello\r\n",
        "\"5\"\r\nhello\r\n",
        " 5\r\nhello\r\n",
        "\t5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "5\t\r\nhello\r\n",
        "5 5\r\nhello\r\n",
        "5\nhello\r\n",
        "5\rhello\r\n",
        "5\r\r\nhello\r\n",
        "5\r\nhello\n",
        "5\r\nhello\r",
        "5\r\nhelloX",
        "5\r\nhello!\r\n",
        "5\r\nhello0\r\n",
        "5\r\nhello\r\r\n",
        "5\r\nhello\n\n",
        "5\r\nhello\r\n\r\n",
        "5\0\r\nhello\r\n",
        "\0\r\n",
        "5\u{b}\r\nhello\r\n",
        "\u{a0}5\r\nhello\r\n",
        "10000000000000000\r\nhello\r\n",
        "10000000000000005\r\nhello\r\n",
        "fffffffffffffffff\r\nhello\r\n",
        "80000000000000000000000000000005\r\nhello\r\n",
        "0\n\r\n",
        "0\r\n\n",
        "0\r\n\r0",
        "0\r\nX",
        "0\r\n\0\r\n",
        "0 \r\n\r\n",
        "00x\r\n\r\n",
        "0\r\r\n\r\n",
        "4\r\nhello\r\n",
        "6\r\nhello\r\nX",
    ] {
        let body = format!("{wrong}0\r\n\r\n");
        all.push(Exchange::refused("9112-7.1", 400, chunked(&body)));
    }
    // Behind a good chunk too.
    for wrong in ["x\r\n", "5\n", "5 \r\n", "0\r\nx\r\n", "-1\r\n"] {
        let body = format!("5\r\nhello\r\n{wrong}0\r\n\r\n");
        all.push(Exchange::refused("9112-7.1", 400, chunked(&body)));
    }
    all
}

fn extensions() -> Vec<Exchange> {
    let with = |extension: &str| chunked(&format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n"));
    let mut all = Vec::new();
    for extension in [
        ";a",
        ";a=b",
        ";a=\"b\"",
        ";a=\"b c;d=e\"",
        ";a=\"\"",
        ";a=\"\\\"\\\\\"",
        ";a;b;c=d",
        " ;a",
        "\t; a",
        "; a = b",
        ";a =\"b\" ;c",
        ";a=\"\u{e9}\"",
        ";!#$%&'*+-.^_`|~=1",
    ] {
        all.push(Exchange::taken(
            "9112-7.1.1",
            with(extension),
            "POST / a hello",
        ));
    }
    let long = format!(";{}", "a".repeat(4_000));
    all.push(Exchange::taken("9112-7.1.1", with(&long), "POST / a hello"));
    for wrong in [
        ";",
        ";;a",
        ";a;",
        "; ",
        ";a=",
        ";=a",
        ";a==b",
        ";a=b=c",
        ";a b",
        ";a \r",
        ";a=b ",
        ";a=\"b",
        ";a=\"b\"c",
        ";a=\"b\\",
        ";a=\"\0\"",
        ";a\0",
        ";\u{1}",
        ";a=\u{e9}",
        ";a\n",
        ";a=\"b\n\"",
        ";a=\"\r\n\"",
        ";a\r",
        "z",
        "=a",
        ",a",
        ":a",
        "\"a\"",
        ";(a)",
        ";a=(b)",
        ";\u{7f}",
    ] {
        all.push(Exchange::refused("9112-7.1.1", 400, with(wrong)));
    }
    let long = format!(";{}", "a".repeat(70_000));
    all.push(Exchange::refused("9112-7.1.1", 400, with(&long)));
    all
}

fn trailers() -> Vec<Exchange> {
    let with = |trailers: &str| chunked(&format!("5\r\nhello\r\n0\r\n{trailers}\r\n"));
    let many = |count: usize| "x: a\r\n".repeat(count);
    let mut all = Vec::new();
    for right in [
        "x: a\r\n",
        "x:\r\n",
        "x:\t a \t\r\n",
        "x: a\r\nX: b\r\ny: c\r\n",
        "x: \u{e9}\tb\r\n",
        "content-length: 3\r\n",
        "transfer-encoding: chunked\r\n",
        "host: b\r\n",
        "connection: close\r\n",
        "trailer: x\r\n",
        "expect: 100-continue\r\n",
        &many(100),
        &format!("x: {}\r\n", "a".repeat(30_000)),
    ] {
        all.push(Exchange::taken("9112-7.1.2", with(right), "POST / a hello"));
    }
    for wrong in [
        "x\r\n",
        "x : a\r\n",
        ": a\r\n",
        " x: a\r\n",
        "x: a\r\n b\r\n",
        "x: a\n",
        "x: a\r",
        "x: a\0\r\n",
        "x: a\u{7f}\r\n",
        "x\0: a\r\n",
        "x: a\rb\r\n",
        "x a\r\n",
        "\u{e9}: a\r\n",
        "x: a\r\n\n",
        "GET / HTTP/1.1\r\n",
        &many(101),
        &format!("x: {}\r\n", "a".repeat(33_000)),
        &format!("{}: a\r\n", "x".repeat(33_000)),
    ] {
        all.push(Exchange::refused("9112-7.1.2", 400, with(wrong)));
    }
    all
}
