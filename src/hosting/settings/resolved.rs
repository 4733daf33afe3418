use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::command_line::{self, Refused};
use super::key::Key;
use super::layer::Layers;
use super::{LaunchProfile, SettingsSources, parse, urls};
use crate::configuration::Section;
use crate::contract::Error;
use crate::features::{RequestedAddresses, ServerAddress};
use crate::hosting::options::Options;
use crate::hosting::{HostEnvironment, Servers};

/// What whoever runs the program says: in files, in the environment, on the command line.
///
#[doc = include_str!("settings.md")]
///
/// # Example
///
/// ```
/// use transom::hosting::SettingsSources;
///
/// let settings = SettingsSources::new()
///     .with_command_line(["--http-ports=8080", "--environment", "Staging"])
///     .load()?;
/// assert_eq!(settings.urls()[0].to_string(), "http://*:8080");
/// assert!(settings.environment().is_staging());
/// assert_eq!(settings.server(), None);
/// # Ok::<_, transom::Error>(())
/// ```
#[doc(alias = "WebHostDefaults")]
#[derive(Clone, Debug, Default)]
pub struct Settings {
    urls: Vec<ServerAddress>,
    prefer_hosting_urls: Option<bool>,
    environment: Option<HostEnvironment>,
    environment_or_default: HostEnvironment,
    shutdown_delay: Option<Duration>,
    shutdown_timeout: Option<Duration>,
    server: Option<String>,
    suppress_status_messages: Option<bool>,
    launch_profile: Option<LaunchProfile>,
    files: Vec<PathBuf>,
    arguments: Vec<OsString>,
    warnings: Vec<String>,
    sections: Section,
}

impl Settings {
    /// Reads the files of the current directory, the environment and the command line of the process.
    ///
    /// At `--help` it prints the options to standard output and ends the process with code 0, as
    /// command lines do.
    ///
    /// A process that a web server starts for one request of CGI has no command line of its own: a web server
    /// makes arguments of a query without `=` (RFC 3875, section 4.4), so they are the client's, and are left out
    /// with a warning. Such a program is set up by files and the environment.
    ///
    /// # Errors
    ///
    /// As [`SettingsSources::load`].
    pub fn from_args() -> Result<Self, Error> {
        Self::from_args_and("")
    }

    /// As [`from_args`](Self::from_args), for a program that can run on several servers: `--help` lists them.
    ///
    /// # Errors
    ///
    /// As [`SettingsSources::load`].
    pub fn from_args_for(servers: &Servers) -> Result<Self, Error> {
        Self::from_args_and(&servers.help())
    }

    fn from_args_and(help: &str) -> Result<Self, Error> {
        let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
        let not_ours = is_of_cgi() && !arguments.is_empty();
        if not_ours {
            arguments.clear();
        }
        match Self::of_process().with_command_line(arguments).read() {
            Ok(mut settings) => {
                if not_ours {
                    settings.warnings.push(NOT_OURS.to_owned());
                }
                Ok(settings)
            }
            Err(Refused::Wrong(error)) => Err(error),
            Err(Refused::Help(text)) => {
                // A closed standard output is no reason to fail.
                let _ = write!(std::io::stdout().lock(), "{text}{help}");
                std::process::exit(0);
            }
        }
    }

    /// Reads the files of the current directory and the environment of the process, and leaves the command
    /// line to the program.
    ///
    /// # Errors
    ///
    /// As [`SettingsSources::load`].
    pub fn load() -> Result<Self, Error> {
        Self::of_process().load()
    }

    /// Returns what `--help` prints, for a program with a help of its own.
    pub fn help() -> String {
        command_line::help()
    }

    /// Returns the addresses that the host will hand to a server: `urls`, or else those that the ports
    /// mean. Empty if nothing asks for any.
    pub fn urls(&self) -> &[ServerAddress] {
        &self.urls
    }

    /// Returns whether the addresses replace a server's own; `None` if nothing says so.
    pub fn prefer_hosting_urls(&self) -> Option<bool> {
        self.prefer_hosting_urls
    }

    /// Returns the environment; `Production` if nothing names one.
    pub fn environment(&self) -> &HostEnvironment {
        &self.environment_or_default
    }

    /// Returns how long to serve on when asked to stop; `None` if nothing says so.
    pub fn shutdown_delay(&self) -> Option<Duration> {
        self.shutdown_delay
    }

    /// Returns how long to drain; `None` if nothing says so.
    pub fn shutdown_timeout(&self) -> Option<Duration> {
        self.shutdown_timeout
    }

    /// Returns the name of the server to run on; `None` if nothing names one.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Returns whether to log nothing of a start and a stop that go well; `None` if nothing says so.
    pub fn suppress_status_messages(&self) -> Option<bool> {
        self.suppress_status_messages
    }

    /// Returns the launch profile that was asked for.
    pub fn launch_profile(&self) -> Option<&LaunchProfile> {
        self.launch_profile.as_ref()
    }

