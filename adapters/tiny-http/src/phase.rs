use tokio::sync::watch;

/// How far a server is on its way out. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Requests are accepted and answered.
    Serving,
    /// Nothing is accepted any more; what was begun is answered.
    Draining,
    /// The application is not called any more.
    Closed,
    /// What runs is broken off.
    Aborted,
}

/// The phase, as every thread of the server sees it.
#[derive(Clone, Debug)]
pub(crate) struct Phases(watch::Sender<Phase>);

impl Phases {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }

    pub(crate) fn now(&self) -> Phase {
        *self.0.borrow()
    }

    pub(crate) fn advance(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let forward = *phase < to;
            *phase = (*phase).max(to);
            forward
        });
    }

    /// Waits until the server is aborted.
    pub(crate) async fn aborted(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self
            .0
            .subscribe()
            .wait_for(|phase| *phase == Phase::Aborted)
            .await;
    }
}
