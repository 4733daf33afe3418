use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tower_layer::Layer;

use super::compiled::Compiled;
use super::{Rewrite, Rule, file};

/// Rewrites and redirects requests by rules. See the [module](super).
#[doc(alias = "UseRewriter")]
#[doc(alias = "RewriteOptions")]
#[derive(Clone, Debug)]
pub struct RewriteLayer {
    rules: Arc<[Compiled]>,
}

impl RewriteLayer {
    /// Follows rules, in their order.
    ///
    /// # Errors
    ///
    /// One of them is invalid; the text says which, and why.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, InvalidRule> {
        let compiled = rules.into_iter().enumerate().map(|(index, rule)| {
            Compiled::new(rule).map_err(|mistake| InvalidRule {
                place: format!("rule {}", index + 1),
                problem: format!("`{}`: {}", mistake.part, mistake.problem),
            })
        });
        let rules = compiled.collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Follows rules [in TOML](super#rules-from-a-file), in their order.
    ///
    /// # Errors
    ///
    /// It is not TOML, or one of the rules is invalid; the text says at which line, and why.
    pub fn from_toml(text: &str) -> Result<Self, InvalidRule> {
        let rules = file::read(text).map_err(|(line, problem)| InvalidRule {
            place: format!("line {line}"),
            problem,
        })?;
        let rules = rules.into();
        Ok(Self { rules })
    }

    /// As [`from_toml`](Self::from_toml), from a file, which is read once.
    ///
    /// # Errors
    ///
    /// As there, with the name of the file; or it cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, InvalidRule> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| InvalidRule {
            place: path.display().to_string(),
            problem: error.to_string(),
        })?;
        Self::from_toml(&text).map_err(|error| InvalidRule {
            place: format!("{}, {}", path.display(), error.place),
            ..error
        })
    }
}

impl<S> Layer<S> for RewriteLayer {
    type Service = Rewrite<S>;

    fn layer(&self, inner: S) -> Rewrite<S> {
        Rewrite::new(inner, Arc::clone(&self.rules))
    }
}

/// A rule is invalid: where it is, which part of it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRule {
    place: String,
    problem: String,
}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl Error for InvalidRule {}
