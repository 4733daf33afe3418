//! Certificates that were read, as they answer for names.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::entry::Entry;
use super::hello::Choose;
use super::names::Names;
use super::tls::Settings;
use crate::contract::Error;

/// Everything that a [`Tls`](super::Tls) needs for handshakes.
#[derive(Debug)]
pub(super) struct Loaded {
    names: Names,
    entries: Vec<Entry>,
    pub(super) choose: Option<Choose>,
    pub(super) handshake_timeout: Option<Duration>,
    reload_interval: Option<Duration>,
    /// When the files were last looked at.
    looked: Mutex<Instant>,
}

impl Loaded {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        if settings.names.is_empty() && settings.choose.is_none() {
            return Err(Error::configuration(
                "TLS has no certificate; give it one with `Tls::new` or `Tls::with_sni`",
            ));
        }
        let mut names = Names::default();
        let mut entries = Vec::with_capacity(settings.names.len());
        for (number, (name, options)) in settings.names.iter().enumerate() {
            names.add(name, number)?;
            entries.push(Entry::new(settings, name, options)?);
        }
        let this = Self {
            names,
            entries,
            choose: settings.choose.clone(),
            handshake_timeout: settings.handshake_timeout,
            reload_interval: settings.reload_interval,
            looked: Mutex::new(Instant::now()),
        };
        #[cfg(feature = "acme")]
        this.check_orders()?;
        Ok(this)
    }

    /// Checks that who orders a certificate is asked for it: that is how the name is proved.
    #[cfg(feature = "acme")]
    fn check_orders(&self) -> Result<(), Error> {
        for acme in self.entries.iter().filter_map(Entry::acme) {
            for name in acme.names() {
                let answers = self.entry(Some(name)).and_then(Entry::acme);
                if !answers.is_some_and(|answers| answers.is(acme)) {
                    return Err(Error::configuration(format!(
                        "a certificate for `{name}` is ordered by ACME, but TLS does not serve it for that name; \
                         add the name with `Tls::with_sni`, or leave it out of the order"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Returns what answers a directory that wants to see whether a name is this server's; `None` for whoever else
    /// connects, or if nothing is to be seen.
    #[cfg(feature = "acme")]
    pub(super) fn challenge(
        &self,
        hello: &rustls::server::ClientHello<'_>,
    ) -> Option<Arc<rustls::ServerConfig>> {
        self.entry(hello.server_name())?.acme()?.challenge(hello)
    }

    /// Has certificates ordered until what is returned is dropped.
    #[cfg(feature = "acme")]
    pub(super) fn order(&self) -> Vec<Arc<super::Renewal>> {
        let entries = self.entries.iter();
        entries
            .filter_map(Entry::acme)
            .map(super::Acme::order)
            .collect()
    }

    /// Returns what was named first.
    #[cfg(feature = "http3")]
    pub(super) fn first(&self) -> Option<&Entry> {
        self.entries.first()
    }

    /// Returns what answers for a name, or for clients that send none.
    pub(super) fn entry(&self, name: Option<&str>) -> Option<&Entry> {
        self.names.find(name).map(|entry| &self.entries[entry])
    }

    /// Returns whether a connection that is for one name may carry requests for any other. It may not if names
    /// differ in what they ask of clients.
    pub(super) fn is_of_one_mind(&self) -> bool {
        let mut entries = self.entries.iter();
        let first = entries.next();
        first.is_none_or(|first| entries.all(|other| first.asks_as(other)))
    }

    /// Returns whether a connection that is for the first name may carry requests for the second.
    pub(super) fn may_carry(&self, connection: Option<&str>, request: &str) -> bool {
        match (self.entry(connection), self.entry(Some(request))) {
            (Some(connection), Some(request)) => connection.asks_as(request),
            _ => false,
        }
    }

    /// Reads everything again. With an error what was read before stays.
    pub(super) fn reload(&self) -> Result<(), Error> {
        let mut result = Ok(());
        for entry in &self.entries {
            entry.has_changed();
            result = result.and(entry.reload());
        }
        result
    }

    /// Reads what changed again, if it is time to look.
    pub(super) async fn refresh(self: &Arc<Self>) {
        if !self.is_time_to_look() {
            return;
        }
        let this = Arc::clone(self);
        // The handshakes beside this one go on with what there is.
        let looking = tokio::task::spawn_blocking(move || {
            for entry in this.entries.iter().filter(|entry| entry.has_changed()) {
                let name = &entry.name;
                match entry.reload() {
                    Ok(()) => {
                        tracing::info!(target: "transom", name, "the certificate was reloaded");
                    }
                    Err(error) => {
                        let error = error.report();
                        tracing::error!(target: "transom", name, %error, "the certificate stays as it was");
                    }
                }
            }
        });
        // It fails when the runtime shuts down, and then the handshake does too.
        let _ = looking.await;
    }

    fn is_time_to_look(&self) -> bool {
        let Some(interval) = self.reload_interval else {
            return false;
        };
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_time = now.duration_since(*looked) >= interval;
        if is_time {
            *looked = now;
        }
        is_time
    }
}
