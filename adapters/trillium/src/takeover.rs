//! Answers of HTTP/1 that the engine would send too late, or not as they are.
//!
//! The engine has a request and its response in one value, and sends the response when it gets that back: by then
//! the body of the request is out of reach. So where a response begins before its request has ended, the adapter
//! takes the connection over in the way in which the engine hands over an upgraded one. What it takes reads on in
//! the framing of the request; the adapter writes the response beside it, and gives the connection back behind it.

use std::future::{Future, poll_fn};
use std::io::{self, Write as _};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::AsyncWriteExt as _;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use transom::Application;
use transom::adapter::{ResponseBody, UpgradeCompletion};
use transom::features::RequestLifetime;
use trillium_http::{Conn, Headers, Upgrade};

use crate::feed::{Feed, Source};
use crate::http1::{Asked, Ended, Io};
use crate::hub::Hub;
use crate::intake::Buffer;
use crate::wire::Wire;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A request and its answer, taken out of the engine's hands.
pub(crate) struct Takeover {
    pub(crate) upgrade: Upgrade<Io>,
    pub(crate) response: http::Response<ResponseBody>,
    pub(crate) feed: Option<Feed>,
    pub(crate) asked: Asked,
    /// No request follows.
    pub(crate) close: bool,
    /// The application takes the connection.
    pub(crate) switching: Option<UpgradeCompletion>,
}

/// What follows an answer.
pub(crate) enum Next {
    /// Another request, of which this was read.
    Request(Vec<u8>),
    /// Another protocol, of which this was read.
    Switched(UpgradeCompletion, Vec<u8>),
    End(Ended),
}

/// Sends an answer, and hands over the rest of its request at the same time.
pub(crate) async fn answer<A: Application>(hub: &Hub<A>, taken: Takeover) -> Next {
    let Takeover {
        mut upgrade,
        response,
        mut feed,
        asked,
        close,
        switching,
    } = taken;
    let mut wire = upgrade.transport().clone();
    let lifetime = response.body().lifetime().clone();
    let framing = match switching {
        Some(_) => Framing::Nothing,
        None => Framing::of(&response, &asked),
    };
    let expects = asked.expects && feed.as_ref().is_some_and(|feed| !feed.is_begun());
    let sent = {
        let mut sending = pin!(send(&mut wire, response, &asked, framing, close, expects));
        let mut reading = pin!(async {
            if let Some(feed) = &mut feed {
                feed.fill(&mut upgrade, &lifetime).await?;
            }
            poll_fn(|cx| upgrade.poll_gone(cx, &lifetime).map(Err)).await
        });
        poll_fn(|cx| {
            if let Poll::Ready(sent) = sending.as_mut().poll(cx) {
                return Poll::Ready(sent);
            }
            reading
                .as_mut()
                .poll(cx)
                .map(|_: io::Result<()>| Err(Ended::Quiet))
        })
        .await
    };
    if let Err(ended) = sent {
        return Next::End(ended);
    }
    if let Some(completion) = switching {
        return Next::Switched(completion, upgrade.buffer().to_vec());
    }
    if let Some(feed) = &mut feed
        && feed.fill(&mut upgrade, &lifetime).await.is_err()
    {
        return Next::End(Ended::Quiet);
    }
    let complete = feed.as_ref().is_none_or(Feed::is_complete);
    if close || !complete || hub.shutdown.is_requested() {
        return Next::End(match complete {
            true => Ended::Quiet,
            false => Ended::Unread,
        });
    }
    wire.with(Wire::answered);
    let mut read = Vec::with_capacity(hub.context.config().request_buffer_initial_len());
    read.extend_from_slice(upgrade.buffer());
    Next::Request(read)
}

/// How the end of a body is marked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// There is no body.
    Nothing,
    Length,
    Chunked,
    /// By the end of the connection.
    Close,
}

impl Framing {
    fn of(response: &http::Response<ResponseBody>, asked: &Asked) -> Self {
        let status = response.status();
        if asked.method == Method::HEAD
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
        {
            return Self::Nothing;
        }
        // RFC 9110, section 9.3.6: what follows is a tunnel, though nobody took it.
        if asked.method == Method::CONNECT && status.is_success() {
            return Self::Close;
        }
        match response.body().size_hint().exact() {
            Some(_) => Self::Length,
            None if asked.version == Version::HTTP_11 => Self::Chunked,
            None => Self::Close,
        }
    }
}

