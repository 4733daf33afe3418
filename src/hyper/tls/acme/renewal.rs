use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use rustls_acme::{AcmeConfig, AcmeState, EventError, EventOk};
use tokio::task::AbortHandle;

use super::acme::Settings;
use super::cache::Cache;
use super::current::{Current, Means};

/// How long nothing may be heard of an order before it is begun anew. Requests to a directory have no other time
/// limit, and a directory that was away for long is not to be left alone for as long again.
const PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// Orders a certificate and renews it, until it is dropped.
#[derive(Debug)]
pub(in crate::hyper) struct Renewal(Option<AbortHandle>);

impl Renewal {
    /// Without means there is nothing to do: nobody has checked the settings.
    pub(super) fn begin(
        settings: &Arc<Settings>,
        current: &Arc<Current>,
        means: Option<&Means>,
    ) -> Self {
        Self(means.map(|means| {
            let renewing = renew(Arc::clone(settings), Arc::clone(current), means.clone());
            tokio::spawn(renewing).abort_handle()
        }))
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        if let Some(renewing) = &self.0 {
            renewing.abort();
        }
    }
}

async fn renew(settings: Arc<Settings>, current: Arc<Current>, means: Means) {
    let names = settings.names.join(", ");
    loop {
        let mut orders = orders(&settings, &current, &means);
        let provider = Arc::clone(&means.provider);
        current.set_challenge(Some(orders.challenge_rustls_config_with_provider(provider)));
        while let Ok(Some(event)) = tokio::time::timeout(PATIENCE, orders.next()).await {
            match event {
                Ok(EventOk::CertCacheStore) => {
                    tracing::info!(target: "transom", names, "a certificate was ordered, and is served");
                }
                Ok(event) => tracing::debug!(target: "transom", names, ?event, "ACME"),
                Err(EventError::Order(error)) => {
                    tracing::error!(target: "transom", names, %error, "no certificate can be ordered; it is tried again");
                }
                Err(error) => tracing::error!(target: "transom", names, %error, "ACME"),
            }
        }
    }
}

fn orders(
    settings: &Settings,
    current: &Arc<Current>,
    means: &Means,
) -> AcmeState<io::Error, io::Error> {
    let client = Arc::clone(&means.client);
    AcmeConfig::new_with_client_config(&settings.names, client)
        .directory(&settings.directory)
        .contact(&settings.contacts)
        .cache(Cache::new(settings, Arc::clone(current)))
        .state()
}
