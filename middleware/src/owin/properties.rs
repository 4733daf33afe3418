use std::any::{Any, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::EnvironmentError;

/// Values of any type, found by a key in text. Clones are handles of the same values.
///
/// OWIN hands such a dictionary around when a server starts, as `server.Capabilities`, and with a connection that was
/// taken over. Keys are compared byte for byte.
///
/// ```
/// use transom_middleware::owin::{Properties, keys};
///
/// let capabilities = Properties::new();
/// capabilities.set(keys::SERVER_NAME, "Nowin/1.0".to_owned());
/// assert_eq!(capabilities.get::<String>("server.Name").as_deref(), Some("Nowin/1.0"));
/// assert_eq!(capabilities.get::<String>("server.name"), None);
///
/// let error = capabilities.require::<u16>("server.Name").unwrap_err();
/// assert_eq!(error.to_string(), "the value of `server.Name` is no u16, but alloc::string::String");
/// ```
#[derive(Clone, Default)]
pub struct Properties(Arc<Mutex<HashMap<String, Item>>>);

pub(super) type Value = Box<dyn Any + Send>;

struct Item {
    value: Value,
    /// For messages.
    of: &'static str,
}

impl Properties {
    /// Returns a dictionary without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a copy of the value; `None` if there is none, or one of another type.
    pub fn get<T: Clone + Send + 'static>(&self, key: &str) -> Option<T> {
        let items = self.lock();
        items.get(key)?.value.downcast_ref::<T>().cloned()
    }

    /// As [`get`](Self::get), for a value that the caller cannot do without.
    ///
    /// # Errors
    ///
    /// Names the key, and the type that is there instead, if any.
    pub fn require<T: Clone + Send + 'static>(&self, key: &str) -> Result<T, EnvironmentError> {
        self.get(key).ok_or_else(|| match self.type_of(key) {
            Some(there) => EnvironmentError::wrong_type(key, type_name::<T>(), there),
            None => EnvironmentError::missing(key),
        })
    }

    /// Removes the value and returns it, if it is one of this type.
    pub fn take<T: Send + 'static>(&self, key: &str) -> Option<T> {
        let mut items = self.lock();
        if !items.get(key)?.value.is::<T>() {
            return None;
        }
        let value = items.remove(key)?.value.downcast().ok();
        value.map(|value| *value)
    }

    /// Sets a value, whatever was there.
    pub fn set<T: Send + 'static>(&self, key: &str, value: T) {
        self.put(key, Box::new(value), type_name::<T>());
    }

    /// Removes a value, and returns whether there was one.
    pub fn remove(&self, key: &str) -> bool {
        // Dropped when the lock is not held: it may have a handle of these values.
        let removed = self.lock().remove(key);
        removed.is_some()
    }

    /// Returns whether there is a value.
    pub fn contains(&self, key: &str) -> bool {
        self.lock().contains_key(key)
    }

    /// Returns the keys, in the order of their bytes.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.lock().keys().cloned().collect();
        keys.sort_unstable();
        keys
    }

    pub(super) fn put(&self, key: &str, value: Value, of: &'static str) {
        let before = self.lock().insert(key.to_owned(), Item { value, of });
        drop(before);
    }

    pub(super) fn type_of(&self, key: &str) -> Option<&'static str> {
        self.lock().get(key).map(|item| item.of)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Properties ")?;
        f.debug_set().entries(self.keys()).finish()
    }
}
