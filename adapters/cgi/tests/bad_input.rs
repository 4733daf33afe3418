//! What no gateway sends: each gets an answer that says why, or the end of its connection, and the server lives.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::{Body, BoundServer, Features, Request, Response, Server, Shutdown};
use transom_cgi::{ScgiServer, UwsgiServer};

const DEADLINE: Duration = Duration::from_secs(10);

/// A server that echoes, and is aborted when it is dropped.
struct Served {
    features: Features,
    _serving: JoinSet<()>,
}

impl Served {
    async fn start(server: impl Server) -> Self {
        let bound = server.bind().await.unwrap();
        let features = bound.features().clone();
        let app = |request: Request| async move {
            match request.into_body().collect(1 << 20).await {
                Ok(body) => Response::new(Body::from(body)),
                Err(error) => {
                    let mut response = Response::new(Body::from(error.to_string()));
                    *response.status_mut() = http::StatusCode::BAD_REQUEST;
                    response
                }
            }
        };
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            bound.serve(app, Shutdown::never()).await.unwrap();
        });
        Self {
            features,
            _serving: serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        let addresses = self.features.require::<ServerAddresses>().unwrap().bound();
        let address = addresses[0].connect_addr().unwrap();
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends bytes and nothing more, and returns the whole answer.
    async fn answer(&self, bytes: &[u8]) -> String {
        let mut gateway = self.connect().await;
        gateway.write_all(bytes).await.unwrap();
        gateway.shutdown().await.unwrap();
        read(&mut gateway).await
    }
}

async fn read(gateway: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = gateway.read_to_end(&mut answer);
    // A reset is an end too.
    let _ = timeout(DEADLINE, reading).await.unwrap();
    String::from_utf8(answer).unwrap()
}

const LEAST: [(&str, &[u8]); 4] = [
    ("CONTENT_LENGTH", b"0"),
    ("REQUEST_METHOD", b"GET"),
    ("REQUEST_URI", b"/"),
    ("HTTP_HOST", b"a.test"),
];

/// The least that a request has, but for one variable, and with others behind.
fn variables<'a>(without: &str, more: &[(&'a str, &'a [u8])]) -> Vec<(&'a str, &'a [u8])> {
    let least = LEAST.into_iter().filter(|(name, _)| *name != without);
    least.chain(more.iter().copied()).collect()
}

