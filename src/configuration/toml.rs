//! TOML as a tree.

use toml::de::{DeTable, DeValue};

use super::name::join;
use super::origin::Source;
use super::{Entry, Section, Value};
use crate::contract::Error;

pub(super) fn read(source: &Source<'_>) -> Result<Section, Error> {
    let root = DeTable::parse(source.text()).map_err(|error| {
        source.malformed(
            error.span().map(|span| span.start),
            one_line(error.message()),
        )
    })?;
    Ok(table(source, "", root.get_ref()))
}

fn table(source: &Source<'_>, path: &str, table: &DeTable<'_>) -> Section {
    let mut found: Vec<_> = table.iter().collect();
    // The map is sorted by name.
    found.sort_by_key(|(name, _)| name.span().start);
    let entries = found.into_iter().map(|(name, found)| {
        let path = join(path, name.get_ref());
        Entry {
            value: value(source, &path, found.get_ref(), found.span().start),
            name: name.get_ref().to_string(),
            path,
            origin: source.at(name.span().start),
        }
    });
    Section::of_entries(path, entries.collect())
}

fn value(source: &Source<'_>, path: &str, found: &DeValue<'_>, at: usize) -> Value {
    match found {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(array) => Value::List(
            array
                .iter()
                .enumerate()
                .map(|(index, element)| {
                    let path = format!("{path}[{index}]");
                    Entry {
                        value: value(source, &path, element.get_ref(), element.span().start),
                        name: index.to_string(),
                        path,
                        origin: source.at(element.span().start.max(at)),
                    }
                })
                .collect(),
        ),
        DeValue::Table(inner) => Value::Table(table(source, path, inner)),
    }
}

fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let said = lines.filter(|line| !line.is_empty());
    said.collect::<Vec<_>>().join(", ")
}
