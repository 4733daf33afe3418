//! A server, and a peer that sends it whatever it likes.

use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderValue;
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{Scheme, ServerAddresses, ServerStatistics, ServerVariables, TlsInfo};
use transom::{Body, BoundServer, Error, Request, RequestExt, Response, Server, Shutdown};
use transom_cgi::AjpServer;

use crate::packets::*;

/// Far longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn within<F: Future>(waiting: F) -> F::Output {
    let done = tokio::time::timeout(DEADLINE, waiting).await;
    done.expect("it does not happen")
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

pub(crate) fn server() -> AjpServer {
    AjpServer::new("http://127.0.0.1:0")
}

pub(crate) async fn run(server: AjpServer) -> Running {
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
/// it, `/later` reads it in 50 ms, `/never` neither reads nor answers, `/slow` answers in 50 ms, `/breaks` breaks off
/// its answer, `/large` has a megabyte, `/wide` a head that fits into no packet, `/variables` and `/tls` say what
/// it was told.
async fn app(mut request: Request) -> Response {
    let mut response = Response::new(Body::empty());
    *response.body_mut() = match request.uri().path() {
        "/hello" => Body::from("hello"),
        "/echo" => std::mem::take(request.body_mut()),
        "/read" => Body::from(read(request).await),
        "/later" => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Body::from(read(request).await)
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Body::from("slow")
        }
        "/never" => std::future::pending().await,
        "/breaks" => Body::from_stream(futures_util::stream::iter([
            Ok(bytes::Bytes::from_static(b"some")),
            Err(std::io::Error::other("of the application")),
        ])),
        "/large" => Body::from(vec![b'x'; 1 << 20]),
        "/wide" => {
            let wide = HeaderValue::try_from("x".repeat(8 * 1024)).unwrap();
            response.headers_mut().insert("x-wide", wide);
            Body::from("wide")
        }
        "/variables" => Body::from(variables(&request)),
        "/tls" => Body::from(tls(&request)),
        path => Body::from(format!("there is no {path}")),
    };
    response
}

async fn read(mut request: Request) -> String {
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
    format!("{length} {wrong}")
}

fn tls(request: &Request) -> String {
    let scheme = request.feature::<Scheme>().unwrap();
    let told = request.feature::<TlsInfo>().map(|tls| {
        let version = tls.version().map(|version| version.to_string());
        let certificates = tls.client_certificates().len();
        format!(
            "{} {:?} {certificates}",
            version.unwrap_or_default(),
            tls.cipher_suite()
        )
    });
    format!("{scheme} {}", told.unwrap_or_default())
}

fn variables(request: &Request) -> String {
    let told = request.feature::<ServerVariables>().unwrap();
    let lines = told.iter().map(|(name, value)| {
        let (name, value) = (name.escape_ascii(), value.escape_ascii());
        format!("{name}: {value}\n")
    });
    lines.collect()
}

/// A web server.
pub(crate) struct Peer(pub(crate) TcpStream);

/// How a request ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// How often more of the body was asked for.
    pub(crate) questions: usize,
    /// Whether the connection may be used again; `None` if it ended first.
    pub(crate) end: Option<bool>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Peer {
    pub(crate) async fn connect(running: &Running) -> Self {
        Self(TcpStream::connect(running.address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Sends a request, and returns the answer.
    pub(crate) async fn ask(&mut self, forward: Forward) -> Answer {
        self.send(forward.packet()).await;
        self.answer(&[]).await
    }

    /// Returns what comes next; `None` at the end of the connection, however it came.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        within(read_packet(&mut self.0)).await.unwrap_or(None)
    }

    /// Reads the answer to a request, and sends a packet for each question.
    pub(crate) async fn answer(&mut self, packets: &[Vec<u8>]) -> Answer {
        let mut answer = Answer::default();
        while let Some(said) = self.next().await {
            match said {
                Said::Head { status, .. } => answer.status = status,
                Said::Data(data) => answer.body.extend(data),
                Said::Wants(_) => {
                    let packet = packets.get(answer.questions);
                    answer.questions += 1;
                    let packet = packet.expect("there was a question too many");
                    self.send(packet).await;
                }
                Said::End(reuse) => {
                    answer.end = Some(reuse);
                    break;
                }
                Said::Pong => panic!("nobody has asked"),
            }
        }
        answer
    }

    pub(crate) async fn is_closed(&mut self) {
        assert_eq!(self.next().await, None);
    }
}

pub(crate) fn get(target: &str) -> Forward {
    Forward::new("GET", target).field("Host", "a.test")
}

pub(crate) fn post(target: &str) -> Forward {
    Forward::new("POST", target).field("Host", "a.test")
}
