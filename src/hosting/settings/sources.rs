use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::command_line::{self, CommandLine, Refused};
use super::key::Key;
use super::layer::{Layer, Layers};
use super::{LaunchProfile, Settings, environment, file, parse};
use crate::contract::Error;
use crate::hosting::HostEnvironment;

/// Where [`Settings`] are read from. An empty one reads nothing.
///
/// ```
/// use std::time::Duration;
/// use transom::hosting::SettingsSources;
///
/// let settings = SettingsSources::new()
///     .with_variables([("TRANSOM_URLS", "http://127.0.0.1:5000"), ("TRANSOM_SHUTDOWN_TIMEOUT", "5")])
///     .with_command_line(["--urls", "http://127.0.0.1:0"])
///     .load()?;
/// assert_eq!(settings.urls()[0].to_string(), "http://127.0.0.1:0");
/// assert_eq!(settings.shutdown_timeout(), Some(Duration::from_secs(5)));
/// # Ok::<_, transom::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SettingsSources {
    directory: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
    arguments: Vec<OsString>,
}

impl SettingsSources {
    /// Returns no sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the directory of the settings files and of `launchSettings.json`. None by default.
    #[must_use]
    pub fn with_directory(self, directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: Some(directory.into()),
            ..self
        }
    }

    /// Sets the variables of the environment.
    #[must_use]
    pub fn with_variables<K: Into<OsString>, V: Into<OsString>>(
        self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        Self {
            variables: variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            ..self
        }
    }

    /// Sets the arguments of the command line, without the name of the program.
    #[must_use]
    pub fn with_command_line<A: Into<OsString>>(
        self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when something is unknown, malformed, missing or cannot be read; it
    /// names the file, the variable or the option, and what would be right. Asking for `--help` is such
    /// an error here; [`Settings::from_args`] prints it.
    pub fn load(&self) -> Result<Settings, Error> {
        self.read().map_err(|refused| match refused {
            Refused::Wrong(error) => error,
            Refused::Help(_) => Error::configuration("`--help` was asked for"),
        })
    }

    /// As [`load`](Self::load), with help kept apart.
    pub(super) fn read(&self) -> Result<Settings, Refused> {
        let command = command_line::parse(&self.arguments, None)?;
        let (variables, mut warnings) = environment::of_process(&self.variables)?;

        let profile = self.profile(&command, &variables)?;
        let (profile_command, profile_variables) = match &profile {
            Some(profile) => read_profile(profile, &mut warnings)?,
            None => Default::default(),
        };
        let rest = match command.rest.is_empty() {
            true => profile_command.rest,
            false => command.rest,
        };
        let mut layers = Layers(vec![
            command.layer,
            profile_command.layer,
            profile_variables,
            variables,
        ]);
        let (files, watched) = self.files(&mut layers, &mut warnings)?;
        let mut settings = Settings::resolve(&mut layers, files, profile, rest, warnings)?;
        let (sections, again) = (settings.sections(), self.clone());
        *sections = std::mem::take(sections).with_source(watched, move || {
            Ok(std::mem::take(again.load()?.sections()))
        });
        Ok(settings)
    }

    fn profile(
        &self,
        command: &CommandLine,
        variables: &Layer,
    ) -> Result<Option<LaunchProfile>, Error> {
        let asked = command.layer.get(Key::LaunchProfile);
        let asked = match command.no_launch_profile {
            true => None,
            false => asked.or_else(|| variables.get(Key::LaunchProfile)),
        };
        let Some(asked) = asked else { return Ok(None) };
        match &self.directory {
            Some(directory) => LaunchProfile::read(directory, &asked.value).map(Some),
            None => Err(asked.error("there is no directory to find a launchSettings.json in")),
        }
    }

    /// Adds the files beneath the layers that there are, and returns which were read, and which would be if
    /// they were there.
    fn files(
        &self,
        layers: &mut Layers,
        warnings: &mut Vec<String>,
    ) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
        let (mut read, mut watched) = (Vec::new(), Vec::new());
        let mut add = |layers: &mut Layers, path: &Path| {
            watched.push(path.to_owned());
            let Some((layer, warns)) = file::read(path)? else {
                return Ok(false);
            };
            layers.0.push(layer);
            warnings.extend(warns);
            read.push(path.to_owned());
            Ok::<_, Error>(true)
        };
        if let Some(given) = layers.get(Key::Config).cloned() {
            if !add(layers, Path::new(&given.value))? {
                return Err(given.error(format_args!("there is no file `{}`", given.value)));
            }
            return Ok((read, watched));
        }
        let Some(directory) = &self.directory else {
            return Ok((read, watched));
        };
        let above = layers.0.len();
        // JSON is stronger than TOML, so it comes first.
        for name in ["transom.json", "transom.toml"] {
            add(layers, &directory.join(name))?;
        }
        let environment = match layers.get(Key::Environment) {
            Some(given) => parse::environment(given)?.to_owned(),
            None => HostEnvironment::PRODUCTION.to_owned(),
        };
        let general = layers.0.split_off(above);
        for format in ["json", "toml"] {
            let name = format!("transom.{environment}.{format}");
            add(layers, &directory.join(name))?;
        }
        for layer in &layers.0[above..] {
            if let Some(given) = layer.get(Key::Environment) {
                return Err(
                    given.error("the file was chosen by the environment, and cannot change it")
                );
            }
        }
        layers.0.extend(general);
        Ok((read, watched))
    }
}

fn read_profile(
    profile: &LaunchProfile,
    warnings: &mut Vec<String>,
) -> Result<(CommandLine, Layer), Refused> {
    let place = profile.place();
    let (variables, warns) = environment::of_profile(
        profile.environment_variables(),
        profile.application_url(),
        &place,
    )?;
    warnings.extend(warns);
    let arguments = format!("`commandLineArgs` of {place}");
    let command = command_line::parse(&profile.arguments(), Some(&arguments))?;
    if let Some(given) = command.layer.get(Key::LaunchProfile) {
        return Err(given.error("a profile cannot ask for another one").into());
    }
    Ok((command, variables))
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}
