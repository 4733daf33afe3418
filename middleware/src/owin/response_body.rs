use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_io::AsyncWrite;
use transom::Body;

use super::pipe::{Piece, Pipe};

/// Where the body of a response is written to. Clones are handles of the same body, which has one writer at a time.
///
/// The first write, and a flush, sends the head: from then on it cannot be changed. A write waits until there is room
/// for it, so that a client which reads slowly slows the writer, and fails when nobody reads any more.
///
/// Middleware that changes what is written puts a [`new`](Self::new) one into the environment that writes to the one
/// that was there, and restores that afterwards.
///
/// ```
/// use futures_util::AsyncWriteExt;
/// use transom_middleware::owin::{AppFunc, Environment, ResponseBody, keys};
///
/// let upload = AppFunc::new(|environment: Environment| async move {
///     let mut body = environment.require::<ResponseBody>(keys::RESPONSE_BODY)?;
///     body.write("by the chunk, ").await?;
///     body.write_all(b"or as a writer of futures").await?;
///     Ok(())
/// });
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::{ApplicationBuilder, testing::TestServer};
/// use transom_middleware::owin::UseOwin;
///
/// let app = ApplicationBuilder::new().use_owin(|owin| owin.with(move |_| upload.clone())).build();
/// let response = TestServer::new().start(app).await?.get("/").await?;
/// assert_eq!(response.into_body().collect(64).await?, "by the chunk, or as a writer of futures");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ResponseBody(Inner);

#[derive(Clone)]
enum Inner {
    Pipe(Arc<Pipe>),
    Writer(Arc<Mutex<Pin<Box<dyn AsyncWrite + Send>>>>),
}

/// How much of what a writer of `futures` offers is taken at once, since it is copied.
const COPIED: usize = 64 * 1024;

impl ResponseBody {
    /// Wraps a writer: for servers, and for middleware that changes what is written. It sends the head with the first
    /// write, be that empty, or flush.
    pub fn new(writer: impl AsyncWrite + Send + 'static) -> Self {
        Self(Inner::Writer(Arc::new(Mutex::new(Box::pin(writer)))))
    }

    pub(super) fn of(pipe: Arc<Pipe>) -> Self {
        Self(Inner::Pipe(pipe))
    }

    /// Writes all of it. Nothing sends the head too.
    ///
    /// # Errors
    ///
    /// Nobody reads any more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave a part of it unwritten.
    pub async fn write(&self, data: impl Into<Bytes>) -> io::Result<()> {
        let mut data = data.into();
        match &self.0 {
            Inner::Pipe(pipe) => {
                let mut piece = Some(Piece::Data(data));
                poll_fn(|cx| pipe.poll_put(cx, true, || piece.take())).await
            }
            Inner::Writer(_) => loop {
                let mut this = self.clone();
                let written = poll_fn(|cx| Pin::new(&mut this).poll_write(cx, &data)).await?;
                if written == 0 && !data.is_empty() {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                drop(data.split_to(written));
                if data.is_empty() {
                    return Ok(());
                }
            },
        }
    }

    /// Sends the head, if it was not sent, and waits until what was written is on its way.
    ///
    /// # Errors
    ///
    /// Nobody reads any more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn flush(&self) -> io::Result<()> {
        let mut this = self.clone();
        poll_fn(|cx| Pin::new(&mut this).poll_flush(cx)).await
    }

    /// Puts a whole body in as it is, and returns it where there is none of our pipes.
    pub(super) async fn forward(&self, body: Body) -> io::Result<Option<Body>> {
        let Inner::Pipe(pipe) = &self.0 else {
            return Ok(Some(body));
        };
        let mut piece = Some(Piece::Whole(body));
        poll_fn(|cx| pipe.poll_put(cx, false, || piece.take())).await?;
        Ok(None)
    }
}

impl AsyncWrite for ResponseBody {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &self.0 {
            Inner::Pipe(pipe) => {
                let taken = &data[..data.len().min(COPIED)];
                let piece = || Some(Piece::Data(Bytes::copy_from_slice(taken)));
                ready!(pipe.poll_put(cx, true, piece))?;
                Poll::Ready(Ok(taken.len()))
            }
            Inner::Writer(writer) => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.as_mut().poll_write(cx, data)
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Inner::Pipe(pipe) => pipe.poll_flush(cx),
            Inner::Writer(writer) => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.as_mut().poll_flush(cx)
            }
        }
    }

    /// The end of the body is that of the function, so this flushes.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}
