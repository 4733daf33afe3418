//! What the adapter does about the engine's ways, byte by byte.

use std::time::Duration;

use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use transom::adapter::body_pump;
use transom::contract::ShutdownTrigger;
use transom::features::ServerAddresses;
use transom::{Application, Body, BoundServer, Error, Request, Response, Server, Shutdown};
use transom_xitca::XitcaServer;

const DEADLINE: Duration = Duration::from_secs(5);

struct Running {
    address: std::net::SocketAddr,
    trigger: ShutdownTrigger,
    serving: JoinHandle<Result<(), Error>>,
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

async fn start(app: impl Application) -> Outcome<Running> {
    let server = XitcaServer::new("http://127.0.0.1:0").with_workers(1);
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

impl Running {
    /// Sends bytes, and returns all that comes until the server closes.
    async fn talk(&self, bytes: impl AsRef<[u8]>) -> Outcome<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(bytes.as_ref()).await?;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        timeout(DEADLINE, read).await??;
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
async fn what_follows_the_last_request_of_a_connection_is_not_answered() -> Outcome {
    let server = start(path).await?;
    for behind in [
        "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n",
        "no request\r\n\r\n",
    ] {
        let answer = server
            .talk(format!(
                "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n{behind}"
            ))
            .await?;
        assert!(answer.ends_with("\r\n\r\n/last"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
    server.stop().await
}

#[tokio::test]
async fn the_last_response_of_a_connection_has_its_trailers() -> Outcome {
    let server = start(async |_: Request| {
        let (mut sender, body) = body_pump(None);
        tokio::spawn(async move {
            let _ = sender.data("data").await;
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", http::HeaderValue::from_static("4"));
            let _ = sender.trailers(trailers).await;
            sender.finish();
        });
        Response::new(body)
    })
    .await?;
    let answer = server
        .talk("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\nno request\r\n\r\n")
        .await?;
    assert!(
        answer.ends_with("\r\n\r\n4\r\ndata\r\n0\r\nx-sum: 4\r\n\r\n"),
        "{answer}"
    );
    server.stop().await
}

#[tokio::test]
async fn a_client_that_asks_for_an_upgrade_without_saying_so_of_the_connection_is_answered()
-> Outcome {
    let server = start(path).await?;
    let answer = server
        .talk("GET /plain HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\n\r\n")
        .await?;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("/plain"), "{answer}");
    server.stop().await
}

/// The field by which the adapter tells streams apart is its own affair, also if a client sends one.
#[tokio::test]
async fn the_number_of_a_stream_stays_between_the_adapter_and_the_engine() -> Outcome {
    let server = start(async |request: Request| {
        let known = request.headers().contains_key("transom-stream");
        Response::new(Body::from(known.to_string()))
    })
    .await?;
    let forged = b"\x00\x0etransom-stream\x0299";
    // GET / of http://a, of the static table where it has them.
    let mut block = b"\x82\x84\x86\x41\x01a".to_vec();
    block.extend_from_slice(forged);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0, 0, u8::try_from(block.len())?, 1, 5, 0, 0, 0, 1]);
    bytes.extend_from_slice(&block);
    let mut stream = TcpStream::connect(server.address).await?;
    stream.write_all(&bytes).await?;
    let mut answer = Vec::new();
    let answered = async {
        while !answer.ends_with(b"false") {
            assert!(
                stream.read_buf(&mut answer).await.unwrap() > 0,
                "{answer:?}"
            );
        }
    };
    timeout(DEADLINE, answered).await.unwrap();
    server.stop().await
}

#[tokio::test]
async fn a_connection_goes_on_behind_a_body_that_nobody_read() -> Outcome {
    let server = start(path).await?;
    let answer = server
        .talk(
            "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
             GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
        .await?;
    assert!(answer.contains("/one"), "{answer}");
    assert!(answer.ends_with("/two"), "{answer}");
    server.stop().await
}

#[tokio::test]
async fn a_client_whose_body_nobody_waits_for_is_told_that_the_connection_ends() -> Outcome {
    let server = start(path).await?;
    let answer = server
        .talk("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
        .await?;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    server.stop().await
}
