//! Settings from variables: those of the process, and those of a launch profile.

use std::ffi::OsString;

use super::key::Key;
use super::layer::Layer;
use super::{file, parse};
use crate::configuration::Section;
use crate::contract::Error;

/// The prefix of the variables that are settings.
const PREFIX: &str = "TRANSOM_";

/// Reads the process's variables; the second value warns of those that mean nothing.
pub(super) fn of_process(
    variables: &[(OsString, OsString)],
) -> Result<(Layer, Vec<String>), Error> {
    let mut layer = Layer::default();
    let mut warnings = Vec::new();
    let mut platform_port = None;
    for (name, value) in variables {
        // A name that is not text is not one of ours.
        let Some(name) = name.to_str() else { continue };
        let ours = name.strip_prefix(PREFIX);
        if ours.is_none() && name != "PORT" {
            continue;
        }
        let Some(value) = value.to_str() else {
            return Err(Error::configuration(format!(
                "the environment variable `{name}` is not UTF-8"
            )));
        };
        match ours.map(Key::of_variable) {
            _ if value.trim().is_empty() => {}
            None => platform_port = Some(value),
            Some(Some(key)) => layer.set(key, value, format!("`{name}`")),
            Some(None) => match nested(ours, value, &format!("`{name}`")) {
                Some(section) => layer.add_section(section),
                None if ours.is_some_and(is_of_middleware) => {}
                None => warnings.push(format!(
                    "The environment variable {name} is not a setting of the host"
                )),
            },
        }
    }
    if let Some(port) = platform_port {
        add_port(&mut layer, port, "`PORT`".into())?;
    }
    Ok((layer, warnings))
}

/// Whether middleware of this project reads the variable by itself.
fn is_of_middleware(name: &str) -> bool {
    matches!(name, "FORWARDEDHEADERS_ENABLED" | "HTTPS_PORT")
}

/// Reads the variables of a launch profile: the project's own, and those of .NET beneath them. The second
/// value warns of those that mean nothing.
pub(super) fn of_profile<'a>(
    variables: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    application_url: Option<&str>,
    place: &str,
) -> Result<(Layer, Vec<String>), Error> {
    let mut layer = Layer::default();
    let mut warnings = Vec::new();
    if let Some(urls) = application_url {
        layer.set(Key::Urls, urls, format!("`applicationUrl` of {place}"));
    }
    let variables = variables.filter(|(_, value)| !value.trim().is_empty());
    // The weakest first: the last one given counts.
    for prefix in ["ASPNETCORE_", "DOTNET_", PREFIX] {
        for (name, value) in variables.clone() {
            let Some(known) = name.strip_prefix(prefix).map(Key::of_variable) else {
                continue;
            };
            let Some(key) = known else {
                let place = format!("`{name}` of {place}");
                if prefix != PREFIX {
                    // Those of .NET mean something there.
                } else if let Some(section) = nested(name.strip_prefix(prefix), value, &place) {
                    layer.add_section(section);
                } else {
                    warnings.push(format!("{place} is not a setting of the host"));
                }
                continue;
            };
            if key == Key::LaunchProfile {
                if prefix == PREFIX {
                    let problem = format!("{place} asks for another profile, with `{name}`");
                    return Err(Error::configuration(problem));
                }
            } else if prefix == PREFIX || key.is_of_dotnet() {
                layer.set(key, value, format!("`{name}` of {place}"));
            }
        }
    }
    if let Some((_, port)) = variables.clone().find(|(name, _)| *name == "PORT") {
        add_port(&mut layer, port, format!("`PORT` of {place}"))?;
    }
    Ok((layer, warnings))
}

/// Returns what a variable says to others than the host: two underscores stand between the names of tables.
fn nested(name: Option<&str>, value: &str, origin: &str) -> Option<Section> {
    let names: Vec<&str> = name?.split("__").collect();
    file::section(&names, value, origin)
}

/// Platforms tell a program its one port; whoever says more means more.
fn add_port(layer: &mut Layer, port: &str, origin: String) -> Result<(), Error> {
    let keys = [Key::Urls, Key::HttpPorts, Key::HttpsPorts];
    if keys.into_iter().any(|key| layer.get(key).is_some()) {
        return Ok(());
    }
    let mut read = Layer::default();
    read.set(Key::HttpPorts, port, origin.clone());
    if let Some(given) = read.get(Key::HttpPorts) {
        let port = parse::port(given, port.trim())?;
        layer.set(Key::Urls, format!("http://*:{port}"), origin);
    }
    Ok(())
}
