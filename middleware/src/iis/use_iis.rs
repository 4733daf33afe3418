use transom::Error;
use transom::hosting::{HostBuilder, Stopper};

use super::Iis;

/// Makes a host one that IIS can start: an extension of [`HostBuilder`]. See the [module](super).
pub trait UseIis: Sized {
    /// Does as the environment says, and nothing if it was not IIS that started the process. May stand anywhere among the
    /// options of the host.
    ///
    /// # Errors
    ///
    /// As [`Iis::from_env`].
    #[doc(alias = "UseIIS")]
    #[doc(alias = "UseIISIntegration")]
    fn use_iis(self) -> Result<Self, Error> {
        Ok(self.use_iis_with(Iis::from_env()?))
    }

    /// As [`use_iis`](Self::use_iis), with what was read before.
    #[must_use]
    fn use_iis_with(self, iis: Option<Iis>) -> Self;
}

impl UseIis for HostBuilder {
    fn use_iis_with(self, iis: Option<Iis>) -> Self {
        let Some(iis) = iis else { return self };
        self.with_assigned_urls(&iis.url())
            .with_startup_filter(move |app| {
                let stopper = app.server_features().get::<Stopper>().cloned();
                app.layer(iis.into_layer(move || {
                    if let Some(stopper) = &stopper {
                        stopper.stop();
                    }
                }))
            })
    }
}
