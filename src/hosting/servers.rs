use std::fmt;

use crate::contract::{BoxServer, Error, Server};

/// The servers that a program can run on, by name: one of them is chosen when it runs.
///
/// ```
/// use transom::{HyperServer, hosting::Servers, testing::TestServer};
///
/// let servers = Servers::new()
///     .with("hyper", HyperServer::default)
///     .with("memory", TestServer::new);
/// assert!(servers.choose(None).is_ok()); // the first
///
/// let error = servers.choose(Some("nginx")).unwrap_err();
/// assert_eq!(error.to_string(), "there is no server `nginx`; this program has `hyper` and `memory`");
/// ```
#[derive(Default)]
pub struct Servers {
    known: Vec<(String, Known)>,
}

enum Known {
    Here(Box<dyn Fn() -> BoxServer + Send>),
    /// It is not, and what would help.
    Absent(String),
}

impl Servers {
    /// Returns an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a server, made only when it is chosen. The first is the default; of two with one name
    /// the later is meant.
    #[must_use]
    pub fn with<S: Server>(
        mut self,
        name: impl Into<String>,
        make: impl Fn() -> S + Send + 'static,
    ) -> Self {
        self.set(name.into(), Known::Here(Box::new(move || make().boxed())));
        self
    }

    /// Adds the name of a server that this program does not have, and what would help: whoever asks for it is
    /// told.
    ///
    /// ```
    /// use transom::{HyperServer, hosting::Servers};
    ///
    /// let servers = Servers::new()
    ///     .with("hyper", HyperServer::default)
    ///     .with_absent("pingora", "build it with `--features pingora`");
    /// let error = servers.choose(Some("pingora")).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the server `pingora` is not in this program: build it with `--features pingora`; there is `hyper`",
    /// );
    /// ```
    #[must_use]
    pub fn with_absent(mut self, name: impl Into<String>, help: impl Into<String>) -> Self {
        self.set(name.into(), Known::Absent(help.into()));
        self
    }

    fn set(&mut self, name: String, what: Known) {
        match self.known.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = what,
            None => self.known.push((name, what)),
        }
    }

    /// Returns the names of the servers that are there, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter_map(|(name, known)| match known {
            Known::Here(_) => Some(name.as_str()),
            Known::Absent(_) => None,
        })
    }

    /// Returns the names of the servers that are not there, and what would help.
    pub fn absent(&self) -> impl Iterator<Item = (&str, &str)> {
        self.known.iter().filter_map(|(name, known)| match known {
            Known::Here(_) => None,
            Known::Absent(help) => Some((name.as_str(), help.as_str())),
        })
    }

    /// Makes the server of that name, ASCII case ignored; the first one for `None`.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when there is none of that name; it lists those that there are.
    pub fn choose(&self, name: Option<&str>) -> Result<BoxServer, Error> {
        let mut known = self.known.iter();
        let chosen = match name {
            Some(name) => known.find(|(known, _)| known.eq_ignore_ascii_case(name)),
            None => known.find(|(_, known)| matches!(known, Known::Here(_))),
        };
        let here = || crate::text::listed(self.names());
        match (chosen, name) {
            (Some((_, Known::Here(make))), _) => Ok(make()),
            (Some((name, Known::Absent(help))), _) => Err(Error::configuration(format!(
                "the server `{name}` is not in this program: {help}; there is {}",
                here()
            ))),
            (None, Some(name)) => Err(Error::configuration(format!(
                "there is no server `{name}`; this program has {}",
                here()
            ))),
            (None, None) => Err(Error::configuration("this program has no server")),
        }
    }

    /// Returns what `--help` says of them.
    #[cfg(feature = "settings")]
    pub(super) fn help(&self) -> String {
        let mut text = String::from("\nServers:\n");
        for (at, name) in self.names().enumerate() {
            let default = if at == 0 { " (the default)" } else { "" };
            text += &format!("  {name}{default}\n");
        }
        for (name, help) in self.absent() {
            text += &format!("  {name} is not in this program: {help}\n");
        }
        text
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
