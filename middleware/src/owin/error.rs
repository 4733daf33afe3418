use std::error::Error;
use std::fmt;

/// Why a value of an environment could not be had or set. The text names the key.
#[derive(Clone, Debug)]
pub struct EnvironmentError {
    key: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Missing,
    WrongType {
        wanted: &'static str,
        there: &'static str,
    },
    Invalid(&'static str),
    Frozen,
}

impl EnvironmentError {
    pub(super) fn missing(key: &str) -> Self {
        Self::new(key, Kind::Missing)
    }

    pub(super) fn wrong_type(key: &str, wanted: &'static str, there: &'static str) -> Self {
        Self::new(key, Kind::WrongType { wanted, there })
    }

    pub(super) fn invalid(key: &str, why: &'static str) -> Self {
        Self::new(key, Kind::Invalid(why))
    }

    pub(super) fn frozen(key: &str) -> Self {
        Self::new(key, Kind::Frozen)
    }

    fn new(key: &str, kind: Kind) -> Self {
        let key = key.to_owned();
        Self { key, kind }
    }

    /// Returns the key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns whether the head of the response was sent already, to which the value belongs.
    pub fn is_frozen(&self) -> bool {
        matches!(self.kind, Kind::Frozen)
    }

    /// Returns whether there is no such value.
    pub fn is_missing(&self) -> bool {
        matches!(self.kind, Kind::Missing)
    }
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.kind {
            Kind::Missing => write!(f, "the environment has no `{key}`"),
            Kind::WrongType { wanted, there } => {
                write!(f, "the value of `{key}` is no {wanted}, but {there}")
            }
            Kind::Invalid(why) => write!(f, "the value of `{key}` is wrong: {why}"),
            Kind::Frozen => write!(
                f,
                "`{key}` cannot be set any more: the head of the response is sent with the first write to its body"
            ),
        }
    }
}

impl Error for EnvironmentError {}
