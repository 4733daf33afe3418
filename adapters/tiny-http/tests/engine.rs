//! What is particular to tiny_http; the general behaviour is in `conformance.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use http::{StatusCode, header};
use http_body_util::BodyExt;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{
    ConnectionInfo, RequestExt, RequestLifetime, ServerAddresses, ServerStatistics, Upgrade,
};
use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
use transom_tiny_http::TinyHttpServer;

const PATIENCE: Duration = Duration::from_secs(8);
const READ_TIMEOUT: Duration = Duration::from_millis(600);

struct Running {
    runtime: Runtime,
    address: SocketAddr,
    statistics: ServerStatistics,
    trigger: ShutdownTrigger,
    serving: JoinHandle<Result<(), transom::Error>>,
}

impl Running {
    fn start() -> Self {
        Self::of(TinyHttpServer::new("http://127.0.0.1:0").with_read_timeout(READ_TIMEOUT))
    }

    fn of(server: TinyHttpServer) -> Self {
        let runtime = Runtime::new().unwrap();
        let (trigger, shutdown) = Shutdown::pair();
        let bound = runtime.block_on(server.bind()).unwrap();
        let addresses = bound.features().get::<ServerAddresses>().unwrap();
        let address = addresses.bound()[0].connect_addr().unwrap();
        let statistics = bound.features().get::<ServerStatistics>().unwrap().clone();
        let serving = runtime.spawn(bound.serve(app, shutdown));
        Self {
            runtime,
            address,
            statistics,
            trigger,
            serving,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        read_to_end(&mut stream)
    }

    fn stop(self) {
        self.trigger.request();
        let done = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.serving).await });
        done.unwrap().unwrap().unwrap();
    }
}

async fn app(mut request: Request) -> Response {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/echo" => Response::new(request.into_body()),
        "/collect" => match request.into_body().collect(64 << 20).await {
            Ok(body) => Response::new(Body::from(format!("{} bytes", body.len()))),
            Err(error) => status(StatusCode::BAD_REQUEST, error.to_string()),
        },
        "/count" => {
            let mut count = 0;
            while let Some(frame) = request.body_mut().frame().await {
                count += frame.unwrap().into_data().unwrap().len();
            }
            Response::new(Body::from(count.to_string()))
        }
        "/first" => {
            let frame = request.body_mut().frame().await.unwrap().unwrap();
            let read = frame.into_data().unwrap().len();
            status(StatusCode::PAYLOAD_TOO_LARGE, format!("after {read}"))
        }
        "/unread" => status(StatusCode::FORBIDDEN, "no".into()),
        "/abort" => {
            request.feature::<RequestLifetime>().unwrap().abort();
            Response::default()
        }
        "/panic" => panic!("on purpose"),
        "/sleep" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Response::new(Body::from("slept"))
        }
        "/spawn" => {
            let answer = tokio::spawn(async { "spawned" }).await.unwrap();
            Response::new(Body::from(answer))
        }
        "/ticks" => {
            let ticks = futures_util::stream::unfold(0, |n| async move {
                if n == 3 {
                    return None;
                }
                tokio::time::sleep(Duration::from_millis(150)).await;
                Some((Ok::<_, std::io::Error>(format!("tick {n}\n")), n + 1))
            });
            Response::new(Body::from_stream(ticks))
        }
        "/breaks" => {
            let chunks = futures_util::stream::iter([
                Ok("some".to_owned()),
                Err(std::io::Error::other("on purpose")),
            ]);
            Response::new(Body::from_stream(chunks))
        }
        "/large" => {
            let chunk = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
            let chunks = futures_util::stream::iter(
                std::iter::repeat_n(chunk, 512).map(Ok::<_, std::io::Error>),
            );
            Response::new(Body::from_stream(chunks))
        }
        "/upgrade" => {
            let Some(upgrade) = request.feature::<dyn Upgrade>() else {
                return status(StatusCode::UPGRADE_REQUIRED, String::new());
            };
            let upgrading = upgrade.accept().unwrap();
            tokio::spawn(async move {
                let mut connection = upgrading.await.unwrap();
                let (mut reader, mut writer) = tokio::io::split(&mut connection);
                tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            });
            let mut response = status(StatusCode::SWITCHING_PROTOCOLS, String::new());
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, "echo".parse().unwrap());
            headers.insert(header::CONNECTION, "upgrade".parse().unwrap());
            headers.insert("x-kept", "yes".parse().unwrap());
            response
        }
        "/info" => {
            let info = request.feature::<ConnectionInfo>().unwrap();
            let ends = format!("{} {}", info.local().unwrap(), info.remote().unwrap());
            Response::new(Body::from(ends))
        }
        _ => Response::new(Body::from("hello")),
    }
}

fn status(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset behind the answer is an end as well.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end.as_bytes()) {
        match stream.read(&mut byte) {
            Ok(1) => text.push(byte[0]),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&text)),
        }
    }
    String::from_utf8(text).unwrap()
}

