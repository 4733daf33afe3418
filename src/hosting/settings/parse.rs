//! Values from text.

use std::time::Duration;

use super::layer::Given;
use crate::configuration;
use crate::contract::Error;

pub(super) fn boolean(given: &Given) -> Result<bool, Error> {
    match given.value.trim() {
        "1" => Ok(true),
        "0" => Ok(false),
        value if value.eq_ignore_ascii_case("true") => Ok(true),
        value if value.eq_ignore_ascii_case("false") => Ok(false),
        value => Err(given.error(format_args!("`{value}` is neither `true` nor `false`"))),
    }
}

/// A number of seconds, a number with a unit, or .NET's `00:00:30`.
pub(super) fn duration(given: &Given) -> Result<Duration, Error> {
    let value = given.value.trim();
    configuration::duration(value).ok_or_else(|| {
        given.error(format_args!(
            "`{value}` is not a duration; a number of seconds is, or one with a unit like `500ms`, `30s`, `2m`, `1h`"
        ))
    })
}

pub(super) fn seconds(given: &Given) -> Result<Duration, Error> {
    let value = given.value.trim();
    value
        .parse()
        .map(Duration::from_secs)
        .map_err(|_| given.error(format_args!("`{value}` is not a whole number of seconds")))
}

pub(super) fn port(given: &Given, text: &str) -> Result<u16, Error> {
    text.parse().map_err(|_| {
        given.error(format_args!(
            "`{text}` is not a port; a number from 0 to 65535 is"
        ))
    })
}

/// The name of an environment, which is a part of a file name.
pub(super) fn environment(given: &Given) -> Result<&str, Error> {
    let name = given.value.trim();
    if name.is_empty() || name.contains(['/', '\\', '\0']) {
        return Err(given.error(format_args!(
            "`{name}` is not the name of an environment; one like `Production`, without slashes, is"
        )));
    }
    Ok(name)
}

/// The entries of a list separated by `;`. Blanks around an entry, and empty entries, do not count.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str) -> Given {
        Given {
            value: value.into(),
            origin: "`--x`".into(),
        }
    }

    #[test]
    fn a_duration_is_seconds_unless_it_says_otherwise() {
        assert_eq!(
            duration(&given("500ms")).ok(),
            Some(Duration::from_millis(500))
        );
        assert_eq!(duration(&given(" 30 ")).ok(), Some(Duration::from_secs(30)));
        let error = duration(&given("1d")).err().map(|error| error.report());
        assert!(error.is_some_and(|error| error.starts_with("`--x`: `1d` is not a duration")));
    }

    #[test]
    fn a_boolean_is_a_word_or_a_digit() {
        for (text, expected) in [
            ("true", true),
            ("TRUE", true),
            ("1", true),
            ("False", false),
            ("0", false),
        ] {
            assert_eq!(boolean(&given(text)).ok(), Some(expected), "{text}");
        }
        let error = boolean(&given("yes")).err().map(|error| error.report());
        assert_eq!(
            error.as_deref(),
            Some("`--x`: `yes` is neither `true` nor `false`")
        );
    }
}
