use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use http_body::{Body as _, Frame};
use transom::adapter::ResponseBody;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;

use super::names;
use super::sys::{Challenges, Chunks, NativeResponse, Outcome, Platform, RequestQueue, SendFlags};
use crate::cache;

/// How responses to one request are sent.
#[derive(Debug)]
pub(crate) struct Outflow {
    pub(crate) queue: Arc<RequestQueue>,
    pub(crate) request: u64,
    pub(crate) version: Version,
    /// The request was HEAD.
    pub(crate) is_head: bool,
    /// The client takes trailers.
    pub(crate) trailers: bool,
    /// Behind the response the connection is closed.
    pub(crate) closes: bool,
    /// The kernel may answer with it again.
    pub(crate) caches: bool,
    /// The kernel takes what is sent before the client does.
    pub(crate) buffers: bool,
}

/// How a client sees where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// There is none.
    Bodiless,
    /// By its `Content-Length`.
    Sized(u64),
    /// By the last chunk. The kernel leaves the framing of a body in pieces to who sends it.
    Chunked,
    /// By the end of the connection, or by that of the stream: then the kernel says it.
    Ended,
}

impl Outflow {
    /// Sends a response to its end.
    ///
    /// # Errors
    ///
    /// The client is gone, or the body broke off: nothing more can be said, and the request has to be cancelled.
    pub(crate) async fn send(&self, response: http::Response<ResponseBody>) -> io::Result<()> {
        let (mut head, mut body) = response.into_parts();
        if self.is_bodiless(head.status) {
            return self.send_bodiless(head).await;
        }
        let whole = match body.size_hint().exact() == Some(0) && body.is_end_stream() {
            true => Some(Bytes::new()),
            false => body.take_whole(),
        };
        if let Some(whole) = whole {
            let framing = Framing::Sized(whole.len() as u64);
            return self.send_head(head, framing, vec![whole], false).await;
        }
        if !Platform::get().sends_pieces() {
            return self.send_gathered(head, body).await;
        }
        let framing = self.framing(&mut head, body.size_hint().exact());
        // What is there goes out with the head. And a body that is that of the request is read from here on, so that a
        // client that waits for `100 Continue` is told before the response begins: behind that nobody may.
        let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut body).poll_frame(cx))).await;
        let (data, first) = match first {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => (data, Poll::Pending),
                Err(trailers) => (Bytes::new(), Poll::Ready(Some(Ok(trailers)))),
            },
            first => (Bytes::new(), first),
        };
        let sent = data.len() as u64;
        let more = framing != Framing::Sized(sent) || !body.is_end_stream();
        let data = self.framed(data, framing);
        self.send_head(head, framing, data, more).await?;
        match more {
            true => self.send_pieces(body, framing, sent, first).await,
            false => Ok(()),
        }
    }

    /// Sends the head of a response that has no body.
    async fn send_bodiless(&self, mut head: Parts) -> io::Result<()> {
        let unknown = self.is_head
            && !matches!(
                head.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            )
            && !head.headers.contains_key(header::CONTENT_LENGTH)
            && Platform::get().sends_pieces();
        let framing = match unknown {
            // Nobody knows the length of what GET would bring, and the kernel would say 0.
            true => self.framing(&mut head, None),
            false => Framing::Bodiless,
        };
        let more = framing == Framing::Ended;
        self.send_head(head, framing, Vec::new(), more).await?;
        match more {
            true => self.send_piece(Vec::new(), framing, false).await,
            false => Ok(()),
        }
    }

    /// Sends a response without a body.
    pub(crate) async fn refuse(&self, status: StatusCode, headers: HeaderMap) -> io::Result<()> {
        let (mut head, ()) = http::Response::new(()).into_parts();
        head.status = status;
        head.headers = headers;
        self.send_head(head, Framing::Sized(0), Vec::new(), false)
            .await
    }

    /// Sends the head of a 101. What follows is no HTTP.
    pub(crate) async fn switch(&self, head: Parts) -> io::Result<()> {
        let flags = SendFlags {
            more: true,
            opaque: true,
            buffer: true,
            ..SendFlags::default()
        };
        self.send_native(&head, Vec::new(), flags, None).await
    }

    /// Ends the request without another word.
    pub(crate) fn hang_up(&self) {
        const CANCEL: u32 = 8;
        let multiplexed = self.version >= Version::HTTP_2;
        self.queue
            .hang_up(self.request, multiplexed.then_some(CANCEL));
    }

    fn is_bodiless(&self, status: StatusCode) -> bool {
        self.is_head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }

    fn framing(&self, head: &mut Parts, length: Option<u64>) -> Framing {
        if let Some(length) = length {
            return Framing::Sized(length);
        }
        if self.version != Version::HTTP_11 {
            return Framing::Ended;
        }
        let chunked = HeaderValue::from_static("chunked");
        head.headers.insert(header::TRANSFER_ENCODING, chunked);
        Framing::Chunked
    }

    async fn send_head(
        &self,
        mut head: Parts,
        framing: Framing,
        data: Vec<Bytes>,
        more: bool,
    ) -> io::Result<()> {
        match framing {
            // The kernel says it of a body that it has in one, and says it twice if it was said.
            Framing::Sized(_) if !more => drop(head.headers.remove(header::CONTENT_LENGTH)),
            Framing::Sized(length) => {
                head.headers.insert(header::CONTENT_LENGTH, length.into());
            }
            _ => {}
        }
        let disconnect = self.disconnects(framing);
        if disconnect {
            let close = HeaderValue::from_static("close");
            head.headers.insert(header::CONNECTION, close);
        }
        let flags = SendFlags {
            more,
            disconnect,
            buffer: self.buffers,
            go_away: self.closes && self.version >= Version::HTTP_2,
            ..SendFlags::default()
        };
        let policy = match self.caches && !more && head.status == StatusCode::OK {
            true => cache::seconds_to_live(&head.headers, SystemTime::now()),
            false => None,
        };
        self.send_native(&head, data, flags, policy).await
    }

    async fn send_native(
        &self,
        head: &Parts,
        mut data: Vec<Bytes>,
        flags: SendFlags,
        policy: Option<u32>,
    ) -> io::Result<()> {
        data.retain(|piece| !piece.is_empty());
        let native = native(head, data, policy)?;
        let (mut outcome, native) = self.queue.send(self.request, native, flags).await;
        if outcome.error == ERROR_INVALID_PARAMETER && flags.go_away {
            // Older systems do not know it.
            let flags = SendFlags {
                go_away: false,
                ..flags
            };
            outcome = self.queue.send(self.request, native, flags).await.0;
        }
        ended(outcome)
    }

    /// Sends a body as it comes, behind its head and so many bytes; and before that what was taken of it already.
    async fn send_pieces(
        &self,
        mut body: ResponseBody,
        framing: Framing,
        mut sent: u64,
        mut taken: Poll<Option<BodyFrame>>,
    ) -> io::Result<()> {
        let mut trailers = None;
        while let Some(frame) = match mem::replace(&mut taken, Poll::Pending) {
            Poll::Ready(taken) => taken,
            Poll::Pending => next(&mut body).await,
        } {
            let frame = frame.map_err(|_| broken())?;
            match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    sent += data.len() as u64;
                    let last = framing == Framing::Sized(sent) && body.is_end_stream();
                    let data = self.framed(data, framing);
                    self.send_piece(data, framing, !last).await?;
                    if last {
                        return Ok(());
                    }
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let trailers = trailers.filter(|trailers| self.trailers && !trailers.is_empty());
        match (framing, trailers) {
            (Framing::Chunked, trailers) => {
                let end = last_chunk(trailers.as_ref());
                self.send_piece(vec![end], framing, false).await
            }
            (_, Some(trailers)) if self.version >= Version::HTTP_2 => {
                let fields = trailers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_bytes()));
                self.send_chunks(Chunks::trailers(fields)?, framing, false)
                    .await
            }
            _ => self.send_piece(Vec::new(), framing, false).await,
        }
    }

    /// Returns whether the connection is closed behind a response.
    fn disconnects(&self, framing: Framing) -> bool {
        (self.closes || framing == Framing::Ended) && self.version < Version::HTTP_2
    }

    fn framed(&self, data: Bytes, framing: Framing) -> Vec<Bytes> {
        match framing {
            Framing::Chunked if !data.is_empty() => {
                let size = format!("{:X}\r\n", data.len());
                vec![size.into(), data, Bytes::from_static(b"\r\n")]
            }
            _ => vec![data],
        }
    }

    async fn send_piece(&self, data: Vec<Bytes>, framing: Framing, more: bool) -> io::Result<()> {
        self.send_chunks(Chunks::new(data)?, framing, more).await
    }

    async fn send_chunks(&self, chunks: Chunks, framing: Framing, more: bool) -> io::Result<()> {
        let flags = SendFlags {
            more,
            disconnect: !more && self.disconnects(framing),
            buffer: self.buffers,
            ..SendFlags::default()
        };
        let (outcome, _) = self.queue.send_body(self.request, chunks, flags).await;
        ended(outcome)
    }

    /// Sends a response where the system can send none in pieces. One that breaks off is not begun.
    async fn send_gathered(&self, head: Parts, mut body: ResponseBody) -> io::Result<()> {
        let mut data = Vec::new();
        while let Some(frame) = next(&mut body).await {
            match frame {
                Ok(frame) => data.extend(frame.into_data()),
                Err(_) => {
                    let status = StatusCode::INTERNAL_SERVER_ERROR;
                    return self.refuse(status, HeaderMap::new()).await;
                }
            }
        }
        let length = data.iter().map(|piece| piece.len() as u64).sum();
        self.send_head(head, Framing::Sized(length), data, false)
            .await
    }
}

