use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use futures_io::{AsyncBufRead, AsyncRead};

use super::{Body, BodyStream};

/// How much one read asks a reader for, at most and at least. What a read leaves of a buffer is used by
/// the next one, so that a reader which yields little at a time does not hold a whole buffer for each.
const CHUNK: usize = 16 * 1024;
const LEAST: usize = 1024;

impl Body {
    /// Makes a body of everything that a reader yields; an error of it breaks the body off.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use transom::Body;
    ///
    /// let body = Body::from_reader(futures_util::io::Cursor::new("a file, say"));
    /// assert_eq!(body.collect(64).await?, "a file, say");
    /// # Ok::<_, transom::body::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_reader<R: AsyncRead + Send + 'static>(reader: R) -> Self {
        Self::from_stream(Chunks {
            reader: Box::pin(reader),
            buffer: BytesMut::new(),
        })
    }

    /// As [`from_reader`](Self::from_reader), for tokio's `AsyncRead`.
    #[cfg(feature = "tokio")]
    pub fn from_tokio_reader<R: tokio::io::AsyncRead + Send + 'static>(reader: R) -> Self {
        Self::from_reader(crate::tokio_io::FromTokio::new(reader))
    }

    /// Turns the body into a reader of its data, for `futures` and, with the feature `tokio`, for tokio.
    /// Trailers are dropped; an error of the body is an [`io::Error`] around it.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tokio::io::AsyncReadExt as _;
    /// use transom::Body;
    ///
    /// let mut text = String::new();
    /// Body::from("to be read").into_reader().read_to_string(&mut text).await?;
    /// assert_eq!(text, "to be read");
    /// # Ok::<_, std::io::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_reader(self) -> BodyReader {
        BodyReader {
            stream: self.into_stream(),
            chunk: Bytes::new(),
        }
    }
}

struct Chunks<R> {
    reader: Pin<Box<R>>,
    buffer: BytesMut,
}

impl<R: AsyncRead> Stream for Chunks<R> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { reader, buffer } = &mut *self;
        if buffer.len() < LEAST {
            *buffer = BytesMut::zeroed(CHUNK);
        }
        let read = ready!(reader.as_mut().poll_read(cx, buffer))?;
        Poll::Ready((read > 0).then(|| Ok(buffer.split_to(read).freeze())))
    }
}

/// The data of a [`Body`] as a reader; see [`Body::into_reader`].
#[derive(Debug)]
pub struct BodyReader {
    stream: BodyStream,
    chunk: Bytes,
}

impl BodyReader {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        while self.chunk.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
                Some(chunk) => self.chunk = chunk.map_err(io::Error::other)?,
                None => break,
            }
        }
        Poll::Ready(Ok(&self.chunk))
    }
}

impl AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let chunk = ready!(self.poll_chunk(cx))?;
        let read = chunk.len().min(buffer.len());
        buffer[..read].copy_from_slice(&chunk[..read]);
        self.chunk.advance(read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncBufRead for BodyReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_chunk(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.chunk.advance(amount);
    }
}

#[cfg(feature = "tokio")]
impl tokio::io::AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let chunk = ready!(self.poll_chunk(cx))?;
        let read = chunk.len().min(buffer.remaining());
        buffer.put_slice(&chunk[..read]);
        self.chunk.advance(read);
        Poll::Ready(Ok(()))
    }
}
