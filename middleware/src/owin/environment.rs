use std::any::{TypeId, type_name};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use transom::{Body, Feature};

use super::mapped::{MAPPED, Mapped, mapped};
use super::properties::Value;
use super::view::{Given, View};
use super::{EnvironmentError, Properties, keys};

/// What OWIN hands an application: a request and its response, as values that are found by a key in text.
///
/// Clones are handles of one environment, so that middleware still has it when what comes after it has ended. In a
/// pipeline it is a view: the [keys](keys) of OWIN show the request and its features, and setting them changes those;
/// all other keys are items. What a key that is a view has under it is a copy, which is written back by
/// [`set`](Self::set), or at once by [`modify`](Self::modify).
///
/// As a [`Feature`] it is found by what comes after the component that made it.
///
/// ```
/// use http::HeaderMap;
/// use transom::{ApplicationBuilder, Request, RequestExt, testing::TestServer};
/// use transom_middleware::owin::{AppFunc, Environment, UseOwin, keys};
///
/// fn greeted(next: AppFunc) -> AppFunc {
///     AppFunc::new(move |environment: Environment| {
///         let next = next.clone();
///         async move {
///             let path: String = environment.require(keys::REQUEST_PATH)?;
///             environment.set("example.Greeting", format!("hello, {}", &path[1..]))?;
///             next.call(environment.clone()).await?;
///             // The response is there, and its head not sent.
///             assert_eq!(environment.get::<u16>(keys::RESPONSE_STATUS_CODE), Some(200));
///             environment.modify(keys::RESPONSE_HEADERS, |headers: &mut HeaderMap| headers.insert("x-path", path.parse().unwrap()))?;
///             Ok(())
///         }
///     })
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = ApplicationBuilder::new().use_owin(|owin| owin.with(greeted)).run_fn(|request: Request| async move {
///     let environment = request.feature::<Environment>();
///     environment.and_then(|environment| environment.get::<String>("example.Greeting")).unwrap_or_default()
/// });
/// let response = TestServer::new().start(app).await?.get("/you").await?;
/// assert_eq!(response.headers()["x-path"], "/you");
/// assert_eq!(response.into_body().collect(64).await?, "hello, you");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "OwinEnvironment")]
#[doc(alias = "IOwinEnvironmentFeature")]
#[derive(Clone, Default)]
pub struct Environment {
    view: Option<Arc<Mutex<View>>>,
    items: Properties,
}

impl Environment {
    /// Returns an environment that is no view: its keys are items, all of them. For servers, which set what a request
    /// is made of and call an [`AppFunc`](super::AppFunc) with it.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn over(view: View, items: Properties) -> Self {
        Self {
            view: Some(Arc::new(Mutex::new(view))),
            items,
        }
    }

    /// Returns a copy of the value; `None` if there is none, or one of another type.
    pub fn get<T: Clone + Send + 'static>(&self, key: &str) -> Option<T> {
        match self.shown(key) {
            Some(value) => value.downcast().ok().map(|value| *value),
            None => self.items.get(key),
        }
    }

    /// As [`get`](Self::get), for a value that the caller cannot do without.
    ///
    /// # Errors
    ///
    /// Names the key, and the type that is there instead, if any.
    pub fn require<T: Clone + Send + 'static>(&self, key: &str) -> Result<T, EnvironmentError> {
        match self.shown(key) {
            Some(value) => value.downcast().map(|value| *value).map_err(|_| {
                EnvironmentError::wrong_type(key, type_name::<T>(), "what the docs of the key say")
            }),
            None => self.items.require(key),
        }
    }

    /// Removes the value and returns it, if it is one of this type. A key that was a view is none from then on, but
    /// for the [body of the request](keys::REQUEST_BODY), which can be set again.
    pub fn take<T: Send + 'static>(&self, key: &str) -> Option<T> {
        let shown = match self.view_of(key) {
            Some(mut view) if key == keys::REQUEST_BODY => {
                let body = view
                    .body
                    .take_if(|_| TypeId::of::<T>() == TypeId::of::<Body>());
                body.map(|body| Box::new(body) as Value)
            }
            Some(mut view) => mapped(key).and_then(|mapped| {
                let shown = (mapped.get)(&view).filter(|value| value.is::<T>());
                view.dropped.extend(shown.is_some().then_some(mapped.key));
                shown
            }),
            None => None,
        };
        match shown {
            Some(value) => value.downcast().ok().map(|value| *value),
            None => self.items.take(key),
        }
    }

    /// Sets a value: what the key is a view of, or else an item. A key that can only be read is a view no longer.
    ///
    /// # Errors
    ///
    /// What the key is a view of is of another type, cannot be that, or was sent already.
    pub fn set<T: Send + 'static>(&self, key: &str, value: T) -> Result<(), EnvironmentError> {
        let (value, of): (Value, _) = (Box::new(value), type_name::<T>());
        if let (Some(mut view), Some(mapped)) = (self.view_of(key), mapped(key)) {
            match mapped.set {
                Some(set) => return set(&mut view, Given { key, value, of }),
                None => view.dropped.push(mapped.key),
            }
        }
        self.items.put(key, value, of);
        Ok(())
    }

    /// Changes a value where it is: [`require`](Self::require), and then [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// Those of both.
    pub fn modify<T, R>(
        &self,
        key: &str,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, EnvironmentError>
    where
        T: Clone + Send + 'static,
    {
        let mut value = self.require(key)?;
        let result = change(&mut value);
        self.set(key, value)?;
        Ok(result)
    }

    /// Removes a value, and returns whether there was one. Of a key that is a view the view goes first: what it
    /// showed stays as it is, and an item of that key is removed by the next call.
    pub fn remove(&self, key: &str) -> bool {
        if let (Some(mut view), Some(mapped)) = (self.view_of(key), mapped(key)) {
            let shown = is_shown(&view, mapped);
            view.dropped.push(mapped.key);
            if shown {
                return true;
            }
        }
        self.items.remove(key)
    }

    /// Returns whether there is a value.
    pub fn contains(&self, key: &str) -> bool {
        let shown = match (self.view_of(key), mapped(key)) {
            (Some(view), Some(mapped)) => is_shown(&view, mapped),
            _ => false,
        };
        shown || self.items.contains(key)
    }

    /// Returns the keys of all values, in the order of their bytes.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = self.items.keys();
        if let Some(view) = self.lock() {
            let shown = MAPPED
                .iter()
                .filter(|mapped| !view.dropped.contains(&mapped.key) && is_shown(&view, mapped));
            keys.extend(shown.map(|mapped| mapped.key.to_owned()));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns the view of a request, if it is one.
    pub(super) fn lock(&self) -> Option<MutexGuard<'_, View>> {
        let view = self.view.as_ref()?;
        Some(view.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn items(&self) -> &Properties {
        &self.items
    }

    /// Returns the view, if the key is still one.
    fn view_of(&self, key: &str) -> Option<MutexGuard<'_, View>> {
        let key = mapped(key)?.key;
        self.lock().filter(|view| !view.dropped.contains(&key))
    }

    fn shown(&self, key: &str) -> Option<Value> {
        let view = self.view_of(key)?;
        (mapped(key)?.get)(&view)
    }
}

fn is_shown(view: &View, mapped: &Mapped) -> bool {
    match mapped.key == keys::REQUEST_BODY {
        true => view.body.is_some(),
        false => (mapped.get)(view).is_some(),
    }
}

impl Feature for Environment {
    const NAME: &'static str = "request.owin_environment";
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment ")?;
        f.debug_set().entries(self.keys()).finish()
    }
}
