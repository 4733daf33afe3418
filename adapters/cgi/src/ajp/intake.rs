use std::convert::Infallible;
use std::io;

use bytes::{Bytes, BytesMut};
use transom::body;
use transom::features::RequestLifetime;

use super::answer;
use super::framing::{BodyPackets, Framing, unasked};
use super::output::Output;
use super::packet::{self, HEAD};
use crate::environment::Refusal;
use crate::gateway::{FedBody, Feed, Options, Wire, feed, unstalled};

/// What comes from a web server while a request is answered: its body, a packet whenever the application waits for
/// more, and nothing else.
///
/// One more question than that, and the web server would wait for its client and not for the answer.
pub(super) struct Intake {
    packets: BodyPackets,
    /// `None` once nothing comes of it.
    feed: Option<Feed>,
    /// What came is no answer to what was asked.
    is_broken: bool,
}

impl Intake {
    /// Returns the intake, and the body if there is one.
    pub(super) fn new(framing: Framing) -> (Self, Option<FedBody>) {
        let (feed, body) = match framing {
            Framing::Empty => (None, None),
            framing => {
                let (feed, body) = feed(framing.length());
                (Some(feed), Some(body))
            }
        };
        let intake = Self {
            packets: BodyPackets::new(framing),
            feed,
            is_broken: false,
        };
        (intake, body)
    }

    /// Returns whether what was read, and what comes next, can be understood. An answer may have been quicker than
    /// anybody who looks at it.
    pub(super) fn is_sound(&mut self, read: &mut BytesMut, max: usize) -> bool {
        !self.is_broken && self.take_in(read, max).is_ok()
    }

    /// Returns what still comes of the body, and means nothing.
    pub(super) fn into_rest(self) -> BodyPackets {
        self.packets
    }

    /// Hands the body on, and then waits for the end of the connection. Returns when nothing can be delivered any
    /// more.
    pub(super) async fn run<W: Wire>(
        &mut self,
        read: &mut BytesMut,
        output: &Output<'_, W>,
        lifetime: &RequestLifetime,
        options: &Options,
    ) {
        let Err(error) = self.receive(read, output, options).await;
        self.is_broken = true;
        let feed = self.feed.take();
        if error.kind() == io::ErrorKind::TimedOut {
            // It may be there still, and get an answer.
            if let Some(mut feed) = feed {
                feed.fail(body::Error::timeout());
            }
            output.stream().hung_up(read).await;
            return lifetime.disconnect();
        }
        lifetime.disconnect();
        if let Some(mut feed) = feed {
            feed.fail(body::Error::disconnected_by(error.to_string()));
        }
        // Who has shut his side may still wait for the answer.
        if options.half_close && error.kind() == io::ErrorKind::UnexpectedEof {
            output.stream().gone().await;
        }
    }

    async fn receive<W: Wire>(
        &mut self,
        read: &mut BytesMut,
        output: &Output<'_, W>,
        options: &Options,
    ) -> Result<Infallible, io::Error> {
        // Whether the application waits for what is due: it is the web server that stalls, and no application.
        let mut is_late = false;
        loop {
            is_late &= !self.take_in(read, options.ajp.max_packet)?;
            let awaited = async {
                match &self.feed {
                    Some(feed) if !is_late => feed.awaited().await,
                    _ => std::future::pending().await,
                }
            };
            let stall = options.stall_timeout.filter(|_| is_late);
            tokio::select! {
                biased;
                count = unstalled(stall, output.stream().read(read)) => if count? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                },
                () = awaited => match self.packets.is_due() {
                    true => is_late = true,
                    false => self.ask(output, options.ajp.max_packet).await?,
                },
            }
        }
    }

    /// Takes whole packets off what was read. Returns whether there was one.
    fn take_in(&mut self, read: &mut BytesMut, max: usize) -> io::Result<bool> {
        let mut has_taken = false;
        while !read.is_empty() {
            let Some(packet) = packet::take(read, max).map_err(violation)? else {
                break;
            };
            let data = self.packets.accept(packet).map_err(violation)?;
            self.hand_on(data);
            has_taken = true;
        }
        // No need to wait for the rest of it.
        if !read.is_empty() && !self.packets.is_due() {
            return Err(violation(unasked()));
        }
        Ok(has_taken)
    }

    fn hand_on(&mut self, data: Bytes) {
        if let Some(feed) = &mut self.feed {
            if !data.is_empty() {
                feed.push(data);
            }
            if self.packets.has_ended() {
                feed.finish();
                self.feed = None;
            }
        }
    }

    async fn ask<W: Wire>(&mut self, output: &Output<'_, W>, max: usize) -> io::Result<()> {
        let turn = output.turn().await;
        // What it may have beside the data: the head of the packet, and the length.
        let most = u16::try_from(max - HEAD - 2).unwrap_or(u16::MAX);
        let mut question = BytesMut::with_capacity(HEAD + 3);
        answer::get_piece(self.packets.ask(most), &mut question);
        output.write_in(&turn, &question).await
    }
}

#[cold]
fn violation(why: Refusal) -> io::Error {
    tracing::warn!(target: "transom", %why, "a web server does not keep to AJP; its connection is closed");
    io::Error::new(io::ErrorKind::InvalidData, why)
}
