use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::uri::PathAndQuery;
use tower_layer::Layer;

use super::{HealthCheck, HealthChecks};

/// What is asked. See the [module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Probe {
    /// Whether the process works at all; if not, it is started anew. At `/livez`, with the checks tagged
    /// `live`.
    Liveness,
    /// Whether requests may be sent here. At `/readyz`, with the checks tagged `ready`.
    Readiness,
    /// Whether the application has come up. At `/startupz`, with the checks tagged `startup`.
    Startup,
}

impl Probe {
    const ALL: [Self; 3] = [Self::Liveness, Self::Readiness, Self::Startup];

    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Liveness => "live",
            Self::Readiness => "ready",
            Self::Startup => "startup",
        }
    }
}

/// Answers probes before a service is asked. See the [module](super).
#[derive(Clone, Debug)]
pub struct HealthChecksLayer {
    options: Options,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    /// By probe.
    paths: [Arc<str>; 3],
    pub(super) checks: Arc<Vec<HealthCheck>>,
    pub(super) drain: Drain,
    /// Whether the start-up probe has passed once.
    pub(super) started: Arc<AtomicBool>,
}

impl HealthChecksLayer {
    /// Answers the three probes, without checks.
    pub fn new() -> Self {
        let options = Options {
            paths: ["/livez", "/readyz", "/startupz"].map(Arc::from),
            checks: Arc::default(),
            drain: Drain(Arc::default()),
            started: Arc::default(),
        };
        Self { options }
    }

    /// Adds a check, in place of one with the same name.
    #[must_use]
    pub fn with_check(mut self, check: HealthCheck) -> Self {
        let checks = Arc::make_mut(&mut self.options.checks);
        match checks.iter_mut().find(|known| known.name() == check.name()) {
            Some(known) => *known = check,
            None => checks.push(check),
        }
        self
    }

    /// Sets the path of a probe. `/livez`, `/readyz` and `/startupz` by default.
    ///
    /// # Errors
    ///
    /// It is no path.
    pub fn with_path(mut self, probe: Probe, path: &str) -> Result<Self, InvalidProbePath> {
        let valid = path.starts_with('/')
            && !path.contains(['?', '#'])
            && path.parse::<PathAndQuery>().is_ok();
        if !valid {
            return Err(InvalidProbePath(path.into()));
        }
        self.options.paths[probe as usize] = path.into();
        Ok(self)
    }

    /// Returns the switch that turns readiness off, for a program that has other reasons than a stop, or no host.
    pub fn drain(&self) -> Drain {
        self.options.drain.clone()
    }
}

impl Default for HealthChecksLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for HealthChecksLayer {
    type Service = HealthChecks<S>;

    fn layer(&self, inner: S) -> HealthChecks<S> {
        HealthChecks::new(inner, self.options.clone())
    }
}

impl Options {
    pub(super) fn probe(&self, path: &str) -> Option<Probe> {
        Probe::ALL
            .into_iter()
            .find(|probe| &*self.paths[*probe as usize] == path)
    }
}

/// Turns readiness off while requests are still answered. A clone is the same switch.
#[derive(Clone, Debug)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Turns readiness off, for good.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Returns whether readiness was turned off.
    pub fn is_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The path of a probe is malformed; see [`HealthChecksLayer::with_path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProbePath(String);

impl fmt::Display for InvalidProbePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not the path of a probe: write it like `/healthz`",
            self.0
        )
    }
}

impl Error for InvalidProbePath {}
