use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transom::Features;

use super::Stream;
use crate::{Failure, Outcome, within};

/// A socket to the server, on which a case writes whatever bytes it likes. Every step has a deadline.
pub struct Wire {
    stream: Stream,
    /// What was received and not yet read.
    received: BytesMut,
}

impl Wire {
    /// Opens a socket on which this protocol is spoken: over TLS, it is agreed on.
    pub(crate) async fn open(server: &Features, protocol: &str) -> Outcome<Self> {
        Ok(Self {
            stream: Stream::connect(server, protocol, None).await?,
            received: BytesMut::new(),
        })
    }

    pub(crate) async fn open_unsecured(server: &Features) -> Outcome<Self> {
        Ok(Self {
            stream: Stream::connect_unsecured(server).await?,
            received: BytesMut::new(),
        })
    }

    /// Returns the client's end and the server's, if the connection is one of IP.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.stream.ends()
    }

    /// Sends bytes.
    ///
    /// # Errors
    ///
    /// The server closed the connection, or did not take them within the deadline.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        let sending = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        Ok(within("sending to the server", sending).await??)
    }

    /// Sends bytes, unless the server has closed the connection already, as it may when it refuses.
    ///
    /// # Errors
    ///
    /// It did not take them within the deadline.
    pub async fn send_if_open(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        let sending = self.stream.write_all(bytes.as_ref());
        let _ = within("sending to the server", sending).await?;
        Ok(())
    }

    /// Sends one chunk of a chunked body.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_chunk(&mut self, data: impl AsRef<[u8]>) -> Outcome {
        let data = data.as_ref();
        let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
        chunk.extend_from_slice(data);
        chunk.extend_from_slice(b"\r\n");
        self.send(chunk).await
    }

    /// Ends what the client sends, and keeps reading.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub async fn half_close(&mut self) -> Outcome {
        Ok(within("half-closing", self.stream.shutdown()).await??)
    }

    /// Breaks the connection with a reset.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn reset(self) -> Outcome {
        Ok(self.stream.reset()?)
    }

    /// Returns the next `count` bytes.
    ///
    /// # Errors
    ///
    /// The server closed first, or the deadline passed.
    pub async fn read(&mut self, count: usize) -> Outcome<Bytes> {
        while self.received.len() < count {
            self.receive_more().await?;
        }
        Ok(self.received.split_to(count).freeze())
    }

    /// Returns the bytes up to and without `end`, and drops `end`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn read_until(&mut self, end: &[u8]) -> Outcome<Bytes> {
        loop {
            let found = self.received.windows(end.len()).position(|at| at == end);
            if let Some(at) = found {
                let bytes = self.received.split_to(at).freeze();
                self.received.advance(end.len());
                return Ok(bytes);
            }
            self.receive_more().await?;
        }
    }

    /// Returns everything until the server closes the connection, orderly or not.
    ///
    /// # Errors
    ///
    /// It did not close within the deadline after it last sent something.
    pub async fn read_to_close(&mut self) -> Outcome<Bytes> {
        loop {
            match self.receive().await? {
                Ok(0) | Err(_) => return Ok(self.received.split().freeze()),
                Ok(_) => {}
            }
        }
    }

    /// Reads until the server closes the connection orderly.
    ///
    /// # Errors
    ///
    /// It broke the connection off, or did not close within the deadline after it last sent something.
    pub async fn read_to_end(&mut self) -> Outcome {
        while self.receive().await?? > 0 {}
        Ok(())
    }

    /// Returns everything until the server breaks the connection off.
    ///
    /// # Errors
    ///
    /// It closed the connection orderly; or not within the deadline after it last sent something.
    pub async fn read_to_reset(&mut self) -> Outcome<Bytes> {
        loop {
            match self.receive().await? {
                Ok(0) => return Err(Failure::new("the server closed the connection orderly")),
                Err(_) => return Ok(self.received.split().freeze()),
                Ok(_) => {}
            }
        }
    }

    /// Fails unless the server closes the connection without sending anything more.
    ///
    /// # Errors
    ///
    /// It sent something, or did not close within the deadline.
    pub async fn expect_close(&mut self) -> Outcome {
        // Whether the close is orderly is not asked: one of unread bytes is not.
        let sent = !self.received.is_empty() || matches!(self.receive().await?, Ok(1..));
        match sent {
            false => Ok(()),
            true => Err(Failure::new(format!(
                "the server did not close, but sent {:?}",
                String::from_utf8_lossy(&self.received)
            ))),
        }
    }

    /// Returns whether nothing comes for a while: no byte, and no close.
    pub async fn is_silent_for(&mut self, time: Duration) -> bool {
        let receiving = self.stream.read_buf(&mut self.received);
        let silent = tokio::time::timeout(time, receiving).await.is_err();
        silent && self.received.is_empty()
    }

    /// Returns whether the server has closed the connection, or broken it.
    pub(crate) async fn is_closed(&mut self) -> bool {
        loop {
            match self.receive().await {
                Ok(Ok(1..)) => {}
                Ok(Ok(0) | Err(_)) => return true,
                Err(_) => return false,
            }
        }
    }

    async fn receive_more(&mut self) -> Outcome {
        match self.receive().await?? {
            0 => Err(Failure::new(format!(
                "the server closed the connection too early; it had sent {:?}",
                String::from_utf8_lossy(&self.received)
            ))),
            _ => Ok(()),
        }
    }

    async fn receive(&mut self) -> Outcome<io::Result<usize>> {
        let receiving = self.stream.read_buf(&mut self.received);
        within("an answer of the server", receiving).await
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let received = String::from_utf8_lossy(&self.received);
        f.debug_struct("Wire").field("received", &received).finish()
    }
}
