use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, response::Parts};
use http_body::{Body as _, Frame};
use transom::adapter::{BodySender, PumpClosed, ResponseBody};
use transom::body;

use crate::inflow::{Inflow, Piece};
use crate::phase::{Phase, Phases};

/// How many bytes are copied to be sent at once.
const IN_ONE_PIECE: usize = 16 * 1024;

/// What a request is answered on.
pub(crate) enum Wire {
    /// The writer alone: the engine has gone on to the next request.
    Out(Box<dyn Write + Send>),
    /// The reader too, for a request that is not read to its end.
    Both(Box<dyn tiny_http::ReadWrite + Send>),
}

impl Wire {
    /// Takes both directions of a request that is not read to its end.
    ///
    /// Only `upgrade` yields both, and it has to write a head: an interim one, which every client of
    /// HTTP/1.1 skips. 102 because 100 would call for the content.
    pub(crate) fn both(request: tiny_http::Request) -> Self {
        let interim = tiny_http::Response::empty(102);
        Self::Both(request.upgrade("HTTP/1.1", interim))
    }

    pub(crate) fn out(&mut self) -> &mut dyn Write {
        match self {
            Self::Out(writer) => writer,
            Self::Both(stream) => stream,
        }
    }

    pub(crate) fn reader(&mut self) -> Option<&mut dyn Read> {
        match self {
            Self::Out(_) => None,
            Self::Both(stream) => Some(stream),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Out(_) => "Wire::Out",
            Self::Both(_) => "Wire::Both",
        })
    }
}

/// How a response is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Its head says all: HEAD, 1xx, 204, 304.
    Nothing,
    Sized(u64),
    Chunked {
        trailers: bool,
    },
    /// Up to the end of the connection: HTTP/1.0 knows no other for an unknown length.
    ToTheEnd,
}

impl Framing {
    /// Returns the framing of a response, and puts its fields into the head.
    pub(crate) fn of(
        head: &mut Parts,
        body: &ResponseBody,
        method: &Method,
        version: Version,
        trailers: bool,
    ) -> Self {
        let status = head.status;
        if method == Method::HEAD
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        {
            return Self::Nothing;
        }
        let announced = head
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        if let Some(length) = announced.or_else(|| body.size_hint().exact()) {
            head.headers.insert(header::CONTENT_LENGTH, length.into());
            return Self::Sized(length);
        }
        head.headers.remove(header::CONTENT_LENGTH);
        if version != Version::HTTP_11 {
            return Self::ToTheEnd;
        }
        head.headers.insert(
            header::TRANSFER_ENCODING,
            HeaderValue::from_static("chunked"),
        );
        Self::Chunked { trailers }
    }
}

