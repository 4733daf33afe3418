use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::name::{join, plain};
use super::origin::{Origin, Source};
use super::{Entry, Value, file, json, toml};
use crate::contract::Error;

/// A table of a settings file: names, values, and where each stands.
///
/// Names are found whatever their case, and underscores in them do not count: `KeepAliveTimeout` is
/// `keep_alive_timeout`.
///
/// ```
/// use transom::configuration::Section;
///
/// let file = Section::from_json_str(r#"{ "Database": { "PoolSize": 8 } } // comments may stay"#)?;
/// let database = file.section("database")?;
/// assert_eq!(database.get("pool_size").unwrap().number(1..=100)?, 8);
/// assert!(file.section("cache")?.is_empty());
/// # Ok::<_, transom::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Section {
    entries: Vec<Entry>,
    /// The names that lead to it; empty for a whole file.
    path: String,
    again: Option<Again>,
}

/// How a section is read once more.
#[derive(Clone)]
struct Again {
    files: Arc<[PathBuf]>,
    read: Read,
}

type Read = Arc<dyn Fn() -> Result<Section, Error> + Send + Sync>;

impl Section {
    /// Reads a whole file; its name tells whether it is TOML or JSON. JSON may have comments and trailing commas.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when it is missing, cannot be read or is malformed, with the file, the line and
    /// the column.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let read = file::read(&path)?;
        let again = path.clone();
        Ok(read.with_source(vec![path], move || file::read(&again)))
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when it is malformed.
    pub fn from_toml_str(text: &str) -> Result<Self, Error> {
        toml::read(&Source::new(text, None))
    }

    /// Reads JSON, which may have comments and trailing commas.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when it is malformed.
    pub fn from_json_str(text: &str) -> Result<Self, Error> {
        json::read(&Source::new(text, None))
    }

    /// Sets what the section depends on and how it is read again when one of the files changes, comes or goes.
    #[must_use]
    pub fn with_source(
        self,
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<Self, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            again: Some(Again {
                files: files.into(),
                read: Arc::new(read),
            }),
            ..self
        }
    }

    /// Returns the files that the section depends on, those that are absent included.
    pub fn files(&self) -> &[PathBuf] {
        match &self.again {
            Some(again) => &again.files,
            None => &[],
        }
    }

    /// Reads the section again; as it is, if it is not from files.
    ///
    /// # Errors
    ///
    /// As when it was read first.
    pub fn reload(&self) -> Result<Self, Error> {
        match &self.again {
            Some(again) => Ok(Self {
                again: Some(again.clone()),
                ..(again.read)()?
            }),
            None => Ok(self.clone()),
        }
    }

    /// Returns whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the names that lead to it, joined by dots; empty for a whole file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what is in it, in the order in which it is written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the entry of that name; the last, if there are several.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let name = plain(name);
        self.entries.iter().rev().find(|entry| entry.key() == name)
    }

    /// Returns the table of that name; an empty one if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] if it is no table, or there are two of that name in one file.
    pub fn section(&self, name: &str) -> Result<Self, Error> {
        let key = plain(name);
        let mut found = self.entries.iter().filter(|entry| entry.key() == key);
        let (first, second) = (found.next(), found.next());
        if let (Some(first), Some(second)) = (first, second) {
            return Err(second.error(format_args!("{} says the same", first.place())));
        }
        let section = match first.map(|entry| &entry.value) {
            None | Some(Value::Null) => Self {
                path: join(&self.path, name),
                ..Self::default()
            },
            Some(_) => first
                .map(Entry::table)
                .transpose()?
                .cloned()
                .unwrap_or_default(),
        };
        let Some(again) = &self.again else {
            return Ok(section);
        };
        let (read, name) = (Arc::clone(&again.read), name.to_owned());
        Ok(section.with_source(again.files.to_vec(), move || read()?.section(&name)))
    }

    /// Returns this with `stronger` over it: tables become one, name by name; of two other values the stronger
    /// one counts.
    #[must_use]
    pub fn merged_with(mut self, stronger: Self) -> Self {
        let old = self.entries.len();
        for entry in stronger.entries {
            let key = entry.key();
            // Only with what is weaker: twice the same name in one source is a mistake to be seen.
            let weaker = self.entries[..old]
                .iter_mut()
                .find(|weaker| weaker.key() == key);
            match weaker {
                None => self.entries.push(entry),
                Some(weaker) => match (&mut weaker.value, entry.value) {
                    (Value::Table(below), Value::Table(above)) => {
                        *below = std::mem::take(below).merged_with(above);
                    }
                    (_, value) => *weaker = Entry { value, ..entry },
                },
            }
        }
        self
    }

    /// Returns a section that says one thing: the last of `names` is `text`.
    pub(crate) fn of_text(names: &[&str], text: &str, origin: &Origin) -> Self {
        let mut path = String::new();
        let paths: Vec<String> = names
            .iter()
            .map(|name| {
                path = join(&path, name);
                path.clone()
            })
            .collect();
        let mut value = Value::Text(text.into());
        for at in (0..names.len()).rev() {
            let entry = Entry {
                name: names[at].to_owned(),
                path: paths[at].clone(),
                origin: origin.clone(),
                value,
            };
            let parent = match at {
                0 => "",
                at => &paths[at - 1],
            };
            value = Value::Table(Self::of_entries(parent, vec![entry]));
        }
        match value {
            Value::Table(section) => section,
            _ => Self::default(),
        }
    }

    pub(super) fn of_entries(path: &str, entries: Vec<Entry>) -> Self {
        Self {
            entries,
            path: path.to_owned(),
            again: None,
        }
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("path", &self.path)
            .field("entries", &self.entries)
            .field("files", &self.files())
            .finish_non_exhaustive()
    }
}
