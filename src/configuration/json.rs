//! JSON as a tree. Comments and trailing commas may stand in it, as in .NET's files.

use jsonc_parser::ast::{Object, Value as Parsed};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::name::join;
use super::origin::Source;
use super::{Entry, Section, Value};
use crate::contract::Error;

pub(super) fn read(source: &Source<'_>) -> Result<Section, Error> {
    let options = ParseOptions {
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
        ..ParseOptions::default()
    };
    let parsed = parse_to_ast(source.text(), &CollectOptions::default(), &options)
        .map_err(|error| source.malformed(Some(error.range().start), error.kind()))?;
    match parsed.value {
        Some(Parsed::Object(root)) => Ok(table(source, "", &root)),
        Some(other) => Err(source.malformed(
            Some(other.range().start),
            "an object `{...}` has to be here",
        )),
        None => Err(source.malformed(None, "it is empty; an object `{...}` has to be here")),
    }
}

fn table(source: &Source<'_>, path: &str, object: &Object<'_>) -> Section {
    let entries = object.properties.iter().map(|property| {
        let name = property.name.as_str();
        let path = join(path, name);
        Entry {
            name: name.to_owned(),
            origin: source.at(property.range.start),
            value: value(source, &path, &property.value),
            path,
        }
    });
    Section::of_entries(path, entries.collect())
}

fn value(source: &Source<'_>, path: &str, parsed: &Parsed<'_>) -> Value {
    match parsed {
        Parsed::StringLit(text) => Value::Text(text.value.to_string()),
        Parsed::NumberLit(number) => Value::Number(number.value.to_owned()),
        Parsed::BooleanLit(boolean) => Value::Boolean(boolean.value),
        Parsed::NullKeyword(_) => Value::Null,
        Parsed::Array(array) => {
            let entries = array.elements.iter().enumerate().map(|(index, element)| {
                let path = format!("{path}[{index}]");
                Entry {
                    name: index.to_string(),
                    origin: source.at(element.range().start),
                    value: value(source, &path, element),
                    path,
                }
            });
            Value::List(entries.collect())
        }
        Parsed::Object(object) => Value::Table(table(source, path, object)),
    }
}
