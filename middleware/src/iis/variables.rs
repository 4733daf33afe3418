//! What the module says by the environment.

use std::ffi::OsString;

use transom::Error;
use transom::features::PathBase;

use super::token::Token;
use super::{Iis, IisAuthentication};

/// The variables of a process, those that are empty left out.
pub(super) struct Variables(Vec<(String, OsString)>);

impl Variables {
    pub(super) fn new<K: Into<OsString>, V: Into<OsString>>(
        all: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let all = all
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        // A name that is not text is not one of ours.
        let named = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self(named.filter(|(_, value)| !value.is_empty()).collect())
    }

    pub(super) fn read(&self) -> Result<Option<Iis>, Error> {
        match self.of_module()? {
            Some(iis) => Ok(Some(iis)),
            None => self.of_platform_handler(),
        }
    }

    /// What the ASP.NET Core Module says: all three, or nothing.
    fn of_module(&self) -> Result<Option<Iis>, Error> {
        let asked = (
            self.get("PORT")?,
            self.get("APPL_PATH")?,
            self.get("TOKEN")?,
        );
        let (Some(port), Some(path), Some(token)) = asked else {
            return Ok(None);
        };
        let path_base = PathBase::new(path.value).map_err(|error| path.wrong(error))?;
        let authentication = self.get("IIS_HTTPAUTH")?;
        let websockets = self.get("IIS_WEBSOCKETS_SUPPORTED")?;
        Ok(Some(Iis {
            port: port.port()?,
            path_base,
            token: Some(Token::new(token.value)),
            authentication: authentication.map(|ways| IisAuthentication::parse(ways.value)),
            // An older module says nothing, and Windows has had them since 2012.
            websockets: !websockets.is_some_and(|flag| flag.value.eq_ignore_ascii_case("false")),
            client_certificates: true,
        }))
    }

    fn of_platform_handler(&self) -> Result<Option<Iis>, Error> {
        let Some(port) = self.named("HTTP_PLATFORM_PORT")? else {
            return Ok(None);
        };
        Ok(Some(Iis {
            port: port.port()?,
            path_base: PathBase::default(),
            token: None,
            authentication: None,
            websockets: true,
            client_certificates: false,
        }))
    }

    fn get(&self, name: &str) -> Result<Option<Variable<'_>>, Error> {
        for prefix in ["TRANSOM_", "ASPNETCORE_"] {
            let found = self.named(&format!("{prefix}{name}"))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn named(&self, name: &str) -> Result<Option<Variable<'_>>, Error> {
        let Some((name, value)) = self.0.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        match value.to_str() {
            Some(value) => Ok(Some(Variable { name, value })),
            None => Err(Error::configuration(format!(
                "the environment variable `{name}` is not UTF-8"
            ))),
        }
    }
}

#[derive(Clone, Copy)]
struct Variable<'a> {
    name: &'a str,
    value: &'a str,
}

impl Variable<'_> {
    fn port(self) -> Result<u16, Error> {
        match self.value.trim().parse() {
            Ok(0) | Err(_) => Err(self.wrong(format_args!(
                "`{}` is not a port, from 1 to 65535",
                self.value
            ))),
            Ok(port) => Ok(port),
        }
    }

    fn wrong(self, problem: impl std::fmt::Display) -> Error {
        Error::configuration(format!("`{}`: {problem}", self.name))
    }
}
