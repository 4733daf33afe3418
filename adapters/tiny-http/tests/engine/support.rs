//! A running server, an application that does what its path says, and a client of raw bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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

pub(crate) const PATIENCE: Duration = Duration::from_secs(8);
pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(600);

pub(crate) struct Running {
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    pub(crate) statistics: ServerStatistics,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) serving: JoinHandle<Result<(), transom::Error>>,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::of(TinyHttpServer::new("http://127.0.0.1:0").with_read_timeout(READ_TIMEOUT))
    }

    pub(crate) fn of(server: TinyHttpServer) -> Self {
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

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    pub(crate) fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        read_to_end(&mut stream)
    }

    pub(crate) fn stop(self) {
        self.trigger.request();
        let done = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.serving).await });
        done.unwrap().unwrap().unwrap();
    }
}

pub(crate) async fn app(mut request: Request) -> Response {
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

pub(crate) fn status(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

pub(crate) fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset behind the answer is an end as well.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

pub(crate) fn read_until(stream: &mut TcpStream, end: &str) -> String {
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
pub(crate) fn head(line: &str, fields: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n")
}
