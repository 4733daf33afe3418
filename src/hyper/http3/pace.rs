//! The clock of the body of a request.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Sleep;

use crate::hyper::connection::Pace;
use crate::hyper::options::MinDataRate;

/// Tells when a body comes more slowly than it may. Only the time counts in which the client is waited for.
pub(super) struct Clock {
    pace: Option<Pace>,
    /// Made when the client has first to be waited for.
    late: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    /// Returns the clock of a body that has this rate at least; `None` for any rate.
    pub(super) fn new(rate: Option<MinDataRate>) -> Self {
        Self {
            pace: rate.map(Pace::new),
            late: None,
        }
    }

    /// Counts what came.
    pub(super) fn advance(&mut self, bytes: usize) {
        if let Some(pace) = &mut self.pace {
            pace.advance(bytes);
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
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn clock() -> Clock {
        Clock::new(Some(MinDataRate::new(100, 5 * SECOND)))
    }

    async fn late(clock: &mut Clock) {
        poll_fn(|cx| clock.poll_late(cx)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_late_after_the_grace_and_never_without_a_rate() {
        let begin = Instant::now();
        late(&mut clock()).await;
        assert_eq!(begin.elapsed().as_secs(), 5);

        let mut any = Clock::new(None);
        assert!(timeout(1000 * SECOND, late(&mut any)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_the_rate_is_never_late() {
        let mut clock = clock();
        for _ in 0..20 {
            assert!(timeout(4 * SECOND, late(&mut clock)).await.is_err());
            clock.advance(400);
        }
    }
}