fn scgi(variables: &[(&str, &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in variables.iter().chain(&[("SCGI", &b"1"[..])]) {
        block.extend_from_slice(&[name.as_bytes(), b"\0", value, b"\0"].concat());
    }
    [format!("{}:", block.len()).as_bytes(), &block, b","].concat()
}

fn uwsgi(variables: &[(&str, &[u8])]) -> Vec<u8> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_le_bytes();
    let mut block = Vec::new();
    for (name, value) in variables {
        for text in [name.as_bytes(), value] {
            block.extend_from_slice(&[&length(text), text].concat());
        }
    }
    let [low, high] = length(&block);
    [&[0, low, high, 0], &block[..]].concat()
}

type Variable = (&'static str, &'static [u8]);

/// What is no request, whatever the protocol, and how the answer to it begins and ends.
fn wrong() -> Vec<(Vec<Variable>, u16, &'static str)> {
    vec![
        (
            variables("REQUEST_METHOD", &[]),
            400,
            "there is no `REQUEST_METHOD`",
        ),
        (
            variables("REQUEST_METHOD", &[("REQUEST_METHOD", b"G T")]),
            400,
            "`REQUEST_METHOD` is not a method",
        ),
        (
            variables("REQUEST_URI", &[]),
            400,
            "there is no target: neither `REQUEST_URI`, nor `SCRIPT_NAME`, `PATH_INFO` or `DOCUMENT_URI`",
        ),
        (
            variables("REQUEST_URI", &[("REQUEST_URI", b"/a b\xff")]),
            400,
            "`REQUEST_URI` is not a target",
        ),
        (
            variables("", &[("REQUEST_URI", b"/other")]),
            400,
            "there are two values of `REQUEST_URI`",
        ),
        (
            variables("CONTENT_LENGTH", &[("CONTENT_LENGTH", b"five")]),
            400,
            "`CONTENT_LENGTH` is not a length",
        ),
        (
            variables("", &[("CONTENT_LENGTH", b"5")]),
            400,
            "there are two values of `CONTENT_LENGTH`",
        ),
        (
            variables("HTTP_HOST", &[]),
            400,
            "the request has no `Host`",
        ),
        (
            variables("", &[("HTTP_HOST", b"b.test")]),
            400,
            "the request has more than one `Host`",
        ),
        (
            variables("", &[("HTTP_X\u{fc}", b"1")]),
            400,
            "`HTTP_X\\xc3\\xbc` is not the name of a field",
        ),
        (
            variables("", &[("HTTP_X", b"1\r\nset-cookie: 2")]),
            400,
            "the value of `HTTP_X` cannot be that of a field",
        ),
        (variables("", &[("", b"1")]), 400, "a variable has no name"),
    ]
}

#[tokio::test]
async fn scgi_says_what_is_wrong_and_goes_on() {
    let server = Served::start(ScgiServer::new("http://127.0.0.1:0")).await;
    for (variables, status, why) in wrong() {
        let answer = server.answer(&scgi(&variables)).await;
        let begins = format!("Status: {status} ");
        assert!(answer.starts_with(&begins), "{why}: {answer}");
        assert!(
            answer.ends_with(&format!("\r\n\r\n{why}\n")),
            "{why}: {answer}"
        );
    }
    let good = server.answer(&scgi(&LEAST)).await;
    assert!(good.starts_with("Status: 200 "), "{good}");
}

#[tokio::test]
async fn uwsgi_says_what_is_wrong_and_goes_on() {
    let server = Served::start(UwsgiServer::new("http://127.0.0.1:0")).await;
    for (variables, status, why) in wrong() {
        let answer = server.answer(&uwsgi(&variables)).await;
        let begins = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&begins), "{why}: {answer}");
        assert!(
            answer.ends_with(&format!("\r\n\r\n{why}\n")),
            "{why}: {answer}"
        );
    }
    let good = server.answer(&uwsgi(&LEAST)).await;
    assert!(good.starts_with("HTTP/1.1 200 "), "{good}");
}

#[tokio::test]
async fn a_head_that_is_cut_off_is_answered_so_and_an_empty_one_not_at_all() {
    let server = Served::start(ScgiServer::new("http://127.0.0.1:0")).await;
    let whole = scgi(&LEAST);
    for end in [1, 3, whole.len() / 2, whole.len() - 1] {
        let answer = server.answer(&whole[..end]).await;
        assert!(
            answer.ends_with("the request is cut off\n"),
            "{end}: {answer}"
        );
    }
    assert_eq!(server.answer(b"").await, "");
}

#[tokio::test]
async fn variables_that_are_too_many_or_too_long_are_answered_with_431() {
    let scgi_server = ScgiServer::new("http://127.0.0.1:0")
        .with_max_variables(6)
        .with_max_variables_size(100);
    let server = Served::start(scgi_server).await;
    let many = scgi(&variables("", &[("A", b""), ("B", b"")]));
    let answer = server.answer(&many).await;
    assert!(answer.starts_with("Status: 431 "), "{answer}");
    assert!(
        answer.ends_with("there are more than 6 variables\n"),
        "{answer}"
    );
    let answer = server
        .answer(&scgi(&variables("", &[("A", &[b'x'; 100])])))
        .await;
    assert!(
        answer.ends_with("the variables have more than 100 bytes\n"),
        "{answer}"
    );
    // It is refused for what it says, before it comes.
    let answer = server.answer(b"999999:").await;
    assert!(answer.starts_with("Status: 431 "), "{answer}");
    assert!(
        server
            .answer(&scgi(&LEAST))
            .await
            .starts_with("Status: 200 ")
    );
}

#[tokio::test]
async fn a_body_that_is_too_short_never_just_ends() {
    let short = variables("CONTENT_LENGTH", &[("CONTENT_LENGTH", b"10")]);
    let patient = ScgiServer::new("http://127.0.0.1:0").with_half_close(true);
    let server = Served::start(patient).await;
    let answer = server.answer(&[&scgi(&short)[..], b"hello"].concat()).await;
    assert!(answer.starts_with("Status: 400 "), "{answer}");
    assert!(
        answer.ends_with("the peer went away before the body was complete"),
        "{answer}"
    );
    // Who closes is gone, unless it is said that he is not.
    let server = Served::start(ScgiServer::new("http://127.0.0.1:0")).await;
    assert_eq!(
        server.answer(&[&scgi(&short)[..], b"hello"].concat()).await,
        ""
    );
}

