use std::io;
use std::net::Shutdown;
use std::time::Duration;

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A connection of TCP or of a unix socket. Both directions work at the same time, by reference.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

macro_rules! either {
    ($self:expr, $stream:ident => $does:expr) => {
        match $self {
            Stream::Tcp($stream) => $does,
            #[cfg(unix)]
            Stream::Unix($stream) => $does,
        }
    };
}

impl Stream {
    /// Adds what there is to read; 0 bytes at the end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn read(&self, to: &mut BytesMut) -> io::Result<usize> {
        // Never into the last few bytes of what is left.
        if to.capacity() - to.len() < READ / 4 {
            to.reserve(READ);
        }
        loop {
            either!(self, stream => stream.readable().await?);
            match either!(self, stream => stream.try_read_buf(to)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    /// Writes all of it.
    pub(crate) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // What fits is written without a look at whether it does.
            match either!(self, stream => stream.try_write(bytes)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    either!(self, stream => stream.writable().await?);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that nothing more is sent.
    pub(crate) fn close_write(&self) -> io::Result<()> {
        either!(self, stream => SockRef::from(stream).shutdown(Shutdown::Write))
    }

    /// Makes the drop of the socket a reset, so that what was sent is not taken for all. A unix socket has none.
    pub(crate) fn reset_on_drop(&self) {
        if let Self::Tcp(stream) = self {
            // It fails on a connection that is gone already.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }

    /// Waits until a peer whose input has ended cannot be sent anything either. Over TCP who has closed looks like
    /// who has stopped to send, unless he resets the connection or something is sent to him.
    pub(crate) async fn gone(&self) {
        #[cfg(unix)]
        if let Self::Unix(stream) = self
            // To write nothing is to ask: it fails if nobody is there.
            && stream.try_write(&[]).is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        {
            return;
        }
        // An error of the wait is one of the connection too.
        let _ = either!(self, stream => stream.ready(Interest::ERROR).await);
    }
}

/// How much room is made for what is read.
const READ: usize = 16 * 1024;
