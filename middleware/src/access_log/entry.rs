use std::sync::Arc;

use http::request::Parts;
use http::{Response, StatusCode};
use http_body::Body;
use transom::RequestExt;
use transom::features::RequestLifetime;

use super::clock::Moment;
use super::outcome::Outcome;
use super::record::{Head, Record};
use super::{LoggedUser, Shared};
use crate::progress::Progress;

/// A request that is logged when this is dropped: that happens once, however it ends.
#[derive(Debug)]
pub(super) struct Entry {
    shared: Arc<Shared>,
    begun: Moment,
    head: Head,
    lifetime: Option<RequestLifetime>,
    status: Option<StatusCode>,
    user: Option<LoggedUser>,
    bytes: u64,
    outcome: Option<Outcome>,
    /// Code of the service runs. If it still does when this is dropped, it panicked.
    running: bool,
}

impl Entry {
    /// Returns `None` for a request that is not to be logged.
    pub(super) fn of(request: &Parts, shared: &Arc<Shared>) -> Option<Box<Self>> {
        let options = &shared.options;
        let logged = options.filter.as_ref().is_none_or(|logs| logs(request));
        logged.then(|| {
            Box::new(Self {
                begun: options.clock.now(),
                head: Head::of(request, shared),
                lifetime: request.feature::<RequestLifetime>().cloned(),
                shared: Arc::clone(shared),
                status: None,
                user: None,
                bytes: 0,
                outcome: None,
                running: false,
            })
        })
    }

    /// Runs code of the service.
    pub(super) fn run<T>(&mut self, service: impl FnOnce() -> T) -> T {
        self.running = true;
        let returned = service();
        self.running = false;
        returned
    }

    /// Notes the head of the response, and returns how far its content is.
    pub(super) fn answered<R: Body>(&mut self, response: &Response<R>) -> Progress {
        self.status = Some(response.status());
        self.user = response.extensions().get().cloned();
        Progress::of(&self.head.method, response)
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    pub(super) fn end(mut self: Box<Self>, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    fn outcome(&self) -> Outcome {
        let gone = |outcome| match &self.lifetime {
            Some(lifetime) if lifetime.is_aborted() => Outcome::Aborted,
            Some(lifetime) if lifetime.is_disconnected() => Outcome::Disconnected,
            _ => outcome,
        };
        match self.outcome {
            None if self.running => Outcome::Panicked,
            None => gone(Outcome::Disconnected),
            Some(Outcome::Complete) => gone(Outcome::Complete),
            Some(outcome) => outcome,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let outcome = self.outcome();
        let options = &self.shared.options;
        let record = Record {
            head: &self.head,
            query: &options.query,
            time: self.begun.time,
            duration: options.clock.since(self.begun),
            status: self.status.unwrap_or_else(|| outcome.unanswered()),
            bytes: self.bytes,
            outcome,
            user: self.user.as_ref(),
        };
        self.shared.sink.log(&self.shared.format, &record);
    }
}