#[tokio::test]
async fn what_follows_a_body_is_not_of_it() {
    let five = variables("CONTENT_LENGTH", &[("CONTENT_LENGTH", b"5")]);
    let patient = ScgiServer::new("http://127.0.0.1:0").with_half_close(true);
    let server = Served::start(patient).await;
    let next = [&scgi(&five)[..], b"hello", &scgi(&LEAST)].concat();
    let answer = server.answer(&next).await;
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert_eq!(answer.matches("Status:").count(), 1);
}

#[tokio::test]
async fn a_gateway_that_is_silent_holds_nothing_for_ever() {
    let hasty = ScgiServer::new("http://127.0.0.1:0")
        .with_head_timeout(Duration::from_millis(50))
        .with_stall_timeout(Some(Duration::from_millis(50)))
        .with_max_connections(Some(1));
    let server = Served::start(hasty).await;
    // In nothing, in the head, in the body: each holds the one place.
    let mut nothing = server.connect().await;
    assert_eq!(read(&mut nothing).await, "");
    let mut head = server.connect().await;
    head.write_all(b"99:CONTENT").await.unwrap();
    let answer = read(&mut head).await;
    assert!(answer.starts_with("Status: 408 "), "{answer}");
    let mut body = server.connect().await;
    let short = variables("CONTENT_LENGTH", &[("CONTENT_LENGTH", b"10")]);
    body.write_all(&scgi(&short)).await.unwrap();
    let answer = read(&mut body).await;
    assert!(answer.starts_with("Status: 400 "), "{answer}");
    assert!(
        answer.ends_with("the peer sent the body too slowly"),
        "{answer}"
    );
    let mut good = server.connect().await;
    good.write_all(&scgi(&LEAST)).await.unwrap();
    assert!(read(&mut good).await.starts_with("Status: 200 "));
}

#[tokio::test]
async fn each_address_gets_its_turn_although_there_is_one_place() {
    let two =
        ScgiServer::new("http://127.0.0.1:0;http://127.0.0.1:0").with_max_connections(Some(1));
    let server = Served::start(two).await;
    let addresses = server.features.require::<ServerAddresses>().unwrap();
    for address in addresses.bound().iter().chain(&addresses.bound()) {
        let address = address.connect_addr().unwrap();
        let mut gateway = TcpStream::connect(address).await.unwrap();
        gateway.write_all(&scgi(&LEAST)).await.unwrap();
        assert!(read(&mut gateway).await.starts_with("Status: 200 "));
    }
}

#[tokio::test]
async fn who_may_not_connect_is_closed_unheard() {
    let distant = ScgiServer::new("http://127.0.0.1:0").with_allowed_peers(["192.0.2.0/24"]);
    let server = Served::start(distant).await;
    let mut gateway = server.connect().await;
    // It may be closed before all is written.
    let _ = gateway.write_all(&scgi(&LEAST)).await;
    assert_eq!(read(&mut gateway).await, "");
    let statistics = server.features.require::<ServerStatistics>().unwrap();
    assert_eq!(statistics.rejections(), 1);
    assert_eq!(statistics.total_requests(), 0);
}

#[tokio::test]
async fn what_is_no_network_and_what_is_no_address_is_told_when_it_is_bound() {
    for (server, expected) in [
        (
            ScgiServer::new("http://127.0.0.1:0").with_allowed_peers(["10.0.0.0/33"]),
            "`10.0.0.0/33` is not a network",
        ),
        (
            ScgiServer::new("https://127.0.0.1:0"),
            "`https://127.0.0.1:0`: scgi has no TLS",
        ),
        (
            ScgiServer::new("http://127.0.0.1:0").with_max_connections(Some(0)),
            "no connections at all are no server",
        ),
    ] {
        let error = server.bind().await.unwrap_err();
        assert!(error.is_configuration());
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
