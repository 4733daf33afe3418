//! The upgrade of a framework that is hyper underneath.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::Arrival;
use crate::features::{UpgradeError, Upgraded};

/// Makes hyper's upgrade that of the arrival, unless it has one or the request is a CONNECT, whose
/// connection is not the mount's to offer.
pub(super) fn take<B>(request: &mut http::Request<B>, arrival: Arrival) -> Arrival {
    if arrival.connecting.is_some() || *request.method() == http::Method::CONNECT {
        return arrival;
    }
    // It goes, so that the application's own does not pass the mount by: a connection that nobody counts
    // is one that nobody waits for.
    let Some(on_upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return arrival;
    };
    arrival.with_upgrade(async {
        match on_upgrade.await {
            Ok(upgraded) => Ok(Upgraded::from_tokio(TokioIo::new(upgraded))),
            Err(error) if error.is_canceled() => Err(UpgradeError::cancelled()),
            Err(error) => Err(UpgradeError::failed(error)),
        }
    })
}
