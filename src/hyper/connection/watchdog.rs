//! One timer for all the deadlines of a connection.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// One timer for all the deadlines of a connection.
///
/// A deadline is an [`Instant`] that its owner keeps and moves as it likes. The timer is touched only when
/// the next deadline lies before the one that it waits for, or when that has come: most deadlines are
/// moved on before they are reached, and so a connection in use arms nothing.
#[derive(Default)]
pub(in crate::hyper) struct Watchdog {
    /// Made when there is first something to wait for.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Watchdog {
    /// Ready if the deadline has come; else `cx` is woken when it has, or before. `None` never comes.
    ///
    /// All calls must come from one task: the timer is polled only when it is armed.
    #[inline]
    pub(in crate::hyper) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
    ) -> Poll<()> {
        match (deadline, &self.sleep) {
            (None, _) => Poll::Pending,
            (Some(deadline), Some(sleep))
                if sleep.deadline() <= deadline && !sleep.is_elapsed() =>
            {
                Poll::Pending
            }
            (Some(deadline), _) => self.poll_anew(cx, deadline),
        }
    }

    /// As [`poll`](Self::poll), for calls that may come from one task and then from another.
    pub(in crate::hyper) fn poll_anywhere(
        &mut self,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
    ) -> Poll<()> {
        let poll = self.poll(cx, deadline);
        if poll.is_pending()
            && let Some(sleep) = &mut self.sleep
            && sleep.as_mut().poll(cx).is_ready()
        {
            cx.waker().wake_by_ref();
        }
        poll
    }

    /// Returns whether `deadline` comes first; else what `work` returns.
    pub(in crate::hyper) async fn before<F: Future>(
        &mut self,
        deadline: Option<Instant>,
        work: F,
    ) -> Result<F::Output, Elapsed> {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            self.poll(cx, deadline).map(|()| Err(Elapsed))
        })
        .await
    }

    #[cold]
    fn poll_anew(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if deadline <= Instant::now() {
            return Poll::Ready(());
        }
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                sleep.as_mut().reset(deadline);
                sleep
            }
            none => none.insert(Box::pin(tokio::time::sleep_until(deadline))),
        };
        sleep.as_mut().poll(cx)
    }
}

/// The first of several deadlines, and what it is for.
pub(in crate::hyper) struct Due<T>(Option<(Instant, T)>);

impl<T: Copy> Due<T> {
    pub(in crate::hyper) fn new() -> Self {
        Self(None)
    }

    /// Adds a deadline, if there is one.
    #[inline]
    pub(in crate::hyper) fn or(self, deadline: Option<Instant>, what: T) -> Self {
        match (self.0, deadline) {
            (Some((first, _)), Some(deadline)) if deadline >= first => self,
            (_, Some(deadline)) => Self(Some((deadline, what))),
            (_, None) => self,
        }
    }

    /// Ready when the first of them has come; see [`Watchdog::poll`].
    #[inline]
    pub(in crate::hyper) fn poll(&self, watchdog: &mut Watchdog, cx: &mut Context<'_>) -> Poll<T> {
        match self.0 {
            Some((deadline, what)) => watchdog.poll(cx, Some(deadline)).map(|()| what),
            None => Poll::Pending,
        }
    }
}

/// A deadline came before what it was for.
#[derive(Debug)]
pub(in crate::hyper) struct Elapsed;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_moved_on_is_kept_by_the_timer_of_the_earlier_one() {
        let begin = Instant::now();
        let mut watchdog = Watchdog::default();
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            // The first is for ten seconds; what follows, for thirty.
            let deadline = begin + if polls == 1 { 10 * SECOND } else { 30 * SECOND };
            watchdog.poll(cx, Some(deadline))
        })
        .await;
        assert_eq!(begin.elapsed().as_secs(), 30);
        assert_eq!(polls, 3, "when it was armed, at ten seconds and at thirty");
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_deadline_arms_the_timer_anew() {
        let begin = Instant::now();
        let mut watchdog = Watchdog::default();
        let mut deadlines = [30, 5].into_iter();
        poll_fn(|cx| {
            let mut poll = Poll::Pending;
            for deadline in deadlines.by_ref() {
                poll = watchdog.poll(cx, Some(begin + deadline * SECOND));
            }
            poll.is_ready()
                .then_some(())
                .map_or_else(|| watchdog.poll(cx, Some(begin + 5 * SECOND)), Poll::Ready)
        })
        .await;
        assert_eq!(begin.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn no_deadline_arms_nothing_and_a_past_one_is_ready_at_once() {
        let mut watchdog = Watchdog::default();
        poll_fn(|cx| {
            assert!(watchdog.poll(cx, None).is_pending());
            assert!(watchdog.sleep.is_none());
            assert!(watchdog.poll(cx, Some(Instant::now())).is_ready());
            assert!(watchdog.sleep.is_none());
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_in_time_is_returned_and_what_is_not_is_given_up() {
        let mut watchdog = Watchdog::default();
        let at = |seconds| Some(Instant::now() + seconds * SECOND);
        let work = || tokio::time::sleep(2 * SECOND);
        assert!(watchdog.before(at(3), work()).await.is_ok());
        assert!(watchdog.before(at(1), work()).await.is_err());
        assert!(watchdog.before(None, work()).await.is_ok());
    }
}
