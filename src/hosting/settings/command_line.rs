//! Settings from the command line.

use std::ffi::OsString;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::file;
use super::key::Key;
use super::layer::Layer;
use crate::configuration::{self, Section};
use crate::contract::Error;

/// What a command line says.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    pub(super) layer: Layer,
    pub(super) no_launch_profile: bool,
    /// What followed `--`.
    pub(super) rest: Vec<OsString>,
}

/// Why a command line was not read.
#[derive(Debug)]
pub(super) enum Refused {
    /// It asked for help, which is this.
    Help(String),
    Wrong(Error),
}

/// Each option, the setting that it is, the name of its value, and what it does.
const OPTIONS: [(&str, Key, &str, &str); 11] = [
    (
        "urls",
        Key::Urls,
        "URLS",
        "Addresses to bind, separated by `;`, like http://127.0.0.1:5000",
    ),
    (
        "http-ports",
        Key::HttpPorts,
        "PORTS",
        "Ports to bind on every address, separated by `;`, unless there are URLs",
    ),
    (
        "https-ports",
        Key::HttpsPorts,
        "PORTS",
        "As --http-ports, for https",
    ),
    (
        "prefer-hosting-urls",
        Key::PreferHostingUrls,
        "BOOL",
        "Replace a server's own addresses by these",
    ),
    (
        "environment",
        Key::Environment,
        "NAME",
        "Production, Staging, Development or any other name",
    ),
    (
        "shutdown-delay",
        Key::ShutdownDelay,
        "TIME",
        "How long to serve on when asked to stop, so that load balancers hear of it",
    ),
    (
        "shutdown-timeout",
        Key::ShutdownTimeout,
        "TIME",
        "How long to drain when stopping: seconds, or like 500ms, 30s, 2m",
    ),
    ("server", Key::Server, "NAME", "The server to run on"),
    (
        "suppress-status-messages",
        Key::SuppressStatusMessages,
        "BOOL",
        "Log nothing of a start and a stop that go well",
    ),
    (
        "config",
        Key::Config,
        "FILE",
        "The settings file, in place of transom.toml and transom.json",
    ),
    (
        "launch-profile",
        Key::LaunchProfile,
        "NAME",
        "The profile of launchSettings.json to run with",
    ),
];

/// Reads the arguments, without the program's name. `place` is where they stand, if not on the real
/// command line.
pub(super) fn parse(arguments: &[OsString], place: Option<&str>) -> Result<CommandLine, Refused> {
    let matches = command()
        .try_get_matches_from(arguments)
        .map_err(|error| refused(&error, place))?;
    let mut layer = Layer::default();
    for (option, key, ..) in OPTIONS {
        if let Some(values) = matches.get_many::<String>(option) {
            let values: Vec<&str> = values.map(String::as_str).collect();
            let origin = match place {
                Some(place) => format!("`--{option}` in {place}"),
                None => format!("`--{option}`"),
            };
            layer.set(key, values.join(";"), origin);
        }
    }
    for given in matches.get_many::<String>("set").into_iter().flatten() {
        layer.add_section(set(given, place)?);
    }
    Ok(CommandLine {
        layer,
        no_launch_profile: matches.get_flag("no-launch-profile"),
        rest: rest(&matches),
    })
}

/// Returns what `--help` prints.
pub(super) fn help() -> String {
    command().render_help().to_string()
}

fn command() -> Command {
    let mut command = Command::new("host")
        .no_binary_name(true)
        .disable_version_flag(true)
        .override_usage("PROGRAM [OPTIONS] [-- ARGUMENTS...]");
    for (option, key, value, help) in OPTIONS {
        let arg = Arg::new(option).long(option).value_name(value).help(help);
        command = command.arg(match key {
            // Lists may come in pieces.
            Key::Urls | Key::HttpPorts | Key::HttpsPorts => arg.action(ArgAction::Append),
            Key::PreferHostingUrls | Key::SuppressStatusMessages => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true"),
            _ => arg.value_parser(NonEmptyStringValueParser::new()),
        });
    }
    command
        .arg(
            Arg::new("no-launch-profile")
                .long("no-launch-profile")
                .action(ArgAction::SetTrue)
                .conflicts_with("launch-profile")
                .help("Use no profile, whatever TRANSOM_LAUNCH_PROFILE says"),
        )
        .arg(
            Arg::new("set")
                .long("set")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .help("A setting of a server, like hyper.limits.max_connections=100"),
        )
        .arg(
            Arg::new("arguments")
                .value_name("ARGUMENTS")
                .num_args(0..)
                .last(true)
                .value_parser(value_parser!(OsString))
                .help("Left to the application"),
        )
}

/// Reads `hyper.limits.max_connections=100`.
fn set(given: &str, place: Option<&str>) -> Result<Section, Error> {
    let read = || {
        let (path, value) = given.split_once('=')?;
        let names = configuration::split(path)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let option = format!("`--set {}`", path.trim());
        let origin = place.map_or(option.clone(), |place| format!("{option} in {place}"));
        file::section(&names, value, &origin)
    };
    read().ok_or_else(|| {
        let place = place.map_or(String::new(), |place| format!(" in {place}"));
        Error::configuration(format!(
            "`--set`{place}: `{given}` is not a setting of a server; write it like `hyper.limits.max_connections=100`"
        ))
    })
}

fn rest(matches: &ArgMatches) -> Vec<OsString> {
    let rest = matches.get_many::<OsString>("arguments");
    rest.into_iter().flatten().cloned().collect()
}

fn refused(error: &clap::Error, place: Option<&str>) -> Refused {
    let text = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelp {
        return Refused::Help(text);
    }
    // The first line says what is wrong, and the next, if any, what would be right; then comes the usage.
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .take(2)
        .map(|line| line.strip_prefix("error: ").unwrap_or(line))
        .collect();
    let place = place.unwrap_or("the command line");
    Refused::Wrong(Error::configuration(format!(
        "{place}: {}; `--help` lists the options",
        lines.join("; ")
    )))
}
