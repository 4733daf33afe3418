use super::Feature;

/// Present if the server ends once it has served what it was started for, as a program of CGI does behind its one
/// request. Where it is absent a server that ends unasked has failed.
///
/// A host goes on with its other servers, and stops when such a server was the last.
///
/// ```
/// use transom::features::{EndsByItself, Features};
///
/// let mut features = Features::new();
/// features.insert(EndsByItself::new());
/// assert!(features.contains::<EndsByItself>());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EndsByItself(());

impl EndsByItself {
    /// Returns the flag; for servers.
    pub const fn new() -> Self {
        Self(())
    }
}

impl Feature for EndsByItself {
    const NAME: &'static str = "server.ends_by_itself";
}
