use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, Sleep, sleep_until};

/// The one timer of a connection: it waits for deadlines that move as often as they like.
///
/// The timer of the runtime is touched when it fires, when a deadline lies before what it waits for, and when another
/// task polls, and not with each request.
#[derive(Debug, Default)]
pub struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whom it wakes.
    waker: Option<Waker>,
}

impl Timer {
    /// Waits for a deadline, the same or another one at each call; `None` for none.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        } else if !sleep.is_elapsed()
            && let Some(waker) = &self.waker
            && waker.will_wake(cx.waker())
        {
            return Poll::Pending;
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Awaits a future; `None` if the deadline passes before.
    ///
    /// # Panics
    ///
    /// As [`poll`](Self::poll).
    pub async fn limit<F: Future>(
        &mut self,
        deadline: Option<Instant>,
        future: F,
    ) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.poll(deadline, cx).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_moved_is_waited_for_wherever_it_went() {
        let mut timer = Timer::default();
        let begun = Instant::now();
        let at = |seconds| Some(begun + Duration::from_secs(seconds));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(timer.poll(None, &mut cx).is_pending());
        for asked in [30, 60, 20] {
            assert!(timer.poll(at(asked), &mut cx).is_pending());
        }
        poll_fn(|cx| timer.poll(at(40), cx)).await;
        assert_eq!(begun.elapsed().as_secs(), 40);
        // It has fired, and serves for another.
        poll_fn(|cx| timer.poll(at(50), cx)).await;
        assert_eq!(begun.elapsed().as_secs(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_polls_last_is_woken_and_a_future_is_awaited_until_its_deadline() {
        let mut timer = Timer::default();
        let soon = Some(Instant::now() + Duration::from_secs(1));
        let nobody = &mut Context::from_waker(Waker::noop());
        assert!(timer.poll(soon, nobody).is_pending());
        poll_fn(|cx| timer.poll(soon, cx)).await;
        let later = Some(Instant::now() + Duration::from_secs(1));
        assert_eq!(timer.limit(later, async { 42 }).await, Some(42));
        assert_eq!(timer.limit(later, pending::<u8>()).await, None);
    }
}