/// # Errors
///
/// How the connection ends.
async fn send(
    wire: &mut Io,
    response: http::Response<ResponseBody>,
    asked: &Asked,
    framing: Framing,
    close: bool,
    expects: bool,
) -> Result<(), Ended> {
    let (head, mut body) = response.into_parts();
    let mut out = Vec::with_capacity(1024);
    if expects {
        // The application holds on to a body that the client has not been told to send.
        out.extend_from_slice(CONTINUE);
    }
    let length = body.size_hint().exact();
    write_head(&mut out, head, framing, length, asked, close);
    let broken = match framing {
        Framing::Close => Ended::Broken,
        _ => Ended::Quiet,
    };
    let mut trailers = None;
    loop {
        flush(wire, &mut out).await.map_err(|_| Ended::Quiet)?;
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        match frame.transpose().map_err(|_| broken)? {
            None => break,
            Some(frame) => match frame.into_data() {
                Ok(data) if data.is_empty() || framing == Framing::Nothing => {}
                Ok(data) => write_data(&mut out, &data, framing),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
        }
    }
    if framing == Framing::Chunked {
        out.extend_from_slice(b"0\r\n");
        if let Some(trailers) = trailers.filter(|_| asked.takes_trailers) {
            write_fields(&mut out, &trailers);
        }
        out.extend_from_slice(b"\r\n");
    }
    flush(wire, &mut out).await.map_err(|_| Ended::Quiet)
}

async fn flush(wire: &mut Io, out: &mut Vec<u8>) -> io::Result<()> {
    wire.write_all(out).await?;
    out.clear();
    wire.flush().await
}

fn write_head(
    out: &mut Vec<u8>,
    mut head: Parts,
    framing: Framing,
    length: Option<u64>,
    asked: &Asked,
    close: bool,
) {
    let version = match asked.version {
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let reason = head.status.canonical_reason().unwrap_or("");
    let code = head.status.as_u16();
    // To write into a `Vec` cannot fail.
    let _ = write!(out, "{version} {code} {reason}\r\n");
    let fields = &mut head.headers;
    if !fields.contains_key(header::DATE)
        && let Ok(now) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now()))
    {
        fields.insert(header::DATE, now);
    }
    match framing {
        Framing::Nothing => {}
        Framing::Length => {
            if let Some(length) = length {
                fields.insert(header::CONTENT_LENGTH, length.into());
            }
        }
        Framing::Chunked => {
            fields.remove(header::CONTENT_LENGTH);
            let chunked = HeaderValue::from_static("chunked");
            fields.insert(header::TRANSFER_ENCODING, chunked);
        }
        Framing::Close => {
            fields.remove(header::CONTENT_LENGTH);
        }
    }
    if close || framing == Framing::Close {
        fields.append(header::CONNECTION, HeaderValue::from_static("close"));
    } else if asked.version == Version::HTTP_10 {
        fields.append(header::CONNECTION, HeaderValue::from_static("keep-alive"));
    }
    write_fields(out, fields);
    out.extend_from_slice(b"\r\n");
}

fn write_fields(out: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn write_data(out: &mut Vec<u8>, data: &Bytes, framing: Framing) {
    if framing == Framing::Chunked {
        let _ = write!(out, "{:x}\r\n", data.len());
    }
    out.extend_from_slice(data);
    if framing == Framing::Chunked {
        out.extend_from_slice(b"\r\n");
    }
}

impl Source for Conn<Io> {
    const EAGER: bool = false;

    async fn piece(&mut self, buffer: &mut Buffer) -> io::Result<Bytes> {
        let mut body = self.request_body();
        poll_fn(|cx| buffer.poll_read(&mut body, cx)).await
    }

    fn trailers(&mut self) -> Option<Headers> {
        self.request_trailers_mut().map(std::mem::take)
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>, lifetime: &RequestLifetime) -> Poll<io::Error> {
        poll_gone(self.transport(), cx, lifetime)
    }

    fn is_cut(&self) -> bool {
        is_cut(self.transport())
    }
}

impl Source for Upgrade<Io> {
    const EAGER: bool = false;

    async fn piece(&mut self, buffer: &mut Buffer) -> io::Result<Bytes> {
        poll_fn(|cx| buffer.poll_read(self, cx)).await
    }

    fn trailers(&mut self) -> Option<Headers> {
        self.take_received_trailers()
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>, lifetime: &RequestLifetime) -> Poll<io::Error> {
        poll_gone(self.transport(), cx, lifetime)
    }

    fn is_cut(&self) -> bool {
        is_cut(self.transport())
    }
}

fn poll_gone(wire: &Io, cx: &mut Context<'_>, lifetime: &RequestLifetime) -> Poll<io::Error> {
    match wire.with(|wire| wire.poll_end(cx)) {
        Some(Poll::Ready(Err(error))) => Poll::Ready(error),
        // A client that closed its side may still read.
        Some(Poll::Ready(Ok(()))) => {
            lifetime.disconnect();
            Poll::Pending
        }
        Some(Poll::Pending) | None => Poll::Pending,
    }
}

fn is_cut(wire: &Io) -> bool {
    wire.with(|wire| wire.is_ended()).unwrap_or(true)
}
