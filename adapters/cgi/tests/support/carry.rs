//! One request on a connection of its own, and its response as CGI or uwsgi has it.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use transom::adapter::{BodySender, body_pump};
use transom::{Body, Response, body};
use transom_conformance::{Failure, Outcome};

use super::socket::{Reader, Socket, Writer};

/// Sends a request, and returns its response once the head is there. Whoever drops the future, or the body, breaks
/// the connection off.
pub(crate) async fn carry(
    socket: Socket,
    opening: Vec<u8>,
    method: Method,
    body: Body,
) -> Outcome<Response> {
    let (mut reply, response) = oneshot::channel();
    tokio::spawn(async move {
        let (mut reader, mut writer) = socket.split();
        // Owned by this task: both directions end together.
        let uploading = async {
            // A server that has answered may close before it has read all. A client that breaks off is another thing.
            if upload(&mut writer, &opening, body).await {
                std::future::pending::<()>().await;
            }
        };
        let answering = async {
            let head = tokio::select! {
                head = read_head(&mut reader) => head,
                () = reply.closed() => return,
            };
            match head {
                Err(failure) => drop(reply.send(Err(failure))),
                Ok((head, rest)) => {
                    let length = content_length(&method, &head);
                    let (sender, body) = body_pump(length);
                    let (parts, ()) = head.into_parts();
                    if reply.send(Ok(Response::from_parts(parts, body))).is_ok() {
                        download(&mut reader, rest, length, sender).await;
                    }
                }
            }
        };
        tokio::select! {
            () = answering => {}
            () = uploading => {}
        }
    });
    response.await?
}

/// Returns whether the body was whole, as far as the server wanted it.
async fn upload(writer: &mut Writer, opening: &[u8], body: Body) -> bool {
    if writer.write_all(opening).await.is_err() {
        return true;
    }
    let mut body = body.into_stream();
    while let Some(data) = body.next().await {
        let Ok(data) = data else { return false };
        if writer.write_all(&data).await.is_err() {
            return true;
        }
    }
    true
}

async fn read_head(reader: &mut Reader) -> Outcome<(http::Response<()>, BytesMut)> {
    let mut read = BytesMut::new();
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = read.split_to(end + 4);
            return Ok((parse(&head[..end])?, read));
        }
        if reader.read_buf(&mut read).await? == 0 {
            return Err(Failure::new("the server closed the connection"));
        }
    }
}

pub(crate) fn parse(head: &[u8]) -> Outcome<http::Response<()>> {
    let mut response = http::Response::new(());
    let mut status = None;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if let Some(code) = line.strip_prefix(b"HTTP/1.1 ") {
            status = code.get(..3).map(<[u8]>::to_vec);
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.ok_or_else(|| Failure::new("no field"))?);
        let value = value[1..].trim_ascii();
        if name.eq_ignore_ascii_case(b"status") {
            status = value.get(..3).map(<[u8]>::to_vec);
            continue;
        }
        let name = http::HeaderName::from_bytes(name)?;
        let value = http::HeaderValue::from_bytes(value)?;
        response.headers_mut().append(name, value);
    }
    let status = status.ok_or_else(|| Failure::new("there is no status"))?;
    *response.status_mut() = StatusCode::from_bytes(&status)?;
    Ok(response)
}

fn content_length(method: &Method, head: &http::Response<()>) -> Option<u64> {
    let none = *method == Method::HEAD
        || matches!(
            head.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
    if none {
        return Some(0);
    }
    let value = head.headers().get(http::header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

async fn download(
    reader: &mut Reader,
    mut rest: BytesMut,
    length: Option<u64>,
    mut sender: BodySender,
) {
    let mut left = length.unwrap_or(u64::MAX);
    while left > 0 {
        if rest.is_empty() {
            rest.reserve(64 * 1024);
            let read = tokio::select! {
                read = reader.read_buf(&mut rest) => read,
                () = sender.closed() => return,
            };
            match read {
                Ok(0) if length.is_none() => break,
                Ok(0) => return sender.fail(failed(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return sender.fail(failed(error)),
            }
        }
        let data: Bytes = rest.split().freeze();
        left = left.saturating_sub(data.len() as u64);
        if sender.data(data).await.is_err() {
            return;
        }
    }
    sender.finish();
}

fn failed(error: io::Error) -> body::Error {
    body::Error::disconnected_by(error)
}
