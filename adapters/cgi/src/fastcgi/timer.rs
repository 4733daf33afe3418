//! The one timer of a connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// Fires at a deadline that moves: it is armed anew only if the deadline came closer, or when it has fired.
#[derive(Debug, Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready when the deadline has come; never without one.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        loop {
            let sleep = self
                .0
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if deadline < sleep.deadline() {
                sleep.as_mut().reset(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if deadline <= sleep.deadline() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_may_move_either_way() {
        const SECOND: Duration = Duration::from_secs(1);
        let begin = Instant::now();
        for (first, then) in [(10, 30), (30, 10)] {
            let mut timer = Timer::default();
            let begin = Instant::now();
            poll_fn(|cx| {
                assert!(timer.poll(cx, None).is_pending());
                assert!(timer.poll(cx, Some(begin + first * SECOND)).is_pending());
                Poll::Ready(())
            })
            .await;
            poll_fn(|cx| timer.poll(cx, Some(begin + then * SECOND))).await;
            assert_eq!(begin.elapsed().as_secs(), u64::from(then));
        }
        assert_eq!(begin.elapsed().as_secs(), 40);
    }
}
