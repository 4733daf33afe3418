use std::io;
use std::time::Duration;

use bytes::BytesMut;
use transom::adapter::{BodySender, body_pump};
use transom::features::RequestLifetime;
use transom::{Body, body};

use super::link::unstalled;
use super::{Options, Wire};
use crate::environment::BodyLength;

/// How much of a body is read before the application wants it, so that an end right behind it is seen.
const AHEAD: usize = 64 * 1024;

/// What comes from a gateway while a request is answered: its body, and then nothing but the end.
#[derive(Debug)]
pub(super) struct Intake {
    /// What was read and not handed on.
    ahead: BytesMut,
    /// How much of the body is still to be read.
    left: u64,
    /// The end of the input is that of the body.
    until_end: bool,
    sender: Option<BodySender>,
}

impl Intake {
    /// Returns the intake of a body, of which some was read with the head.
    pub(super) fn new(length: BodyLength, mut ahead: BytesMut) -> (Self, Body) {
        let (total, known) = match length {
            BodyLength::Known(length) => (length, Some(length)),
            BodyLength::UntilEnd => (u64::MAX, None),
        };
        ahead.truncate(usize::try_from(total).unwrap_or(usize::MAX));
        let (sender, body) = match total {
            0 => (None, Body::empty()),
            _ => {
                let (sender, body) = body_pump(known);
                (Some(sender), body)
            }
        };
        let read = u64::try_from(ahead.len()).unwrap_or(u64::MAX);
        let intake = Self {
            ahead,
            left: total - read,
            until_end: known.is_none(),
            sender,
        };
        (intake, body)
    }

    /// Returns whether the gateway has sent all that it announced.
    pub(super) fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// Hands the body on, and then waits for the end of the connection. Returns when nothing can be delivered any
    /// more.
    pub(super) async fn run(
        &mut self,
        stream: &impl Wire,
        lifetime: &RequestLifetime,
        options: &Options,
    ) {
        let Err(error) = self.receive(stream, options.stall_timeout).await;
        let sender = self.sender.take();
        if error.kind() == io::ErrorKind::TimedOut {
            // It may be there still, and get an answer.
            if let Some(sender) = sender {
                sender.fail(body::Error::timeout());
            }
            stream.hung_up(&mut self.ahead).await;
            return lifetime.disconnect();
        }
        lifetime.disconnect();
        if let Some(sender) = sender {
            sender.fail(body::Error::disconnected_by(error.to_string()));
        }
        // Who has shut his side may still wait for the answer.
        if options.half_close && error.kind() == io::ErrorKind::UnexpectedEof {
            stream.gone().await;
        }
    }

    async fn receive(
        &mut self,
        stream: &impl Wire,
        stall: Option<Duration>,
    ) -> Result<std::convert::Infallible, io::Error> {
        while let Some(sender) = &mut self.sender {
            if self.ahead.is_empty() && self.left == 0 {
                if let Some(sender) = self.sender.take() {
                    sender.finish();
                }
                break;
            }
            let more = self.left > 0 && self.ahead.len() < AHEAD;
            if self.ahead.is_empty() {
                // It is the gateway that stalls, and no application.
                let reading = unstalled(stall, stream.read(&mut self.ahead));
                tokio::select! {
                    biased;
                    () = sender.closed() => self.sender = None,
                    read = reading => self.count(read?)?,
                }
                continue;
            }
            tokio::select! {
                biased;
                ready = sender.ready() => {
                    let data = self.ahead.split().freeze();
                    if ready.is_err() || sender.data(data).await.is_err() {
                        self.sender = None;
                    }
                }
                read = stream.read(&mut self.ahead), if more => self.count(read?)?,
            }
        }
        // Nobody reads the rest; but a gateway may send all of it before it reads the answer.
        while self.left > 0 {
            self.ahead.clear();
            let read = stream.read(&mut self.ahead).await?;
            self.count(read)?;
        }
        Err(stream.hung_up(&mut self.ahead).await)
    }

    /// Counts what was read; none is the end. What follows the body belongs to nothing.
    fn count(&mut self, read: usize) -> io::Result<()> {
        if read == 0 && self.until_end {
            self.left = 0;
            return Ok(());
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        if let Some(surplus) = read.checked_sub(self.left).filter(|surplus| *surplus > 0) {
            let surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
            self.ahead
                .truncate(self.ahead.len().saturating_sub(surplus));
        }
        self.left = self.left.saturating_sub(read);
        Ok(())
    }
}