/// The head of an HTTP/1.1 request for a connection that the client wants closed.
fn head(line: &str, fields: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n")
}

#[test]
fn a_request_is_answered_with_a_length_and_a_date() {
    let server = Running::start();
    let answer = server.exchange(&head("GET /", ""));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 5\r\n"), "{answer}");
    assert!(answer.contains("date: "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    server.stop();
}

#[test]
fn many_requests_share_one_connection() {
    let server = Running::start();
    let mut stream = server.connect();
    for _ in 0..500 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        let answer = read_until(&mut stream, "hello");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    server.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Running::start();
    let answers = server.exchange(&format!(
        "GET /sleep HTTP/1.1\r\nhost: a\r\n\r\n{}",
        head("GET /", "")
    ));
    let (slept, hello) = (answers.find("slept"), answers.find("hello"));
    assert!(slept.is_some() && slept < hello, "{answers}");
    server.stop();
}

#[test]
fn the_application_has_the_runtime_of_the_host() {
    let server = Running::start();
    assert!(server.exchange(&head("GET /sleep", "")).ends_with("slept"));
    assert!(
        server
            .exchange(&head("GET /spawn", ""))
            .ends_with("spawned")
    );
    server.stop();
}

#[test]
fn sixty_four_slow_requests_run_at_a_time_and_the_next_waits() {
    let server = Running::start();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| assert!(server.exchange(&head("GET /sleep", "")).ends_with("slept")));
        }
    });
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    server.stop();

    let server = Running::of(
        TinyHttpServer::new("http://127.0.0.1:0")
            .with_read_timeout(READ_TIMEOUT)
            .with_threads(1),
    );
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert!(server.exchange(&head("GET /sleep", "")).ends_with("slept")));
        }
    });
    server.stop();
}

#[test]
fn both_ends_of_the_connection_are_known() {
    let server = Running::start();
    let mut stream = server.connect();
    let (local, remote) = (stream.peer_addr().unwrap(), stream.local_addr().unwrap());
    stream.write_all(head("GET /info", "").as_bytes()).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.ends_with(&format!("{local} {remote}")), "{answer}");
    server.stop();
}

#[test]
fn frames_of_a_response_are_sent_one_by_one() {
    let server = Running::start();
    let mut stream = server.connect();
    stream.write_all(head("GET /ticks", "").as_bytes()).unwrap();
    let head = read_until(&mut stream, "\r\n\r\n");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let begun = Instant::now();
    assert_eq!(read_until(&mut stream, "tick 0\n\r\n"), "7\r\ntick 0\n\r\n");
    assert!(
        begun.elapsed() < Duration::from_millis(290),
        "{:?}",
        begun.elapsed()
    );
    assert!(read_to_end(&mut stream).ends_with("tick 2\n\r\n0\r\n\r\n"));
    server.stop();
}

