//! TCP and unix sockets as one type.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use transom::features::ServerAddress;

pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

impl Socket {
    pub(crate) async fn connect(address: &ServerAddress) -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(path) = address.unix_path() {
            return Ok(Self::Unix(UnixStream::connect(path).await?));
        }
        let address = address.connect_addr().ok_or(io::ErrorKind::Unsupported)?;
        let stream = TcpStream::connect(address).await?;
        // Who goes away before the end resets the connection, as a process that is killed may.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        Ok(Self::Tcp(stream))
    }

    pub(crate) fn split(self) -> (Reader, Writer) {
        match self {
            Self::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                (Box::new(reader), Box::new(writer))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                let (reader, writer) = stream.into_split();
                (Box::new(reader), Box::new(writer))
            }
        }
    }
}
