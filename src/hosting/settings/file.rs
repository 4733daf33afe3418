//! Settings from a file: the table `[transom]` of TOML or JSON.

use std::io::ErrorKind;
use std::path::Path;

use config::{Config, File, FileFormat, Value, ValueKind};

use super::key::Key;
use super::layer::Layer;
use crate::contract::Error;
use crate::hosting::text::listed;

/// The table of the host; every other one is the application's own.
const TABLE: &str = "transom";

/// Reads a file; `None` if there is none. The strings warn of what was probably meant otherwise.
pub(super) fn read(path: &Path) -> Result<Option<(Layer, Vec<String>)>, Error> {
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => FileFormat::Toml,
        Some("json") => FileFormat::Json,
        _ => {
            return Err(Error::configuration(format!(
                "cannot tell the format of `{}` by its name; `.toml` and `.json` are known",
                path.display()
            )));
        }
    };
    let text = match text(path)? {
        Some(text) => text,
        None => return Ok(None),
    };
    let place = path.display();
    let root = Config::builder()
        .add_source(File::from_str(&text, format))
        .build()
        .and_then(|config| config.cache.into_table())
        .map_err(|cause| {
            let cause = without_excerpt(&cause.to_string());
            Error::configuration(format!("`{place}` is malformed: {cause}"))
        })?;

    let warnings = Key::OF_FILES
        .into_iter()
        .filter(|key| !matches!(key, Key::Server | Key::Environment))
        .filter(|key| root.contains_key(key.name()))
        .map(|key| {
            let name = key.name();
            format!("`{name}` in `{place}` does not count: it stands outside of `{TABLE}`")
        })
        .collect();
    let mut layer = Layer::default();
    let table = match root.into_iter().find(|(name, _)| name == TABLE) {
        None => return Ok(Some((layer, warnings))),
        Some((_, table)) => match table.kind {
            ValueKind::Table(table) => table,
            _ => {
                return Err(Error::configuration(format!(
                    "`{TABLE}` in `{place}` is not a table of settings"
                )));
            }
        },
    };
    for (name, value) in table {
        let origin = format!("`{TABLE}.{name}` in `{place}`");
        let Some(key) = Key::OF_FILES.into_iter().find(|key| key.name() == name) else {
            return Err(Error::configuration(format!(
                "{origin} is not a setting of the host; it has {}",
                listed(Key::OF_FILES.map(Key::name))
            )));
        };
        match shown(value) {
            Some(value) => layer.set(key, value, origin),
            None => {
                return Err(Error::configuration(format!(
                    "{origin} must be text, a number, `true`, `false`, or an array of those"
                )));
            }
        }
    }
    Ok(Some((layer, warnings)))
}

/// Reads the text of a file, without the mark that some editors put first; `None` if there is none.
pub(super) fn text(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(
            text.strip_prefix('\u{feff}')
                .map_or(text.clone(), Into::into),
        )),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::configuration_from(
            format!("failed to read `{}`", path.display()),
            cause,
        )),
    }
}

/// Returns a parser's message on one line: without the lines that show the text, which begin with `|`
/// or `7 |`.
fn without_excerpt(message: &str) -> String {
    let number = |char: char| char.is_ascii_digit() || char == ' ';
    let lines = message.lines().map(str::trim);
    let said =
        lines.filter(|line| !line.is_empty() && !line.trim_start_matches(number).starts_with('|'));
    said.collect::<Vec<_>>().join(": ")
}

/// Returns a value as the environment would give it: the entries of an array separated by `;`.
fn shown(value: Value) -> Option<String> {
    match value.kind {
        ValueKind::String(text) => Some(text),
        ValueKind::Boolean(value) => Some(value.to_string()),
        ValueKind::I64(number) => Some(number.to_string()),
        ValueKind::U64(number) => Some(number.to_string()),
        ValueKind::Array(entries) => {
            let entries: Option<Vec<_>> = entries
                .into_iter()
                .map(|entry| match entry.kind {
                    ValueKind::Array(_) => None,
                    _ => shown(entry),
                })
                .collect();
            Some(entries?.join(";"))
        }
        _ => None,
    }
}
