//! The body of a request, between the connection that it arrives on and the application that reads it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use transom::body::Error;

/// How much of a body waits to be read, before no more is taken from the connection.
const WINDOW: usize = 64 * 1024;

/// What a piece costs beside its bytes, so that many small ones are not for free.
const PIECE: usize = 64;

/// Returns the two sides of a body. `length` is what was announced, and is held to.
pub(crate) fn feed(length: Option<u64>) -> (Feed, FedBody) {
    let shared = Arc::new(Mutex::new(State {
        pieces: VecDeque::new(),
        weight: 0,
        left: length,
        end: None,
        is_dropped: false,
        reader: None,
        feeder: None,
        watcher: None,
    }));
    (Feed(Arc::clone(&shared)), FedBody(shared))
}

struct State {
    pieces: VecDeque<Bytes>,
    weight: usize,
    /// How many announced bytes have not been read by the application; `None` if there was no announcement.
    left: Option<u64>,
    /// Nothing comes behind the pieces that are there.
    end: Option<Result<(), Error>>,
    /// The application does not read it any more.
    is_dropped: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
    watcher: Option<Waker>,
}

impl State {
    /// Returns how many bytes wait to be read.
    fn waiting(&self) -> u64 {
        (self.weight - PIECE * self.pieces.len()) as u64
    }
}

/// The side of the connection. Dropped before the end, it breaks the body off.
pub(crate) struct Feed(Arc<Mutex<State>>);

impl Feed {
    /// Adds a piece, which is dropped if nobody reads it.
    pub(crate) fn push(&mut self, data: Bytes) {
        let mut state = lock(&self.0);
        if state.is_dropped || state.end.is_some() {
            return;
        }
        let whole = state.waiting() + data.len() as u64;
        if state.left.is_some_and(|left| left < whole) {
            state.end = Some(Err(Error::new(
                "the body is longer than its announced length",
            )));
        } else {
            state.weight += data.len() + PIECE;
            state.pieces.push_back(data);
        }
        wake(state.reader.take());
    }

    /// Ends the body.
    pub(crate) fn finish(&mut self) {
        let mut state = lock(&self.0);
        if state.end.is_some() {
            return;
        }
        state.end = Some(match state.left {
            Some(left) if left > state.waiting() => {
                Err(Error::new("the body is shorter than its announced length"))
            }
            _ => Ok(()),
        });
        wake(state.reader.take());
    }

    /// Breaks the body off, behind what is there of it.
    pub(crate) fn fail(&mut self, error: Error) {
        let mut state = lock(&self.0);
        if state.end.is_none() {
            state.end = Some(Err(error));
            wake(state.reader.take());
        }
    }

    /// Returns whether the application waits for more of it.
    pub(crate) fn is_awaited(&self) -> bool {
        let state = lock(&self.0);
        state.reader.is_some() && state.end.is_none() && !state.is_dropped
    }

    /// Waits until the application waits for more of it; for ever once it has ended, or is dropped.
    pub(crate) async fn awaited(&self) {
        poll_fn(|cx| {
            if self.is_awaited() {
                return Poll::Ready(());
            }
            lock(&self.0).watcher = Some(cx.waker().clone());
            // It may have been polled elsewhere in between.
            match self.is_awaited() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Ready when there is room for more, or nobody wants it.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.0);
        if state.weight < WINDOW || state.is_dropped || state.end.is_some() {
            return Poll::Ready(());
        }
        state.feeder = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.fail(Error::disconnected());
    }
}

/// The side of the application.
pub(crate) struct FedBody(Arc<Mutex<State>>);

impl HttpBody for FedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut state = lock(&self.0);
        if let Some(piece) = state.pieces.pop_front() {
            state.weight -= piece.len() + PIECE;
            if let Some(left) = &mut state.left {
                *left = left.saturating_sub(piece.len() as u64);
            }
            // Not for each piece: half of it is time enough to have the next ones read.
            if state.weight <= WINDOW / 2 {
                wake(state.feeder.take());
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match &mut state.end {
            Some(Ok(())) => Poll::Ready(None),
            Some(end) => match std::mem::replace(end, Ok(())) {
                Err(error) => Poll::Ready(Some(Err(error))),
                Ok(()) => Poll::Ready(None),
            },
            None => {
                state.reader = Some(cx.waker().clone());
                wake(state.watcher.take());
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let state = lock(&self.0);
        // One that was announced to be empty is over before its end has come.
        let is_over = matches!(state.end, Some(Ok(()))) || state.left == Some(0);
        state.pieces.is_empty() && !matches!(state.end, Some(Err(_))) && is_over
    }

    fn size_hint(&self) -> SizeHint {
        let state = lock(&self.0);
        match (state.left, &state.end) {
            (Some(left), _) => SizeHint::with_exact(left),
            (None, Some(Ok(()))) => SizeHint::with_exact(state.waiting()),
            (None, _) => SizeHint::default(),
        }
    }
}

impl Drop for FedBody {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.is_dropped = true;
        state.pieces.clear();
        state.weight = 0;
        wake(state.feeder.take());
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use transom::Body;

    use super::*;

    async fn read(length: Option<u64>, pieces: &[&'static str]) -> Result<Bytes, Error> {
        let (mut intake, body) = feed(length);
        for piece in pieces {
            intake.push(Bytes::from_static(piece.as_bytes()));
        }
        intake.finish();
        Body::new(body).collect(64).await
    }

    #[tokio::test]
    async fn a_body_is_as_long_as_was_announced_or_an_error() {
        assert_eq!(read(None, &["one ", "two"]).await.unwrap(), "one two");
        assert_eq!(read(Some(7), &["one ", "two"]).await.unwrap(), "one two");
        assert!(read(Some(8), &["one ", "two"]).await.is_err());
        assert!(read(Some(6), &["one ", "two"]).await.is_err());
        assert!(read(Some(0), &["x"]).await.is_err());
        assert_eq!(read(Some(0), &[]).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_that_is_broken_off_says_so_behind_what_came() {
        let (mut intake, body) = feed(None);
        intake.push(Bytes::from_static(b"some"));
        drop(intake);
        let mut body = Box::pin(body);
        let first = poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
        assert_eq!(first.unwrap().unwrap().into_data().unwrap(), "some");
        let second = poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
        assert!(second.unwrap().unwrap_err().is_disconnect());
    }

    #[tokio::test]
    async fn a_body_is_awaited_when_its_reader_waits_wherever_that_is() {
        let (mut intake, body) = feed(None);
        intake.push(Bytes::from_static(b"one"));
        let mut body = Box::pin(body);
        let waiting = tokio::spawn(async move {
            intake.awaited().await;
            intake.finish();
        });
        let mut pieces = 0;
        while let Some(piece) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            assert_eq!(piece.unwrap().into_data().unwrap(), "one");
            // Until here nobody has waited for anything.
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            pieces += 1;
        }
        assert_eq!(pieces, 1);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_read_is_waited_for_and_what_nobody_wants_is_not() {
        let (mut intake, body) = feed(None);
        let mut cx = Context::from_waker(Waker::noop());
        let mut pushed = 0;
        while intake.poll_room(&mut cx).is_ready() {
            intake.push(Bytes::from_static(b"x"));
            pushed += 1;
        }
        assert_eq!(
            pushed,
            WINDOW.div_ceil(1 + PIECE),
            "small pieces weigh more"
        );
        drop(body);
        assert!(intake.poll_room(&mut cx).is_ready());
    }
}