#[test]
fn http_1_0_gets_an_unknown_length_up_to_the_end_of_the_connection() {
    let server = Running::start();
    let answer = server.exchange("GET /ticks HTTP/1.0\r\n\r\n");
    assert!(!answer.contains("transfer-encoding"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\ntick 0\ntick 1\ntick 2\n"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn large_bodies_stream_both_ways() {
    let server =
        Running::of(TinyHttpServer::new("http://127.0.0.1:0").with_max_request_body_size(None));
    let mut stream = server.connect();
    let length = 32 << 20;
    stream
        .write_all(head("POST /count", &format!("content-length: {length}\r\n")).as_bytes())
        .unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..length / chunk.len() {
        stream.write_all(&chunk).unwrap();
    }
    assert!(read_to_end(&mut stream).ends_with(&format!("\r\n\r\n{length}")));
    let answer = server.exchange(&head("GET /large", ""));
    assert_eq!(answer.matches('x').count(), length, "{}", answer.len());
    server.stop();
}

#[test]
fn a_client_may_wait_for_each_echo() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(head("POST /echo", "transfer-encoding: chunked\r\n").as_bytes())
        .unwrap();
    for word in ["one", "two", "six"] {
        stream
            .write_all(format!("3\r\n{word}\r\n").as_bytes())
            .unwrap();
        read_until(&mut stream, &format!("3\r\n{word}\r\n"));
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(read_to_end(&mut stream), "0\r\n\r\n");
    server.stop();
}

#[test]
fn a_body_that_breaks_off_is_an_error() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(head("POST /collect", "content-length: 5000\r\n").as_bytes())
        .unwrap();
    stream.write_all(b"only this").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.contains(" 400 "), "{answer}");
    assert!(
        answer.ends_with("the peer went away before the body was complete"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn a_silent_client_does_not_hold_a_thread() {
    let server = Running::of(
        TinyHttpServer::new("http://127.0.0.1:0")
            .with_threads(1)
            .with_read_timeout(READ_TIMEOUT),
    );
    let mut silent = server.connect();
    silent
        .write_all(head("POST /collect", "transfer-encoding: chunked\r\n").as_bytes())
        .unwrap();
    let hello = server.exchange(&head("GET /", ""));
    assert!(hello.ends_with("hello"), "{hello}");
    let answer = read_to_end(&mut silent);
    assert!(
        answer.ends_with("the peer sent the body too slowly"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn continue_is_sent_when_the_body_is_asked_for_and_not_otherwise() {
    let server = Running::start();
    let expect = "content-length: 5\r\nexpect: 100-continue\r\n";
    let mut stream = server.connect();
    stream
        .write_all(head("POST /collect", expect).as_bytes())
        .unwrap();
    let interim = read_until(&mut stream, "\r\n\r\n");
    assert!(interim.starts_with("HTTP/1.1 100 Continue"), "{interim}");
    stream.write_all(b"hello").unwrap();
    assert!(read_to_end(&mut stream).ends_with("5 bytes"));

    let mut stream = server.connect();
    stream
        .write_all(head("POST /unread", expect).as_bytes())
        .unwrap();
    let interim = read_until(&mut stream, "\r\n\r\n");
    assert!(interim.starts_with("HTTP/1.1 102 "), "{interim}");
    let answer = read_until(&mut stream, "\r\n\r\nno");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    server.stop();
}

#[test]
fn an_unread_body_is_not_the_next_request() {
    let server = Running::start();
    let mut stream = server.connect();
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    stream
        .write_all(
            format!(
                "POST /unread HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                 {:x}\r\n{smuggled}\r\n0\r\n\r\n",
                smuggled.len()
            )
            .as_bytes(),
        )
        .unwrap();
    let answer = read_until(&mut stream, "\r\n\r\nno");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(read_to_end(&mut stream), "");

    // Nothing tells where a malformed chunk ends.
    let mut stream = server.connect();
    stream
        .write_all(
            format!(
                "POST /collect HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                 wrong\r\n{smuggled}"
            )
            .as_bytes(),
        )
        .unwrap();
    let answers = read_to_end(&mut stream);
    assert!(answers.contains(" 400 Bad Request\r\n"), "{answers}");
    assert!(!answers.contains("hello"), "{answers}");
    server.stop();
}

#[test]
fn an_early_answer_does_not_wait_for_the_rest_of_the_body() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(head("POST /first", "content-length: 1000000\r\n").as_bytes())
        .unwrap();
    stream.write_all(&[b'x'; 2000]).unwrap();
    let answer = read_until(&mut stream, "after");
    assert!(answer.contains(" 413 "), "{answer}");
    server.stop();
}

#[test]
fn what_is_not_http_is_refused_and_nothing_behind_it_is_answered() {
    let server = Running::start();
    let requests = [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
        "G@T / HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET nowhere HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /\u{1}  HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx(y: z\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: y\u{1}z\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    std::thread::scope(|scope| {
        for request in requests {
            let server = &server;
            scope.spawn(move || {
                let answer = server.exchange(&format!("{request}{}", head("GET /", "")));
                assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
                assert!(!answer.contains("hello"), "{request:?}: {answer}");
            });
        }
    });
    server.stop();
}

#[test]
fn an_announcement_that_no_machine_can_hold_does_not_end_the_process() {
    let server = Running::start();
    for length in [
        "99999999999999",
        "9223372036854775807",
        "18446744073709551615",
    ] {
        let mut stream = server.connect();
        stream
            .write_all(head("POST /collect", &format!("content-length: {length}\r\n")).as_bytes())
            .unwrap();
        read_until(&mut stream, " 413 ");
    }
    assert!(server.exchange(&head("GET /", "")).ends_with("hello"));
    server.stop();
}

#[test]
fn an_aborted_request_gets_no_answer_and_neither_does_what_follows_it() {
    let server = Running::start();
    assert_eq!(server.exchange(&head("GET /abort", "")), "");
    // Kept alive, it is closed when it has been silent for the read timeout.
    let answer = server.exchange(&format!(
        "GET /abort HTTP/1.1\r\nhost: a\r\n\r\n{}",
        head("GET /", "")
    ));
    assert_eq!(answer, "");
    server.stop();
}

#[test]
fn a_response_that_breaks_off_is_not_made_to_look_complete() {
    let server = Running::start();
    for fields in ["connection: close\r\n", ""] {
        let answer = server.exchange(&format!("GET /breaks HTTP/1.1\r\nhost: a\r\n{fields}\r\n"));
        assert!(answer.ends_with("4\r\nsome\r\n"), "{answer}");
    }
    server.stop();
}

#[test]
fn a_panic_is_a_500_and_the_connection_lives() {
    let server = Running::start();
    let answers = server.exchange(&format!(
        "GET /panic HTTP/1.1\r\nhost: a\r\n\r\n{}",
        head("GET /", "")
    ));
    assert!(answers.starts_with("HTTP/1.1 500 "), "{answers}");
    assert!(answers.ends_with("hello"), "{answers}");
    server.stop();
}

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
