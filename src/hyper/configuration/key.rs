//! One table of names for what reads a file, what documents it, and what tests both.

use crate::configuration::{Entry, Problems, Section, plain};

/// A name in a table of the file, and what it sets in a `T`.
pub(super) struct Key<T> {
    pub(super) name: &'static str,
    /// What Kestrel calls it, where it has it.
    pub(super) kestrel: Option<&'static str>,
    /// What the value is, in the words of the documentation.
    pub(super) is: &'static str,
    /// Whether `none` may stand for it.
    pub(super) optional: bool,
    pub(super) about: &'static str,
    pub(super) on: Where,
    pub(super) read: fn(T, &Entry, &mut Problems) -> T,
    /// Shows the value of a `T`; `None` where that would say nothing.
    pub(super) shown: fn(&T) -> Option<String>,
}

/// Which endpoints an option is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    All,
    /// Those with an address of `https`.
    Tls,
    /// Those with a port.
    Tcp,
    /// Those with a unix socket.
    Unix,
}

impl<T> Key<T> {
    /// Says which endpoints it is for.
    pub(super) const fn on(mut self, on: Where) -> Self {
        self.on = on;
        self
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        let name = plain(name);
        plain(self.name) == name || self.kestrel.is_some_and(|kestrel| plain(kestrel) == name)
    }
}

/// A table of the file.
pub(super) struct Table<T: 'static> {
    /// What its keys are: "a limit".
    pub(super) what: &'static str,
    pub(super) keys: &'static [Key<T>],
    /// What Kestrel has there and this server does not, and why.
    pub(super) kestrel: &'static [(&'static str, &'static str)],
}

impl<T> Table<T> {
    /// Reads a table onto `target`. What is wrong leaves it as it is.
    pub(super) fn read(&self, section: &Section, mut target: T, problems: &mut Problems) -> T {
        let mut seen: Vec<(&str, &Entry)> = Vec::new();
        for entry in section.entries() {
            let Some(key) = self.keys.iter().find(|key| key.is_called(entry.name())) else {
                problems.add(self.unknown(entry));
                continue;
            };
            // Of two files, each with another spelling, the stronger comes later.
            let twice = seen.iter().find(|(name, other)| {
                *name == key.name && other.origin().is_of_source(entry.origin())
            });
            if let Some((_, other)) = twice {
                problems.add(entry.error(format_args!(
                    "{} says the same; one of them is enough",
                    other.place()
                )));
                continue;
            }
            seen.push((key.name, entry));
            target = (key.read)(target, entry, problems);
        }
        target
    }

    fn unknown(&self, entry: &Entry) -> crate::Error {
        let name = entry.key();
        let mut others = self.kestrel.iter();
        match others.find(|(known, _)| plain(known) == name) {
            Some((_, why)) => entry.error(format_args!("this server does not have it: {why}")),
            None => {
                let names: Vec<&str> = self.keys.iter().map(|key| key.name).collect();
                entry.unknown(self.what, &names)
            }
        }
    }
}

/// `key!(Limits, name / with_name, kestrel, kind, "what it is about")`: a key that is an option of that name.
macro_rules! key {
    ($of:ty, $name:ident / $with:ident, $kestrel:expr, $kind:ty, $about:literal) => {
        $crate::hyper::configuration::key::Key {
            name: stringify!($name),
            kestrel: $kestrel,
            is: <$kind as $crate::hyper::configuration::kind::Kind>::IS,
            optional: <$kind as $crate::hyper::configuration::kind::Kind>::OPTIONAL,
            about: $about,
            on: $crate::hyper::configuration::key::Where::All,
            read: |target: $of, entry, problems| match problems.ok(
                <$kind as $crate::hyper::configuration::kind::Kind>::read(entry),
            ) {
                Some(value) => target.$with(value),
                None => target,
            },
            shown: |target: &$of| {
                Some(<$kind as $crate::hyper::configuration::kind::Kind>::shown(
                    target.$name(),
                ))
            },
        }
    };
}

/// `field!(Values, name, kestrel, "what it is", read, "what it is about", shown)`: a key that is a field of that
/// name, which `read` returns.
macro_rules! field {
    ($of:ty, $name:ident, $kestrel:expr, $is:literal, $read:expr, $about:literal, $shown:expr) => {
        $crate::hyper::configuration::key::Key {
            name: stringify!($name),
            kestrel: $kestrel,
            is: $is,
            optional: false,
            about: $about,
            on: $crate::hyper::configuration::key::Where::All,
            read: |mut target: $of, entry, problems| {
                if let Some(value) = problems.ok(($read)(entry)) {
                    target.$name = value.into();
                }
                target
            },
            shown: $shown,
        }
    };
}

/// `table!(Values, name, kestrel, read, "what it is about")`: a key whose value is a table, which `read` reads
/// onto the `Values`.
macro_rules! table {
    ($of:ty, $name:ident, $kestrel:expr, $read:expr, $about:literal) => {
        $crate::hyper::configuration::key::Key {
            name: stringify!($name),
            kestrel: $kestrel,
            is: "table",
            optional: false,
            about: $about,
            on: $crate::hyper::configuration::key::Where::All,
            read: |target: $of, entry, problems| match problems.ok(entry.table()) {
                Some(table) => ($read)(target, table, problems),
                None => target,
            },
            shown: |_| None,
        }
    };
}

pub(super) use {field, key, table};
