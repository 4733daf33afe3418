//! Standard input and output, whatever a web server makes of them: pipes, a socket, files.

use std::fs::File;
use std::future::pending;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::Mutex;

use crate::gateway::{Wire, is_passing, make_room};

/// The two ends that a program of CGI has.
#[derive(Debug)]
pub(super) struct Stdio {
    input: Input,
    /// Gone once it is closed.
    output: Option<Output>,
}

#[derive(Debug)]
enum Input {
    Pipe(pipe::Receiver),
    Socket(UnixStream),
    /// One that is read on a thread of the runtime: a file in which the web server keeps the body, or no body.
    File(Mutex<tokio::fs::File>),
}

#[derive(Debug)]
enum Output {
    Pipe(pipe::Sender),
    Socket(UnixStream),
    File(Mutex<tokio::fs::File>),
}

impl Stdio {
    /// Wraps descriptors, on the runtime that this is called on.
    pub(super) fn new(input: OwnedFd, output: OwnedFd) -> io::Result<Self> {
        let input = File::from(input);
        let of_input = input.metadata()?.file_type();
        let input = if of_input.is_fifo() {
            Input::Pipe(pipe::Receiver::from_file(input)?)
        } else if of_input.is_socket() {
            Input::Socket(socket(input)?)
        } else {
            Input::File(Mutex::new(input.into()))
        };
        let output = File::from(output);
        let of_output = output.metadata()?.file_type();
        let output = if of_output.is_fifo() {
            Output::Pipe(pipe::Sender::from_file(output)?)
        } else if of_output.is_socket() {
            Output::Socket(socket(output)?)
        } else {
            Output::File(Mutex::new(output.into()))
        };
        Ok(Self {
            input,
            output: Some(output),
        })
    }
}

fn socket(file: File) -> io::Result<UnixStream> {
    let socket = std::os::unix::net::UnixStream::from(OwnedFd::from(file));
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

impl Wire for Stdio {
    async fn read(&self, to: &mut BytesMut) -> io::Result<usize> {
        make_room(to);
        loop {
            let read = match &self.input {
                Input::Pipe(pipe) => {
                    pipe.readable().await?;
                    pipe.try_read_buf(to)
                }
                Input::Socket(socket) => {
                    socket.readable().await?;
                    socket.try_read_buf(to)
                }
                Input::File(file) => return file.lock().await.read_buf(to).await,
            };
            match read {
                Err(error) if is_passing(&error) => {}
                done => return done,
            }
        }
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(output) = &self.output else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        while !bytes.is_empty() {
            let written = match output {
                Output::Pipe(pipe) => pipe.try_write(bytes),
                Output::Socket(socket) => socket.try_write(bytes),
                Output::File(file) => {
                    let mut file = file.lock().await;
                    file.write_all(bytes).await?;
                    return file.flush().await;
                }
            };
            match (written, output) {
                (Ok(0), _) => return Err(io::ErrorKind::WriteZero.into()),
                (Ok(written), _) => bytes = &bytes[written..],
                (Err(error), _) if !is_passing(&error) => return Err(error),
                (Err(_), Output::Pipe(pipe)) => pipe.writable().await?,
                (Err(_), Output::Socket(socket)) => socket.writable().await?,
                (Err(_), Output::File(_)) => {}
            }
        }
        Ok(())
    }

    fn close_write(&mut self) -> io::Result<()> {
        match self.output.take() {
            // It may be the one that is read from.
            Some(Output::Socket(socket)) => {
                socket2::SockRef::from(&socket).shutdown(std::net::Shutdown::Write)
            }
            _ => Ok(()),
        }
    }

    /// There is none: the end of the output is all that a web server sees.
    fn reset_on_drop(&self) {}

    async fn hung_up(&self, _: &mut BytesMut) -> io::Error {
        self.gone().await;
        io::ErrorKind::BrokenPipe.into()
    }

    /// A pipe that nobody reads any more says so. The end of the input says nothing.
    async fn gone(&self) {
        match &self.output {
            // An error of the wait is one of the pipe too.
            Some(Output::Pipe(pipe)) => drop(pipe.ready(Interest::ERROR).await),
            _ => pending().await,
        }
    }
}
