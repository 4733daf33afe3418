use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What the time is; the system's, unless a test gives another.
#[derive(Clone, Default)]
pub(super) struct Clock(Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>);

/// When something was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) time: SystemTime,
    instant: Instant,
}

impl Clock {
    pub(super) fn given(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(clock)))
    }

    pub(super) fn time(&self) -> SystemTime {
        self.0
            .as_ref()
            .map_or_else(SystemTime::now, |clock| clock())
    }

    pub(super) fn now(&self) -> Moment {
        Moment {
            time: self.time(),
            instant: Instant::now(),
        }
    }

    pub(super) fn since(&self, moment: Moment) -> Duration {
        match &self.0 {
            Some(clock) => clock().duration_since(moment.time).unwrap_or_default(),
            None => moment.instant.elapsed(),
        }
    }
}
