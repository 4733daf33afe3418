//! Files of settings.

use std::io::ErrorKind;
use std::path::Path;

use super::origin::Source;
use super::{Section, json, toml};
use crate::contract::Error;

/// Reads a file, which must exist.
pub(super) fn read(path: &Path) -> Result<Section, Error> {
    match read_if_there(path)? {
        Some(section) => Ok(section),
        None => Err(Error::configuration(format!(
            "there is no file `{}`",
            path.display()
        ))),
    }
}

/// Reads a file; `None` if there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Section>, Error> {
    let parse = match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => toml::read,
        Some("json") => json::read,
        _ => {
            return Err(Error::configuration(format!(
                "cannot tell the format of `{}` by its name; `.toml` and `.json` are known",
                path.display()
            )));
        }
    };
    match text(path)? {
        Some(text) => parse(&Source::new(&text, Some(path))).map(Some),
        None => Ok(None),
    }
}

/// Reads the text of a file, without the mark that some editors put first; `None` if there is none.
pub(crate) fn text(path: &Path) -> Result<Option<String>, Error> {
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
