//! Standard input and output, read and written on threads of the runtime.

use std::future::pending;
use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Stdin, Stdout};
use tokio::sync::Mutex;

use crate::gateway::{Wire, make_room};

/// The two ends that a program of CGI has.
#[derive(Debug)]
pub(super) struct Stdio {
    input: Mutex<Stdin>,
    output: Mutex<Stdout>,
}

impl Stdio {
    pub(super) fn new() -> Self {
        Self {
            input: Mutex::new(tokio::io::stdin()),
            output: Mutex::new(tokio::io::stdout()),
        }
    }
}

impl Wire for Stdio {
    async fn read(&self, to: &mut BytesMut) -> io::Result<usize> {
        make_room(to);
        self.input.lock().await.read_buf(to).await
    }

    async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = self.output.lock().await;
        output.write_all(bytes).await?;
        output.flush().await
    }

    /// The end of the process does.
    fn close_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reset_on_drop(&self) {}

    async fn hung_up(&self, _: &mut BytesMut) -> io::Error {
        pending().await
    }

    async fn gone(&self) {
        pending().await
    }
}
