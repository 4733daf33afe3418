//! The lesson whose client is a web server.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::program::{Example, PATIENCE};

#[test]
fn an_application_behind_a_web_server_sees_its_client() {
    let mut example = Example::start("17_fastcgi", &["--urls", "http://127.0.0.1:0"]);
    let address = example.addresses(1).remove(0);
    let answer = fastcgi(
        &address,
        &[
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", "/"),
            ("HTTP_HOST", "a.test"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_SOFTWARE", "nginx/1.22"),
            ("REMOTE_ADDR", "192.0.2.7"),
            ("REMOTE_PORT", "4711"),
            ("HTTPS", "on"),
        ],
    );
    assert!(
        answer.ends_with("192.0.2.7:4711 came over https and nginx/1.22\n"),
        "{answer}"
    );
    example.interrupt();
    assert!(example.finish().1);
}

/// Sends one request as a web server does, and returns what comes on FCGI_STDOUT.
fn fastcgi(address: &str, variables: &[(&str, &str)]) -> String {
    const BEGIN: u8 = 1;
    const END: u8 = 3;
    const PARAMS: u8 = 4;
    const STDIN: u8 = 5;
    const STDOUT: u8 = 6;
    let record = |kind: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = [1, kind, 0, 1, length[0], length[1], 0, 0];
        [&head[..], content].concat()
    };
    let mut pairs = Vec::new();
    for (name, value) in variables {
        pairs.extend([name, value].map(|text| u8::try_from(text.len()).unwrap()));
        pairs.extend([name.as_bytes(), value.as_bytes()].concat());
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let responder = [0, 1, 0, 0, 0, 0, 0, 0];
    for (kind, content) in [
        (BEGIN, &responder[..]),
        (PARAMS, &pairs),
        (PARAMS, &[]),
        (STDIN, &[]),
    ] {
        stream.write_all(&record(kind, content)).unwrap();
    }
    let mut answer = Vec::new();
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).unwrap();
        let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
        let mut content = vec![0; length + usize::from(head[6])];
        stream.read_exact(&mut content).unwrap();
        match head[1] {
            STDOUT => answer.extend(&content[..length]),
            END => return String::from_utf8(answer).unwrap(),
            _ => {}
        }
    }
}
