//! What one source of settings says.

use super::key::Key;
use crate::configuration::Section;
use crate::contract::Error;

/// The settings of one source, as text; each knows where it was given.
#[derive(Debug, Default)]
pub(super) struct Layer {
    given: Vec<(Key, Given)>,
    /// What it says to others than the host.
    pub(super) sections: Section,
}

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
        self.given.push((key, given));
    }

    /// Adds what is said to others than the host.
    pub(super) fn add_section(&mut self, section: Section) {
        self.sections = std::mem::take(&mut self.sections).merged_with(section);
    }

    /// Returns the setting; the last one, if it was given more than once.
    pub(super) fn get(&self, key: Key) -> Option<&Given> {
        let mut given = self.given.iter().rev();
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

    /// Takes what the sources say to others than the host, as one.
    pub(super) fn take_sections(&mut self) -> Section {
        let sections = self.0.iter_mut().rev().map(|layer| &mut layer.sections);
        sections.fold(Section::default(), |below, above| {
            below.merged_with(std::mem::take(above))
        })
    }
}
