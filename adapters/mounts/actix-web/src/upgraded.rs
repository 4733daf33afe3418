//! A connection that leaves HTTP. The framework gives it as two halves: what is left of the request's body
//! is read, and the body of the 101 is written.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::rt::task::JoinHandle;
use bytes::Bytes;
use futures_core::Stream as _;
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf};
use transom::features::{UpgradeError, Upgraded};

/// How many bytes wait in memory each way.
const BUFFER: usize = 64 * 1024;

/// The connection, until the application has answered.
pub(crate) struct Takeover {
    payload: Payload,
    far: DuplexStream,
}

/// Returns the framework's side, and what the application's comes from.
pub(crate) fn offer(
    payload: Payload,
) -> (
    Takeover,
    impl Future<Output = Result<Upgraded, UpgradeError>> + Send + 'static,
) {
    let (near, far) = tokio::io::duplex(BUFFER);
    let connection = async { Ok(Upgraded::from_tokio(near)) };
    (Takeover { payload, far }, connection)
}

impl Takeover {
    /// Begins to carry bytes, on the thread of the worker, and returns those for the client.
    pub(crate) fn begin(self) -> Sending {
        let (from_application, to_application) = tokio::io::split(self.far);
        Sending {
            from_application,
            buffer: vec![0; 16 * 1024].into(),
            receiving: actix_web::rt::spawn(receive(self.payload, to_application)),
        }
    }
}

async fn receive(mut payload: Payload, mut application: WriteHalf<DuplexStream>) {
    while let Some(Ok(data)) = poll_fn(|cx| Pin::new(&mut payload).poll_next(cx)).await {
        if application.write_all(&data).await.is_err() {
            return;
        }
    }
    let _ = application.shutdown().await;
}

/// What the application sends. Dropping it ends both directions.
pub(crate) struct Sending {
    from_application: ReadHalf<DuplexStream>,
    buffer: Box<[u8]>,
    receiving: JoinHandle<()>,
}

impl MessageBody for Sending {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        let this = self.get_mut();
        let mut buffer = ReadBuf::new(&mut this.buffer);
        if let Err(error) = ready!(Pin::new(&mut this.from_application).poll_read(cx, &mut buffer))
        {
            return Poll::Ready(Some(Err(error)));
        }
        let read = buffer.filled();
        Poll::Ready((!read.is_empty()).then(|| Ok(Bytes::copy_from_slice(read))))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.receiving.abort();
    }
}
