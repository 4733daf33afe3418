//! What the client sends: for the engine, and while the engine does not ask.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf as _;
use tokio::io::{AsyncRead as _, ReadBuf};
use transom_adapter_tokio::begins_as_http2;

use super::Link;
use crate::flight::Flight;
use crate::frames::Frames;

/// How much one read takes.
pub(super) const CHUNK: usize = 16 * 1024;

/// How much a client may send while the application works on its request; the rest stays in the socket.
const HELD: usize = 64 * 1024;

/// How many streams that were reset before their request was begun are remembered; the engine ends a
/// connection with more resets than that.
const RESETS: usize = 64;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK].into());
}

impl Link {
    /// Reads until it is clear whether the client speaks HTTP/2, and returns that.
    pub(crate) async fn speaks_http2(&self) -> io::Result<bool> {
        let is_http2 = std::future::poll_fn(|cx| {
            loop {
                if let Some(is_http2) = begins_as_http2(&self.held.borrow()) {
                    return Poll::Ready(Ok::<_, io::Error>(is_http2));
                }
                if self.stopping.get() || !ready!(self.poll_hold(cx))? {
                    return Poll::Ready(Ok(false));
                }
            }
        })
        .await?;
        if is_http2 {
            self.begin_http2()?;
        }
        Ok(is_http2)
    }

    /// Treats what was read, and what follows, as frames of HTTP/2.
    fn begin_http2(&self) -> io::Result<()> {
        let read = self.held.take();
        self.frames.replace(Some(Frames::new()));
        self.pass(&read)
    }

    /// Reads on while nobody asks for it, to see whether the client stays.
    pub(crate) fn watch(&self, cx: &mut Context<'_>) {
        if self.is_http2() {
            return; // the engine reads all the time
        }
        loop {
            if self.client_closed.get() || self.held.borrow().len() >= HELD {
                return;
            }
            match self.poll_hold(cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) | Poll::Pending => return,
            }
        }
    }

    /// Reads into what is held. Returns whether there was anything.
    fn poll_hold(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let read = ready!(self.poll_socket(cx, CHUNK, |bytes| {
            self.held.borrow_mut().extend_from_slice(bytes);
        }))?;
        Poll::Ready(Ok(read > 0))
    }

    /// Reads for the engine, at most `room` bytes.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        mut take: impl FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        self.reader.set(Some(cx.waker().clone()));
        if self.holding.get() {
            return Poll::Pending;
        }
        loop {
            if self.stopping.get() && ready!(self.poll_stop(cx)) {
                return Poll::Ready(Ok(0));
            }
            let mut held = self.held.borrow_mut();
            if !held.is_empty() {
                let portion = match &mut *self.frames.borrow_mut() {
                    Some(frames) => frames.portion(),
                    None => usize::MAX,
                };
                let read = held.len().min(room).min(portion);
                take(&held[..read]);
                held.advance(read);
                return Poll::Ready(Ok(read));
            }
            drop(held);
            if self.client_closed.get() || self.is_over() {
                return Poll::Ready(self.at_end());
            }
            if self.is_http2() {
                let mut passed = Ok(());
                let read = self.poll_socket(cx, CHUNK, |bytes| passed = self.pass(bytes));
                ready!(read)?;
                passed?;
                continue;
            }
            let read = ready!(self.poll_socket(cx, room, &mut take))?;
            if read > 0 {
                return Poll::Ready(Ok(read));
            }
        }
    }

    /// Returns whether a connection of a server that was asked to stop has nothing left to do.
    fn poll_stop(&self, cx: &mut Context<'_>) -> Poll<bool> {
        if let Some(frames) = &mut *self.frames.borrow_mut() {
            frames.say_goodbye(&mut self.held.borrow_mut());
            if !self.held.borrow().is_empty() {
                return Poll::Ready(false);
            }
            if !self.settled.replace(true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        Poll::Ready(self.is_idle())
    }

    /// The engine takes the end of the stream for that of a body.
    fn at_end(&self) -> io::Result<usize> {
        match self.is_http2() || self.is_idle() {
            true => Ok(0),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    pub(super) fn poll_socket(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        take: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let mut socket = self.socket.borrow_mut();
        let Some(socket) = &mut *socket else {
            return Poll::Ready(Ok(0));
        };
        SCRATCH.with_borrow_mut(|scratch| {
            let room = room.min(scratch.len());
            let mut buffer = ReadBuf::new(&mut scratch[..room]);
            if let Err(error) = ready!(Pin::new(socket).poll_read(cx, &mut buffer)) {
                // The engine would let each request come to its end.
                self.client_closed.set(true);
                self.end_all();
                return Poll::Ready(Err(error));
            }
            match buffer.filled() {
                [] => self.close_by_client(),
                bytes => take(bytes),
            }
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }

    /// Passes frames of HTTP/2 on to the engine.
    fn pass(&self, bytes: &[u8]) -> io::Result<()> {
        match &mut *self.frames.borrow_mut() {
            Some(frames) => frames.pass(bytes, &mut self.held.borrow_mut(), |stream| {
                self.end_stream(stream);
            }),
            None => Ok(()),
        }
    }

    /// The client reset a stream.
    pub(super) fn end_stream(&self, stream: u32) {
        let flights = self.flights.borrow();
        let known = flights.iter().find(|flight| flight.stream == Some(stream));
        let known = known.cloned();
        drop(flights);
        let mut resets = self.early_resets.borrow_mut();
        match known {
            Some(flight) => flight.end(),
            None if resets.len() < RESETS => resets.push(stream),
            None => {}
        }
    }

    /// The client closed its side. Over HTTP/1 it may still be read the answer.
    fn close_by_client(&self) {
        self.client_closed.set(true);
        match self.is_http2() {
            true => self.end_all(),
            false => self.each(Flight::disconnect),
        }
    }

    pub(super) fn end_all(&self) {
        self.each(Flight::end);
    }

    fn each(&self, tell: fn(&Flight)) {
        let flights = self.flights.borrow().clone();
        for flight in &flights {
            tell(flight);
        }
    }
}