/// Returns the head of a response as it goes out.
pub(crate) fn head(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    // RFC 9112, section 2.3: a server says the highest version that it speaks.
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    fields(&mut out, headers);
    if !headers.contains_key(header::DATE) {
        out.extend_from_slice(b"date: ");
        out.extend_from_slice(httpdate::fmt_http_date(SystemTime::now()).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// What is still to be read while a response is written.
pub(crate) struct Reading<'a> {
    pub(crate) inflow: &'a mut Inflow,
    /// The application still reads the request.
    pub(crate) sender: Option<BodySender>,
}

/// Writes the body of a response. What is written is flushed before anything is waited for.
///
/// # Errors
///
/// The client is gone, the body failed, the server is aborted: the response is not complete.
pub(crate) async fn write_body(
    wire: &mut Wire,
    framing: Framing,
    mut body: ResponseBody,
    mut reading: Reading<'_>,
    phases: &Phases,
) -> io::Result<()> {
    let mut left = match framing {
        Framing::Nothing => return wire.out().flush(),
        Framing::Sized(length) => Some(length),
        _ => None,
    };
    let mut last = HeaderMap::new();
    loop {
        if left == Some(0) && body.is_end_stream() {
            break;
        }
        match event(wire, &mut body, &mut reading.sender, phases).await? {
            Event::Frame(None) => break,
            Event::Frame(Some(frame)) => match frame.map_err(io::Error::other)?.into_data() {
                // More than it said: what was promised is sent, and the rest is nobody's.
                Ok(data) if left == Some(0) && !data.is_empty() => break,
                Ok(data) => write_data(wire.out(), framing, &mut left, &data)?,
                Err(frame) => last.extend(frame.into_trailers().unwrap_or_default()),
            },
            Event::Room(Err(_)) => reading.sender = None,
            Event::Room(Ok(())) => feed(wire, &mut reading, phases).await,
        }
    }
    if left.is_some_and(|left| left > 0) {
        return Err(io::Error::other("the body is shorter than its length"));
    }
    if let Framing::Chunked { trailers } = framing {
        let mut end = b"0\r\n".to_vec();
        if trailers {
            fields(&mut end, &last);
        }
        end.extend_from_slice(b"\r\n");
        wire.out().write_all(&end)?;
    }
    wire.out().flush()
}

enum Event {
    Frame(Option<Result<Frame<Bytes>, body::Error>>),
    Room(Result<(), PumpClosed>),
}

/// Waits for the next thing to do: what the application says comes before what it may hear.
async fn event(
    wire: &mut Wire,
    body: &mut ResponseBody,
    sender: &mut Option<BodySender>,
    phases: &Phases,
) -> io::Result<Event> {
    let mut aborted = pin!(phases.aborted());
    let mut flushed = false;
    poll_fn(|cx| {
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
            return Poll::Ready(Ok(Event::Frame(frame)));
        }
        if !flushed {
            wire.out().flush()?;
            flushed = true;
        }
        if aborted.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::other("the server was aborted")));
        }
        match sender {
            Some(sender) => pin!(sender.ready())
                .poll(cx)
                .map(|room| Ok(Event::Room(room))),
            None => Poll::Pending,
        }
    })
    .await
}

/// Reads a piece of the request and hands it to the application. Nothing is written meanwhile.
async fn feed(wire: &mut Wire, reading: &mut Reading<'_>, phases: &Phases) {
    let (Some(reader), Some(mut sender)) = (wire.reader(), reading.sender.take()) else {
        return;
    };
    let mut go_on = || phases.now() < Phase::Aborted;
    match reading.inflow.next(reader, &mut go_on) {
        // The next look at the phase ends the response.
        Ok(Piece::NotYet) => reading.sender = Some(sender),
        Ok(Piece::End) => sender.finish(),
        Err(error) => sender.fail(error),
        Ok(Piece::Data(data)) => {
            if sender.data(data).await.is_err() {
                return;
            }
            match reading.inflow.is_ended() {
                true => sender.finish(),
                false => reading.sender = Some(sender),
            }
        }
    }
}

fn write_data(
    out: &mut dyn Write,
    framing: Framing,
    left: &mut Option<u64>,
    data: &[u8],
) -> io::Result<()> {
    match left {
        Some(left) => {
            let fits = usize::try_from(*left).map_or(data.len(), |left| left.min(data.len()));
            out.write_all(&data[..fits])?;
            *left -= fits as u64;
            Ok(())
        }
        // An empty chunk would be the last.
        None if data.is_empty() => Ok(()),
        None if framing == Framing::ToTheEnd => out.write_all(data),
        // In one piece: the engine's buffer is smaller, and would send each part by itself.
        None if data.len() <= IN_ONE_PIECE => {
            let mut chunk = Vec::with_capacity(data.len() + 16);
            write!(chunk, "{:x}\r\n", data.len())?;
            chunk.extend_from_slice(data);
            chunk.extend_from_slice(b"\r\n");
            out.write_all(&chunk)
        }
        None => {
            write!(out, "{:x}\r\n", data.len())?;
            out.write_all(data)?;
            out.write_all(b"\r\n")
        }
    }
}
