//! Settings from a file: the table `[transom]` of TOML or JSON.

use std::path::Path;

use super::key::Key;
use super::layer::Layer;
use crate::configuration::{self, Entry, Problems, Section, Value, plain};
use crate::contract::Error;

/// The table of the host; every other one is a server's or the application's own.
pub(super) const TABLE: &str = "transom";

/// Reads a file; `None` if there is none. The strings warn of what was probably meant otherwise.
pub(super) fn read(path: &Path) -> Result<Option<(Layer, Vec<String>)>, Error> {
    let Some(root) = configuration::read_if_there(path)? else {
        return Ok(None);
    };
    let warnings = Key::OF_FILES
        .into_iter()
        .filter(|key| !matches!(key, Key::Server | Key::Environment))
        .filter_map(|key| root.get(key.name()))
        .filter(|entry| !matches!(entry.value(), Value::Table(_)))
        .map(|entry| {
            let place = entry.place();
            format!("{place} does not count: it stands outside of `{TABLE}`")
        })
        .collect();
    let mut layer = Layer::default();
    let mut problems = Problems::new();
    for entry in root.section(TABLE)?.entries() {
        match setting(entry, &layer) {
            Ok((key, value)) => layer.set(key, value, entry.place()),
            Err(problem) => problems.add(problem),
        }
    }
    problems.finish()?;
    layer.sections = root;
    Ok(Some((layer, warnings)))
}

fn setting(entry: &Entry, known: &Layer) -> Result<(Key, String), Error> {
    let mut keys = Key::OF_FILES.into_iter();
    let Some(key) = keys.find(|key| plain(key.name()) == entry.key()) else {
        return Err(entry.unknown("a setting of the host", &Key::OF_FILES.map(Key::name)));
    };
    if let Some(other) = known.get(key) {
        return Err(entry.error(format_args!("{} says the same", other.origin)));
    }
    match shown(entry) {
        Some(value) => Ok((key, value)),
        None => Err(Error::configuration(format!(
            "{} must be text, a number, `true`, `false`, or an array of those",
            entry.place()
        ))),
    }
}

/// Returns a value as the environment would give it: the entries of an array separated by `;`.
fn shown(entry: &Entry) -> Option<String> {
    match entry.value() {
        Value::Text(text) | Value::Number(text) => Some(text.clone()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::List(entries) => {
            let entries: Option<Vec<_>> = entries
                .iter()
                .map(|entry| match entry.value() {
                    Value::List(_) => None,
                    _ => shown(entry),
                })
                .collect();
            Some(entries?.join(";"))
        }
        _ => None,
    }
}

/// Returns what a source other than a file says to others than the host; `None` if that is nothing.
pub(super) fn section(names: &[&str], value: &str, origin: &str) -> Option<Section> {
    let well = names.len() > 1 && names.iter().all(|name| !name.is_empty());
    let origin = configuration::Origin::Named(origin.into());
    (well && plain(names[0]) != TABLE).then(|| Section::of_text(names, value, &origin))
}
