//! The stream that the engine reads and writes.

use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::ready;

use xitca_io::io::{AsyncBufRead, AsyncBufWrite, BoundedBuf, BoundedBufMut};

use crate::link::Link;

/// A connection, as the engine knows it.
pub(crate) struct Transport(pub(crate) Rc<Link>);

impl AsyncBufRead for Transport {
    async fn read<B: BoundedBufMut>(&self, mut buffer: B) -> (io::Result<usize>, B) {
        let read = std::future::poll_fn(|cx| {
            let room = buffer.bytes_total() - buffer.bytes_init();
            self.0.poll_read(cx, room, |bytes| buffer.put_slice(bytes))
        })
        .await;
        (read, buffer)
    }
}

impl AsyncBufWrite for Transport {
    /// Writes all of it, so that it is known when the engine has nothing more to write.
    async fn write<B: BoundedBuf>(&self, buffer: B) -> (io::Result<usize>, B) {
        let mut written = 0;
        let all = std::future::poll_fn(|cx| {
            while written < buffer.bytes_init() {
                written += ready!(self.0.poll_write(cx, &buffer.chunk()[written..]))?;
            }
            self.0.poll_written(cx)
        })
        .await;
        (all.map(|()| written), buffer)
    }

    async fn shutdown(self, _: Shutdown) -> io::Result<()> {
        self.0.close().await
    }
}
