use std::io;
use std::net::Shutdown;

use bytes::BytesMut;
use tokio::io::Interest;
use transom_adapter_tokio::Socket;

/// What bytes go over, in both directions at the same time, by reference.
pub(crate) trait Wire: Send + Sync {
    /// Adds what there is to read; 0 bytes at the end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    fn read(&self, to: &mut BytesMut) -> impl Future<Output = io::Result<usize>> + Send;

    /// Writes all of it.
    fn write(&self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Says that nothing more is sent.
    fn close_write(&mut self) -> io::Result<()>;

    /// Makes the drop of it a reset, where there is such a thing, so that what was sent is not taken for all.
    fn reset_on_drop(&self);

    /// Waits until a peer goes that has sent what he had to send. What he sends all the same is dropped.
    fn hung_up(&self, scratch: &mut BytesMut) -> impl Future<Output = io::Error> + Send;

    /// Waits until a peer whose input has ended cannot be sent anything either.
    fn gone(&self) -> impl Future<Output = ()> + Send;
}

macro_rules! either {
    ($self:expr, $stream:ident => $does:expr) => {
        match $self {
            Socket::Tcp($stream) => $does,
            #[cfg(unix)]
            Socket::Unix($stream) => $does,
        }
    };
}

impl Wire for Socket {
    async fn read(&self, to: &mut BytesMut) -> io::Result<usize> {
        make_room(to);
        loop {
            either!(self, stream => stream.readable().await?);
            match either!(self, stream => stream.try_read_buf(to)) {
                Err(error) if is_passing(&error) => {}
                done => return done,
            }
        }
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // What fits is written without a look at whether it does.
            match either!(self, stream => stream.try_write(bytes)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if is_passing(&error) => {
                    either!(self, stream => stream.writable().await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn reset_on_drop(&self) {
        self.reset_on_close();
    }

    async fn hung_up(&self, scratch: &mut BytesMut) -> io::Error {
        loop {
            scratch.clear();
            match self.read(scratch).await {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// Over TCP who has closed looks like who has stopped to send, unless he resets the connection or something is
    /// sent to him.
    async fn gone(&self) {
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

/// Makes room for what is read, unless there is some: never the last few bytes alone.
pub(crate) fn make_room(to: &mut BytesMut) {
    if to.capacity() - to.len() < READ / 4 {
        to.reserve(READ);
    }
}

/// Returns whether it is to be tried again.
pub(crate) fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// How much room is made for what is read.
const READ: usize = 16 * 1024;