    /// Returns the settings files that were read; the application may have tables of its own in them.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Returns what all sources say to something else than the host, such as a server: the table of that name
    /// in the files, the variables `TRANSOM_NAME__KEY`, and `--set name.key=value`. Empty if that is nothing.
    ///
    /// ```
    /// use transom::hosting::SettingsSources;
    ///
    /// let settings = SettingsSources::new()
    ///     .with_variables([("TRANSOM_HYPER__LIMITS__MAX_CONNECTIONS", "100")])
    ///     .with_command_line(["--set", "hyper.limits.keep_alive_timeout=30s"])
    ///     .load()?;
    /// let limits = settings.section("hyper")?.section("limits")?;
    /// assert_eq!(limits.get("max_connections").unwrap().number(1..=u32::MAX)?, 100);
    /// assert_eq!(limits.entries().len(), 2);
    /// # Ok::<_, transom::Error>(())
    /// ```
    ///
    /// [`Section::reload`] reads all sources again.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when what has that name is no table.
    pub fn section(&self, name: &str) -> Result<Section, Error> {
        self.sections.section(name)
    }

    /// Returns what followed `--` on the command line: the application's own arguments.
    pub fn application_arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// Returns what the host will warn of when it starts.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn resolve(
        layers: &mut Layers,
        files: Vec<PathBuf>,
        launch_profile: Option<LaunchProfile>,
        arguments: Vec<OsString>,
        mut warnings: Vec<String>,
    ) -> Result<Self, Error> {
        let sections = layers.take_sections();
        warnings.extend(unclaimed(&sections));
        let (urls, warning) = urls::resolve(layers)?;
        warnings.extend(warning);
        let boolean = |key| layers.get(key).map(parse::boolean).transpose();
        let text = |key| layers.get(key).map(|given| given.value.trim().to_owned());
        let environment = match layers.get(Key::Environment) {
            Some(given) => Some(HostEnvironment::new(parse::environment(given)?.to_owned())),
            None => None,
        };
        Ok(Self {
            urls,
            prefer_hosting_urls: boolean(Key::PreferHostingUrls)?,
            environment_or_default: environment.clone().unwrap_or_default(),
            environment,
            shutdown_delay: (layers.get(Key::ShutdownDelay).map(parse::duration)).transpose()?,
            shutdown_timeout: shutdown_timeout(layers)?,
            server: text(Key::Server),
            suppress_status_messages: boolean(Key::SuppressStatusMessages)?,
            launch_profile,
            files,
            arguments,
            warnings,
            sections,
        })
    }

    pub(super) fn sections(&mut self) -> &mut Section {
        &mut self.sections
    }

    pub(in crate::hosting) fn into_options(self) -> Options {
        let mut urls = RequestedAddresses::default();
        for url in &self.urls {
            urls.add(&url.to_string());
        }
        Options {
            urls,
            assigned_urls: RequestedAddresses::default(),
            prefer_hosting_urls: self.prefer_hosting_urls,
            environment: self.environment,
            #[cfg(all(feature = "systemd", target_os = "linux"))]
            service_manager: None,
            shutdown_delay: self.shutdown_delay,
            shutdown_timeout: self.shutdown_timeout,
            suppress_status_messages: self.suppress_status_messages,
            warnings: self.warnings,
        }
    }

    fn of_process() -> SettingsSources {
        SettingsSources::new()
            .with_directory(".")
            .with_variables(std::env::vars_os())
    }
}

/// Warns of variables and options for sections that no file has, but for that of the default server: they are
/// probably mistyped.
fn unclaimed(sections: &Section) -> impl Iterator<Item = String> {
    sections
        .entries()
        .iter()
        .filter(|entry| entry.origin().file().is_none() && entry.key() != "hyper")
        .map(|entry| {
            let place = entry.place();
            format!("{place} is not a setting of the host, nor of a section that a file has")
        })
}

/// The strongest source that says anything; two spellings in one source contradict each other.
fn shutdown_timeout(layers: &Layers) -> Result<Option<Duration>, Error> {
    for layer in &layers.0 {
        let time = layer.get(Key::ShutdownTimeout);
        let seconds = layer.get(Key::ShutdownTimeoutSeconds);
        match (time, seconds) {
            (None, None) => {}
            (Some(time), None) => return parse::duration(time).map(Some),
            (None, Some(seconds)) => return parse::seconds(seconds).map(Some),
            (Some(time), Some(seconds)) => {
                return Err(time.error(format_args!(
                    "{} says the same in another way; one of them is enough",
                    seconds.origin
                )));
            }
        }
    }
    Ok(None)
}

const NOT_OURS: &str =
    "the command line is left out: this is a process of CGI, whose arguments are the client's";

/// Whether a web server started this process for one request.
fn is_of_cgi() -> bool {
    std::env::var_os("GATEWAY_INTERFACE")
        .is_some_and(|interface| interface.as_encoded_bytes().starts_with(b"CGI/"))
}
