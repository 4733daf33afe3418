//! What the adapter does about the engine's ways, byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use transom::contract::ShutdownTrigger;
use transom::features::ServerAddresses;
use transom::{Application, Body, BoundServer, Error, Request, Response, Server, Shutdown};
use transom_pingora::PingoraServer;

const DEADLINE: Duration = Duration::from_secs(5);

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

struct Running {
    address: std::net::SocketAddr,
    trigger: ShutdownTrigger,
    serving: JoinHandle<Result<(), Error>>,
}

async fn start(server: PingoraServer, app: impl Application) -> Outcome<Running> {
    let bound = server.bind().await?;
    let addresses = bound.features().require::<ServerAddresses>()?;
    let address = addresses.bound()[0].socket_addrs()[0];
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(app, shutdown));
    Ok(Running {
        address,
        trigger,
        serving,
    })
}

fn server() -> PingoraServer {
    PingoraServer::new("http://127.0.0.1:0")
}

impl Running {
    /// Sends bytes, and returns all that comes until the server closes.
    async fn talk(&self, bytes: impl AsRef<[u8]>) -> Outcome<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(bytes.as_ref()).await?;
        let mut answer = Vec::new();
        timeout(DEADLINE, stream.read_to_end(&mut answer)).await??;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn stop(self) -> Outcome {
        self.trigger.request();
        Ok(timeout(DEADLINE, self.serving).await???)
    }
}

async fn path(request: Request) -> Response {
    Response::new(Body::from(request.uri().path().to_owned()))
}

#[tokio::test]
async fn a_client_that_stops_within_a_head_is_told_that_the_time_is_up() -> Outcome {
    let server = server().with_request_head_timeout(Duration::from_millis(50));
    let server = start(server, path).await?;
    let answer = server.talk("GET / HTTP/1.1\r\nHost: a\r\n").await?;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.stop().await
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() -> Outcome {
    let server = server()
        .with_request_head_timeout(Duration::from_secs(60))
        .with_keep_alive_timeout(Duration::from_millis(50));
    let server = start(server, path).await?;
    let answer = server.talk("GET /one HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(answer.ends_with("/one"), "{answer}");
    server.stop().await
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_order() -> Outcome {
    let server = start(server(), path).await?;
    let answer = server
        .talk(
            "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
             GET /two HTTP/1.1\r\nHost: a\r\n\r\n\
             GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
        .await?;
    let order: Vec<_> = ["/one", "/two", "/three"]
        .map(|path| answer.find(path))
        .to_vec();
    assert!(order.iter().all(Option::is_some), "{answer}");
    assert!(order.is_sorted(), "{answer}");
    server.stop().await
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_server_lives() -> Outcome {
    let server = start(server(), path).await?;
    for bytes in [
        &b"\x00\x01\x02\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let answer = server.talk(bytes).await?;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer}");
    }
    let answer = server
        .talk("GET /fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await?;
    assert!(answer.ends_with("/fine"), "{answer}");
    server.stop().await
}
