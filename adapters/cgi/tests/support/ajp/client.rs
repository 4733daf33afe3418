//! A connection to a server of AJP, and one request on it.
//!
//! It does one thing after the other, as Apache's module does: while it waits for its client to send more of a body
//! it does not read the answer.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use transom::adapter::{BodySender, body_pump};
use transom::{Body, Request, Response, body};
use transom_conformance::{Failure, Outcome};

use super::packets::{CPING, NAMED, REMOTE_USER};
use super::packets::{Forward, Said, data, packet, read_packet};
use crate::support::socket::{Reader, Socket, Writer};

/// How long a packet is that both sides were told of.
pub(crate) const PACKET: usize = 65_536;

/// A connection that carries no request.
pub(crate) struct Idle {
    reader: Reader,
    writer: Writer,
}

impl Idle {
    pub(crate) fn new(socket: Socket) -> Self {
        let (reader, writer) = socket.split();
        Self { reader, writer }
    }

    /// Returns whether somebody is there still, as Apache asks with `ping=`.
    pub(crate) async fn is_there(&mut self) -> bool {
        self.writer.write_all(&packet(&[CPING])).await.is_ok()
            && matches!(read_packet(&mut self.reader).await, Ok(Some(Said::Pong)))
    }

    /// Sends a request, and returns its response once the head is there. The connection goes to `kept` if it may
    /// carry another one. Whoever drops the future, or the body, breaks it off.
    pub(crate) async fn send(
        self,
        request: Request,
        ends: (std::net::SocketAddr, std::net::SocketAddr),
        kept: impl FnOnce(Self) + Send + 'static,
    ) -> Outcome<Response> {
        let (head, body) = request.into_parts();
        let upload = Upload::new(&head, body);
        let forward = forward(&head, &upload, ends);
        let (reply, response) = oneshot::channel();
        tokio::spawn(async move {
            if let Some(idle) = carry(self, forward, upload, head.method, reply).await {
                kept(idle);
            }
        });
        response.await?
    }
}

fn forward(
    head: &Parts,
    upload: &Upload,
    (client, front): (std::net::SocketAddr, std::net::SocketAddr),
) -> Forward {
    let mut forward = Forward::new(head.method.as_str(), &head.uri.to_string());
    forward.protocol = format!("{:?}", head.version);
    forward.remote = client.ip().to_string();
    forward.server.1 = front.port();
    for (name, value) in &head.headers {
        forward = forward.field(name.as_str(), value);
    }
    match upload.length {
        Length::None | Length::Told => {}
        Length::Exact(length) => {
            forward = forward.field("content-length", length.to_string());
        }
        Length::Unknown => forward = forward.field("transfer-encoding", "chunked"),
    }
    forward
        .attribute(NAMED, &["AJP_REMOTE_PORT", &client.port().to_string()])
        .attribute(NAMED, &["AJP_LOCAL_ADDR", &front.ip().to_string()])
        .attribute(REMOTE_USER, &["ada"])
}

enum Length {
    None,
    /// It is among the fields.
    Told,
    Exact(u64),
    Unknown,
}

/// What the client sends.
struct Upload {
    body: transom::body::BodyStream,
    length: Length,
    left: Bytes,
}

impl Upload {
    fn new(head: &Parts, body: Body) -> Self {
        let usual = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
        let length = match (
            head.headers.get(header::CONTENT_LENGTH),
            body.size_hint().exact(),
        ) {
            (Some(length), _) if length == "0" => Length::None,
            (Some(_), _) => Length::Told,
            (None, Some(0)) if !usual => Length::None,
            (None, Some(length)) => Length::Exact(length),
            (None, None) => Length::Unknown,
        };
        Self {
            body: body.into_stream(),
            length,
            left: Bytes::new(),
        }
    }

    /// Returns whether the first piece goes without a question for it.
    fn begins_unasked(&self) -> bool {
        matches!(self.length, Length::Told | Length::Exact(1..))
    }

    /// Returns the next piece; an empty one at the end.
    async fn next(&mut self, most: usize) -> Result<Bytes, body::Error> {
        while self.left.is_empty() {
            match self.body.next().await {
                Some(data) => self.left = data?,
                None => break,
            }
        }
        Ok(self.left.split_to(most.min(self.left.len())))
    }
}

type Reply = oneshot::Sender<Outcome<Response>>;

async fn carry(
    mut idle: Idle,
    forward: Forward,
    mut upload: Upload,
    method: Method,
    mut reply: Reply,
) -> Option<Idle> {
    let head = tokio::select! {
        head = begin(&mut idle, &forward, &mut upload) => head,
        // Its client is gone.
        () = reply.closed() => return None,
    };
    let head = match head {
        Ok(head) => head,
        Err(failure) => {
            let _ = reply.send(Err(failure));
            return None;
        }
    };
    let (mut sender, body) = body_pump(content_length(&method, &head));
    let (parts, ()) = head.into_parts();
    reply.send(Ok(Response::from_parts(parts, body))).ok()?;
    match go_on(&mut idle, &mut upload, &mut sender).await {
        Ok(true) => {
            sender.finish();
            Some(idle)
        }
        Ok(false) => {
            sender.finish();
            None
        }
        Err(error) => {
            sender.fail(body::Error::disconnected_by(error));
            None
        }
    }
}

/// Sends the head and what goes with it, and what is asked for until the head of the answer is there.
async fn begin(
    idle: &mut Idle,
    forward: &Forward,
    upload: &mut Upload,
) -> Outcome<http::Response<()>> {
    idle.writer.write_all(&forward.packet()).await?;
    if upload.begins_unasked() {
        send(idle, upload, PACKET).await?;
    }
    loop {
        match read_packet(&mut idle.reader).await? {
            Some(Said::Wants(most)) => send(idle, upload, most.into()).await?,
            Some(Said::Head { status, fields }) => return understood(status, fields),
            Some(other) => return Err(Failure::new(format!("{other:?} before the head"))),
            None => return Err(Failure::new("the server hung up")),
        }
    }
}

/// Sends the next piece, however long the client takes for it.
async fn send(idle: &mut Idle, upload: &mut Upload, most: usize) -> io::Result<()> {
    let piece = upload.next(most.min(PACKET - 6)).await;
    // A client that broke off: so does Apache.
    let piece = piece.map_err(io::Error::other)?;
    idle.writer.write_all(&data(&piece)).await
}

/// Returns whether the connection may be used again, once the response is whole.
async fn go_on(idle: &mut Idle, upload: &mut Upload, sender: &mut BodySender) -> io::Result<bool> {
    loop {
        let said = tokio::select! {
            said = read_packet(&mut idle.reader) => said?,
            () = sender.closed() => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        match said {
            // To flush what is there.
            Some(Said::Data(data)) if data.is_empty() => {}
            Some(Said::Data(data)) => {
                let data = BytesMut::from(&data[..]).freeze();
                if sender.data(data).await.is_err() {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
            }
            Some(Said::Wants(most)) => tokio::select! {
                sent = send(idle, upload, most.into()) => sent?,
                () = sender.closed() => return Err(io::ErrorKind::BrokenPipe.into()),
            },
            Some(Said::End(reuse)) => return Ok(reuse),
            Some(other) => return Err(io::Error::other(format!("{other:?} in a body"))),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn understood(status: u16, fields: Vec<(String, Vec<u8>)>) -> Outcome<http::Response<()>> {
    let mut response = http::Response::new(());
    *response.status_mut() = StatusCode::from_u16(status)?;
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        let value = HeaderValue::from_bytes(&value)?;
        response.headers_mut().append(name, value);
    }
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
    let value = head.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}
