//! A server, and a peer that sends it whatever it likes.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{RequestLifetime, ServerAddresses, ServerStatistics};
use transom::{Body, BoundServer, Error, Request, RequestExt, Response, Server, Shutdown};
use transom_cgi::FastCgiServer;

use crate::records::*;

/// Far longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn within<F: Future>(waiting: F) -> F::Output {
    let done = tokio::time::timeout(DEADLINE, waiting).await;
    done.expect("it does not happen")
}

pub(crate) async fn eventually(holds: impl Fn() -> bool) {
    within(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) statistics: ServerStatistics,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) serving: JoinHandle<Result<(), Error>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) fn server() -> FastCgiServer {
    FastCgiServer::new("http://127.0.0.1:0")
}

pub(crate) async fn run(server: FastCgiServer) -> Running {
    let bound = server.bind().await.unwrap();
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    let address = addresses.bound()[0].connect_addr().unwrap();
    let statistics = bound.features().require::<ServerStatistics>().unwrap();
    let statistics = statistics.clone();
    let (trigger, shutdown) = Shutdown::pair();
    Running {
        address,
        statistics,
        trigger,
        serving: tokio::spawn(bound.serve(app, shutdown)),
    }
}

/// `/hello` answers at once, `/echo` sends back what comes, `/read` says how long the body is or what is wrong with
/// it, `/hold` waits until the client is gone, `/deaf` never reads and never answers, `/breaks` breaks off its answer,
/// `/aborts` gives none, `/large` has a megabyte.
async fn app(mut request: Request) -> Response {
    let body = match request.uri().path() {
        "/hello" => Body::from("hello"),
        "/echo" => std::mem::take(request.body_mut()),
        "/read" => {
            let mut length = 0;
            let mut wrong = String::new();
            while let Some(frame) = request.body_mut().frame().await {
                match frame {
                    Ok(frame) => length += frame.data_ref().map_or(0, bytes::Bytes::len),
                    Err(error) => {
                        let source = std::error::Error::source(&error);
                        wrong = source.map_or(error.to_string(), ToString::to_string);
                    }
                }
            }
            Body::from(format!("{length} {wrong}"))
        }
        "/hold" => {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            lifetime.disconnected().await;
            Body::from("gone")
        }
        "/deaf" => std::future::pending().await,
        "/breaks" => Body::from_stream(futures_util::stream::iter([
            Ok(bytes::Bytes::from_static(b"some")),
            Err(std::io::Error::other("of the application")),
        ])),
        "/aborts" => {
            request.feature::<RequestLifetime>().unwrap().abort();
            Body::empty()
        }
        "/large" => Body::from(vec![b'x'; 1 << 20]),
        path => Body::from(format!("there is no {path}")),
    };
    Response::new(body)
}

/// A web server.
pub(crate) struct Peer(pub(crate) TcpStream);

/// How a request ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) stdout: Vec<u8>,
    /// The stream was ended.
    pub(crate) is_whole: bool,
    pub(crate) stderr: String,
    /// What the application made of it, and what the protocol did; `None` if the connection ended first.
    pub(crate) end: Option<(u32, u8)>,
}

impl Answer {
    pub(crate) fn status(&self) -> &str {
        let text = std::str::from_utf8(&self.stdout).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        line.strip_prefix("Status: ").unwrap_or(line)
    }

    pub(crate) fn body(&self) -> &[u8] {
        let end = self.stdout.windows(4).position(|four| four == b"\r\n\r\n");
        end.map_or(&[], |end| &self.stdout[end + 4..])
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.body()).unwrap()
    }
}

impl Peer {
    pub(crate) async fn connect(running: &Running) -> Self {
        Self(TcpStream::connect(running.address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Begins a request for a path, whose body is to follow.
    pub(crate) async fn begin(&mut self, id: u16, flags: u8, path: &str, more: &[(&str, &str)]) {
        let params = params(path, more);
        let mut bytes = begin(id, 1, flags);
        bytes.extend(record(PARAMS, id, &params));
        bytes.extend(record(PARAMS, id, b""));
        self.send(bytes).await;
    }

    /// Sends a whole request without a body, and returns the answer.
    pub(crate) async fn ask(&mut self, id: u16, flags: u8, path: &str) -> Answer {
        self.begin(id, flags, path, &[]).await;
        self.send(record(STDIN, id, b"")).await;
        self.answer(id).await
    }

    /// Returns the next record; `None` at the end of the connection, however it came.
    pub(crate) async fn next(&mut self) -> Option<Record> {
        within(read_record(&mut self.0)).await.unwrap_or(None)
    }

    /// Reads until a request has ended. What is of others is dropped.
    pub(crate) async fn answer(&mut self, id: u16) -> Answer {
        let mut answer = Answer::default();
        while let Some(record) = self.next().await {
            if record.id != id {
                continue;
            }
            match record.kind {
                STDOUT if record.content.is_empty() => answer.is_whole = true,
                STDOUT => answer.stdout.extend(record.content),
                STDERR => answer
                    .stderr
                    .push_str(std::str::from_utf8(&record.content).unwrap()),
                END_REQUEST => {
                    let application = u32::from_be_bytes(record.content[..4].try_into().unwrap());
                    answer.end = Some((application, record.content[4]));
                    return answer;
                }
                kind => panic!("{kind} is not for a web server"),
            }
        }
        answer
    }

    pub(crate) async fn is_closed(&mut self) {
        assert_eq!(self.next().await, None);
    }
}

/// Returns the content of a record with the parameters of a request for a path.
pub(crate) fn params(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let all = [
        ("REQUEST_METHOD", "POST"),
        ("REQUEST_URI", path),
        ("HTTP_HOST", "a.test"),
    ];
    let all = all.iter().chain(more);
    pairs(all.map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}
