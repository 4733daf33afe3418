use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::Feature;

/// What a gateway, such as a web server that speaks CGI, FastCGI or SCGI, said of a request: its variables, as
/// they came.
///
/// The request was made from them already. This is for what has no place in a request: `DOCUMENT_ROOT`,
/// `REMOTE_USER`, or what somebody configured. Absent where no gateway is.
///
/// A variable whose name begins with `HTTP_` is a field that the client wrote; the others are the gateway's. It
/// prints without the values, which may be secrets.
///
/// ```
/// use transom::features::ServerVariables;
///
/// let variables: ServerVariables = [("REMOTE_USER", "ada"), ("DOCUMENT_ROOT", "/srv/www")]
///     .into_iter()
///     .collect();
/// assert_eq!(variables.get("REMOTE_USER").unwrap(), "ada");
/// assert_eq!(variables.text("DOCUMENT_ROOT"), Some("/srv/www"));
/// assert!(variables.get("remote_user").is_none());
/// assert_eq!(format!("{variables:?}"), r#"{"REMOTE_USER", "DOCUMENT_ROOT"}"#);
/// ```
#[doc(alias = "IServerVariablesFeature")]
#[derive(Clone, Default)]
pub struct ServerVariables(Arc<[(Bytes, Bytes)]>);

impl ServerVariables {
    /// Returns the value of a variable; case matters. Of several with one name, the last counts, as it does in
    /// the environment of a process.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        let mut all = self.0.iter().rev();
        all.find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// As [`get`](Self::get), for a value that is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// Returns the names and values, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Bytes, &Bytes)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<Bytes>, V: Into<Bytes>> FromIterator<(N, V)> for ServerVariables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for ServerVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.iter().map(|(name, _)| String::from_utf8_lossy(name));
        f.debug_set().entries(names).finish()
    }
}

impl Feature for ServerVariables {
    const NAME: &'static str = "request.server_variables";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_one_name_counts_and_all_are_listed() {
        let variables: ServerVariables = [("A", "1"), ("B", "2"), ("A", "3")].into_iter().collect();
        assert_eq!(variables.text("A"), Some("3"));
        assert_eq!(variables.len(), 3);
        let all: Vec<_> = variables.iter().map(|(_, value)| value).collect();
        assert_eq!(all, ["1", "2", "3"]);
    }

    #[test]
    fn a_value_may_hold_any_bytes() {
        let variables: ServerVariables = [("A", &b"caf\xe9"[..])].into_iter().collect();
        assert_eq!(
            variables.get("A").map(|value| &value[..]),
            Some(&b"caf\xe9"[..])
        );
        assert_eq!(variables.text("A"), None);
    }
}
