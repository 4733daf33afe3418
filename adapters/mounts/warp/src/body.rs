//! Bodies, which warp has as streams of data.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use transom::adapter::MountBody;
use transom::body;
use warp::Reply;
use warp::reply::Response;

/// Returns whether a request may have content: one of HTTP/1 has said so. One of HTTP/2 need not, and has no
/// `Host`.
pub(crate) fn may_follow(headers: &HeaderMap) -> bool {
    match length(headers) {
        Some(length) => length > 0,
        None => {
            headers.contains_key(header::TRANSFER_ENCODING) || !headers.contains_key(header::HOST)
        }
    }
}

/// Returns the length that the client announced.
pub(crate) fn length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// The body of a request.
pub(crate) struct Incoming<S> {
    stream: Pin<Box<S>>,
    length: Option<u64>,
}

impl<S> Incoming<S> {
    pub(crate) fn new(stream: S, length: Option<u64>) -> Self {
        let stream = Box::pin(stream);
        Self { stream, length }
    }
}

impl<S, D> HttpBody for Incoming<S>
where
    S: Stream<Item = Result<D, warp::Error>>,
    D: Buf,
{
    type Data = Bytes;
    type Error = body::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, body::Error>>> {
        let data = ready!(self.stream.as_mut().poll_next(cx));
        Poll::Ready(data.map(|data| match data {
            Ok(mut data) => {
                let data = data.copy_to_bytes(data.remaining());
                if let Some(length) = &mut self.length {
                    *length = length.saturating_sub(data.len() as u64);
                }
                Ok(Frame::data(data))
            }
            Err(error) => Err(body::Error::disconnected_by(error)),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// Returns the response as warp sends it.
pub(crate) fn reply(response: http::Response<MountBody>, is_head: bool) -> Response {
    let (mut head, body) = response.into_parts();
    let length = body.size_hint().exact();
    if let Some(length) = length.filter(|_| !is_head && may_have_content(head.status)) {
        // The framework has streams alone, without a length.
        let length = HeaderValue::from(length);
        head.headers.entry(header::CONTENT_LENGTH).or_insert(length);
    }
    let mut response = match body.is_end_stream() {
        true => Response::default(),
        false => warp::reply::stream(Outgoing(body)).into_response(),
    };
    *response.status_mut() = head.status;
    *response.version_mut() = head.version;
    *response.headers_mut() = head.headers;
    response
}

pub(crate) fn bad_request() -> Response {
    StatusCode::BAD_REQUEST.into_response()
}

fn may_have_content(status: StatusCode) -> bool {
    !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}

/// The body of a response.
struct Outgoing(MountBody);

impl Stream for Outgoing {
    type Item = Result<Bytes, body::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                // Trailers have no place here.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => return Poll::Ready(Some(Ok(data))),
                    Err(_) => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
