use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// The one timer of a connection: it waits for deadlines that move as often as they like.
///
/// The timer of the runtime is touched when it fires, or when a deadline lies before what it waits for, and not with
/// each request.
#[derive(Debug, Default)]
pub struct Timer(Option<Pin<Box<Sleep>>>);

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
            .0
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Waker;
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
}
