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
    known: Vec<(String, Make)>,
}

type Make = Box<dyn Fn() -> BoxServer + Send>;

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
        let name = name.into();
        let make: Make = Box::new(move || make().boxed());
        match self.known.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = make,
            None => self.known.push((name, make)),
        }
        self
    }

    /// Returns the names, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|(name, _)| name.as_str())
    }

    /// Makes the server of that name, ASCII case ignored; the first one for `None`.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when there is none of that name; it lists those that there are.
    pub fn choose(&self, name: Option<&str>) -> Result<BoxServer, Error> {
        let chosen = match name {
            Some(name) => self
                .known
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name)),
            None => self.known.first(),
        };
        match (chosen, name) {
            (Some((_, make)), _) => Ok(make()),
            (None, Some(name)) => Err(Error::configuration(format!(
                "there is no server `{name}`; this program has {}",
                crate::text::listed(self.names())
            ))),
            (None, None) => Err(Error::configuration("this program has no server")),
        }
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
