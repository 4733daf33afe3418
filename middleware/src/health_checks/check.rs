use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::report::Entry;

/// A check with a name, tags and a timeout.
///
/// The function runs in each request that asks for it. It returns a [`Health`], or what becomes one: a
/// [`HealthStatus`], or a `Result` whose error means unhealthy. The text of an error goes to the log and not
/// to the client.
#[derive(Clone)]
pub struct HealthCheck {
    name: Arc<str>,
    tags: Arc<[String]>,
    timeout: Duration,
    run: Arc<dyn Fn() -> Running + Send + Sync>,
}

type Running = Pin<Box<dyn Future<Output = Health> + Send>>;

impl HealthCheck {
    /// Returns a check that belongs to readiness, and has 5 seconds.
    pub fn new<F, Answer>(name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> Answer + Send + Sync + 'static,
        Answer: Future<Output: Into<Health>> + Send + 'static,
    {
        Self {
            name: name.into().into(),
            tags: Arc::new(["ready".to_owned()]),
            timeout: Duration::from_secs(5),
            run: Arc::new(move || {
                let answer = check();
                Box::pin(async move { answer.await.into() })
            }),
        }
    }

    /// Sets the tags, in place of those before. `live`, `ready` and `startup` put it into that probe; others
    /// are shown only. `ready` by default.
    #[must_use]
    pub fn with_tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        Self {
            tags: tags.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// Sets how long the check may take before it counts as unhealthy. 5 s by default.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// Runs the check to its end or its timeout; a panic is unhealthy.
    pub(super) async fn run(self) -> Entry {
        let begun = Instant::now();
        // The call is inside, so that a panic in it is caught as well.
        let check = AssertUnwindSafe(async { (self.run)().await }).catch_unwind();
        let health = match tokio::time::timeout(self.timeout, check).await {
            Ok(Ok(health)) => health,
            Ok(Err(_)) => Health::new(HealthStatus::Unhealthy).with_description("it panicked"),
            Err(_) => Health::new(HealthStatus::Unhealthy).with_description("it timed out"),
        };
        if health.status != HealthStatus::Healthy {
            tracing::warn!(
                check = &*self.name,
                status = %health.status,
                description = health.description,
                error = health.error,
                "a health check"
            );
        }
        Entry {
            name: self.name,
            tags: self.tags,
            health,
            duration: begun.elapsed(),
        }
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthCheck")
            .field("name", &self.name)
            .field("tags", &self.tags)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HealthStatus {
    /// It works.
    Healthy,
    /// It works, but not as it should. A probe passes.
    Degraded,
    /// It does not work. A probe fails.
    Unhealthy,
}

impl HealthStatus {
    /// Returns the status as the report has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Health {
    pub(super) status: HealthStatus,
    pub(super) description: Option<String>,
    /// For the log alone.
    error: Option<String>,
}

impl Health {
    /// Returns a finding without a description.
    pub fn new(status: HealthStatus) -> Self {
        Self {
            status,
            description: None,
            error: None,
        }
    }

    /// Adds a text to the report. Whoever may ask for the report may read it.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        Self {
            description: Some(description.into()),
            ..self
        }
    }
}

impl From<HealthStatus> for Health {
    fn from(status: HealthStatus) -> Self {
        Self::new(status)
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<Result<(), E>> for Health {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::new(HealthStatus::Healthy),
            Err(error) => Self {
                error: Some(error.into().to_string()),
                ..Self::new(HealthStatus::Unhealthy)
            },
        }
    }
}
