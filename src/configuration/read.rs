//! The value of an entry as what it shall be.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Entry, Section, Value, units};
use crate::contract::Error;

impl Entry {
    /// Returns whether the value stands for the absence of one: `null`, or the text `none`.
    pub fn is_none(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Text(text) => text.trim().eq_ignore_ascii_case("none"),
            _ => false,
        }
    }

    /// Returns text, without the blanks around it.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is something else, or empty.
    pub fn text(&self) -> Result<&str, Error> {
        match &self.value {
            Value::Text(text) if text.trim().is_empty() => Err(self.error("it is empty")),
            Value::Text(text) => Ok(text.trim()),
            _ => Err(self.wrong("text")),
        }
    }

    /// Returns `true` or `false`; as text also `1` or `0`.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is neither.
    pub fn boolean(&self) -> Result<bool, Error> {
        let shown = match &self.value {
            Value::Boolean(value) => return Ok(*value),
            Value::Text(text) => text.trim().to_ascii_lowercase(),
            _ => self.shown(),
        };
        match shown.as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.error(format_args!(
                "`{}` is neither `true` nor `false`",
                self.shown().trim()
            ))),
        }
    }

    /// Returns a whole number within a range.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is something else, or outside of the range.
    pub fn number<T>(&self, range: RangeInclusive<T>) -> Result<T, Error>
    where
        T: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        let read = self.scalar().and_then(|text| units::whole(&text));
        let Some(number) = read else {
            return Err(self.wrong("a whole number"));
        };
        self.within(number, range)
    }

    /// Returns a number of bytes; with a unit also `8 KiB`, `1 MiB`, `30 MB`.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is something else.
    pub fn size(&self) -> Result<u64, Error> {
        let read = self.scalar().and_then(|text| units::size(&text));
        read.ok_or_else(|| self.wrong("a size; a number of bytes is, or text like `8 KiB`"))
    }

    /// As [`size`](Self::size), within a range.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is something else, or outside of the range.
    pub fn size_within<T>(&self, range: RangeInclusive<T>) -> Result<T, Error>
    where
        T: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        self.within(self.size()?, range)
    }

    /// Returns a duration: a number of seconds, or text like `500ms`, `30s`, `2m`, `1h` or .NET's `00:02:10`.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is something else.
    pub fn duration(&self) -> Result<Duration, Error> {
        let read = self.scalar().and_then(|text| units::duration(&text));
        read.ok_or_else(|| {
            self.wrong("a duration; a number of seconds is, or text like `500ms`, `30s`, `2m`, `1h` or `00:02:10`")
        })
    }

    /// Returns the entries of a list: of an array, or of text separated by `;`. One value is a list of one.
    pub fn list(&self) -> Cow<'_, [Self]> {
        match &self.value {
            Value::List(entries) => Cow::Borrowed(entries),
            Value::Text(text) => Cow::Owned(
                text.split(';')
                    .filter(|part| !part.trim().is_empty())
                    .map(|part| Self {
                        value: Value::Text(part.into()),
                        ..self.clone()
                    })
                    .collect(),
            ),
            _ => Cow::Owned(vec![self.clone()]),
        }
    }

    /// Returns a table.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is something else.
    pub fn table(&self) -> Result<&Section, Error> {
        match &self.value {
            Value::Table(section) => Ok(section),
            _ => Err(Error::configuration(format!(
                "{} is not a table of settings",
                self.place()
            ))),
        }
    }

    fn scalar(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::Number(text) | Value::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn within<T>(&self, number: u64, range: RangeInclusive<T>) -> Result<T, Error>
    where
        T: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        match T::try_from(number) {
            Ok(number) if number < *range.start() => Err(self.error(format_args!(
                "{number} is too small; the least is {}",
                range.start()
            ))),
            Ok(number) if number <= *range.end() => Ok(number),
            _ => Err(self.error(format_args!(
                "{number} is too large; the most is {}",
                range.end()
            ))),
        }
    }

    /// Says that the value is not what it shall be.
    fn wrong(&self, what: &str) -> Error {
        match &self.value {
            Value::List(_) | Value::Table(_) => {
                self.error(format_args!("{} is not {what}", self.shown()))
            }
            _ => self.error(format_args!("`{}` is not {what}", self.shown().trim())),
        }
    }
}
