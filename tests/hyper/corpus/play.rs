//! How exchanges are played.

use http::{Method, StatusCode, header};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use transom::{Body, Request, Response};

use super::exchange::Exchange;
use super::reply::{Replies, Reply};
use crate::support::{Running, start, within};

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// At once, and another one with it, which must not be answered if the first is refused.
    Whole,
    /// Each byte by itself. A long one in larger pieces.
    Bytes,
    /// In one piece with a request before it.
    Pipelined,
}

const NEXT: &str = "GET /next HTTP/1.1\r\nhost: next\r\nconnection: close\r\n\r\n";
const BEFORE: &str = "GET /before HTTP/1.1\r\nhost: before\r\n\r\n";

/// Plays all of them, and panics with all that went wrong.
pub(super) async fn play(exchanges: Vec<Exchange>) {
    let server = start(echo).await;
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        for way in [Way::Whole, Way::Bytes, Way::Pipelined] {
            if let Err(what) = play_one(&server, exchange, way).await {
                wrong.push(format!("{} ({way:?}): {what}", exchange.name()));
            }
        }
    }
    server.stop().await;
    assert!(
        wrong.is_empty(),
        "{} went wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Answers with what it sees. A body that is malformed is answered 400, and CONNECT never accepted.
pub(super) async fn echo(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut response = match body.collect(1 << 20).await {
        Ok(body) => {
            let values: Vec<_> = (head.headers.get_all(header::HOST).iter())
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            let seen = format!("{} {} {} ", head.method, head.uri, values.join(","));
            Response::new(Body::from([seen.as_bytes(), &body[..]].concat()))
        }
        Err(error) => {
            let mut response = Response::new(Body::from(error.to_string()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    };
    if head.method == Method::CONNECT {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    response
}

async fn play_one(server: &Running, exchange: &Exchange, way: Way) -> Result<(), String> {
    let mut stream = within(TcpStream::connect(server.address)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (before, request) = (BEFORE.as_bytes(), exchange.request.as_slice());
    let sent = match way {
        Way::Whole => send(&mut stream, &[request, NEXT.as_bytes()].concat()).await,
        Way::Pipelined => send(&mut stream, &[before, request, NEXT.as_bytes()].concat()).await,
        Way::Bytes => {
            let size = if request.len() > 2_000 { 500 } else { 1 };
            for piece in request.chunks(size) {
                // A server that refused it may have closed already.
                if send(&mut stream, piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            Ok(())
        }
    };
    sent.map_err(|error| format!("sending failed: {error}"))?;
    let mut replies = Replies(BufReader::new(stream));
    if matches!(way, Way::Pipelined) {
        let reply = replies
            .next(false)
            .await?
            .ok_or("no answer to the one before")?;
        check(&reply, 200, Some("GET /before before "), true)?;
    }
    let head_only = request.starts_with(b"HEAD ");
    let reply = replies.next(head_only).await?.ok_or("no answer")?;
    let seen = exchange.seen.as_deref().filter(|_| !head_only);
    check(&reply, exchange.status, seen, exchange.stays)?;
    if !exchange.stays {
        let rest = replies.rest().await?;
        return match rest.is_empty() {
            true => Ok(()),
            false => Err(format!("and then {}", rest.escape_ascii())),
        };
    }
    if matches!(way, Way::Bytes) {
        send(replies.0.get_mut(), NEXT.as_bytes())
            .await
            .map_err(|error| error.to_string())?;
    }
    let next = replies.next(false).await?.ok_or("no answer to the next")?;
    check(&next, 200, Some("GET /next next "), false)
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    within(stream.write_all(bytes)).await
}

fn check(reply: &Reply, status: u16, seen: Option<&str>, stays: bool) -> Result<(), String> {
    let body = String::from_utf8_lossy(&reply.body);
    if reply.status != status {
        return Err(format!("{} instead of {status}: {body}", reply.status));
    }
    if seen.is_some_and(|seen| seen != body) {
        return Err(format!("the application saw {body:?}"));
    }
    if reply.values("date").len() != 1 {
        return Err("no `Date`".into());
    }
    if (status == 405) != (reply.values("allow").len() == 1) {
        return Err(format!("`Allow` is {:?}", reply.values("allow")));
    }
    match reply.closes() == stays {
        true => Err(format!("`Connection` is {:?}", reply.values("connection"))),
        false => Ok(()),
    }
}
