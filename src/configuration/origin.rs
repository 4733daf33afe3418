//! Where an entry stands.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A place in a file, or in a text without a name. Both count from 1.
    Text {
        file: Option<Arc<Path>>,
        line: usize,
        column: usize,
    },
    /// A variable or an option, as an error names it: "`TRANSOM_HYPER__X`".
    Named(Arc<str>),
}

impl Origin {
    /// Returns whether both stand in one file, or are said in one breath.
    pub(crate) fn is_of_source(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text { file, .. }, Self::Text { file: other, .. }) => file == other,
            (Self::Named(_), Self::Named(_)) => true,
            _ => false,
        }
    }

    /// Returns the file.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Text { file, .. } => file.as_deref(),
            Self::Named(_) => None,
        }
    }

    /// Names the entry at `path`, for an error.
    pub(super) fn place_of(&self, path: &str) -> String {
        match self {
            Self::Named(name) => name.to_string(),
            _ if path.is_empty() => self.to_string(),
            text => format!("`{path}` {text}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text {
                file: Some(file),
                line,
                column,
            } => write!(f, "in `{}:{line}:{column}`", file.display()),
            Self::Text { line, column, .. } => write!(f, "at line {line}, column {column}"),
            Self::Named(name) => write!(f, "in {name}"),
        }
    }
}

/// A text, and the name of the file that it is from: turns offsets into places.
pub(super) struct Source<'a> {
    text: &'a str,
    file: Option<Arc<Path>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, file: Option<&Path>) -> Self {
        Self {
            text,
            file: file.map(Arc::from),
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the place of a byte.
    pub(super) fn at(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Origin::Text {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }

    /// Says what keeps the text from being read.
    pub(super) fn malformed(
        &self,
        offset: Option<usize>,
        what: impl fmt::Display,
    ) -> crate::contract::Error {
        let origin = self.at(offset.unwrap_or(self.text.len()));
        crate::contract::Error::configuration(match &origin {
            Origin::Text {
                file: Some(file),
                line,
                column,
            } => format!("`{}:{line}:{column}` is malformed: {what}", file.display()),
            _ => format!("the settings are malformed {origin}: {what}"),
        })
    }
}
