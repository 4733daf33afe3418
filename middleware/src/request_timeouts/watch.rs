use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_util::future::{Either, select};
use pin_project::pin_project;
use tokio::time::Sleep;
use transom::features::RequestLifetime;

use super::RequestTimeout;

/// What is watched over a request, while it is answered and while its answer is sent: its deadline, and both ends of
/// its lifetime.
#[pin_project]
pub(super) struct Watch {
    pub(super) timeout: RequestTimeout,
    #[pin]
    sleep: Option<Sleep>,
    lifetime: Lifetime,
    /// That of the server, where there is one.
    outer: Option<RequestLifetime>,
    link: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Watch {
    pub(super) fn new(
        timeout: RequestTimeout,
        lifetime: RequestLifetime,
        outer: Option<RequestLifetime>,
    ) -> Pin<Box<Self>> {
        let link = outer.clone().map(|outer| {
            let link = link(outer, lifetime.clone());
            Box::pin(link) as Pin<Box<dyn Future<Output = ()> + Send>>
        });
        Box::pin(Self {
            timeout,
            sleep: None,
            lifetime: Lifetime {
                lifetime,
                answered: false,
            },
            outer,
            link,
        })
    }

    /// Carries to the application what the server says of the client, and back what the application says.
    pub(super) fn poll_link(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        if let Some(link) = this.link
            && link.as_mut().poll(cx).is_ready()
        {
            *this.link = None;
        }
    }

    /// Carries to the server that the application hung up, if it did before it was last polled.
    pub(super) fn hang_up(&self) {
        if let Some(outer) = &self.outer
            && self.lifetime.lifetime.is_aborted()
        {
            outer.abort();
        }
    }

    /// Waits for the deadline, whichever it is by then, and tells the application.
    pub(super) fn poll_elapsed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        this.timeout.register(cx.waker());
        loop {
            let Some(deadline) = this.timeout.deadline() else {
                this.sleep.set(None);
                return Poll::Pending;
            };
            if this.sleep.is_none() {
                this.sleep.set(Some(tokio::time::sleep_until(deadline)));
            }
            if let Some(mut sleep) = this.sleep.as_mut().as_pin_mut() {
                if sleep.deadline() != deadline {
                    sleep.as_mut().reset(deadline);
                }
                ready!(sleep.poll(cx));
            }
            if this.timeout.elapse(deadline) {
                tracing::warn!("a request took longer than it may");
                this.lifetime.lifetime.disconnect();
                return Poll::Ready(());
            }
        }
    }

    /// Says that the client has its answer, and is not gone when this is dropped.
    pub(super) fn answered(self: Pin<&mut Self>) {
        self.project().lifetime.answered = true;
    }
}

impl Drop for Lifetime {
    fn drop(&mut self) {
        if !self.answered {
            self.lifetime.disconnect();
        }
    }
}

/// The lifetime that the application sees. It hears that its client is gone when it is dropped without an answer, as
/// with the server's own.
struct Lifetime {
    lifetime: RequestLifetime,
    answered: bool,
}

async fn link(outer: RequestLifetime, inner: RequestLifetime) {
    let gone = pin!(outer.disconnected());
    let hung_up = pin!(inner.aborted());
    if let Either::Left(((), hung_up)) = select(gone, hung_up).await {
        inner.disconnect();
        hung_up.await;
    }
    outer.abort();
}
