use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::plan::Plan;
use super::{Follower, build};
use crate::configuration::Section;
use crate::contract::Error;
use crate::features::ServerAddress;
use crate::hyper::options::{Endpoint, Limits, Options};

/// What whoever runs the program says of the server: its limits, endpoints and certificates, from a file.
///
#[doc = include_str!("configuration.md")]
///
#[doc = include_str!("kestrel.md")]
#[doc(alias = "KestrelConfigurationLoader")]
#[derive(Clone)]
#[must_use]
pub struct HyperConfiguration {
    pub(super) section: Section,
    limits: Option<Change>,
    /// How often to look whether the files changed.
    pub(super) reload: Option<Duration>,
}

type Change = Arc<dyn Fn(Limits) -> Limits + Send + Sync>;

impl HyperConfiguration {
    /// What the table is called in a file. Kestrel's name for it does as well.
    const TABLES: [&str; 2] = ["hyper", "Kestrel"];

    /// Reads the table `hyper`, or `Kestrel`, of a file; its name tells whether it is TOML or JSON.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when the file is missing, cannot be read, is malformed or has no such table,
    /// and when anything in the table is wrong: all of that at once, each with its line.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let name = format!("`{}`", path.display());
        Self::of_file(&Section::from_file(path)?, &name)
    }

    /// As [`from_file`](Self::from_file), for the text of a file of TOML.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_toml_str(text: &str) -> Result<Self, Error> {
        Self::of_file(&Section::from_toml_str(text)?, "the text")
    }

    /// As [`from_file`](Self::from_file), for the text of a file of JSON.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_json_str(text: &str) -> Result<Self, Error> {
        Self::of_file(&Section::from_json_str(text)?, "the text")
    }

    /// Reads a table that is there already, as from
    /// [`Settings::section`](crate::hosting::Settings::section). One that is empty says nothing, which is no
    /// error.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_section(section: &Section) -> Result<Self, Error> {
        let configuration = Self {
            section: section.clone(),
            limits: None,
            reload: Some(Duration::from_secs(2)),
        };
        configuration.plan(Options::default())?;
        Ok(configuration)
    }

    /// Sets what is done to the limits after the file was read, whenever it is: what the file must not change,
    /// or no further than so.
    ///
    /// ```
    /// use transom::hyper::HyperConfiguration;
    ///
    /// let file = "[hyper.limits]\nmax_request_body_size = 'none'\nmax_connections = 100";
    /// let configuration = HyperConfiguration::from_toml_str(file)?
    ///     .with_limits(|limits| limits.with_max_request_body_size(Some(1_000_000)));
    /// assert_eq!(configuration.limits().max_request_body_size(), Some(1_000_000));
    /// assert_eq!(configuration.limits().max_connections(), Some(100));
    /// # Ok::<_, transom::Error>(())
    /// ```
    pub fn with_limits(self, change: impl Fn(Limits) -> Limits + Send + Sync + 'static) -> Self {
        Self {
            limits: Some(Arc::new(change)),
            ..self
        }
    }

    /// Sets how often to look whether the files changed while the server serves, those of certificates too, so
    /// that they are read again; every 2 s by default, `None` for never.
    #[doc(alias = "reloadOnChange")]
    pub fn with_reload_interval(self, interval: Option<Duration>) -> Self {
        Self {
            reload: interval,
            ..self
        }
    }

    /// Returns the limits that the file sets, over the defaults.
    pub fn limits(&self) -> Limits {
        match self.plan(Options::default()) {
            Ok(plan) => plan.options.limits,
            Err(_) => Limits::default(),
        }
    }

    /// Returns the names and the addresses of the endpoints, in the order in which they are written.
    pub fn endpoints(&self) -> Vec<(String, ServerAddress)> {
        let Ok(plan) = self.plan(Options::default()) else {
            return Vec::new();
        };
        plan.endpoints()
            .filter_map(|(name, values)| Some((name.to_owned(), values.url?)))
            .collect()
    }

    /// Returns what the server shall be; `options` is what the program says.
    pub(in crate::hyper) fn plan(&self, options: Options) -> Result<Plan, Error> {
        let mut plan = Plan::read(&self.section, options)?;
        if let Some(change) = &self.limits {
            plan.options.limits = change(plan.options.limits);
            plan.options.limits.check()?;
        }
        Ok(plan)
    }

    /// Returns what the server shall be, its endpoints, and what follows the files.
    ///
    /// # Errors
    ///
    /// The limits of the program and the file do not go together, or a certificate is wrong.
    pub(in crate::hyper) fn begin(
        &self,
        options: Options,
    ) -> Result<(Options, Vec<Endpoint>, Option<Follower>), Error> {
        let plan = self.plan(options.clone())?;
        let mut endpoints = Vec::new();
        for (name, values) in plan.endpoints() {
            endpoints.extend(build::endpoint(name, &values, self.reload)?);
        }
        let follower = Follower::new(self, options, &plan);
        Ok((plan.options, endpoints, follower))
    }

    /// Returns whether the file has endpoints.
    pub(in crate::hyper) fn has_endpoints(&self) -> bool {
        !self.endpoints().is_empty()
    }

    /// Reads the files again.
    pub(super) fn again(&self) -> Result<Self, Error> {
        Ok(Self {
            section: self.section.reload()?,
            ..self.clone()
        })
    }

    fn of_file(root: &Section, name: &str) -> Result<Self, Error> {
        let tables: Vec<_> = Self::TABLES
            .into_iter()
            .filter_map(|name| root.get(name))
            .collect();
        match tables[..] {
            [] => Err(Error::configuration(format!("{name} has no table `hyper`"))),
            [table] => Self::from_section(&root.section(table.name())?),
            [one, other, ..] => Err(other.error(format_args!(
                "{} is for the same server; there can be one of them",
                one.place()
            ))),
        }
    }
}

impl fmt::Debug for HyperConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperConfiguration")
            .field("section", &self.section)
            .field("reload", &self.reload)
            .finish_non_exhaustive()
    }
}
