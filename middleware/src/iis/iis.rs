use std::ffi::OsString;

use transom::Error;
use transom::features::PathBase;

use super::token::Token;
use super::variables::Variables;
use super::{IisAuthentication, IisLayer};

/// What IIS, which started this process, says to it. See the [module](super).
#[doc(alias = "IISOptions")]
#[derive(Clone, Debug)]
pub struct Iis {
    pub(super) port: u16,
    pub(super) path_base: PathBase,
    /// HttpPlatformHandler has none.
    pub(super) token: Option<Token>,
    pub(super) authentication: Option<IisAuthentication>,
    pub(super) websockets: bool,
    pub(super) client_certificates: bool,
}

impl Iis {
    /// Reads the environment of the process; `None` if it was not IIS that started it.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when a variable is malformed; it names the variable.
    pub fn from_env() -> Result<Option<Self>, Error> {
        Self::from_variables(std::env::vars_os())
    }

    /// As [`from_env`](Self::from_env), from variables that come from elsewhere. Empty ones count as absent.
    ///
    /// ```
    /// use transom_middleware::iis::Iis;
    ///
    /// let module = [("ASPNETCORE_PORT", "21347"), ("ASPNETCORE_APPL_PATH", "/shop"), ("ASPNETCORE_TOKEN", "b2fa")];
    /// let iis = Iis::from_variables(module)?.unwrap();
    /// assert_eq!(iis.url(), "http://127.0.0.1:21347");
    /// assert_eq!(iis.path_base().as_str(), "/shop");
    /// assert!(!format!("{iis:?}").contains("b2fa"));
    ///
    /// // All of the three, or nothing.
    /// assert!(Iis::from_variables(module[..2].iter().copied())?.is_none());
    ///
    /// let error = Iis::from_variables([("HTTP_PLATFORM_PORT", "http")]).unwrap_err();
    /// assert_eq!(error.to_string(), "`HTTP_PLATFORM_PORT`: `http` is not a port, from 1 to 65535");
    /// # Ok::<_, transom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_variables<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Option<Self>, Error> {
        Variables::new(variables).read()
    }

    /// Sets whether the application is told of a client's certificate, by
    /// [`TlsInfo`](transom::features::TlsInfo). It is by default; of HttpPlatformHandler's it never is.
    #[doc(alias = "ForwardClientCertificate")]
    #[must_use]
    pub fn with_client_certificates(mut self, told: bool) -> Self {
        self.client_certificates = told && self.token.is_some();
        self
    }

    /// Returns the address at which IIS waits for the process.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns where the application is mounted in the site. Empty at its root, and with HttpPlatformHandler, which does
    /// not tell.
    pub fn path_base(&self) -> &PathBase {
        &self.path_base
    }

    /// Returns the ways of authentication that are on; `None` if it does not tell: an old module, or
    /// HttpPlatformHandler.
    #[doc(alias = "IServerIntegratedAuth")]
    pub fn authentication(&self) -> Option<IisAuthentication> {
        self.authentication
    }

    /// Returns whether WebSockets go through.
    pub fn has_websockets(&self) -> bool {
        self.websockets
    }

    /// Returns the layer that stands before all others; `shutdown` is called when IIS asks the process to end. In
    /// a host, [`use_iis`](super::UseIis::use_iis) does it.
    pub fn into_layer(self, shutdown: impl Fn() + Send + Sync + 'static) -> IisLayer {
        IisLayer::new(self, Box::new(shutdown))
    }
}
