//! What one source of settings says.

use super::key::Key;
use crate::contract::Error;

/// The settings of one source, as text; each knows where it was given.
#[derive(Debug, Default)]
pub(super) struct Layer(Vec<(Key, Given)>);

/// A setting as it was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) value: String,
    /// Where, as an error names it: "`--urls`".
    pub(super) origin: String,
}

impl Given {
    /// Says what is wrong with the value, and where it stands.
    pub(super) fn error(&self, problem: impl std::fmt::Display) -> Error {
        Error::configuration(format!("{}: {problem}", self.origin))
    }
}

impl Layer {
    pub(super) fn set(&mut self, key: Key, value: impl Into<String>, origin: impl Into<String>) {
        let given = Given {
            value: value.into(),
            origin: origin.into(),
        };
        self.0.push((key, given));
    }

    /// Returns the setting; the last one, if it was given more than once.
    pub(super) fn get(&self, key: Key) -> Option<&Given> {
        let mut given = self.0.iter().rev();
        given
            .find(|(known, _)| *known == key)
            .map(|(_, given)| given)
    }
}

/// Sources of settings, the strongest first.
#[derive(Debug, Default)]
pub(super) struct Layers(pub(super) Vec<Layer>);

impl Layers {
    pub(super) fn get(&self, key: Key) -> Option<&Given> {
        self.0.iter().find_map(|layer| layer.get(key))
    }
}
