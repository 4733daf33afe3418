use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use pin_project::pin_project;
use sync_wrapper::SyncWrapper;

use super::{BoxError, Error};

/// A body: empty, one chunk, or a stream of data frames with optional trailers at its end.
///
/// Empty and one-chunk bodies never allocate; any other body costs one box, and a `Body` is never boxed
/// again. It implements [`http_body::Body`], and that is how it is read frame by frame; [`collect`] and
/// [`into_stream`](Self::into_stream) are shorter.
///
/// ```
/// use http_body::Body as _;
/// use transom::Body;
///
/// assert!(Body::empty().is_end_stream());
/// assert_eq!(Body::from("hello").size_hint().exact(), Some(5));
/// ```
///
/// [`collect`]: Self::collect
pub struct Body(Repr);

/// No larger than a `Bytes`: a body is moved often.
enum Repr {
    /// Or, if there are none, an empty body.
    Full(Bytes),
    Stream(Pin<Box<dyn Stream + Send + Sync>>),
}

trait Stream {
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>>;
    fn is_end_stream(&self) -> bool;
    fn size_hint(&self) -> SizeHint;
}

/// A foreign body. It is only `Send`; to be `Sync` it is touched through `&mut` alone, and what is asked
/// through `&self` is kept beside it. Both answers are hints, so one frame old is good enough.
#[pin_project]
struct Foreign<B> {
    #[pin]
    body: SyncWrapper<B>,
    hint: SizeHint,
    ended: bool,
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>>> Stream for Foreign<B> {
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let mut body = this.body.get_pin_mut();
        let frame = ready!(body.as_mut().poll_frame(cx));
        // Fused: after its end or an error the foreign body is not polled again.
        *this.ended = !matches!(frame, Some(Ok(_))) || body.is_end_stream();
        *this.hint = match this.ended {
            true => SizeHint::with_exact(0),
            false => body.size_hint(),
        };
        Poll::Ready(frame.map(|frame| frame.map_err(Error::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

impl Body {
    /// Returns a body without content.
    pub const fn empty() -> Self {
        Self(Repr::Full(Bytes::new()))
    }

    /// Wraps any body; returns a `Body` as it is.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut body = Some(body);
        let any: &mut dyn Any = &mut body;
        if let Some(same) = any.downcast_mut::<Option<Body>>().and_then(Option::take) {
            return same;
        }
        match body {
            Some(body) if body.is_end_stream() => Self::empty(),
            Some(body) => Self(Repr::Stream(Box::pin(Foreign {
                hint: body.size_hint(),
                ended: false,
                body: SyncWrapper::new(body),
            }))),
            None => unreachable!("only a `Body` was taken out"),
        }
    }

    /// Adds trailers, to be sent after the data where the server and the client can
    /// ([`ResponseTrailers`](crate::features::ResponseTrailers)).
    pub fn with_trailers(self, trailers: HeaderMap) -> Self {
        Self::new(self.with_trailers_after(trailers))
    }

    /// Reads the whole body, of at most `limit` bytes. Trailers are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::is_length_limit`] as soon as the body is known to be longer, before it is read if its
    /// length was announced; [`Error::is_disconnect`] when the peer went away.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read is lost with the body.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, Error> {
        if self.size_hint().lower() > limit as u64 {
            return Err(Error::length_limit(limit as u64));
        }
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            if first.len() + rest.len() + data.len() > limit {
                return Err(Error::length_limit(limit as u64));
            }
            if first.is_empty() && rest.is_empty() {
                // One chunk is the common body, and costs no copy.
                first = data;
                continue;
            }
            if rest.is_empty() {
                rest.reserve(first.len() + data.len());
                rest.put(first.split_off(0));
            }
            rest.put(data);
        }
        Ok(if rest.is_empty() {
            first
        } else {
            rest.freeze()
        })
    }

    /// Takes all that is left, if it is one chunk: reading it runs nobody's code.
    #[inline]
    pub(crate) fn take_chunk(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Repr::Full(bytes) if !bytes.is_empty() => Some(std::mem::take(bytes)),
            _ => None,
        }
    }

    fn with_trailers_after(
        self,
        trailers: HeaderMap,
    ) -> impl HttpBody<Data = Bytes, Error = Error> + Send + 'static {
        BodyExt::with_trailers(self, std::future::ready(Some(Ok(trailers))))
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Repr::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready(bytes.has_remaining().then(|| Ok(Frame::data(bytes))))
            }
            Repr::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Repr::Full(bytes) => bytes.is_empty(),
            Repr::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Repr::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Repr::Stream(stream) => stream.size_hint(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Repr::Full(bytes))
    }
}

macro_rules! from_chunk {
    ($($chunk:ty),*) => {
        $(impl From<$chunk> for Body {
            fn from(chunk: $chunk) -> Self {
                Self::from(Bytes::from(chunk))
            }
        })*
    };
}

from_chunk!(&'static str, &'static [u8], String, Vec<u8>);

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Full(bytes) if bytes.is_empty() => f.write_str("Body(empty)"),
            Repr::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Repr::Stream(stream) => match stream.size_hint().exact() {
                Some(length) => write!(f, "Body(stream of {length} bytes)"),
                None => f.write_str("Body(stream)"),
            },
        }
    }
}
