//! Upgraded connections, stops, and what comes after them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use transom::{BoundServer, Server, Shutdown};
use transom_tiny_http::TinyHttpServer;

use crate::support::{PATIENCE, READ_TIMEOUT, Running, app, head, read_to_end, read_until};

#[test]
fn an_upgraded_connection_echoes_and_counts() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(
            b"GET /upgrade HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
        )
        .unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(
        head.contains("upgrade: echo\r\n") && head.contains("x-kept: yes\r\n"),
        "{head}"
    );
    let begun = Instant::now();
    for n in 0..10 {
        let message = format!("message {n}.");
        stream.write_all(message.as_bytes()).unwrap();
        assert_eq!(read_until(&mut stream, "."), message);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(server.statistics.upgraded(), 1);
    // More than fits into any buffer, written by one thread and read by another.
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        writer.write_all(&vec![b'x'; 4 << 20]).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    assert_eq!(read_to_end(&mut stream).len(), 4 << 20);
    writing.join().unwrap();
    server.stop();
}

#[test]
fn a_stop_answers_what_was_begun_and_refuses_what_comes_after() {
    let server = Running::start();
    // It has been idle once: engines differ in what they do then.
    assert!(server.exchange(&head("GET /", "")).ends_with("hello"));
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    read_until(&mut idle, "hello");
    let mut stream = server.connect();
    stream
        .write_all(b"GET /sleep HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    while server.statistics.requests() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let address = server.address;
    server.stop();
    let answer = read_until(&mut stream, "slept");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(TcpStream::connect(address).is_err());
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    let late = read_to_end(&mut idle);
    assert!(
        late.is_empty() || late.starts_with("HTTP/1.1 503 "),
        "{late}"
    );
}

#[test]
fn dropping_serve_breaks_everything_off_and_frees_the_port() {
    let server = Running::start();
    let mut streams = Vec::new();
    for path in ["/sleep", "/ticks", "/collect"] {
        let mut stream = server.connect();
        let fields = if path == "/collect" {
            "content-length: 5000\r\n"
        } else {
            ""
        };
        stream
            .write_all(head(&format!("POST {path}"), fields).as_bytes())
            .unwrap();
        streams.push(stream);
    }
    while server.statistics.requests() < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    server.serving.abort();
    let begun = Instant::now();
    for mut stream in streams {
        let answer = read_to_end(&mut stream);
        assert!(
            !answer.contains("slept") && !answer.ends_with("0\r\n\r\n"),
            "{answer}"
        );
    }
    assert!(begun.elapsed() < READ_TIMEOUT * 4, "{:?}", begun.elapsed());
    std::net::TcpListener::bind(server.address).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !server.statistics.is_idle() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_idle_server_goes_on_accepting() {
    let server = Running::of(
        TinyHttpServer::new("http://127.0.0.1:0").with_read_timeout(Duration::from_millis(100)),
    );
    let deadline = Instant::now() + Duration::from_millis(500);
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(server.exchange(&head("GET /", "")).ends_with("hello"));
    server.stop();
}

#[cfg(unix)]
#[test]
fn a_unix_socket_serves_and_its_file_goes_with_the_server() {
    let directory = std::env::temp_dir().join(format!("transom-tiny-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("app.sock");
    let runtime = Runtime::new().unwrap();
    let (trigger, shutdown) = Shutdown::pair();
    let server = TinyHttpServer::new(&format!(
        "http://unix:{}; http://127.0.0.1:0",
        path.display()
    ));
    let bound = runtime.block_on(server.bind()).unwrap();
    let serving = runtime.spawn(bound.serve(app, shutdown));
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head("GET /", "").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("hello"), "{answer}");
    trigger.request();
    runtime
        .block_on(async { tokio::time::timeout(PATIENCE, serving).await })
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(!path.exists());
    std::fs::remove_dir_all(&directory).unwrap();
}
