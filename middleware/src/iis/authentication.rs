/// Which ways of authentication IIS has turned on for the site; see [`Iis::authentication`](super::Iis::authentication).
///
/// ```
/// use transom_middleware::iis::Iis;
///
/// let iis = Iis::from_variables([
///     ("ASPNETCORE_PORT", "5000"),
///     ("ASPNETCORE_APPL_PATH", "/"),
///     ("ASPNETCORE_TOKEN", "b2fa"),
///     ("ASPNETCORE_IIS_HTTPAUTH", "windows;anonymous;"),
/// ])?;
/// let ways = iis.unwrap().authentication().unwrap();
/// assert!(ways.has_windows() && ways.has_anonymous() && !ways.has_basic());
/// # Ok::<_, transom::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IisAuthentication {
    windows: bool,
    basic: bool,
    anonymous: bool,
}

impl IisAuthentication {
    /// Reads `windows;anonymous;`. What else there is, `none` among it, is not one of them.
    pub(super) fn parse(text: &str) -> Self {
        let has = |way: &str| {
            let mut ways = text.split(';').map(str::trim);
            ways.any(|known| known.eq_ignore_ascii_case(way))
        };
        Self {
            windows: has("windows"),
            basic: has("basic"),
            anonymous: has("anonymous"),
        }
    }

    /// Returns whether Windows authentication is on.
    pub fn has_windows(self) -> bool {
        self.windows
    }

    /// Returns whether basic authentication is on.
    pub fn has_basic(self) -> bool {
        self.basic
    }

    /// Returns whether requests are let in without any.
    pub fn has_anonymous(self) -> bool {
        self.anonymous
    }
}
