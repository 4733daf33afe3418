use super::{AddressError, ServerAddress};

/// The addresses that a server is asked to bind, until it is.
///
/// A server keeps one among its options, and hands it to the host through
/// [`Server::requested_addresses`](crate::Server::requested_addresses): a host fills it in if it is empty.
/// The first malformed address is kept and comes out at [`take`](Self::take), so that constructors need
/// not fail.
///
/// ```
/// use transom::features::RequestedAddresses;
///
/// let mut requested = RequestedAddresses::parse("http://127.0.0.1:0; http://unix:/run/app.sock");
/// assert_eq!(requested.take()?.len(), 2);
///
/// let mut none = RequestedAddresses::default();
/// assert_eq!(none.take()?[0].to_string(), "http://localhost:5000");
/// assert!(RequestedAddresses::parse("localhost").take().is_err());
/// # Ok::<_, transom::features::AddressError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequestedAddresses {
    addresses: Vec<ServerAddress>,
    malformed: Option<AddressError>,
}

impl RequestedAddresses {
    /// What a server binds that nobody told anything.
    pub const DEFAULT: &'static str = "http://localhost:5000";

    /// Reads a list separated by `;`. Blanks around an address, and empty entries, do not count.
    pub fn parse(list: &str) -> Self {
        let mut requested = Self::default();
        requested.add(list);
        requested
    }

    /// Adds the addresses of a list separated by `;`.
    pub fn add(&mut self, list: &str) {
        for text in list
            .split(';')
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            match text.parse() {
                Ok(address) => self.addresses.push(address),
                Err(error) => {
                    self.malformed.get_or_insert(error);
                }
            }
        }
    }

    /// Forgets what was asked for.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.malformed.is_none()
    }

    /// Takes the addresses to bind; [`DEFAULT`](Self::DEFAULT) if nothing was asked for.
    ///
    /// # Errors
    ///
    /// The first address that was malformed.
    pub fn take(&mut self) -> Result<Vec<ServerAddress>, AddressError> {
        match self.malformed.take() {
            Some(error) => Err(error),
            None if self.addresses.is_empty() => Ok(vec![Self::DEFAULT.parse()?]),
            None => Ok(std::mem::take(&mut self.addresses)),
        }
    }
}
