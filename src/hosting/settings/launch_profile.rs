use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jsonc_parser::{JsonObject, JsonValue, ParseOptions, parse_to_value};

use crate::configuration;
use crate::contract::Error;
use crate::text::listed;

/// A profile of a `launchSettings.json`: how to run a program on the machine where it is written.
///
/// The host takes its own settings from it; the rest is for the application to read.
///
/// ```no_run
/// use transom::hosting::Settings;
///
/// let settings = Settings::from_args()?;
/// if let Some(profile) = settings.launch_profile() {
///     println!("{} sets {:?}", profile.name(), profile.environment_variable("DATABASE_URL"));
/// }
/// # Ok::<_, transom::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LaunchProfile {
    name: String,
    file: PathBuf,
    environment_variables: Vec<(String, String)>,
    application_url: Option<String>,
    command_line_args: Option<String>,
}

/// Where a profile is looked for.
const FILES: [&str; 2] = ["Properties/launchSettings.json", "launchSettings.json"];

impl LaunchProfile {
    /// Returns the name of the profile.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the file that holds the profile.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the variables that the profile sets, as they are written.
    pub fn environment_variables(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.environment_variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns one of the variables that the profile sets.
    pub fn environment_variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.environment_variables();
        variables
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Returns the profile's `applicationUrl`: addresses, separated by `;`.
    pub fn application_url(&self) -> Option<&str> {
        self.application_url.as_deref()
    }

    /// Reads a profile from the file of `directory`.
    pub(super) fn read(directory: &Path, name: &str) -> Result<Self, Error> {
        for file in FILES {
            let file = directory.join(file);
            if let Some(text) = configuration::text(&file)? {
                return Self::parse(&file, &text, name);
            }
        }
        Err(Error::configuration(format!(
            "there is no launch profile `{name}`: `{}` has neither {} nor {}",
            directory.display(),
            FILES[0],
            FILES[1]
        )))
    }

    /// Returns the arguments, split as a shell of Windows splits them: at blanks that are not quoted.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        split(self.command_line_args.as_deref().unwrap_or_default())
    }

    /// Returns the profile as an error names it.
    pub(super) fn place(&self) -> String {
        format!(
            "the launch profile `{}` in `{}`",
            self.name,
            self.file.display()
        )
    }

    fn parse(file: &Path, text: &str, name: &str) -> Result<Self, Error> {
        let shown = file.display();
        let options = ParseOptions {
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            ..ParseOptions::default()
        };
        let root = parse_to_value(text, &options)
            .map_err(|cause| Error::configuration_from(format!("`{shown}` is malformed"), cause))?;
        let profiles = match &root {
            Some(JsonValue::Object(root)) => root.get_object("profiles"),
            _ => None,
        };
        let Some(profiles) = profiles else {
            let problem = format!("`{shown}` has no object `profiles`");
            return Err(Error::configuration(problem));
        };
        let Some(profile) = profiles.get_object(name) else {
            let mut names: Vec<_> = profiles.clone().into_iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            return Err(Error::configuration(format!(
                "there is no launch profile `{name}` in `{shown}`; it has {}",
                listed(names.iter().map(AsRef::as_ref))
            )));
        };
        let read = Self {
            name: name.into(),
            file: file.into(),
            environment_variables: Vec::new(),
            application_url: None,
            command_line_args: None,
        };
        let place = read.place();
        match string(profile, "commandName", &place)?.as_deref() {
            Some("Project") => {}
            Some(other) => {
                return Err(Error::configuration(format!(
                    "{place} has the commandName `{other}`; only a `Project` can be run"
                )));
            }
            None => {
                return Err(Error::configuration(format!(
                    "{place} has no commandName; `Project` is what can be run"
                )));
            }
        }
        Ok(Self {
            application_url: string(profile, "applicationUrl", &place)?,
            command_line_args: string(profile, "commandLineArgs", &place)?,
            environment_variables: variables(profile, &place)?,
            ..read
        })
    }
}

fn string(object: &JsonObject<'_>, key: &str, place: &str) -> Result<Option<String>, Error> {
    match object.get(key) {
        None | Some(JsonValue::Null) => Ok(None),
        Some(JsonValue::String(text)) => Ok(Some(text.to_string())),
        Some(_) => Err(Error::configuration(format!(
            "`{key}` of {place} is not a string"
        ))),
    }
}

fn variables(profile: &JsonObject<'_>, place: &str) -> Result<Vec<(String, String)>, Error> {
    const KEY: &str = "environmentVariables";
    let variables = match profile.get(KEY) {
        None | Some(JsonValue::Null) => return Ok(Vec::new()),
        Some(JsonValue::Object(variables)) => variables,
        Some(_) => {
            return Err(Error::configuration(format!(
                "`{KEY}` of {place} is not an object"
            )));
        }
    };
    let mut read = Vec::with_capacity(variables.len());
    for (name, _) in variables.clone() {
        if let Some(value) = string(variables, &name, place)? {
            read.push((name.to_string(), value));
        }
    }
    read.sort();
    Ok(read)
}

fn split(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if chars.peek() == Some(&'"') => {
                word.get_or_insert_default().extend(chars.next());
            }
            blank if blank.is_whitespace() && !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_at_blanks_that_are_not_quoted() {
        for (line, expected) in [
            ("", &[] as &[&str]),
            ("  --a  b ", &["--a", "b"]),
            (r#"--a "b c" d"#, &["--a", "b c", "d"]),
            (r#"--a="b c""#, &["--a=b c"]),
            (r#""" x"#, &["", "x"]),
            (r#"\"x\" C:\dir"#, &["\"x\"", r"C:\dir"]),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }
}
