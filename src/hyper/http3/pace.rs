//! The clock of a transfer.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::time::Sleep;

use crate::hyper::connection::Pace;
use crate::hyper::options::MinDataRate;

/// Tells when a transfer is slower than it may be. Only the time counts in which the client is waited for.
pub(super) struct Clock {
    pace: Option<Pace>,
    /// Made when the client has first to be waited for.
    late: Option<Pin<Box<Sleep>>>,
}

/// The client was too slow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Late;

impl Clock {
    /// Returns the clock of a transfer that has this rate at least; `None` for any rate.
    pub(super) fn new(rate: Option<MinDataRate>) -> Self {
        Self {
            pace: rate.map(Pace::new),
            late: None,
        }
    }

    /// Counts what was transferred.
    pub(super) fn advance(&mut self, bytes: usize) {
        if let Some(pace) = &mut self.pace {
            pace.advance(bytes);
        }
    }

    /// Says that there is nothing to transfer for now.
    pub(super) fn rest(&mut self) {
        if let Some(pace) = &mut self.pace {
            pace.rest();
        }
    }

    /// Ready once the client is late; to be polled while it is waited for.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(pace) = &mut self.pace else {
            return Poll::Pending;
        };
        pace.wait();
        let Some(deadline) = pace.deadline() else {
            return Poll::Pending;
        };
        let late = (self.late).get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if late.deadline() != deadline {
            late.as_mut().reset(deadline);
        }
        late.as_mut().poll(cx)
    }

    /// Waits for `work`, which transfers so many bytes, unless the client is late.
    pub(super) async fn hold<T>(
        &mut self,
        work: impl Future<Output = T>,
        bytes: usize,
    ) -> Result<T, Late> {
        let mut work = pin!(work);
        let done = poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => self.poll_late(cx).map(|()| Err(Late)),
        })
        .await?;
        self.advance(bytes);
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_late_after_the_grace_and_never_without_a_rate() {
        let mut clock = Clock::new(Some(MinDataRate::new(100, Duration::from_secs(5))));
        let begin = Instant::now();
        assert_eq!(clock.hold(pending::<()>(), 1).await, Err(Late));
        assert_eq!(begin.elapsed().as_secs(), 5);

        let mut clock = Clock::new(None);
        let held = clock.hold(tokio::time::sleep(Duration::from_secs(1000)), 1);
        assert_eq!(held.await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_the_rate_is_never_late() {
        let mut clock = Clock::new(Some(MinDataRate::new(100, Duration::from_secs(5))));
        for _ in 0..20 {
            let piece = tokio::time::sleep(Duration::from_secs(4));
            assert_eq!(clock.hold(piece, 400).await, Ok(()));
        }
    }
}