type BodyFrame = Result<Frame<Bytes>, transom::body::Error>;

async fn next(body: &mut ResponseBody) -> Option<BodyFrame> {
    poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

fn native(head: &Parts, data: Vec<Bytes>, policy: Option<u32>) -> io::Result<NativeResponse> {
    let headers = &head.headers;
    let challenges = headers.get_all(header::WWW_AUTHENTICATE);
    let several = challenges.iter().nth(1).is_some() && Platform::get().completes_challenges();
    let fields = headers.iter();
    let fields = fields.filter(|(name, _)| !several || name != &header::WWW_AUTHENTICATE);
    let fields = fields.map(|(name, value)| {
        // Of each number there is one.
        let single = headers.get_all(name).iter().nth(1).is_none();
        // Nor does it take the number for what a 101 says of the connection.
        let switches = head.status == StatusCode::SWITCHING_PROTOCOLS && name == header::CONNECTION;
        let id = names::of_response(name).filter(|_| single && !switches);
        (id.ok_or(name.as_str()), value.as_bytes())
    });
    let reason = head.status.canonical_reason().unwrap_or_default();
    let chunks = Chunks::new(data)?;
    let native = NativeResponse::new(head.status.as_u16(), reason, fields, chunks, policy)?;
    if !several {
        return Ok(native);
    }
    let values = challenges.iter().map(HeaderValue::as_bytes);
    Ok(native.with_challenges(Challenges::new(values)?))
}

fn last_chunk(trailers: Option<&HeaderMap>) -> Bytes {
    let mut end = b"0\r\n".to_vec();
    for (name, value) in trailers.into_iter().flatten() {
        end.extend_from_slice(name.as_str().as_bytes());
        end.extend_from_slice(b": ");
        end.extend_from_slice(value.as_bytes());
        end.extend_from_slice(b"\r\n");
    }
    end.extend_from_slice(b"\r\n");
    end.into()
}

pub(crate) fn ended(outcome: Outcome) -> io::Result<()> {
    match outcome.error {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error as i32)),
    }
}

fn broken() -> io::Error {
    io::Error::other("the body of a response broke off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_chunk_carries_the_trailers() {
        assert_eq!(last_chunk(None), "0\r\n\r\n");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("5"));
        trailers.append("x-sum", HeaderValue::from_static("6"));
        assert_eq!(
            last_chunk(Some(&trailers)),
            "0\r\nx-sum: 5\r\nx-sum: 6\r\n\r\n"
        );
    }
}
