use std::io;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::gateway::{Wire, unstalled};

/// The way out, which a response and the questions for the body of its request share.
pub(super) struct Output<'a, W> {
    stream: &'a W,
    stall: Option<Duration>,
    turn: Mutex<()>,
}

impl<'a, W: Wire> Output<'a, W> {
    pub(super) fn new(stream: &'a W, stall: Option<Duration>) -> Self {
        Self {
            stream,
            stall,
            turn: Mutex::new(()),
        }
    }

    pub(super) fn stream(&self) -> &'a W {
        self.stream
    }

    /// Waits until all that was begun is written.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Writes whole packets, when it is their turn.
    pub(super) async fn write(&self, packets: &[u8]) -> io::Result<()> {
        let turn = self.turn().await;
        self.write_in(&turn, packets).await
    }

    /// Writes whole packets.
    pub(super) async fn write_in(&self, _: &MutexGuard<'_, ()>, packets: &[u8]) -> io::Result<()> {
        unstalled(self.stall, self.stream.write(packets)).await
    }
}
