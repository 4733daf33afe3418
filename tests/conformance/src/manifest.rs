use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::Deserialize;

use crate::Capability;

/// What a server can do: the file `conformance.toml` that is committed beside it.
///
/// Every [`Capability`] is listed, and each is held to: one that is present passes all the cases that
/// need it, one that is declared absent fails at least one of them. Beside them, `[fails]` may name single
/// test lines that the server's engine cannot pass; such a line has to fail, so that it is taken out as
/// soon as it passes.
///
/// ```
/// use transom_conformance::{Capability, Manifest, Support};
///
/// let mut text = String::from("server = 'example'\n[capabilities]\n");
/// for capability in Capability::ALL {
///     text += &format!("{capability} = 'native'\n");
/// }
/// let manifest = Manifest::parse(&text)?;
/// assert_eq!(manifest.support(Capability::Http2), &Support::Native);
///
/// let error = Manifest::parse("server = 'example'\n[capabilities]").unwrap_err();
/// assert!(error.to_string().starts_with("the manifest does not say whether there is `in-memory`"));
/// # Ok::<_, transom_conformance::ManifestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Manifest {
    server: String,
    capabilities: BTreeMap<Capability, Support>,
    fails: BTreeMap<String, String>,
}

/// Whether a server has a capability.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// The engine itself has it.
    Native,
    /// The adapter makes up for the engine.
    Emulated,
    /// It is not there, and why.
    Absent(String),
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// The text is not TOML of this form, a capability is unknown, or one is missing.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let file: File = toml::from_str(text).map_err(|error| ManifestError(error.to_string()))?;
        let mut capabilities = BTreeMap::new();
        for (name, support) in file.capabilities {
            let capability = Capability::named(&name).ok_or_else(|| {
                ManifestError(format!(
                    "the manifest names `{name}`, which is no capability"
                ))
            })?;
            capabilities.insert(capability, support.try_into()?);
        }
        let missing = Capability::ALL
            .iter()
            .find(|capability| !capabilities.contains_key(capability));
        if let Some(capability) = missing {
            return Err(ManifestError(format!(
                "the manifest does not say whether there is `{capability}`: write \
                 `{capability} = \"native\"`, `\"emulated\"`, or `{{ absent = \"why\" }}`"
            )));
        }
        Ok(Self {
            server: file.server,
            capabilities,
            fails: file.fails,
        })
    }

    /// Returns the name of the server, for tables.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Returns whether the server has a capability.
    pub fn support(&self, capability: Capability) -> &Support {
        // `parse` made sure that each is there.
        &self.capabilities[&capability]
    }

    /// Returns whether a capability is there, native or emulated.
    pub fn has(&self, capability: Capability) -> bool {
        !matches!(self.support(capability), Support::Absent(_))
    }

    /// Returns the test lines that have to fail, with the reasons.
    pub fn fails(&self) -> &BTreeMap<String, String> {
        &self.fails
    }
}

/// A manifest is malformed; see [`Manifest::parse`].
#[derive(Clone, Debug)]
pub struct ManifestError(String);

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ManifestError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: String,
    capabilities: BTreeMap<String, Written>,
    #[serde(default)]
    fails: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Present(String),
    Absent { absent: String },
}

impl TryFrom<Written> for Support {
    type Error = ManifestError;

    fn try_from(written: Written) -> Result<Self, ManifestError> {
        match written {
            Written::Present(text) if text == "native" => Ok(Self::Native),
            Written::Present(text) if text == "emulated" => Ok(Self::Emulated),
            Written::Present(text) => Err(ManifestError(format!(
                "`{text}` is neither \"native\" nor \"emulated\" nor {{ absent = \"why\" }}"
            ))),
            Written::Absent { absent } if absent.trim().is_empty() => Err(ManifestError(
                "an absent capability needs a reason".to_owned(),
            )),
            Written::Absent { absent } => Ok(Self::Absent(absent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(line: &str) -> String {
        let name = line.split(' ').next().unwrap_or_default();
        let mut text = String::from("server = 'x'\n[capabilities]\n");
        for capability in Capability::ALL.iter().filter(|one| one.name() != name) {
            text += &format!("{capability} = 'native'\n");
        }
        text + line
    }

    fn error(text: &str) -> String {
        Manifest::parse(text).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn an_unknown_capability_is_an_error() {
        assert_eq!(
            error(&with("teleport = 'native'")),
            "the manifest names `teleport`, which is no capability",
        );
    }

    #[test]
    fn an_absence_needs_a_reason() {
        assert_eq!(error(&with("tcp = { absent = 'no sockets' }")), "");
        assert_eq!(
            error(&with("tcp = { absent = ' ' }")),
            "an absent capability needs a reason",
        );
        assert!(error(&with("tcp = 'maybe'")).starts_with("`maybe` is neither"));
    }
}
