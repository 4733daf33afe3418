use std::borrow::Cow;
use std::fmt;

use crate::features::Feature;

/// The name of the environment that a host runs in: `Production` unless something says otherwise.
///
/// It is a feature of the host, so a pipeline can depend on it. Names compare without regard to case.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::{Host, hosting::HostEnvironment, testing::TestServer};
///
/// let host = Host::builder(TestServer::new())
///     .with_environment("Development")
///     .try_configure(|app| {
///         let environment = app.server_features().require::<HostEnvironment>()?;
///         assert!(environment.is("development") && !environment.is_production());
///         Ok(app.build())
///     });
/// host.start().await?.stop().await?;
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "IHostEnvironment")]
#[doc(alias = "IWebHostEnvironment")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEnvironment(Cow<'static, str>);

impl HostEnvironment {
    /// The name that is meant when none is given.
    pub const PRODUCTION: &'static str = "Production";
    /// The name for a machine where the program is written.
    pub const DEVELOPMENT: &'static str = "Development";
    /// The name for a rehearsal of production.
    pub const STAGING: &'static str = "Staging";

    /// Returns the environment of that name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns whether it has that name.
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }

    /// Returns whether it is `Production`.
    pub fn is_production(&self) -> bool {
        self.is(Self::PRODUCTION)
    }

    /// Returns whether it is `Development`.
    pub fn is_development(&self) -> bool {
        self.is(Self::DEVELOPMENT)
    }

    /// Returns whether it is `Staging`.
    pub fn is_staging(&self) -> bool {
        self.is(Self::STAGING)
    }
}

impl Default for HostEnvironment {
    fn default() -> Self {
        Self::new(Self::PRODUCTION)
    }
}

impl fmt::Display for HostEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Feature for HostEnvironment {
    const NAME: &'static str = "host.environment";
}
