use std::fmt;

use super::Section;
use super::name::{nearest, plain};
use super::origin::Origin;
use crate::contract::Error;
use crate::text::listed;

/// A name, its value, and where it stands.
///
/// What reads the value ([`text`](Self::text), [`duration`](Self::duration) and so on) says in its error where
/// that is, what was wrong and what would be right. Variables and the command line give text alone, so each of
/// them reads text as well.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) name: String,
    /// All names that lead to it, with its own.
    pub(super) path: String,
    pub(super) origin: Origin,
    pub(super) value: Value,
}

/// The value of an [`Entry`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// `null`, which JSON has.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number as it is written, but for underscores.
    Number(String),
    /// Text.
    Text(String),
    /// An array. Its entries are named by their position.
    List(Vec<Entry>),
    /// A table.
    Table(Section),
}

impl Entry {
    /// Returns the name as it is written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name in the one spelling by which names are compared: lower case, without underscores.
    pub fn key(&self) -> String {
        plain(&self.name)
    }

    /// Returns the value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Returns where it stands, with its full name: "`hyper.limits.max_connections` in `transom.toml:3:1`", or
    /// the variable or option that gave it.
    pub fn place(&self) -> String {
        self.origin.place_of(&self.path)
    }

    /// Says what is wrong with the value, and where it stands.
    pub fn error(&self, problem: impl fmt::Display) -> Error {
        Error::configuration(format!("{}: {problem}", self.place()))
    }

    /// Says that nobody knows the name; `known` are the names that there are, and `what` is what they are: "a
    /// setting of the proxy".
    pub fn unknown(&self, what: &str, known: &[&str]) -> Error {
        let place = self.place();
        Error::configuration(match nearest(&self.name, known) {
            Some(near) => format!("{place} is not {what}; did you mean `{near}`?"),
            None => format!(
                "{place} is not {what}; there is {}",
                listed(known.iter().copied())
            ),
        })
    }

    /// Returns the value as an error shows it.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::Null => "null".into(),
            Value::Boolean(value) => value.to_string(),
            Value::Number(text) | Value::Text(text) => text.clone(),
            Value::List(_) => "a list".into(),
            Value::Table(_) => "a table".into(),
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }
}
